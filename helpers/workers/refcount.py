"""Reference counts: the interpreter's own, and one kept by hand to see what it needs.

CPython counts the references to each object and frees it when there is none left. Each
assignment, call and return changes counts, so two threads change the same count all the time.
"""

from __future__ import annotations

import sys
import threading
import time
import weakref
from typing import Any

from helpers.workers.timeline import gil_enabled


class Thing:
    """An ordinary object: weakly referable, with a count of its own kept by hand."""

    def __init__(self) -> None:
        self.count = 1
        self.lock = threading.Lock()


def take_and_drop(thing: Thing, times: int, together: threading.Barrier) -> None:
    """Refer to the thing ten times more, and stop doing so; again and again."""
    together.wait()
    for _ in range(times):
        held = [thing] * 10
        del held


def shared_count(threads: int, times: int) -> dict[str, Any]:
    """Let threads take and drop references to one object; CPython keeps the count.

    Returns ``{"before", "after", "ended_early", "ended", "gil"}``: the counts, whether the
    object was freed while it was in use, and whether it was freed with its last reference.
    """
    thing = Thing()
    ended: list[Any] = []
    watch = weakref.ref(thing, ended.append)
    before = sys.getrefcount(thing)
    together = threading.Barrier(threads)
    crowd = [
        threading.Thread(target=take_and_drop, args=(thing, times, together))
        for _ in range(threads)
    ]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    after = sys.getrefcount(thing)
    ended_early = bool(ended)
    del thing
    return {
        "before": before,
        "after": after,
        "ended_early": ended_early,
        "ended": bool(ended) and watch() is None,
        "gil": gil_enabled(),
    }


def count_by_hand(threads: int, times: int, guarded: bool) -> dict[str, Any]:
    """Let threads take references and count them in Python: read, lose the GIL, write.

    guarded: under the object's own lock. Returns ``{"expected": .., "counted": ..}``. A count
    that is too low means: the object would be freed while it is still in use.
    """
    thing = Thing()
    together = threading.Barrier(threads)

    def take_one() -> None:
        count = thing.count
        time.sleep(1e-6)  # C code without a GIL could lose its core just here
        thing.count = count + 1

    def run() -> None:
        together.wait()
        for _ in range(times):
            if guarded:
                with thing.lock:
                    take_one()
            else:
                take_one()

    crowd = [threading.Thread(target=run) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return {"expected": 1 + threads * times, "counted": thing.count}


def unguarded_changes(times: int) -> int:
    """One thread changes a count, with nothing to protect it."""
    thing = Thing()
    for _ in range(times):
        thing.count += 1
        thing.count -= 1
    return thing.count


def guarded_changes(times: int) -> int:
    """The same, each change under the object's own lock. Still only one thread."""
    thing = Thing()
    for _ in range(times):
        with thing.lock:
            thing.count += 1
        with thing.lock:
            thing.count -= 1
    return thing.count


def growth(more: int) -> list[dict[str, Any]]:
    """The counts of a few objects, before and after a list refers to each ``more`` times more.

    An immortal object (https://peps.python.org/pep-0683/, since 3.12) isn't counted any more.
    Returns dicts ``{"thing", "before", "after"}``.
    """
    found = []
    for name, thing in (("None", None), ("the number 1", 1), ("a new object", Thing())):
        before = sys.getrefcount(thing)
        held = [thing] * more
        found.append({"thing": name, "before": before, "after": sys.getrefcount(thing)})
        del held
    return found


def split_count(own: int, others: int) -> list[int] | None:
    """Biased reference counting, seen: the owner's count and everyone else's, or None.

    A free-threaded build keeps two counts in each object: one that only the thread that made it
    changes, without any lock, and one for all other threads, changed atomically
    (https://peps.python.org/pep-0703/#biased-reference-counting). This thread takes ``own``
    references to a new object and another one takes ``others``.

    Returns ``[own, others]`` as they stand in the object's memory, or None on a build that
    keeps a single count, or lays objects out in another way than 3.13 and 3.14 do.
    """
    if gil_enabled() or sys.maxsize < 2**32:
        return None
    thing = Thing()
    held = [thing] * own
    have_taken, leave = threading.Event(), threading.Event()

    def take() -> None:
        also_held = [thing] * others
        have_taken.set()
        leave.wait()
        del also_held

    before = _counts(thing)
    thread = threading.Thread(target=take)
    thread.start()
    have_taken.wait()
    after = _counts(thing)
    leave.set()
    thread.join()
    del held
    return None if before is None or after is None else [after[0], after[1]]


def _counts(thing: object) -> tuple[int, int] | None:
    """(local count, shared count) from the object's header, in a free-threaded 64-bit build.

    The header: thread id (8 bytes), flags and lock (4), local count (4), shared count (8, of
    which the lowest two bits are flags), type (8).
    Source: https://github.com/python/cpython/blob/3.13/Include/object.h
    """
    import ctypes

    header = id(thing)
    if ctypes.c_size_t.from_address(header + 24).value != id(type(thing)):
        return None
    local = ctypes.c_uint32.from_address(header + 12).value
    shared = ctypes.c_ssize_t.from_address(header + 16).value >> 2
    return local, shared
