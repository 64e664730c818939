"""The same tasks under several models, one above the other, on one axis of time."""

from __future__ import annotations

from collections.abc import Mapping

from helpers.draw.picture import INK, Picture, new_figure
from helpers.draw.timeline import draw_lanes, draw_legend, lanes
from helpers.measure.overlap import Run, computing_at_once, waits
from helpers.measure.timeline import State, Timeline


def ways(runs: Mapping[str, Timeline], title: str) -> Picture:
    """One group of lanes per run, each from its own start, all to the same scale.

    runs: the heading of each group to its timeline, from top to bottom.
    Raises ValueError for no runs.
    """
    if not runs:
        raise ValueError("runs must hold at least one run")
    lane_count = sum(len(run.lanes) for run in runs.values())
    figure = new_figure(title, 1.7 + 0.45 * len(runs) + 0.36 * lane_count, rows=len(runs))
    longest = max(run.length_ns for run in runs.values()) / 1e9
    for axes, (heading, run) in zip(figure.axes, runs.items(), strict=True):
        draw_lanes(axes, run)
        axes.set_xlim(0, longest * 1.02)
        axes.set_title(f"{heading}: {run.length_ns / 1e9:.2f} s", loc="left", fontsize=13)
        axes.axvline(run.length_ns / 1e9, color=INK, linewidth=1, linestyle=":")
        if axes is not figure.axes[-1]:
            axes.set_xlabel("")
            axes.tick_params(labelbottom=False)
    draw_legend(figure, list(runs.values()))
    said = "; ".join(f"{heading}: {_in_words(run)}" for heading, run in runs.items())
    return Picture(figure, f"{said[0].upper()}{said[1:]}.")


def one_run(run: Run) -> Picture:
    """The lanes of one run, for the lab."""
    title = {
        "one after another": "One task at a time",
        "threads": "Threads of one process",
        "asyncio tasks": "Tasks of one thread",
        "processes": "Processes",
        "subinterpreters": "Interpreters in the threads of one process",
    }[run.model]
    drawn = lanes(run.timeline, f"{title}: {run.kind} work")
    workers = "" if run.model == "one after another" else f", at most {run.workers} at once"
    return Picture(
        drawn.figure,
        f"{len(run.timeline.lanes)} {run.kind} tasks, {run.model}{workers}: "
        f"{_in_words(run.timeline)}.",
    )


def _in_words(run: Timeline) -> str:
    return (
        f"{run.length_ns / 1e9:.2f} s for {run.time_in(State.RUNNING) / 1e9:.2f} s of computing "
        f"and {waits(run):.2f} s of waits; two or more computed at once for "
        f"{computing_at_once(run):.0%} of the computing time"
    )
