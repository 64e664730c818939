"""The stepper and the explorer lab without a browser."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from helpers.draw.picture import Picture
from helpers.labs.explorer import (
    DIFFERING,
    EXAMPLES,
    LINE,
    TURN,
    ExplorerLab,
    Stepper,
    explorer_lab,
)
from helpers.measure.explorer import SWITCHES, Program, TextProgram, explore

SLOWLY = """\
total = 0

def add():
    global total
    seen = total
    total = seen + 1
"""
counter = 0


def increment() -> None:
    global counter
    counter += 1


def slowly() -> Stepper:
    return Stepper(TextProgram(SLOWLY, ["add", "add"], "total"), ("add", "add"))


def said(stepper: Stepper) -> str:
    return str(stepper.status.value)


# The stepper


def test_at_the_start_all_can_be_seen_and_nothing_is_taken() -> None:
    stepper = slowly()
    assert said(stepper).endswith("Step 0. Who takes the next one?</span>")
    html = stepper.image.value
    for word in ("A: add", "B: add", "top of stack", "locals", "shared", "LOAD_GLOBAL", "total"):
        assert word in html
    assert "seen = total" in html  # the source


def test_steps_by_opcode_change_stack_locals_and_shared_things() -> None:
    stepper = slowly()
    stepper.step(0)
    assert stepper.trace is not None
    assert stepper.trace.moments[-1].threads[0].top == "0"
    stepper.step(0)
    assert stepper.trace.moments[-1].threads[0].variables == (("seen", "0"),)
    stepper.step_line(1)
    stepper.step_line(1)
    assert dict(stepper.trace.moments[-1].shared) == {"total": "1"}
    assert "changed" in stepper.image.value or stepper.taken[-1] == 1
    assert stepper.trace.moments[-1].threads[0].variables == (("seen", "0"),)


def test_a_step_by_line_stops_at_the_next_line() -> None:
    stepper = slowly()
    stepper.step_line(0)
    assert stepper.trace is not None
    assert stepper.trace.moments[-1].threads[0].line == 6
    assert stepper.taken == [0, 0]


def test_a_lost_update_by_hand() -> None:
    stepper = slowly()
    stepper.step_line(0)
    for _ in range(20):
        stepper.step(1)
    stepper.run_to_end()
    assert "Outcome: 1" in said(stepper)
    assert stepper.schedule.value.split()[1:][0] == "A2"


def test_back_forward_and_reset_walk_along_the_same_schedule() -> None:
    stepper = slowly()
    stepper.run_to_end()
    whole = stepper.schedule.value
    steps = len(stepper.taken)
    stepper.step_back()
    assert len(stepper.taken) == steps - 1
    stepper.step_forward()
    assert stepper.schedule.value == whole
    stepper.start_again()
    assert (stepper.taken, len(stepper.ahead)) == ([], steps)
    for _ in range(steps):
        stepper.step_forward()
    assert stepper.schedule.value == whole


def test_back_and_forward_by_line_and_by_turn() -> None:
    stepper = slowly()
    stepper.load("A2 B2 A1")
    stepper.unit.value = TURN
    lengths = []
    for _ in range(3):
        stepper.step_forward()
        lengths.append(len(stepper.taken))
    assert lengths == [2, 4, 5]
    stepper.step_back()
    stepper.step_back()
    assert len(stepper.taken) == 2
    stepper.start_again()
    stepper.unit.value = LINE
    stepper.step_forward()
    assert stepper.taken == [0, 0]
    stepper.run_to_end()
    stepper.step_back()
    assert stepper.trace is not None
    assert {view.line for view in stepper.trace.moments[-1].threads if view.line} == {6}
    assert len(stepper.ahead) > 1


def test_another_choice_forgets_what_was_ahead() -> None:
    stepper = slowly()
    stepper.load("A2 B2")
    stepper.step(1)
    assert stepper.ahead == []
    stepper.load("A2 B2")
    stepper.step(0)
    assert stepper.ahead == [0, 1, 1]


def test_buttons_that_can_do_nothing_say_why() -> None:
    source, threads, outcome = EXAMPLES["two locks"]
    found = explore(TextProgram(source, threads.split(", "), outcome), reduced=True)
    [stuck] = found.of("deadlock")
    stepper = Stepper(TextProgram(source, threads.split(", "), outcome))
    stepper.step_back()
    assert "This is the start" in said(stepper)
    stepper.step_forward()
    assert "No step is ahead" in said(stepper)
    stepper.load(stuck.schedule)
    stepper.run_to_end()
    assert "a deadlock: A waits for second, B waits for first" in said(stepper)
    assert "waiting for second" in stepper.image.value
    taken = list(stepper.taken)
    stepper.step(0)
    assert "A waits for second" in said(stepper)
    stepper.step_line(1)
    assert "B waits for first" in said(stepper)
    assert stepper.taken == taken
    stepper = slowly()
    stepper.run_to_end()
    stepper.step(0)
    assert "A is over" in said(stepper)


def test_a_pasted_schedule_is_shown_and_a_wrong_one_is_refused() -> None:
    stepper = slowly()
    stepper.schedule.value = "A2 B3"
    assert stepper.taken == [0, 0, 1, 1, 1]
    for wrong, word in (
        ("A2 X1", "turns like"),
        ("3.1:0000 A2", "made on CPython 3.1"),
        ("A999", "doesn't fit"),
        ("C1", "must be for 2 threads"),
    ):
        stepper.schedule.value = wrong
        assert "This doesn&#x27;t work" in said(stepper)
        assert word in said(stepper).replace("&#x27;", "'")
        assert stepper.taken == [0, 0, 1, 1, 1]


def test_functions_of_this_module_can_be_stepped() -> None:
    stepper = Stepper(Program([increment, increment]))
    stepper.step(0)
    assert "A: increment" in stepper.image.value
    stepper.run_to_end()
    assert "Outcome: counter = 2" in said(stepper)
    assert counter == 0


def test_every_part_has_a_name_and_no_thread_is_left() -> None:
    before = threading.active_count()
    stepper = slowly()
    buttons = [*stepper.opcode_buttons, *stepper.line_buttons, stepper.back, stepper.forward]
    buttons += [stepper.reset, stepper.to_end]
    names = [button.description for button in buttons]
    assert all(names)
    assert len(set(names)) == len(names)
    assert stepper.schedule.description
    assert stepper.unit.description
    for button in buttons:
        button.click()
    assert threading.active_count() == before


def test_a_stored_notebook_shows_the_stage() -> None:
    bundle = slowly()._repr_mimebundle_()
    assert "A: add" in bundle["text/html"]
    assert bundle["text/plain"] == "<Lab: You are the scheduler>"


# The lab


def options(lab: ExplorerLab) -> dict[str, str]:
    return dict(lab.ending.options)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_runs_and_its_endings_open_in_the_stepper(example: str) -> None:
    lab = explorer_lab()
    lab.set(example=example, search=DIFFERING).run()
    assert "Done" in lab.status.value
    assert isinstance(lab.picture, Picture)
    assert lab.data is not None
    listed = [schedule for schedule in options(lab).values() if schedule]
    assert len(listed) == len(lab.data.endings)
    for ending in lab.data.endings:
        lab.ending.value = ending.schedule
        stepper: Any = lab.stepper
        stepper.run_to_end()
        assert ending.text in stepper.image.value.replace("&#x27;", "'") + said(stepper)


def test_an_example_fills_the_fields() -> None:
    lab = explorer_lab().set(example="check, then act")
    assert "class Account" in lab.settings["source"]
    assert lab.settings["threads"] == "withdraw(70), withdraw(60)"


def test_the_schedule_opens_ahead_and_the_lab_says_so() -> None:
    lab = explorer_lab()
    lab.run()
    assert lab.data is not None
    lab.ending.value = lab.data.endings[-1].schedule
    assert lab.stepper is not None
    assert lab.stepper.taken == []
    assert lab.stepper.ahead
    assert "open below" in lab._said.value
    lab.run()  # anew: what was chosen is forgotten
    assert lab.ending.value == ""


def test_where_this_gil_may_switch_the_counter_has_one_ending() -> None:
    lab = explorer_lab()
    lab.set(switch=SWITCHES[1]).run()
    assert lab.data is not None
    assert lab.data.texts == {"2"}


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("def work(: pass", "not Python"),
        ("", "empty"),
        ("def other():\n    pass", "no such function"),
        ("def work():\n    while True:\n        pass", "endless loop"),
        ("def work():\n    open('x')", "I/O"),
        ("def work():\n    input()", "I/O"),
        ("import socket\ndef work():\n    socket.create_connection(('127.0.0.1', 9))", "I/O"),
        ("import subprocess\ndef work():\n    subprocess.run(['ls'])", "can't run under"),
        ("def work():\n    sum(range(10**12))", "held up in line 2"),
        ("while True:\n    pass\ndef work():\n    pass", "held up in line"),
        ("1 / 0", "ZeroDivisionError"),
        ("import os\ndef work():\n    os._exit(3)", ""),
        ("import sys\ndef work():\n    sys.exit()", ""),
    ],
)
def test_what_cannot_be_explored_is_refused_and_nothing_is_left(source: str, word: str) -> None:
    before = threading.active_count()
    lab = explorer_lab()
    lab.set(source=source, threads="work, work", outcome="").start()
    lab.wait(20)
    assert word in lab.status.value.replace("&#x27;", "'")
    assert not lab.run_button.disabled
    assert threading.active_count() == before
    if word:
        assert "This didn&#x27;t work" in lab.status.value


def test_stop_ends_a_long_search() -> None:
    lab = explorer_lab()
    lab.set(example="two locks", most=50_000).start()
    time.sleep(0.5)
    lab.stop()
    lab.wait(5)
    assert "Stopped" in lab.status.value


def test_the_controls_have_names_of_their_own() -> None:
    lab = explorer_lab()
    names = [control.description for control in lab.controls.values()]
    names.append(lab.ending.description)
    assert all(names)
    assert len(set(names)) == len(names)
