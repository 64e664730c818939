"""Dining philosophers: the dinners, what is measured of them, the pictures and the lab."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

import psutil
import pytest

from helpers.draw import philosophers as draw
from helpers.draw.picture import Picture
from helpers.labs.philosophers import GRAPH, LANES, REACH_S, philosophers_lab
from helpers.measure.elsewhere import Stopped
from helpers.measure.interpreters import Interpreter, find_interpreters
from helpers.measure.philosophers import MOST, PHASES, STRATEGIES, Dinner, Span, dine
from helpers.measure.wait_for import WaitForGraph
from helpers.workers import philosophers as worker
from helpers.workers.philosophers import EATS, HOLDS_ONE, HUNGRY, THINKS

LEFT_FIRST, *SAFE = STRATEGIES
NOBODY_STUCK = WaitForGraph((), (), False)
# At 3.9 it begins: workers run there.
every_python = pytest.mark.parametrize(
    "python", find_interpreters().interpreters, ids=lambda one: one.label
)


# Dinners


@pytest.mark.parametrize("seats", [2, 3, MOST])
def test_left_fork_first_ends_in_a_deadlock_of_all(seats: int) -> None:
    found = dine(seats, LEFT_FIRST, 10.0, reach_s=0.05)
    assert found.deadlock
    assert found.seconds < 10
    assert sorted(found.graph.cycle) == [f"philosopher {seat}" for seat in range(seats)]
    assert found.graph.locks == tuple(f"forks[{seat}]" for seat in range(seats))
    for name, lock in found.graph.steps:
        seat = int(name.split()[1])
        assert lock == f"forks[{(seat + 1) % seats}]"
        place = found.graph.thread(name).place
        assert place is not None
        assert place.source == "with forks[right]:"


@pytest.mark.parametrize("strategy", SAFE)
@pytest.mark.parametrize("reach_s", [0.0, 0.01])
def test_the_other_strategies_never_do(strategy: str, reach_s: float) -> None:
    found = dine(3, strategy, 0.3, reach_s=reach_s, eat_s=0.002)
    assert not found.deadlock
    assert sum(found.meals) > 0


@every_python
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_on_every_python(strategy: str, python: Interpreter) -> None:
    found = dine(3, strategy, 5.0 if strategy == LEFT_FIRST else 0.1, 0.05, python=python.path)
    assert found.deadlock == (strategy == LEFT_FIRST)


def test_the_spans_of_each_seat_follow_one_another() -> None:
    found = dine(3, "a waiter", 0.1)
    for seat in range(3):
        spans = [span for span in found.spans if span.seat == seat]
        assert spans[0].phase == THINKS
        assert {span.phase for span in spans} <= set(PHASES)
        for before, after in pairwise(spans):
            assert before.end_s == pytest.approx(after.start_s)
        assert spans[-1].end_s == pytest.approx(found.seconds)


@pytest.mark.slow
def test_a_hundred_deadlocks_in_a_row_leave_no_thread_and_no_process() -> None:
    threads, me = set(threading.enumerate()), psutil.Process()
    processes = set(me.children(recursive=True))
    for _ in range(100):
        assert dine(2, LEFT_FIRST, 10.0, reach_s=0.01, eat_s=0.001).deadlock
    assert set(threading.enumerate()) == threads
    assert set(me.children(recursive=True)) == processes


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_hundred_deadlocks_in_one_process_leave_no_thread() -> None:
    before = set(threading.enumerate())
    for _ in range(100):
        found = worker.dine(2, LEFT_FIRST, 20.0, 0.005, 0.0)
        assert found["state"]["deadlock"]
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("strategy", (3, "by force")),
        ("seats", (1, LEFT_FIRST)),
        ("seats", (MOST + 1, LEFT_FIRST)),
        ("seconds", (3, LEFT_FIRST, 0)),
        ("seconds", (3, LEFT_FIRST, 11)),
        ("reach_s", (3, LEFT_FIRST, 1, -0.1)),
        ("eat_s", (3, LEFT_FIRST, 1, 0, 2)),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be"):
        dine(*arguments)


def test_a_dinner_can_be_stopped() -> None:
    stop = threading.Event()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    try:
        with pytest.raises(Stopped):
            dine(3, "a waiter", 10.0, stop=stop)
    finally:
        timer.join()


# What is made of one


def dinner(*spans: Span, meals: tuple[int, ...] = (1, 0), graph: Any = NOBODY_STUCK) -> Dinner:
    return Dinner("a waiter", spans, meals, 1.0, graph)


def test_hunger_lasts_from_hungry_to_the_meal() -> None:
    found = dinner(
        Span(0, THINKS, 0.0, 0.1),
        Span(0, HUNGRY, 0.1, 0.2),
        Span(0, HOLDS_ONE, 0.2, 0.5),
        Span(0, EATS, 0.5, 0.6),
        Span(0, HUNGRY, 0.6, 0.8),
        Span(1, HUNGRY, 0.0, 1.0),
    )
    assert found.longest_hunger_s(0) == pytest.approx(0.4)
    assert found.longest_hunger_s(1) == pytest.approx(1.0)


def test_who_is_never_hungry_has_no_hunger() -> None:
    assert dinner(Span(0, THINKS, 0.0, 1.0)).longest_hunger_s(0) == 0


def test_lanes_say_meals_and_hunger() -> None:
    found = dinner(Span(0, HUNGRY, 0.0, 0.25), Span(0, EATS, 0.25, 1.0), Span(1, HUNGRY, 0.0, 1.0))
    picture = draw.dinner(found)
    assert picture.text == (
        "2 philosophers, a waiter: no deadlock in 1.00 s. They had 1 meal, between 0 and 1 each; "
        "the longest hunger was 1000 ms."
    )
    said = [text.get_text() for text in picture.figure.axes[0].texts]
    assert said == ["1 meal, 250 ms", "0 meals, 1000 ms"]
    legend = picture.figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == list(PHASES)
    assert picture.png.startswith(b"\x89PNG")


def test_a_deadlock_is_drawn_as_its_graph_and_others_as_lanes() -> None:
    stuck = dine(3, LEFT_FIRST, 10.0, reach_s=0.05)
    graph = draw.dinner_or_deadlock(stuck)
    words = [text.get_text() for text in graph.figure.axes[0].texts]
    assert "forks[0]" in words
    assert "deadlock after" in graph.text
    free = replace(stuck, graph=NOBODY_STUCK)
    assert draw.dinner_or_deadlock(free).figure.axes[0].get_xlabel().startswith("time")


def test_the_table_has_a_row_for_each_dinner() -> None:
    found = dinner(Span(0, EATS, 0.0, 1.0), Span(1, HUNGRY, 0.0, 0.5), meals=(3, 1))
    stuck = replace(found, strategy=LEFT_FIRST, graph=WaitForGraph((), (), True))
    table = draw.strategies([stuck, found])
    assert table.text == "Dinners by strategy. left fork first: a deadlock; a waiter: 4 meals."
    assert [row[0] for row in table.rows] == [LEFT_FIRST, "a waiter"]
    assert table.rows[0][1] == "deadlock after 1000 ms"
    assert table.rows[1][1:] == ("nobody is stuck", "4", "1 to 3", "500 ms")
    with pytest.raises(ValueError, match=r"^dinners must"):
        draw.strategies([])


# The lab


def test_a_run_shows_the_deadlock_and_then_the_lanes_of_the_same_run() -> None:
    lab = philosophers_lab().set(seats=3, strategy=LEFT_FIRST, reach_s=REACH_S["20 ms"]).run()
    assert "Done" in lab.status.value
    assert lab.data is not None
    assert lab.data.deadlock
    assert isinstance(lab.picture, Picture)
    data, graph = lab.data, lab.image.value
    lab.set(show=LANES)
    assert lab.data is data
    assert lab.image.value != graph
    lab.set(show=GRAPH)
    assert lab.image.value == graph


def test_every_control_has_a_name_and_offers_what_there_is() -> None:
    controls = philosophers_lab().controls
    assert all(control.description for control in controls.values())
    assert tuple(controls["strategy"].options) == STRATEGIES
    lab = philosophers_lab()
    assert lab.set(seats=99).settings["seats"] == MOST
    assert lab.set(seats=0).settings["seats"] == 2


def test_stop_acts_within_two_seconds() -> None:
    lab = philosophers_lab().set(strategy="a waiter", seats=MOST)
    lab.start()
    time.sleep(0.1)
    lab.stop()
    lab.wait(2)
    assert "Stopped" in lab.status.value or "Done" in lab.status.value
    assert not lab.run_button.disabled


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("reach_s", REACH_S.values())
def test_every_setting_runs(strategy: str, reach_s: float) -> None:
    lab = philosophers_lab().set(seats=MOST, strategy=strategy, reach_s=reach_s, show=LANES).run()
    assert "Done" in lab.status.value
