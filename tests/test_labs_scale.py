"""The scale lab without a browser."""

from __future__ import annotations

import time

import pytest

from helpers.draw.picture import Picture
from helpers.labs.scale import scale_lab


def test_a_run_gives_a_line_for_each_kind() -> None:
    lab = scale_lab().set(most=100).run()
    assert "Done" in lab.status.value
    assert lab.data is not None
    assert lab.data.kinds == ("tasks", "threads", "processes")
    assert lab.data.largest("processes").count == 10
    assert isinstance(lab.picture, Picture)
    assert "100 tasks" in lab.picture.text


def test_one_kind_alone() -> None:
    lab = scale_lab().set(kind="tasks", most=1000).run()
    assert lab.data is not None
    assert lab.data.kinds == ("tasks",)
    assert lab.data.largest("tasks").reached == 1000


def test_every_control_has_a_name() -> None:
    assert all(control.description for control in scale_lab().controls.values())


@pytest.mark.parametrize("kind", ["tasks", "threads", "processes"])
def test_stop_acts_within_two_seconds(kind: str) -> None:
    lab = scale_lab().set(kind=kind, most=20_000, processes=100, wait_s=1.0, deadline_s=20.0)
    lab.start()
    time.sleep(0.3)
    lab.stop()
    lab.wait(4)  # 2, and as much again for a busy machine
    assert "Stopped" in lab.status.value
    assert not lab.run_button.disabled
