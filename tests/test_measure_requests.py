"""Throughput and Little's law: what is computed from answers, and what is asked for."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure.elsewhere import Stopped
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.requests import Point, Throughput, throughput


def point(workers: int, seconds: float, latencies_s: list[float], **counts: int) -> Point:
    made = {"failed": 0, "lost": 0, "served": len(latencies_s), "served_errors": 0}
    return Point(workers, seconds, tuple(latencies_s), **{**made, "most_at_once": 1, **counts})


def test_rates_count_answers_and_good_answers_apart() -> None:
    found = point(2, 2.0, [0.5] * 8, failed=2, lost=1)
    assert (found.requests, found.good) == (8, 5)
    assert found.per_second == 3.5
    assert found.good_per_second == 2.5


@given(
    st.lists(st.lists(st.floats(0.001, 10), min_size=1, max_size=8), min_size=1, max_size=6),
)
def test_no_more_are_under_way_than_there_are_workers(times: list[list[float]]) -> None:
    """Each inner list: what one worker's requests take, one after another."""
    seconds = max(map(sum, times))
    found = point(len(times), seconds, [latency for worker in times for latency in worker])
    assert found.in_flight <= len(times) * (1 + 1e-9)
    assert found.in_flight == pytest.approx(sum(map(sum, times)) / seconds)


def test_the_law_goes_on_from_the_fewest_workers_as_far_as_there_are_requests() -> None:
    found = Throughput(0.1, 0, 0, (point(1, 1.0, [0.1] * 10), point(4, 0.3, [0.12] * 10)))
    assert found.law(4) == pytest.approx(40)
    assert found.law(64) == found.law(10) == pytest.approx(100)
    assert found.of(4).workers == 4
    assert found.requests == 10
    with pytest.raises(KeyError, match="workers 2"):
        found.of(2)


def test_every_request_of_a_run_is_accounted_for() -> None:
    found = throughput([4, 1, 4], requests=12, latency_s=0.002, error_rate=0.5)
    assert [one.workers for one in found.points] == [1, 4]
    for one in found.points:
        assert one.requests == one.served == 12
        assert one.failed == one.served_errors
        assert one.lost == 0
        assert one.most_at_once <= one.workers
        assert one.in_flight <= one.workers + 1e-6


def test_an_answer_takes_its_latency_at_least() -> None:
    [one] = throughput([2], requests=4, latency_s=0.02).points
    assert min(one.latencies_s) >= 0.02


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("workers", {"workers": []}, ValueError),
        ("workers", {"workers": [0]}, ValueError),
        ("workers", {"workers": [65]}, ValueError),
        ("workers", {"workers": [1.5]}, TypeError),
        ("workers", {"workers": [True]}, TypeError),
        ("requests", {"requests": 0}, ValueError),
        ("requests", {"requests": 501}, ValueError),
        ("requests", {"requests": "8"}, TypeError),
        ("latency_s", {"latency_s": 2}, ValueError),
        ("latency_s", {"latency_s": float("nan")}, ValueError),
        ("jitter_s", {"jitter_s": -1}, ValueError),
        ("error_rate", {"error_rate": 2}, ValueError),
    ],
)
def test_bad_arguments_are_named(
    name: str, arguments: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error, match=f"^{name} "):
        throughput(**arguments)


def test_stop_ends_a_run_and_its_server() -> None:
    before = belongings()
    stop = threading.Event()
    timer = threading.Timer(0.5, stop.set)
    timer.start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        throughput([1], requests=500, latency_s=1.0, stop=stop)
    assert time.monotonic() - began < 30  # the requests alone would take 500 s
    timer.join()
    assert left_since(before, patience=30) == []
