"""How much faster a computation gets with more processes, when a part of it can't be divided."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from helpers.measure.compare import Comparison, Ratio, compare
from helpers.measure.machine import usable_cores
from helpers.workers import overlap

ALONE = "one process"
MOST = 8


def law(serial_share: float, workers: float) -> float:
    """Amdahl's law: the speed-up that so many workers can give at most.

    The serial share of the work takes its time anyhow; the rest is divided among the workers.
    Source: G. M. Amdahl, "Validity of the single processor approach to achieving large scale
    computing capabilities" (1967), https://doi.org/10.1145/1465482.1465560
    Raises ValueError for a share outside 0 to 1, or fewer than one worker.
    """
    if not 0 <= serial_share <= 1:
        raise ValueError(f"serial_share must be between 0 and 1, got {serial_share}")
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    return 1 / (serial_share + (1 - serial_share) / workers)


@dataclass(frozen=True)
class SpeedUps:
    """Measured times of the whole work, alone and divided.

    workers: numbers of processes tried. cores: how many this process may use.
    """

    serial_shares: tuple[float, ...]
    workers: tuple[int, ...]
    cores: int
    comparison: Comparison

    def of(self, serial_share: float, workers: int) -> Ratio:
        """The speed-up: time alone / time divided. KeyError for what wasn't measured."""
        return self.comparison.ratio(ALONE, divided(serial_share, workers))


def divided(serial_share: float, workers: int) -> str:
    """The name of a contender."""
    return f"{workers} processes, {serial_share:.0%} serial"


def speed_ups(
    serial_shares: Sequence[float] = (0.1, 0.5),
    workers: Sequence[int] | None = None,
    seconds: float = 0.06,
    progress: Callable[[float], None] | None = None,
) -> SpeedUps:
    """Measure the speed-up for each share and number of processes.

    workers: by default 2, 4 and, with eight cores, 8: also more than there are cores.
    seconds: of one core, for the whole work. progress: see ``compare``.
    Raises ValueError for shares outside 0 to 1, or workers outside 2 to MOST.
    """
    cores, _ = usable_cores()
    workers = tuple(workers or (2, 4, 8)[: 3 if cores >= 8 else 2])
    if any(not 2 <= count <= MOST for count in workers):
        raise ValueError(f"workers must be between 2 and {MOST}, got {list(workers)}")
    for share in serial_shares:
        law(share, 1)  # checks it
    loops = overlap.loops_in(seconds)
    spawn = multiprocessing.get_context("spawn")
    most = max(workers)
    began = time.perf_counter()
    with ProcessPoolExecutor(most, spawn, overlap.meet, (spawn.Barrier(most),)) as pool:
        list(pool.map(overlap.compute, [1] * most))  # returns when all of them have started
        start_up = time.perf_counter() - began
        contenders: dict[str, Callable[[], object]] = {ALONE: partial(overlap.compute, loops)}
        for share in serial_shares:
            for count in workers:
                contenders[divided(share, count)] = partial(_divide, pool, loops, share, count)
        names = {name: start_up for name in contenders if name != ALONE}
        comparison = compare(contenders, start_up=names, progress=progress)
    return SpeedUps(tuple(serial_shares), workers, cores, comparison)


def _divide(pool: ProcessPoolExecutor, loops: int, serial_share: float, workers: int) -> None:
    overlap.compute(int(loops * serial_share))
    share = int(loops * (1 - serial_share) / workers)
    list(pool.map(overlap.compute, [share] * workers))
