"""The shapes of races, as they are run for real and as the explorer gets them."""

from __future__ import annotations

import ast
import multiprocessing
import sys
from typing import Any

import pytest

from helpers.measure.elsewhere import call
from helpers.measure.interpreters import Interpreter, find_interpreters
from helpers.workers import races as worker
from helpers.workers.timeline import gil_enabled

every_python = pytest.mark.parametrize(
    "python", find_interpreters().interpreters, ids=lambda one: one.label
)


@pytest.mark.parametrize("shape", worker.SHAPES)
@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("rounds", [False, True])
def test_each_shape_is_python_and_counts(shape: str, locked: bool, rounds: bool) -> None:
    text = worker.source(shape, locked, rounds)
    ast.parse(text)
    scope: dict[str, Any] = {}
    exec(text, scope)
    scope["add"](*[3] if rounds else [])
    assert eval(worker.SHAPES[shape][1], scope) == (3 if rounds else 1)


@pytest.mark.parametrize("shape", worker.SHAPES)
def test_under_a_lock_nothing_is_lost_and_the_interval_is_put_back(shape: str) -> None:
    before = sys.getswitchinterval()
    assert worker.counted(shape, True, 4, 50, 1e-5) == [200, 200]
    assert sys.getswitchinterval() == before


def test_a_race_is_repeated_so_often_or_so_long() -> None:
    found = worker.repeated("counter += 1", True, 2, 10, 1e-3, 5, 60.0)
    assert found == {"expected": 20, "found": [20] * 5}
    assert len(worker.repeated("counter += 1", True, 2, 10, 1e-3, 50, 0.0)["found"]) == 1


@every_python
def test_what_each_version_can_lose(python: Interpreter) -> None:
    can = call(worker.predictions, python=python.path)
    assert list(can) == list(worker.SHAPES)
    always = {"a property", "a call", "a call of a C function", "a loop in between"}
    assert all(can[shape] for shape in always | {"time.sleep(0)"})
    bare = not python.gil or python.version < (3, 10)
    assert all(can[shape] is bare for shape in ("counter += 1", "box.plain += 1", "cell[0] += 1"))


def test_a_lock_takes_every_losing_schedule_away() -> None:
    assert worker.can_lose("time.sleep(0)", False)
    assert not worker.can_lose("time.sleep(0)", True)
    assert worker.can_lose("counter += 1", False) is not gil_enabled()


def test_losses_are_counted_beside_what_can_happen() -> None:
    found = worker.losses(0.001)
    assert list(found["shapes"]) == list(found["predicted"]) == list(worker.SHAPES)
    for shape, (lost, made) in found["shapes"].items():
        assert 0 <= lost < made
        assert not lost or found["predicted"][shape]


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_add_under_the_values_lock(method: Any) -> None:
    context = multiprocessing.get_context(method)
    value, start = context.Value("i", 0), context.Barrier(2)
    crowd = [
        context.Process(target=worker.add_to_value, args=(value, 100, start, True))
        for _ in range(2)
    ]
    for process in crowd:
        process.start()
    for process in crowd:
        process.join(60)
    assert [process.exitcode for process in crowd] == [0, 0]
    assert value.value == 200
    worker.add_to_value(value, 5, context.Barrier(1), False)
    assert value.value == 205
