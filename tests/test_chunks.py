"""Chunk sizes: the worker, the prediction, the sweep, the picture, the lab, the benchmark."""

from __future__ import annotations

import multiprocessing
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import chunks as benchmark
from helpers.draw import chunks as draw
from helpers.labs.chunks import chunk_lab
from helpers.measure import chunks as measure
from helpers.measure.chunks import ChunkSweep, powers, predict
from helpers.measure.compare import Comparison
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.verdict import Outcome
from helpers.workers import chunks as workers

METHODS = multiprocessing.get_all_start_methods()
lengths = st.lists(st.floats(1e-6, 1e-2), min_size=1, max_size=60)


@pytest.mark.parametrize("method", METHODS)
def test_the_workers_run_in_pools_of_each_start_method(method: str) -> None:
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(workers.nothing, range(3)) == [None] * 3
        assert pool.apply(workers.apply_to_all, (abs, [-1, 2, -3])) == [1, 2, 3]
        pool.close()
        pool.join()


def test_each_chunk_size_is_measured_each_round_and_nothing_is_left() -> None:
    before = belongings()
    found = workers.time_chunks([10, 20, 30], [1, 3], 2, 2)
    assert set(found) == {"1", "3", workers.ALONE, workers.MESSAGE, workers.ITEM}
    assert all(len(values) == 2 and min(values) > 0 for values in found.values())
    assert left_since(before, patience=10) == []


def test_bad_arguments_of_the_worker_are_named() -> None:
    with pytest.raises(ValueError, match=r"^lengths and sizes must"):
        workers.time_chunks([], [1], 1, 1)
    with pytest.raises(ValueError, match=r"^lengths and sizes must"):
        workers.time_chunks([1], [], 1, 1)
    with pytest.raises(ValueError, match=r"^workers must"):
        workers.time_chunks([1], [1], 0, 1)


@pytest.mark.parametrize(
    ("size", "seconds"),
    [
        (1, 4 * 0.1 + 6),  # 1 and 3, 2 and 4: the second process ends last
        (2, 2 * 0.1 + 7),  # 1 + 2 against 3 + 4
        (4, 1 * 0.1 + 10),  # one process does it all
        (9, 1 * 0.1 + 10),
    ],
)
def test_a_prediction_by_hand(size: int, seconds: float) -> None:
    assert predict([1, 2, 3, 4], size, lanes=2, message_s=0.1) == pytest.approx(seconds)


