"""The picture of a comparison: every point, and the same in a sentence."""

from __future__ import annotations

import io

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.lines import Line2D

from helpers.draw.compare import describe, points
from helpers.draw.picture import SERIES, Picture, new_figure, series_of
from helpers.measure.compare import Comparison

FOUND = Comparison(
    {
        "threads": (0.010, 0.012, 0.011, 0.013, 0.012, 0.011, 0.030),
        "processes": (0.005, 0.006, 0.005, 0.007, 0.005, 0.006, 0.005),
    },
    {"processes": 0.2},
    0.0,
)


def test_every_point_is_drawn() -> None:
    axes = points(FOUND, "Threads and processes").figure.axes[0]
    dots = [line for line in axes.get_lines() if line.get_marker() not in ("None", "", None)]
    drawn = [sorted(np.asarray(line.get_xdata(), dtype=float)) for line in dots]
    assert drawn == [
        pytest.approx(sorted(1e3 * point for point in values)) for values in FOUND.seconds.values()
    ]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["threads", "processes"]
    assert axes.get_xlim()[0] == 0


def test_contenders_differ_by_marker_and_not_by_colour_alone() -> None:
    def marker(line: Line2D) -> str:
        return str(line.get_marker())

    lines = points(FOUND, "x").figure.axes[0].get_lines()
    markers = [marker(line) for line in lines if marker(line) != "None"]
    assert len(set(markers)) == len(FOUND.seconds)
    assert len({marker for _, marker in SERIES}) == len(SERIES)


def test_a_model_keeps_its_colour_and_marker_whatever_stands_beside_it() -> None:
    threads = series_of(["sequential", "threads"])[1]
    assert series_of(["processes", "threads", "x"])[1] == threads
    assert series_of(["two threads"]) == [threads]


@given(st.lists(st.sampled_from(["sequential", "threads", "cluster", "a", "b", "c"]), unique=True))
def test_up_to_six_contenders_are_told_apart(names: list[str]) -> None:
    assert len(set(series_of(names))) == len(names)


def test_of_more_names_than_series_some_look_alike() -> None:
    assert len(series_of([str(number) for number in range(9)])) == 9


def test_the_sentence_comes_from_the_data() -> None:
    assert describe(FOUND) == "Medians of 7 rounds: threads: 12 ms; processes: 5 ms."
    assert points(FOUND, "x", ["processes"]).text == "Medians of 7 rounds: processes: 5 ms."


def test_the_order_is_from_top_to_bottom() -> None:
    axes = points(FOUND, "x", ["processes", "threads"]).figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["processes", "threads"]
    bottom, top = axes.get_ylim()
    assert bottom > top


def test_a_picture_is_a_png_with_its_sentence_as_alt_text() -> None:
    picture = points(Comparison({"a < b": (1.0,) * 7}, {}, None), "x")
    image = matplotlib.image.imread(io.BytesIO(picture.png), format="png")
    assert image.shape[0] > 100
    assert image.shape[1] > 500
    assert image[..., :3].std() > 0.01  # not an empty page
    assert 'alt="Medians of 7 rounds: a &lt; b: 1e+03 ms."' in picture.html
    assert "<figcaption>Medians of 7 rounds: a &lt; b: 1e+03 ms.</figcaption>" in picture.html
    assert repr(picture) == "<Picture>"
    assert picture._repr_mimebundle_()["text/plain"] == "<Picture>"


def test_what_differs_from_run_to_run_is_left_out_of_the_comparison() -> None:
    shown = Picture(new_figure("x"), "One.")._repr_mimebundle_()["text/html"]
    assert shown.startswith("<!--live-->")
    assert shown.endswith("<!--/live-->")


def test_bad_figures_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^title must say what to see"):
        new_figure("")
    for name in ("height_in", "columns", "rows"):
        with pytest.raises(ValueError, match=rf"^{name} must be positive, got 0"):
            new_figure("x", **{name: 0})
