"""Pools of processes: each way of handing work over, lanes of a pool, chunks and balance."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import pools as draw
from helpers.labs.pools import pool_lab
from helpers.measure import pools as measure
from helpers.measure.elsewhere import Stopped
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.pools import Method, PoolRun, lanes_of, lengths
from helpers.measure.timeline import Span, State, Timeline
from helpers.workers import pools as workers

METHODS = [
    m for m in ("fork", "spawn", "forkserver") if m in multiprocessing.get_all_start_methods()
]


@pytest.mark.parametrize("method", METHODS)
def test_the_workers_run_in_pools_of_each_start_method(method: str) -> None:
    with multiprocessing.get_context(method).Pool(2, workers.load, (7,)) as pool:
        assert pool.map(workers.square, range(5)) == [0, 1, 4, 9, 16]
        assert pool.starmap(workers.add, [(1, 2), (3, 4)]) == [3, 7]
        assert {times for _, times in pool.map(workers.how_often_loaded, range(6))} == {1}
        with pytest.raises(ZeroDivisionError):
            pool.apply(workers.inverse, (0,))
        recording = pool.apply(workers.recorded, (0.002,))
        assert recording["intervals"]
        seconds, _ = pool.apply(workers.nap, (0.001,))
        assert seconds == 0.001
        pool.close()
        pool.join()


def test_what_each_method_does_is_measured() -> None:
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2) as pool, ProcessPoolExecutor(2, spawn) as executor:
        found = {method.name: method for method in measure.methods(pool, executor)}
    assert len(found) == 10
    assert found["Pool.map"] == Method("Pool.map", True, "arguments", "at the call")
    assert found["Pool.apply_async"] == Method("Pool.apply_async", False, "", "at get()")
    assert found["Executor.submit"] == Method("Executor.submit", False, "", "at result()")
    unordered = found["Pool.imap_unordered"]
    assert (unordered.blocks, unordered.order) == (False, "as they end")
    table = draw.methods(list(found.values()))
    assert len(table.rows) == 10
    assert ("Pool.map", "until all have ended", "of the arguments", "at the call") in table.rows


@pytest.mark.parametrize("ordered", [True, False])
def test_every_task_is_done_once(ordered: bool) -> None:
    before = belongings()
    found = measure.work_through([0.001] * 9, 2, 2, ordered)
    assert len(found.got_s) == 9
    assert list(found.got_s) == sorted(found.got_s)
    assert 1 <= len(found.timeline.lanes) <= 2
    assert 0 < found.balance <= 1.001
    assert left_since(before, patience=10) == []


def test_a_chunk_of_all_tasks_goes_to_one_process() -> None:
    found = measure.work_through([0.005] * 6, 2, 6)
    assert found.timeline.lanes == ("process 1",)
    assert found.by == ("process 1",) * 6
    assert len(found.busy) == 1
    assert found.balance <= 0.51


def test_a_stop_ends_a_pool_and_its_processes() -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    before = belongings()
    with pytest.raises(Stopped):
        measure.work_through([1.0] * 40, 2, stop=stop)
    assert left_since(before, patience=10) == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("lengths_s", ([], 2, 1)),
        ("lengths_s", ([0.1] * 41, 2, 1)),
        ("workers", ([0.1], 0, 1)),
        ("chunk", ([0.1], 2, 0)),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        measure.work_through(*arguments)


def test_bad_arguments_of_the_worker_are_named() -> None:
    for arguments, name in (
        (([], 2, 1, True), "lengths_s"),
        (([0.1], 0, 1, True), "workers"),
        (([0.1], 1, 0, True), "chunk"),
    ):
        with pytest.raises(ValueError, match=f"^{name} must"):
            workers.work_through(*arguments)


@given(tasks=st.integers(1, measure.MOST_TASKS), spread=st.sampled_from(sorted(measure.SPREADS)))
def test_lengths_are_positive_and_as_many_as_tasks(tasks: int, spread: str) -> None:
    found = lengths(tasks, spread)
    assert len(found) == tasks
    assert all(0 < seconds < 0.1 for seconds in found)


def test_unknown_spreads_and_numbers_of_tasks_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^spread must be one of"):
        lengths(3, "wild")
    with pytest.raises(ValueError, match=r"^tasks must be 1 to"):
        lengths(0, "growing")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 99)), min_size=1, max_size=12))
def test_the_recordings_of_a_process_make_one_lane_in_order(tasks: list[tuple[str, int]]) -> None:
    recordings = [
        {"lane": name, "intervals": [["working", start, start, start + 1, 1, 0, 0]]}
        for name, start in tasks
    ]
    found = list(lanes_of(recordings).values())
    assert [lane["lane"] for lane in found] == [f"process {n}" for n in range(1, len(found) + 1)]
    counts = Counter(len(lane["intervals"]) for lane in found)
    assert counts == Counter(Counter(name for name, _ in tasks).values())
    for lane in found:
        starts = [interval[1] for interval in lane["intervals"]]
        assert starts == sorted(starts)


def run_of(*spans: Span) -> PoolRun:
    lanes = tuple(dict.fromkeys(span.lane for span in spans))
    return PoolRun(
        2,
        3,
        True,
        (0.1,) * 4,
        Timeline(lanes, spans, gil=True, tells_queue=True),
        (0.5, 1.0),
        lanes,
    )


def test_balance_is_work_over_time_that_there_was() -> None:
    found = run_of(
        Span("process 1", State.RUNNING, 0, 1_000_000_000),
        Span("process 2", State.RUNNING, 0, 500_000_000),
    )
    assert found.busy == (1.0, 0.5)
    assert found.balance == 0.75
    picture = draw.pool_run(found, "x")
    assert picture.text == (
        "4 tasks, 2 processes, 3 handed over at once: 1 s; the processes that got work were busy "
        "for 100%, 50% of it (balance 75%); the first result came after 500 ms, the last after 1 s."
    )
    assert picture.png.startswith(b"\x89PNG")


def test_the_lab_measures_and_draws() -> None:
    lab = pool_lab().set(tasks=4, spread="all the same", workers=2, chunk=2).run()
    assert "Done." in lab.status.value
    assert lab.picture is not None
    assert lab.picture.text.startswith("4 tasks, 2 processes, 2 handed over at once")
    names = [control.description for control in lab.controls.values()]
    assert names == ["Tasks", "Their lengths", "Processes", "Chunk size", "Results"]
