"""What it costs to have one more thread, process, asyncio task or subinterpreter.

These run in a fresh interpreter (see `helpers.measure.elsewhere`), where nothing else is going on.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from helpers.workers.executors import nothing
from helpers.workers.memory import Memory, own_memory, send_memory
from helpers.workers.turns import by_turns

_PATIENCE_S = 30.0


async def nothing_async() -> None:
    """The least that a task can do."""


def seconds_for_threads(count: int) -> float:
    """Start threads one by one, each after the end of the one before."""
    began = time.perf_counter()
    for _ in range(count):
        thread = threading.Thread(target=nothing)
        thread.start()
        thread.join()
    return time.perf_counter() - began


def seconds_for_processes(method: str, count: int) -> float:
    """The same with processes. method: "spawn", "fork" or "forkserver"."""
    context = multiprocessing.get_context(method)
    began = time.perf_counter()
    for _ in range(count):
        process = context.Process(target=nothing)  # type: ignore[attr-defined]
        process.start()
        process.join()
    return time.perf_counter() - began


def seconds_for_tasks(count: int) -> float:
    """The same with asyncio tasks, in an event loop that runs already."""

    async def main() -> float:
        began = time.perf_counter()
        for _ in range(count):
            await asyncio.create_task(nothing_async())
        return time.perf_counter() - began

    return asyncio.run(main())


def seconds_for_interpreters(count: int) -> float:
    """The same with subinterpreters of this process (Python 3.14 or later)."""
    interpreters = _interpreters()
    began = time.perf_counter()
    for _ in range(count):
        interpreter = interpreters.create()
        interpreter.exec("pass")
        interpreter.close()
    return time.perf_counter() - began


def time_starts(rounds: int) -> dict[str, list[float]]:
    """Seconds to start one of each kind, let it do nothing, and see it end.

    One value for each round, the mean of a batch. The kinds: "asyncio task", "thread",
    "subinterpreter" (where there are any), "process (spawn)" and so on.
    """
    kinds: dict[str, tuple[Callable[[int], float], int]] = {
        "asyncio task": (seconds_for_tasks, 500),
        "thread": (seconds_for_threads, 50),
    }
    if _interpreters() is not None:
        kinds["subinterpreter"] = (seconds_for_interpreters, 1)
    for method in sorted(multiprocessing.get_all_start_methods()):
        kinds[f"process ({method})"] = (partial(seconds_for_processes, method), 1)

    def mean(kind: str) -> float:
        measure, batch = kinds[kind]
        return measure(batch) / batch

    return by_turns({kind: partial(mean, kind) for kind in kinds}, rounds)


def memory_of_processes() -> dict[str, Memory]:
    """The memory of a child process that does nothing, as it sees it itself, by start method."""
    found = {}
    for method in sorted(multiprocessing.get_all_start_methods()):
        context = multiprocessing.get_context(method)
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=send_memory, args=(sender,))  # type: ignore[attr-defined]
        process.start()
        sender.close()  # the child has its own end: if it dies, recv raises and doesn't wait
        found[method] = receiver.recv()
        process.join()
    return found


def memory_of_threads(count: int) -> float | None:
    """Bytes more for each thread that has started and waits."""
    leave = threading.Event()
    threads = [threading.Thread(target=leave.wait, args=(_PATIENCE_S,)) for _ in range(count)]

    def start() -> None:
        for thread in threads:
            thread.start()

    each = _growth(start, count)
    leave.set()
    for thread in threads:
        thread.join()
    return each


def memory_of_tasks(count: int) -> float | None:
    """Bytes more for each asyncio task that has started and waits."""

    async def main() -> float | None:
        leave = asyncio.Event()
        before = own_memory()["resident"]
        tasks = [asyncio.create_task(leave.wait()) for _ in range(count)]
        await asyncio.sleep(0)  # lets every task run as far as its wait
        after = own_memory()["resident"]
        leave.set()
        await asyncio.gather(*tasks)
        return None if before is None or after is None else (after - before) / count

    return asyncio.run(main())


def memory_of_interpreters(count: int) -> float | None:
    """Bytes more for each subinterpreter; None where there are none (before Python 3.14)."""
    interpreters = _interpreters()
    if interpreters is None:
        return None
    made: list[Any] = []
    each = _growth(lambda: made.extend(interpreters.create() for _ in range(count)), count)
    for interpreter in made:
        interpreter.close()
    return each


def _growth(make: Callable[[], None], count: int) -> float | None:
    before = own_memory()["resident"]
    make()
    after = own_memory()["resident"]
    return None if before is None or after is None else (after - before) / count


def _interpreters() -> Any:
    try:
        return importlib.import_module("concurrent.interpreters")
    except ImportError:
        return None
