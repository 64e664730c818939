"""What is kept of the attempts, and when a kind isn't tried any further."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from helpers.measure import scale
from helpers.measure.elsewhere import Stopped, WorkerFailed
from helpers.measure.scale import Attempt, Scale


def attempt(kind: str, count: int, reason: str = "", memory: float | None = 1e6) -> Attempt:
    return Attempt(kind, count, count // 2 if reason else count, 0.1, 0.2, memory, reason)


def test_each_kind_is_tried_up_to_its_most() -> None:
    done: list[float] = []
    found = scale.scale(
        {"tasks": 100, "processes": 10}, 0.01, counts=(10, 100), progress=done.append
    )
    assert [(one.kind, one.count, one.reached) for one in found.attempts] == [
        ("tasks", 10, 10),
        ("tasks", 100, 100),
        ("processes", 10, 10),
    ]
    assert found.kinds == ("tasks", "processes")
    assert done == pytest.approx([0, 1 / 3, 2 / 3])


def test_a_kind_that_gave_up_is_not_tried_with_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(kind: str, count: int, *_: Any) -> Attempt:
        return attempt(kind, count, "too slow" if kind == "threads" else "")

    monkeypatch.setattr(scale, "attempt", give_up)
    found = scale.scale({"threads": 30, "tasks": 30}, counts=(10, 30))
    assert [(one.kind, one.count) for one in found.attempts] == [
        ("threads", 10),
        ("tasks", 10),
        ("tasks", 30),
    ]


def test_the_largest_is_the_last_that_did_not_give_up() -> None:
    found = Scale(
        (attempt("threads", 10), attempt("threads", 100, "refused"), attempt("tasks", 10))
    )
    assert found.largest("threads").count == 10
    gave_up = found.gave_up("threads")
    assert gave_up is not None
    assert gave_up.count == 100
    assert found.gave_up("tasks") is None
    assert Scale((attempt("threads", 10, "refused"),)).largest("threads").reached == 5
    with pytest.raises(KeyError, match="processes"):
        found.largest("processes")


def test_memory_of_one() -> None:
    assert attempt("tasks", 100).memory_each == pytest.approx(1e4)
    assert attempt("tasks", 100, memory=None).memory_each is None
    assert Attempt("tasks", 5, 0, 0.1, 0.1, 1.0, "refused").memory_each is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError("late"), "it did not end and was stopped"),
        (WorkerFailed("it ended with exit code -9\nKilled"), "it ended with exit code -9"),
    ],
)
def test_an_interpreter_that_ends_badly_is_a_result(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(scale, "call", fail)
    found = scale.attempt("threads", 10, 0.01, 1.0)
    assert (found.reached, found.reason) == (0, reason)


def test_stop_ends_it() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        scale.scale({"tasks": 10}, 5.0, counts=(10,), stop=stop)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("most", {"most": {}}),
        ("most", {"most": {"cooks": 10}}),
        ("most", {"most": {"processes": 201}}),
        ("most", {"most": {"tasks": 0}}),
        ("wait_s", {"wait_s": 0}),
        ("wait_s", {"wait_s": 11}),
        ("deadline_s", {"deadline_s": -1}),
        ("deadline_s", {"deadline_s": 61}),
        ("memory", {"memory": 0}),
        ("counts", {"counts": ()}),
        ("counts", {"counts": (10, 10)}),
        ("counts", {"counts": (0, 10)}),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        scale.scale(**arguments)
