"""Threads do all of their work, recorded or not, wherever they run."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise

import pytest

from helpers.measure.elsewhere import call
from helpers.measure.interpreters import find_interpreters
from helpers.workers import gil
from helpers.workers.timeline import Recorder, _pread, gil_enabled


@pytest.fixture(autouse=True)
def _same_switch_interval() -> Iterator[None]:
    """The workers set it, in an interpreter of their own as a rule."""
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A kind of work that counts its steps."""
    done: list[int] = []
    monkeypatch.setitem(gil.KINDS, "counting", (lambda: done.append(1), "working"))
    return done


@pytest.mark.parametrize("record", [False, True])
def test_every_thread_does_all_its_steps(counted: list[int], record: bool) -> None:
    found = gil.in_threads("counting", 3, 50, record)
    assert len(counted) == 150
    assert [r["lane"] for r in found["recordings"]] == (
        ["thread 1", "thread 2", "thread 3"] if record else []
    )


def test_contending_does_the_work_twice(counted: list[int]) -> None:
    found = gil.contend("counting", 2, 0.001, 1e-3)
    tried = 11  # steps_for tries some to see how long they take
    assert len(counted) == tried + 2 * 2 * found["steps"]
    assert found["alone_s"] > 0
    assert found["seconds"] > 0
    assert sys.getswitchinterval() == pytest.approx(1e-3)


@pytest.mark.parametrize("kind", gil.KINDS)
def test_each_kind_of_work_is_recorded_as_what_it_is(kind: str) -> None:
    with Recorder("only") as recorder:
        gil.work(kind, 2, recorder)
    activities = {interval[0] for interval in recorder.recording["intervals"]}
    assert gil.KINDS[kind][1] in activities


def test_threads_start_together(counted: list[int]) -> None:
    found = gil.in_threads("counting", 4, 10, record=True)
    for recording in found["recordings"]:
        assert recording["intervals"][0][1] <= found["start_ns"] <= recording["intervals"][-1][3]


def test_scaling_times_every_round(counted: list[int]) -> None:
    found = gil.scale("counting", 2, 0.0005, 3)
    assert len(found["alone"]) == len(found["together"]) == 3


def test_alternating_threads_both_work_until_the_end() -> None:
    found = gil.alternate("small numbers", 1e-3, 0.05, 50_000)
    assert found["end_ns"] - found["start_ns"] == pytest.approx(0.05e9)
    assert found["steps"] >= 2
    for recording in found["recordings"]:
        assert recording["intervals"][-1][3] >= found["end_ns"]


@pytest.mark.parametrize("kind", gil.LOADS)
def test_a_load_records_each_of_its_threads_without_gaps(kind: str) -> None:
    recordings = gil.load(kind, 0.03)
    assert len(recordings) == gil.LOADS[kind][0]
    for recording in recordings:
        for before, after in pairwise(recording["intervals"]):
            assert before[3] == after[1]


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_workers_run_under_every_start_method(method: str) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        found = pool.submit(gil.contend, "pure Python", 2, 0.002, 5e-3).result(timeout=60)
    assert len(found["recordings"]) == 2


@pytest.mark.slow
def test_workers_run_in_every_interpreter_found() -> None:
    others = find_interpreters().interpreters[1:]
    if not others:
        pytest.skip("no other interpreter on this machine")
    for other in others:
        found = call(gil.contend, "hashing", 2, 0.005, 1e-3, python=other.path)
        assert len(found["recordings"]) == 2
        assert found["recordings"][0]["gil"] == other.gil


@pytest.mark.skipif(not gil_enabled(), reason="there is no GIL to keep")
@pytest.mark.skipif(_pread is None, reason="no schedstat is read here")
def test_the_recorder_keeps_the_gil_while_it_reads_its_meters() -> None:
    """Else each look would hand the GIL over, and change what is looked at."""
    sys.setswitchinterval(30)  # from here on, the GIL changes hands only when it is let go
    wake, awake = threading.Event(), []

    def wait() -> None:
        wake.wait()
        awake.append(1)

    waiting = threading.Thread(target=wait)
    waiting.start()
    with Recorder("only") as recorder:
        wake.set()  # from here on, the other thread wants the GIL
        for _ in range(2000):
            recorder._close_interval()
        during = list(awake)
    waiting.join()
    assert during == []
    assert awake == [1]
