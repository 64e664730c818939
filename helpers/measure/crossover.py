"""From which length of task on processes beat threads, on work that needs the GIL."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from helpers.measure import executors
from helpers.measure.compare import Comparison, Ratio, compare
from helpers.measure.executors import PROCESSES, THREADS
from helpers.measure.machine import usable_cores
from helpers.measure.models_compared import hand_over_s, run_all
from helpers.workers.computing import compute, loops_in
from helpers.workers.timeline import gil_enabled

SIZES_S = (0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01)
LONGEST_S, MOST_WORKERS = 0.1, 16
_ROUND_S = 0.02  # computing in one round, as far as the number of tasks allows
_MOST_TASKS = 64


@dataclass(frozen=True)
class Crossover:
    """The same pure Python in tasks of several lengths, in threads and in processes.

    sizes_s: seconds that one task computes, growing. threads_s, processes_s: seconds that handing
    over one empty task takes.
    """

    sizes_s: tuple[float, ...]
    workers: int
    cores: int
    gil: bool
    threads_s: float
    processes_s: float
    comparison: Comparison

    def gain(self, size_s: float) -> Ratio:
        """Time in threads / time in processes: above 1 processes win. KeyError for another size."""
        return self.comparison.ratio(name(THREADS, size_s), name(PROCESSES, size_s))

    def predicted_gain(self, size_s: float) -> float:
        """What the hand-over costs and the number of lanes let expect."""
        threads_at_once = 1 if self.gil else self.at_once
        return (size_s / threads_at_once + self.threads_s) / (
            size_s / self.at_once + self.processes_s
        )

    @property
    def at_once(self) -> int:
        """How many processes can compute at the same instant."""
        return min(self.workers, self.cores)

    @property
    def predicted_s(self) -> float | None:
        """The length at which what processes save pays for handing over; None if they can't win."""
        return break_even_s(self.threads_s, self.processes_s, self.at_once if self.gil else 1)

    @property
    def measured_s(self) -> float | None:
        """Where the medians cross 1 for the last time, between two sizes on a log scale.

        None if processes don't win at the largest size, or win at all of them.
        """
        gains = [self.gain(size).middle for size in self.sizes_s]
        if gains[-1] <= 1 or min(gains) > 1:
            return None
        last = max(number for number, gain in enumerate(gains) if gain <= 1)
        below, above = (math.log(gain) for gain in gains[last : last + 2])
        part = -below / (above - below)
        left, right = (math.log(size) for size in self.sizes_s[last : last + 2])
        return math.exp(left + part * (right - left))


def break_even_s(threads_s: float, processes_s: float, at_once: int) -> float | None:
    """How long a task must compute before processes beat threads that take turns at the GIL.

    A task costs t + threads_s in threads and t / at_once + processes_s in processes; this is the
    t at which both are the same. None if only one computes at once. 0 if processes win anyway.
    """
    if at_once < 1:
        raise ValueError(f"at_once must be at least 1, got {at_once}")
    for label, value in (("threads_s", threads_s), ("processes_s", processes_s)):
        if value < 0:
            raise ValueError(f"{label} must not be negative, got {value}")
    if at_once == 1:
        return None
    return max(0.0, (processes_s - threads_s) / (1 - 1 / at_once))


def name(model: str, size_s: float) -> str:
    """The name of a contender."""
    return f"{model}, {size_s:g} s"


def crossover(
    sizes_s: Sequence[float] = SIZES_S,
    workers: int = 2,
    repeats: int = 9,
    progress: Callable[[float], None] | None = None,
) -> Crossover:
    """Compute tasks of each length in threads and in processes, all in turn.

    sizes_s: at least two, growing, up to LONGEST_S. workers: 2 to MOST_WORKERS.
    progress: called with the part done (0 to 1). Raises ValueError for what lies outside.
    """
    sizes = tuple(sizes_s)
    if len(sizes) < 2 or list(sizes) != sorted(set(sizes)):
        raise ValueError(f"sizes_s must be at least two lengths, growing, got {list(sizes)}")
    if not 0 < sizes[0] <= sizes[-1] <= LONGEST_S:
        raise ValueError(f"sizes_s must be positive and at most {LONGEST_S}, got {list(sizes)}")
    if not 2 <= workers <= MOST_WORKERS:
        raise ValueError(f"workers must be 2 to {MOST_WORKERS}, got {workers}")
    with executors.start(THREADS, workers) as threads, executors.start(PROCESSES, workers) as pool:
        pools = {THREADS: threads, PROCESSES: pool}
        costs = {model: hand_over_s(pool) for model, pool in pools.items()}
        contenders = {}
        for size in sizes:
            tasks = max(2 * workers, min(_MOST_TASKS, round(_ROUND_S / size)))
            task = partial(compute, loops_in(size))
            for model, pool in pools.items():
                contenders[name(model, size)] = partial(run_all, pool, task, tasks)
        comparison = compare(contenders, repeats, progress=progress)
    return Crossover(
        sizes,
        workers,
        usable_cores()[0],
        gil_enabled(),
        costs[THREADS],
        costs[PROCESSES],
        comparison,
    )
