"""The same tasks under every model: speed-ups, their limits, and what starting up costs."""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

from helpers.measure import executors
from helpers.measure.compare import Comparison, Ratio, compare
from helpers.measure.executors import ASYNCIO, EXECUTORS, SEQUENTIAL, THREADS
from helpers.measure.machine import usable_cores
from helpers.workers import models_compared as work
from helpers.workers.computing import compute, loops_in
from helpers.workers.executors import nothing
from helpers.workers.timeline import gil_enabled

COMPUTING, WAITING, MIXED, HASHING = "computing", "waiting", "mixed", "hashing"
KINDS = (COMPUTING, WAITING, MIXED, HASHING)
MOST_TASKS, MOST_WORKERS, LONGEST_S = 64, 16, 0.1
_WAITING_PART = {WAITING: 1.0, MIXED: 0.5}
_EMPTY, _EMPTY_ROUNDS = 40, 5

Task = Callable[[], Any]


@dataclass(frozen=True)
class Compared:
    """Tasks of one kind, measured under several models.

    task_s: seconds that one task is meant to take. cores: how many this process may use.
    hand_over_s: model to the seconds that an empty task takes there, of many handed over at once.
    comparison: all tasks of a round; ``start_up`` holds what starting each executor took.
    """

    kind: str
    tasks: int
    workers: int
    task_s: float
    cores: int
    gil: bool
    hand_over_s: Mapping[str, float]
    comparison: Comparison

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self.comparison.seconds)

    def speed_up(self, model: str) -> Ratio:
        """How many times as fast as one after another. KeyError for a model not measured."""
        return self.comparison.ratio(SEQUENTIAL, model)

    @property
    def alone_s(self) -> float:
        """Seconds that one task really took, one after another: a busy machine takes longer."""
        return self.comparison.median(SEQUENTIAL) / self.tasks

    def ceiling(self, model: str) -> float:
        """The most that workers, cores and GIL allow, if handing the tasks over cost nothing.

        Only so many tasks compute at once: one in an event loop, one in threads that need the
        GIL, else as many as there are cores. A model that isn't known here counts as processes.
        """
        waits = min(1.0, _WAITING_PART.get(self.kind, 0.0) * self.task_s / self.alone_s)
        needs_gil = model == THREADS and self.gil and self.kind != HASHING
        one_at_a_time = model in (SEQUENTIAL, ASYNCIO) or needs_gil
        # Code that blocks an event loop leaves it one task in hand.
        in_hand = 1 if model == SEQUENTIAL or (model == ASYNCIO and not waits) else self.workers
        return ceiling(
            self.tasks, in_hand, 1 if one_at_a_time else min(self.workers, self.cores), waits
        )

    def limit(self, model: str) -> float:
        """The ceiling, with the serial part that Amdahl's law counts: handing the tasks over."""
        serial = self.hand_over_s[model] / self.alone_s if model != SEQUENTIAL else 0.0
        return 1 / (serial + 1 / self.ceiling(model))


