"""The explorer: counts worked out by hand, a tiny model, the classic puzzles, every version."""

from __future__ import annotations

import dis
import math
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.measure.explorer import (
    BLOCKING,
    DEADLOCK,
    EVERY_OPCODE,
    EXCEPTION,
    SWITCHES,
    THIS_GIL,
    Exploration,
    Program,
    Refused,
    TextProgram,
    explore,
    explore_text,
    replay,
    trace,
)
from helpers.measure.interpreters import Interpreter, find_interpreters
from helpers.workers.explorer import schedules
from tests.puzzles import PUZZLES, Puzzle

# Older ones are not what the course is for; some of their programs take very long.
INTERPRETERS = [one for one in find_interpreters().interpreters if one.version >= (3, 11)]
every_python = pytest.mark.parametrize("python", INTERPRETERS, ids=lambda one: one.label)
every_puzzle = pytest.mark.parametrize("puzzle", PUZZLES, ids=lambda one: one.name)
COUNTER = PUZZLES[0]
# What CPython makes of `counter += 1` and of leaving the function, without RESUME.
STEPS = {(3, 11): 6, (3, 12): 5, (3, 13): 5, (3, 14): 6}

counter = 0


def increment() -> None:
    global counter
    counter += 1


def steps_of(function: Callable[..., Any]) -> int:
    return sum(one.opname not in ("RESUME", "CACHE") for one in dis.get_instructions(function))


def endings(found: Exploration) -> dict[str, int]:
    return {ending.text: ending.count for ending in found.endings}


@pytest.fixture(autouse=True)
def _nothing_left() -> Any:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


# Counts that can be worked out by hand


@pytest.mark.parametrize("lines", range(3))
def test_independent_steps_give_the_binomial_coefficient(lines: int) -> None:
    source = "def work():\n    x = 1\n" + "    y = x\n" * lines
    program = TextProgram(source, ["work", "work"], "0")
    steps = len(trace(program, cut=False).steps) // 2
    found = explore(program)
    assert found.complete
    assert found.schedules == math.comb(2 * steps, steps)
    assert endings(found) == {"0": found.schedules}
    reduced = explore(program, reduced=True)
    assert (reduced.schedules, reduced.complete) == (1, True)


def test_three_threads_give_the_multinomial_coefficient() -> None:
    program = TextProgram("def work():\n    pass\n", ["work"] * 3, "0")
    steps = len(trace(program, cut=False).steps) // 3
    found = explore(program)
    assert found.schedules == math.factorial(3 * steps) // math.factorial(steps) ** 3


@every_python
def test_the_counter_on_every_version(python: Interpreter) -> None:
    """Two threads, once ``counter += 1`` each: right if one has stored before the other loads."""
    steps = STEPS.get(python.version[:2])
    if steps is None:
        pytest.skip("not worked out for this version")
    found = explore_text(COUNTER.source, COUNTER.threads, "counter", python=python.path)
    # All after the four steps of one thread, in any order with what is left of it.
    right = 2 * math.comb(2 * steps - 4, steps)
    assert found.complete
    assert found.schedules == math.comb(2 * steps, steps)
    assert endings(found) == {"2": right, "1": found.schedules - right}
    assert (found.schedules, right) in {(924, 56), (252, 12)}


@every_python
def test_where_this_gil_may_switch_the_counter_loses_nothing(python: Interpreter) -> None:
    found = explore_text(
        COUNTER.source, COUNTER.threads, "counter", switch=THIS_GIL, python=python.path
    )
    assert found.texts == {"2"}
    call = COUNTER.source.replace("counter += 1", "counter = int(counter) + 1")
    found = explore_text(call, COUNTER.threads, "counter", switch=THIS_GIL, python=python.path)
    assert found.texts == {"1", "2"}
    found = explore_text(call, COUNTER.threads, "counter", switch=BLOCKING, python=python.path)
    assert found.texts == {"2"}
    sleep = COUNTER.source.replace(
        "counter += 1", "import time; value = counter; time.sleep(0); counter = value + 1"
    )
    found = explore_text(sleep, COUNTER.threads, "counter", switch=BLOCKING, python=python.path)
    assert found.texts == {"1", "2"}


