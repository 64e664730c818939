"""Tasks made of computing and waiting, recorded while they run one after another or together.

A task is a list of steps, "compute" or "wait". Computing is pure Python; waiting is a sleep,
which stands for a network, a disk or a person: the task needs no core meanwhile.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import queue
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import Any

from helpers.workers.computing import compute, loops_in
from helpers.workers.executors import meet
from helpers.workers.interpreters import has_interpreters
from helpers.workers.timeline import Recorder

WAIT_S = 0.05
LOOPS_A_BEAT = 500  # some dozen microseconds: the recorder hears from the task often enough

Recording = dict[str, Any]


def task(lane: str, steps: Sequence[str], loops: int) -> Recording:
    """Do the steps one by one, and return the recording of what happened.

    lane: the task's name in the picture. loops: of ``compute`` in each step "compute".
    Raises ValueError for an unknown step.
    """
    with Recorder(lane) as recorder:
        for step in checked_steps(steps):
            if step == "compute":
                _compute_recorded(loops, recorder)
            else:
                with recorder.sleeping():
                    time.sleep(WAIT_S)
    return recorder.recording


async def task_async(lane: str, steps: Sequence[str], loops: int) -> Recording:
    """The same for asyncio: while it waits, the event loop may run another task."""
    with Recorder(lane) as recorder:
        for step in checked_steps(steps):
            if step == "compute":
                _compute_recorded(loops, recorder)
            else:
                with recorder.awaiting():
                    await asyncio.sleep(WAIT_S)
    return recorder.recording


def one_after_another(names: list[str], steps: list[str], loops: int) -> list[Recording]:
    """Each task when the one before has ended. One recording for each name, as below."""
    return [task(name, steps, loops) for name in names]


def in_threads(names: list[str], steps: list[str], loops: int, workers: int) -> list[Recording]:
    """A pool of threads, ``workers`` of them, each of which takes the next task when it is free."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(partial(task, steps=steps, loops=loops), names))


def in_processes(names: list[str], steps: list[str], loops: int, workers: int) -> list[Recording]:
    """The same with a pool of processes, which begin when all of them have started."""
    spawn = multiprocessing.get_context("spawn")
    workers = min(workers, len(names))
    with ProcessPoolExecutor(workers, spawn, meet, (spawn.Barrier(workers),)) as pool:
        return list(pool.map(partial(task, steps=steps, loops=loops), names))


def in_tasks(names: list[str], steps: list[str], loops: int, workers: int) -> list[Recording]:
    """Asyncio tasks in one thread, ``workers`` of them in hand at once."""

    async def main() -> list[Recording]:
        seats = asyncio.Semaphore(workers)

        async def one(name: str) -> Recording:
            async with seats:
                return await task_async(name, steps, loops)

        return list(await asyncio.gather(*(one(name) for name in names)))

    return asyncio.run(main())


def in_interpreters(
    names: list[str], steps: list[str], loops: int, workers: int
) -> list[Recording]:
    """Each thread of a pool calls into an interpreter of its own (Python 3.14 or later)."""
    interpreters = importlib.import_module("concurrent.interpreters")
    free: queue.SimpleQueue[Any] = queue.SimpleQueue()
    made = [interpreters.create() for _ in range(workers)]
    for interpreter in made:
        # A new interpreter imports everything anew, and looks for it where Python looks by default.
        interpreter.exec(f"import sys; sys.path[:] = {sys.path}; import {__name__}")
        free.put(interpreter)

    def one(name: str) -> Recording:
        interpreter = free.get()
        recording: Recording = interpreter.call(task, name, steps, loops)
        free.put(interpreter)
        return recording

    with ThreadPoolExecutor(workers) as pool:
        recordings = list(pool.map(one, names))
    for interpreter in made:
        interpreter.close()
    return recordings


MODELS = ("one after another", "threads", "asyncio tasks", "processes") + (
    ("subinterpreters",) if has_interpreters() else ()
)


def run(
    model: str, names: list[str], steps: list[str], seconds: float, workers: int
) -> list[Recording]:
    """Run tasks of the same steps under one model, at most ``workers`` of them at once.

    seconds: of one core, for each step "compute". One recording for each name.
    Raises ValueError for an unknown model or step, no names, or no workers.
    """
    if model not in MODELS:
        raise ValueError(f"model must be one of {list(MODELS)}, got {model!r}")
    if not names:
        raise ValueError("names must hold at least one name")
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    checked_steps(steps)
    loops = loops_in(seconds)
    if model == "one after another":
        return one_after_another(names, steps, loops)
    if model == "threads":
        return in_threads(names, steps, loops, workers)
    if model == "processes":
        return in_processes(names, steps, loops, workers)
    if model == "subinterpreters":
        return in_interpreters(names, steps, loops, workers)
    return in_tasks(names, steps, loops, workers)


def checked_steps(steps: Sequence[str]) -> Sequence[str]:
    """The steps. ValueError if there are none, or one is neither "compute" nor "wait"."""
    if not steps or any(step not in ("compute", "wait") for step in steps):
        raise ValueError(f"steps must be some of 'compute' and 'wait', got {list(steps)}")
    return steps


def _compute_recorded(loops: int, recorder: Recorder) -> None:
    for _ in range(max(1, loops // LOOPS_A_BEAT)):
        compute(LOOPS_A_BEAT)
        recorder.beat()
