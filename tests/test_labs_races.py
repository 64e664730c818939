"""The race lab without a browser."""

from __future__ import annotations

import time
from typing import Any

import pytest

from helpers.draw.picture import Picture
from helpers.labs.races import race_lab
from helpers.measure.races import INTERVALS_S, MOST_RUNS, MOST_THREADS, SHAPES


def test_a_run_gives_a_histogram_and_a_sentence() -> None:
    lab = race_lab().set(shape="a property", threads=2, rounds=100, runs=5).run()
    assert "Done" in lab.status.value
    assert isinstance(lab.picture, Picture)
    assert lab.picture.text.startswith("a property: 2 threads, 100 rounds each")
    assert lab.data is not None
    assert lab.data.as_predicted


def test_under_a_lock_it_is_exact() -> None:
    lab = race_lab().set(shape="time.sleep(0)", locked=True, threads=2, rounds=50, runs=3).run()
    assert lab.data is not None
    assert set(lab.data.found) == {100}


def test_the_controls_offer_every_shape_and_interval_and_have_names() -> None:
    lab = race_lab()
    assert set(_values(lab.controls["shape"])) == set(SHAPES)
    assert set(_values(lab.controls["interval_s"])) == set(INTERVALS_S)
    assert set(_values(lab.controls["locked"])) == {True, False}
    names = [control.description for control in lab.controls.values()]
    assert all(names)
    assert len(set(names)) == len(names)


def _values(control: Any) -> list[object]:
    return [each[1] if isinstance(each, tuple) else each for each in control.options]


def test_numbers_stay_within_their_bounds() -> None:
    lab = race_lab().set(threads=99, runs=0)
    assert lab.settings["threads"] == MOST_THREADS
    assert lab.settings["runs"] == 1
    assert lab.set(runs=1_000).settings["runs"] == MOST_RUNS


def test_stop_acts_within_two_seconds() -> None:
    lab = race_lab().set(shape="time.sleep(0)", threads=8, rounds=20_000, runs=50)
    lab.start()
    time.sleep(0.3)
    lab.stop()
    lab.wait(5)
    assert "Stopped" in lab.status.value
    assert not lab.run_button.disabled


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape(shape: str) -> None:
    lab = race_lab().set(shape=shape, runs=5).run()
    assert "Done" in lab.status.value
