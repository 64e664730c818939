"""Latencies of round trips beside neighbours that compute."""

from __future__ import annotations

import random
from collections.abc import Sequence

from helpers.draw.picture import INK, SERIES, Picture, new_figure
from helpers.measure.convoy import Convoy

_MOST_DOTS = 600  # of each case; more can't be told apart


def latencies(cases: Sequence[Convoy]) -> Picture:
    """One row per case: a dot for each round trip, a line at the median, round trips a second.

    Raises ValueError for no cases.
    """
    if not cases:
        raise ValueError("cases must hold at least one case")
    figure = new_figure("How long a request waits for its reply", 1.6 + 0.7 * len(cases))
    axes = figure.axes[0]
    axes.set_xscale("log")
    dice = random.Random(0)  # dots of one row would lie on one line: they are spread upwards
    for row, case in enumerate(cases):
        if not case.latencies_us:
            continue
        colour, marker = SERIES[row % len(SERIES)]
        shown = case.latencies_us[:: len(case.latencies_us) // _MOST_DOTS + 1]
        heights = [row + dice.uniform(-0.28, 0.28) for _ in shown]
        in_ms = [latency / 1e3 for latency in shown]
        axes.plot(in_ms, heights, marker, color=colour, alpha=0.35, markersize=4)
        middle = case.median_us / 1e3
        axes.plot([middle, middle], [row - 0.4, row + 0.4], color=INK, linewidth=2.5)
        axes.annotate(
            f"{case.per_second:,.0f}/s",
            (1.01, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=12,
            color=INK,
        )
    axes.set_yticks(range(len(cases)), [case.name for case in cases])
    axes.set_ylim(len(cases) - 0.5, -0.5)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("one round trip (milliseconds); line: median; right: round trips a second")
    return Picture(figure, describe(cases))


def describe(cases: Sequence[Convoy]) -> str:
    """One sentence: medians, slowest in a hundred, and round trips a second of each case."""
    parts = [
        f"{case.name}: no reply"
        if not case.latencies_us
        else f"{case.name} {case.median_us / 1e3:.3g} ms (one in a hundred over "
        f"{case.p99_us / 1e3:.3g} ms; {case.per_second:,.0f} round trips a second)"
        for case in cases
    ]
    return f"Median round trip: {'; '.join(parts)}."
