"""The pictures of explorations: bars, the table of settings, and the stage."""

from __future__ import annotations

from dataclasses import replace

from helpers.draw import explorer as draw
from helpers.draw.picture import Picture
from helpers.measure.explorer import (
    DEADLOCK,
    ENDED,
    EVERY_OPCODE,
    EXCEPTION,
    SWITCHES,
    THIS_GIL,
    Ending,
    Exploration,
    TextProgram,
    explore,
    source_lines,
    trace,
)

RIGHT = Ending(ENDED, "2", 12, "3.13:abcd A5 B5")
LOST = Ending(ENDED, "1", 240, "3.13:abcd A1 B5 A4")
STUCK = Ending(DEADLOCK, "deadlock: A waits for second, B waits for first", 8, "3.13:abcd A2 B2")
RAISED = Ending(EXCEPTION, "A: RuntimeError: dictionary changed size", 3, "3.13:abcd A9")
SOURCE = """\
from threading import Lock

lock = Lock()
total = 0

def add():
    global total
    with lock:
        total += 1
"""


def found(*endings: Ending, complete: bool = True, reduced: bool = False) -> Exploration:
    count = sum(one.count for one in endings)
    return Exploration(endings, count, 9, complete, reduced, EVERY_OPCODE, "3.13.0", True)


def labels(picture: Picture) -> list[str]:
    return [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]


def test_a_bar_for_each_ending_and_a_sentence_with_a_schedule_for_each() -> None:
    picture = draw.endings(found(RIGHT, LOST), good="2")
    assert labels(picture) == ["2", "1"]
    assert picture.text == (
        "All 252 schedules, with a switch possible at every opcode. 12 end with 2, for instance "
        "A5 B5. 240 end with 1, for instance A1 B5 A4."
    )
    assert any("✔" in text.get_text() for text in picture.figure.axes[0].texts)
    assert picture.png.startswith(b"\x89PNG")


def test_deadlocks_and_exceptions_are_endings_told_by_hatch_too() -> None:
    picture = draw.endings(found(RIGHT, STUCK, RAISED))
    hatches = [bar.get_hatch() for bar in picture.figure.axes[0].patches]
    assert hatches == ["", "xx", "//"]
    assert "8 end in a deadlock: A waits for second" in picture.text
    assert "3 raise A: RuntimeError" in picture.text
    assert "3 endings, depending on the schedule" in picture.figure.get_suptitle()


def test_a_bounded_search_never_says_that_there_is_no_bug() -> None:
    picture = draw.endings(found(RIGHT, complete=False))
    assert picture.figure.get_suptitle() == "One outcome so far"
    assert "may be other endings" in picture.text
    assert "All" not in picture.text
    assert draw.endings(found(RIGHT)).figure.get_suptitle() == (
        "One outcome, whatever the schedule"
    )
    assert "One of each kind" not in draw.describe(found(RIGHT, complete=False, reduced=True))
    assert "one of each kind" in draw.describe(found(RIGHT, reduced=True))


def test_one_bad_ending_alone_is_named() -> None:
    assert draw.endings(found(STUCK)).figure.get_suptitle() == "A deadlock"
    assert "raises" in draw.endings(found(RAISED)).figure.get_suptitle()


def test_many_endings_are_cut_and_counted() -> None:
    many = [replace(LOST, text=str(number)) for number in range(20)]
    picture = draw.endings(found(*many))
    assert len(labels(picture)) == 12
    assert "8 more endings are not shown." in picture.text


def test_the_table_of_settings_counts_what_goes_wrong() -> None:
    bounded = found(RIGHT, complete=False)
    table = draw.switches(
        {
            "bare": {EVERY_OPCODE: found(RIGHT, LOST), THIS_GIL: found(RIGHT)},
            "more": {THIS_GIL: bounded},
        },
        good="2",
    )
    assert table.rows[0] == ("bare", "240 of 252", "none of 12", "")
    assert table.rows[1] == ("more", "", "none of the simplest 12", "")
    assert len(table.columns) == 1 + len(SWITCHES)
    assert "<table" in table.html


def test_the_stage_shows_threads_stack_shared_lanes_and_source() -> None:
    program = TextProgram(SOURCE, ["add", "add"], "total")
    begun = trace(program, "A1 B1")
    stage = draw.Stage(begun, source_lines(program), (0, 1), ("add", "add"))
    for word in (
        "A: add",
        "B: add",
        "top of stack",
        "shared",
        "lanes",
        "with lock:",
        "step to come",
    ):
        assert word in stage.html
    assert stage.text.startswith("After 2 steps: A is before")
    assert repr(stage) == "<Stage>"
    assert "<!--live-->" in stage._repr_mimebundle_()["text/html"]


def test_the_stage_of_a_blocked_thread_and_of_the_end() -> None:
    program = TextProgram(SOURCE, ["add", "add"], "total")
    whole = trace(program, cut=False)
    ended = draw.Stage(whole, source_lines(program))
    assert "Outcome: 2." in ended.text
    assert "A is over" in ended.text
    inside = next(
        n for n, moment in enumerate(whole.moments) if "held by A" in dict(moment.shared)["lock"]
    )
    for steps in range(1, 9):
        blocked = trace(program, f"A{inside} B{steps}")
        if blocked.moments[-1].threads[1].waits_for:
            break
    said = draw.Stage(blocked, source_lines(program)).text
    assert "B waits for lock in line 8" in said


def test_a_program_text_cannot_break_the_page() -> None:
    source = "word = '<script>alert(1)</script>'\ndef work():\n    x = word\n"
    program = TextProgram(source, ["work"], "word")
    stage = draw.Stage(trace(program, cut=False), source_lines(program), (), ("<b>",))
    assert "<script>" not in stage.html
    assert "<b>" not in stage.html
    assert "<script>" not in draw.endings(explore(program)).html