# A tiny model


VARIABLES, LOCKS = "xy", "lm"
Operation = tuple[str, str]


def operations() -> st.SearchStrategy[list[Operation]]:
    """A thread: loads and stores, and blocks under a lock, nested or one after another."""
    plain = st.tuples(st.sampled_from(["load", "store"]), st.sampled_from(VARIABLES))
    block = st.lists(plain, min_size=1, max_size=2)
    locked = st.builds(
        lambda lock, inside: [("acquire", lock), *inside, ("release", lock)],
        st.sampled_from(LOCKS),
        block,
    )
    nested = st.builds(
        lambda lock, inside: [("acquire", lock), *inside, ("release", lock)],
        st.sampled_from(LOCKS),
        locked,
    )
    return st.lists(st.one_of(block, locked, nested), min_size=1, max_size=2).map(
        lambda parts: [operation for part in parts for operation in part]
    )


def source_of(threads: list[list[Operation]]) -> str:
    lines = ["from threading import Lock", "x = y = 0", "l, m = Lock(), Lock()"]
    say = {
        "load": "    r = {0}",
        "store": "    {0} = r + 1",
        "acquire": "    {0}.acquire()",
        "release": "    {0}.release()",
    }
    for number, thread in enumerate(threads):
        lines += [f"def work{number}():", "    global x, y", "    r = 0"]
        lines += [say[what].format(name) for what, name in thread]
    return "\n".join(lines)


def model(threads: list[list[Operation]]) -> set[str]:
    """Every ending, by trying all orders of whole operations."""
    found: set[str] = set()
    seen: set[Any] = set()

    def go_on(places: Any, registers: Any, variables: Any, owners: Any) -> None:
        if (places, registers, variables, owners) in seen:
            return
        seen.add((places, registers, variables, owners))
        stuck = True
        for number, thread in enumerate(threads):
            if places[number] == len(thread):
                continue
            what, name = thread[places[number]]
            values, held, read = dict(variables), dict(owners), list(registers)
            if what == "load":
                read[number] = values[name]
            elif what == "store":
                values[name] = read[number] + 1
            elif what == "release":
                held[name] = None
            elif held[name] is None:
                held[name] = number
            else:
                continue
            stuck = False
            moved = [place + (who == number) for who, place in enumerate(places)]
            go_on(tuple(moved), tuple(read), tuple(values.items()), tuple(held.items()))
        if stuck:
            over = all(place == len(thread) for place, thread in zip(places, threads, strict=True))
            found.add(str(tuple(value for _, value in variables)) if over else DEADLOCK)

    start = tuple(0 for _ in threads)
    go_on(start, start, (("x", 0), ("y", 0)), (("l", None), ("m", None)))
    return found


def kinds(found: Exploration) -> set[str]:
    return {DEADLOCK if one.kind == DEADLOCK else one.text for one in found.endings}


slow = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@slow
@given(st.lists(operations(), min_size=2, max_size=2))
def test_the_reduced_search_agrees_with_the_model(threads: list[list[Operation]]) -> None:
    program = TextProgram(source_of(threads), ["work0", "work1"], "(x, y)")
    found = explore(program, reduced=True)
    assert found.complete
    assert kinds(found) == model(threads)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(st.lists(operations(), min_size=3, max_size=3))
def test_the_reduced_search_agrees_with_the_model_for_three(
    threads: list[list[Operation]],
) -> None:
    program = TextProgram(source_of(threads), ["work0", "work1", "work2"], "(x, y)")
    found = explore(program, reduced=True, most=3_000)
    if found.complete:
        assert kinds(found) == model(threads)
    else:
        assert kinds(found) <= model(threads)


