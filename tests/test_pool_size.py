"""Sizes of pools: the sweep, the limit, the formula, the picture and the lab."""

from __future__ import annotations

import math
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import pool_size as draw
from helpers.labs.pool_size import pool_size_lab
from helpers.measure import pool_size as measure
from helpers.measure.compare import Comparison
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.pool_size import PROCESSES, THREADS, PoolSizes
from helpers.workers import pool_size as workers


def made(
    seconds: dict[int, float], wait_s: float, compute_s: float, cores: int = 1, tasks: int = 16
) -> PoolSizes:
    points = {str(size): (value,) * 3 for size, value in seconds.items()}
    return PoolSizes(THREADS, tasks, wait_s, compute_s, cores, Comparison(points, {}, None))


@pytest.mark.parametrize("executor", workers.EXECUTORS)
def test_each_size_is_measured_each_round_and_nothing_is_left(executor: str) -> None:
    before = belongings()
    found = workers.time_sizes(executor, [1, 2], 3, 0.001, 100, 2)
    assert {size: len(values) for size, values in found.items()} == {"1": 2, "2": 2}
    # One worker naps three times in a row.
    assert min(found["1"]) >= 0.003
    assert left_since(before, patience=10) == []


@pytest.mark.parametrize("executor", workers.EXECUTORS)
def test_a_sweep_is_told_by_size(executor: str) -> None:
    found = measure.sweep(executor, 1, 0.1, (2, 1), tasks=4, rounds=2)
    assert found.sizes == (1, 2)
    assert found.median_s(1) >= 0.004
    assert found.cores >= 1
    assert found.enough in found.sizes


def test_the_limit_is_set_by_workers_or_by_cores() -> None:
    found = made({1: 1, 4: 1, 16: 1}, wait_s=0.003, compute_s=0.001, cores=2)
    assert found.limit_s(1) == pytest.approx(16 * 0.004)
    assert found.limit_s(4) == pytest.approx(4 * 0.004)  # four workers, each four tasks in turn
    assert found.limit_s(16) == pytest.approx(8 * 0.001)  # two cores compute sixteen tasks


@pytest.mark.parametrize(
    ("wait_s", "compute_s", "cores", "needed"),
    [
        (0.003, 0.001, 1, 4),
        (0.003, 0.001, 2, 8),
        (0, 0.001, 2, 2),
        (0.01, 0, 1, 16),
        (9, 1e-3, 1, 16),
    ],
)
def test_the_formula(wait_s: float, compute_s: float, cores: int, needed: int) -> None:
    assert made({1: 1}, wait_s, compute_s, cores).needed == needed


@given(
    wait_s=st.floats(0, 0.05),
    compute_s=st.floats(1e-4, 0.05),
    cores=st.integers(1, 64),
    tasks=st.integers(1, 200),
)
def test_the_limit_never_rises_with_the_size(
    wait_s: float, compute_s: float, cores: int, tasks: int
) -> None:
    found = made({1: 1}, wait_s, compute_s, cores, tasks)
    limits = [found.limit_s(size) for size in range(1, 65)]
    assert all(a >= b or math.isclose(a, b) for a, b in pairwise(limits))
    assert 1 <= found.needed <= tasks


def test_enough_is_the_smallest_that_is_nearly_the_quickest() -> None:
    assert made({1: 0.064, 2: 0.03, 4: 0.018, 8: 0.016}, 0.003, 0.001).enough == 4


@pytest.mark.parametrize(
    ("name", "arguments", "named"),
    [
        ("executor", ("fibres", 1, 1), {}),
        ("wait_ms", (THREADS, -1, 1), {}),
        ("compute_ms", (THREADS, 1, 51), {}),
        ("wait_ms and compute_ms", (THREADS, 0, 0), {}),
        ("sizes", (THREADS, 1, 1), {"sizes": ()}),
        ("sizes", (PROCESSES, 1, 1), {"sizes": (9,)}),
        ("tasks", (THREADS, 1, 1), {"tasks": 0}),
        ("rounds", (THREADS, 1, 1), {"rounds": 0}),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: Any, named: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        measure.sweep(*arguments, **named)


def test_the_picture_says_what_was_done_and_what_the_formula_gives() -> None:
    picture = draw.sizes(made({1: 0.064, 2: 0.033, 4: 0.018}, 0.003, 0.001))
    assert picture.text == (
        "16 tasks, each waits 3 ms and computes 1 ms, in pools of threads, by size: 1: 64 ms, "
        "2: 33 ms, 4: 18 ms. The formula gives 4 for 1 core that can compute at once."
    )
    (words,) = [text.get_text() for text in picture.figure.axes[0].texts]
    assert words == "cores × (1 + waiting / computing) = 4"
    assert picture.png.startswith(b"\x89PNG")
    waiting = draw.sizes(made({1: 0.064, 2: 0.033}, 0.003, 0, 2))
    assert waiting.figure.axes[0].texts[0].get_text() == "one for each task = 16"
    assert waiting.text.endswith("for 2 cores that can compute at once.")


def test_the_lab_measures_draws_and_refuses() -> None:
    lab = pool_size_lab().set(wait_ms=1, compute_ms=0, tasks=4, largest=2).run()
    assert "Done." in lab.status.value
    assert lab.picture is not None
    assert lab.picture.text.startswith("4 tasks, each waits 1 ms")
    names = [control.description for control in lab.controls.values()]
    assert len(set(names)) == 5
    assert all(names)
    lab.set(wait_ms=50, tasks=200).run()
    assert "choose fewer or shorter ones" in lab.status.value
    lab.set(wait_ms=0, compute_ms=0).run()
    assert "a task has to do something" in lab.status.value


def test_the_lab_has_no_more_processes_than_it_says() -> None:
    lab = pool_size_lab().set(executor=PROCESSES, wait_ms=1, compute_ms=0, tasks=2, largest=64)
    lab.run()
    assert lab.data is not None
    assert lab.data.sizes == (1, 2, 4, 8)


def test_the_lab_stops_within_two_seconds() -> None:
    lab = pool_size_lab().set(wait_ms=50, compute_ms=10, tasks=60, largest=2)
    lab.start()
    time.sleep(0.3)
    lab.stop()
    lab.wait(2)
    assert "Stopped" in lab.status.value
