"""The same pure-Python work by one thread, two, four …: does it get done sooner?"""

from __future__ import annotations

import platform
import sysconfig
import threading
import time
from typing import Any

from helpers.workers.timeline import gil_enabled


def count_down(rounds: int) -> int:
    """Pure Python on local variables: nothing is shared, nothing waits."""
    total = 0
    for number in range(rounds):
        total += number % 7
    return total


def split_among(threads: int, rounds: int) -> float:
    """Do the rounds in so many threads, equal parts each. Returns seconds, from start to join.

    The threads are made before the clock starts: this is about the work.
    """
    together = threading.Barrier(threads + 1)

    def run() -> None:
        together.wait()
        count_down(rounds // threads)

    crowd = [threading.Thread(target=run) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    together.wait()
    began = time.perf_counter()
    for thread in crowd:
        thread.join()
    return time.perf_counter() - began


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