@given(lengths=lengths, size=st.integers(1, 80), lanes=st.integers(1, 8))
def test_a_prediction_lies_between_perfect_and_alone(
    lengths: list[float], size: int, lanes: int
) -> None:
    found = predict(lengths, size, lanes, message_s=0.0)
    total = sum(lengths)
    assert total / lanes <= found * (1 + 1e-9)
    assert found <= total * (1 + 1e-9)
    # And it grows by what each message and each item costs.
    messages = -(-len(lengths) // size)
    costly = predict(lengths, size, lanes, message_s=1.0, item_s=0.5)
    assert costly == pytest.approx(found + messages + 0.5 * len(lengths))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("lengths_s", ([], 1, 1, 0.0)),
        ("size", ([1.0], 0, 1, 0.0)),
        ("lanes", ([1.0], 1, 0, 0.0)),
        ("message_s", ([1.0], 1, 1, -1.0)),
        ("item_s", ([1.0], 1, 1, 0.0, -1.0)),
    ],
)
def test_bad_predictions_are_named(name: str, arguments: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        predict(*arguments)


@given(st.integers(1, measure.MOST_TASKS))
def test_the_sizes_to_try_go_from_one_to_all(tasks: int) -> None:
    found = powers(tasks)
    assert found[0] == 1
    assert found[-1] == tasks
    assert all(a < b <= 2 * a for a, b in pairwise(found))


def test_a_sweep_measures_the_costs_and_every_size() -> None:
    found = measure.sweep(20, 2, "all the same", 2, sizes=[4, 1, 20], rounds=2)
    assert found.sizes == (1, 4, 20)
    assert [found.messages(size) for size in found.sizes] == [20, 5, 1]
    assert len(found.lengths_s) == 20
    assert min(found.lengths_s) > 0
    assert found.message_s > found.item_s > 0
    assert found.best_measured in found.sizes
    assert found.best_predicted in found.sizes
    assert 1 <= found.lanes <= 2


def test_growing_tasks_grow_around_the_same_mean() -> None:
    many = 100
    for spread, length in measure.SPREADS.items():
        relative = [length(number, many) for number in range(many)]
        assert sum(relative) / many == pytest.approx(1), spread
        assert relative == sorted(relative)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("tasks", {"tasks": 0}),
        ("task_us", {"task_us": 0.5}),
        ("spread", {"spread": "wild"}),
        ("processes", {"processes": 9}),
        ("sizes", {"tasks": 4, "sizes": [5]}),
        ("sizes", {"sizes": []}),
        ("rounds", {"rounds": 0}),
    ],
)
def test_bad_sweeps_are_named(name: str, named: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        measure.sweep(**named)


def made(seconds: dict[int, float], busy: float | None = 0.0) -> ChunkSweep:
    points = {str(size): (value,) * 7 for size, value in seconds.items()}
    return ChunkSweep((1e-3,) * 8, 2, 2, 1e-3, 1e-6, Comparison(points, {}, busy))


def test_the_picture_marks_both_bests() -> None:
    found = made({1: 0.013, 2: 0.009, 4: 0.0065, 8: 0.0092})
    assert (found.best_predicted, found.best_measured) == (4, 4)
    picture = draw.curve(found)
    assert picture.text == (
        "8 tasks of 1 ms on average, 2 processes; a message costs 1 ms. Computed beforehand: "
        "chunks of 4 are the best; they took 6.5 ms. Measured: chunks of 4 are, with 6.5 ms. "
        "Chunks of 1 took 13 ms."
    )
    stars = [line for line in picture.figure.axes[0].lines if line.get_marker() == "*"]
    assert len(stars) == 2
    assert picture.png.startswith(b"\x89PNG")


def test_the_lab_measures_draws_and_refuses() -> None:
    lab = chunk_lab().set(tasks=20, task_us=1).run()
    assert "Done." in lab.status.value
    assert lab.picture is not None
    assert lab.picture.text.startswith("20 tasks of ")
    names = [control.description for control in lab.controls.values()]
    assert names == ["Tasks", "Each computes, on average", "Their lengths", "Processes"]
    lab.set(tasks=5_000, task_us=1_000).run()
    assert "choose fewer or shorter ones" in lab.status.value


def test_the_lab_stops_within_two_seconds() -> None:
    lab = chunk_lab().set(tasks=1_000, task_us=1_000)
    lab.start()
    time.sleep(0.3)
    lab.stop()
    lab.wait(2)
    assert "Stopped" in lab.status.value


@pytest.mark.parametrize(
    ("seconds", "busy", "outcome"),
    [
        ({1: 0.013, 2: 0.009, 4: 0.0065, 8: 0.0092}, 0.0, Outcome.HOLDS),
        ({1: 0.013, 2: 0.006, 4: 0.0065, 8: 0.0092}, 0.0, Outcome.HOLDS),
        ({1: 0.004, 2: 0.009, 4: 0.0065, 8: 0.0092}, 0.0, Outcome.FAILS),
        ({1: 0.004, 2: 0.009, 4: 0.0065, 8: 0.0092}, 1.5, Outcome.UNTOLD),
        ({1: 0.004, 2: 0.009, 4: 0.004, 8: 0.0092}, 0.0, Outcome.UNTOLD),
    ],
)
def test_the_benchmark_has_three_answers(
    seconds: dict[int, float], busy: float, outcome: Outcome
) -> None:
    assert benchmark.verdict(made(seconds, busy)).outcome is outcome


def test_the_benchmark_has_a_row_for_each_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "usable_cores", lambda: (2, ""))
    monkeypatch.setattr(measure, "sweep", lambda *_, **__: made({1: 0.013, 4: 0.0065}))
    rows = list(benchmark.rows(7))
    assert [row.ratio for row in rows] == ["1", "1", "1"]
    assert rows[0].ours == "4 (6.5 ms)"
    assert rows[0].peer == "measured best 4 (6.5 ms)"
    monkeypatch.setattr(benchmark, "usable_cores", lambda: (1, ""))
    assert [row.verdict.reason for row in benchmark.rows(7)] == ["it needs two cores"] * 3
