"""What the notebooks use of the explorer: explorations, replays and traces."""

from __future__ import annotations

import threading
import types
from typing import Any

import pytest

from helpers.measure.explorer import (
    BLOCKING,
    DEADLOCK,
    ENDED,
    EVERY_OPCODE,
    EXCEPTION,
    THIS_GIL,
    Program,
    TextProgram,
    explore,
    explore_text,
    replay,
    source_lines,
    trace,
    trace_text,
)

TWO_LOCKS = """\
from threading import Lock

first, second = Lock(), Lock()

def one():
    with first, second:
        pass

def other():
    with second, first:
        pass
"""
counter = 0


def increment() -> None:
    global counter
    counter += 1


class Box:
    def __init__(self) -> None:
        self.number = 0

    def add(self) -> None:
        self.number += 1


def make_box() -> None:
    global box
    box = Box()


def add_to_box() -> None:
    box.add()


def in_box() -> int:
    return box.number


box = Box()


def test_an_exploration_gives_its_endings_by_text_and_kind() -> None:
    found = explore(TextProgram(TWO_LOCKS, ["one", "other"], "0"), reduced=True)
    assert found.reduced
    assert found.complete
    [stuck] = found.of(DEADLOCK)
    assert found.ending(stuck.text) is stuck
    assert found.of(EXCEPTION) == ()
    assert [one.text for one in found.of(ENDED)] == ["0"]
    assert sum(one.count for one in found.endings) == found.schedules
    with pytest.raises(KeyError, match="no ending 'another'"):
        found.ending("another")


def test_progress_is_reported_and_may_stop_the_search() -> None:
    class Enough(Exception): ...

    def enough(_: int) -> None:
        raise Enough

    before = threading.active_count()
    program = TextProgram(TWO_LOCKS, ["one", "other"], "0")
    with pytest.raises(Enough):
        explore(program, progress=enough)
    assert threading.active_count() == before


def test_a_schedule_stays_good_when_other_functions_come_and_go() -> None:
    """As in a notebook, where all cells share their globals."""
    scope: dict[str, Any] = {}
    exec("n = 0\ndef add():\n    global n\n    n += 1", scope)
    before = explore(Program([scope["add"]] * 2))
    kept = before.ending("n = 1").schedule
    exec("def another():\n    return 42\nclass More:\n    def method(self): ...", scope)
    assert replay(Program([scope["add"]] * 2), kept).text == "n = 1"
    exec("def add():\n    global n\n    n = n * 2 + 1", scope)
    with pytest.raises(ValueError, match="made for another program"):
        replay(Program([scope["add"]] * 2), kept)


def test_a_schedule_is_made_for_the_classes_that_the_set_up_makes() -> None:
    program = Program([add_to_box, add_to_box], make_box, in_box)
    assert {code.co_name for code in program.marked()} >= {"add_to_box", "add", "__init__"}
    assert "make_box" not in {code.co_name for code in program.marked()}
    lost = explore(program).ending("1")
    assert replay(program, lost.schedule).text == "1"


def test_a_mark_does_not_depend_on_the_order_in_which_functions_were_found() -> None:
    from helpers.workers.explorer.schedules import mark

    codes = [increment.__code__, add_to_box.__code__, in_box.__code__]
    assert mark(codes) == mark(reversed(codes))
    assert mark(codes) != mark(codes[:2])


@pytest.mark.parametrize("switch", [EVERY_OPCODE, THIS_GIL, BLOCKING])
def test_a_replay_has_the_same_ending_every_time(switch: str) -> None:
    program = Program([increment, increment])
    for ending in explore(program, switch=switch).endings:
        again = {replay(program, ending.schedule, EVERY_OPCODE).text for _ in range(5)}
        assert again == {ending.text}


def test_where_a_schedule_stops_the_same_thread_goes_on() -> None:
    assert replay(Program([increment, increment]), "A1 B1").text == "counter = 1"
    assert replay(Program([increment, increment]), "").text == "counter = 2"


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("A1 B1 C1", "must be for 2 threads"),
        ("A100", "doesn't fit"),
        ("nonsense", "turns like"),
        ("3.1:ffff A1", "made on CPython 3.1"),
    ],
)
def test_a_schedule_that_does_not_apply_is_refused(schedule: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replay(Program([increment, increment]), schedule)


def test_a_trace_has_a_moment_before_and_after_each_step() -> None:
    found = trace(Program([increment, increment]), "A2 B1")
    assert len(found.moments) == len(found.steps) + 1 == len(found.enabled) + 1 == 4
    assert found.schedule.endswith("A2 B1")
    assert found.can_go_on == (0, 1)
    assert [step.thread for step in found.steps] == [0, 0, 1]
    assert found.steps[0].touches.startswith("reads")
    assert dict(found.moments[-1].shared) == {"counter": "0"}
    whole = trace(Program([increment, increment]), cut=False)
    assert (whole.kind, whole.text, whole.can_go_on) == (ENDED, "counter = 2", ())


def test_a_trace_of_a_deadlock_shows_who_waits_for_what() -> None:
    program = TextProgram(TWO_LOCKS, ["one", "other"], "0")
    [stuck] = explore(program, reduced=True).of(DEADLOCK)
    last = trace(program, stuck.schedule).moments[-1]
    assert [view.waits_for for view in last.threads] == ["second", "first"]


def test_the_lines_of_the_functions_that_take_part() -> None:
    lines = source_lines(TextProgram(TWO_LOCKS, ["one", "other"], "0"))
    assert lines["one"][0] == (5, "def one():")
    assert lines["other"][-1][1] == "        pass"
    assert "add" in source_lines(Program([add_to_box, add_to_box], make_box, in_box))
    typed = types.FunctionType(compile("def f(): pass", "<nowhere>", "exec").co_consts[0], {})
    assert source_lines(Program([typed, typed])) == {}


def test_a_text_is_explored_elsewhere_as_it_is_here() -> None:
    here = explore(TextProgram(TWO_LOCKS, ["one", "other"], "0"), reduced=True)
    there = explore_text(TWO_LOCKS, ["one", "other"], "0", reduced=True)
    assert {(one.text, one.count) for one in here.endings} == {
        (one.text, one.count) for one in there.endings
    }


def test_a_traced_text_that_holds_the_interpreter_up_is_ended() -> None:
    trace_text(TWO_LOCKS, ["one", "other"], "0", "A2")
    with pytest.raises(ValueError, match="held up in line 2"):
        trace_text("def work():\n    sum(range(10**12))", ["work"])
    with pytest.raises(ValueError, match="switch must be"):
        explore_text(TWO_LOCKS, ["one"], switch="now and then")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"most": 0}, "most must be"),
        ({"most_steps": 2_000_000}, "most_steps must be"),
        ({"switch": "often"}, "switch must be"),
        ({"switch": THIS_GIL, "reduced": True}, "reduced must go with"),
    ],
)
def test_bad_arguments(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explore(Program([increment]), **options)
