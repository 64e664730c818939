"""The schedule of a pool: read from recordings, real ones and made-up ones."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure.thread_pools import schedule
from helpers.workers.timeline import SLEEPING, Recorder

S = 1_000_000_000


def recording(lane: str, thread: int, began_s: float, ended_s: float) -> dict[str, Any]:
    began, ended = round(began_s * S), round(ended_s * S)
    middle = (began + ended) // 2
    intervals = [(SLEEPING, began, began, middle, 0, 0, 0), (SLEEPING, middle, middle, ended, 0)]
    return {"lane": lane, "thread": thread, "intervals": intervals}


THREE = [
    recording("page 1", 77, 10, 13),
    recording("page 2", 55, 10.5, 11),
    recording("page 3", 55, 11, 12),
]


def test_times_count_from_the_first_task_and_threads_by_their_first() -> None:
    found = schedule(THREE, {"page 2": 11 * S, "page 1": 13 * S})
    assert [task.worker for task in found.tasks] == [1, 2, 2]
    assert [task.began_s for task in found.tasks] == [0, 0.5, 1]
    assert [task.ended_s for task in found.tasks] == [3, 1, 2]
    assert [task.handed_s for task in found.tasks] == [3, 1, None]
    assert (found.workers, found.length_s) == (2, 3)
    assert found.handed_out == ("page 2", "page 1")


def test_a_result_that_waits_is_held_back() -> None:
    found = schedule(THREE, {"page 1": 13 * S, "page 2": 13 * S})
    assert found.held_back_s("page 1") == 0
    assert found.held_back_s("page 2") == 2
    with pytest.raises(ValueError, match=r"^name 'page 3'"):
        found.held_back_s("page 3")
    with pytest.raises(KeyError, match="page 9"):
        found.held_back_s("page 9")


@given(st.permutations(range(3)))
def test_the_order_of_submission_is_kept(order: list[int]) -> None:
    found = schedule([THREE[place] for place in order])
    assert [task.name for task in found.tasks] == [f"page {place + 1}" for place in order]
    assert found.handed_out == ()


def test_a_real_pool() -> None:
    both = threading.Barrier(2)

    def task(name: str) -> dict[str, Any]:
        with Recorder(name) as recorder, recorder.sleeping():
            both.wait(30)
        return recorder.recording

    handed = {}
    with ThreadPoolExecutor(2) as pool:
        recordings = []
        for one in pool.map(task, ["a", "b", "c", "d"]):
            handed[one["lane"]] = time.perf_counter_ns()
            recordings.append(one)
    found = schedule(recordings, handed)
    assert found.workers == 2
    assert found.handed_out == ("a", "b", "c", "d")
    assert all(found.held_back_s(name) >= 0 for name in "abcd")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("recordings", ([],)),
        ("recordings", ([{}],)),
        ("recordings", ([THREE[0], THREE[0]],)),
        ("handed_ns", (THREE, {"page 9": 1})),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        schedule(*arguments)
