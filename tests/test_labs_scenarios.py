"""The scenarios lab without a browser."""

from __future__ import annotations

import time

import pytest

from helpers.labs.scenarios import SCALES, scenarios_lab
from helpers.measure.scenarios import SCENARIOS


def test_a_run_draws_every_model_and_names_the_fastest() -> None:
    lab = scenarios_lab().set(name="science: Python", tasks=2, scale=0.25).run()
    assert "Done" in lab.status.value
    assert lab.data is not None
    assert list(lab.data.comparison.seconds) == ["sequential", "threads", "processes"]
    assert lab.picture is not None
    assert f"Fastest: {lab.data.fastest}" in lab.picture.text


def test_every_job_can_be_chosen_by_name() -> None:
    lab = scenarios_lab()
    assert list(lab.controls["name"].options) == list(SCENARIOS)
    names = [control.description for control in lab.controls.values()]
    assert all(names)
    assert len(set(names)) == len(names)


def test_numbers_stay_within_bounds() -> None:
    lab = scenarios_lab()
    assert lab.set(tasks=10_000, workers=0).settings["tasks"] == 60
    assert lab.settings["workers"] == 1


@pytest.mark.parametrize("seconds", [0.0, 0.7])
def test_stop_acts_within_two_seconds(seconds: float) -> None:
    lab = scenarios_lab().set(name="crawl", tasks=40, scale=SCALES["as in the chapter"])
    lab.start()
    time.sleep(seconds)
    lab.stop()
    lab.wait(4)  # two for the stop, and as much again for a busy machine
    assert "Stopped" in lab.status.value
    assert not lab.run_button.disabled
