"""The interpreters' lab without a browser."""

from __future__ import annotations

import time

import pytest

from helpers.labs.side_by_side import side_by_side_lab
from helpers.measure.side_by_side import EXPERIMENTS, subjects


def test_a_run_gives_a_picture_and_a_sentence() -> None:
    lab = side_by_side_lab("threads", among=subjects()[:1]).set(rounds=3).run()
    assert "Done" in lab.status.value
    assert lab.picture is not None
    assert lab.picture.text.startswith("Two threads of pure Python")


def test_what_is_chosen_at_first() -> None:
    lab = side_by_side_lab("races", "models")
    assert lab.settings["experiments"] == ("races", "models")
    assert {one.gil for one in lab.settings["among"]} == {True, False}
    assert side_by_side_lab().settings["experiments"] == EXPERIMENTS[:1]
    with pytest.raises(ValueError, match=r"^experiments must be some of"):
        side_by_side_lab("nonsense")


def test_all_experiments_and_interpreters_can_be_chosen_and_have_names() -> None:
    lab = side_by_side_lab()
    assert lab.controls["experiments"].options == EXPERIMENTS
    assert {one for _, one in lab.controls["among"].options} == set(subjects())
    assert all(control.description for control in lab.controls.values())


def test_nothing_chosen_is_told() -> None:
    lab = side_by_side_lab().set(experiments=()).run()
    assert "experiments must name at least one" in lab.status.value
    lab = side_by_side_lab().set(among=()).run()
    assert "among must hold at least one" in lab.status.value


def test_stop_acts_within_two_seconds() -> None:
    lab = side_by_side_lab("start-up", among=subjects()[:1]).set(rounds=200)
    lab.start()
    time.sleep(0.3)
    lab.stop()
    lab.wait(2)
    assert "Stopped" in lab.status.value
    assert not lab.run_button.disabled
