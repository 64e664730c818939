"""The wait-for graph of threads and locks: which thread waits for which lock, who holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """A line of the watched code: its number in its file or cell, and its text."""

    function: str
    line: int
    source: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.source}" if self.source else f"line {self.line}"


@dataclass(frozen=True)
class Holding:
    """A lock, and the line that took it."""

    lock: str
    place: Place


@dataclass(frozen=True)
class Thread:
    """A thread that waits for a lock, holds some, or both.

    waits_for: a lock, "" if it doesn't wait; then ``place`` is None. timed: the wait ends by
    itself. ended: the thread is over, though it still holds what it never released.
    """

    name: str
    waits_for: str
    place: Place | None
    timed: bool
    ended: bool
    holds: tuple[Holding, ...]


@dataclass(frozen=True)
class WaitForGraph:
    """cycle: names of threads, each waiting for a lock of the next, the last for the first's.

    deadlock: whether somebody waits for ever.
    """

    threads: tuple[Thread, ...]
    cycle: tuple[str, ...]
    deadlock: bool

    @property
    def locks(self) -> tuple[str, ...]:
        """All locks in the graph."""
        wanted = {thread.waits_for for thread in self.threads if thread.waits_for}
        held = {holding.lock for thread in self.threads for holding in thread.holds}
        return tuple(sorted(wanted | held))

    @property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """The cycle as (thread, the lock that it waits for)."""
        return tuple((name, self.thread(name).waits_for) for name in self.cycle)

    def thread(self, name: str) -> Thread:
        """The thread of this name. KeyError if it neither waits nor holds."""
        for thread in self.threads:
            if thread.name == name:
                return thread
        raise KeyError(f"no thread {name!r} waits or holds; there are {self._names()}")

    def _names(self) -> list[str]:
        return [thread.name for thread in self.threads]


def graph(state: Mapping[str, Any]) -> WaitForGraph:
    """Make the graph of what ``workers.wait_for.Watch.state()`` returned.

    Raises ValueError if two threads have the same name: they could not be told apart.
    """
    threads = tuple(
        Thread(
            one["name"],
            one["waits_for"] or "",
            Place(**one["place"]) if one["place"] else None,
            one["timed"],
            one["ended"],
            tuple(Holding(hold["lock"], Place(**hold["place"])) for hold in one["holds"]),
        )
        for one in state["threads"]
    )
    names = [thread.name for thread in threads]
    if len(set(names)) != len(names):
        raise ValueError(f"state must have threads of different names, got {names}")
    return WaitForGraph(threads, tuple(state["cycle"]), state["deadlock"])
