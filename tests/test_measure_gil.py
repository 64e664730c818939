"""What is computed from recordings of threads under the GIL."""

from __future__ import annotations

import dataclasses
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure import gil
from helpers.measure.compare import Comparison
from helpers.measure.elsewhere import Stopped
from helpers.measure.timeline import Span, State, Timeline, timeline
from helpers.measure.verdict import Outcome

MS = 1_000_000


def two_lanes(*spans: tuple[str, State, int, int], gil_on: bool = True) -> Timeline:
    """A timeline of the lanes a and b; times in milliseconds."""
    made = tuple(Span(lane, state, low * MS, high * MS) for lane, state, low, high in spans)
    return Timeline(("a", "b"), made, gil_on, True)


TURNS = (
    ("a", State.RUNNING, 0, 5),
    ("b", State.WAITING_GIL, 0, 5),
    ("b", State.RUNNING, 5, 10),
    ("a", State.WAITING_GIL, 5, 10),
    ("a", State.RUNNING, 10, 15),
)


def test_contention_counts_what_the_timeline_shows() -> None:
    found = gil.Contention("pure Python", 2, 5e-3, 0.3, 0.2, two_lanes(*TURNS))
    assert found.speed_up == pytest.approx(1.5)
    assert found.hand_overs == 2
    assert found.gil_wait_share == pytest.approx(10 / 25)


def test_two_threads_on_a_core_at_once_are_parallel() -> None:
    spans = (("a", State.RUNNING, 0, 10), ("b", State.RELEASED, 6, 20))
    found = gil.Contention("hashing", 2, 5e-3, 0.3, 0.2, two_lanes(*spans))
    assert found.parallel_share == pytest.approx(0.2)
    found = gil.Contention("pure Python", 2, 5e-3, 0.3, 0.2, two_lanes(*TURNS))
    assert found.parallel_share == 0


def test_without_a_gil_it_is_never_handed_over() -> None:
    found = gil.Contention("pure Python", 2, 5e-3, 0.3, 0.2, two_lanes(*TURNS, gil_on=False))
    assert found.hand_overs == 0


@pytest.mark.parametrize("kind", gil.KINDS)
def test_contention_measures_every_kind(kind: str) -> None:
    found = gil.contention(kind, 2, 1e-3, 0.01)
    assert found.timeline.lanes == ("thread 1", "thread 2")
    assert found.alone_s > 0
    assert found.together_s > 0
    assert 0 <= found.gil_wait_share <= 1
    assert found.timeline.length_ns / 1e9 == pytest.approx(found.together_s, rel=0.5, abs=0.05)


def test_what_came_before_the_start_is_cut_off() -> None:
    cut = gil._from(two_lanes(*TURNS), 7 * MS)
    assert cut.start_ns == 7 * MS
    assert cut.end_ns == 15 * MS
    assert cut.time_in(State.RUNNING) == 8 * MS


@given(st.integers(0, 20), st.integers(0, 20))
def test_only_whole_waits_count(start: int, end: int) -> None:
    seen = two_lanes(*TURNS)
    whole = [wait for wait in ((0, 5), (5, 10)) if start <= wait[0] and wait[1] <= end]
    assert gil.waits_s(seen, start * MS, end * MS) == pytest.approx([0.005] * len(whole))


def runs(lengths_ms: list[float], interval_ms: float = 5, gil_on: bool = True) -> gil.Runs:
    lengths_s = tuple(length / 1e3 for length in lengths_ms)
    return gil.Runs("small numbers", interval_ms / 1e3, lengths_s, 50e-9, gil_on)


@given(st.lists(st.floats(0.01, 1000), min_size=4), st.sampled_from([1.0, 5.0, 20.0]))
def test_runs_follow_the_interval_only_if_their_median_is_near_it(
    lengths_ms: list[float], interval_ms: float
) -> None:
    ratio = statistics.median(lengths_ms) / interval_ms
    outcome = runs(lengths_ms, interval_ms).follows_interval().outcome
    if 0.81 <= ratio <= 1.49:
        assert outcome is Outcome.HOLDS
    if not 0.79 <= ratio <= 1.51:
        assert outcome in (Outcome.FAILS, Outcome.UNTOLD)


def test_runs_of_another_length_fail_and_scattered_ones_are_not_told() -> None:
    assert runs([30, 31, 32, 33, 34]).follows_interval().outcome is Outcome.FAILS
    assert runs([0.1] * 5).follows_interval().outcome is Outcome.FAILS
    assert runs([1, 1, 10, 10, 10]).follows_interval().outcome is Outcome.UNTOLD
    assert runs([5, 5, 5]).follows_interval().outcome is Outcome.UNTOLD
    assert runs([0.1] * 5, 0.1).follows_interval().outcome is Outcome.UNTOLD
    busy = dataclasses.replace(runs([30, 31, 32, 33, 34]), busy=1.5)
    assert busy.follows_interval().outcome is Outcome.UNTOLD
    assert runs([5] * 5, gil_on=False).follows_interval().outcome is Outcome.UNTOLD


def test_the_operations_that_fit_into_a_run() -> None:
    assert runs([5] * 4).operations == pytest.approx(100_000)
    assert runs([]).operations == 0


