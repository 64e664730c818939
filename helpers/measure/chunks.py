"""Chunk sizes for a pool of processes: what they take, and what can be told beforehand."""

from __future__ import annotations

import heapq
import statistics
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from helpers.measure.compare import Comparison
from helpers.measure.elsewhere import call
from helpers.measure.host import HostMeter
from helpers.measure.machine import usable_cores
from helpers.workers import chunks as workers
from helpers.workers.computing import loops_in

SPREADS: dict[str, Callable[[int, int], float]] = {
    "all the same": lambda number, many: 1.0,
    "growing": lambda number, many: 2.0 * (number + 1) / (many + 1),
}
MOST_TASKS, MOST_WORKERS = 5_000, 8
TASK_US = (1, 1_000)
_DEADLINE_S = 120.0


@dataclass(frozen=True)
class ChunkSweep:
    """The same tasks, handed over in chunks of different sizes.

    lengths_s: seconds that each task computes. lanes: how many processes can compute at once.
    message_s, item_s: seconds for one message, and for one more task in it. comparison: its
    contenders are the chunk sizes, as texts.
    """

    lengths_s: tuple[float, ...]
    workers: int
    lanes: int
    message_s: float
    item_s: float
    comparison: Comparison

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(int(name) for name in self.comparison.seconds)

    def messages(self, size: int) -> int:
        return -(-len(self.lengths_s) // size)

    def measured_s(self, size: int) -> float:
        """The median."""
        return self.comparison.median(str(size))

    def predicted_s(self, size: int) -> float:
        return predict(self.lengths_s, size, self.lanes, self.message_s, self.item_s)

    @property
    def best_measured(self) -> int:
        return min(self.sizes, key=self.measured_s)

    @property
    def best_predicted(self) -> int:
        return min(self.sizes, key=self.predicted_s)


def predict(
    lengths_s: Sequence[float], size: int, lanes: int, message_s: float, item_s: float = 0.0
) -> float:
    """Seconds that a pool needs for these tasks, in chunks of this size.

    Whoever is free takes the next chunk; the messages come on top. Left out is what it takes to
    wake the processes up: where all tasks together take a few milliseconds only, it weighs as much.

    lanes: processes that compute at once. message_s: seconds for one message, whoever spends them.
    item_s: for one more task in a message.
    Raises ValueError for no lengths, a size or lanes below 1, or negative costs.
    """
    if not lengths_s:
        raise ValueError("lengths_s must hold at least one length")
    for name, value in (("size", size), ("lanes", lanes)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    for name, cost in (("message_s", message_s), ("item_s", item_s)):
        if cost < 0:
            raise ValueError(f"{name} must not be negative, got {cost}")
    free_at = [0.0] * lanes
    messages = 0
    for first in range(0, len(lengths_s), size):
        heapq.heapreplace(free_at, free_at[0] + sum(lengths_s[first : first + size]))
        messages += 1
    return messages * message_s + len(lengths_s) * item_s + max(free_at)


def powers(tasks: int, factor: int = 2) -> tuple[int, ...]:
    """Chunk sizes to try: 1, 2, 4 and so on, up to all tasks in one chunk."""
    found = [1]
    while found[-1] * factor < tasks:
        found.append(found[-1] * factor)
    return (*found, tasks) if tasks > 1 else (1,)


def sweep(
    tasks: int = 1_024,
    task_us: float = 5,
    spread: str = "growing",
    processes: int = 2,
    sizes: Sequence[int] | None = None,
    rounds: int = 7,
    stop: threading.Event | None = None,
) -> ChunkSweep:
    """Let a pool do the same tasks with each chunk size by turns, in a fresh interpreter.

    tasks: 1 to MOST_TASKS. task_us: microseconds that a task computes on average, TASK_US at the
    least and at the most. spread: one of SPREADS. processes: 1 to MOST_WORKERS. sizes: of chunks,
    1 to tasks; powers of two if not given.
    Raises ValueError for what lies outside, and what ``elsewhere.call`` raises.
    """
    if not 1 <= tasks <= MOST_TASKS:
        raise ValueError(f"tasks must be from 1 to {MOST_TASKS}, got {tasks}")
    if not TASK_US[0] <= task_us <= TASK_US[1]:
        raise ValueError(f"task_us must be from {TASK_US[0]} to {TASK_US[1]}, got {task_us}")
    if spread not in SPREADS:
        raise ValueError(f"spread must be one of {list(SPREADS)}, got {spread!r}")
    if not 1 <= processes <= MOST_WORKERS:
        raise ValueError(f"processes must be from 1 to {MOST_WORKERS}, got {processes}")
    sizes = powers(tasks) if sizes is None else sorted(set(sizes))
    if not sizes or not all(1 <= size <= tasks for size in sizes):
        raise ValueError(f"sizes must lie between 1 and {tasks}, got {list(sizes)}")
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    average = loops_in(task_us / 1e3) / 1e3  # a single one is too short to be measured
    loops = [max(1, round(average * SPREADS[spread](n, tasks))) for n in range(tasks)]
    meter = HostMeter()
    found = call(
        workers.time_chunks, loops, list(sizes), processes, rounds, deadline=_DEADLINE_S, stop=stop
    )
    a_loop_s = statistics.median(found[workers.ALONE]) / sum(loops)
    points = {str(size): tuple(found[str(size)]) for size in sizes}
    return ChunkSweep(
        tuple(a_loop_s * each for each in loops),
        processes,
        min(processes, usable_cores()[0]),
        statistics.median(found[workers.MESSAGE]),
        statistics.median(found[workers.ITEM]),
        Comparison(points, {}, meter.use().others),
    )
