"""The picture of a pool's tasks and results."""

from __future__ import annotations

import pytest

from helpers.draw.thread_pools import describe, schedules
from helpers.measure.thread_pools import Schedule, Task

AT_ONCE = Schedule((Task("page 1", 1, 0, 0.3, 0.301), Task("page 2", 2, 0, 0.1, 0.101)))
HELD = Schedule((Task("page 1", 1, 0, 0.3, 0.301), Task("page 2", 2, 0, 0.1, 0.302)))
NOBODY = Schedule((Task("page 1", 1, 0, 0.3, None),))


def test_the_sentence_says_the_order_and_what_was_held_back() -> None:
    assert describe("as_completed", AT_ONCE) == (
        "as_completed: 2 tasks on 2 threads in 301 ms; results used in the order page 2, page 1; "
        "none held back."
    )
    assert describe("map", HELD).endswith("page 1, page 2; held back: page 2.")
    assert describe("submit", NOBODY).endswith("no result was used.")


def test_tasks_stand_on_the_lanes_of_their_threads() -> None:
    picture = schedules({"as_completed": AT_ONCE, "map": HELD}, "Two orders")
    first, second = picture.figure.axes
    assert first.get_xlim() == second.get_xlim()
    ticks = [label.get_text() for label in first.get_yticklabels()]
    assert ticks == ["thread 1", "thread 2", "result used"]
    assert [text.get_text() for text in first.texts] == ["1", "2"]
    assert len({bar.get_extents().y0 for bar in first.patches}) == 2
    assert picture.png.startswith(b"\x89PNG")
    assert "as_completed: 2 tasks" in picture.text
    assert "map: 2 tasks" in picture.text


def test_a_dotted_line_only_where_a_result_was_held_back() -> None:
    picture = schedules({"as_completed": AT_ONCE, "map": HELD}, "Two orders")
    dotted = [sum(line.get_linestyle() == ":" for line in a.lines) for a in picture.figure.axes]
    assert dotted == [0, 1]


def test_results_that_nobody_used_have_no_mark() -> None:
    [axes] = schedules({"submit": NOBODY}, "Nobody asks").figure.axes
    assert not [line for line in axes.lines if line.get_marker() == "v"]


def test_no_runs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^runs must"):
        schedules({}, "None")
