"""Let many waits go on at the same time: as asyncio tasks, as threads, as processes.

Each wait begins when it is made and ends with all the others, when one signal is given. So for a
moment all of them wait together, and that moment is when the memory is read. What comes before
the signal (to make them) and after it (to end them) is what that many waits cost.

These run in a fresh interpreter (see `helpers.measure.elsewhere`). One that reaches a limit stops
there, ends what it has made, and says why: that is a result, not a failure.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.workers.memory import own_memory

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

KINDS = ("tasks", "threads", "processes")
_LOOK_EVERY = {"tasks": 500, "threads": 50, "processes": 5}  # made between two looks at the limits
_PATIENCE_S = 30.0  # a process whose signal never comes ends by itself
_THREADS_MAX = Path("/proc/sys/kernel/threads-max")
_CGROUP = Path("/sys/fs/cgroup")


class Limits:
    """When to give up: a deadline, a size of memory, a number of threads and processes."""

    def __init__(self, deadline_s: float, memory: float, most: int) -> None:
        self.until = time.perf_counter() + deadline_s
        self.deadline_s = deadline_s
        self.memory = memory
        self.most = most

    def reached(self, made: int, used: float | None) -> str:
        """Why no more must be made; "" while there is room."""
        if time.perf_counter() > self.until:
            return f"{self.deadline_s:g} s had passed"
        if used is not None and used > self.memory:
            return f"{self.memory / 1e6:g} MB were used"
        if made >= self.most:
            return "half of what the system has room for was taken"
        return ""


def wait_together(
    kind: str, count: int, wait_s: float, deadline_s: float, memory: float
) -> dict[str, Any]:
    """Let so many waits of one kind go on at once, for ``wait_s`` seconds after the last began.

    deadline_s: for making them, in seconds. memory: that they may take, in bytes.
    Returns reached (how many waited), seconds (from the first until all had ended), memory
    (bytes that they took; None where this system doesn't tell) and reason ("" if all waited).
    Raises ValueError for an unknown kind or a count below 1.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {list(KINDS)}, got {kind!r}")
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    limits = Limits(deadline_s, memory, count + 1 if kind == "tasks" else room() // 2)
    together = {"tasks": tasks, "threads": threads, "processes": processes}[kind]
    began = time.perf_counter()
    found = together(count, wait_s, limits)
    found["seconds"] = time.perf_counter() - began
    return found


def tasks(count: int, wait_s: float, limits: Limits) -> dict[str, Any]:
    """All in one thread: each wait is a task that awaits the signal."""

    async def main() -> dict[str, Any]:
        signal = asyncio.Event()
        waiting = []
        before = _resident()

        def make() -> None:
            waiting.append(asyncio.create_task(signal.wait()))

        def used() -> float | None:
            return _difference(_resident(), before)

        reason = _make_all(make, count, "tasks", limits, used)
        await asyncio.sleep(wait_s)  # meanwhile each task has come to its wait
        memory = used()
        signal.set()
        await asyncio.gather(*waiting)
        return {"reached": len(waiting), "memory": memory, "reason": reason}

    return asyncio.run(main())


def threads(count: int, wait_s: float, limits: Limits) -> dict[str, Any]:
    """Each wait has a thread of its own."""
    signal = threading.Event()
    waiting: list[threading.Thread] = []
    before = _resident()

    def make() -> None:
        thread = threading.Thread(target=signal.wait)
        thread.start()
        waiting.append(thread)

    def used() -> float | None:
        return _difference(_resident(), before)

    reason = _make_all(make, count, "threads", limits, used)
    time.sleep(wait_s)
    memory = used()
    signal.set()
    for thread in waiting:
        thread.join()
    return {"reached": len(waiting), "memory": memory, "reason": reason}


def processes(count: int, wait_s: float, limits: Limits) -> dict[str, Any]:
    """Each wait has a process of its own, started in the quickest way that is safe here.

    In a fresh interpreter on Linux that is fork. Memory is what they share with no other process.
    """
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    signal = context.Event()
    waiting: list[Any] = []

    def make() -> None:
        process = context.Process(target=_wait, args=(signal,), daemon=True)
        process.start()
        waiting.append(process)

    def used() -> float | None:
        sizes = [own_memory(process.pid)["unique"] for process in waiting]
        return None if None in sizes else float(sum(size or 0 for size in sizes))

    try:
        reason = _make_all(make, count, "processes", limits, used)
        time.sleep(wait_s)
        memory = used()
    finally:
        signal.set()
        for process in waiting:
            process.join()
    return {"reached": len(waiting), "memory": memory, "reason": reason}


def room() -> int:
    """How many more threads and processes this system would let this user start.

    They count together. The smallest of what the kernel, this user's limit and this process's
    control group leave; a large number where nothing of that is told.
    Sources: proc(5), getrlimit(2), https://docs.kernel.org/admin-guide/cgroup-v2.html (pids.max).
    """
    left = [100_000]
    if _THREADS_MAX.exists():
        left.append(int(_THREADS_MAX.read_text()))
    for most, now in (("pids.max", "pids.current"), ("pids/pids.max", "pids/pids.current")):
        try:
            left.append(int((_CGROUP / most).read_text()) - int((_CGROUP / now).read_text()))
        except (OSError, ValueError):  # no such file, or "max": no limit here
            continue
    if resource is not None and hasattr(resource, "RLIMIT_NPROC"):
        soft = resource.getrlimit(resource.RLIMIT_NPROC)[0]
        if soft != resource.RLIM_INFINITY:
            left.append(soft)
    return max(0, min(left))


def _make_all(
    make: Callable[[], None],
    count: int,
    kind: str,
    limits: Limits,
    used: Callable[[], float | None],
) -> str:
    """Make one after another, and look at the limits now and then. Why it stopped early, or ""."""
    for made in range(count):
        if made % _LOOK_EVERY[kind] == 0 and (reason := limits.reached(made, used())):
            return reason
        try:
            make()
        except (RuntimeError, OSError, MemoryError) as error:
            return f"the system refused: {error}"
    return ""


def _wait(signal: Any) -> None:
    signal.wait(_PATIENCE_S)
    os._exit(0)  # nothing to tidy up: a copy of the parent, whose business all else is


def _resident() -> int | None:
    return own_memory()["resident"]


def _difference(later: int | None, earlier: int | None) -> float | None:
    return None if later is None or earlier is None else float(max(0, later - earlier))
