"""Context switches against the number of threads."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw.creation import in_seconds
from helpers.draw.picture import BLUE, INK, VERMILION, Picture, new_figure
from helpers.measure.switches import TELLS_SWITCHES, Switches


def sweep(found: Sequence[Switches]) -> Picture:
    """For each number of threads two bars, voluntary and involuntary, and the time in words."""
    if not found:
        figure = new_figure("This system doesn't tell", 1.2)
        figure.axes[0].set_axis_off()
        return Picture(figure, f"Nothing counted: {TELLS_SWITCHES.reason}.")
    figure = new_figure("The same computing: more threads, more switches?", 4.4)
    axes = figure.axes[0]
    kinds = (
        ("voluntary: it had to wait", BLUE, "", [one.voluntary for one in found], -0.2),
        ("involuntary: its core was taken", VERMILION, "///", [o.involuntary for o in found], 0.2),
    )
    for label, colour, hatch, counts, place in kinds:
        rows = [row + place for row in range(len(found))]
        axes.bar(rows, counts, 0.4, color=colour, hatch=hatch, edgecolor="white", label=label)
        for row, many in zip(rows, counts, strict=True):
            axes.annotate(
                str(many), (row, many), (0, 3), textcoords="offset points", ha="center",
                fontsize=12, color=INK,
            )  # fmt: skip
    names = [f"{_threads(one)}\n{in_seconds(one.seconds)}" for one in found]
    axes.set_xticks(range(len(found)), names)
    axes.set_ylabel("context switches")
    axes.margins(y=0.15)
    figure.legend(loc="outside lower center", ncols=2, fontsize=12, frameon=False)
    return Picture(figure, describe(found))


def describe(found: Sequence[Switches]) -> str:
    """One sentence: the switches of both kinds and the time, by number of threads."""
    parts = [
        f"{_threads(one)} {one.voluntary} voluntary and {one.involuntary} involuntary in "
        f"{in_seconds(one.seconds)}"
        for one in found
    ]
    return f"Context switches of the same computing: {'; '.join(parts)}."


def _threads(one: Switches) -> str:
    return f"{one.threads} thread{'s' * (one.threads > 1)}"
