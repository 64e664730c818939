"""Where processes begin to pay: arithmetic on made-up numbers, and one real sweep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import crossover as draw
from helpers.measure import crossover as measure
from helpers.measure.compare import Comparison
from helpers.measure.crossover import Crossover, break_even_s, crossover
from helpers.measure.leftovers import belongings, left_since

costs = st.floats(1e-7, 1e-2)


def made(gains: list[float], cores: int = 2, gil: bool = True, busy: float = 0.0) -> Crossover:
    """Sizes that grow tenfold, at which processes gain so much."""
    sizes = tuple(1e-5 * 10**number for number in range(len(gains)))
    points = {}
    for size, gain in zip(sizes, gains, strict=True):
        points[measure.name("threads", size)] = (gain,) * 7
        points[measure.name("processes", size)] = (1.0,) * 7
    return Crossover(sizes, 2, cores, gil, 1e-5, 2.1e-4, Comparison(points, {}, busy))


@given(costs, costs, st.integers(2, 64))
def test_at_the_break_even_both_cost_the_same(
    threads_s: float, processes_s: float, at_once: int
) -> None:
    found = break_even_s(threads_s, processes_s, at_once)
    assert found is not None
    if found > 0:
        assert found + threads_s == pytest.approx(found / at_once + processes_s)
    else:
        assert processes_s <= threads_s


def test_one_core_never_breaks_even() -> None:
    assert break_even_s(1e-5, 1e-4, 1) is None
    assert made([0.2, 0.9], cores=1).predicted_s is None
    assert made([0.2, 0.9], gil=False).predicted_s is None


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((-1, 1, 2), "threads_s"), ((1, -1, 2), "processes_s"), ((1, 1, 0), "at_once")],
)
def test_bad_costs_are_named(arguments: tuple[float, float, int], name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must"):
        break_even_s(*arguments)


def test_the_crossing_is_found_between_two_sizes() -> None:
    found = made([0.1, 0.5, 2.0, 2.0])
    assert found.measured_s == pytest.approx(1e-4 * 10**0.5)  # halfway, on a log scale
    assert found.predicted_s == pytest.approx(4e-4)
    assert found.predicted_gain(4e-4) == pytest.approx(1)
    assert made([0.1, 1.5, 0.5, 2.0]).measured_s == pytest.approx(1e-3 * 10**0.5)  # the last one


@pytest.mark.parametrize("gains", [[0.1, 0.9], [1.1, 2.0]])
def test_no_crossing_is_none(gains: list[float]) -> None:
    assert made(gains).measured_s is None
    picture = draw.gains(made(gains))
    assert "The curve doesn't cross 1" in picture.text
    assert picture.png.startswith(b"\x89PNG")


def test_the_picture_marks_the_crossover() -> None:
    picture = draw.gains(made([0.1, 0.5, 2.0]))
    assert "They are equal at about 316 µs; from the hand-over alone one expects 400 µs" in (
        picture.text
    )
    [axes] = picture.figure.axes
    assert {"processes win", "threads win"} <= {text.get_text() for text in axes.texts}
    labels = axes.get_legend_handles_labels()[1]
    assert "the crossover" in labels
    assert "Other programs" not in picture.text
    assert "Other programs kept 0.9 cores busy" in draw.describe(made([0.1, 2], busy=0.9))
    assert "processes can't win" in draw.describe(made([0.1, 0.9], cores=1))


def test_a_sweep_measures_every_size_and_leaves_nothing() -> None:
    before = belongings()
    done: list[float] = []
    found = crossover([0.0001, 0.001], workers=2, repeats=7, progress=done.append)
    assert found.threads_s > 0
    assert found.processes_s > 0
    for size in found.sizes_s:
        assert found.gain(size).middle > 0
        assert found.predicted_gain(size) > 0
    with pytest.raises(KeyError):
        found.gain(0.5)
    assert done[-1] == 1.0
    assert not left_since(before, patience=10)


@pytest.mark.parametrize(
    "sizes", [[], [0.001], [0.002, 0.001], [0.001, 0.001], [0, 1e-3], [1e-3, 1]]
)
def test_bad_sizes_are_named(sizes: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^sizes_s must"):
        crossover(sizes)


@pytest.mark.parametrize("workers", [1, 17])
def test_bad_numbers_of_workers_are_named(workers: int) -> None:
    with pytest.raises(ValueError, match=r"^workers must"):
        crossover(workers=workers)
