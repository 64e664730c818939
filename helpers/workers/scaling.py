"""The same pure-Python work by one thread, two, four …: does it get done sooner?"""

from __future__ import annotations

import platform
import sysconfig
import threading
import time
from collections.abc import Callable
from typing import Any

from helpers.workers.timeline import gil_enabled


def count_down(rounds: int) -> int:
    """Pure Python on local variables: nothing is shared, nothing waits."""
    total = 0
    for number in range(rounds):
        total += number % 7
    return total


def split_among(threads: int, rounds: int) -> float:
    """Do the rounds in so many threads, equal parts each. Returns seconds.

    From the moment the first one begins until the last one has ended: the threads are there before,
    and who waits for them may come late.
    """
    return together(threads, lambda: count_down(rounds // threads))


def together(threads: int, work: Callable[[], object]) -> float:
    """Let so many threads do the same at once. Returns seconds, from first to last."""
    ready = threading.Barrier(threads)
    spans: list[tuple[float, float]] = []

    def run() -> None:
        ready.wait()
        began = time.perf_counter()
        work()
        spans.append((began, time.perf_counter()))

    crowd = [threading.Thread(target=run) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return max(end for _, end in spans) - min(began for began, _ in spans)


def cores_used(threads: int, repeats: int, rounds: int = 400_000) -> list[float]:
    """CPU seconds of this process in each second while so many threads compute; one per repeat."""
    found = []
    for _ in range(repeats):
        cpu = time.process_time()
        seconds = split_among(threads, rounds)
        found.append((time.process_time() - cpu) / seconds)
    return found


def scaling(counts: list[int], rounds: int, repeats: int) -> dict[str, Any]:
    """Split the same work among each of these numbers of threads, in turn, again and again.

    Returns ``{"python", "free_threaded", "gil", "seconds": [[one per repeat] per count]}``.
    """
    seconds: list[list[float]] = [[] for _ in counts]
    for _ in range(repeats + 1):
        for place, threads in enumerate(counts):
            seconds[place].append(split_among(threads, rounds))
    return {
        "python": platform.python_version(),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "gil": gil_enabled(),
        "seconds": [points[1:] for points in seconds],  # the first round warms up
    }
