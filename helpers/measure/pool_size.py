"""How long the same tasks take in pools of different sizes, and how long they must take."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.measure.compare import Comparison
from helpers.measure.elsewhere import call
from helpers.measure.host import HostMeter
from helpers.measure.machine import usable_cores
from helpers.workers import pool_size as workers
from helpers.workers.computing import loops_in
from helpers.workers.timeline import gil_enabled

THREADS, PROCESSES = EXECUTORS = workers.EXECUTORS
MOST = {THREADS: 64, PROCESSES: 8}
MOST_TASKS = 200
MOST_MS = 50.0
_DEADLINE_S = 120.0


@dataclass(frozen=True)
class PoolSizes:
    """The same tasks in pools of different sizes.

    executor: THREADS or PROCESSES. wait_s, compute_s: what each task does, in seconds; computing
    in CPU time. cores: how many can compute at once in this executor. comparison: its contenders
    are the sizes, as texts.
    """

    executor: str
    tasks: int
    wait_s: float
    compute_s: float
    cores: int
    comparison: Comparison

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(int(name) for name in self.comparison.seconds)

    def median_s(self, size: int) -> float:
        return self.comparison.median(str(size))

    def limit_s(self, size: int) -> float:
        """What it should take if nothing but workers and cores is scarce.

        It is only as exact as ``compute_s``: where a core runs faster or slower than when the
        loops of a task were measured, so does the pool.
        """
        computing = self.tasks * self.compute_s / min(size, self.cores)
        in_turn = math.ceil(self.tasks / size) * (self.wait_s + self.compute_s)
        return max(computing, in_turn)

    @property
    def needed(self) -> int:
        """So many workers keep the cores busy: cores × (1 + waiting / computing).

        Not more than there are tasks. Source: B. Goetz et al., Java Concurrency in Practice
        (2006), section 8.2.
        """
        if not self.compute_s:
            return self.tasks
        return min(self.tasks, math.ceil(self.cores * (1 + self.wait_s / self.compute_s)))

    @property
    def enough(self) -> int:
        """The smallest measured size that took at most a third longer than the quickest."""
        quickest_s = min(self.median_s(size) for size in self.sizes)
        return min(size for size in self.sizes if self.median_s(size) <= quickest_s * 4 / 3)


def sweep(
    executor: str,
    wait_ms: float,
    compute_ms: float,
    sizes: Sequence[int] = (1, 2, 4, 8),
    tasks: int = 16,
    rounds: int = 7,
    stop: threading.Event | None = None,
) -> PoolSizes:
    """Let pools of these sizes do the same tasks by turns, in a fresh interpreter.

    executor: THREADS or PROCESSES. wait_ms, compute_ms: milliseconds that each task waits and
    computes, 0 to MOST_MS, not both 0. sizes: from 1 to MOST[executor]. tasks: 1 to MOST_TASKS.
    Raises ValueError for what lies outside, and what ``elsewhere.call`` raises.
    """
    if executor not in EXECUTORS:
        raise ValueError(f"executor must be one of {list(EXECUTORS)}, got {executor!r}")
    for name, value in (("wait_ms", wait_ms), ("compute_ms", compute_ms)):
        if not 0 <= value <= MOST_MS:
            raise ValueError(f"{name} must be from 0 to {MOST_MS:g}, got {value}")
    if not wait_ms + compute_ms > 0:
        raise ValueError("wait_ms and compute_ms must not both be 0: a task has to do something")
    most = MOST[executor]
    if not sizes or not all(1 <= size <= most for size in sizes):
        raise ValueError(f"sizes must lie between 1 and {most}, got {list(sizes)}")
    if not 1 <= tasks <= MOST_TASKS:
        raise ValueError(f"tasks must be from 1 to {MOST_TASKS}, got {tasks}")
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    loops = loops_in(compute_ms / 1e3) if compute_ms else 0
    meter = HostMeter()
    arguments = (executor, sorted(set(sizes)), tasks, wait_ms / 1e3, loops, rounds)
    seconds = call(workers.time_sizes, *arguments, deadline=_DEADLINE_S, stop=stop)
    points = {size: tuple(values) for size, values in seconds.items()}
    cores = 1 if executor == THREADS and gil_enabled() else usable_cores()[0]
    comparison = Comparison(points, {}, meter.use().others)
    return PoolSizes(executor, tasks, wait_ms / 1e3, compute_ms / 1e3, cores, comparison)
