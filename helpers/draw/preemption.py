"""The holder of the GIL off its core, and the thread that waits for it."""

from __future__ import annotations

from helpers.draw.picture import INK, Picture, new_figure
from helpers.draw.timeline import draw_lanes, draw_legend
from helpers.measure.preemption import Preemption, Stall
from helpers.measure.timeline import State


def stalls(found: Preemption) -> Picture:
    """The lanes of holder and other thread: above without competitors, below with them."""
    if found.quiet is None or found.crowded is None:
        figure = new_figure("Nothing to see on this system", 1.5)
        figure.axes[0].set_axis_off()
        figure.axes[0].text(0, 0.5, found.reason, color=INK, fontsize=13)
        return Picture(figure, f"This experiment can't be made here: {found.reason}.")
    gil = "with" if found.crowded.timeline.gil else "without"
    figure = new_figure(f"One thread loses its core: what the other does, {gil} a GIL", 5.2, rows=2)
    for axes, stall in zip(figure.axes, (found.quiet, found.crowded), strict=True):
        draw_lanes(axes, stall.timeline)
        axes.set_title(_case(stall), loc="left")
    figure.axes[0].set_xlabel("")
    draw_legend(figure, [found.quiet.timeline, found.crowded.timeline])
    return Picture(figure, f"{_sentence(found.quiet)} {_sentence(found.crowded)}")


def _case(stall: Stall) -> str:
    if not stall.competitors:
        return "nothing of ours competes for the holder's core"
    return f"{stall.competitors} processes of ours compete for the holder's core"


def _sentence(stall: Stall) -> str:
    case = f"With {stall.competitors} competitors" if stall.competitors else "Without competitors"
    waited = stall.share_meanwhile(State.WAITING_GIL)
    meanwhile = f", in which the other thread waited for the GIL for {waited:.0%} of the time"
    return (
        f"{case} the holder was off its core for {stall.away_s:.2f} s"
        f"{meanwhile if stall.timeline.gil else ''}; the other thread's longest standstill was "
        f"{stall.longest_s * 1e3:.0f} ms."
    )
