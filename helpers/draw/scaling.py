"""Speed-up against threads, one line per interpreter, beside what would be ideal."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw.picture import INK, SERIES, Picture, new_figure
from helpers.measure.scaling import Scaling


def speed_up(found: Sequence[Scaling]) -> Picture:
    """One marked line per interpreter, with the interval of each point.

    What is recorded, not measured, is drawn hollow and dashed, and says so.
    Raises ValueError if there is nothing to draw.
    """
    if not found:
        raise ValueError("found must hold at least one interpreter")
    figure = new_figure("Pure Python work, split among threads", 4.6)
    axes = figure.axes[0]
    most = max(max(one.threads) for one in found)
    axes.plot([1, most], [1, most], color=INK, linewidth=1, linestyle=":", label="ideal")
    for place, one in enumerate(found):
        colour, marker = SERIES[place % len(SERIES)]
        ratios = [one.speed_up(count) for count in one.threads]
        middles = [ratio.middle for ratio in ratios]
        errors = [
            [ratio.middle - ratio.low for ratio in ratios],
            [ratio.high - ratio.middle for ratio in ratios],
        ]
        shift = 0.02 * (most - 1) * place  # so that no interval hides another
        axes.errorbar(
            [count + shift for count in one.threads],
            middles,
            # An interval can miss the median of few, uneven points by a hair.
            yerr=[[max(0.0, length) for length in side] for side in errors],
            color=colour,
            marker=marker,
            markersize=10,
            markerfacecolor="white" if one.recorded else colour,
            linestyle="--" if one.recorded else "-",
            capsize=5,
            label=_label(one),
        )
    counts = sorted({count for one in found for count in one.threads})
    axes.set_xticks(counts)
    axes.set_xlabel("threads")
    axes.set_ylabel("times as fast as one thread")
    axes.set_ylim(0, most + 0.3)
    figure.legend(loc="outside lower left", frameon=False, fontsize=12)
    return Picture(figure, describe(found))


def describe(found: Sequence[Scaling]) -> str:
    """One sentence: the speed-up at the most threads, per interpreter."""
    parts = []
    for one in found:
        most = max(one.threads)
        times = one.speed_up(most).middle
        parts.append(f"{_label(one)}: {most} threads are {times:.2f} times as fast as one")
    return "; ".join(parts) + "."


def _label(one: Scaling) -> str:
    return f"{one.label} ({one.recorded})" if one.recorded else one.label
