"""Something to compute, in pieces of any size. Imports next to nothing: a child starts with it."""

from __future__ import annotations

import time


def compute(loops: int) -> int:
    """Pure Python that needs a core, and nothing else: the sum of the first squares."""
    total = 0
    for number in range(loops):
        total += number * number
    return total


def loops_in(seconds: float) -> int:
    """How many loops of ``compute`` take so many seconds of one core of this machine.

    Measured in CPU time, which doesn't count while others have the core; the best of five.
    Raises ValueError if seconds isn't positive.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be positive, got {seconds}")
    loops, best = 20_000, float("inf")
    for _ in range(5):
        began = time.thread_time_ns()
        compute(loops)
        best = min(best, time.thread_time_ns() - began)
    # A clock that ticks slowly (Windows: every 15.6 ms) may have seen nothing pass.
    return max(1, int(loops * seconds * 1e9 / max(best, 100_000)))
