"""A queue that is shut down: its workers end, where Python has that."""

from __future__ import annotations

import sys

import pytest

from helpers.measure import threads as measure
from helpers.measure.interpreters import find_interpreters
from helpers.measure.verdict import Outcome
from helpers.workers import threads as workers


@pytest.mark.skipif(sys.version_info < (3, 13), reason="Queue.shutdown is new in 3.13")
def test_all_tasks_are_handled_and_all_workers_end() -> None:
    assert workers.shut_down(3, 10) == {"done": list(range(10)), "ended": 3}
    assert workers.shut_down(2, 0) == {"done": [], "ended": 2}


def test_the_verdict_holds_where_an_interpreter_is_new_enough() -> None:
    able = [
        one for one in find_interpreters().interpreters if one.version >= measure.SHUTDOWN_SINCE
    ]
    verdict = measure.shut_down(3, 5)
    assert verdict.outcome is (Outcome.HOLDS if able else Outcome.UNTOLD)


def test_without_such_an_interpreter_it_can_not_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "SHUTDOWN_SINCE", (99, 0))
    verdict = measure.shut_down(1, 1)
    assert verdict.outcome is Outcome.UNTOLD
    assert "Python 3.13" in verdict.reason


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"^workers must be at least 1"):
        measure.shut_down(0, 1)
    with pytest.raises(ValueError, match=r"^tasks must not be negative"):
        measure.shut_down(1, -1)
