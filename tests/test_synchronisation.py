"""The scenes at each primitive: what their recordings say, how they are counted and drawn."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.draw import synchronisation as draw
from helpers.labs.synchronisation import synchronisation_lab
from helpers.measure import synchronisation as measure
from helpers.measure.elsewhere import Stopped
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.synchronisation import Counts, holding, waiting
from helpers.measure.timeline import Span, State, Timeline, timeline
from helpers.workers import synchronisation as workers

SHORT_S = 0.001
AT_MOST = {"Lock": 1, "RLock": 1, "Semaphore": 2, "BoundedSemaphore": 2, "Condition": 1}


@settings(max_examples=30)
@given(primitive=st.sampled_from(sorted(workers.SCENES)), threads=st.integers(1, 6))
def test_each_scene_ends_and_never_lets_in_too_many(primitive: str, threads: int) -> None:
    before = threading.active_count()
    found = timeline(workers.scene(primitive, threads, SHORT_S))
    assert threading.active_count() == before
    assert len(found.lanes) == threads
    assert holding(found).most <= AT_MOST.get(primitive, 0)


@given(threads=st.integers(1, 6))
@settings(max_examples=10)
def test_every_thread_holds_the_lock_as_often_as_it_asked(threads: int) -> None:
    found = timeline(workers.lock(threads, SHORT_S))
    for lane in found.lanes:
        assert len(found.of(State.HOLDING_LOCK, lane=lane)) == workers.ROUNDS


def test_nobody_passes_a_barrier_before_the_last_has_come() -> None:
    found = timeline(workers.barrier(3, 0.01))
    first_sleeps = [found.of(State.SLEEPING, lane=lane)[0] for lane in found.lanes]
    waits = [found.of(State.WAITING_SIGNAL, lane=lane) for lane in found.lanes[:2]]
    last_to_come = max(sleep.end_ns for sleep in first_sleeps)
    assert all(of_lane and of_lane[0].end_ns >= last_to_come for of_lane in waits)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_scene_runs_in_a_child_process_too(method: str) -> None:

    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, context) as pool:
        recordings = pool.submit(workers.scene, "Semaphore", 3, SHORT_S).result(60)
    assert holding(timeline(recordings)).most <= workers.SEATS


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("primitive", ("Latch", 2, 0.01)),
        ("threads", ("Lock", 0, 0.01)),
        ("hold_s", ("Lock", 2, 0.0)),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: tuple[str, int, float]) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be"):
        workers.scene(*arguments)
    with pytest.raises(ValueError, match=f"^{name} must be"):
        measure.scene(*arguments)


def test_more_threads_than_a_picture_has_room_for_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^threads must be 1 to 8"):
        measure.scene("Lock", measure.MOST_THREADS + 1, 0.01)


def test_a_stop_ends_a_scene() -> None:
    stop = threading.Event()
    stop.set()
    before = belongings()
    with pytest.raises(Stopped):
        measure.scene("Lock", 8, 1.0, stop)
    assert left_since(before, patience=10) == []


def hold(lane: str, start: int, end: int) -> Span:
    return Span(lane, State.HOLDING_LOCK, start, end)


def counted(*spans: Span) -> Counts:
    lanes = tuple(dict.fromkeys(span.lane for span in spans))
    return holding(Timeline(lanes, spans, gil=True, tells_queue=True))


def test_counts_follow_those_who_come_and_go() -> None:
    found = counted(hold("a", 0, 10), hold("b", 5, 20))
    assert found == Counts((0, 5, 10, 20), (1, 2, 1, 0))
    assert found.most == 2


def test_a_lock_handed_on_is_held_by_one() -> None:
    assert counted(hold("a", 0, 10), hold("b", 10, 20)).most == 1


def test_a_lock_held_twice_by_one_lane_counts_once() -> None:
    assert counted(hold("a", 0, 10), hold("a", 2, 8)).most == 1


def test_no_spans_no_counts() -> None:
    assert Counts((), ()).most == 0


def test_waits_for_a_lock_and_for_a_signal_count_as_waiting() -> None:
    spans = (Span("a", State.WAITING_LOCK, 0, 9), Span("b", State.WAITING_SIGNAL, 3, 5))
    found = Timeline(("a", "b"), spans, gil=True, tells_queue=True)
    assert waiting(found) == Counts((0, 3, 5, 9), (1, 2, 1, 0))


@pytest.mark.parametrize("primitive", measure.PRIMITIVES)
def test_every_scene_can_be_drawn(primitive: str) -> None:
    found = measure.Scene(primitive, 3, 0.01, timeline(workers.scene(primitive, 3, 0.01)))
    picture = draw.scene(found)
    assert picture.text.startswith(f"{primitive}, 3 threads, 10 ms each: 3 lanes over ")
    assert picture.png.startswith(b"\x89PNG")
    above, below = picture.figure.axes
    assert [label.get_text() for label in above.get_yticklabels()] == list(found.timeline.lanes)
    assert (below.get_xlabel(), below.get_ylabel()) == ("time (seconds)", "threads")


def test_the_sentence_says_how_many_held_and_waited() -> None:
    spans = (
        Span("a", State.WAITING_LOCK, 0, 1_000_000_000),
        Span("a", State.RUNNING, 1_000_000_000, 2_000_000_000),
        hold("a", 1_000_000_000, 2_000_000_000),
    )
    text = draw.describe(Timeline(("a",), spans, gil=True, tells_queue=True))
    assert text == (
        "1 lanes over 2.00 s; at most 1 held a lock at once; at most 1 waited at once, "
        "1.00 s of waiting in all."
    )


def test_the_lab_measures_and_draws() -> None:
    lab = synchronisation_lab().set(primitive="Semaphore", threads=3, hold_s=0.005).run()
    assert "Done." in lab.status.value
    assert lab.picture is not None
    assert lab.picture.text.startswith("Semaphore, 3 threads, 5 ms each: ")


def test_the_labs_controls_have_names() -> None:
    names = [control.description for control in synchronisation_lab().controls.values()]
    assert names == ["Primitive", "Threads", "Hold for"]
