"""Explore a reader's answer: an exercise's threads drive it under every schedule that matters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from types import CodeType, FunctionType, MappingProxyType
from typing import Any

from helpers.course.exercises import NotYet
from helpers.measure.explorer import (
    DEADLOCK,
    EXCEPTION,
    Exploration,
    Program,
    Refused,
    explore,
)

_FIRST, _MOST = 200, 4_000  # schedules: a mended program has some dozens


def explored(
    answer: Any,
    driver: str,
    threads: str,
    *more: Any,
    arguments: tuple[Any, ...] = (),
    options: Mapping[str, Any] = MappingProxyType({"reduced": True}),
) -> Iterator[Exploration]:
    """Explore the reader's class or function, driven by functions that live beside it.

    answer: in whose globals the driver's functions run, for only there the explorer looks into
    what is called, and puts its own locks in the place of real ones. They are never put there by
    name, so they can't call each other. driver: their source. It defines ``set_up``, called with
    ``more``, or with the answer; ``outcome``; and the functions that ``threads`` names, called
    with ``arguments``. options: for ``explore``.

    Gives what a short search found, and then, if that one left anything out, what a long one did:
    most bugs show soon, and then there is no need to wait for the long one.
    Raises NotYet for what the explorer can't run.
    """
    scope = _globals_of(answer)
    functions = {
        code.co_name: FunctionType(code, scope, code.co_name)
        for code in compile(driver, "<check>", "exec").co_consts
        if isinstance(code, CodeType)
    }
    program = Program(
        [partial(functions[name], *arguments) for name in threads.split()],
        partial(functions["set_up"], *(more or (answer,))),
        functions["outcome"],
    )
    for most in (_FIRST, _MOST):
        try:
            found = explore(program, most=most, **options)
        except Refused as why:
            raise NotYet(f"The explorer can't run this: {why}.") from None
        yield found
        if found.complete:
            return


def _globals_of(answer: Any) -> dict[str, Any]:
    functions = [answer] if isinstance(answer, FunctionType) else list(vars(answer).values())
    for function in functions:
        if isinstance(function, FunctionType):
            return function.__globals__
    raise NotYet("There is no method to check.")


def no_deadlock(found: Exploration, hint: str) -> None:
    """Raise NotYet, with the schedule and the hint, if one ends in a deadlock."""
    for ending in found.of(DEADLOCK):
        raise NotYet(f"Under the schedule {ending.turns} it ends in a {ending.text}. {hint}")


def no_exception(found: Exploration, hint: str = "") -> None:
    """Raise NotYet, with the schedule and the hint, if a thread raises under one."""
    for ending in found.of(EXCEPTION):
        said = f"Under the schedule {ending.turns} a thread raises: {ending.text}. {hint}"
        raise NotYet(said.strip())


def proved(found: Exploration, what: str, *more: Exploration) -> str:
    """Say that it holds, and under how many schedules; NotYet if not all of them were run."""
    searches = (found, *more)
    if not all(search.complete for search in searches):
        raise NotYet(
            f"No schedule failed among the first {sum(one.schedules for one in searches):,}, but "
            "there are more: this program takes too many steps to be sure. Make it shorter."
        )
    tried = " and ".join(f"{search.schedules:,} schedules {_which(search)}" for search in searches)
    return f"Proved, under all {tried}: {what}."


def _which(search: Exploration) -> str:
    return "that differ" if search.reduced else f"(switches at {search.switch})"
