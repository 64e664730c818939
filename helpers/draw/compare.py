"""Every point of a comparison, with its median and the middle half."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw.picture import INK, Picture, new_figure, series_of
from helpers.measure.compare import Comparison


def points(comparison: Comparison, title: str, order: Sequence[str] | None = None) -> Picture:
    """One row per contender: a dot for each round, a bar from quartile to quartile, the median.

    order: the contenders from top to bottom; all of them in their own order if not given.
    """
    names = list(order or comparison.seconds)
    figure = new_figure(title, 1.5 + 0.55 * len(names))
    axes = figure.axes[0]
    series = series_of(names)
    for row, name in enumerate(names):
        colour, marker = series[row]
        values = [seconds * 1e3 for seconds in comparison.seconds[name]]
        low, high = (quartile * 1e3 for quartile in comparison.quartiles(name))
        axes.plot([low, high], [row, row], color=colour, linewidth=9, alpha=0.3)
        axes.plot(values, [row] * len(values), marker, color=colour, alpha=0.8, markersize=7)
        middle = comparison.median(name) * 1e3
        axes.plot([middle, middle], [row - 0.28, row + 0.28], color=INK, linewidth=2.5)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel("time of one run (milliseconds)")
    return Picture(figure, describe(comparison, names))


def describe(comparison: Comparison, order: Sequence[str] | None = None) -> str:
    """One sentence: the median of each contender."""
    names = list(order or comparison.seconds)
    medians = [f"{name}: {comparison.median(name) * 1e3:.3g} ms" for name in names]
    rounds = len(comparison.seconds[names[0]])
    return f"Medians of {rounds} rounds: {'; '.join(medians)}."
