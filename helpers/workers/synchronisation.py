"""One small scene for each primitive of ``threading``, recorded as lanes.

In each, ``threads`` threads meet at one primitive, and what takes time takes ``hold_s`` seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from helpers.workers.watched import in_lanes, pause, watched

SEATS = 2  # of the semaphores
ROUNDS = 2

Recording = dict[str, Any]


def lock(threads: int, hold_s: float) -> list[Recording]:
    """Each thread needs the lock twice."""
    till = watched(threading.Lock(), "till")

    def pay() -> None:
        for _ in range(ROUNDS):
            with till:
                pause(hold_s)

    return in_lanes({f"thread {n}": pay for n in range(1, threads + 1)})


def rlock(threads: int, hold_s: float) -> list[Recording]:
    """While it holds the lock, each thread takes it a second time."""
    till = watched(threading.RLock(), "till")

    def pay() -> None:
        with till:
            pause(hold_s / 2)
            give_receipt()

    def give_receipt() -> None:
        with till:
            pause(hold_s / 2)

    return in_lanes({f"thread {n}": pay for n in range(1, threads + 1)})


def semaphore(threads: int, hold_s: float) -> list[Recording]:
    """SEATS threads at a time; each comes twice."""
    return _at_the_seats(threading.Semaphore(SEATS), threads, hold_s)


def bounded_semaphore(threads: int, hold_s: float) -> list[Recording]:
    """The same picture: the bound only shows when somebody releases what nobody took."""
    return _at_the_seats(threading.BoundedSemaphore(SEATS), threads, hold_s)


def _at_the_seats(primitive: Any, threads: int, hold_s: float) -> list[Recording]:
    seats = watched(primitive, "seats")

    def sit() -> None:
        for _ in range(ROUNDS):
            with seats:
                pause(hold_s)

    return in_lanes({f"thread {n}": sit for n in range(1, threads + 1)})


def event(threads: int, hold_s: float) -> list[Recording]:
    """The first thread sets the event after a while; all others wait for it."""
    doors = watched(threading.Event(), "doors")

    def open_doors() -> None:
        pause(hold_s)
        doors.set()

    def enter() -> None:
        doors.wait()
        pause(hold_s)

    work: dict[str, Callable[[], object]] = {"setter": open_doors}
    return in_lanes({**work, **{f"waiter {n}": enter for n in range(1, threads)}})


def condition(threads: int, hold_s: float) -> list[Recording]:
    """The first thread puts an item on the shelf for each of the others, one by one."""
    changed = watched(threading.Condition(), "shelf")
    shelf: list[int] = []

    def fill() -> None:
        for number in range(threads - 1):
            pause(hold_s)
            with changed:
                shelf.append(number)
                changed.notify()

    def take() -> None:
        with changed:
            while not shelf:
                changed.wait()
            shelf.pop()
        pause(hold_s)

    work: dict[str, Callable[[], object]] = {"producer": fill}
    return in_lanes({**work, **{f"consumer {n}": take for n in range(1, threads)}})


def barrier(threads: int, hold_s: float) -> list[Recording]:
    """The threads are of different speed; each waits for all others at the end of a round."""
    everyone = watched(threading.Barrier(threads), "everyone")

    def walk(number: int) -> None:
        for _ in range(ROUNDS):
            pause(hold_s * number / threads)
            everyone.wait()

    def walker(number: int) -> Callable[[], None]:
        return lambda: walk(number)

    return in_lanes({f"thread {n}": walker(n) for n in range(1, threads + 1)})


SCENES: dict[str, Callable[[int, float], list[Recording]]] = {
    "Lock": lock,
    "RLock": rlock,
    "Semaphore": semaphore,
    "BoundedSemaphore": bounded_semaphore,
    "Event": event,
    "Condition": condition,
    "Barrier": barrier,
}


def scene(primitive: str, threads: int, hold_s: float) -> list[Recording]:
    """The recordings of one scene, one for each thread.

    Raises ValueError for an unknown primitive, no threads, or a time that isn't positive.
    """
    if primitive not in SCENES:
        raise ValueError(f"primitive must be one of {list(SCENES)}, got {primitive!r}")
    if threads < 1:
        raise ValueError(f"threads must be at least 1, got {threads}")
    if not hold_s > 0:
        raise ValueError(f"hold_s must be positive, got {hold_s}")
    return SCENES[primitive](threads, hold_s)
