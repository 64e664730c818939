"""Checkers for the exercises on coroutines, tasks and async generators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from helpers.course.exercises import NotYet

_ORDER = ["main 1", "main 2", "a 1", "b 1", "a 2", "b 2"]
_PATIENCE_S = 2.0


def order(answer: Sequence[Any]) -> str:
    """Check in which order the lines of two tasks and their maker come."""
    given = list(answer)
    if sorted(map(str, given)) != sorted(_ORDER):
        raise NotYet(f"Put each of these six in its place, once: {', '.join(sorted(_ORDER))}.")
    if given.index("a 1") < given.index("main 2"):
        raise NotYet(
            "create_task only puts a task into the loop's list. main has the thread until its "
            "first await, so its second line comes before any line of a task."
        )
    if given.index("a 2") < given.index("b 1"):
        raise NotYet(
            "At its await, a gives the thread back, and b is next in the list: a's second line "
            "has to wait for b's first."
        )
    if given != _ORDER:
        raise NotYet("Tasks that are ready run in the order in which they became ready: a, then b.")
    return "The loop's list is a queue: first in, first out; each runs up to its next await."


class _Answers:
    """Coroutine functions that answer, fail or take long, and note what becomes of them."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []
        self.ended: list[str] = []
        self.started: list[str] = []

    def make(self, name: str, seconds: float, error: bool = False) -> Callable[[], Any]:
        async def ask() -> str:
            self.started.append(name)
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                self.cancelled.append(name)
                raise
            self.ended.append(name)
            if error:
                raise OSError(f"{name} doesn't answer")
            return name

        return ask


def first_good(answer: Callable[..., Any]) -> str:
    """Check ``answer(functions)``: the first result; failures passed over; the rest cancelled."""
    asked = _Answers()
    servers = [
        asked.make("slow", 5.0),
        asked.make("broken", 0.005, error=True),
        asked.make("quick", 0.05),
    ]
    found, left = asyncio.run(_bounded(answer, servers))
    if found is ... or (found is None and not asked.started):
        raise NotYet("Nothing was asked yet. Replace the ... and run the cell again.")
    if isinstance(found, TimeoutError):
        raise NotYet(
            f"After {_PATIENCE_S:g} s there was no answer, though one server answers in a moment. "
            "Start all of them, then take the first that has a result."
        )
    if isinstance(found, OSError):
        raise NotYet(
            f"One server failed ({found}), and its exception came instead of an answer. Pass over "
            "those that fail, and go on waiting for the others."
        )
    if isinstance(found, BaseException):
        raise found
    if found != "quick":
        raise NotYet(f"The first good answer is 'quick', not {found!r}.")
    if left:
        raise NotYet(
            "You have the answer, and a task still runs: the slow server is being asked. Cancel "
            "what you don't need any more, and wait until it has ended."
        )
    if "slow" not in asked.cancelled:
        raise NotYet("The slow server was never asked: start all of them at once.")
    _all_failed(answer)
    return "The quickest good answer, no failure in the way, and nothing left running."


def _all_failed(answer: Callable[..., Any]) -> None:
    asked = _Answers()
    servers = [asked.make("one", 0.001, error=True), asked.make("two", 0.002, error=True)]
    found, _ = asyncio.run(_bounded(answer, servers))
    if found is not None:
        raise NotYet(f"When all servers fail, the answer should be None, not {found!r}.")


async def _bounded(answer: Callable[..., Any], functions: Sequence[Any]) -> tuple[Any, int]:
    """What the answer gives or raises, and how many of its tasks are left."""
    before = asyncio.all_tasks()
    task = asyncio.ensure_future(_awaited(answer(list(functions))))
    done, _ = await asyncio.wait([task], timeout=_PATIENCE_S)
    found: Any = TimeoutError() if not done else task.exception() or task.result()
    left = asyncio.all_tasks() - before
    for one in left:
        one.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    return found, len(left) if done else 0


async def _awaited(found: Any) -> Any:
    return await found if asyncio.iscoroutine(found) else found


class _Source:
    """Numbers that come one by one; notes how many were taken, and whether it was closed."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    async def numbers(self) -> AsyncIterator[int]:
        for number in range(self.most):
            await asyncio.sleep(0)
            self.taken += 1
            yield number


def batches(answer: Callable[..., Any]) -> str:
    """Check ``answer(source, size)``: an async generator of lists, the last one may be shorter."""

    async def try_out() -> tuple[list[Any], int]:
        source = _Source(7)
        made = answer(source.numbers(), 3)
        if made is ... or made is None or not hasattr(made, "__anext__"):
            if asyncio.iscoroutine(made):
                made.close()
            raise NotYet(
                "batches(source, size) should be an async generator: an async def with a yield."
            )
        first = await made.__anext__()
        taken = source.taken
        return [first, *[batch async for batch in made]], taken

    found, taken = asyncio.run(try_out())
    if found == [[0, 1, 2], [3, 4, 5]]:
        raise NotYet("The last batch is missing: 7 items in batches of 3 leave one over.")
    if any(not batch for batch in found):
        raise NotYet("One batch is empty. Yield what is left over only if there is something.")
    if found and len({id(batch) for batch in found}) < len(found):
        raise NotYet("All batches are the same list. Make a new one for each batch.")
    if found != [[0, 1, 2], [3, 4, 5], [6]]:
        raise NotYet(
            f"7 numbers in batches of 3 should give [0, 1, 2], [3, 4, 5], [6], not {found}."
        )
    if taken > 3:
        raise NotYet(
            f"Before the first batch was handed out, {taken} items had been taken. Hand a batch "
            "out as soon as it is full: the source may never end."
        )
    return "Each batch comes as soon as it is full, and the last one isn't forgotten."
