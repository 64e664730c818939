"""A computation of which one part can't be divided among processes."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from helpers.workers.computing import compute, loops_in
from helpers.workers.executors import meet
from helpers.workers.turns import by_turns


def divide(pool: ProcessPoolExecutor, loops: int, serial_share: float, workers: int) -> None:
    """Compute the serial share here; then let the pool's workers compute the rest."""
    compute(int(loops * serial_share))
    each = int(loops * (1 - serial_share) / workers)
    list(pool.map(compute, [each] * workers))


def time_divided(
    seconds: float, divisions: list[tuple[float, int]], rounds: int
) -> list[list[float]]:
    """Time the whole computation: first alone, then divided in each of these ways.

    seconds: of one core, for the whole. divisions: (serial share, workers).
    Returns seconds per round: a list for "alone", then one for each division.
    """
    loops = loops_in(seconds)
    most = max(workers for _, workers in divisions)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(most, spawn, meet, (spawn.Barrier(most),)) as pool:
        list(pool.map(compute, [1] * most))  # returns when all of them have started

        def time_one(serial_share: float, workers: int) -> float:
            began = time.perf_counter()
            if workers == 1:
                compute(loops)
            else:
                divide(pool, loops, serial_share, workers)
            return time.perf_counter() - began

        contenders = {
            str(number): partial(time_one, *division)
            for number, division in enumerate([(1.0, 1), *divisions])
        }
        return list(by_turns(contenders, rounds).values())
