"""Tasks of every kind under every model: the same results, right limits, a readable picture."""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import models_compared as draw
from helpers.labs.models_compared import MOST_TASKS, SIZES_S, models_lab
from helpers.measure import models_compared as measure
from helpers.measure.compare import Comparison
from helpers.measure.elsewhere import Stopped
from helpers.measure.executors import ASYNCIO, EXECUTORS, PROCESSES, SEQUENTIAL, THREADS, start
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.models_compared import KINDS, Compared, ceiling, task_of
from helpers.workers import models_compared as workers

METHODS = multiprocessing.get_all_start_methods()


@pytest.mark.parametrize("method", METHODS)
def test_the_tasks_run_under_every_start_method(method: str) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        assert pool.submit(workers.wait, 0.001).result() == 0.001
        assert pool.submit(workers.fetch_and_compute, 0.001, 4).result() == 14
        assert pool.submit(workers.hash_blocks, 2).result() == workers.hash_blocks(2)


def test_the_coroutines_do_the_same() -> None:
    assert asyncio.run(workers.wait_async(0.001)) == 0.001
    assert asyncio.run(workers.fetch_and_compute_async(0.001, 4)) == 14


def test_more_blocks_take_more_time_and_give_another_hash() -> None:
    assert workers.blocks_in(0.01) > workers.blocks_in(0.0001) >= 1
    assert workers.hash_blocks(1) != workers.hash_blocks(2)
    with pytest.raises(ValueError, match=r"^seconds must"):
        workers.blocks_in(0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_of_each_kind_travels_and_has_a_twin(kind: str) -> None:
    plain, awaited = task_of(kind, 0.001)
    again = pickle.loads(pickle.dumps(plain))
    with start(ASYNCIO, 1) as pool:
        assert again() == plain() == pool.submit(awaited).result(10)


@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 20), st.floats(0, 1))
def test_no_ceiling_above_the_workers_or_the_tasks(
    tasks: int, in_hand: int, at_once: int, waits: float
) -> None:
    at_once = min(at_once, in_hand)
    found = ceiling(tasks, in_hand, at_once, waits)
    assert 1 - 1e-9 <= found <= min(tasks, in_hand) + 1e-9
    assert found <= ceiling(tasks, in_hand + 1, at_once, waits) + 1e-9
    assert found <= ceiling(tasks, in_hand, at_once + 1, waits) + 1e-9


def test_ceilings_that_can_be_counted() -> None:
    assert ceiling(8, 4, 2, waits=1) == 4
    assert ceiling(8, 4, 2, waits=0) == 2
    assert ceiling(8, 4, 1, waits=0) == 1
    assert ceiling(5, 4, 4, waits=0) == 2.5  # the fifth needs a round of its own
    assert ceiling(8, 8, 1, waits=0.5) == pytest.approx(8 / 4.5)


@pytest.mark.parametrize("arguments", [(0, 1, 1, 0), (1, 0, 1, 0), (1, 1, 0, 0), (1, 1, 1, 2)])
def test_bad_ceilings_are_named(arguments: tuple[int, int, int, float]) -> None:
    with pytest.raises(ValueError, match=r"^(tasks|in_hand|at_once|waits) must"):
        ceiling(*arguments)


def made(kind: str, gil: bool = True, busy: float = 0.0, hand_over: float = 0.0) -> Compared:
    points = {SEQUENTIAL: (8e-3,) * 7, THREADS: (8e-3,) * 7, PROCESSES: (4e-3,) * 7}
    points[ASYNCIO] = (8e-3,) * 7
    return Compared(
        kind,
        tasks=8,
        workers=4,
        task_s=1e-3,
        cores=2,
        gil=gil,
        hand_over_s=dict.fromkeys(points, hand_over),
        comparison=Comparison(points, dict.fromkeys(points, 0.1), busy),
    )


@pytest.mark.parametrize(
    ("kind", "gil", "threads", "processes", "loop"),
    [
        ("computing", True, 1, 2, 1),
        ("computing", False, 2, 2, 1),
        ("hashing", True, 2, 2, 1),
        ("waiting", True, 4, 4, 4),
        ("mixed", True, 8 / 4.5, 8 / 2.5, 8 / 4.5),
        ("mixed", False, 8 / 2.5, 8 / 2.5, 8 / 4.5),
    ],
)
def test_who_may_gain_how_much(
    kind: str, gil: bool, threads: float, processes: float, loop: float
) -> None:
    found = made(kind, gil)
    assert found.ceiling(SEQUENTIAL) == found.limit(SEQUENTIAL) == 1
    assert found.ceiling(THREADS) == pytest.approx(threads)
    assert found.ceiling(PROCESSES) == pytest.approx(processes)
    assert found.ceiling(ASYNCIO) == pytest.approx(loop)