short = st.lists(
    st.tuples(st.sampled_from(["load", "store"]), st.sampled_from(VARIABLES)),
    min_size=1,
    max_size=2,
)


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(st.lists(short, min_size=2, max_size=2))
def test_the_full_search_agrees_with_the_model_and_the_reduced_one(
    threads: list[list[Operation]],
) -> None:
    program = TextProgram(source_of(threads), ["work0", "work1"], "(x, y)")
    found = explore(program, most=3_000)
    assert kinds(found) <= model(threads)
    if found.complete:
        assert kinds(found) == model(threads)
        assert kinds(explore(program, reduced=True)) == kinds(found)


@slow
@given(st.lists(operations(), min_size=2, max_size=2))
def test_a_bounded_search_says_so_and_finds_nothing_false(
    threads: list[list[Operation]],
) -> None:
    program = TextProgram(source_of(threads), ["work0", "work1"], "(x, y)")
    found = explore(program, most=50)
    assert found.schedules <= 50
    assert kinds(found) <= model(threads)
    assert sum(ending.count for ending in found.endings) == found.schedules
    if kinds(found) != model(threads):
        assert not found.complete


@slow
@given(st.lists(operations(), min_size=2, max_size=2), st.data())
def test_a_schedule_gives_the_same_ending_every_time(
    threads: list[list[Operation]], data: st.DataObject
) -> None:
    program = TextProgram(source_of(threads), ["work0", "work1"], "(x, y)")
    found = explore(program, most=40)
    ending = data.draw(st.sampled_from(found.endings))
    for _ in range(3):
        again = replay(program, ending.schedule)
        assert (again.kind, again.text, again.schedule) == (
            ending.kind,
            ending.text,
            ending.schedule,
        )


# The classic puzzles


@every_puzzle
@every_python
def test_puzzles_are_solved_on_every_version(puzzle: Puzzle, python: Interpreter) -> None:
    found = explore_text(
        puzzle.source, puzzle.threads, puzzle.outcome, reduced=True, python=python.path
    )
    assert any(text.startswith(puzzle.wrong) for text in found.texts), found.texts
    mended = explore_text(
        puzzle.mended, puzzle.threads, puzzle.outcome, reduced=True, python=python.path
    )
    assert mended.complete
    assert mended.texts == puzzle.right


@every_puzzle
def test_the_simplest_schedules_come_first(puzzle: Puzzle) -> None:
    """A bounded search, simplest first, finds them as well, and replays what it has found."""
    program = TextProgram(puzzle.source, puzzle.threads, puzzle.outcome)
    found = explore(program, most=6_000)
    [wrong, *_] = [one for one in found.endings if one.text.startswith(puzzle.wrong)]
    assert replay(program, wrong.schedule).text == wrong.text
    mended = TextProgram(puzzle.mended, puzzle.threads, puzzle.outcome)
    assert explore(mended, most=500).texts <= puzzle.right


# Functions as they are


def test_functions_are_explored_and_everything_is_put_back() -> None:
    global counter
    counter = 41
    found = explore(Program([increment, increment], outcome=lambda: counter))
    assert found.texts == {"42", "43"}
    assert counter == 41
    assert found.schedules == math.comb(2 * (n := steps_of(increment)), n)


shelf: list[int] = []
shelf_lock = threading.Lock()


def fill() -> None:
    with shelf_lock:
        shelf.append(len(shelf))


def empty_shelf() -> None:
    global shelf
    shelf = []


def test_a_set_up_makes_what_is_shared_and_real_locks_are_replaced() -> None:
    lock = shelf_lock
    program = Program([fill, fill], empty_shelf, lambda: shelf)
    assert explore(program, reduced=True).texts == {"[0, 1]"}
    assert shelf == []
    assert shelf_lock is lock
    assert not lock.locked()


