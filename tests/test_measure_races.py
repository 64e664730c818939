"""Races measured beside their predictions, and the recorded table."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from helpers.measure import races
from helpers.measure.elsewhere import Stopped
from helpers.measure.interpreters import find_interpreters
from helpers.measure.races import SHAPES, Losses, Race


def test_a_locked_race_is_predicted_to_be_exact_and_is() -> None:
    found = races.race("a call", True, threads=2, rounds=50, runs=3)
    assert found.expected == 100
    assert found.predicted == (100, 100)
    assert found.lost == 0
    assert found.as_predicted


def test_a_race_that_can_lose_is_predicted_a_range() -> None:
    found = races.race("time.sleep(0)", threads=2, rounds=20, runs=3)
    assert found.predicted == (2, 40)
    assert found.as_predicted
    assert races.race("time.sleep(0)", threads=2, rounds=1, runs=1).predicted == (1, 2)


def test_what_is_outside_the_range_is_seen() -> None:
    found = Race("a call", False, 2, 10, 20, (20, 1), (2, 20))
    assert not found.as_predicted
    assert found.lost == 1


def losses(python: str, gil: bool = True, **lost: int) -> Losses:
    real = dict.fromkeys(SHAPES, (0, 100))
    real.update({shape.replace("_", " "): (number, 100) for shape, number in lost.items()})
    return Losses(python, gil, real, {shape: shape == "a call" for shape in SHAPES})


def test_a_loss_that_no_schedule_explains_is_a_surprise() -> None:
    assert losses("3.13.0", a_call=5).surprises == ()
    assert losses("3.13.0", a_property=5).surprises == ("a property",)
    assert losses("3.13.0", gil=False).label == "3.13.0 without GIL"


def test_every_shape_is_measured_on_an_interpreter() -> None:
    [found] = races.losses(find_interpreters().interpreters[:1], seconds=0.005)
    assert list(found.real) == list(found.predicted) == list(SHAPES)
    assert not found.recorded
    assert found.surprises == ()


def test_recorded_versions_stand_in_for_those_that_are_not_here() -> None:
    own = losses("3.13.99", a_call=5)
    rows = races.with_recorded([own])
    assert own in rows
    assert [one.python for one in rows if one.python.startswith("3.13.") and one.gil] == ["3.13.99"]
    recorded = [one for one in rows if one.recorded]
    assert {one.python.rpartition(".")[0] for one in recorded} >= {"3.9", "3.10", "3.11", "3.12"}
    assert any(not one.gil for one in recorded)
    assert all(list(one.real) == list(SHAPES) for one in recorded)
    assert all(one.surprises == () for one in recorded)
    assert [one.gil for one in rows] == sorted((one.gil for one in rows), reverse=True)


def test_a_run_can_be_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(races, "_RECORDED", tmp_path / "races.json")
    races.save_recorded([losses("3.13.99", a_call=5)])
    [again] = races.with_recorded([])
    assert again.recorded
    assert again.real["a call"] == (5, 100)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shape": "a spiral"}, "shape must be one of"),
        ({"threads": 1}, "threads must be"),
        ({"rounds": 0}, "rounds must be"),
        ({"runs": 51}, "runs must be"),
        ({"interval_s": 0.0}, "interval_s must be"),
    ],
)
def test_bad_arguments(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        races.race(**{"shape": "a call", **options})


def test_bad_seconds() -> None:
    with pytest.raises(ValueError, match="seconds must be positive"):
        races.losses([], seconds=0)


def test_a_race_can_be_stopped() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        races.race("time.sleep(0)", rounds=20_000, runs=50, stop=stop)
