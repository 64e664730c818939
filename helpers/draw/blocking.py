"""The beats of an event loop beside several kinds of work, one row each."""

from __future__ import annotations

from collections.abc import Mapping

from helpers.draw.picture import BLUE, INK, SKY, Picture, new_figure
from helpers.measure.blocking import Pulse


def pulses(found: Mapping[str, Pulse], title: str) -> Picture:
    """One row per kind of work: a mark for each beat, a bar for as long as the work went on.

    found: the name of each row to its pulse, from top to bottom.
    Raises ValueError for no pulses.
    """
    if not found:
        raise ValueError("found must hold at least one pulse")
    figure = new_figure(title, 1.9 + 0.75 * len(found))
    axes = figure.axes[0]
    for row, pulse in enumerate(found.values()):
        origin = pulse.start_s
        axes.broken_barh(
            [(0, pulse.end_s - origin)],
            (row + 0.08, 0.26),
            facecolor=SKY,
            edgecolor=INK,
            linewidth=0.5,
            hatch="//",
            label="the work goes on" if row == 0 else None,
        )
        axes.plot(
            [beat - origin for beat in pulse.beats_s],
            [row - 0.15] * len(pulse.beats_s),
            "|",
            color=BLUE,
            markersize=16,
            markeredgewidth=2,
            label="a beat of the loop" if row == 0 else None,
        )
    axes.set_yticks(range(len(found)), list(found))
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlabel("time since the work began (seconds)")
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=12)
    return Picture(figure, describe(found))


def describe(found: Mapping[str, Pulse]) -> str:
    """One sentence: the beats during the work and the longest time without one."""
    parts = [
        f"{name}: {pulse.during} {'beat' if pulse.during == 1 else 'beats'} during the work, "
        f"at most {pulse.longest_gap_s * 1e3:.0f} ms apart"
        for name, pulse in found.items()
    ]
    return f"{'; '.join(parts)}."
