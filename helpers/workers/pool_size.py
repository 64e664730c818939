"""The same tasks in pools of different sizes. A task waits for a while, then computes."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from helpers.workers.computing import compute
from helpers.workers.executors import meet
from helpers.workers.turns import by_turns

EXECUTORS = ("threads", "processes")


def wait_and_compute(wait_s: float, loops: int) -> None:
    """A request, say: wait for the answer, then make something of it."""
    if wait_s:
        time.sleep(wait_s)
    compute(loops)


def started(executor: str, workers: int) -> Executor:
    """A pool whose workers have all started. executor: one of EXECUTORS."""
    if executor == "processes":
        spawn = multiprocessing.get_context("spawn")
        pool: Executor = ProcessPoolExecutor(workers, spawn, meet, (spawn.Barrier(workers),))
    else:
        pool = ThreadPoolExecutor(workers, "pool", threading.Barrier(workers).wait)
    # One task for each: a pool starts its workers when there is work for them.
    list(pool.map(compute, [1] * workers))
    return pool


def run(pool: Executor, tasks: int, wait_s: float, loops: int) -> float:
    """Seconds until all tasks are done."""
    began = time.perf_counter()
    list(pool.map(wait_and_compute, [wait_s] * tasks, [loops] * tasks))
    return time.perf_counter() - began


def time_sizes(
    executor: str, sizes: Sequence[int], tasks: int, wait_s: float, loops: int, rounds: int
) -> dict[str, list[float]]:
    """Seconds for all tasks, by the size of the pool, one value for each round.

    All the pools are there from beginning to end, and take turns. What they need to start isn't
    counted.
    """
    with ExitStack() as stack:
        contenders: dict[str, Callable[[], float]] = {}
        for size in sizes:
            pool = stack.enter_context(started(executor, size))
            contenders[str(size)] = partial(run, pool, tasks, wait_s, loops)
        found: dict[str, list[float]] = by_turns(contenders, rounds)
    return found
