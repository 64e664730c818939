"""What is computed from the latencies of round trips."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure.convoy import KINDS, Convoy, convoy
from helpers.measure.elsewhere import Stopped
from helpers.measure.verdict import Outcome

LATENCIES = st.lists(st.floats(1, 1e6), min_size=1, max_size=200)


def case(latencies_us: list[float], neighbours: int = 0, kind: str = "threads") -> Convoy:
    seconds = max(1e-9, sum(latencies_us) / 1e6)
    return Convoy(neighbours, kind, 5e-3, tuple(latencies_us), seconds, 0, True, 0.0)


@given(LATENCIES)
def test_quantiles_are_latencies_in_order(latencies_us: list[float]) -> None:
    found = case(latencies_us)
    assert found.quantile_us(0) == min(latencies_us)
    assert found.quantile_us(1) == max(latencies_us)
    assert found.median_us in latencies_us
    assert found.median_us <= found.p99_us
    not_over = sum(latency <= found.median_us for latency in latencies_us)
    assert not_over >= len(latencies_us) / 2


@given(LATENCIES)
def test_slices_cover_the_same_time(latencies_us: list[float]) -> None:
    means = case(latencies_us).slice_means_s()
    assert len(means) == 10
    assert all(0 < mean <= sum(latencies_us) / 1e6 for mean in means)


def test_slices_weigh_time_not_round_trips() -> None:
    """A thousand fast round trips at the start are a small part of the time."""
    found = case([10.0] * 1000 + [10_000.0] * 99)
    slow = [mean for mean in found.slice_means_s() if mean > 5e-3]
    assert len(slow) == 9


def test_a_case_that_is_slower_is_told() -> None:
    alone, beside = case([50.0] * 500), case([5000.0] * 50, neighbours=1)
    ratio = beside.slower_than(alone)
    assert ratio.at_least(50).outcome is Outcome.HOLDS
    assert ratio.at_most(2).outcome is Outcome.FAILS
    assert (ratio.above, ratio.below) == ("beside 1 thread, 5 ms", "alone")


def test_what_can_t_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^other must"):
        case([1.0]).slower_than(case([2.0]))
    with pytest.raises(ValueError, match=r"^latencies_us must"):
        case([1.0]).slower_than(case([], neighbours=1))


def test_names_say_what_differs() -> None:
    assert case([1.0]).name == "alone"
    assert case([1.0], 2).name == "beside 2 threads, 5 ms"
    assert case([1.0], 1, "processes").name == "beside 1 process"
    assert case([]).per_second == 0
    assert case([]).median_us == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_measurement_stops_at_the_number_of_round_trips(kind: str) -> None:
    found = convoy(1, kind, 1e-3, seconds=5, most=20)
    assert len(found.latencies_us) == 20
    assert (found.neighbours, found.kind, found.interval_s) == (1, kind, 1e-3)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("neighbours", {"neighbours": -1}),
        ("neighbours", {"neighbours": 3}),
        ("neighbours", {"neighbours": 1.5}),
        ("neighbours", {"neighbours": True}),
        ("kind", {"kind": "fibres"}),
        ("interval_s", {"interval_s": 0}),
        ("seconds", {"seconds": 0}),
        ("seconds", {"seconds": 11}),
        ("most", {"most": 0}),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError), match=f"^{name} "):
        convoy(**arguments)


@pytest.mark.parametrize("kind", KINDS)
def test_stop_ends_a_run_at_once(kind: str) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        convoy(2, kind, seconds=10, most=10**9, stop=stop)
    assert time.monotonic() - began < 2.5
