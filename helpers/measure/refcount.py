"""Reference counts: right under threads, wrong when kept by hand, and no longer kept for some."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from helpers.measure.compare import Comparison, compare
from helpers.measure.elsewhere import call
from helpers.workers import refcount as worker

UNGUARDED, GUARDED = "no lock", "one lock per object"
_CHANGES = 20_000


@dataclass(frozen=True)
class SharedCount:
    """What CPython's count of one object was before and after threads took and dropped references.

    changes: how many references were taken in all. ended_early: freed while in use.
    ended: freed with the last reference.
    """

    threads: int
    changes: int
    before: int
    after: int
    ended_early: bool
    ended: bool
    gil: bool

    @property
    def right(self) -> bool:
        return self.before == self.after and self.ended and not self.ended_early


@dataclass(frozen=True)
class HandCount:
    """What a count kept in Python should be after threads took references, and what it was."""

    guarded: bool
    expected: int
    counted: int

    @property
    def missing(self) -> int:
        """References that exist and aren't counted: the object would be freed too early."""
        return self.expected - self.counted


@dataclass(frozen=True)
class Growth:
    """The count of one object, before and after ``more`` references were added."""

    thing: str
    more: int
    before: int
    after: int

    @property
    def immortal(self) -> bool:
        return self.after == self.before


@dataclass(frozen=True)
class SplitCount:
    """The two counts of one object in a free-threaded build, by who took the references."""

    by_owner: int
    by_others: int
    taken_by_owner: int
    taken_by_others: int


def shared_count(
    threads: int = 4,
    times: int = 20_000,
    python: str | Path = sys.executable,
    stop: threading.Event | None = None,
) -> SharedCount:
    """Let threads take and drop ten references at a time, so many times, in a fresh process.

    Raises ValueError for threads outside 1 to 64 or times outside 1 to 1,000,000; else as
    ``elsewhere.call``.
    """
    _within("threads", threads, 1, 64)
    _within("times", times, 1, 1_000_000)
    found = call(worker.shared_count, threads, times, python=python, stop=stop)
    return SharedCount(threads, 10 * threads * times, **found)


def count_by_hand(
    guarded: bool,
    threads: int = 4,
    times: int = 500,
    python: str | Path = sys.executable,
    stop: threading.Event | None = None,
) -> HandCount:
    """Let threads each take references and count them in Python, with a lock or without.

    guarded: whether each change is made under the object's own lock.

    Raises ValueError for threads outside 1 to 64 or times outside 1 to 100,000; else as
    ``elsewhere.call``.
    """
    _within("threads", threads, 1, 64)
    _within("times", times, 1, 100_000)
    found = call(worker.count_by_hand, threads, times, guarded, python=python, stop=stop)
    return HandCount(guarded, **found)


def growth(more: int = 1_000, python: str | Path = sys.executable) -> tuple[Growth, ...]:
    """Refer to None, to the number 1 and to a new object so many times more, and see the counts.

    Raises ValueError for more outside 1 to 1,000,000; else as ``elsewhere.call``.
    """
    _within("more", more, 1, 1_000_000)
    found = call(worker.growth, more, python=python)
    return tuple(Growth(more=more, **one) for one in found)


def split_count(
    own: int = 1_000, others: int = 100, python: str | Path = sys.executable
) -> SplitCount | None:
    """Biased reference counting where it can be seen (free-threaded, 64 bits), else None.

    own, others: how many references the thread that made the object takes, and another one.
    Raises ValueError for counts outside 1 to 1,000,000; else as ``elsewhere.call``.
    """
    _within("own", own, 1, 1_000_000)
    _within("others", others, 1, 1_000_000)
    found = call(worker.split_count, own, others, python=python)
    return None if found is None else SplitCount(found[0], found[1], own, others)


def lock_cost(repeats: int = 7, progress: Callable[[float], None] | None = None) -> Comparison:
    """One thread changes a count, without a lock and with one lock per object, in turn.

    Contenders: UNGUARDED and GUARDED. Raises as ``compare``.
    """
    contenders = {
        UNGUARDED: partial(worker.unguarded_changes, _CHANGES),
        GUARDED: partial(worker.guarded_changes, _CHANGES),
    }
    return compare(contenders, repeats, progress=progress)


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} must be {least} to {most:,}, got {value}")
