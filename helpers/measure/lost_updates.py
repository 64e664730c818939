"""Count lost updates, by what stands between the read and the write, on any CPython."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from helpers.measure.elsewhere import call
from helpers.workers import lost_updates as worker

# The shape's name, and what stands between the read and the write.
SHAPES = {
    "bare": "nothing (a bare +=)",
    "call": "a call of a Python function",
    "property": "a property",
    "loop": "a loop",
    "sleep": "time.sleep(0)",
    "lock": "time.sleep(0), all under a lock",
}
_SLEEPERS = ("sleep", "lock")


@dataclass(frozen=True)
class LostUpdates:
    """expected: threads * times. counted: what the counter said at the end."""

    shape: str
    threads: int
    times: int
    expected: int
    counted: int
    python: str
    gil: bool

    @property
    def lost(self) -> int:
        return self.expected - self.counted

    @property
    def share(self) -> float:
        """The part (0 to 1) of the updates that was lost."""
        return self.lost / self.expected


def lost_updates(
    shape: str,
    threads: int = 4,
    times: int | None = None,
    switch_interval: float = 1e-5,
    python: str | Path = sys.executable,
    stop: threading.Event | None = None,
) -> LostUpdates:
    """Let so many threads each add one so many times, in a process of its own.

    shape: one of SHAPES. times: 100,000 if not given, or 2,000 for shapes that sleep.
    switch_interval: in seconds, for ``sys.setswitchinterval``.
    Raises ValueError for an unknown shape, threads outside 1 to 64, times outside 1 to
    1,000,000, or an interval that isn't positive; else as ``elsewhere.call``.
    """
    if shape not in SHAPES:
        raise ValueError(f"shape must be one of {list(SHAPES)}, got {shape!r}")
    if not 1 <= threads <= 64:
        raise ValueError(f"threads must be 1 to 64, got {threads}")
    if times is None:
        times = 2_000 if shape in _SLEEPERS else 100_000
    if not 1 <= times <= 1_000_000:
        raise ValueError(f"times must be 1 to 1,000,000, got {times}")
    if not switch_interval > 0:
        raise ValueError(f"switch_interval must be positive, got {switch_interval}")
    found = call(
        worker.lost_updates, shape, threads, times, switch_interval, python=python, stop=stop
    )
    return LostUpdates(
        shape,
        threads,
        times,
        found["expected"],
        found["counted"],
        found["python"],
        found["gil"],
    )
