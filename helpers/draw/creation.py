"""What one more of each kind costs, on an axis that has room for a millionfold difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.draw.picture import BLUE, INK, SERIES, Picture, new_figure
from helpers.measure.compare import Comparison
from helpers.measure.creation import MemoryCosts, in_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def start_dots(costs: Comparison) -> Picture:
    """One row per kind, cheapest first: a dot for each round, and the median in words."""
    medians = {name: costs.median(name) for name in costs.seconds}
    names = sorted(medians, key=lambda name: medians[name])
    figure = new_figure("One line further to the right: ten times as long", _height(names))
    axes = figure.axes[0]
    for row, name in enumerate(names):
        colour, marker = SERIES[row % len(SERIES)]
        points = [seconds * 1e6 for seconds in costs.seconds[name]]
        axes.plot(points, [row] * len(points), marker, color=colour, alpha=0.7, markersize=8)
        middle = medians[name] * 1e6
        axes.plot([middle, middle], [row - 0.3, row + 0.3], color=INK, linewidth=2.5)
        _say_beside(axes, max(points), row, in_seconds(medians[name]))
    _shape(axes, names, "time to start one and see it end (microseconds)", room=0.2)
    listed = ", ".join(f"{name} {in_seconds(medians[name])}" for name in names)
    return Picture(figure, f"To start one and see it end takes (medians): {listed}.")


def memory_bars(costs: MemoryCosts) -> Picture:
    """One bar per kind, cheapest first; hatched where other processes share a part of it."""
    if not costs.resident:
        figure = new_figure("This system doesn't tell", 1.2)
        figure.axes[0].set_axis_off()
        return Picture(figure, f"No memory measured: {costs}.")
    names = sorted(costs.least, key=lambda name: costs.least[name])
    figure = new_figure("One line further to the right: ten times as much memory", _height(names))
    axes = figure.axes[0]
    for row, name in enumerate(names):
        size, resident = costs.least[name], costs.resident[name]
        if resident > size:
            axes.barh(row, resident, 0.55, color="white", edgecolor=INK, hatch="///", linewidth=0.5)
        axes.barh(row, size, 0.55, color=BLUE)
        shared = f" (shared: {in_bytes(resident - size)})" if resident > size else ""
        _say_beside(axes, resident, row, in_bytes(size) + shared)
    axes.set_xlim(left=100)
    _shape(
        axes, names, "memory of one more (bytes); hatched: shared with other processes", room=0.5
    )
    return Picture(figure, f"One more takes: {costs}.")


def in_seconds(seconds: float) -> str:
    """A time in words: "16 µs"."""
    for unit, seconds_in_it in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= seconds_in_it:
            return f"{seconds / seconds_in_it:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def _height(names: list[str]) -> float:
    return 1.5 + 0.5 * len(names)


def _say_beside(axes: Axes, right: float, row: int, text: str) -> None:
    axes.annotate(
        text, (right, row), (10, 0), textcoords="offset points", va="center", fontsize=12, color=INK
    )


def _shape(axes: Axes, names: list[str], label: str, room: float) -> None:
    """room: for the words on the right, as a part of what the axis spans without it."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * (high / low) ** room)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel(label)
    axes.grid(axis="x", alpha=0.3)
