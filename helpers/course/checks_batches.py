"""Checker for exercise 8.1: batches for an executor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from helpers.course.exercises import NotYet

_SIZE = 4


def map_in_batches(answer: Callable[..., Any]) -> str:
    """Check ``answer(executor, function, items, size)``: few tasks, all results, in order."""
    items = list(range(10))  # three batches, the last one shorter
    with ThreadPoolExecutor(2) as pool:
        watched = _Watched(pool)
        found = answer(watched, _double, items, _SIZE)
        if found is ... or found is None:
            raise NotYet("map_in_batches returns nothing yet. Replace the ... and run it again.")
        found = list(found)
    if not watched.futures:
        raise NotYet("The executor was never asked: the work was done by whoever called.")
    if any(isinstance(one, Future) for one in found):
        raise NotYet("The list holds futures, not results. Ask each one: future.result().")
    if found and all(isinstance(one, list) for one in found):
        raise NotYet(
            f"You returned {len(found)} lists, one for each batch. Put their results into one list."
        )
    missing = [item for item in items if 2 * item not in found]
    if missing:
        raise NotYet(f"The results for the items {missing} are missing. The last batch is shorter.")
    if found != [2 * item for item in items]:
        raise NotYet(f"The results should be in the order of the items, and are {found}.")
    if len(watched.futures) == len(items):
        raise NotYet("Each item was submitted as a task of its own: that is no batch.")
    if len(watched.futures) != 3:
        raise NotYet(
            f"{len(items)} items, {_SIZE} to a batch, make 3 tasks; submitted were "
            f"{len(watched.futures)}."
        )
    if watched.waited_in_between:
        raise NotYet(
            "You waited for a batch before the next one was submitted, so only one is at work. "
            "First submit all of them, then ask for the results."
        )
    if answer(watched, _double, [], _SIZE) != []:
        raise NotYet("For no items the list of the results should be empty.")
    return "Ten items in three tasks, all at once, and every result in its place."


def _double(item: int) -> int:
    return 2 * item


class _Watched(Executor):
    """Passes tasks on; notes if a result was waited for before the last one was submitted."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._asker = threading.get_ident()
        self.futures: list[Future[Any]] = []
        self.waited_in_between = False
        self._waited = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._waited:
            self.waited_in_between = True
        future = self._pool.submit(fn, *args, **kwargs)
        self.futures.append(future)
        result = future.result

        def asked(timeout: float | None = None) -> Any:
            if threading.get_ident() == self._asker:
                self._waited = True
            return result(timeout)

        future.result = asked  # type: ignore[method-assign]
        return future
