"""What it costs to have one task done, by each of the ways that there are.

The task does nothing, so that all the time is the way's own. These run in a fresh interpreter
(see `helpers.measure.elsewhere`).
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

from helpers.workers import creation
from helpers.workers.creation import nothing_async
from helpers.workers.executors import nothing
from helpers.workers.turns import by_turns

CALL, AWAIT, TASK, THREAD = "function call", "await", "asyncio task", "thread"
THREAD_POOL, PROCESS_POOL = "thread pool, submit", "process pool, submit"
INTERPRETER_POOL, INTERPRETER = "interpreter pool, submit", "subinterpreter"


def seconds_for_calls(count: int) -> float:
    """Call a function that does nothing."""
    began = time.perf_counter()
    for _ in range(count):
        nothing()
    return time.perf_counter() - began


def seconds_for_awaits(count: int) -> float:
    """Await a coroutine that does nothing: no task is made."""

    async def main() -> float:
        began = time.perf_counter()
        for _ in range(count):
            await nothing_async()
        return time.perf_counter() - began

    return asyncio.run(main())


def seconds_one_by_one(executor: Executor, count: int) -> float:
    """Hand a task over, wait for its result, hand over the next."""
    began = time.perf_counter()
    for _ in range(count):
        executor.submit(nothing).result()
    return time.perf_counter() - began


def seconds_together(executor: Executor, count: int) -> float:
    """Hand all tasks over, then wait for all results."""
    began = time.perf_counter()
    for future in [executor.submit(nothing) for _ in range(count)]:
        future.result()
    return time.perf_counter() - began


def seconds_for_tasks_together(count: int) -> float:
    """Make all asyncio tasks, then await them all."""

    async def main() -> float:
        began = time.perf_counter()
        await asyncio.gather(*[asyncio.create_task(nothing_async()) for _ in range(count)])
        return time.perf_counter() - began

    return asyncio.run(main())


def time_tasks(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds for one task, one value for each round: the mean of a batch.

    A process takes so long that three rounds are enough.
    "alone": each is waited for before the next is handed over. "together": all are handed over,
    then waited for. Way to values; only the ways that take many tasks at once are in both.
    """
    spawn: Any = multiprocessing.get_context("spawn")
    with ExitStack() as pools:
        threads = pools.enter_context(ThreadPoolExecutor(1))
        processes = pools.enter_context(ProcessPoolExecutor(1, spawn))
        alone: dict[str, tuple[Callable[[int], float], int]] = {
            CALL: (seconds_for_calls, 10_000),
            AWAIT: (seconds_for_awaits, 5_000),
            TASK: (creation.seconds_for_tasks, 500),
            THREAD_POOL: (partial(seconds_one_by_one, threads), 200),
            THREAD: (creation.seconds_for_threads, 50),
            PROCESS_POOL: (partial(seconds_one_by_one, processes), 50),
        }
        together: dict[str, tuple[Callable[[int], float], int]] = {
            TASK: (seconds_for_tasks_together, 500),
            THREAD_POOL: (partial(seconds_together, threads), 200),
            PROCESS_POOL: (partial(seconds_together, processes), 100),
        }
        interpreters = _interpreter_pool()
        if interpreters is not None:
            pool = pools.enter_context(interpreters)
            alone[INTERPRETER_POOL] = (partial(seconds_one_by_one, pool), 50)
            together[INTERPRETER_POOL] = (partial(seconds_together, pool), 100)
            alone[INTERPRETER] = (creation.seconds_for_interpreters, 1)
        whole: dict[str, tuple[Callable[[int], float], int]] = {
            f"process ({method})": (partial(creation.seconds_for_processes, method), 1)
            for method in sorted(multiprocessing.get_all_start_methods())
        }
        for executor in (threads, processes):
            executor.submit(nothing).result()  # its worker has started
        return {
            "alone": {**_means(alone, rounds), **_means(whole, min(rounds, 3))},
            "together": _means(together, rounds),
        }


def _means(
    ways: dict[str, tuple[Callable[[int], float], int]], rounds: int
) -> dict[str, list[float]]:
    """Seconds for one task of each way's batch, by turns."""

    def mean(way: str) -> float:
        measure, batch = ways[way]
        return measure(batch) / batch

    return by_turns({way: partial(mean, way) for way in ways}, rounds)


def _interpreter_pool() -> Any:
    """A pool of one subinterpreter; None before Python 3.14."""
    make = getattr(importlib.import_module("concurrent.futures"), "InterpreterPoolExecutor", None)
    return None if make is None else make(1)
