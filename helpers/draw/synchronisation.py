"""Lanes of threads at a primitive, and below them how many hold it and how many wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.draw.picture import BLUE, VERMILION, Picture, new_figure
from helpers.draw.timeline import draw_lanes, draw_legend
from helpers.measure.synchronisation import Counts, Scene, holding, waiting
from helpers.measure.timeline import State, Timeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TITLES = {
    "Lock": "A Lock: one holds, all others wait",
    "RLock": "An RLock: one holds, and may take it once more",
    "Semaphore": "A Semaphore(2): at most two hold",
    "BoundedSemaphore": "A BoundedSemaphore(2): at most two hold",
    "Event": "An Event: all wait for one signal",
    "Condition": "A Condition: each signal lets one go on",
    "Barrier": "A Barrier: all wait for the last one",
}


def queue(found: Timeline, title: str) -> Picture:
    """The lanes, and on the same axis of time how many lanes hold and how many wait."""
    lanes = len(found.lanes)
    figure = new_figure(title, 3.6 + 0.42 * lanes, rows=2)
    above, below = figure.axes
    if grid := above.get_gridspec():
        grid.set_height_ratios([0.42 * lanes + 0.3, 1.3])
    draw_lanes(above, found)
    above.set_xlabel("")
    above.tick_params(labelbottom=False)
    _steps(below, holding(found), found, BLUE, "-", "holding a lock")
    _steps(below, waiting(found), found, VERMILION, "--", "waiting for a lock or signal")
    below.set_xlim(above.get_xlim())
    below.set_ylim(-0.15, lanes + 0.4)
    below.set_yticks(range(0, lanes + 1, 1 if lanes <= 4 else 2))
    below.set_xlabel("time (seconds)")
    below.set_ylabel("threads")
    below.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=12, borderpad=0
    )
    draw_legend(figure, [found])
    return Picture(figure, describe(found))


def scene(data: Scene) -> Picture:
    """One scene of the lab."""
    drawn = queue(data.timeline, _TITLES[data.primitive])
    many = f"{data.threads} {'thread' if data.threads == 1 else 'threads'}"
    return Picture(
        drawn.figure, f"{data.primitive}, {many}, {data.hold_s * 1e3:g} ms each: {drawn.text}"
    )


def describe(found: Timeline) -> str:
    """One sentence: how long it took, how many held at most, and how many waited."""
    holders, waiters = holding(found), waiting(found)
    waited = found.time_in(State.WAITING_LOCK, State.WAITING_SIGNAL) / 1e9
    held = f"at most {holders.most} held a lock at once" if holders.most else "no lock was held"
    return (
        f"{len(found.lanes)} lanes over {found.length_ns / 1e9:.2f} s; {held}; at most "
        f"{waiters.most} waited at once, {waited:.2f} s of waiting in all."
    )


def _steps(
    axes: Axes, counts: Counts, found: Timeline, colour: str, style: str, label: str
) -> None:
    moments = [found.start_ns, *counts.moments_ns, found.end_ns]
    seconds = [(moment - found.start_ns) / 1e9 for moment in moments]
    lanes = [0, *counts.lanes, counts.lanes[-1] if counts.lanes else 0]
    axes.step(seconds, lanes, style, where="post", color=colour, linewidth=2.5, label=label)