def test_handing_over_is_the_serial_part() -> None:
    found = made("computing", hand_over=0.5e-3)  # half of a task
    assert found.limit(PROCESSES) == pytest.approx(1 / (0.5 + 0.5))
    assert found.speed_up(PROCESSES).middle == 2
    with pytest.raises(KeyError):
        found.speed_up("greenlets")


def test_everything_is_measured_and_nothing_left() -> None:
    before = belongings()
    done: list[float] = []
    found = measure.models_compared(
        ["waiting", "computing"], tasks=2, task_s=0.001, workers=2, repeats=7, progress=done.append
    )
    assert [one.kind for one in found] == ["waiting", "computing"]
    for one in found:
        assert set(one.models) == set(EXECUTORS)
        assert set(one.comparison.start_up) == set(EXECUTORS)
        assert all(seconds > 0 for seconds in one.hand_over_s.values())
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert not left_since(before, patience=10)


def test_sequential_is_always_among_them() -> None:
    [found] = measure.models_compared(["waiting"], [THREADS], 1, 0.001, 1, 7)
    assert found.models == (SEQUENTIAL, THREADS)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"kinds": []}, "kinds"),
        ({"kinds": ["resting"]}, "kind"),
        ({"models": ["greenlets"]}, "models"),
        ({"tasks": 0}, "tasks"),
        ({"tasks": 65}, "tasks"),
        ({"workers": 17}, "workers"),
        ({"task_s": 0}, "task_s"),
        ({"task_s": 1}, "task_s"),
        ({"repeats": 3}, "repeats"),
    ],
)
def test_bad_arguments_are_named(changed: dict[str, Any], name: str) -> None:
    before = belongings()
    with pytest.raises(ValueError, match=rf"^{name} must"):
        measure.models_compared(**{"kinds": ["waiting"], "models": [THREADS], **changed})
    assert not left_since(before, patience=10)


def test_bad_tasks_are_named() -> None:
    with pytest.raises(ValueError, match=r"^kind must"):
        task_of("resting", 1)
    with pytest.raises(ValueError, match=r"^seconds must"):
        task_of("waiting", 0)


def test_results_come_in_order() -> None:
    with start(THREADS, 2) as pool:
        assert measure.run_all(pool, partial(divmod, 7, 2), 3) == [(3, 1)] * 3


def test_a_panel_for_each_kind_and_a_row_for_each_model() -> None:
    picture = draw.speed_ups([made("computing"), made("waiting"), made("hashing")])
    panels = [axes for axes in picture.figure.axes if axes.get_visible()]
    titles = [axes.get_title(loc="left") for axes in panels]
    assert titles == ["computing in Python", "waiting", "hashing: C without the GIL"]
    labels = [label.get_text() for label in panels[0].get_yticklabels()]
    assert labels[1] == "processes\nstart 100 ms"
    assert "computing: threads 1.00 of 1.00, processes 2.00 of 2.00" in picture.text
    assert picture.png.startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"^found must"):
        draw.speed_ups([])


def test_a_busy_machine_is_named() -> None:
    assert "Other programs" not in draw.describe([made("waiting")])
    assert "Other programs kept 1.2 cores busy" in draw.describe([made("waiting", busy=1.2)])


def test_the_lab_measures_what_its_controls_say() -> None:
    lab = models_lab().set(kind="waiting", tasks=2, task_s=SIZES_S[2], workers=1).run()
    assert "Done" in lab.status.value
    assert lab.data is not None
    assert (lab.data[0].tasks, lab.data[0].workers) == (2, 1)
    assert lab.set(tasks=999).settings["tasks"] == MOST_TASKS
    assert all(control.description for control in lab.controls.values())


def test_stop_acts_within_two_seconds() -> None:
    lab = models_lab().set(tasks=32, task_s=SIZES_S[-1], workers=2)
    lab.start()
    time.sleep(1)
    lab.stop()
    lab.wait(10)  # a busy machine takes its time to end two processes
    assert "Stopped" in lab.status.value


def test_progress_may_stop_it_and_nothing_is_left() -> None:
    before = belongings()

    def stop(done: float) -> None:
        if done > 0.1:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        measure.models_compared(["waiting"], tasks=1, task_s=0.001, workers=1, progress=stop)
    assert not left_since(before, patience=10)


@pytest.mark.parametrize("name", list(EXECUTORS))
def test_a_check_that_raises_cancels_the_rest(name: str) -> None:
    calls = [0]

    def check() -> None:
        calls[0] += 1
        if calls[0] == 3:
            raise Stopped("enough")

    began = time.perf_counter()
    with start(name, 1) as pool, pytest.raises(Stopped):
        measure.run_all(pool, partial(workers.wait, 0.05), 200, check)
    assert time.perf_counter() - began < 200 * 0.05
    assert calls[0] == 3