def made() -> tuple[Callable[[], None], Callable[[], int], Callable[[], None]]:
    number = 0

    def up() -> None:
        nonlocal number
        number += 1

    def get() -> int:
        return number

    def reset() -> None:
        nonlocal number
        number = 0

    return up, get, reset


def test_closures_share_their_cells() -> None:
    up, get, reset = made()
    program = Program([up, up], reset, get)
    found = explore(program, most=5_000)
    assert found.texts == {"1", "2"}
    assert explore(program, reduced=True).texts == {"1", "2"}
    # None of the schedules that keep the threads apart loses an update.
    steps = len(trace(program, cut=False).steps) // 2
    assert replay(program, f"A{steps} B{steps}").text == "2"


def test_an_exception_is_an_ending() -> None:
    program = TextProgram(
        "items = [1]\ndef take():\n    if items:\n        items.pop()\n", ["take", "take"]
    )
    found = explore(program, reduced=True)
    assert any("IndexError: pop from empty list" in one.text for one in found.of(EXCEPTION))


@pytest.mark.parametrize("switch", SWITCHES)
def test_schedules_of_every_setting_replay_at_every_opcode(switch: str) -> None:
    source = COUNTER.source.replace("counter += 1", "counter = int(counter) + 1")
    program = TextProgram(source, COUNTER.threads, "counter")
    for ending in explore(program, switch=switch).endings:
        assert replay(program, ending.schedule).text == ending.text


# Waiting


TIMED = """
from threading import Lock
lock = Lock()
got = []

def holder():
    lock.acquire()

def patient():
    got.append(lock.acquire(timeout=1))
"""


def test_a_timed_wait_may_end_either_way() -> None:
    found = explore(TextProgram(TIMED, ["holder", "patient"], "got"), reduced=True)
    assert "[False]" in found.texts
    assert any(one.kind == DEADLOCK for one in found.endings)


SYNC = {
    "rlock": ("RLock", "with s:\n        with s:\n            order.append(1)", {"2"}),
    "event": ("Event", "s.set()\n    s.wait()\n    order.append(1)", {"2"}),
    "semaphore": ("Semaphore", "with s:\n        order.append(1)", {"2"}),
    "bounded": ("BoundedSemaphore", "with s:\n        order.append(1)", {"2"}),
    "barrier": ("lambda: Barrier(2)", "s.wait()\n    order.append(1)", {"2"}),
    "queue": ("Queue", "s.put(1)\n    order.append(s.get())\n    s.task_done()", {"2"}),
    "lifo": ("LifoQueue", "s.put(1)\n    order.append(s.get())", {"2"}),
    "priority": ("PriorityQueue", "s.put(1)\n    order.append(s.get())", {"2"}),
    "simple": ("SimpleQueue", "s.put(1)\n    order.append(s.get())", {"2"}),
    "condition": ("Condition", "with s:\n        order.append(1)\n        s.notify_all()", {"2"}),
}


@pytest.mark.parametrize("name", SYNC)
def test_everything_that_threads_wait_for_works_under_control(name: str) -> None:
    make, body, wanted = SYNC[name]
    source = (
        "from threading import *\nfrom queue import *\norder = []\n"
        f"s = ({make})()\ndef work():\n    {body}\n"
    )
    program = TextProgram(source, ["work", "work"], "len(order)")
    assert explore(program, reduced=True).texts == wanted
    assert explore(program, most=300).texts <= wanted


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("Lock().release()", "RuntimeError: release unlocked lock"),
        ("RLock().release()", "RuntimeError: cannot release un-acquired lock"),
        ("Condition().notify()", "RuntimeError: cannot notify on un-acquired lock"),
        ("BoundedSemaphore().release()", "ValueError: Semaphore released too many times"),
        ("Queue().get_nowait()", "Empty"),
        ("Queue().task_done()", "ValueError: task_done() called too many times"),
        ("Barrier(1).abort(); Barrier(0)", "ValueError: parties must be >= 1"),
    ],
)
def test_misuse_raises_as_the_real_ones_do(body: str, error: str) -> None:
    source = f"from threading import *\nfrom queue import *\ndef work():\n    {body}\n"
    [ending] = explore(TextProgram(source, ["work"], "0")).endings
    assert ending.text == f"A: {error}"


