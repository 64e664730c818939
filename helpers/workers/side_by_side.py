"""Small experiments that come out differently on one CPython and on another.

Each returns ``{name: [one value per round]}``. `run` adds on which interpreter that was.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import Any

from helpers.workers import races as shapes
from helpers.workers.executors import meet
from helpers.workers.interpreters import has_interpreters, identity
from helpers.workers.progress import part_done
from helpers.workers.scaling import count_down, split_among, together
from helpers.workers.turns import by_turns

# Short pieces of work, some milliseconds each: even on a busy machine two cores are free for so
# long now and then, and the best of many rounds will have met that moment.
LOOPS = 60_000
REQUESTS = 60
TASK_LOOPS = 180_000  # a task for a pool: long enough that handing it over is little beside it
WORKERS = 2
MOST_RACES = 20  # a worst round is found in few
SHAPES = ("counter += 1", "a property", "a call", "a loop in between")
# As little as can be, and with what is installed for it.
STARTS = {"python -S -c pass": ["-S", "-c", "pass"], "python -c pass": ["-c", "pass"]}

Values = dict[str, list[float]]


def run(experiment: str, rounds: int) -> dict[str, Any]:
    """Do one of the EXPERIMENTS. Returns what `identity` does, and ``"values"``."""
    return {**identity(), "values": EXPERIMENTS[experiment](rounds)}


def threads(rounds: int) -> Values:
    """Seconds of the same pure-Python work by one thread, and split among two."""
    counts = {"1 thread": 1, "2 threads": 2}
    return by_turns({name: partial(split_among, n, LOOPS) for name, n in counts.items()}, rounds)


def races(rounds: int) -> Values:
    """For each shape, the part of four threads' updates that was lost, round by round."""
    found: Values = {shape: [] for shape in SHAPES}
    rounds = min(rounds, MOST_RACES)
    for number in range(rounds):
        for shape in SHAPES:
            made, counted = shapes.counted(shape, False, 4, 20_000, 1e-5)
            found[shape].append(1 - counted / made)
        part_done((number + 1) / rounds)
    return found


class Point:
    def __init__(self, x: int) -> None:
        self.x = x

    def moved(self, by: int) -> Point:
        return Point(self.x + by)


def attributes(times: int) -> int:
    """Read and write an attribute of one object."""
    point = Point(0)
    for number in range(times):
        point.x = point.x + number
    return point.x


def objects(times: int) -> int:
    """Make an object, call its method, drop it."""
    point = Point(0)
    for number in range(times):
        point = point.moved(number)
    return point.x


def containers(times: int) -> int:
    """Fill a list and a dict, item by item."""
    items: list[int] = []
    counts: dict[int, int] = {}
    for number in range(times):
        items.append(number)
        counts[number % 100] = counts.get(number % 100, 0) + 1
    return len(items)


def one_thread(rounds: int) -> Values:
    """Seconds of four kinds of Python code, by a single thread."""
    kinds: dict[str, Callable[[], object]] = {
        "arithmetic": partial(count_down, LOOPS),
        "attributes": partial(attributes, LOOPS),
        "objects": partial(objects, LOOPS // 3),
        "containers": partial(containers, LOOPS // 2),
    }
    return by_turns({name: partial(seconds, kind) for name, kind in kinds.items()}, rounds)


def models(rounds: int) -> Values:
    """Seconds of two pure-Python tasks: one after another, and in pools that have started.

    Subinterpreters, each with a GIL of its own, came with Python 3.14.
    """
    spawn = multiprocessing.get_context("spawn")
    pools: dict[str, Executor] = {
        "threads": ThreadPoolExecutor(WORKERS),
        "processes": ProcessPoolExecutor(WORKERS, spawn, meet, (spawn.Barrier(WORKERS),)),
    }
    if has_interpreters():
        pool_of_interpreters = importlib.import_module("concurrent.futures").InterpreterPoolExecutor
        # A new interpreter looks for modules where Python looks by default.
        path = (f"import sys; sys.path[:] = {sys.path}",)
        pools["subinterpreters"] = pool_of_interpreters(WORKERS, initializer=exec, initargs=path)
    contenders: dict[str, Callable[[], object]] = {"one after another": both_tasks}
    for name, pool in pools.items():
        contenders[name] = partial(both_tasks_in, pool)
    try:
        return by_turns({name: partial(seconds, do) for name, do in contenders.items()}, rounds)
    finally:
        for pool in pools.values():
            pool.shutdown()


def both_tasks() -> None:
    """One after another."""
    for _ in range(WORKERS):
        count_down(TASK_LOOPS)


def both_tasks_in(pool: Executor) -> None:
    """At once, if the pool's workers can."""
    list(pool.map(count_down, [TASK_LOOPS] * WORKERS))


def start_up(rounds: int) -> Values:
    """Seconds to start this interpreter anew and see it end."""
    commands = {name: [sys.executable, *arguments] for name, arguments in STARTS.items()}
    run_it = partial(subprocess.run, check=True, stdin=subprocess.DEVNULL)
    return by_turns(
        {name: partial(seconds, partial(run_it, one)) for name, one in commands.items()}, rounds
    )


async def handler() -> None:
    """A little work for a request, and a turn for the others."""
    for _ in range(5):
        count_down(300)
        await asyncio.sleep(0)


async def serve(requests: int) -> None:
    """All these requests in one event loop."""
    await asyncio.gather(*(handler() for _ in range(requests)))


def in_loops(loops: int, requests: int) -> float:
    """Seconds until all requests are served by so many event loops, each in its own thread."""
    return together(loops, lambda: asyncio.run(serve(requests // loops)))


def event_loops(rounds: int) -> Values:
    """Seconds of the same requests in one event loop, and split among two in two threads."""
    counts = {"1 loop": 1, "2 loops": 2}
    return by_turns({name: partial(in_loops, n, REQUESTS) for name, n in counts.items()}, rounds)


def seconds(do: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


EXPERIMENTS: dict[str, Callable[[int], Values]] = {
    "threads": threads,
    "races": races,
    "one thread": one_thread,
    "models": models,
    "start-up": start_up,
    "event loops": event_loops,
}
