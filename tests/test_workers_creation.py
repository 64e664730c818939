"""The costs of one more are numbers, for every kind that this Python has."""

from __future__ import annotations

import importlib.util
import multiprocessing

import pytest

from helpers.measure.elsewhere import call
from helpers.workers import creation
from helpers.workers import memory as memory_module

METHODS = multiprocessing.get_all_start_methods()
INTERPRETERS = importlib.util.find_spec("concurrent.interpreters") is not None


def test_each_kind_is_timed_in_each_round() -> None:
    seconds = creation.time_starts(2)
    kinds = {"asyncio task", "thread"} | {f"process ({method})" for method in METHODS}
    assert set(seconds) == kinds | ({"subinterpreter"} if INTERPRETERS else set())
    assert all(len(values) == 2 and min(values) > 0 for values in seconds.values())


def test_a_child_tells_its_memory_under_every_start_method() -> None:
    found = creation.memory_of_processes()
    assert set(found) == set(METHODS)
    here = memory_module.own_memory()
    for memory in found.values():
        assert {name for name in memory if memory[name] is not None} == {
            name for name in here if here[name] is not None
        }
        if memory["resident"] is not None and memory["unique"] is not None:
            assert 0 < memory["unique"] < memory["resident"]


@pytest.mark.skipif(
    memory_module.own_memory()["resident"] is None, reason="not told on this system"
)
def test_memory_grows_with_what_is_made() -> None:
    # In an interpreter of their own: what other tests give back meanwhile would be counted, too.
    tasks = call(creation.memory_of_tasks, 20_000)
    assert tasks is not None
    assert 100 < tasks < 20_000  # a task is some objects, no stack
    threads = call(creation.memory_of_threads, 50)
    assert threads is not None
    assert threads >= 0  # stacks that ended threads left behind are used again
    assert (creation.memory_of_interpreters(1) is not None) == INTERPRETERS


def test_without_smaps_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peak that stands in needn't grow, so threads would seem to cost nothing."""
    monkeypatch.setattr(memory_module, "_MEMORY", "/missing/{}")
    assert memory_module.own_memory() == {"resident": None, "unique": None}
    assert creation.memory_of_tasks(1) is None
    assert creation.memory_of_threads(1) is None
