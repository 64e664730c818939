"""Context switches, counted by the operating system, against the number of threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.measure.elsewhere import call
from helpers.measure.verdict import Need
from helpers.workers import switches as workers
from helpers.workers.computing import loops_in

LOADS = workers.LOADS
MOST_THREADS = 64
_DEADLINE_S = 60.0


def _tells_switches() -> bool:
    """Some sandboxes have counters in which nothing ever moves."""
    try:
        before, _ = workers.so_far()
        time.sleep(0.001)
        return workers.so_far()[0] > before
    except OSError:
        return False


TELLS_SWITCHES = Need(
    _tells_switches, "this system doesn't count context switches (Linux and macOS do)"
)


@dataclass(frozen=True)
class Switches:
    """What some work did: voluntary and involuntary context switches, and how long it took."""

    load: str
    threads: int
    voluntary: int
    involuntary: int
    seconds: float


def count(
    load: str, threads: int = 1, amount: int = 100, stop: threading.Event | None = None
) -> Switches:
    """Count the switches of one piece of work, in a fresh interpreter.

    load: one of LOADS. amount: loops of computing, shared out among the threads; naps of each
    thread; or how often a number goes there and back between two threads.
    Raises ValueError for another load, threads outside 1 to MOST_THREADS, or an amount below 1;
    WorkerFailed where the system doesn't tell (Windows).
    """
    if load not in LOADS:
        raise ValueError(f"load must be one of {list(LOADS)}, got {load!r}")
    if not 1 <= threads <= MOST_THREADS:
        raise ValueError(f"threads must be from 1 to {MOST_THREADS}, got {threads}")
    if amount < 1:
        raise ValueError(f"amount must be at least 1, got {amount}")
    found = call(workers.count, load, threads, amount, deadline=_DEADLINE_S, stop=stop)
    threads = 2 if load == "handing over" else threads
    return Switches(load, threads, found["voluntary"], found["involuntary"], found["seconds"])


def sweep(threads: Sequence[int] = (1, 2, 4, 8), seconds: float = 0.2) -> tuple[Switches, ...]:
    """The same amount of computing, shared out among so many threads.

    seconds: of one core, in all. Empty where the system doesn't tell.
    Raises ValueError for no threads, or seconds that aren't positive.
    """
    if not threads:
        raise ValueError("threads must hold at least one number")
    if not _tells_switches():
        return ()
    loops = loops_in(seconds)
    return tuple(count("computing", number, loops) for number in threads)
