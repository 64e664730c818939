"""What one task costs by each way of having it done, and how long it must be to be worth it."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

from helpers.measure.compare import BUSY_CORES
from helpers.measure.elsewhere import call
from helpers.measure.host import HostMeter
from helpers.measure.verdict import Verdict, checked, untold
from helpers.workers import task_costs as work

CLUSTER = "cluster task"
OVERHEAD = 0.1  # of a task's own work: what we call worth it
_DEADLINE_S = 120.0


@dataclass(frozen=True)
class TaskCosts:
    """Seconds that a task costs which does nothing: way to one value for each round.

    alone: each task is waited for before the next is handed over. together: many are handed over,
    then waited for; only the ways that can do that.
    """

    alone: Mapping[str, tuple[float, ...]]
    together: Mapping[str, tuple[float, ...]]

    @property
    def ways(self) -> tuple[str, ...]:
        """The cheapest first."""
        return tuple(sorted(self.alone, key=self.one))

    def one(self, way: str) -> float:
        """Seconds for one task that is waited for: the median. KeyError for an unknown way."""
        return statistics.median(self.alone[way])

    def each_of_many(self, way: str) -> float:
        """Seconds for each of many tasks handed over together; if it has no such, ``one``."""
        return statistics.median(self.together.get(way, self.alone[way]))

    def least_work(self, way: str) -> float:
        """Seconds that a task must work for its way to cost at most a tenth of that."""
        return self.each_of_many(way) / OVERHEAD

    def foreseen(self, way: str, tasks: int, work_s: float, workers: int) -> float:
        """Seconds for so many tasks of so much work, if the work spreads and the handing over not.

        The handing over is done by one thread, one task after another; the work by all workers.
        Whichever takes longer sets the time. Raises ValueError for less than one task or worker,
        or negative work.
        """
        for name, value in (("tasks", tasks), ("workers", workers)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if work_s < 0:
            raise ValueError(f"work_s must not be negative, got {work_s}")
        rounds = -(-tasks // workers)  # the last round may have less than a task for each worker
        return max(tasks * self.each_of_many(way), rounds * work_s) + self.one(way)


def task_costs(
    rounds: int = 7, cluster: Executor | None = None, stop: threading.Event | None = None
) -> TaskCosts:
    """Measure all ways: those of the standard library in a fresh interpreter, and a cluster's.

    cluster: an executor whose workers are up; without it the cluster is left out.
    Raises ValueError for fewer than 3 rounds, and what ``elsewhere.call`` raises.
    """
    if rounds < 3:
        raise ValueError(f"rounds must be at least 3, got {rounds}")
    found = call(work.time_tasks, rounds, deadline=_DEADLINE_S, stop=stop)
    alone, together = found["alone"], found["together"]
    if cluster is not None:
        alone[CLUSTER] = [work.seconds_one_by_one(cluster, 5) / 5 for _ in range(rounds)]
        together[CLUSTER] = [work.seconds_together(cluster, 30) / 30 for _ in range(rounds)]
    return TaskCosts(_points(alone), _points(together))


def _points(seconds: Mapping[str, list[float]]) -> dict[str, tuple[float, ...]]:
    return {way: tuple(values) for way, values in seconds.items()}


@dataclass(frozen=True)
class Forecast:
    """What the costs foretold for some tasks, and what came: way to seconds.

    busy: cores that other work used meanwhile, None where that can't be told.
    """

    tasks: int
    work_s: float
    workers: int
    foreseen: Mapping[str, float]
    measured: Mapping[str, float]
    busy: float | None

    def within(self, factor: float) -> Verdict:
        """Did all ways take what was foretold, give or take the factor?"""
        misses = {way: self.measured[way] / self.foreseen[way] for way in self.measured}
        evidence = ", ".join(f"{way} {miss:.2f} times the forecast" for way, miss in misses.items())
        right = all(1 / factor <= miss <= factor for miss in misses.values())
        if not right and self.busy is not None and self.busy > BUSY_CORES:
            return untold("other work kept the machine busy meanwhile", evidence)
        return checked(right, evidence)


def forecast(
    costs: TaskCosts, pools: Mapping[str, Executor], tasks: int, work_s: float, workers: int
) -> Forecast:
    """Foretell how long each pool takes for so many tasks, and let it show: the best of 3 runs.

    The tasks sleep for ``work_s`` seconds: that leaves the cores alone, so what is measured is the
    handing over and the waiting. pools: way to an executor of so many workers, which are up.
    Raises what ``TaskCosts.foreseen`` raises, and KeyError for a way without costs.
    """
    foreseen = {way: costs.foreseen(way, tasks, work_s, workers) for way in pools}
    meter = HostMeter()
    measured = {
        way: min(_seconds_with(pool, tasks, work_s) for _ in range(3))
        for way, pool in pools.items()
    }
    return Forecast(tasks, work_s, workers, foreseen, measured, meter.use().others)


def _seconds_with(executor: Executor, tasks: int, work_s: float) -> float:
    began = time.perf_counter()
    for future in [executor.submit(time.sleep, work_s) for _ in range(tasks)]:
        future.result()
    return time.perf_counter() - began