# Replay and schedules as text


@given(st.binary(max_size=40).map(lambda data: bytes(byte % 4 for byte in data)))
def test_a_schedule_survives_being_text(schedule: bytes) -> None:
    codes = [increment.__code__]
    text = schedules.to_text(schedule, codes)
    assert schedules.from_text(text, codes) == schedule


@given(st.text(max_size=30))
def test_any_other_text_is_refused_or_read(text: str) -> None:
    with suppress(ValueError):
        schedule = schedules.from_text(text, [increment.__code__])
        assert schedules.turns(schedule).replace("1", "") or not text.split()


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("A99", "step 7|step 6|step 8"),
        ("hello", "must be turns like A4 B5"),
        ("3.9:0000 A4", "made on CPython 3.9"),
        (f"{sys.version_info[0]}.{sys.version_info[1]}:0000 A4", "made for another program"),
        ("C1", "for 2 threads"),
        ("A99999 B99999", "at most"),
    ],
)
def test_a_schedule_that_does_not_fit_is_refused(schedule: str, said: str) -> None:
    program = Program([increment, increment])
    with pytest.raises(ValueError, match=said):
        replay(program, schedule)


# Bad input


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("open('x')", "open.. does I/O"),
        ("print(1)", "print.. does I/O"),
        ("input()", "input.. does I/O"),
        ("import socket; socket.socket()", "socket.socket does I/O"),
        ("import os; os.system('true')", "os.system is I/O"),
        ("import pathlib; pathlib.Path('x').read_text()", "open is I/O"),
        ("while True: pass", "endless loop"),
        ("import itertools; sum(itertools.repeat(1))", "held up in line 2"),
        ("import _thread; l = _thread.allocate_lock(); l.acquire(); l.acquire()", "held up"),
        ("import threading; threading.Thread()", "a Thread"),
        ("import asyncio; asyncio.run(None)", "asyncio.run"),
    ],
)
def test_what_cannot_be_explored_is_refused(body: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explore_text(f"def work():\n    {body}\n", ["work", "work"], deadline=20)


@pytest.mark.parametrize(
    ("source", "threads", "outcome", "said"),
    [
        ("def f(:", ["f"], "", "source is not Python: line 1"),
        ("", ["f"], "", "source is empty"),
        ("1 / 0", ["f"], "", "source raised ZeroDivisionError"),
        ("open('x')", ["f"], "", "open.. does I/O"),
        ("def f(): pass", [], "", "threads must be 1 to 4"),
        ("def f(): pass", ["f"] * 5, "", "threads must be 1 to 4"),
        ("def f(): pass", ["g"], "", "threads names 'g'"),
        ("def f(): pass", ["f(x)"], "", "threads must be functions of the source"),
        ("def f(): pass", ["1 +"], "", "threads must be functions of the source"),
        ("x = 1", ["x"], "", "threads must be functions written in Python"),
        ("def f(): pass", ["f"], "1 +", "outcome is not an expression"),
        ("def f(): pass", ["f"], "nope", "outcome raised NameError"),
    ],
)
def test_bad_programs_are_refused(source: str, threads: list[str], outcome: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explore_text(source, threads, outcome, deadline=20)


def work_endlessly() -> None:
    while True:
        pass


def print_it() -> None:
    print("no")


def test_functions_in_this_process_are_refused_too() -> None:
    with pytest.raises(Refused, match="endless loop"):
        explore(Program([work_endlessly, increment]))
    with pytest.raises(Refused, match=r"print\(\) does I/O"):
        explore(Program([print_it, increment]))
    assert explore(Program([increment, increment])).complete


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"switch": "now and then"}, "switch must be one of"),
        ({"reduced": True, "switch": THIS_GIL}, "reduced must go with"),
        ({"most": 0}, "most must be"),
        ({"most_steps": 0}, "most_steps must be"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explore(Program([increment]), **arguments)


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="threads must be functions"):
        Program([print])
    with pytest.raises(ValueError, match="threads must be 1 to 4"):
        Program([])
    with pytest.raises(TypeError, match="threads must be a list"):
        TextProgram("def f(): pass", "f")


