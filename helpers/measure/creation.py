"""What one more thread, process, asyncio task or subinterpreter costs, in time and in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from helpers.measure.compare import Comparison
from helpers.measure.elsewhere import call
from helpers.measure.host import HostMeter
from helpers.measure.verdict import Need
from helpers.workers import creation
from helpers.workers.memory import own_memory

TASK, THREAD, INTERPRETER = "asyncio task", "thread", "subinterpreter"
TELLS_MEMORY = Need(
    lambda: own_memory()["resident"] is not None,
    "this system doesn't tell how much memory a process has now (Linux does, in /proc)",
)
_DEADLINE_S = 120.0


def process(method: str) -> str:
    """The name of a process among the contenders, by its start method."""
    return f"process ({method})"


@dataclass(frozen=True)
class MemoryCosts:
    """Bytes of memory that one more of each kind takes.

    resident: kind to bytes; those of a process are all its pages in memory. Empty where this
        system doesn't tell.
    unique: kind to bytes that the process shares with no other; of processes only.
    """

    resident: Mapping[str, float]
    unique: Mapping[str, float]

    def __str__(self) -> str:
        if not self.resident:
            return TELLS_MEMORY.reason
        return ", ".join(f"{name} {in_bytes(size)}" for name, size in self.least.items())

    @property
    def least(self) -> Mapping[str, float]:
        """What each kind really adds: the unique bytes where they are told."""
        return {**self.resident, **self.unique}


def in_bytes(size: float) -> str:
    """A size in words: "16 kB". Thousands, not 1,024s."""
    for unit, bytes_in_it in (("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_in_it:
            return f"{size / bytes_in_it:.3g} {unit}"
    return f"{size:.3g} bytes"


def start_costs(rounds: int = 7, stop: threading.Event | None = None) -> Comparison:
    """Time to start one of each kind and see it end, in a fresh interpreter.

    Raises ValueError for fewer than 7 rounds: fewer can't carry an interval.
    """
    if rounds < 7:
        raise ValueError(f"rounds must be at least 7, got {rounds}")
    meter = HostMeter()
    seconds = call(creation.time_starts, rounds, deadline=_DEADLINE_S, stop=stop)
    points = {name: tuple(values) for name, values in seconds.items()}
    return Comparison(points, {}, meter.use().others)


def memory_costs(threads: int = 200, tasks: int = 10_000) -> MemoryCosts:
    """Memory of one more of each kind. Each is measured in a fresh interpreter.

    threads, tasks: how many to make; their memory is the growth, divided by the count.
    Raises ValueError if either is below 1.
    """
    for name, value in (("threads", threads), ("tasks", tasks)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    resident: dict[str, float | None] = {
        TASK: call(creation.memory_of_tasks, tasks),
        THREAD: call(creation.memory_of_threads, threads),
        INTERPRETER: call(creation.memory_of_interpreters, 4),
    }
    unique: dict[str, float | None] = {}
    for method, memory in call(creation.memory_of_processes).items():
        resident[process(method)] = memory["resident"]
        unique[process(method)] = memory["unique"]
    return MemoryCosts(_told(resident), _told(unique))


def _told(sizes: Mapping[str, float | None]) -> dict[str, float]:
    return {name: size for name, size in sizes.items() if size is not None}
