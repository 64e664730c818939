"""The requests lab without a browser."""

from __future__ import annotations

import time

from helpers.draw.picture import Picture
from helpers.labs.async_requests import requests_lab


def test_a_run_draws_every_page() -> None:
    lab = requests_lab().set(pages=12, at_once=4, latency_s=0.02, error_rate=0.5).run()
    assert "Done" in lab.status.value
    assert lab.data is not None
    assert len(lab.data.pages) == 12
    assert isinstance(lab.picture, Picture)
    assert lab.picture.text.startswith("12 pages in ")


def test_every_control_has_a_name_and_its_bounds() -> None:
    lab = requests_lab()
    assert all(control.description for control in lab.controls.values())
    assert lab.set(pages=999, at_once=0).settings["pages"] == 200
    assert lab.settings["at_once"] == 1


def test_stop_acts_within_two_seconds() -> None:
    lab = requests_lab().set(pages=200, at_once=1, latency_s=0.2)
    lab.start()
    time.sleep(0.3)
    lab.stop()
    lab.wait(4)  # 2, and as much again for a busy machine
    assert "Stopped" in lab.status.value
    assert not lab.run_button.disabled
