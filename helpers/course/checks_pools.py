"""Checker for exercise 3.3: results and exceptions of a pool."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any

from helpers.course.exercises import NotYet
from helpers.workers import pools

_TASKS = [4, 0, 2, 0, 1]


def try_all(answer: Callable[..., Any]) -> str:
    """Check ``answer(pool, worker, tasks)``: in order, exceptions as values."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        calls = _Counting(pool)
        try:
            found = answer(calls, pools.inverse, list(_TASKS))
        except ZeroDivisionError as error:
            raise NotYet(
                f"One task raised ({error}), and the results of all others were lost with it. Ask "
                "for each result by itself, and catch what comes."
            ) from None
        if found is ... or found is None:
            raise NotYet("try_all returns nothing yet. Replace the ... and run the cell again.")
        found = list(found)
    if any(hasattr(one, "get") and hasattr(one, "ready") for one in found):
        raise NotYet("The list holds handles, not results. Ask each one: handle.get().")
    if len(found) != len(_TASKS):
        raise NotYet(
            f"{len(_TASKS)} tasks, and {len(found)} entries in the list. A task that raised "
            "has its place too."
        )
    if not calls.names:
        raise NotYet("The pool was never asked: the work was done in this process.")
    if calls.waited_in_between:
        raise NotYet(
            "Each task was handed over when the one before had ended, so only one process works. "
            "First hand all over, then ask for the results."
        )
    wanted = ["0.25", "ZeroDivisionError", "0.5", "ZeroDivisionError", "1.0"]
    seen = [type(one).__name__ if isinstance(one, Exception) else str(one) for one in found]
    if seen != wanted:
        raise NotYet(f"For the tasks {_TASKS} the list should be {wanted}, not {seen}.")
    return "Five tasks, two exceptions, nothing lost, and everything in its place."


class _Counting:
    """Passes calls on to the pool; notes if a result was waited for before the last call."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.names: list[str] = []
        self.waited_in_between = False
        self._asked = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._pool, name)

        def call(*args: Any, **named: Any) -> Any:
            self.names.append(name)
            if self._asked:
                self.waited_in_between = True
            given = method(*args, **named)
            if name == "apply":
                self._asked += 1
            return _Handle(given, self) if hasattr(given, "get") else given

        return call

    def asked(self) -> None:
        self._asked += 1


class _Handle:
    def __init__(self, handle: Any, pool: _Counting) -> None:
        self._handle = handle
        self._pool = pool

    def get(self, *args: Any) -> Any:
        self._pool.asked()
        return self._handle.get(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)
