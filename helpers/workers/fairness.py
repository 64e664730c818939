"""Two threads want one lock, again and again: who gets it, and who is passed over?"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any, Callable


class PlainLock:
    """A ``threading.Lock``: when it is released, whoever comes first gets it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def acquire(self, has_to_wait: Callable[[], None]) -> None:
        if not self._lock.acquire(blocking=False):
            has_to_wait()
            self._lock.acquire()

    def release(self) -> None:
        self._lock.release()


class QueuedLock:
    """First come, first served: each thread that has to wait waits at a lock of its own."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def acquire(self, has_to_wait: Callable[[], None]) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
            has_to_wait()
        mine.acquire()  # until the one before hands over

    def release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()  # it stays taken: by the next one
            else:
                self._taken = False


LOCKS: dict[str, Callable[[], Any]] = {"Lock": PlainLock, "first come, first served": QueuedLock}


def compete(kind: str, threads: int, seconds: float) -> dict[str, Any]:
    """Let threads take one lock again and again, and do next to nothing with it.

    Returns for each thread its turns, and for each time that it had to wait, how many turns the
    others took before it got the lock: ``{"turns": [..], "passed_over": [[..], ..]}``.
    """
    lock = LOCKS[kind]()
    turns = [0] * threads
    passed_over: list[list[int]] = [[] for _ in range(threads)]
    together = threading.Barrier(threads)

    def run(me: int) -> None:
        waits_since = -1

        def has_to_wait() -> None:
            nonlocal waits_since
            waits_since = sum(turns)

        together.wait()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            lock.acquire(has_to_wait)
            if waits_since >= 0:
                passed_over[me].append(sum(turns) - waits_since)
                waits_since = -1
            turns[me] += 1
            lock.release()

    crowd = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return {"turns": turns, "passed_over": passed_over}
