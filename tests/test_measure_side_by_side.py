"""Interpreters side by side: which can be chosen, what is measured, what the record stands for."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.measure import side_by_side as measure
from helpers.measure.elsewhere import Stopped, WorkerFailed
from helpers.measure.interpreters import Found, Interpreter
from helpers.measure.side_by_side import Run, Subject, side_by_side, subjects

OWN = Interpreter(sys.executable, (3, 99, 1), False, True)
T = Interpreter("/t", (3, 98, 0), True, False)
SAME_AS_T = Interpreter("/same", (3, 98, 2), False, True)
JIT = Interpreter("/jit", (3, 97, 0), False, True, False)


def labels(found: Found) -> list[str]:
    return [one.label for one in subjects(found) if one.path]


def test_what_can_be_chosen() -> None:
    assert labels(Found((OWN,), ())) == ["3.99.1"]
    assert labels(Found((OWN, JIT, T), ())) == [
        "3.99.1",
        "3.97.0, JIT off",
        "3.97.0, JIT on",
        "3.98.0 free-threaded, GIL off",
        "3.98.0 free-threaded, GIL on",
    ]


def test_two_installations_of_a_kind_are_one() -> None:
    again = Interpreter("/again", (3, 98, 7), True, False)
    assert labels(Found((OWN, T, again), ())) == labels(Found((OWN, T), ()))


def test_the_record_stands_in_for_what_is_not_here() -> None:
    recorded = {one.kind for one in subjects(Found((OWN,), ())) if not one.path}
    assert {kind[0] for kind in recorded} >= {(3, 9), (3, 10), (3, 12), (3, 13)}
    assert any(not gil for _, _, gil, _ in recorded)
    old = Interpreter("/old", (3, 9, 0), False, True)
    still = {one.kind for one in subjects(Found((OWN, old), ())) if not one.path}
    assert recorded - still == {((3, 9), False, True, False)}


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        ((OWN, T, SAME_AS_T), ["3.99.1", "3.98.2", "3.98.0 free-threaded, GIL off"]),
        ((SAME_AS_T, T, OWN), ["3.98.2", "3.98.0 free-threaded, GIL off"]),
        ((T, OWN, SAME_AS_T), ["3.98.0 free-threaded, GIL off", "3.98.2"]),
        ((OWN, T), ["3.99.1", "3.98.0 free-threaded, GIL off"]),
    ],
)
def test_one_of_the_other_kind_is_put_beside_this(
    here: tuple[Interpreter, ...], expected: list[str]
) -> None:
    assert [one.label for one in measure.with_and_without_gil(Found(here, ()))] == expected


def test_where_there_is_no_other_kind_the_record_has_one() -> None:
    own, *rest = measure.with_and_without_gil(Found((OWN,), ()))
    assert own.path == sys.executable
    assert rest[-1].gil is False
    assert rest[-1].path == ""
    assert rest[-1].label.endswith(" (recorded)")


def test_a_run_keeps_the_order_and_reports_progress() -> None:
    own = subjects()[0]
    stand_in = next(one for one in subjects(Found((OWN,), ())) if not one.path)
    told: list[float] = []
    found = side_by_side(["races", "threads"], [own, stand_in], 3, progress=told.append)
    assert [(run.experiment, run.subject.path) for run in found.runs] == [
        ("races", own.path),
        ("races", ""),
        ("threads", own.path),
        ("threads", ""),
    ]
    assert [bool(run.recorded) for run in found.runs] == [False, True, False, True]
    assert told == sorted(told)
    assert len(found.of("threads")) == 2
    with pytest.raises(KeyError, match="no experiment 'models'"):
        found.of("models")


def test_what_fails_is_missing_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise WorkerFailed("run raised ImportError: no such module\nTraceback …")

    monkeypatch.setattr(measure, "call", failing)
    (run,) = side_by_side(["threads"], [Subject("3.99.0", False, True, path="/x")], 3).runs
    assert run.missing == "run raised ImportError: no such module"
    assert run.points == {}
    (run,) = side_by_side(["threads"], [Subject("2.7.18", False, True)], 3).runs
    assert run.missing == "neither on this machine nor in the record"


def test_a_stop_stops_it() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        side_by_side(["threads"], subjects()[:1], 200, stop=stop)


ONE = Subject("3.14.0", False, True, path="/x")


@pytest.mark.parametrize(
    ("experiment", "values", "points"),
    [
        ("threads", {"1 thread": (4.0, 3.0), "2 threads": (2.0, 6.0)}, {"2 threads": (1.5, 1.25)}),
        ("races", {"a call": (0.0, 0.5, 0.25)}, {"a call": (50.0, 25.0)}),
        ("start-up", {"python": (0.5, 0.25, 1.0)}, {"python": (250.0, 500.0)}),
        ("models", {}, {}),
    ],
)
def test_points_are_made_of_the_rounds(
    experiment: str, values: dict[str, Any], points: dict[str, Any]
) -> None:
    assert Run(experiment, ONE, values).points == points


def test_the_record_is_whole_and_names_nobody() -> None:
    runs = list(measure.recorded_runs())
    assert {run.experiment for run in runs} == set(measure.EXPERIMENTS)
    assert all(run.points for run in runs)
    assert all(
        re.fullmatch(r"recorded on \d+ cores?, \w+ \w+( \(.*\))?, \d{4}-\d\d-\d\d", run.recorded)
        for run in runs
    )
    noted = json.loads(measure.RECORD.read_text(encoding="utf-8"))
    assert set(noted) == {"machine", "date", "runs"}


def test_the_record_shows_what_the_lab_is_for() -> None:
    """3.9 loses a bare +=, 3.10 to 3.14 don't, a free-threaded one does."""
    lost = {
        run.subject.kind[:3]: run.points["counter += 1"][0]
        for run in measure.recorded_runs()
        if run.experiment == "races"
    }
    for (minor, _, gil), percent in lost.items():
        assert (percent > 0) is (minor < (3, 10) or not gil), (minor, gil)


def test_a_record_can_be_made_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Found((OWN, T), ())
    monkeypatch.setattr(measure, "find_interpreters", lambda: here)
    monkeypatch.setattr(measure, "call", answered)
    path = tmp_path / "record.json"
    assert measure.record(path, rounds=3, experiments=["threads"]) == 3
    again = list(measure.recorded_runs(path))
    assert [run.subject.kind for run in again] == [
        ((3, 99), False, True, False),
        ((3, 98), True, False, False),
        ((3, 98), True, True, False),
    ]
    assert again[0].values == {"1 thread": (0.1234,), "2 threads": (0.1,)}
    assert list(measure.recorded_runs(tmp_path / "no such record")) == []


def answered(*_: object, progress: Callable[[float], None], **__: object) -> dict[str, Any]:
    progress(1.0)
    return {"values": {"1 thread": [0.123412], "2 threads": [0.1]}}


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (([], [ONE], 3), "experiments"),
        ((["nonsense"], [ONE], 3), "experiments"),
        ((["threads"], [], 3), "among"),
        ((["threads"], [ONE], 2), "rounds"),
        ((["threads"], [ONE], 201), "rounds"),
    ],
)
def test_bad_arguments_are_named(arguments: Any, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        side_by_side(*arguments)
