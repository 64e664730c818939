"""One interface for all models: whatever runs a task looks like a ``concurrent.futures.Executor``.

``EXECUTORS`` is the list of them; a new one is one line there. ``start`` gives one whose workers
are up, so that what is measured next is the work and not the start-up. What it gives is the
executor itself and no wrapper, so a task costs what it costs without this module.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from helpers.workers.executors import begin, who
from helpers.workers.interpreters import has_interpreters

MOST_WORKERS = 64
SEQUENTIAL, THREADS, PROCESSES = "sequential", "threads", "processes"
ASYNCIO, INTERPRETERS = "asyncio", "subinterpreters"
_NAP_S = 0.002


class SequentialExecutor(Executor):
    """Runs each task at once, in the thread that submits it: the baseline of every comparison."""

    def __init__(self) -> None:
        self._closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future that is done already. RuntimeError after ``shutdown``."""
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._closed = True


class AsyncioExecutor(Executor):
    """Runs tasks in one event loop, in a thread of its own, ``max_workers`` of them at once.

    A coroutine function is awaited. A plain function is called in the loop: while it runs nothing
    else does, as always when code blocks an event loop.
    Raises ValueError for less than one worker.
    """

    def __init__(self, max_workers: int) -> None:
        if max_workers < 1:
            raise ValueError(f"max_workers must be at least 1, got {max_workers}")
        self._seats = asyncio.Semaphore(max_workers)  # of the first loop that waits for it
        self._closed = False
        self._cancelling = False  # what hasn't got a seat yet shall not begin
        self._guard = threading.Lock()
        self._up = threading.Event()
        self._thread = threading.Thread(
            target=asyncio.run, args=(self._serve(),), name="asyncio executor", daemon=True
        )
        self._thread.start()
        self._up.wait()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future of the task. RuntimeError after ``shutdown``."""
        with self._guard:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            return asyncio.run_coroutine_threadsafe(self._run(fn, args, kwargs), self._loop)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks, and end the loop when those at hand have ended."""
        with self._guard:
            self._cancelling |= cancel_futures
            if not self._closed:
                self._closed = True
                self._loop.call_soon_threadsafe(self._closing.set)
        if wait:
            self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        self._up.set()
        await self._closing.wait()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*rest, return_exceptions=True)

    async def _run(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        async with self._seats:
            if self._cancelling:
                raise asyncio.CancelledError
            found = fn(*args, **kwargs)
            return await found if inspect.isawaitable(found) else found


def processes(workers: int, method: str = "spawn") -> Executor:
    """A pool of processes that end with this one, by a start method that is said."""
    context = multiprocessing.get_context(method)
    return ProcessPoolExecutor(workers, context, initializer=begin)


def interpreters(workers: int) -> Executor:
    """A pool of threads, each with an interpreter, and so a GIL, of its own (Python 3.14)."""
    futures = importlib.import_module("concurrent.futures")
    # A new interpreter looks for modules where Python looks by default, not where this one does.
    pool: Executor = futures.InterpreterPoolExecutor(
        workers, initializer=exec, initargs=(f"import sys; sys.path[:] = {sys.path}",)
    )
    return pool


@dataclass(frozen=True)
class Kind:
    """How to make an executor for so many workers, and whether these are workers of their own.

    lanes: False if all its tasks run in one and the same thread.
    """

    make: Callable[[int], Executor]
    lanes: bool = True


EXECUTORS: dict[str, Kind] = {
    SEQUENTIAL: Kind(lambda workers: SequentialExecutor(), lanes=False),
    THREADS: Kind(ThreadPoolExecutor),
    PROCESSES: Kind(processes),
    ASYNCIO: Kind(AsyncioExecutor, lanes=False),
}
if has_interpreters():
    EXECUTORS[INTERPRETERS] = Kind(interpreters)


def start(name: str, workers: int = 2, deadline: float = 60.0) -> Executor:
    """An executor of EXECUTORS whose workers have all started. Use it in a ``with``.

    deadline: seconds that the start may take. Raises ValueError for an unknown name, for workers
    outside 1 to MOST_WORKERS or a deadline that isn't positive, TimeoutError after the deadline.
    """
    if name not in EXECUTORS:
        raise ValueError(f"name must be one of {list(EXECUTORS)}, got {name!r}")
    if not 1 <= workers <= MOST_WORKERS:
        raise ValueError(f"workers must be 1 to {MOST_WORKERS}, got {workers}")
    if not deadline > 0:
        raise ValueError(f"deadline must be positive, got {deadline}")
    kind = EXECUTORS[name]
    executor = kind.make(workers)
    try:
        warm_up(executor, workers if kind.lanes else 1, deadline)
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    return executor


def warm_up(executor: Executor, workers: int, deadline: float = 60.0) -> None:
    """Hand out short tasks until so many different workers have answered.

    Pools start their workers when there is work for them, and a process takes a while to start.
    Raises TimeoutError if there weren't so many after the deadline (seconds), and what a task
    raises: BrokenProcessPool, if its processes can't start.
    """
    until = time.monotonic() + deadline
    seen: set[tuple[int, int]] = set()
    while len(seen) < workers:
        tasks = [executor.submit(who, _NAP_S) for _ in range(workers)]
        done, late = wait(tasks, max(0.0, until - time.monotonic()))
        seen |= {task.result() for task in done}
        if len(seen) < workers and (late or time.monotonic() > until):
            raise TimeoutError(f"{len(seen)} of {workers} workers had started after {deadline:g} s")
