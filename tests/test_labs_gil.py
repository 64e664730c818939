"""The contention lab without a browser."""

from __future__ import annotations

import time
from typing import Any

import pytest

from helpers.draw.picture import Picture
from helpers.labs.gil import WINDOWS, contention_lab
from helpers.measure.gil import INTERVALS_S, KINDS


def test_a_run_gives_lanes_and_a_sentence() -> None:
    lab = contention_lab().set(kind="hashing", threads=3, interval_s=1e-3).run()
    assert "Done" in lab.status.value
    assert lab.data is not None
    assert lab.data.timeline.lanes == ("thread 1", "thread 2", "thread 3")
    assert isinstance(lab.picture, Picture)
    assert lab.picture.text.startswith("3 threads, hashing")


def test_another_window_redraws_the_same_run() -> None:
    lab = contention_lab().run()
    data, whole = lab.data, lab.image.value
    lab.set(window="the first 20 ms")
    assert lab.data is data
    assert lab.image.value != whole


def test_the_controls_offer_every_kind_interval_and_window() -> None:
    controls = contention_lab().controls
    assert {kind for _, kind in _options(controls["kind"])} == set(KINDS)
    assert {seconds for _, seconds in _options(controls["interval_s"])} == set(INTERVALS_S)
    assert {name for _, name in _options(controls["window"])} == set(WINDOWS)
    assert all(control.description for control in controls.values())


def _options(control: Any) -> list[tuple[str, object]]:
    return [each if isinstance(each, tuple) else (each, each) for each in control.options]


def test_threads_stay_within_one_and_eight() -> None:
    lab = contention_lab()
    assert lab.set(threads=99).settings["threads"] == 8
    assert lab.set(threads=-1).settings["threads"] == 1


def test_stop_acts_within_two_seconds() -> None:
    lab = contention_lab().set(threads=8)
    lab.start()
    time.sleep(0.3)
    lab.stop()
    lab.wait(2)
    assert "Stopped" in lab.status.value or "Done" in lab.status.value
    assert not lab.run_button.disabled


@pytest.mark.slow
@pytest.mark.parametrize("interval_s", INTERVALS_S)
def test_eight_threads_at_every_interval(interval_s: float) -> None:
    lab = contention_lab().set(threads=8, interval_s=interval_s).run()
    assert "Done" in lab.status.value
