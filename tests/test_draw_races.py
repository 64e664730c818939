"""The histogram of a race, and the table of shapes by version."""

from __future__ import annotations

from dataclasses import replace

from matplotlib.patches import Rectangle

from helpers.draw import races as draw
from helpers.measure.races import SHAPES, Losses, Race

LOSES = Race("a call", False, 4, 100, 400, (400, 390, 120, 121), (2, 400))


def test_the_sentence_says_what_was_counted_and_predicted() -> None:
    picture = draw.histogram(LOSES)
    assert picture.text == (
        "a call: 4 threads, 100 rounds each, 4 runs. 3 of them lost updates: counted 120 to 400, "
        "of 400. The explorer predicts 2 to 400."
    )
    assert picture.figure.get_suptitle() == "Updates get lost: a call"
    assert picture.png.startswith(b"\x89PNG")


def test_runs_that_lost_none_stand_apart_from_those_that_lost_a_few() -> None:
    patches = draw.histogram(LOSES).figure.axes[0].patches
    bars = [bar for bar in patches if isinstance(bar, Rectangle) and bar.get_height() >= 1]
    hatched = [bar.get_height() for bar in bars if bar.get_hatch() == "//"]
    assert sorted(hatched) == [1, 2]
    [right] = [bar for bar in bars if bar.get_y() == 1]
    assert not right.get_hatch()


def test_a_locked_race_is_exact() -> None:
    exact = replace(LOSES, locked=True, found=(400,) * 3, predicted=(400, 400))
    picture = draw.histogram(exact)
    assert picture.figure.get_suptitle() == "No update is lost: a call under a lock"
    assert "counted 400 each time" in picture.text
    assert "exactly 400" in picture.text
    assert picture.png


def losses(python: str, gil: bool, lost: int, recorded: bool = False) -> Losses:
    real = dict.fromkeys(SHAPES, (lost, 100))
    return Losses(python, gil, real, {shape: shape == "a call" for shape in SHAPES}, recorded)


def test_a_column_for_each_version_says_if_it_is_recorded() -> None:
    table = draw.table([losses("3.13.0", True, 0), losses("3.14.0", False, 25, True)])
    assert table.columns == ("what is done", "3.13.0", "3.14.0 without GIL (recorded)")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["a call"] == ("none *", "lost 25%")
    assert rows["counter += 1"] == ("none", "lost 25% !")
    surprises = len(SHAPES) - 1
    assert f"(marked !): {surprises}." in table.text
    assert f"In {len(SHAPES)} of {2 * len(SHAPES)} cases" in table.text