def test_run_lengths_measures_each_case_and_says_how_far_it_is() -> None:
    done: list[float] = []
    found = gil.run_lengths([1e-3, 2e-3], ["big numbers"], runs=4, progress=done.append)
    assert [(each.bytecodes, each.interval_s) for each in found] == [
        ("big numbers", 1e-3),
        ("big numbers", 2e-3),
    ]
    assert all(each.operation_s > 0 for each in found)
    assert done == [0.5, 1.0]


def test_speed_ups_are_told_with_an_interval() -> None:
    comparison = Comparison({"one after another": (2.0,) * 7, "together": (1.0,) * 7}, {}, busy=0.0)
    found = gil.SpeedUps({("hashing", 2): comparison}, gil=True)
    assert found.kinds == ("hashing",)
    assert found.threads("hashing") == (2,)
    assert found.speed_ups("hashing", 2) == [2.0] * 7
    assert found.speed_up("hashing", 2).at_least(1.9).outcome is Outcome.HOLDS
    with pytest.raises(KeyError):
        found.speed_up("hashing", 4)


def test_speed_ups_measures_every_case() -> None:
    done: list[float] = []
    found = gil.speed_ups(["sleeping"], [1, 2], 0.002, progress=done.append)
    assert len(found.speed_ups("sleeping", 2)) == 7
    assert done == [0.5, 1.0]


@pytest.mark.parametrize("kind", gil.LOADS)
def test_the_share_in_which_the_gil_is_held_is_a_share(kind: str) -> None:
    assert 0 <= gil.gil_load(kind, 0.05).gil_held_share <= 1


def test_an_idle_interpreter_holds_the_gil_less_than_a_spinning_one() -> None:
    assert gil.gil_load("idle", 0.1).gil_held_share < gil.gil_load("one spinner").gil_held_share


@pytest.mark.parametrize(
    ("name", "function", "arguments"),
    [
        ("kind", gil.contention, {"kind": "cooking"}),
        ("threads", gil.contention, {"threads": 0}),
        ("threads", gil.contention, {"threads": 9}),
        ("threads", gil.contention, {"threads": "2"}),
        ("threads", gil.contention, {"threads": 1.5}),
        ("interval_s", gil.contention, {"interval_s": -1}),
        ("interval_s", gil.contention, {"interval_s": float("nan")}),
        ("seconds", gil.contention, {"seconds": 0}),
        ("kinds", gil.speed_ups, {"kinds": []}),
        ("kinds", gil.speed_ups, {"kinds": ["cooking"]}),
        ("threads", gil.speed_ups, {"threads": []}),
        ("threads", gil.speed_ups, {"threads": [1, 0]}),
        ("seconds", gil.speed_ups, {"seconds": -1}),
        ("rounds", gil.speed_ups, {"rounds": 6}),
        ("bytecodes", gil.run_lengths, {"bytecodes": ["hashing"]}),
        ("bytecodes", gil.run_lengths, {"bytecodes": []}),
        ("intervals_s", gil.run_lengths, {"intervals_s": []}),
        ("intervals_s", gil.run_lengths, {"intervals_s": [1e-3, 0]}),
        ("runs", gil.run_lengths, {"runs": 3}),
        ("kind", gil.gil_load, {"kind": "three spinners"}),
        ("seconds", gil.gil_load, {"kind": "idle", "seconds": 0}),
    ],
)
def test_bad_arguments_are_named(
    name: str, function: Callable[..., object], arguments: dict[str, Any]
) -> None:
    with pytest.raises((ValueError, TypeError), match=f"^{name} "):
        function(**arguments)


def test_stop_ends_a_run_at_once() -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        gil.contention("pure Python", 8, 5e-3, 2.0, stop=stop)
    assert time.monotonic() - began < 2.3


def test_a_holder_that_lost_its_core_still_holds_the_gil() -> None:
    """Off its core without having blocked: nobody else can have had the GIL meanwhile."""

    def recording(times_blocked: int) -> dict[str, Any]:
        interval = ("working", 0, 5 * MS, 10 * MS, 5 * MS, 5 * MS, times_blocked)
        return {"lane": "a", "gil": True, "intervals": [interval], "holds": []}

    assert timeline([recording(0)]).gil_held_share == 1
    assert timeline([recording(1)]).gil_held_share == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ([(State.RELEASED, 0, 10)], [(State.RELEASED, 5, 15)], Outcome.HOLDS),
        ([(State.RUNNING, 0, 5)], [(State.RUNNING, 5, 10)], Outcome.FAILS),
        (
            [(State.RELEASED, 0, 5), (State.WAITING_CORE, 5, 10)],
            [(State.WAITING_CORE, 0, 5), (State.RELEASED, 5, 10)],
            Outcome.UNTOLD,
        ),
    ],
)
def test_in_parallel_is_told_by_overlap_unless_other_work_has_the_cores(
    first: list[tuple[State, int, int]], second: list[tuple[State, int, int]], outcome: Outcome
) -> None:
    spans = [Span("a", *span) for span in first] + [Span("b", *span) for span in second]
    seen = Timeline(("a", "b"), tuple(spans), gil=True, tells_queue=True)
    found = gil.Contention("hashing", 2, 5e-3, 1.0, 1.0, seen)
    assert found.in_parallel().outcome is outcome
