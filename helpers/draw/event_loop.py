"""Tasks of an event loop as lanes, and how late its timers are."""

from __future__ import annotations

from helpers.draw.gil import in_words
from helpers.draw.picture import INK, SERIES, Picture, new_figure
from helpers.draw.timeline import lanes
from helpers.measure.event_loop import Lateness, Scene
from helpers.measure.timeline import State, Timeline

_TITLES = {
    "nobody": "Nobody blocks: each wait is somebody else's turn",
    "one task, with time.sleep": "Task 1 blocks the loop, and everybody is late",
    "one task, in a thread": "Task 1 lets a thread wait, and the loop goes on",
}


def tasks(found: Timeline, title: str) -> Picture:
    """The lanes; the sentence says for how long tasks that were ready had to wait."""
    return Picture(lanes(found, title).figure, describe(found))


def scene(data: Scene) -> Picture:
    """One scene of the lab."""
    return tasks(data.timeline, _TITLES[data.blocks])


def describe(found: Timeline) -> str:
    """One sentence: how long it took, and how the tasks' time divides."""
    waits = found.of(State.READY)
    longest = max((wait.length_ns for wait in waits), default=0) / 1e9
    count = len(found.lanes)
    return (
        f"{count} {'task' if count == 1 else 'tasks'} over {found.length_ns / 1e9:.2f} s: the loop "
        f"ran {found.time_in(State.RUNNING) / 1e9:.2f} s of their code; a task that was ready "
        f"waited {in_words(longest)} for its turn at most."
    )


def lateness(found: Lateness) -> Picture:
    """One row for each number of threads: a dot for each timer, and the median."""
    title = "How late a timer comes beside threads that compute"
    figure = new_figure(title, 1.6 + 0.6 * len(found.late_s))
    axes = figure.axes[0]
    for row, late_s in enumerate(found.late_s):
        colour, marker = SERIES[row % len(SERIES)]
        late_ms = [max(seconds * 1e3, 0.01) for seconds in late_s]
        axes.plot(late_ms, [row] * len(late_ms), marker, color=colour, alpha=0.3)
        middle = max(found.median(row) * 1e3, 0.01)
        axes.plot([middle, middle], [row - 0.32, row + 0.32], color=INK, linewidth=2.5)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(found.late_s)), [_beside(row) for row in range(len(found.late_s))])
    axes.set_ylim(len(found.late_s) - 0.5, -0.5)
    axes.set_xlabel("late by (milliseconds)")
    medians = [f"{_beside(row)} {in_words(found.median(row))}" for row in range(len(found.late_s))]
    return Picture(
        figure,
        f"A timer of {in_words(found.period_s)} comes too late by (medians): {', '.join(medians)}.",
    )


def _beside(threads: int) -> str:
    return {0: "no thread", 1: "1 thread"}.get(threads, f"{threads} threads")
