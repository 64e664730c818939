"""The lanes of a holder without a core, and of the thread beside it."""

from __future__ import annotations

from helpers.draw.preemption import stalls
from helpers.measure.preemption import Preemption
from helpers.measure.timeline import State
from tests.test_measure_preemption import stall


def test_both_parts_are_drawn_and_told() -> None:
    quiet = stall(5, State.WAITING_GIL, 5, competitors=0)
    picture = stalls(Preemption(quiet, stall(400, State.WAITING_GIL, 400)))
    assert len(picture.figure.axes) == 2
    assert "With 3 competitors the holder was off its core for 0.40 s" in picture.text
    assert "waited for the GIL for 100% of the time" in picture.text
    assert "longest standstill was 400 ms" in picture.text
    assert picture.png


def test_without_a_gil_the_sentence_has_no_wait_for_it() -> None:
    quiet = stall(5, State.RUNNING, 5, gil=False, competitors=0)
    picture = stalls(Preemption(quiet, stall(400, State.RUNNING, 400, gil=False)))
    assert "waited for the GIL" not in picture.text


def test_another_system_gets_a_word_instead() -> None:
    picture = stalls(Preemption(None, None, "this system is another one"))
    assert "this system is another one" in picture.text
    assert picture.png
