"""The picture of a queue's length, and what its sentence says."""

from __future__ import annotations

import pytest

from helpers.draw import streams as draw

FOUND = {
    "Queue()": [(5.0, 1), (5.1, 30), (5.5, 0)],
    "Queue(4)": [(7.0, 1), (7.2, 4)],
}


def test_the_sentence_says_how_long_each_queue_got() -> None:
    picture = draw.queue_lengths(FOUND, "Items that wait")
    assert picture.text == (
        "Queue(): at most 30 items, over 0.50 s; Queue(4): at most 4 items, over 0.20 s."
    )
    assert picture.png.startswith(b"\x89PNG")


def test_each_line_starts_at_zero_and_has_its_name() -> None:
    figure = draw.queue_lengths(FOUND, "Items that wait").figure
    assert [line.get_xdata()[0] for line in figure.axes[0].lines] == [0, 0]  # type: ignore[index]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(FOUND)


@pytest.mark.parametrize("found", [{}, {"Queue()": []}])
def test_nothing_cannot_be_drawn(found: dict[str, list[tuple[float, int]]]) -> None:
    with pytest.raises(ValueError, match=r"^found "):
        draw.queue_lengths(found, "Nothing")
