"""How long threads wait for a lock, counted in turns of the others."""

from __future__ import annotations

import random
from collections.abc import Sequence

from helpers.draw.picture import INK, SERIES, Picture, new_figure
from helpers.measure.fairness import Contest

_MOST_DOTS = 400


def passed_over(contests: Sequence[Contest]) -> Picture:
    """One row for each lock: a dot for each wait. Raises ValueError for no contests."""
    if not contests:
        raise ValueError("contests must hold at least one contest")
    figure = new_figure("Turns that others took while a thread waited", 1.7 + 0.8 * len(contests))
    axes = figure.axes[0]
    axes.set_xscale("log")
    dice = random.Random(0)  # dots of one row would lie on one line: they are spread upwards
    for row, contest in enumerate(contests):
        colour, marker = SERIES[row % len(SERIES)]
        waits = sorted(contest.waits)
        # A wait in which nobody else had a turn has no place on this axis, so it stands below 1.
        shown = [max(count, 0.5) for count in waits[:: len(waits) // _MOST_DOTS + 1] + waits[-1:]]
        heights = [row + dice.uniform(-0.25, 0.25) for _ in shown]
        axes.plot(shown, heights, marker, color=colour, alpha=0.5, markersize=7)
        axes.annotate(
            f"{sum(contest.turns):,} turns",
            (1.01, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=12,
            color=INK,
        )
    axes.set_xlim(0.4, max(10, *(contest.most for contest in contests)) * 2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(contests)), [contest.lock for contest in contests])
    axes.set_ylim(len(contests) - 0.5, -0.5)
    axes.set_xlabel("turns of the others during one wait (one dot: one wait)")
    return Picture(figure, describe(contests))


def describe(contests: Sequence[Contest]) -> str:
    """For each lock: turns, waits, and the longest wait."""
    parts = [
        f"{contest.lock}: {sum(contest.turns):,} turns by {len(contest.turns)} threads in all, "
        f"{len(contest.waits):,} waits; during the longest one the others had "
        f"{contest.most:,} {'turn' if contest.most == 1 else 'turns'}"
        for contest in contests
    ]
    return f"{'. '.join(parts)}."
