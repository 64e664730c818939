"""Checkers for the exercises of chapter 1."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from helpers.course.exercises import NotYet
from helpers.measure.amdahl import law

_PATIENCE_S = 2.0
_WORK_S = 0.3


def together(run_together: Callable[[Sequence[Callable[[], Any]]], Any]) -> str:
    """Check a function that runs functions in threads, all at once, and returns their results."""
    caller = threading.get_ident()
    threads: list[int] = []
    everyone_here = threading.Barrier(3)
    turns = [threading.Event() for _ in range(4)]

    def work(number: int) -> str:
        """Wait until all three are at work; the first to start ends last."""
        threads.append(threading.get_ident())
        with suppress(threading.BrokenBarrierError):
            everyone_here.wait(_PATIENCE_S)
            turns[number + 1].wait(_PATIENCE_S)
        turns[number].set()
        return f"result {number}"

    # The work lasts so long that whoever doesn't wait for it returns before its end.
    end_of_work = threading.Timer(_WORK_S, turns[3].set)
    end_of_work.start()
    with _Quiet():
        results = run_together([partial(work, number) for number in range(3)])
        ended = all(turn.is_set() for turn in turns[:3])
        end_of_work.cancel()
        turns[3].set()
    if results is ... or (results is None and not threads):
        raise NotYet("Replace the ... and run the cell again.")
    if not threads:
        raise NotYet("None of the functions was called. Did you start the threads?")
    if caller in threads:
        raise NotYet(
            "A function ran in the thread that called run_together, not in one of its own. "
            "Give Thread the function itself, without parentheses, and call start, not run."
        )
    if everyone_here.broken:
        raise NotYet(
            "The functions ran one after another: each thread was joined before the next one was "
            "started. Start them all in one loop, then join them all in a second one."
        )
    if not ended:
        raise NotYet("run_together returned before all threads had ended. Join each of them.")
    wanted = [f"result {number}" for number in range(3)]
    if results is None:
        raise NotYet("run_together returns None. Return the list of results.")
    if not isinstance(results, list) or sorted(map(str, results)) != wanted:
        raise NotYet(
            f"The results should be the list {wanted}, not {results!r}. A thread drops what its "
            "function returns: let each thread store it in a list that all of them share."
        )
    if results != wanted:
        raise NotYet(
            f"The results are {results}: in the order in which the threads ended. "
            "Give each thread a place of its own in the list."
        )
    return (
        "Three threads were at work at once, and wrote into one list that they and the caller "
        "share. With processes, that list would have stayed empty."
    )


_MODELS = ("one after another", "one core, by turns", "two cores, in parallel")
_KINDS: dict[str, tuple[int, int, int]] = {
    "compute, compute": (4, 4, 2),
    "compute, wait": (4, 3, 2),
    "wait, wait": (4, 2, 2),
}


def durations(answers: Mapping[str, Sequence[Any]]) -> str:
    """Check how many steps two equal tasks take under each model."""
    for kind, right in _KINDS.items():
        given = answers.get(kind)
        if given is None or len(given) != len(right):
            raise NotYet(f"{kind!r} needs three numbers, one for each of {', '.join(_MODELS)}.")
        if any(number is ... for number in given):
            raise NotYet(f"Replace the ... in {kind!r} and run the cell again.")
        for model, number, wanted in zip(_MODELS, given, right, strict=True):
            if number != wanted:
                raise NotYet(f"{kind!r}, {model}: not {number}. {_hint(model, kind)}")
    return (
        "Waits overlap on any number of cores. Computing overlaps only where there is a second "
        "core to do it."
    )


def _hint(model: str, kind: str) -> str:
    if model == _MODELS[0]:
        return "Nothing overlaps here: count all steps of both tasks."
    if model == _MODELS[2]:
        return "Each task has a core of its own: neither ever holds the other up."
    if kind == "compute, compute":
        return "One core does one step of computing at a time, and here there is nothing else."
    if kind == "wait, wait":
        return "A wait needs no core: both tasks can wait at the same time."
    return (
        "Draw it: the first task computes; while it waits, the second computes; then the second "
        "waits. Computing never overlaps here, waiting may."
    )


def amdahl(speed_up: Callable[[float, int], Any], limit: Any) -> str:
    """Check a function for Amdahl's law, and the limit for a serial share of 0.2."""
    for share, workers in ((0.2, 4), (0.5, 2), (0.0, 8), (1.0, 8), (0.1, 1)):
        found = speed_up(share, workers)
        if found is ... or found is None:
            raise NotYet("speed_up returns nothing yet. Replace the ... and run the cell again.")
        if not math.isclose(found, law(share, workers), rel_tol=1e-6):
            raise NotYet(_amdahl_mistake(speed_up, share, workers, found))
    if not math.isclose(limit, 5.0, rel_tol=1e-6):
        raise NotYet(
            f"The limit is not {limit}. With ever more workers the parallel part shrinks to "
            "nothing; only the serial part is left. What is 1 divided by that part?"
        )
    return "With a fifth of the work serial, a million cores give less than six do without it."


def _amdahl_mistake(
    speed_up: Callable[[float, int], Any], share: float, workers: int, found: Any
) -> str:
    said = f"speed_up({share}, {workers}) gives {found}, not {law(share, workers):.4g}. "
    if _agrees(speed_up, lambda s, n: law(1 - s, n)):
        return said + "You divided the serial share among the workers, not the parallel one."
    if _agrees(speed_up, lambda s, n: s + (1 - s) / n):
        return said + "That is the time that is left. The speed-up is time before / time after."
    if _agrees(speed_up, lambda s, n: s + (1 - s) * n):
        return (
            said
            + "That is Gustafson's law: there the work grows with the workers. Here it doesn't."
        )
    return said + "Time alone is 1; divided it is the serial share plus the rest / workers."


def _agrees(function: Callable[[float, int], Any], law_: Callable[[float, int], float]) -> bool:
    points = ((0.2, 4), (0.6, 3))
    return all(math.isclose(function(*point), law_(*point), rel_tol=1e-6) for point in points)


class _Quiet:
    """Keep tracebacks of the reader's threads out of the cell: the checker says what is wrong."""

    def __enter__(self) -> None:
        self._hook = threading.excepthook
        threading.excepthook = lambda _: None

    def __exit__(self, *_: object) -> None:
        threading.excepthook = self._hook
