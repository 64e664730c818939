"""Who waits while the holder of the GIL has no core."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure.preemption import Preemption, Stall, preemption
from helpers.measure.timeline import Span, State, Timeline
from helpers.measure.verdict import Outcome

MS = 1_000_000
LANES = ("holder", "other")


def stall(
    away_ms: int,
    other: State,
    other_ms: int,
    cores: int = 2,
    gil: bool = True,
    competitors: int = 3,
) -> Stall:
    """The holder away from 0, the other in a state from 0; both run for 10 ms before and after."""
    spans = (
        Span("holder", State.RUNNING, -10 * MS, 0),
        Span("holder", State.WAITING_CORE, 0, away_ms * MS),
        Span("holder", State.RUNNING, away_ms * MS, (away_ms + 10) * MS),
        Span("other", State.RUNNING, -10 * MS, 0),
        Span("other", other, 0, other_ms * MS),
        Span("other", State.RUNNING, other_ms * MS, (other_ms + 10) * MS),
    )
    return Stall(competitors, cores, Timeline(LANES, spans, gil, True))


def seen(crowded: Stall) -> Preemption:
    return Preemption(stall(0, State.RUNNING, 0, competitors=0), crowded)


def test_the_other_thread_waits_for_the_gil() -> None:
    found = seen(stall(400, State.WAITING_GIL, 400))
    assert found.other_waits().outcome is Outcome.HOLDS
    assert found.other_runs().outcome is Outcome.FAILS
    assert "400 ms" in found.other_waits().evidence


def test_the_other_thread_runs() -> None:
    found = seen(stall(400, State.RUNNING, 400, gil=False))
    assert found.other_waits().outcome is Outcome.FAILS
    assert found.other_runs().outcome is Outcome.HOLDS


@pytest.mark.parametrize(
    ("crowded", "reason"),
    [
        (stall(400, State.WAITING_GIL, 400, cores=1), "a core for itself"),
        (stall(50, State.WAITING_GIL, 50), "hardly took the core"),
        (stall(400, State.WAITING_CORE, 400), "off its core as well"),
    ],
)
def test_what_says_nothing_is_not_told(crowded: Stall, reason: str) -> None:
    for verdict in (seen(crowded).other_waits(), seen(crowded).other_runs()):
        assert verdict.outcome is Outcome.UNTOLD
        assert reason in verdict.reason


def test_a_system_without_the_means_says_why() -> None:
    found = Preemption(None, None, "this system is another one")
    assert found.other_waits().reason == "this system is another one"


@given(st.integers(1, 500), st.integers(1, 500))
def test_times_and_shares_come_from_the_spans(away_ms: int, wait_ms: int) -> None:
    found = stall(away_ms, State.WAITING_GIL, wait_ms)
    assert found.away_s == pytest.approx(away_ms / 1e3)
    assert found.longest_wait_s == pytest.approx(wait_ms / 1e3)
    assert found.longest_s == pytest.approx(wait_ms / 1e3)
    expected = min(away_ms, wait_ms) / away_ms
    assert found.share_meanwhile(State.WAITING_GIL) == pytest.approx(expected)


def test_a_measurement_has_a_quiet_and_a_crowded_part() -> None:
    found = preemption(2, 0.2)
    if found.crowded is None:
        assert not hasattr(os, "sched_setaffinity") or "schedstat" in found.reason
        assert found.other_waits().outcome is Outcome.UNTOLD
    else:
        assert found.quiet is not None
        assert (found.quiet.competitors, found.crowded.competitors) == (0, 2)
        assert found.crowded.timeline.lanes == LANES


def test_another_system_is_told_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    found = preemption()
    assert found.crowded is None
    assert "choose the core" in found.reason


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("competitors", {"competitors": 0}),
        ("competitors", {"competitors": 9}),
        ("competitors", {"competitors": 2.0}),
        ("seconds", {"seconds": 0}),
        ("seconds", {"seconds": 6}),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError), match=f"^{name} "):
        preemption(**arguments)
