"""How often the operating system takes one thread off a core and puts another one on it.

These run in a fresh interpreter, whose counters nobody else's threads move.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from helpers.workers.computing import compute

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LOADS = ("computing", "sleeping", "handing over")
NAP_S = 0.001


def so_far() -> tuple[int, int]:
    """(voluntary, involuntary) context switches of this process, of all its threads.

    Voluntary: a thread had to wait for something and left its core. Involuntary: it could have
    gone on, and the system gave its core to somebody else.
    Source: https://man7.org/linux/man-pages/man2/getrusage.2.html (ru_nvcsw, ru_nivcsw)
    Raises OSError where the system doesn't tell (Windows).
    """
    if resource is None:
        raise OSError("this system doesn't tell context switches")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_nvcsw, usage.ru_nivcsw


def sleep_often(times: int) -> None:
    for _ in range(times):
        time.sleep(NAP_S)


def pass_on(times: int, take_from: SimpleQueue[int], give_to: SimpleQueue[int]) -> None:
    """Wait for a number and hand it to the other thread, so many times."""
    for _ in range(times):
        give_to.put(take_from.get())


def in_threads(threads: int, work: Callable[..., object], *arguments: object) -> None:
    """Run the same in so many threads at once, and wait for all of them."""
    started = [threading.Thread(target=work, args=arguments) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def in_a_ring(times: int) -> None:
    """Two threads hand one number to each other: one of them always waits."""
    here: SimpleQueue[int] = SimpleQueue()
    there: SimpleQueue[int] = SimpleQueue()
    other = threading.Thread(target=pass_on, args=(times, here, there))
    other.start()
    here.put(0)
    pass_on(times - 1, there, here)
    there.get()
    other.join()


def count(load: str, threads: int, amount: int) -> dict[str, Any]:
    """Do the work and return its context switches and seconds.

    load: one of LOADS. amount: loops of ``compute``, shared out among the threads; or naps of each
    thread; or how often a number goes there and back between two threads.
    Raises ValueError for another load, or less than one thread or of an amount; and OSError where
    the system doesn't tell.
    """
    if load not in LOADS:
        raise ValueError(f"load must be one of {list(LOADS)}, got {load!r}")
    for name, value in (("threads", threads), ("amount", amount)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    before = so_far()
    began = time.perf_counter()
    if load == "computing":
        in_threads(threads, compute, amount // threads)
    elif load == "sleeping":
        in_threads(threads, sleep_often, amount)
    else:
        in_a_ring(amount)
    seconds = time.perf_counter() - began
    after = so_far()
    return {
        "voluntary": after[0] - before[0],
        "involuntary": after[1] - before[1],
        "seconds": seconds,
    }
