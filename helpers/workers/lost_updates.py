"""Lost updates: several threads read a counter, add one and write it back.

Whether an update is lost depends on what stands between the read and the write, on the version
and on the build. The shapes below differ in nothing else.
"""

from __future__ import annotations

import platform
import sys
import threading
import time
from typing import Any

from helpers.workers.timeline import gil_enabled

counter = 0
guard = threading.Lock()


class Box:
    """Holds a number behind a property written in Python."""

    def __init__(self) -> None:
        self._value = 0

    @property
    def value(self) -> int:
        return self._value

    @value.setter
    def value(self, value: int) -> None:
        self._value = value


box = Box()


def same(value: int) -> int:
    """A function call, and nothing else."""
    return value


def bare(times: int) -> None:
    """The article's counter."""
    global counter
    for _ in range(times):
        counter += 1


def call(times: int) -> None:
    """A Python function is called between read and write."""
    global counter
    for _ in range(times):
        counter = same(counter) + 1


def prop(times: int) -> None:
    """The counter is a property, so ``+=`` calls two functions."""
    global counter
    for _ in range(times):
        box.value += 1
    counter = box.value


def loop(times: int) -> None:
    """A loop of one round stands between read and write."""
    global counter
    for _ in range(times):
        value = counter
        for _ in (0,):
            value += 1
        counter = value


def sleep(times: int) -> None:
    """``time.sleep(0)`` gives the GIL away between read and write."""
    global counter
    for _ in range(times):
        value = counter
        time.sleep(0)
        counter = value + 1


def locked(times: int) -> None:
    """As ``sleep``, but under a lock."""
    global counter
    for _ in range(times):
        with guard:
            value = counter
            time.sleep(0)
            counter = value + 1


SHAPES = {
    "bare": bare,
    "call": call,
    "property": prop,
    "loop": loop,
    "sleep": sleep,
    "lock": locked,
}


def lost_updates(shape: str, threads: int, times: int, switch_interval: float) -> dict[str, Any]:
    """Count up in several threads at once, and see what the counter says at the end.

    Returns ``{"expected": .., "counted": .., "python": .., "gil": ..}``.
    """
    global counter
    counter = box.value = 0
    count_up = SHAPES[shape]
    together = threading.Barrier(threads)

    def run() -> None:
        together.wait()  # or the first would be done before the last has started
        count_up(times)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(switch_interval)
    crowd = [threading.Thread(target=run) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    sys.setswitchinterval(interval)
    return {
        "expected": threads * times,
        "counted": counter,
        "python": platform.python_version(),
        "gil": gil_enabled(),
    }
