"""The measurement behind each advice, small enough to be made on the spot."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from multiprocessing import shared_memory

from helpers.measure import executors
from helpers.measure.apart import run_apart
from helpers.measure.choosing import Advice
from helpers.measure.compare import Comparison, Ratio, compare
from helpers.measure.executors import (
    ASYNCIO,
    EXECUTORS,
    INTERPRETERS,
    PROCESSES,
    SEQUENTIAL,
    THREADS,
)
from helpers.measure.host import HostMeter
from helpers.measure.machine import usable_cores
from helpers.measure.models_compared import (
    COMPUTING,
    HASHING,
    MIXED,
    WAITING,
    models_compared,
    run_all,
    task_of,
)
from helpers.workers import choosing as work
from helpers.workers.computing import compute, loops_in

Progress = Callable[[float], None]
_REPEATS = 7
_CLOCK, _CORE = "by the clock", "on a core"


@dataclass(frozen=True)
class Evidence:
    """Contenders that were measured, and the two of them on which the advice rests.

    title: what was measured. instead: what the advice is against. advised: what it is for.
    """

    title: str
    instead: str
    advised: str
    comparison: Comparison

    @property
    def gain(self) -> Ratio:
        """How many times as long what is advised against takes."""
        return self.comparison.ratio(self.instead, self.advised)


def evidence(advice: Advice, progress: Progress | None = None) -> Evidence:
    """Measure what is behind this advice; takes one or two seconds.

    progress: called with the part done (0 to 1); it may raise to stop.
    KeyError for an advice whose evidence is unknown.
    """
    return EVIDENCE[advice.evidence](progress or (lambda done: None))


def _models(
    title: str, kind: str, advised: str, others: tuple[str, ...], tasks: int = 8, workers: int = 4
) -> Callable[[Progress], Evidence]:
    """Compare models on one kind of work with "one after another"."""

    def measure(progress: Progress) -> Evidence:
        models = [name for name in (advised, *others) if name in EXECUTORS]
        [found] = models_compared([kind], models, tasks, 0.003, workers, _REPEATS, progress)
        if advised in EXECUTORS:
            return Evidence(title, SEQUENTIAL, advised, found.comparison)
        missing = f"{title} (this Python has no {advised})"
        return Evidence(missing, SEQUENTIAL, models[0], found.comparison)

    return measure


def _share(progress: Progress) -> Evidence:
    points: dict[str, list[float]] = {}
    meter = HostMeter()
    for kind in (WAITING, MIXED, COMPUTING):
        task, _ = task_of(kind, 0.01)
        for _ in range(_REPEATS):
            core, clock = time.thread_time(), time.perf_counter()
            task()
            points.setdefault(f"{kind}, {_CLOCK}", []).append(time.perf_counter() - clock)
            points.setdefault(f"{kind}, {_CORE}", []).append(time.thread_time() - core)
        progress(len(points) / 6)
    seconds = {name: tuple(values) for name, values in points.items()}
    return Evidence(
        "Three tasks by the clock and on a core",
        f"{WAITING}, {_CLOCK}",
        f"{WAITING}, {_CORE}",
        Comparison(seconds, {}, meter.use().others),
    )


def _many(progress: Progress) -> Evidence:
    count, seconds = 500, 0.02
    threads, tasks = f"{count} threads", f"{count} asyncio tasks"
    contenders: dict[str, Callable[[], object]] = {
        threads: partial(work.wait_in_threads, count, seconds),
        tasks: partial(run_apart, work.wait_in_tasks, count, seconds),
    }
    found = compare(contenders, _REPEATS, progress=progress)
    return Evidence(f"{count} waits at once", threads, tasks, found)


def _compile(progress: Progress) -> Evidence:
    import numpy

    numbers = numpy.arange(100_000)
    loop, array = "a loop in Python", "NumPy"
    contenders: dict[str, Callable[[], object]] = {
        loop: partial(compute, len(numbers)),
        array: lambda: int((numbers * numbers).sum()),
    }
    found = compare(contenders, _REPEATS, progress=progress)
    return Evidence("The sum of a hundred thousand squares", loop, array, found)


def _batches(progress: Progress) -> Evidence:
    tasks, loops = 200, loops_in(0.00003)
    single, batched = "one task to a message", "fifty to a message"
    with executors.start(PROCESSES) as pool:

        def run(chunk: int) -> None:
            list(pool.map(compute, [loops] * tasks, chunksize=chunk))

        found = compare(
            {single: partial(run, 1), batched: partial(run, 50)}, _REPEATS, progress=progress
        )
    return Evidence(f"{tasks} tiny tasks for two processes", single, batched, found)


def _large_data(progress: Progress) -> Evidence:
    data, tasks = bytes(2_000_000), 4
    sent, named = "the data is sent", "its name is sent"
    with executors.start(PROCESSES) as pool, _shared(data) as name:
        contenders: dict[str, Callable[[], object]] = {
            sent: partial(_all, pool, partial(work.ends_of, data), tasks),
            named: partial(_all, pool, partial(work.ends_in, name), tasks),
        }
        found = compare(contenders, _REPEATS, progress=progress)
    return Evidence("2 MB for each task of two processes", sent, named, found)


@contextlib.contextmanager
def _shared(data: bytes) -> Iterator[str]:
    segment = shared_memory.SharedMemory(create=True, size=len(data))
    try:
        assert segment.buf is not None
        segment.buf[: len(data)] = data
        yield segment.name
    finally:
        segment.close()
        segment.unlink()


def _all(pool: Executor, task: Callable[[], object], tasks: int) -> None:
    run_all(pool, task, tasks)


def _loop_and_pool(progress: Progress) -> Evidence:
    tasks, seconds = 8, 0.003
    loops = loops_in(seconds)
    here, there = "computing in the loop", "computing in a pool"
    with executors.start(PROCESSES) as pool:
        contenders: dict[str, Callable[[], object]] = {
            here: partial(run_apart, work.fetch_and_compute_here, tasks, seconds, loops),
            there: partial(run_apart, work.fetch_and_hand_over, tasks, seconds, loops, pool),
        }
        found = compare(contenders, _REPEATS, progress=progress)
    return Evidence("Tasks of an event loop that wait, then compute", here, there, found)


def _two_pools(progress: Progress) -> Evidence:
    tasks, seconds = 8, 0.003
    loops = loops_in(seconds)
    one, two = "one pool of threads", "threads, then processes"
    with executors.start(THREADS, tasks) as threads, executors.start(PROCESSES) as pool:
        both, _ = task_of(MIXED, 2 * seconds)
        contenders: dict[str, Callable[[], object]] = {
            one: partial(_all, threads, both, tasks),
            two: partial(work.in_two_pools, [seconds] * tasks, loops, threads, pool),
        }
        found = compare(contenders, _REPEATS, progress=progress)
    return Evidence("Tasks that wait, then compute", one, two, found)


def _cores(progress: Progress) -> Evidence:
    workers = max(2, min(usable_cores()[0], 8))
    title = f"Python code in {workers} processes of this machine"
    return _models(title, COMPUTING, PROCESSES, (), 2 * workers, workers)(progress)


_OTHERS = (PROCESSES, THREADS)
EVIDENCE: dict[str, Callable[[Progress], Evidence]] = {
    "share": _share,
    "waiting": _models("Tasks that wait", WAITING, THREADS, (PROCESSES,)),
    "either": _models("Tasks that wait", WAITING, ASYNCIO, (THREADS,), 16, 16),
    "many": _many,
    "hashing": _models("C code that releases the GIL", HASHING, THREADS, (PROCESSES,), 8, 2),
    "compile": _compile,
    "cores": _cores,
    "free threads": _models("Python code, in this interpreter", COMPUTING, THREADS, (), 8, 2),
    "batches": _batches,
    "large data": _large_data,
    "computing": _models("Python code", COMPUTING, PROCESSES, (THREADS,), 8, 2),
    "interpreters": _models("Python code", COMPUTING, INTERPRETERS, _OTHERS, 8, 2),
    "loop and pool": _loop_and_pool,
    "two pools": _two_pools,
}
