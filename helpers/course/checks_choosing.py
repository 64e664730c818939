"""Checkers for the exercises on choosing a model and on what processes cost."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from helpers.course.exercises import NotYet

_MODELS = ("asyncio", "threads", "processes")
# tasks, task_s, cores, start_s, hand_over_s
_CASES = ((4, 1.0, 4, 0.0, 0.0), (4, 1.0, 4, 0.5, 0.0), (100, 0.1, 2, 0.0, 0.01))
_UNEVEN = (5, 1.0, 4, 0.0, 0.0)
_ONE = (3, 1.0, 8, 0.25, 0.125)


def choose(answer: Callable[..., Any]) -> str:
    """Check ``answer(share_on_core, library, releases, gil)`` for every combination."""
    for share, library, releases, gil in itertools.product(
        (0.02, 0.49, 0.5, 0.98), *[(True, False)] * 3
    ):
        found = answer(share, library, releases, gil)
        if found is ... or found is None:
            raise NotYet("choose returns nothing yet. Replace the ... and run the cell again.")
        if found not in _MODELS:
            raise NotYet(f"choose must return one of {list(_MODELS)}, not {found!r}.")
        waits = share < 0.5
        case = f"share_on_core={share}, library={library}, releases={releases}, gil={gil}"
        if waits:
            wanted = "asyncio" if library else "threads"
            why = (
                "It waits, and there is an async library."
                if library
                else "It waits, and there is no async library: a thread can wait without one."
            )
        elif releases or not gil:
            wanted = "threads"
            why = (
                "It computes, and the C code lets other threads compute meanwhile."
                if releases
                else "It computes, but this Python has no GIL: threads compute at the same time."
            )
        else:
            wanted = "processes"
            why = "It computes and needs the GIL; each process has one of its own."
        if found != wanted:
            raise NotYet(f"{why} For {case} choose should return {wanted!r}, not {found!r}.")
    return "Right for every kind of task, with and without a GIL."


def seconds_in_processes(answer: Callable[..., Any]) -> str:
    """Check ``answer(tasks, task_s, cores, start_s, hand_over_s)``."""
    mistakes = (
        "The tasks run on all cores at the same time: four of 1 s on four cores take 1 s.",
        "The pool has to be started once, before anything is computed.",
        "Each task has to be handed over, one after another, whatever the number of cores.",
    )
    for case, mistake in zip(_CASES, mistakes, strict=True):
        _compare(answer, case, mistake)
    _compare(
        answer,
        _UNEVEN,
        "A task can't be divided: with five tasks on four cores, one core does two of them.",
    )
    _compare(answer, _ONE, "With more cores than tasks, each task still takes its whole time.")
    return "Start, hand-over and whole rounds: all three are in it."


def _compare(answer: Callable[..., Any], case: tuple[Any, ...], mistake: str) -> None:
    tasks, task_s, cores, start_s, hand_over_s = case
    wanted = start_s + tasks * hand_over_s + math.ceil(tasks / cores) * task_s
    found = answer(*case)
    if found is ... or found is None:
        raise NotYet(
            "seconds_in_processes returns nothing yet. Replace the ... and run the cell again."
        )
    if not isinstance(found, (int, float)):
        raise NotYet(f"seconds_in_processes must return seconds, a number, not {found!r}.")
    if not math.isclose(found, wanted, rel_tol=1e-6):
        raise NotYet(
            f"{mistake} seconds_in_processes{case} should be {wanted:g}, and is {found:g}."
        )