def ceiling(tasks: int, in_hand: int, at_once: int, waits: float) -> float:
    """The highest possible speed-up of tasks that first wait and then compute.

    in_hand: how many may be under way. at_once: how many may compute at the same instant.
    waits: the part of a task's time (0 to 1) in which it waits.
    A task isn't divided, so there are whole rounds; and all their computing has to be done.
    Raises ValueError for a number below 1, or a part outside.
    """
    for name, value in (("tasks", tasks), ("in_hand", in_hand), ("at_once", at_once)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if not 0 <= waits <= 1:
        raise ValueError(f"waits must be between 0 and 1, got {waits}")
    rounds = math.ceil(tasks / in_hand)
    return tasks / max(rounds, waits + (1 - waits) * tasks / at_once)


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {list(KINDS)}, got {kind!r}")


def task_of(kind: str, seconds: float) -> tuple[Task, Task]:
    """A task of this kind that takes so long: as a plain function, and for an event loop.

    Both can be pickled. Where there is nothing to await, they are the same.
    Raises ValueError for an unknown kind or seconds that aren't positive.
    """
    _check_kind(kind)
    if not seconds > 0:
        raise ValueError(f"seconds must be positive, got {seconds}")
    if kind == WAITING:
        return partial(work.wait, seconds), partial(work.wait_async, seconds)
    if kind == MIXED:
        half = seconds / 2
        loops = loops_in(half)
        return (
            partial(work.fetch_and_compute, half, loops),
            partial(work.fetch_and_compute_async, half, loops),
        )
    plain: Task
    if kind == HASHING:
        plain = partial(work.hash_blocks, work.blocks_in(seconds))
    else:
        plain = partial(compute, loops_in(seconds))
    return plain, plain


def run_all(
    pool: Executor, task: Task, tasks: int, check: Callable[[], None] | None = None
) -> list[Any]:
    """Hand over so many of the task, then wait for all. Their results.

    check: called after each; if it raises, the tasks that haven't begun are cancelled.
    """
    futures = []
    try:
        for _ in range(tasks):
            futures.append(pool.submit(task))
            if check is not None:
                check()
        results = []
        for future in futures:
            results.append(future.result())
            if check is not None:
                check()
        return results
    finally:
        for future in futures:
            future.cancel()  # does nothing to those that have begun or are done


def models_compared(
    kinds: Sequence[str] = KINDS,
    models: Sequence[str] | None = None,
    tasks: int = 8,
    task_s: float = 0.005,
    workers: int = 4,
    repeats: int = 9,
    progress: Callable[[float], None] | None = None,
    check: Callable[[], None] | None = None,
) -> tuple[Compared, ...]:
    """Run tasks of each kind under each model in turn; the executors start once, before.

    models: names of ``executors.EXECUTORS``, by default all; "sequential" is always among them.
    tasks: 1 to MOST_TASKS. task_s: seconds of one task, up to LONGEST_S. workers: 1 to
    MOST_WORKERS. repeats: see ``compare``. progress: called with the part done (0 to 1). check:
    called after each task. Either may raise to stop.
    Raises ValueError for what lies outside, and for an unknown kind or model.
    """
    if not kinds:
        raise ValueError("kinds must hold at least one kind")
    for kind in kinds:
        _check_kind(kind)
    for name, value, most in (("tasks", tasks, MOST_TASKS), ("workers", workers, MOST_WORKERS)):
        if not 1 <= value <= most:
            raise ValueError(f"{name} must be 1 to {most}, got {value}")
    if not 0 < task_s <= LONGEST_S:
        raise ValueError(f"task_s must be positive and at most {LONGEST_S}, got {task_s}")
    names = list(dict.fromkeys([SEQUENTIAL, *(models or EXECUTORS)]))
    if unknown := set(names) - set(EXECUTORS):
        raise ValueError(f"models must be among {list(EXECUTORS)}, got {sorted(unknown)}")
    report = progress or (lambda done: None)
    cores, gil = usable_cores()[0], gil_enabled()
    found = []
    with contextlib.ExitStack() as stack:
        pools, start_up = {}, {}
        for number, name in enumerate(names):
            report(0.1 * number / len(names))
            began = time.perf_counter()
            pools[name] = stack.enter_context(executors.start(name, workers))
            start_up[name] = time.perf_counter() - began
        hand_over = {name: hand_over_s(pool) for name, pool in pools.items()}
        for number, kind in enumerate(kinds):
            plain, awaited = task_of(kind, task_s)
            comparison = compare(
                {
                    name: partial(
                        run_all, pool, awaited if name == ASYNCIO else plain, tasks, check
                    )
                    for name, pool in pools.items()
                },
                repeats,
                start_up,
                partial(_part_done, report, number, len(kinds)),
            )
            found.append(Compared(kind, tasks, workers, task_s, cores, gil, hand_over, comparison))
    return tuple(found)


def _part_done(report: Callable[[float], None], number: int, kinds: int, done: float) -> None:
    report(0.1 + 0.9 * (number + done) / kinds)


def hand_over_s(pool: Executor, tasks: int = _EMPTY) -> float:
    """Seconds per task that does nothing, when so many are handed over at once (median)."""
    times = []
    for _ in range(_EMPTY_ROUNDS):
        began = time.perf_counter()
        run_all(pool, nothing, tasks)
        times.append((time.perf_counter() - began) / tasks)
    return statistics.median(times)
