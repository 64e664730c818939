"""Compiled loops: times with room for a millionfold gain, and speed-ups that multiply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpers.draw.gil import in_words
from helpers.draw.picture import BLUE, FAINT, INK, SERIES, Picture, new_figure
from helpers.draw.timeline import describe as describe_lanes
from helpers.draw.timeline import draw_lanes, draw_legend
from helpers.measure.compare import Comparison
from helpers.measure.compiled import ThreadRun


def times(comparison: Comparison, title: str) -> Picture:
    """One row per contender, in their own order: a dot for each round, the median in words."""
    names = list(comparison.seconds)
    figure = new_figure(title, 1.5 + 0.5 * len(names))
    axes = figure.axes[0]
    for row, name in enumerate(names):
        colour, marker = SERIES[row % len(SERIES)]
        points = [seconds * 1e3 for seconds in comparison.seconds[name]]
        axes.plot(points, [row] * len(points), marker, color=colour, alpha=0.7, markersize=8)
        middle = comparison.median(name) * 1e3
        axes.plot([middle, middle], [row - 0.3, row + 0.3], color=INK, linewidth=2.5)
        axes.annotate(
            in_words(comparison.median(name)),
            (max(points), row),
            (12, 0),
            textcoords="offset points",
            va="center",
            fontsize=12,
            color=INK,
        )
    axes.set_xscale("log")
    axes.minorticks_off()
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * (high / low) ** 0.2)  # room for the words
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("time of one run (milliseconds); each line ten times as long")
    axes.grid(axis="x", alpha=0.3)
    said = ", ".join(f"{name} {in_words(comparison.median(name))}" for name in names)
    return Picture(figure, f"Medians: {said}.")


def rates(
    comparison: Comparison, numbers: Mapping[str, int], base: str, limits: Mapping[str, float]
) -> Picture:
    """How many numbers a second each contender does, and how many times the base's that is.

    numbers: how many each contender did in one run. limits: contender to the rate that would be
    its limit, drawn as a hollow bar.
    """
    names = list(comparison.seconds)
    each = {name: numbers[name] / comparison.median(name) for name in names}
    figure = new_figure("How far does each bar reach into its hatching?", 1.7 + 0.55 * len(names))
    axes = figure.axes[0]
    for row, name in enumerate(names):
        if name in limits:
            axes.barh(row, limits[name], 0.6, color="white", edgecolor=INK, hatch="///")
        axes.barh(row, each[name], 0.6, color=BLUE if name != base else FAINT, edgecolor=INK)
        axes.annotate(
            f"× {each[name] / each[base]:.3g}",
            (0, row),
            (6, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=12,
            fontweight="bold",
            color="white" if name != base else INK,
        )
    axes.set_xscale("log")
    axes.minorticks_off()
    low, high = axes.get_xlim()
    axes.set_xlim(low / 3, high * 1.2)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("numbers a second; hatched up to what so many cores could do")
    axes.grid(axis="x", alpha=0.3)
    return Picture(figure, describe_rates(each, base, limits))


def describe_rates(each: Mapping[str, float], base: str, limits: Mapping[str, float]) -> str:
    """One sentence: how many times as fast as the base each contender is."""
    parts = []
    for name, rate in each.items():
        if name != base:
            said = f"{name} {rate / each[base]:.3g} times"
            if name in limits:
                said += f" ({rate / limits[name]:.0%} of its limit)"
            parts.append(said)
    return f"As fast as {base}: {', '.join(parts)}."


def thread_runs(runs: Sequence[ThreadRun]) -> Picture:
    """The lanes of each run, one run below another.

    Raises ValueError for no runs.
    """
    if not runs:
        raise ValueError("runs must hold at least one run")
    lanes = sum(len(run.timeline.lanes) for run in runs)
    figure = new_figure(
        "Who computes, and who waits for the GIL?",
        1.6 + 0.9 * len(runs) + 0.5 * lanes,
        1,
        len(runs),
    )
    longest_s = max(run.timeline.length_ns for run in runs) / 1e9
    for axes, run in zip(figure.axes, runs, strict=True):
        draw_lanes(axes, run.timeline)
        axes.set_xlim(0, longest_s)
        axes.set_title(f"{run.language}: {in_words(run.timeline.length_ns / 1e9)}", loc="left")
    for axes in figure.axes[:-1]:
        axes.set_xlabel("")
    draw_legend(figure, [run.timeline for run in runs])
    return Picture(figure, " ".join(map(describe_run, runs)))


def describe_run(run: ThreadRun) -> str:
    """The language, its rate, and what its lanes did."""
    return (
        f"{run.language}, {run.numbers} numbers, {run.rate:,.0f} a second: "
        f"{describe_lanes(run.timeline)}"
    )
