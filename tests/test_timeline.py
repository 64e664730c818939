"""The recorder and what is made of its recordings: who ran, who waited, and for what."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure.timeline import ON_CORE, Span, State, Timeline, timeline
from helpers.workers import timeline as recorder
from helpers.workers.timeline import Recorder, gil_enabled

MS = 1_000_000
OVERLAID = State.HOLDING_LOCK
with_gil = pytest.mark.skipif(not gil_enabled(), reason="about interpreters with a GIL")
linux = pytest.mark.skipif(not Path("/proc/thread-self/schedstat").exists(), reason="has no queue")


def lane_states(found: Timeline, lane: str) -> list[Span]:
    return [span for state in State if state is not OVERLAID for span in found.of(state, lane=lane)]


def assert_gapless(found: Timeline) -> None:
    """Each lane is told from its first moment to its last, once."""
    for lane in found.lanes:
        spans = sorted(lane_states(found, lane), key=lambda span: span.start_ns)
        for before, after in itertools.pairwise(spans):
            assert before.end_ns == after.start_ns
        assert sum(span.length_ns for span in spans) == spans[-1].end_ns - spans[0].start_ns


# In a thread


def test_a_sleep_is_a_sleep() -> None:
    with Recorder("lane") as watch:
        with watch.sleeping():
            time.sleep(0.02)
        watch.beat()
    found = timeline([watch.recording])
    assert found.time_in(State.SLEEPING) >= 15 * MS
    assert_gapless(found)


class SlowLock:
    """A lock that somebody else holds for a while."""

    def __init__(self) -> None:
        self.taken = False

    def acquire(self, blocking: bool = True) -> bool:
        if blocking:
            time.sleep(0.02)
            self.taken = True
        return blocking

    def release(self) -> None:
        self.taken = False


def test_the_wait_for_a_lock_and_holding_it_are_two() -> None:
    lock = SlowLock()
    with Recorder("lane") as watch, watch.locked(lock, "till"):
        assert lock.taken
        with watch.sleeping():
            time.sleep(0.02)
    assert not lock.taken
    found = timeline([watch.recording])
    assert found.time_in(State.WAITING_LOCK) >= 15 * MS
    (hold,) = found.of(State.HOLDING_LOCK)
    assert hold.detail == "till"
    assert hold.length_ns >= 20 * MS
    assert hold.start_ns >= found.of(State.WAITING_LOCK)[0].end_ns
    assert_gapless(found)


def test_a_lock_is_released_and_told_when_its_block_fails() -> None:
    lock = SlowLock()
    with pytest.raises(KeyError), Recorder("lane") as watch, watch.locked(lock, "till"):
        raise KeyError
    assert not lock.taken
    assert len(timeline([watch.recording]).of(State.HOLDING_LOCK)) == 1


def test_a_wait_for_a_signal_gives_the_conditions_lock_back_meanwhile() -> None:
    condition = threading.Condition()
    with Recorder("lane") as watch, watch.locked(condition, "till"):
        with watch.waiting("till"):
            condition.wait(0.02)
        with watch.sleeping():
            time.sleep(0.002)
    found = timeline([watch.recording])
    [wait] = found.of(State.WAITING_SIGNAL)
    before, after = found.of(State.HOLDING_LOCK)
    assert before.end_ns <= wait.start_ns < wait.end_ns <= after.start_ns
    assert after.length_ns >= 2 * MS
    assert_gapless(found)


def test_a_wait_that_gives_nothing_back_leaves_the_hold_alone() -> None:
    lock = threading.Lock()
    with Recorder("lane") as watch, watch.locked(lock, "till"), watch.waiting():
        threading.Event().wait(0.02)
    found = timeline([watch.recording])
    assert len(found.of(State.HOLDING_LOCK)) == 1
    assert found.time_in(State.WAITING_SIGNAL) >= 15 * MS


def test_an_attempt_in_vain_is_a_wait_and_no_hold() -> None:
    lock = threading.Lock()
    lock.acquire()
    with Recorder("lane") as watch:
        assert not watch.acquire(lock, "till", timeout=0.02)
    found = timeline([watch.recording])
    assert found.of(State.HOLDING_LOCK) == []
    assert found.time_in(State.WAITING_LOCK) >= 15 * MS


def test_what_is_never_given_back_is_held_until_the_end() -> None:
    lock = threading.Lock()
    with Recorder("lane") as watch:
        assert watch.acquire(lock, "till")
        with watch.sleeping():
            time.sleep(0.002)
    assert lock.locked()
    [hold] = timeline([watch.recording]).of(State.HOLDING_LOCK)
    assert hold.length_ns >= 2 * MS


def test_a_free_lock_is_taken_without_a_wait() -> None:
    with Recorder("lane") as watch, watch.locked(threading.Lock(), "till"):
        pass
    found = timeline([watch.recording])
    assert found.of(State.WAITING_LOCK) == []
    assert len(found.of(State.HOLDING_LOCK)) == 1


def test_a_block_can_be_noted_as_a_hold() -> None:
    with Recorder("lane") as watch:
        with pytest.raises(KeyError), watch.inside("reading"), watch.sleeping():
            raise KeyError
        with watch.sleeping():
            time.sleep(0.002)
    found = timeline([watch.recording])
    [hold] = found.of(State.HOLDING_LOCK)
    assert hold.detail == "reading"
    assert hold.end_ns < found.end_ns


def test_what_another_thread_took_can_be_released_and_is_no_hold_of_this_lane() -> None:
    lock = threading.Lock()
    lock.acquire()
    with Recorder("lane") as watch:
        watch.release(lock, "till")
    assert not lock.locked()
    assert watch.recording["holds"] == []


def in_threads(*functions: Callable[[str], dict[str, Any]]) -> Timeline:
    recordings: list[dict[str, Any]] = []

    def run(number: int, function: Callable[[str], dict[str, Any]]) -> None:
        recordings.append(function(f"thread {number}"))

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return timeline(sorted(recordings, key=lambda recording: str(recording["lane"])))


def test_two_threads_never_hold_one_lock_together() -> None:
    lock = threading.Lock()

    def turns(lane: str) -> dict[str, Any]:
        with Recorder(lane) as watch:
            for _ in range(20):
                with watch.locked(lock, "till"):
                    time.sleep(0.0005)
        return watch.recording

    found = in_threads(turns, turns)
    assert len(found.of(State.HOLDING_LOCK)) == 40
    assert found.at_once_ns(State.HOLDING_LOCK) == 0
    assert_gapless(found)


def spin_together(count: int, cpu_s: float = 0.1) -> Timeline:
    """Threads that start together and each compute until they have had so much time on a core."""
    ready = threading.Barrier(count)

    def spin(lane: str) -> dict[str, Any]:
        with Recorder(lane) as watch:
            with watch.sleeping():
                ready.wait()
            until = time.thread_time() + cpu_s
            while time.thread_time() < until:
                sum(range(200))
                watch.beat()
        return watch.recording

    return in_threads(*[spin] * count)


@with_gil
def test_threads_wait_for_the_gil_and_run_in_turns() -> None:
    found = spin_together(2)
    assert found.gil
    assert found.hand_overs >= 1
    waits = State.WAITING_GIL if found.tells_queue else State.WAITING_UNKNOWN
    assert all(found.time_in(waits, lane=lane) > 0 for lane in found.lanes)
    # Bars are right to within the work between two beats, so they may overlap a little.
    assert found.at_once_ns(State.RUNNING) < found.time_in(State.RUNNING) / 5
    assert found.time_in(State.BLOCKED) == 0
    assert_gapless(found)


def test_time_on_a_core_is_neither_lost_nor_made_up() -> None:
    began = time.thread_time_ns()
    with Recorder("lane") as watch:
        before = time.thread_time_ns()
        for _ in range(2_000):
            sum(range(200))
            watch.beat()
        inside = time.thread_time_ns() - before
    outside = time.thread_time_ns() - began
    recorded = sum(interval[4] for interval in watch.recording["intervals"])
    assert inside <= recorded <= outside


# In processes and tasks


def record_in_child(send: Any) -> None:
    with Recorder(f"process {os.getpid()}") as watch:
        sum(range(1_000))
        with watch.sleeping():
            time.sleep(0.005)
    send.send(watch.recording)


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_share_the_axis_of_their_parent(method: str) -> None:
    context: Any = multiprocessing.get_context(method)
    receive, send = context.Pipe(duplex=False)
    with Recorder("parent") as watch, watch.sleeping():
        child = context.Process(target=record_in_child, args=(send,))
        child.start()
        assert receive.poll(60), "the child did not answer"
        recording = receive.recv()
    child.join()
    receive.close()
    send.close()
    found = timeline([watch.recording, recording])
    assert found.lanes == ("parent", f"process {child.pid}")
    assert recording["pid"] == child.pid
    # All that the child did lies within what its parent waited for.
    assert found.start_ns < min(span.start_ns for span in lane_states(found, found.lanes[1]))
    assert found.end_ns > max(span.end_ns for span in lane_states(found, found.lanes[1]))
    assert found.time_in(State.SLEEPING, lane=found.lanes[1]) >= 3 * MS
    assert_gapless(found)


def test_tasks_await_at_the_same_time() -> None:
    async def task(lane: str) -> dict[str, Any]:
        with Recorder(lane) as watch:
            sum(range(1_000))
            with watch.awaiting():
                await asyncio.sleep(0.02)
        return watch.recording

    async def all_tasks() -> list[dict[str, Any]]:
        return await asyncio.gather(*(task(f"task {n}") for n in range(3)))

    found = timeline(asyncio.run(all_tasks()))
    assert all(found.time_in(State.AWAITING, lane=lane) >= 15 * MS for lane in found.lanes)
    assert found.at_once_ns(State.AWAITING, least=3) > 0
    assert_gapless(found)


# Where the system tells less


def look_away(watch: Recorder) -> None:
    """Be off the core in the middle of work, as when another thread has the GIL."""
    time.sleep(0.02)
    watch.beat()


def waited(gil: bool = True) -> Timeline:
    with Recorder("lane") as watch:
        look_away(watch)
    return timeline([{**watch.recording, "gil": gil}])


@linux
def test_with_a_gil_blocked_in_python_code_is_a_wait_for_it() -> None:
    found = waited()
    assert found.tells_queue
    assert found.time_in(State.WAITING_GIL) >= 15 * MS
    assert waited(gil=False).time_in(State.BLOCKED) >= 15 * MS


@linux
def test_c_code_that_released_the_gil_waits_for_it_at_its_end() -> None:
    with Recorder("lane") as watch, watch.released():
        look_away(watch)
    found = timeline([{**watch.recording, "gil": True}])
    assert found.time_in(State.WAITING_GIL) >= 15 * MS
    assert found.of(State.RELEASED)[0].start_ns < found.of(State.WAITING_GIL)[0].start_ns


@pytest.fixture
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_open_schedstat", lambda: None)


@pytest.mark.usefixtures("no_queue")
@pytest.mark.parametrize("left", ["resource", "resource without threads", "nothing"])
def test_without_a_queue_meter_it_is_said_that_it_can_not_be_told(
    left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS (no RUSAGE_THREAD) and on Windows (no resource)."""
    if left == "nothing":
        monkeypatch.setattr(recorder, "resource", None)
    elif left == "resource without threads":
        monkeypatch.setattr(recorder, "resource", object())
    found = waited()
    assert not found.tells_queue
    assert found.time_in(State.WAITING_UNKNOWN) >= 15 * MS
    assert found.time_in(State.WAITING_GIL, State.WAITING_CORE) == 0
    assert_gapless(found)


