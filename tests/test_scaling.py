"""How threads scale: measured, recorded, drawn. No test depends on how fast anything is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.draw.scaling import speed_up
from helpers.measure import scaling as measure
from helpers.measure.interpreters import Found, Interpreter, find_interpreters
from helpers.measure.machine import usable_cores
from helpers.measure.scaling import (
    Scaling,
    record,
    recorded_scaling,
    scaling,
    with_and_without_gil,
)
from helpers.workers.scaling import count_down, split_among

ROUNDS = 2_000
WITHOUT_GIL = find_interpreters().free_threaded


def made(speed: float, recorded: str = "", gil: bool = False) -> Scaling:
    points = {1: (1.0,) * 7, 2: (1 / speed,) * 7}
    return Scaling("3.13.5", True, gil, 2, points, 0.0, recorded)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = measure.scaling
    monkeypatch.setattr(measure, "scaling", lambda *a, **k: whole(*a, **{**k, "rounds": ROUNDS}))


def test_every_point_is_kept_and_two_threads_are_always_tried() -> None:
    found = scaling(rounds=ROUNDS)
    assert found.threads[:2] == (1, 2)
    assert max(found.threads) <= max(2, usable_cores()[0])
    assert all(len(points) == 15 for points in found.seconds.values())
    assert found.one_thread > 0
    assert found.recorded == ""
    assert found.speed_up(1).middle == 1
    with pytest.raises(KeyError):
        found.speed_up(3)


def test_the_workers_do_the_work() -> None:
    assert count_down(8) == 21
    assert split_among(3, 300) > 0


@pytest.mark.skipif(not WITHOUT_GIL, reason="no free-threaded CPython on this machine")
def test_a_free_threaded_interpreter_is_measured_with_and_without_the_gil() -> None:
    path = WITHOUT_GIL[0].path
    assert scaling(path, rounds=ROUNDS).gil is False
    with_gil = scaling(path, environment={"PYTHON_GIL": "1"}, rounds=ROUNDS)
    assert with_gil.gil is True
    assert with_gil.free_threaded is True


def test_the_record_was_made_without_the_gil_and_says_where() -> None:
    found = recorded_scaling()
    assert found.free_threaded is True
    assert found.gil is False
    assert found.recorded.startswith("recorded on ")
    assert found.threads[:2] == (1, 2)


@pytest.mark.usefixtures("quick")
def test_the_recorded_run_stands_in_only_where_none_can_be_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = find_interpreters().interpreters[0]
    monkeypatch.setattr(measure, "find_interpreters", lambda: Found((own,), ()))
    first, second = with_and_without_gil()
    assert first.recorded == ""
    assert bool(second.recorded) is own.gil


@pytest.mark.usefixtures("quick")
@pytest.mark.skipif(not WITHOUT_GIL, reason="no free-threaded CPython on this machine")
def test_a_record_can_be_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scaling.json"
    noted = record("a test machine", path)
    assert json.loads(path.read_text())["recorded"] == noted.recorded
    assert "a test machine" in noted.recorded
    again = measure._from_record(json.loads(path.read_text()))
    assert again.seconds.keys() == noted.seconds.keys()


def test_no_record_without_such_an_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_gil = Interpreter("/a", (3, 14, 0), False, True)
    monkeypatch.setattr(measure, "find_interpreters", lambda: Found((with_gil,), ()))
    with pytest.raises(RuntimeError, match="no free-threaded CPython"):
        record("a test machine", tmp_path / "scaling.json")
    with pytest.raises(ValueError, match=r"^machine must say"):
        record("", tmp_path / "scaling.json")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"most_threads": 1}, "most_threads"),
        ({"most_threads": 9}, "most_threads"),
        ({"repeats": 6}, "repeats"),
        ({"rounds": 999}, "rounds"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, int], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be"):
        scaling(**arguments)  # type: ignore[arg-type]


def test_the_picture_says_what_is_recorded() -> None:
    shown = speed_up([made(0.9, gil=True), made(1.9, "recorded on a test machine, 2026-01-01")])
    assert "GIL on: 2 threads are 0.90 times as fast as one;" in shown.text
    assert "(recorded on a test machine, 2026-01-01): 2 threads are 1.90" in shown.text
    assert shown.png.startswith(b"\x89PNG")
    measured, recorded = shown.figure.axes[0].containers
    assert measured.lines[0].get_linestyle() == "-"  # type: ignore[attr-defined]
    assert recorded.lines[0].get_linestyle() == "--"  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=r"^found must hold"):
        speed_up([])
