"""The convoy lab without a browser."""

from __future__ import annotations

import time

from helpers.labs.convoy import convoy_lab


def test_a_run_shows_the_case_beside_the_quiet_one() -> None:
    lab = convoy_lab().set(neighbours=1, kind="processes").run()
    assert "Done" in lab.status.value
    assert lab.data is not None
    assert [case.name for case in lab.data] == ["alone", "beside 1 process"]
    assert lab.picture is not None
    assert "beside 1 process" in lab.picture.text


def test_without_neighbours_there_is_one_case() -> None:
    lab = convoy_lab().set(neighbours=0).run()
    assert lab.data is not None
    assert [case.name for case in lab.data] == ["alone"]


def test_every_control_has_a_name() -> None:
    assert all(control.description for control in convoy_lab().controls.values())


def test_stop_acts_within_two_seconds() -> None:
    lab = convoy_lab().set(neighbours=2)
    lab.start()
    time.sleep(0.4)
    lab.stop()
    lab.wait(2)
    assert "Stopped" in lab.status.value