def test_the_set_up_may_fail_and_nothing_is_left() -> None:
    def fail() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        explore(Program([increment], fail))


def test_a_search_can_be_stopped() -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(Program([increment, increment]), progress=stop)
    assert explore(Program([increment, increment])).complete


@pytest.mark.parametrize("reduced", [False, True])
def test_a_search_ends_with_the_first_ending_that_was_asked_for(reduced: bool) -> None:
    program = TextProgram(COUNTER.source, list(COUNTER.threads), COUNTER.outcome)
    found = explore(program, reduced=reduced, until=lambda kind, text: text == COUNTER.wrong)
    assert found.ending(COUNTER.wrong).count == 1
    assert not found.complete
    assert found.schedules < explore(program, reduced=reduced).schedules
    assert explore(program, reduced=reduced, until=lambda kind, text: kind == DEADLOCK).complete


def test_a_hundred_deadlocks_leave_nothing_behind() -> None:
    puzzle = PUZZLES[2]
    program = TextProgram(puzzle.source, puzzle.threads, puzzle.outcome)
    deadlock = explore(program, reduced=True).of(DEADLOCK)[0]
    before = threading.active_count()
    for _ in range(100):
        assert replay(program, deadlock.schedule).kind == DEADLOCK
    assert threading.active_count() == before


# Traces


def test_a_trace_shows_what_each_thread_has_on_its_stack() -> None:
    program = Program([increment, increment])
    seen = trace(program, "A3 B1")
    assert [step.opcode for step in seen.steps[:1]] == ["LOAD_GLOBAL"]
    assert seen.steps[0].touches == "reads a global"
    assert seen.kind == "cut"
    assert seen.can_go_on == (0, 1)
    a, b = seen.moments[-1].threads
    assert (a.opcode, a.top) == ("STORE_GLOBAL", str(counter + 1))
    assert b.top == str(counter)
    assert len(seen.moments) == len(seen.steps) + 1


def test_a_blocked_thread_shows_as_blocked() -> None:
    puzzle = PUZZLES[2]
    program = TextProgram(puzzle.source, puzzle.threads, puzzle.outcome)
    deadlock = explore(program, reduced=True).of(DEADLOCK)[0]
    last = trace(program, deadlock.schedule, cut=False).moments[-1]
    assert [(one.state, one.waits_for) for one in last.threads] == [
        ("waits", "second"),
        ("waits", "first"),
    ]
    assert dict(last.shared) == {"first": "held by A", "second": "held by B"}


LOCALS = """
shared = [5]
class Box:
    def __init__(self):
        self.value = 7
box = Box()
def work():
    item = shared[0]
    other = item * 2 + box.value
    name = "a" + str(other)
    for each in (1, 2):
        item += each
    return name
"""


def test_the_shadow_of_the_stack_agrees_with_the_variables() -> None:
    """What is on top before a STORE_FAST is what the variable is afterwards."""
    seen = trace(TextProgram(LOCALS, ["work"], "0"), cut=False)
    compared = 0
    for number, step in enumerate(seen.steps):
        before, after = seen.moments[number].threads[0], seen.moments[number + 1].threads[0]
        if step.opcode == "STORE_FAST" and before.top:
            assert dict(after.variables)[step.argument] == before.top
            compared += 1
    assert compared >= 2


def test_every_setting_is_named() -> None:
    assert SWITCHES[0] == EVERY_OPCODE
