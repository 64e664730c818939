"""The picture of how many wait at once, and what its sentence says."""

from __future__ import annotations

import pytest

from helpers.draw import scale as draw
from helpers.measure.scale import Attempt, Scale

FOUND = Scale(
    (
        Attempt("tasks", 10, 10, 0.1, 0.101, 8e3, ""),
        Attempt("tasks", 1000, 1000, 0.1, 0.11, 9e5, ""),
        Attempt("threads", 10, 10, 0.1, 0.102, 2e5, ""),
        Attempt("threads", 1000, 500, 0.1, 2.5, 8e6, "2 s had passed"),
    )
)


def test_the_sentence_says_how_far_each_kind_came_and_why_it_stopped() -> None:
    text = draw.costs(FOUND).text
    assert "1,000 tasks in 0.11 s, 900 bytes each" in text
    assert "10 threads in 0.1 s" in text
    assert "gave up at 500 of 1,000: 2 s had passed" in text


def test_both_panels_are_log_log_with_a_cross_where_it_gave_up() -> None:
    picture = draw.costs(FOUND)
    assert picture.png.startswith(b"\x89PNG")
    for axes in picture.figure.axes:
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert [text.get_text() for text in axes.texts] == ["gave up"]
    names = {text.get_text() for text in picture.figure.legends[0].get_texts()}
    assert names == {"tasks", "threads", "the wait itself"}


def test_a_system_that_tells_no_memory_says_so() -> None:
    picture = draw.costs(Scale((Attempt("tasks", 10, 10, 0.1, 0.2, None, ""),)))
    assert "each" not in picture.text
    assert [text.get_text() for text in picture.figure.axes[1].texts] == ["not told by this system"]
    assert picture.png


def test_a_kind_that_reached_nothing_can_be_drawn() -> None:
    found = Scale((Attempt("threads", 10, 0, 0.1, 0.2, None, "refused"),))
    assert "gave up at 0 of 10: refused" in draw.costs(found).text
    assert draw.costs(found).png


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match=r"^found "):
        draw.costs(Scale(()))
