"""The throughput lab without a browser."""

from __future__ import annotations

import time

import pytest

from helpers.labs.requests import WORKERS, throughput_lab


def test_a_run_gives_a_point_for_each_doubling() -> None:
    lab = throughput_lab().set(requests=8, workers=4, latency_s=5e-3).run()
    assert "Done" in lab.status.value
    assert lab.data is not None
    assert [point.workers for point in lab.data.points] == [1, 2, 4]
    assert lab.data.requests == 8
    assert lab.picture is not None
    assert lab.picture.text.startswith("8 requests each time.")


def test_latency_jitter_and_errors_reach_the_server() -> None:
    settings = {"latency_s": 10e-3, "jitter": 1.0, "error_rate": 0.5}
    lab = throughput_lab().set(requests=40, workers=2, **settings).run()
    data = lab.data
    assert data is not None
    assert (data.latency_s, data.jitter_s, data.error_rate) == (10e-3, 10e-3, 0.5)
    assert sum(point.failed for point in data.points) > 0
    assert all(point.failed == point.served_errors for point in data.points)
    assert lab.picture is not None
    assert "Errors: " in lab.picture.text


def test_every_control_has_a_name() -> None:
    names = [control.description for control in throughput_lab().controls.values()]
    assert all(names)
    assert len(set(names)) == len(names)


def test_requests_stay_within_bounds() -> None:
    lab = throughput_lab()
    assert lab.set(requests=10_000).settings["requests"] == 100
    assert lab.set(requests=0).settings["requests"] == 1


@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_stop_acts_within_two_seconds(seconds: float) -> None:
    lab = throughput_lab().set(requests=100, workers=WORKERS[0], latency_s=0.1)
    lab.start()
    time.sleep(seconds)
    lab.stop()
    lab.wait(2)
    assert "Stopped" in lab.status.value
    assert not lab.run_button.disabled
