"""The picture of several Pythons, on made-up numbers."""

from __future__ import annotations

import pytest

from helpers.draw.side_by_side import PANELS, _round_up, side_by_side
from helpers.measure.side_by_side import EXPERIMENTS, Run, SideBySide, Subject

HERE = Subject("3.14.0", False, True, path="/x")
THERE = Subject("3.13.5", True, False)
FAST = {"1 thread": (0.2, 0.3), "2 threads": (0.1, 0.2)}


def made(*runs: Run, busy: float | None = 0.0) -> SideBySide:
    names = tuple(dict.fromkeys(run.experiment for run in runs))
    shown = tuple(dict.fromkeys(run.subject for run in runs))
    return SideBySide(names, shown, runs, busy)


def test_every_experiment_has_a_panel() -> None:
    assert set(PANELS) == set(EXPERIMENTS)


def test_one_panel_per_experiment_one_row_per_interpreter() -> None:
    starts = {"python -c pass": (0.02, 0.03)}
    picture = side_by_side(
        made(
            Run("threads", HERE, FAST),
            Run("threads", THERE, FAST, "recorded on a test machine, 2026-01-01"),
            Run("start-up", HERE, starts),
            Run("start-up", THERE, {}, missing="no such thing"),
        )
    )
    first, second = picture.figure.axes
    rows = [label.get_text() for label in first.get_yticklabels()]
    assert rows == ["3.14.0", "3.13.5 free-threaded,\nGIL off (recorded)"]
    assert second.get_xlabel() == "milliseconds until it has ended"
    assert "Two threads of pure Python (times as fast as one thread): 3.14.0: 2 threads 2;" in (
        picture.text
    )
    assert "nothing (no such thing)" in picture.text
    assert "Hollow marks were recorded on a test machine, 2026-01-01." in picture.text
    assert "milliseconds of hollow marks with each other only" in picture.text
    assert picture.png.startswith(b"\x89PNG")


def test_what_is_recorded_is_hollow() -> None:
    axes = side_by_side(
        made(Run("threads", HERE, FAST), Run("threads", THERE, FAST, "recorded somewhere"))
    ).figure.axes[0]
    faces = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() == "o"]
    assert faces[0] != "white"
    assert faces[1] == "white"


def test_a_busy_machine_is_told() -> None:
    assert (
        "Other work kept 1.5 cores busy"
        in side_by_side(made(Run("threads", HERE, FAST), busy=1.5)).text
    )
    for busy in (0.1, None):
        assert "Other work" not in side_by_side(made(Run("threads", HERE, FAST), busy=busy)).text


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_panel_without_any_values_is_drawn(name: str) -> None:
    assert side_by_side(made(Run(name, HERE, {}, missing="no"))).png


@pytest.mark.parametrize(
    ("value", "end"), [(0, 2), (2, 2), (2.1, 3), (9.9, 10), (10, 10), (34, 40), (101, 200)]
)
def test_axes_end_on_a_round_number(value: float, end: float) -> None:
    assert _round_up(value) == end
