"""Listings of source texts and functions, and the rule held against what interpreters do."""

from __future__ import annotations

import sys

import pytest

from helpers.measure.bytecode import Listing, Switch, listing, listing_of
from helpers.measure.elsewhere import WorkerFailed
from helpers.measure.eval_breaker import SAMPLES, look_ups
from helpers.measure.interpreters import Interpreter, find_interpreters
from helpers.measure.lost_updates import SHAPES, lost_updates

INTERPRETERS = find_interpreters().interpreters
each_interpreter = pytest.mark.parametrize("python", INTERPRETERS, ids=lambda one: one.label)

GLOBAL = "def f():\n    global counter\n    counter += 1\n"
CALL_BETWEEN = "def f(d):\n    x = d.n\n    print(x)\n    d.n = x\n"


def strongest(found: Listing) -> list[Switch]:
    return [gap.switch for gap in found.functions[0].gaps]


@each_interpreter
def test_a_bare_increment_leaves_no_room_since_3_10_with_the_gil(python: Interpreter) -> None:
    found = listing(GLOBAL, python=python.path)
    (gap,) = found.functions[0].gaps
    assert (gap.kind, gap.name, gap.read_line, gap.write_line) == ("a global", "counter", 3, 3)
    quiet = python.gil and python.version >= (3, 10)
    assert gap.switch is (Switch.MAY if quiet else Switch.YES)
    if quiet:  # and "may" only if the addition itself is written in Python
        assert {opcode.name for opcode in gap.at} <= {"BINARY_OP", "INPLACE_ADD"}
    assert found.python == ".".join(map(str, python.version))
    assert found.gil is python.gil


@each_interpreter
def test_a_call_between_read_and_write_leaves_room(python: Interpreter) -> None:
    assert strongest(listing(CALL_BETWEEN, python=python.path)) == [Switch.YES]


def test_a_function_that_is_there_is_listed_as_the_interpreter_holds_it() -> None:
    def increment(n: int) -> int:
        n += 1
        return n

    found = listing_of(increment, gil=True)
    assert [opcode for opcode in found.functions[0].opcodes if opcode.touches] == []
    assert found.functions[0].gaps == ()
    without = listing_of(increment, gil=False).functions[0].opcodes
    assert {opcode.switch for opcode in without} == {Switch.YES}


def test_the_gap_begins_at_the_first_read_and_ends_at_the_next_write() -> None:
    def withdraw(account: dict[str, int]) -> None:
        if account["balance"] > 0:
            print("yes")
            account["balance"] -= 1
        account["balance"] = 0

    (gap,) = listing_of(withdraw, gil=True).functions[0].gaps
    assert gap.switch is Switch.YES
    assert gap.read_line is not None
    assert gap.write_line == gap.read_line + 2


def test_bad_sources_and_interpreters_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^source is not Python: line 1"):
        listing("def f(:")
    with pytest.raises(TypeError, match=r"^source must be a text"):
        listing(b"def f(): pass")  # type: ignore[arg-type]
    with pytest.raises(WorkerFailed):
        listing(GLOBAL, python="/no/such/python")
    with pytest.raises(TypeError, match=r"^function must be a function"):
        listing_of(len)


@each_interpreter
@pytest.mark.parametrize("sample", SAMPLES)
def test_no_interpreter_looks_up_where_the_rule_says_it_does_not(
    sample: str, python: Interpreter
) -> None:
    found = look_ups(sample, seconds=0.15, python=python.path)
    assert found.opcodes
    assert found.against_the_rule == ()


def test_interruptions_are_noticed_on_the_way_back_of_a_loop() -> None:
    found = look_ups("with a loop", seconds=0.5)
    assert any(one.times and "JUMP_BACKWARD" in one.opcode for one in found.opcodes)


def test_look_ups_refuse_bad_arguments() -> None:
    with pytest.raises(ValueError, match=r"^sample must be one of"):
        look_ups("other")
    with pytest.raises(ValueError, match=r"^seconds must be"):
        look_ups(SAMPLES[0], seconds=0)


@each_interpreter
def test_where_nothing_looks_up_nothing_is_lost(python: Interpreter) -> None:
    if not python.gil or python.version < (3, 10):
        pytest.skip("there, another thread may come between any two opcodes")
    found = lost_updates("bare", times=20_000, switch_interval=1e-6, python=python.path)
    assert found.lost == 0
    assert found.expected == found.counted == 80_000


@each_interpreter
def test_a_sleep_between_loses_updates_and_a_lock_loses_none(python: Interpreter) -> None:
    # Before 3.11 a sleep of 0 is over in a microsecond: a thread could end before the next begins.
    times = 2_000 if python.version >= (3, 11) else 50_000
    found = lost_updates("sleep", times=times, python=python.path)
    assert 0 < found.lost < found.expected
    assert 0 < found.share < 1
    assert lost_updates("lock", times=200, python=python.path).lost == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_one_thread_alone_loses_nothing(shape: str) -> None:
    found = lost_updates(shape, threads=1, times=500)
    assert (found.expected, found.lost) == (500, 0)
    assert found.python == ".".join(map(str, sys.version_info[:3]))


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"shape": "round"}, "shape"),
        ({"shape": "bare", "threads": 0}, "threads"),
        ({"shape": "bare", "threads": 65}, "threads"),
        ({"shape": "bare", "times": 0}, "times"),
        ({"shape": "bare", "switch_interval": 0.0}, "switch_interval"),
        ({"shape": "bare", "switch_interval": float("nan")}, "switch_interval"),
    ],
)
def test_lost_updates_refuse_bad_arguments(arguments: dict[str, object], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        lost_updates(**arguments)  # type: ignore[arg-type]
