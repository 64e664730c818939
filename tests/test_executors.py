"""Executors: each keeps the interface of concurrent.futures, and starts all its workers."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.labs.job import Job, children_interrupted
from helpers.measure import executors
from helpers.measure.elsewhere import Stopped, WorkerFailed
from helpers.measure.executors import EXECUTORS, AsyncioExecutor, Kind, SequentialExecutor, start
from helpers.measure.leftovers import belongings, left_since
from helpers.workers import executors as workers
from helpers.workers.computing import compute

METHODS = multiprocessing.get_all_start_methods()


@pytest.mark.parametrize("name", list(EXECUTORS))
def test_each_executor_keeps_order_raises_and_leaves_nothing(name: str) -> None:
    before = belongings()
    with start(name, 2) as pool:
        assert isinstance(pool, Executor)
        assert list(pool.map(compute, [3, 1, 2])) == [5, 0, 1]
        assert isinstance(pool.submit(divmod, 1, 0).exception(), ZeroDivisionError)
        seen = {pool.submit(workers.who, 0.05) for _ in range(2)}
        threads = {task.result() for task in seen}
    assert len(threads) == (2 if EXECUTORS[name].lanes else 1)
    with pytest.raises(RuntimeError, match="shutdown"):
        pool.submit(compute, 1)
    pool = None  # type: ignore[assignment]
    assert not left_since(before, patience=10)


def test_what_start_gives_is_the_executor_itself() -> None:
    with start("threads", 1) as pool:
        assert type(pool) is ThreadPoolExecutor
    with start("processes", 1) as pool:
        assert type(pool) is ProcessPoolExecutor


@pytest.mark.parametrize("method", METHODS)
def test_a_pool_of_processes_has_the_start_method_that_was_said(method: str) -> None:
    with executors.processes(2, method) as pool:
        executors.warm_up(pool, 2)
        assert list(pool.map(compute, [1, 2])) == [0, 1]
        assert pool._mp_context.get_start_method() == method  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", list(EXECUTORS))
@pytest.mark.parametrize("count", [0, -1, executors.MOST_WORKERS + 1])
def test_bad_numbers_of_workers_are_named(name: str, count: int) -> None:
    with pytest.raises(ValueError, match=r"^workers must"):
        start(name, count)


def test_bad_names_and_deadlines_are_named() -> None:
    with pytest.raises(ValueError, match=r"^name must be one of"):
        start("greenlets")
    with pytest.raises(ValueError, match=r"^deadline must"):
        start("threads", deadline=0)
    with pytest.raises(ValueError, match=r"^max_workers must"):
        AsyncioExecutor(0)


def test_a_new_executor_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXECUTORS, "named threads", Kind(lambda n: ThreadPoolExecutor(n, "mine")))
    with start("named threads", 1) as pool:
        assert pool.submit(threading.current_thread).result().name.startswith("mine")


def test_workers_that_never_come_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXECUTORS, "one only", Kind(lambda n: ThreadPoolExecutor(1)))
    with pytest.raises(TimeoutError, match="1 of 2 workers"):
        start("one only", 2, deadline=0.05)


def test_sequential_runs_in_the_thread_that_submits() -> None:
    pool = SequentialExecutor()
    future = pool.submit(threading.get_ident)
    assert future.done()
    assert future.result() == threading.get_ident()


async def _meet(barrier: asyncio.Event, seen: list[int]) -> int:
    seen.append(len(seen))
    if len(seen) == 3:
        barrier.set()
    await asyncio.wait_for(barrier.wait(), 5)
    return len(seen)


def test_asyncio_awaits_coroutines_together() -> None:
    seen: list[int] = []
    pool: Any
    with start("asyncio", 3) as pool:
        event = asyncio.Event()
        tasks = [pool.submit(_meet, event, seen) for _ in range(3)]
        assert [task.result(10) for task in tasks] == [3, 3, 3]


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 4), st.integers(1, 8))
def test_asyncio_has_so_many_seats(seats: int, tasks: int) -> None:
    now = [0]
    most = [0]

    async def visit() -> None:
        now[0] += 1
        most[0] = max(most[0], now[0])
        await asyncio.sleep(0.001)
        now[0] -= 1

    with AsyncioExecutor(seats) as pool:
        for task in [pool.submit(visit) for _ in range(tasks)]:
            task.result(10)
    assert most[0] == min(seats, tasks)


def test_asyncio_ends_what_it_has_begun_and_cancels_the_rest() -> None:
    begun = threading.Event()

    async def first() -> str:
        begun.set()
        await asyncio.sleep(0.02)
        return "done"

    pool = AsyncioExecutor(1)
    one, two = pool.submit(first), pool.submit(first)
    assert begun.wait(5)
    pool.shutdown(cancel_futures=True)
    assert one.result(0) == "done"
    with pytest.raises(CancelledError):
        two.result(0)
    pool.shutdown()  # twice does no harm


def test_asyncio_waits_for_all_at_shutdown() -> None:
    with AsyncioExecutor(1) as pool:
        tasks = [pool.submit(asyncio.sleep, 0.001, number) for number in range(5)]
    assert [task.result(0) for task in tasks] == [0, 1, 2, 3, 4]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_a_pools_processes_leave_interrupts_to_their_parent() -> None:
    with start("processes", 1) as pool:
        process, _ = pool.submit(workers.who, 0.0).result()
        os.kill(process, signal.SIGINT)
        assert pool.submit(workers.who, 0.05).result()[0] == process


@pytest.mark.parametrize("error", [BrokenExecutor, OSError, EOFError, WorkerFailed])
def test_what_fails_as_an_interrupt_ended_a_child_is_a_stop(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr("helpers.labs.job._NEWS_S", 0.0)
    job = Job(lambda done: None)
    with pytest.raises(error), children_interrupted(job):
        raise error
    job.stop.set()
    with pytest.raises(Stopped), children_interrupted(job):
        raise error


def test_who_naps_and_tells_process_and_thread() -> None:
    began = time.perf_counter()
    assert workers.who(0.01)[1] == threading.get_ident()
    assert time.perf_counter() - began >= 0.009
    assert workers.nothing() is None  # type: ignore[func-returns-value]