def test_without_ctypes_there_is_no_queue_meter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_pread", None)
    assert recorder._open_schedstat() is None


def open_files(name: str) -> list[str]:
    found = []
    for entry in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{entry}"))
        except OSError:  # the folder's own
            continue
    return [path for path in found if name in path]


@linux
@pytest.mark.parametrize("text", ["", "0 0 0\n", "one line\n"])
def test_a_schedstat_that_counts_nothing_is_none(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox may show an empty file, a kernel built without the counters shows zeros."""
    (tmp_path / "uncounted").write_text(text)
    open_file = os.open
    monkeypatch.setattr(os, "open", lambda path, flags: open_file(tmp_path / "uncounted", flags))
    assert recorder._open_schedstat() is None
    assert open_files("uncounted") == []


def test_without_proc_there_is_no_queue_meter(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: str, flags: int) -> int:
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "open", missing)
    assert recorder._open_schedstat() is None


@linux
def test_the_recorder_closes_what_it_opens() -> None:
    with Recorder("lane"):
        assert len(open_files("schedstat")) == 1
    with pytest.raises(KeyError), Recorder("lane"):
        raise KeyError
    assert open_files("schedstat") == []


# Synthetic recordings

ACTIVITIES = (
    recorder.WORKING,
    recorder.RELEASED,
    recorder.SLEEPING,
    recorder.LOCKING,
    recorder.WAITING,
    recorder.AWAITING,
)


@st.composite
def intervals(draw: st.DrawFn, start: int = 0) -> tuple[Any, ...]:
    """One interval, its meters anywhere from too little to too much."""
    length = draw(st.integers(1, 10 * MS))
    meter = st.integers(0, 2 * length)
    return (
        draw(st.sampled_from(ACTIVITIES)),
        start,
        start + draw(st.integers(0, length)),
        start + length,
        draw(meter),
        draw(st.none() | meter),
        draw(st.none() | st.integers(0, 3)),
    )


@st.composite
def recordings(draw: st.DrawFn, lane: str = "lane") -> dict[str, Any]:
    made: list[tuple[Any, ...]] = []
    moment = draw(st.integers(0, MS))
    for _ in range(draw(st.integers(1, 6))):
        made.append(draw(intervals(moment)))
        moment = made[-1][3]
    return {"lane": lane, "gil": draw(st.booleans()), "intervals": made, "holds": []}


several = st.integers(1, 4).flatmap(
    lambda count: st.tuples(*(recordings(f"lane {n}") for n in range(count)))
)


@given(recordings())
def test_an_interval_is_cut_into_pieces_that_fill_it(recording: dict[str, Any]) -> None:
    found = timeline([recording])
    assert_gapless(found)
    ends = [recording["intervals"][0][1], *(interval[3] for interval in recording["intervals"])]
    cuts = {span.start_ns for span in found.spans} | {found.end_ns}
    assert cuts >= set(ends)
    assert found.length_ns == ends[-1] - ends[0]


@given(intervals(), st.booleans())
def test_a_piece_is_never_longer_than_its_meter_says(interval: tuple[Any, ...], gil: bool) -> None:
    activity, start, _, end, cpu, queue, blocked = interval
    found = timeline([{"lane": "a", "gil": gil, "intervals": [interval], "holds": []}])
    length = end - start
    if activity == recorder.AWAITING:
        assert found.time_in(State.AWAITING) == length
        return
    on_core = found.time_in(*ON_CORE)
    assert on_core <= max(min(cpu, length), 0) + 20_000  # the noise of reading three clocks
    if blocked != 0:
        assert found.time_in(State.WAITING_CORE) <= (queue or 0)
    assert found.time_in(State.RUNNING if activity == recorder.RELEASED else State.RELEASED) == 0
    if not gil or activity in (recorder.SLEEPING, recorder.LOCKING, recorder.WAITING):
        assert found.time_in(State.WAITING_GIL, State.WAITING_UNKNOWN) == 0
    if activity != recorder.SLEEPING:
        assert found.time_in(State.SLEEPING) == 0
    if activity != recorder.LOCKING:
        assert found.time_in(State.WAITING_LOCK) == 0
    if activity != recorder.WAITING:
        assert found.time_in(State.WAITING_SIGNAL) == 0
    if gil:
        assert found.time_in(State.BLOCKED) == 0


@given(several)
def test_shares_add_up(made: tuple[dict[str, Any], ...]) -> None:
    found = timeline(made)
    assert found.lanes == tuple(f"lane {n}" for n in range(len(made)))
    assert sum(found.share_in(state) for state in State) == pytest.approx(1)
    assert found.share_in(*State) == pytest.approx(1)
    for lane in found.lanes:
        assert sum(found.share_in(state, lane=lane) for state in State) == pytest.approx(1)
    assert 0 <= found.gil_held_share <= 1
    assert 0 <= found.hand_overs < max(1, len(found.of(State.RUNNING)))
    assert found.gil is any(recording["gil"] for recording in made)


@given(several, st.sampled_from([State.RUNNING, State.WAITING_CORE, State.SLEEPING]))
def test_what_happens_at_once_is_counted_moment_by_moment(
    made: tuple[dict[str, Any], ...], state: State
) -> None:
    found = timeline(made)
    edges = sorted({edge for span in found.spans for edge in (span.start_ns, span.end_ns)})
    for least in (1, 2, 3):
        expected = 0
        for low, high in itertools.pairwise(edges):
            inside = {s.lane for s in found.of(state) if s.start_ns <= low and s.end_ns >= high}
            expected += (high - low) * (len(inside) >= least)
        assert found.at_once_ns(state, least=least) == expected


def test_spans_come_by_state_and_lane_in_order_of_time() -> None:
    spans = (
        Span("b", State.RUNNING, 5, 9),
        Span("a", State.RUNNING, 0, 4),
        Span("a", State.SLEEPING, 4, 5),
        Span("a", State.HOLDING_LOCK, 1, 3, "x"),
        Span("a", State.HOLDING_LOCK, 2, 3, "y"),
    )
    found = Timeline(("a", "b"), spans, gil=True, tells_queue=True)
    assert found.of(State.RUNNING) == [spans[1], spans[0]]
    assert found.of(State.SLEEPING, State.RUNNING, lane="a") == [spans[1], spans[2]]
    assert found.of(State.RUNNING, State.RUNNING, lane="b") == [spans[0]]
    assert found.of(State.RUNNING, lane="nobody") == []
    assert (found.time_in(State.RUNNING), found.time_in(State.RUNNING, State.RUNNING)) == (8, 8)
    assert (found.start_ns, found.end_ns, found.length_ns, found.hand_overs) == (0, 9, 9, 1)
    # One lane that holds two locks is not two lanes.
    assert found.at_once_ns(State.HOLDING_LOCK) == 0
    assert found.at_once_ns(State.HOLDING_LOCK, least=1) == 2


def test_who_is_taken_off_its_core_keeps_the_gil() -> None:
    def held(times_blocked: int) -> float:
        interval = (recorder.WORKING, 0, 0, 10 * MS, 4 * MS, 6 * MS, times_blocked)
        recording = {"lane": "a", "gil": True, "intervals": [interval], "holds": []}
        return timeline([recording]).gil_held_share

    assert held(times_blocked=0) == 1
    assert held(times_blocked=1) == pytest.approx(0.4)


def test_a_recording_survives_json() -> None:
    with Recorder("lane") as watch, watch.sleeping():
        time.sleep(0.001)
    as_lists = {**watch.recording, "intervals": [list(i) for i in watch.recording["intervals"]]}
    assert timeline([as_lists]) == timeline([watch.recording])


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"^lane must be a name"):
        Recorder("")
    with pytest.raises(ValueError, match=r"^patience_ns must not be negative, got -1"):
        Recorder("lane", -1)
    with pytest.raises(ValueError, match=r"^recordings must hold at least one"):
        timeline([])
    with pytest.raises(ValueError, match=r"^recordings must be finished"):
        timeline([Recorder("lane").recording])
    with Recorder("lane") as watch:
        watch.beat()
    with pytest.raises(ValueError, match=r"^recordings must have lanes of different names"):
        timeline([watch.recording, watch.recording])
