"""Time and memory against the number of waits, both on logarithmic axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from helpers.draw.picture import INK, SERIES, Picture, new_figure
from helpers.measure.creation import in_bytes
from helpers.measure.scale import KINDS, Attempt, Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def costs(found: Scale, title: str = "What it takes to let that many wait at once") -> Picture:
    """Two panels, one line per kind; a cross where a kind gave up.

    Raises ValueError if there are no attempts.
    """
    if not found.attempts:
        raise ValueError("found must hold at least one attempt")
    figure = new_figure(title, 5.0, columns=2)
    time, memory = figure.axes
    for kind in found.kinds:
        _line(time, found, kind, lambda attempt: attempt.seconds)
        _line(memory, found, kind, lambda attempt: (attempt.memory or 0) / 1e6)
    longest = max(attempt.wait_s for attempt in found.attempts)
    time.axhline(longest, color=INK, linestyle=":", linewidth=1, label="the wait itself")
    for axes, label, missing in (
        (time, "until all have ended (seconds)", "none of them waited"),
        (memory, "memory (MB)", "not told by this system"),
    ):
        axes.set_xlabel("waits at once")
        axes.set_ylabel(label)
        if any(line.get_label() in KINDS and np.size(line.get_xdata()) for line in axes.lines):
            _logarithmic(axes)
        else:
            axes.set_xticks([])
            axes.set_yticks([])
            axes.text(0.5, 0.5, missing, ha="center", transform=axes.transAxes, fontsize=12)
    slowest = max(attempt.seconds for attempt in found.attempts)
    time.set_ylim(0.8 * longest, max(12 * longest, 1.5 * slowest))
    handles, labels = time.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=4, frameon=False, fontsize=12)
    return Picture(figure, describe(found))


def describe(found: Scale) -> str:
    """One sentence: the most waits of each kind, their time and memory, and why it stopped."""
    parts = []
    for kind in found.kinds:
        largest, gave_up = found.largest(kind), found.gave_up(kind)
        part = f"{largest.reached:,} {kind} in {largest.seconds:.2g} s"
        if largest.memory_each:
            part += f", {in_bytes(largest.memory_each)} each"
        if gave_up is not None:
            part += f" (gave up at {gave_up.reached:,} of {gave_up.count:,}: {gave_up.reason})"
        parts.append(part)
    wait_s = max(attempt.wait_s for attempt in found.attempts)
    return f"Waits of {wait_s:g} s; the most that waited together: {'; '.join(parts)}."


def _logarithmic(axes: Axes) -> None:
    """Both axes, with 1,000 rather than a power of ten, and numbers at whole powers only."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(alpha=0.3)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.set_minor_formatter(NullFormatter())


def _line(axes: Axes, found: Scale, kind: str, value: Callable[[Attempt], float]) -> None:
    colour, marker = SERIES[KINDS.index(kind)]
    points = [(one.reached, value(one)) for one in found.of(kind) if one.reached and value(one)]
    axes.plot(
        [count for count, _ in points],
        [height for _, height in points],
        color=colour,
        marker=marker,
        markersize=8,
        linewidth=2,
        label=kind,
    )
    gave_up = found.gave_up(kind)
    if gave_up is not None and gave_up.reached and value(gave_up):
        _cross(axes, gave_up, value(gave_up))


def _cross(axes: Axes, gave_up: Attempt, height: float) -> None:
    axes.plot([gave_up.reached], [height], "x", color=INK, markersize=17, markeredgewidth=3)
    axes.annotate(
        "gave up",
        (gave_up.reached, height),
        xytext=(-14, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=12,
        color=INK,
    )
