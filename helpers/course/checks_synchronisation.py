"""Checker for exercise 4.3: a latch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from helpers.course.exercises import NotYet

_WAIT_S = 3.0  # what the waiters are ready to wait
_SOON_S = 1.5  # after the latch has opened, all should be through by now


def latch(make: Callable[[int], Any]) -> str:
    """Check a class whose ``wait`` returns when ``count_down`` was called often enough."""
    _gives_up(make(1))
    _lets_all_through(make)
    _is_remembered(make)
    return (
        "Three threads waited, and went on together at the last count_down; one that came later "
        "didn't wait at all. With a count of 1 this is an Event."
    )


def _gives_up(closed: Any) -> None:
    began = time.monotonic()
    opened = closed.wait(0.05)
    if opened is None or opened is ...:
        raise NotYet("wait returns nothing yet: True if the count has come to zero, else False.")
    if opened:
        raise NotYet("wait returned True though nothing had been counted down.")
    if time.monotonic() - began < 0.03:
        raise NotYet("wait(0.05) returned at once: it should wait, and give up after that time.")


def _lets_all_through(make: Callable[[int], Any]) -> None:
    made = make(2)
    answers: list[Any] = []
    errors: list[Exception] = []

    def wait() -> None:
        try:
            answers.append(made.wait(_WAIT_S))
        except Exception as error:
            errors.append(error)

    waiters = [threading.Thread(target=wait, daemon=True) for _ in range(3)]
    for thread in waiters:
        thread.start()
    try:
        time.sleep(0.1)  # they wait by now; if not, the check is only milder
        made.count_down()
        time.sleep(0.1)
        too_early = len(answers)
        made.count_down()
        _join(waiters, _SOON_S)
        late = sum(thread.is_alive() for thread in waiters)
    finally:
        _wake(made)
        _join(waiters, _WAIT_S + 1)
    if errors:
        raise errors[0]
    if too_early:
        raise NotYet(
            "A waiter returned after the first of two count_downs. After each signal look at the "
            "count again, in a loop: wait_for does that."
        )
    if late:
        raise NotYet(
            f"Three threads waited, the count came to zero, and {late} of them still waited. "
            "Does count_down wake all of them? notify wakes one, notify_all all."
        )
    if answers != [True] * 3:
        raise NotYet(f"The latch was open, so each wait should return True, not {answers}.")


def _is_remembered(make: Callable[[int], Any]) -> None:
    made = make(1)
    made.count_down()
    answers: list[Any] = []
    late = threading.Thread(target=lambda: answers.append(made.wait(_WAIT_S / 3)), daemon=True)
    began = time.monotonic()
    late.start()
    late.join(_WAIT_S)
    if answers != [True] or time.monotonic() - began > _WAIT_S / 3:
        raise NotYet(
            "One who comes when the latch is open should get True at once, without a signal: "
            "nobody will signal again. Look at the count before you wait."
        )


def _join(threads: list[threading.Thread], seconds: float) -> None:
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def _wake(made: Any) -> None:
    """So that no waiter stays behind: let go of everybody who waits in a condition of it."""
    for thing in vars(made).values():
        if isinstance(thing, threading.Condition) and thing.acquire(timeout=0.1):
            with suppress(RuntimeError):
                thing.notify_all()
            thing.release()
