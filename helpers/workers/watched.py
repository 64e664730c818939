"""Locks and signals that note who waits for them and who holds them.

``watched(Lock(), "till")`` is used exactly as the ``Lock`` itself. In a thread that ``in_lanes``
started, it notes beside that when the thread waited and when it held the lock:

    till = watched(Lock(), "till")

    def pay():
        with till:
            pause(0.02)

    recordings = in_lanes({"shopper 1": pay, "shopper 2": pay})
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from helpers.workers.timeline import Recorder

_here = threading.local()  # each thread's own recorder


class Watched:
    """Passes every call on to the primitive, and tells this thread's recorder about the waits."""

    def __init__(self, primitive: Any, name: str) -> None:
        self.primitive = primitive
        self.name = name

    def acquire(self, *how: Any, **named: Any) -> bool:
        recorder = _recorder()
        if recorder is None:
            return bool(self.primitive.acquire(*how, **named))
        return recorder.acquire(self.primitive, self.name, *how, **named)

    def release(self) -> None:
        recorder = _recorder()
        if recorder is None:
            self.primitive.release()
        else:
            recorder.release(self.primitive, self.name)

    def __enter__(self) -> Watched:
        self.acquire()
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    def wait(self, timeout: float | None = None) -> Any:
        recorder = _recorder()
        if recorder is None:
            return self.primitive.wait(timeout)
        # Of the three that have a wait, only a condition gives a lock back meanwhile.
        condition = isinstance(self.primitive, threading.Condition)
        with recorder.waiting(self.name if condition else ""):
            return self.primitive.wait(timeout)

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        """As a condition's own, but through the ``wait`` above, so that each one is noted."""
        end = None if timeout is None else time.monotonic() + timeout
        found = predicate()
        while not found:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                break
            self.wait(left)
            found = predicate()
        return found

    def __getattr__(self, name: str) -> Any:
        # Whatever has nothing to do with waiting: set, clear, notify, locked, …
        return getattr(self.primitive, name)


def watched(primitive: Any, name: str) -> Any:
    """The primitive, noting who waits for it and who holds it. Raises ValueError for no name.

    primitive: a Lock, RLock, Semaphore, BoundedSemaphore, Event, Condition or Barrier.
    """
    if not name:
        raise ValueError("name must not be empty")
    return Watched(primitive, name)


def pause(seconds: float) -> None:
    """``time.sleep``, noted as a sleep: it stands for work that takes so long."""
    recorder = _recorder()
    if recorder is None:
        time.sleep(seconds)
    else:
        with recorder.sleeping():
            time.sleep(seconds)


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Note the block as a hold of something that no single lock stands for, such as reading."""
    recorder = _recorder()
    with nullcontext() if recorder is None else recorder.inside(name):
        yield


def in_lanes(work: Mapping[str, Callable[[], object]]) -> list[dict[str, Any]]:
    """Run each function in a thread of its own, all from one moment on, and record them.

    work: the name of each lane to its function. Returns the recordings in the same order, after
    the last thread has ended. Raises ValueError for no work, and what the first function that
    failed raised.
    """
    if not work:
        raise ValueError("work must name at least one function")
    start = threading.Barrier(len(work))
    recordings: dict[str, dict[str, Any]] = {}
    errors: list[BaseException] = []

    def run(lane: str, function: Callable[[], object]) -> None:
        start.wait()
        with Recorder(lane) as recorder:
            _here.recorder = recorder
            try:
                function()
            except BaseException as error:  # the caller's to see, not this thread's
                errors.append(error)
        recordings[lane] = recorder.recording

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in work.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [recordings[lane] for lane in work]


def _recorder() -> Recorder | None:
    return getattr(_here, "recorder", None)
