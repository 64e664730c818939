"""What one task costs, way by way, on an axis that spans from a call to a process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpers.draw.gil import in_words
from helpers.draw.picture import FAINT, INK, SERIES, Picture, new_figure
from helpers.measure.task_costs import Forecast, TaskCosts

if TYPE_CHECKING:
    from matplotlib.axis import Axis


def costs(found: TaskCosts) -> Picture:
    """A row for each way, cheapest first: a dot for each round, and what a task of many costs.

    The ring is the median of many tasks handed over together.
    """
    ways = found.ways
    figure = new_figure(
        "One task that does nothing: each line to the right costs ten times more",
        1.9 + 0.5 * len(ways),
    )
    axes = figure.axes[0]
    for row, way in enumerate(ways):
        colour, marker = SERIES[row % len(SERIES)]
        points = [seconds * 1e6 for seconds in found.alone[way]]
        axes.plot(points, [row] * len(points), marker, color=colour, alpha=0.7, markersize=8)
        middle = found.one(way) * 1e6
        axes.plot([middle, middle], [row - 0.3, row + 0.3], color=INK, linewidth=2.5)
        said = in_words(found.one(way))
        if way in found.together:
            each = found.each_of_many(way) * 1e6
            axes.plot([each, middle], [row, row], color=FAINT, linewidth=2, zorder=0)
            axes.plot(
                [each], [row], "o", markerfacecolor="white", markeredgecolor=INK, markersize=11
            )
            said += f"; of many {in_words(found.each_of_many(way))}"
        axes.annotate(
            said,
            (max(points), row),
            (12, 0),
            textcoords="offset points",
            va="center",
            fontsize=12,
            color=INK,
        )
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * (high / low) ** 0.35)  # room for the words
    axes.set_yticks(range(len(ways)), ways)
    axes.set_ylim(len(ways) - 0.5, -0.5)
    decades = [10.0**power for power in range(-2, 10) if low <= 10.0**power <= high * 2]
    _in_words(axes.xaxis, decades, 1e-6)
    axes.set_xlabel("time for one task; the ring: each of many handed over together")
    axes.grid(axis="x", alpha=0.3)
    return Picture(figure, describe(found))


def describe(found: TaskCosts) -> str:
    """One sentence: the median of each way, and of each task of many."""
    parts = []
    for way in found.ways:
        said = f"{way} {in_words(found.one(way))}"
        if way in found.together:
            said += f" (of many {in_words(found.each_of_many(way))})"
        parts.append(said)
    return f"A task that does nothing costs, one at a time: {', '.join(parts)}."


def forecast(found: TaskCosts, came: Forecast, ways: Sequence[str]) -> Picture:
    """Speed-up against the length of a task, as the costs foretell it; a line for each way.

    What came is drawn as large marks at the length that was tried.
    """
    tasks, workers = came.tasks, came.workers
    figure = new_figure("Where the lines cross 1, handing over begins to pay", 4.6)
    axes = figure.axes[0]
    lengths = [10 ** (power / 8) for power in range(-6 * 8, 1)]
    for place, way in enumerate(ways):
        colour, marker = SERIES[place % len(SERIES)]
        speeds = [
            tasks * length / found.foreseen(way, tasks, length, workers) for length in lengths
        ]
        axes.plot(
            [length * 1e3 for length in lengths],
            speeds,
            color=colour,
            marker=marker,
            markevery=8,
            markersize=7,
            label=way,
        )
        if way in came.measured:
            axes.plot(
                [came.work_s * 1e3],
                [tasks * came.work_s / came.measured[way]],
                marker,
                color=colour,
                markeredgecolor=INK,
                markeredgewidth=2,
                markersize=15,
            )
    axes.axhline(1, color=INK, linewidth=1.5, linestyle="--")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    _in_words(axes.xaxis, [10.0**power for power in range(-3, 4)], 1e-3)
    axes.set_xlabel("work in one task; large marks: measured")
    axes.set_ylabel("times as fast as one\nafter another")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=12)
    return Picture(figure, describe_forecast(found, came, ways))


def describe_forecast(found: TaskCosts, came: Forecast, ways: Sequence[str]) -> str:
    """What was foretold and what came, and how long a task must work for each way to pay."""
    tried = [
        f"{way} {in_words(came.foreseen[way])} foretold, {in_words(came.measured[way])} measured"
        for way in came.measured
    ]
    pays = [f"{way} {in_words(found.least_work(way))}" for way in ways]
    return (
        f"{came.tasks} tasks of {in_words(came.work_s)}, {came.workers} at once: "
        f"{'; '.join(tried)}. Handing over costs a tenth of the work when a task works for: "
        f"{', '.join(pays)}."
    )


def _in_words(axis: Axis, values: Sequence[float], unit_s: float) -> None:
    """Mark these values of a logarithmic axis by durations: 10 µs, 1 ms."""
    axis.set_ticks(values, [in_words(value * unit_s) for value in values])
    axis.axes.minorticks_off()
