"""The pictures of threads under the GIL, and what their sentences say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import gil as draw
from helpers.measure.compare import Comparison
from helpers.measure.gil import Contention, Runs, SpeedUps
from helpers.measure.timeline import Span, State, Timeline

MS = 1_000_000
SPANS = (
    Span("thread 1", State.RUNNING, 0, 5 * MS),
    Span("thread 2", State.WAITING_GIL, 0, 5 * MS),
    Span("thread 2", State.RUNNING, 5 * MS, 10 * MS),
)


def found(gil: bool = True, tells_queue: bool = True) -> Contention:
    lanes = ("thread 1", "thread 2")
    timeline = Timeline(lanes, SPANS, gil, tells_queue)
    return Contention("pure Python", 2, 5e-3, 0.012, 0.010, timeline)


def test_the_lanes_say_hand_overs_waiting_and_speed_up() -> None:
    picture = draw.contention(found())
    assert "1 hand-over of the GIL" in picture.text
    assert "33% of their time waiting for the GIL" in picture.text
    assert "speed-up 1.20" in picture.text
    assert picture.png.startswith(b"\x89PNG")
    ticks = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    assert ticks == ["thread 1", "thread 2"]


def test_a_system_that_tells_less_says_so() -> None:
    assert "waiting for the GIL or a core" in draw.describe(found(tells_queue=False))
    assert "no GIL to hand over" in draw.describe(found(gil=False))


def test_a_window_shows_a_part_of_the_same_run() -> None:
    picture = draw.contention(found(), (0.0, 0.004))
    assert picture.figure.axes[0].get_xlim() == pytest.approx((0, 0.004))
    assert picture.text == draw.contention(found()).text


def test_speed_ups_name_each_kind() -> None:
    comparison = Comparison({"one after another": (2.0,) * 7, "together": (1.0,) * 7}, {}, None)
    picture = draw.speed_ups(SpeedUps({("hashing", 2): comparison}, True))
    assert "hashing 2.00 times as fast with 2 threads" in picture.text
    legend = picture.figure.axes[0].get_legend()
    assert legend is not None
    assert "hashing" in [text.get_text() for text in legend.get_texts()]
    assert picture.png


def test_run_lengths_name_each_interval_and_draw_every_run() -> None:
    runs = [
        Runs("small numbers", 5e-3, (5e-3, 5.1e-3, 5.2e-3), 50e-9, True),
        Runs("big numbers", 5e-3, (), 10e-6, True),
    ]
    picture = draw.run_lengths(runs)
    assert "small numbers at 5 ms: 5.1 ms (102,000 operations)" in picture.text
    assert "big numbers at 5 ms: none seen" in picture.text
    drawn = {np.size(line.get_xdata()) for line in picture.figure.axes[0].lines}
    assert 3 in drawn
    assert picture.png


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1e-5, "10 µs"), (1e-4, "100 µs"), (1e-3, "1 ms"), (5e-3, "5 ms"), (0.1, "100 ms")],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert draw.in_words(seconds) == words


@given(st.floats(1e-6, 100))
def test_a_duration_in_words_is_the_duration(seconds: float) -> None:
    value, unit = draw.in_words(seconds).split()
    scale = {"µs": 1e-6, "ms": 1e-3, "s": 1}[unit]
    assert float(value) * scale == pytest.approx(seconds, rel=0.006)


def test_a_busy_host_gets_no_speed_up() -> None:
    seen = Timeline(("a",), (Span("a", State.RUNNING, 0, 10),), gil=True, tells_queue=True)
    quiet = Contention("pure Python", 1, 5e-3, 3.0, 2.0, seen, busy=0.0)
    assert "speed-up 1.50" in draw.describe(quiet)
    said = draw.describe(replace(quiet, busy=1.5))
    assert "1.50" not in said
    assert "other programs used 1.5 cores" in said
