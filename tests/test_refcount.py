"""Reference counts, by the interpreter and by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpers.draw import refcount as draw
from helpers.measure.interpreters import Interpreter, find_interpreters
from helpers.measure.refcount import (
    GUARDED,
    UNGUARDED,
    Growth,
    SplitCount,
    count_by_hand,
    growth,
    lock_cost,
    shared_count,
    split_count,
)
from helpers.workers.refcount import guarded_changes, unguarded_changes

INTERPRETERS = find_interpreters().interpreters
each_interpreter = pytest.mark.parametrize("python", INTERPRETERS, ids=lambda one: one.label)


@each_interpreter
def test_cpython_keeps_a_shared_count_right_with_the_gil_and_without(python: Interpreter) -> None:
    found = shared_count(threads=4, times=2_000, python=python.path)
    assert found.right
    assert found.changes == 80_000
    assert found.gil is python.gil


@each_interpreter
def test_a_count_by_hand_needs_a_lock(python: Interpreter) -> None:
    without = count_by_hand(guarded=False, python=python.path)
    assert without.expected == 2_001
    assert 0 < without.missing < 2_000
    assert count_by_hand(guarded=True, times=100, python=python.path).missing == 0


@each_interpreter
def test_none_is_immortal_since_3_12_and_a_new_object_never(python: Interpreter) -> None:
    found = {one.thing: one for one in growth(500, python=python.path)}
    assert found["None"].immortal is (python.version >= (3, 12))
    assert not found["a new object"].immortal
    assert found["a new object"].after == found["a new object"].before + 500


@each_interpreter
def test_two_counts_are_seen_where_there_are_two(python: Interpreter) -> None:
    found = split_count(own=700, others=30, python=python.path)
    if python.gil:
        assert found is None
    else:
        assert found is not None
        assert found.by_others == 30
        assert 700 <= found.by_owner <= 710


def test_a_lock_per_object_is_compared_with_none() -> None:
    found = lock_cost()
    assert set(found.seconds) == {UNGUARDED, GUARDED}
    assert guarded_changes(10) == unguarded_changes(10) == 1


@pytest.mark.parametrize(
    ("experiment", "arguments", "name"),
    [
        (shared_count, {"threads": 0}, "threads"),
        (shared_count, {"times": 0}, "times"),
        (count_by_hand, {"guarded": True, "threads": 65}, "threads"),
        (count_by_hand, {"guarded": True, "times": -1}, "times"),
        (growth, {"more": 0}, "more"),
        (split_count, {"own": 0}, "own"),
        (split_count, {"others": 0}, "others"),
    ],
)
def test_bad_arguments_are_named(
    experiment: Callable[..., object], arguments: dict[str, int], name: str
) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be"):
        experiment(**arguments)


def test_tables_say_what_they_show() -> None:
    found = {"old": [Growth("None", 10, 100, 110)], "new": [Growth("None", 10, 999, 999)]}
    shown = draw.growth(found)
    assert "of 2 objects, 1 are immortal" in shown.text
    assert [row[4] for row in shown.rows] == ["counted", "immortal: not counted"]
    with pytest.raises(ValueError, match=r"^found must"):
        draw.growth({})
    assert "1,002 for the thread that made it" in draw.split(SplitCount(1002, 5, 1000, 5)).text
