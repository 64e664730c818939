"""The picture of a loop's beats, and what its sentence says."""

from __future__ import annotations

import pytest

from helpers.draw import blocking as draw
from helpers.measure.blocking import Pulse

FOUND = {
    "directly": Pulse((0.0, 0.01, 0.31, 0.32), 0.02, 0.3, 0.01, None),
    "in a thread": Pulse((1.0, 1.01, 1.02), 1.005, 1.015, 0.01, None),
}


def test_the_sentence_says_beats_and_the_longest_gap() -> None:
    picture = draw.pulses(FOUND, "Does the loop live?")
    assert picture.text == (
        "directly: 0 beats during the work, at most 300 ms apart; "
        "in a thread: 1 beat during the work, at most 10 ms apart."
    )
    assert picture.png.startswith(b"\x89PNG")


def test_every_row_begins_with_its_own_work() -> None:
    axes = draw.pulses(FOUND, "Does the loop live?").figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(FOUND)
    firsts = [line.get_xdata()[0] for line in axes.lines]  # type: ignore[index]
    assert firsts == pytest.approx([-0.02, -0.005])


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match=r"^found "):
        draw.pulses({}, "Nothing")
