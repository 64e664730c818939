"""Checkers for the exercises on races: the explorer tries every schedule of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from helpers.course.exercises import NotYet
from helpers.measure.explorer import (
    DEADLOCK,
    EXCEPTION,
    Ending,
    Exploration,
    Program,
    Refused,
    TextProgram,
    explore,
    replay,
)

_COUNTER = """\
total = 0

def add_slowly():
    global total
    seen = total
    total = seen + 1
"""
_MOST = 3_000
# What the threads below share. The explorer gives it back its value before each run.
_thing: Any = None
_results: list[Any] = []


def schedule(answer: str) -> str:
    """Check a schedule of three threads: two of three updates must be lost."""
    if not isinstance(answer, str):
        raise NotYet(f"A schedule is a text such as 'A1 B2', not {answer!r}.")
    program = TextProgram(_COUNTER, ["add_slowly"] * 3, "total")
    try:
        ending = replay(program, answer)
    except ValueError as error:
        raise NotYet(f"That can't be replayed: {error}.") from None
    if ending.text == "3":
        raise NotYet(
            "total is 3: nobody read before another one had written. Stop a thread between its two "
            "lines, after two opcodes, and let another one in."
        )
    if ending.text == "2":
        raise NotYet(
            f"total is 2: one update is lost, not two. This is what ran: {ending.turns}. All three "
            "must have read 0 before the first of them writes."
        )
    return f"All three read 0, and each wrote 1. This is what ran: {ending.turns}."


def office(make: type) -> str:
    """Check a class that sells seats, under every kind of schedule of two customers."""
    _must_be_class(make)
    # Who asks again finds out whether the lock was released when there was nothing to sell.
    for seats, first, wanted in ((2, _buy, "1, 2"), (1, _buy_twice, "1, none, none")):
        found = _explored([first, _buy], partial(_open, make, seats), _sold, make)
        _no_trouble(found)
        for ending in found.endings:
            if ending.text != repr(wanted):
                raise NotYet(_say_sold(ending, seats))
    return (
        f"No schedule of two customers sells a seat twice, or one that isn't there: the explorer "
        f"ran all {found.schedules} kinds. The lock goes around the look and the act."
    )


def _say_sold(ending: Ending, seats: int) -> str:
    sold = re.findall(r"-?\d+", ending.text)
    what = (
        f"Two customers, {seats} seat{'s' * (seats > 1)}: under the schedule {ending.turns} sell "
        f"returned {ending.text}. "
    )
    if len(sold) != len(set(sold)):
        return what + "A seat is sold twice: look, sell and count under one lock."
    if len(sold) > seats:
        return what + "More is sold than there is. Is the look under the lock, too?"
    return what + "It must return the number of each seat once, and None when all are sold."


def lazy(make: type) -> str:
    """Check a class that makes a thing once, and takes no lock once it is made."""
    _must_be_class(make)
    found = _explored([_get, _get], lambda: _new_lazy(make), _got, make)
    _no_trouble(found)
    for ending in found.endings:
        made, different = map(int, re.findall(r"\d+", ending.text))
        if made > 1:
            raise NotYet(
                f"Under the schedule {ending.turns} the thing is made {made} times. A thread may "
                "have made it while another waited for the lock: look again inside."
            )
        if made < 1 or different != 1:
            raise NotYet(f"Under the schedule {ending.turns} the two threads get different things.")
    one = make(object)
    one.get()
    lock = next((held for held in vars(one).values() if hasattr(held, "acquire")), None)
    if lock is None:
        raise NotYet(
            "There is no lock any more. Without one, who stops two threads from making it?"
        )
    if _waits(one, lock):
        raise NotYet(
            "get takes the lock even when the thing is made. Look once before it, as well."
        )
    return (
        f"Made once under all {found.schedules} kinds of schedules, and no lock is taken later. "
        "This is double-checked initialisation; the second look makes it right."
    )


def _waits(one: Any, lock: Any) -> bool:
    """Whether ``get`` takes the lock: it is held here, and counts who comes for it."""
    guard = _Guard()
    for name, held in vars(one).items():
        if held is lock:
            setattr(one, name, guard)
    one.get()
    return guard.taken > 0


class _Guard:
    """Stands for a lock, and counts how often it is taken."""

    def __init__(self) -> None:
        self.taken = 0

    def acquire(self, *_: object, **__: object) -> bool:
        self.taken += 1
        return True

    def release(self) -> None: ...

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None: ...


def _explored(
    threads: list[Callable[[], object]],
    set_up: Callable[[], object],
    outcome: Callable[[], object],
    make: type,
) -> Exploration:
    try:
        program = Program(threads, set_up, outcome, also=[make])
        return explore(program, reduced=True, most=_MOST)
    except (Refused, ValueError, TypeError) as error:
        raise NotYet(f"The explorer can't run this: {error}.") from None


def _no_trouble(found: Exploration) -> None:
    for ending in found.of(EXCEPTION):
        raise NotYet(f"Under the schedule {ending.turns} this is raised: {ending.text}.")
    for ending in found.of(DEADLOCK):
        raise NotYet(
            f"Under the schedule {ending.turns} nobody can go on: {ending.text}. A lock that is "
            "taken must be released on every way out: use with."
        )
    if not found.complete:
        raise NotYet(
            f"There are more than {_MOST:,} kinds of schedules; the explorer can't try all. Make "
            "it smaller."
        )


def _must_be_class(make: object) -> None:
    if not isinstance(make, type):
        raise NotYet(f"The answer must be a class, not {make!r}.")


def _open(make: type, seats: int) -> None:
    global _thing, _results
    _thing, _results = make(seats), []


def _buy() -> None:
    _results.append(_thing.sell())


def _buy_twice() -> None:
    _buy()
    _buy()


def _sold() -> str:
    """What the customers got, in order."""
    return ", ".join(sorted("none" if seat is None else str(seat) for seat in _results))


def _new_lazy(make: type) -> None:
    global _thing, _results
    _results = []
    _thing = make(_make)


def _make() -> list[str]:
    _results.append("made")
    return ["a thing"]


def _get() -> None:
    _results.append(_thing.get())


def _got() -> tuple[int, int]:
    """How often it was made, and how many different things the threads got."""
    things = {id(one) for one in _results if one != "made"}
    return _results.count("made"), len(things)
