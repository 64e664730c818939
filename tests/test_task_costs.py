"""What one task costs: the worker, the forecast, the picture and the lab."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import task_costs as draw
from helpers.labs.task_costs import task_costs_lab
from helpers.measure import task_costs as measure
from helpers.measure.executors import start
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.verdict import Outcome
from helpers.workers import task_costs as workers
from helpers.workers.task_costs import CALL, PROCESS_POOL, TASK, THREAD_POOL

COSTS = measure.TaskCosts(
    {
        PROCESS_POOL: (2e-3, 4e-3, 3e-3),
        CALL: (1e-7, 1e-7, 1e-7),
        THREAD_POOL: (1e-4, 1e-4, 1e-4),
    },
    {THREAD_POOL: (2e-5, 2e-5, 2e-5), PROCESS_POOL: (1e-3, 1e-3, 1e-3)},
)


def test_every_way_is_timed_and_nothing_is_left() -> None:
    before = belongings()
    with start("sequential") as cluster:
        found = measure.task_costs(3, cluster)
    assert {CALL, TASK, THREAD_POOL, PROCESS_POOL, measure.CLUSTER} <= set(found.alone)
    assert any(way.startswith("process (") for way in found.ways)
    assert (workers.INTERPRETER in found.alone) == (sys.version_info >= (3, 14))
    assert set(found.together) <= set(found.alone)
    assert all(seconds > 0 for values in found.alone.values() for seconds in values)
    assert all(len(values) == 3 for values in found.together.values())
    assert left_since(before, patience=5) == []


def test_without_a_cluster_it_is_left_out() -> None:
    assert measure.CLUSTER not in measure.task_costs(3).alone


def test_a_batch_hands_over_so_many_tasks() -> None:
    calls: list[object] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            calls.append(fn)
            return super().submit(fn, *args, **kwargs)

    with Counting(1) as pool:
        assert workers.seconds_one_by_one(pool, 4) > 0
        assert workers.seconds_together(pool, 5) > 0
    assert len(calls) == 9
    assert workers.seconds_for_calls(3) >= 0
    assert workers.seconds_for_awaits(3) >= 0
    assert workers.seconds_for_tasks_together(3) > 0


def test_ways_are_in_order_and_medians_count() -> None:
    assert COSTS.ways == (CALL, THREAD_POOL, PROCESS_POOL)
    assert COSTS.one(PROCESS_POOL) == 3e-3
    assert COSTS.each_of_many(PROCESS_POOL) == 1e-3
    assert COSTS.each_of_many(CALL) == 1e-7
    assert COSTS.least_work(PROCESS_POOL) == pytest.approx(1e-2)


def test_the_slower_of_handing_over_and_working_sets_the_time() -> None:
    assert COSTS.foreseen(PROCESS_POOL, 10, 0.0, 2) == pytest.approx(10e-3 + 3e-3)
    assert COSTS.foreseen(PROCESS_POOL, 10, 1.0, 2) == pytest.approx(5.003)
    assert COSTS.foreseen(PROCESS_POOL, 9, 1.0, 2) == pytest.approx(5.003)


@given(tasks=st.integers(1, 200), work_s=st.floats(0, 10), workers_=st.integers(1, 32))
def test_no_forecast_beats_the_workers(tasks: int, work_s: float, workers_: int) -> None:
    found = COSTS.foreseen(THREAD_POOL, tasks, work_s, workers_)
    assert found * workers_ >= tasks * work_s
    assert found >= COSTS.foreseen(THREAD_POOL, tasks, work_s, workers_ + 1)


@pytest.mark.parametrize(
    ("name", "arguments"), [("tasks", (0, 1, 1)), ("workers", (1, 1, 0)), ("work_s", (1, -1, 1))]
)
def test_bad_arguments_are_named(name: str, arguments: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        COSTS.foreseen(CALL, *arguments)


def test_too_few_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^rounds must be at least 3"):
        measure.task_costs(2)


def test_a_forecast_is_held_beside_what_came() -> None:
    with ThreadPoolExecutor(2) as pool:
        came = measure.forecast(COSTS, {THREAD_POOL: pool}, 4, 0.01, 2)
    assert came.measured[THREAD_POOL] >= 0.02
    assert came.foreseen[THREAD_POOL] == pytest.approx(0.0201)


@pytest.mark.parametrize(
    ("measured_s", "busy", "outcome"),
    [
        (1.9, None, Outcome.HOLDS),
        (0.6, 2.0, Outcome.HOLDS),
        (2.1, 0.0, Outcome.FAILS),
        (0.4, None, Outcome.FAILS),
        (2.1, 1.0, Outcome.UNTOLD),
    ],
)
def test_a_forecast_has_three_outcomes(
    measured_s: float, busy: float | None, outcome: Outcome
) -> None:
    came = measure.Forecast(4, 0.5, 2, {CALL: 1.0}, {CALL: measured_s}, busy)
    assert came.within(2).outcome is outcome


def test_the_costs_are_told_in_words() -> None:
    picture = draw.costs(COSTS)
    assert picture.text == (
        "A task that does nothing costs, one at a time: function call 0.1 µs, "
        "thread pool, submit 100 µs (of many 20 µs), process pool, submit 3 ms (of many 1 ms)."
    )
    axes = picture.figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(COSTS.ways)
    assert picture.png.startswith(b"\x89PNG")


def test_the_forecast_is_told_in_words() -> None:
    came = measure.Forecast(10, 0.02, 2, {THREAD_POOL: 0.1}, {THREAD_POOL: 0.11}, None)
    picture = draw.forecast(COSTS, came, [THREAD_POOL, PROCESS_POOL])
    assert picture.text == (
        "10 tasks of 20 ms, 2 at once: thread pool, submit 100 ms foretold, 110 ms measured. "
        "Handing over costs a tenth of the work when a task works for: thread pool, submit 200 µs, "
        "process pool, submit 10 ms."
    )
    assert picture.png.startswith(b"\x89PNG")


def test_the_lab_measures_and_draws() -> None:
    before = belongings()
    lab = task_costs_lab(COSTS).set(tasks=4, workers=2, length_s=1e-3).run()
    assert "Done." in lab.status.value
    assert lab.picture is not None
    assert lab.picture.text.startswith("4 tasks of 1 ms, 2 at once: thread pool, submit 2.1 ms")
    names = [control.description for control in lab.controls.values()]
    assert names == ["Tasks", "Workers", "Measure a task of"]
    assert left_since(before) == []
