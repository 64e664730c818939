"""How often the others get a lock before a thread that waits for it."""

from __future__ import annotations

import statistics
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from helpers.measure.elsewhere import call
from helpers.workers import fairness as worker

LOCKS = tuple(worker.LOCKS)


@dataclass(frozen=True)
class Contest:
    """turns: how often each thread had the lock. passed_over: for each wait of each thread, how
    many turns the others took before it got the lock.
    """

    lock: str
    turns: tuple[int, ...]
    passed_over: tuple[tuple[int, ...], ...]

    @property
    def waits(self) -> tuple[int, ...]:
        """The waits of all threads, as turns that others took."""
        return tuple(count for one in self.passed_over for count in one)

    @property
    def most(self) -> int:
        """The longest wait, in turns of others; 0 if nobody had to wait."""
        return max(self.waits, default=0)

    @property
    def median(self) -> float:
        """The wait in the middle, in turns of others; 0 if nobody had to wait."""
        return statistics.median(self.waits) if self.waits else 0.0


def contest(
    lock: str,
    threads: int = 2,
    seconds: float = 0.3,
    python: str | Path = sys.executable,
    stop: threading.Event | None = None,
) -> Contest:
    """Let so many threads take one lock again and again, in a process of its own.

    lock: one of LOCKS. seconds: how long each of them goes on.
    Raises ValueError for an unknown lock, threads outside 2 to 8, or seconds outside 0 to 10; else
    as ``elsewhere.call``.
    """
    if lock not in LOCKS:
        raise ValueError(f"lock must be one of {list(LOCKS)}, got {lock!r}")
    if not 2 <= threads <= 8:
        raise ValueError(f"threads must be 2 to 8, got {threads}")
    if not 0 < seconds <= 10:
        raise ValueError(f"seconds must be above 0 and at most 10, got {seconds}")
    found = call(worker.compete, lock, threads, seconds, python=python, stop=stop)
    return Contest(lock, tuple(found["turns"]), tuple(map(tuple, found["passed_over"])))
