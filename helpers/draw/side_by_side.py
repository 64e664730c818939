"""Several CPythons under each other, one panel per experiment: what is recorded is hollow."""

from __future__ import annotations

import math
from textwrap import fill
from typing import TYPE_CHECKING

from helpers.draw.picture import FAINT, INK, SERIES, Picture, new_figure
from helpers.measure.compare import BUSY_CORES
from helpers.measure.side_by_side import Run, SideBySide

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What each panel shows, and along which axis.
PANELS = {
    "threads": ("Two threads of pure Python", "times as fast as one thread"),
    "races": ("Races: updates lost in the worst round", "% of the updates of four threads"),
    "one thread": ("One thread by itself", "milliseconds for the same work"),
    "models": ("Two tasks at once", "times as fast as one after another"),
    "start-up": ("Starting an interpreter", "milliseconds until it has ended"),
    "event loops": ("Event loops in two threads", "times as fast as one loop"),
}
_IN_MS = ("one thread", "start-up")


def side_by_side(found: SideBySide) -> Picture:
    """One panel per experiment, one row per interpreter, one marker per thing that is compared.

    The mark is the best of the rounds, of races the worst; a line leads to their median. Why a row
    is empty is said in the sentence below.
    """
    names, rows = found.experiments, len(found.subjects)
    height = 0.9 + len(names) * (1.35 + 0.42 * rows)
    figure = new_figure("The same code on several Pythons", height, rows=len(names))
    for axes, name in zip(figure.axes, names, strict=True):
        _panel(axes, name, found.of(name))
    return Picture(figure, describe(found))


def describe(found: SideBySide) -> str:
    """A sentence per experiment, with what is marked for each interpreter."""
    parts = []
    for name in found.experiments:
        title, axis = PANELS[name]
        rows = "; ".join(_row(run) for run in found.of(name))
        parts.append(f"{title} ({axis}): {rows}.")
    recorded = sorted({run.recorded for run in found.runs if run.recorded})
    for said in recorded:
        parts.append(f"Hollow marks were {said}.")
    if recorded and any(name in _IN_MS for name in found.experiments):
        parts.append("Compare the milliseconds of hollow marks with each other only.")
    if found.busy is not None and found.busy > BUSY_CORES:
        parts.append(f"Other work kept {found.busy:.1f} cores busy meanwhile: run it again.")
    return " ".join(parts)


def _row(run: Run) -> str:
    if run.missing:
        return f"{run.subject.label}: nothing ({run.missing})"
    points = ", ".join(f"{name} {point[0]:.3g}" for name, point in run.points.items())
    return f"{run.subject.label}: {points}"


def _panel(axes: Axes, name: str, runs: tuple[Run, ...]) -> None:
    title, axis = PANELS[name]
    series = list(dict.fromkeys(key for run in runs for key in run.points))
    labelled: set[str] = set()
    for row, run in enumerate(runs):
        axes.axhline(row, color=FAINT, linewidth=0.8, zorder=0)
        for place, key in enumerate(series):
            if key not in run.points:
                continue
            value, median = run.points[key]
            colour, marker = SERIES[place % len(SERIES)]
            # Beside each other within the row, so that none hides another.
            y = row + 0.16 * (place - (len(series) - 1) / 2)
            axes.plot([value, median], [y, y], color=colour, linewidth=2, alpha=0.5)
            axes.plot(
                value,
                y,
                marker,
                color=colour,
                markersize=9,
                markeredgewidth=2,
                markerfacecolor="white" if run.recorded else colour,
                linestyle="none",
                clip_on=False,  # a mark at 0 is a whole one
                label=None if key in labelled else key,
            )
            labelled.add(key)
        if not run.points:
            axes.text(0.01, row, "nothing to show", transform=axes.get_yaxis_transform())
    axes.set_yticks(range(len(runs)), [fill(run.subject.label, 22) for run in runs])
    axes.set_ylim(len(runs) - 0.5, -0.5)
    if axis.startswith("times"):
        axes.axvline(1, color=INK, linewidth=1, linestyle=":")
    most = max((point[0] for run in runs for point in run.points.values()), default=0.0)
    axes.set_xlim(0, 100 if axis.startswith("%") else _round_up(1.15 * most))
    axes.set_xlabel(axis)
    axes.set_title(title, loc="left", pad=28)
    if not series:
        return
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=len(series),
        frameon=False,
        fontsize=12,
        borderaxespad=0.2,
        handletextpad=0.1,
        columnspacing=1.2,
    )


def _round_up(value: float) -> float:
    """To the next 1, 2 or 5 times a power of ten; at least 2, so that 1 lies inside."""
    if value <= 2:
        return 2.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 3, 4, 5, 7, 10) if step * power >= value)
