"""What overlaps is read from the spans, and told in three ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure import overlap
from helpers.measure.timeline import Span, State, Timeline
from helpers.measure.verdict import Outcome


def made(*spans: tuple[str, State, int, int]) -> Timeline:
    lanes = tuple(dict.fromkeys(span[0] for span in spans))
    return Timeline(lanes, tuple(Span(*span) for span in spans), True, True)


RUNNING, SLEEPING, QUEUED = State.RUNNING, State.SLEEPING, State.WAITING_CORE
BY_TURNS = made(("a", RUNNING, 0, 100), ("b", SLEEPING, 0, 100), ("b", RUNNING, 100, 200))
PARALLEL = made(("a", RUNNING, 0, 100), ("b", RUNNING, 50, 150))
CROWDED = made(("a", RUNNING, 0, 50), ("a", QUEUED, 50, 200), ("b", RUNNING, 100, 150))


def test_shares_are_of_the_computing_time_and_of_the_whole_time() -> None:
    assert overlap.computing_at_once(BY_TURNS) == 0
    assert overlap.computing_at_once(PARALLEL) == pytest.approx(50 / 150)
    assert overlap.in_progress_at_once(BY_TURNS) == pytest.approx(0.5)
    assert overlap.computing_at_once(made(("a", SLEEPING, 0, 1))) == 0
    assert overlap.waits(made(("a", SLEEPING, 0, 5), ("b", State.AWAITING, 0, 7))) == 12e-9


def test_verdicts() -> None:
    assert overlap.by_turns(BY_TURNS).outcome is Outcome.HOLDS
    assert overlap.by_turns(PARALLEL).outcome is Outcome.FAILS
    assert overlap.in_parallel(PARALLEL).outcome is Outcome.HOLDS
    assert overlap.in_parallel(BY_TURNS).outcome is Outcome.FAILS
    crowded = overlap.in_parallel(CROWDED)
    assert crowded.outcome is Outcome.UNTOLD
    assert "queue for a core" in crowded.reason


def test_a_coarse_clock_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "clock_step_s", lambda: 0.0156)
    for verdict in (overlap.by_turns(BY_TURNS), overlap.in_parallel(PARALLEL)):
        assert verdict.outcome is Outcome.UNTOLD
        assert "15.6 ms" in verdict.evidence
    assert overlap.computed_at_once({"a": PARALLEL}) is None


def test_the_step_is_what_the_clock_moves_by(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < overlap.clock_step_s() < 1
    ticks = iter([0.0, 0.0, 0.016, 0.016, 0.016, 0.031, 0.031, 0.062])
    monkeypatch.setattr("time.thread_time", lambda: next(ticks))
    assert overlap.clock_step_s.__wrapped__() == pytest.approx(0.015)


def test_which_runs_computed_at_once() -> None:
    runs = {"by turns": BY_TURNS, "parallel": PARALLEL}
    if overlap.clock_step_s() <= overlap.COARSE_S:
        assert overlap.computed_at_once(runs) == ("parallel",)
        assert overlap.computed_at_once({"by turns": BY_TURNS}) == ()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50), st.integers(1, 50))))
def test_the_share_is_a_share(found: list[tuple[str, int, int]]) -> None:
    spans = [(lane, RUNNING, start, start + length) for lane, start, length in found]
    share = overlap.computing_at_once(made(("a", RUNNING, 0, 1), *spans))
    assert 0 <= share <= 1


@pytest.mark.parametrize("model", overlap.MODELS)
@pytest.mark.parametrize("kind", overlap.STEPS)
def test_each_model_does_each_kind(model: str, kind: str) -> None:
    run = overlap.record(model, kind, 2, 2)
    assert len(run.timeline.lanes) == 2
    assert (overlap.waits(run.timeline) > 0) == (kind != "CPU-bound")
    if model == "one after another":
        assert overlap.in_progress_at_once(run.timeline) == 0
    if model in ("one after another", "asyncio tasks"):
        assert run.timeline.at_once_ns(State.RUNNING) == 0


def test_lanes_say_which_worker_did_the_task() -> None:
    recordings: list[dict[str, Any]] = [
        {"lane": "a", "pid": 9, "thread": 5},
        {"lane": "b", "pid": 9, "thread": 4},
        {"lane": "c", "pid": 9, "thread": 5},
    ]
    lanes = [found["lane"] for found in overlap.with_worker(recordings, "threads")]
    assert lanes == ["a, thread 1", "b, thread 2", "c, thread 1"]
    lanes = [found["lane"] for found in overlap.with_worker(recordings, "asyncio tasks")]
    assert lanes == ["a", "b", "c"]
    assert recordings[0]["lane"] == "a"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("model", ("fibres", "mixed", 1, 1)),
        ("kind", ("threads", "lazy", 1, 1)),
        ("tasks", ("threads", "mixed", 0, 1)),
        ("tasks", ("threads", "mixed", overlap.MOST + 1, 1)),
        ("workers", ("threads", "mixed", 1, 0)),
        ("workers", ("threads", "mixed", 1, overlap.MOST + 1)),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        overlap.record(*arguments)
