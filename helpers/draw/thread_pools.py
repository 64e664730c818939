"""The tasks of a pool on the lanes of its threads, and the results as they are handed out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from helpers.draw.gil import in_words
from helpers.draw.picture import FAINT, INK, SKY, VERMILION, Picture, new_figure
from helpers.measure.thread_pools import Schedule, Task

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HELD_BACK_S = 0.02  # a result that was there for longer than this was held back


def schedules(runs: Mapping[str, Schedule], title: str) -> Picture:
    """One group of lanes for each run: a bar for each task, below them a mark for each result.

    All groups have the same scale. A dotted line shows how long a result was held back.
    runs: the heading of each group to its schedule. Raises ValueError for no runs.
    """
    if not runs:
        raise ValueError("runs must hold at least one run")
    rows = sum(run.workers + 1.5 for run in runs.values())
    figure = new_figure(title, 1.4 + 0.4 * len(runs) + 0.42 * rows, rows=len(runs))
    longest = max(run.length_s for run in runs.values())
    for axes, (heading, run) in zip(figure.axes, runs.items(), strict=True):
        _draw(axes, run)
        axes.set_xlim(-0.01 * longest, longest * 1.04)
        axes.set_title(heading, loc="left", fontsize=13)
        if axes is not figure.axes[-1]:
            axes.tick_params(labelbottom=False)
    figure.axes[-1].set_xlabel("time (seconds)")
    return Picture(figure, " ".join(describe(heading, run) for heading, run in runs.items()))


def _draw(axes: Axes, run: Schedule) -> None:
    below = run.workers + 0.5
    for task in run.tasks:
        row = task.worker - 1
        length = task.ended_s - task.began_s
        axes.barh(row, length, 0.7, left=task.began_s, color=SKY, edgecolor=INK, linewidth=0.8)
        middle = task.began_s + length / 2
        axes.text(middle, row, _number(task), ha="center", va="center", fontsize=12, color=INK)
        if task.handed_s is None:
            continue
        if task.handed_s - task.ended_s > HELD_BACK_S:
            path = ([task.ended_s, task.ended_s, task.handed_s], [row + 0.35, below, below])
            axes.plot(*path, color=VERMILION, linewidth=1.5, linestyle=":")
        axes.plot(task.handed_s, below, "v", color=VERMILION, markersize=9, clip_on=False)
    lanes = [f"thread {number}" for number in range(1, run.workers + 1)]
    axes.set_yticks([*range(run.workers), below], [*lanes, "result used"])
    axes.set_ylim(below + 0.5, -0.6)
    axes.axhline(run.workers - 0.25, color=FAINT, linewidth=1)


def _number(task: Task) -> str:
    """The last word: "page 3" is drawn as 3."""
    return task.name.split()[-1]


def describe(heading: str, run: Schedule) -> str:
    """One sentence: how many tasks on how many threads, in which order the results were used."""
    said = f"{heading}: {len(run.tasks)} tasks on {run.workers} threads in {in_words(run.length_s)}"
    if not run.handed_out:
        return f"{said}; no result was used."
    held = [name for name in run.handed_out if run.held_back_s(name) > HELD_BACK_S]
    said += f"; results used in the order {', '.join(run.handed_out)}"
    return f"{said}; held back: {', '.join(held)}." if held else f"{said}; none held back."
