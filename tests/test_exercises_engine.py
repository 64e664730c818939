"""What a check says about an answer, whatever the answer does."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from helpers.course.cards import BAD, GOOD, NEUTRAL
from helpers.course.exercises import Checked, NotYet, check


def is_seven(answer: Any) -> str:
    if answer != 7:
        raise NotYet(f"{answer} isn't 7.")
    return "Seven it is."


def calls(answer: Callable[[], Any]) -> str:
    answer()
    return "It ran."


def html(checked: Checked) -> str:
    return checked._repr_mimebundle_()["text/html"]


def test_a_right_answer_is_praised_with_what_it_shows() -> None:
    checked = check("1.2", is_seven, 7)
    assert (checked.passed, checked.message, checked.kind) == (True, "Seven it is.", GOOD)
    assert repr(checked) == "<Exercise 1.2: solved>"
    assert "Exercise 1.2: solved" in html(checked)
    assert "Seven it is." in html(checked)


def test_a_wrong_answer_is_told_its_mistake() -> None:
    checked = check("1.2", is_seven, 8)
    assert (checked.passed, checked.message, checked.kind) == (
        False,
        "8 isn't 7.",
        BAD,
    )
    assert "Exercise 1.2: not yet" in html(checked)
    assert "8 isn&#x27;t 7" in html(checked)


def test_a_stub_is_not_handed_to_the_checker() -> None:
    checked = check("1.2", is_seven, ...)
    assert (checked.passed, checked.kind) == (False, NEUTRAL)
    assert "Replace the ..." in checked.message
    # Only the stub itself: an array would refuse to be compared with it.
    assert check("1.2", lambda answer: str(answer), [...]).passed


def wait_for_nobody() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (lambda: 1 // 0, "ZeroDivisionError: integer division"),
        (lambda: sys.exit(2), "SystemExit: 2"),
        (wait_for_nobody, "CancelledError"),
    ],
)
def test_an_exception_in_the_answer_is_named(answer: Callable[[], Any], name: str) -> None:
    checked = check("1.2", calls, answer)
    assert not checked.passed
    assert checked.message.startswith(f"Your code raised {name}")


def test_an_answer_that_does_not_end_does_not_hold_up_the_notebook() -> None:
    let_go = threading.Event()
    checked = check("1.2", calls, let_go.wait, deadline=0.05)
    assert not checked.passed
    assert checked.message.startswith("Your code had not ended after 0.05 s.")
    assert "restart the kernel" in checked.message
    (runner,) = (t for t in threading.enumerate() if t.name == "exercise 1.2")
    assert runner.daemon
    let_go.set()
    runner.join(10)
    assert not checked.passed


def test_checkers_may_run_an_event_loop() -> None:
    async def answer() -> int:
        await asyncio.sleep(0)
        return 7

    assert check("1.2", lambda coroutine: is_seven(asyncio.run(coroutine())), answer).passed


def test_a_deadline_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"^deadline must be positive, got 0"):
        check("1.2", is_seven, 7, deadline=0)
