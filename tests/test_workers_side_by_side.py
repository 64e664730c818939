"""The small experiments, on every interpreter that is here. No test depends on how fast it is."""

from __future__ import annotations

import pytest

from helpers.measure.elsewhere import call
from helpers.measure.interpreters import Interpreter, find_interpreters
from helpers.workers import side_by_side as worker

FOUND = find_interpreters().interpreters
NAMES = {
    "threads": {"1 thread", "2 threads"},
    "races": set(worker.SHAPES),
    "one thread": {"arithmetic", "attributes", "objects", "containers"},
    "models": {"one after another", "threads", "processes"},
    "start-up": set(worker.STARTS),
    "event loops": {"1 loop", "2 loops"},
}


@pytest.mark.parametrize("experiment", worker.EXPERIMENTS)
@pytest.mark.parametrize("one", FOUND, ids=lambda one: one.label)
def test_each_runs_on_each_interpreter(one: Interpreter, experiment: str) -> None:
    found = call(worker.run, experiment, 2, python=one.path)
    assert found["version"] == list(one.version)
    names = NAMES[experiment]
    if experiment == "models" and one.version >= (3, 14):
        names = names | {"subinterpreters"}
    assert set(found["values"]) == names
    assert all(len(row) == 2 for row in found["values"].values())
    lowest = 0.0 if experiment == "races" else 1e-9
    assert all(value >= lowest for row in found["values"].values() for value in row)


def test_nothing_is_lost_that_was_not_made() -> None:
    assert all(0 <= lost < 1 for row in worker.races(2).values() for lost in row)


def test_the_kinds_of_work_do_their_work() -> None:
    assert worker.attributes(4) == 6
    assert worker.objects(4) == 6
    assert worker.containers(4) == 4
    assert worker.in_loops(2, 4) > 0
