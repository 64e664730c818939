"""The workers of a cluster as lanes, and the moment at which one of them was killed."""

from __future__ import annotations

from helpers.draw.picture import INK, Picture, new_figure
from helpers.draw.timeline import draw_lanes, draw_legend
from helpers.measure.timeline import State, Timeline


def workers(found: Timeline, title: str, killed_ns: int | None = None) -> Picture:
    """One lane per worker.

    killed_ns: when a worker was killed, in nanoseconds on the lanes' clock.
    """
    figure = new_figure(title, 1.9 + 0.5 * len(found.lanes))
    axes = figure.axes[0]
    draw_lanes(axes, found)
    if killed_ns is not None:
        moment = (killed_ns - found.start_ns) / 1e9
        axes.axvline(moment, color=INK, linewidth=2.5, linestyle="--")
        axes.annotate(
            "killed",
            (moment, 1),
            (5, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=12,
            color=INK,
        )
    draw_legend(figure, [found])
    return Picture(figure, describe(found, killed_ns))


def describe(found: Timeline, killed_ns: int | None = None) -> str:
    """One sentence: how many tasks each worker finished, and for how long it worked."""
    parts = []
    for lane in found.lanes:
        done = [span for span in found.of(State.RUNNING, lane=lane) if span.detail == "compute"]
        worked = found.time_in(State.RUNNING, lane=lane) / found.length_ns
        tasks = f"{len(done)} {'task' if len(done) == 1 else 'tasks'}"
        parts.append(f"{lane} finished {tasks} and worked for {worked:.0%} of it")
    said = f"{found.length_ns / 1e9:.2f} s: {', '.join(parts)}"
    if killed_ns is not None:
        said += f"; one was killed after {(killed_ns - found.start_ns) / 1e9:.2f} s"
    return f"{said}."
