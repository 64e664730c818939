"""An event loop that notes when each of its tasks was ready for a step, and when it took it.

    async def main():
        await asyncio.gather(cook("rice"), cook("beans"))

    lanes = run(main)

A task takes a **step** from where it stands to its next ``await`` that has to wait. Then it awaits
something. When that is there, the task is **ready**: it stands in the loop's queue until its turn
comes. The loop does one thing at a time, so that is where a task waits for the others.

asyncio offers two things for this: a loop of one's own class, and a task factory. One more is what
CPython does and the documentation doesn't promise: the callback of a step is a method of its task.
Source: https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.set_task_factory
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from helpers.workers.timeline import gil_enabled

# (ready_ns, start_ns, end_ns): when the task could go on, when it did, and when it stopped.
Step = tuple[int, int, int]
Lane = dict[str, Any]


class WatchedLoop(asyncio.SelectorEventLoop):
    """Notes when a task is put into the queue of what is ready, and when a timer is due."""

    def __init__(self) -> None:
        super().__init__()
        self.ready_ns: dict[Any, int] = {}  # task: since when it waits for its turn
        self.due_ns: dict[Any, int] = {}  # future that a timer sets: when that was to be
        self.lanes: list[Lane] = []
        self.set_task_factory(self._make_task)

    def time(self) -> float:
        # The clock that all recordings of this course share.
        return time.perf_counter()

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        # A task's next step is a method of the task.
        task = getattr(callback, "__self__", None)
        if isinstance(task, asyncio.Task):
            self.ready_ns.setdefault(task, time.perf_counter_ns())
        return super().call_soon(callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        for argument in args:
            if isinstance(argument, asyncio.Future):
                self.due_ns[argument] = int(when * 1e9)
        return super().call_at(when, callback, *args, context=context)

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
    ) -> asyncio.Task[Any]:
        steps = Steps(self, coroutine)
        task: asyncio.Task[Any] = asyncio.Task(steps, loop=loop, **options)
        steps.task = task
        return task


class Steps(Coroutine[Any, Any, Any]):
    """Passes everything on to the coroutine, and notes each step that it takes."""

    def __init__(self, loop: WatchedLoop, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.task: Any = None
        self._loop = loop
        self._coroutine = coroutine
        self._awaited: Any = None
        self._steps: list[Step] = []
        self._blocks: list[tuple[int, int]] = []

    def send(self, value: Any) -> Any:
        return self._step(lambda: self._coroutine.send(value))

    def throw(self, *error: Any) -> Any:
        return self._step(lambda: self._coroutine.throw(*error))

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()

    def _step(self, go_on: Callable[[], Any]) -> Any:
        start = time.perf_counter_ns()
        ready = min(self._loop.ready_ns.pop(self.task, start), start)
        due = self._loop.due_ns.pop(self._awaited, None)
        if due is not None:
            # The loop looks at its timers between two steps: a late look is a wait for the loop.
            ready = min(ready, due)
        if not self._steps:
            self._loop.lanes.append(self._lane())
        self._awaited = None
        try:
            self._awaited = go_on()
            return self._awaited
        finally:
            self._steps.append((ready, start, time.perf_counter_ns()))

    def _lane(self) -> Lane:
        """The lane of this task: the lists in it grow while the task lives."""
        return {"lane": self.task.get_name(), "steps": self._steps, "blocks": self._blocks}

    @contextmanager
    def blocking(self) -> Iterator[None]:
        start = time.perf_counter_ns()
        try:
            yield
        finally:
            self._blocks.append((start, time.perf_counter_ns()))


def run(main: Callable[[], Coroutine[Any, Any, Any]], most_s: float = 60.0) -> dict[str, Any]:
    """Run ``main()`` in a watched loop of its own. Call it in a thread without a running loop.

    Returns gil, and lanes in the order in which the tasks took their first step, main's own first:
    for each task its name (lane), its steps as (ready_ns, start_ns, end_ns), and when it blocked
    the loop (blocks, as (start_ns, end_ns)). Raises what main raises, and TimeoutError after
    most_s seconds.
    """
    loop = WatchedLoop()
    try:
        task = loop.create_task(main(), name="main")
        too_late = loop.call_later(most_s, task.cancel)
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            raise TimeoutError(f"main had not ended after {most_s:g} s") from None
        finally:
            too_late.cancel()
        return {"gil": gil_enabled(), "lanes": list(loop.lanes)}
    finally:
        loop.run_until_complete(_end(loop))
        loop.close()


async def _end(loop: WatchedLoop) -> None:
    """What ``asyncio.run`` does at the end."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


def block(seconds: float) -> None:
    """``time.sleep``: stops the loop and all its tasks. In a watched loop it is noted as that."""
    task = asyncio.current_task()
    steps: Any = None if task is None else task.get_coro()
    if isinstance(steps, Steps):
        with steps.blocking():
            time.sleep(seconds)
    else:
        time.sleep(seconds)


def compute(seconds: float) -> None:
    """Compute for so long, by the clock."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        sum(range(200))


BLOCKS = ("nobody", "one task, with time.sleep", "one task, in a thread")
ROUNDS = 3


def scene(tasks: int, compute_s: float, wait_s: float, blocks: str, block_s: float) -> Lane:
    """Tasks that compute and await by turns; one of them may make a blocking call in the middle.

    blocks: one of BLOCKS. Returns what ``run`` returns. Raises ValueError for anything else.
    """
    if blocks not in BLOCKS:
        raise ValueError(f"blocks must be one of {list(BLOCKS)}, got {blocks!r}")
    if tasks < 1:
        raise ValueError(f"tasks must be at least 1, got {tasks}")

    async def work(number: int) -> None:
        for turn in range(ROUNDS):
            compute(compute_s)
            if (number, turn) == (1, 1):
                await _blocking_call(blocks, block_s)
            await asyncio.sleep(wait_s)

    async def main() -> None:
        made = [
            asyncio.create_task(work(number), name=f"task {number}")
            for number in range(1, tasks + 1)
        ]
        await asyncio.gather(*made)

    return run(main)


async def _blocking_call(blocks: str, seconds: float) -> None:
    if blocks == "one task, with time.sleep":
        block(seconds)
    elif blocks == "one task, in a thread":
        await asyncio.to_thread(time.sleep, seconds)


def lateness(threads: int, seconds: float, period_s: float) -> dict[str, Any]:
    """How late a loop's timers are, beside so many threads that compute.

    A task asks again and again to be woken after period_s. Returns gil, and late_s: for each time
    by how many seconds it came too late. Raises ValueError for fewer threads than 0.
    """
    if threads < 0:
        raise ValueError(f"threads must not be negative, got {threads}")
    done = threading.Event()
    late_s: list[float] = []

    def spin() -> None:
        while not done.is_set():
            sum(range(200))

    async def tick() -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (asked := loop.time()) < end:
            await asyncio.sleep(period_s)
            late_s.append(max(0.0, loop.time() - asked - period_s))

    beside = [threading.Thread(target=spin) for _ in range(threads)]
    for thread in beside:
        thread.start()
    try:
        asyncio.run(tick())
    finally:
        done.set()
        for thread in beside:
            thread.join()
    return {"gil": gil_enabled(), "late_s": late_s}
