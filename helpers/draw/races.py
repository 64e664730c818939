"""Races as pictures: a histogram of what was counted, and a table of shapes by version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from helpers.draw.picture import BLUE, GREEN, INK, SKY, VERMILION, Picture, Table, new_figure
from helpers.measure.races import SHAPES, Losses, Race

_BINS = 24


def histogram(race: Race) -> Picture:
    """How often each number was counted, with the range that the explorer predicts."""
    lost = race.lost
    title = "Updates get lost" if lost else "No update is lost"
    figure = new_figure(f"{title}: {_shape(race)}", 3.6)
    axes = figure.axes[0]
    low, high = race.predicted
    axes.axvspan(low, high, color=SKY, alpha=0.3, label=f"predicted: {_range(low, high)}")
    edges = [race.expected * place / _BINS for place in range(_BINS + 1)]
    width = race.expected / _BINS
    heights = Counter(min(_BINS - 1, int(number / width)) for number in race.found)
    for place, height in heights.items():
        right = place == _BINS - 1 and not lost
        axes.bar(
            edges[place] + width / 2,
            height,
            width * 0.92,
            color=GREEN if right else BLUE,
            edgecolor=INK,
            hatch="" if right else "//",
        )
    axes.axvline(race.expected, color=VERMILION, ls="--", label=f"asked for: {race.expected:,}")
    axes.set_xlim(0, 1.04 * race.expected)
    axes.set_ylim(0, 1.15 * max(heights.values()))
    axes.set_xlabel("counted at the end")
    axes.set_ylabel("runs")
    axes.locator_params(axis="y", integer=True, nbins=5)
    axes.legend(loc="upper left", fontsize=12, frameon=True)
    return Picture(figure, describe(race))


def describe(race: Race) -> str:
    low, high = race.predicted
    counted = f"counted {min(race.found):,} to {max(race.found):,}"
    if min(race.found) == max(race.found):
        counted = f"counted {race.found[0]:,} each time"
    return (
        f"{_shape(race)}: {race.threads} threads, {race.rounds:,} rounds each, {len(race.found)} "
        f"runs. {race.lost} of them lost updates: {counted}, of {race.expected:,}. The explorer "
        f"predicts {_range(low, high)}."
    )


def table(rows: Sequence[Losses]) -> Table:
    """Shapes down, versions across: was an update lost in a real run?"""
    columns = ("what is done", *(f"{one.label}{' (recorded)' * one.recorded}" for one in rows))
    lines = [(shape, *(_cell(one, shape) for one in rows)) for shape in SHAPES]
    surprises = sum(len(one.surprises) for one in rows)
    agree = sum(
        (one.real[shape][0] > 0) == one.predicted[shape] for one in rows for shape in SHAPES
    )
    return Table(
        f"Real runs of four threads: was an update lost? In {agree} of {len(rows) * len(SHAPES)} "
        "cases the run did what the explorer says can happen; the others were spared though it "
        f"can happen (marked *), or surprised it (marked !): {surprises}.",
        columns,
        tuple(lines),
    )


def _cell(one: Losses, shape: str) -> str:
    lost, made = one.real[shape]
    if lost:
        return f"lost {lost / made:.0%}" + ("" if one.predicted[shape] else " !")
    return "none" + (" *" if one.predicted[shape] else "")


def _shape(race: Race) -> str:
    return race.shape + (" under a lock" if race.locked else "")


def _range(low: int, high: int) -> str:
    return f"{low:,} to {high:,}" if low < high else f"exactly {low:,}"
