"""A pool at work: its processes as lanes, and when the results came out."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw.gil import in_words
from helpers.draw.picture import INK, Picture, Table, new_figure
from helpers.draw.timeline import draw_lanes, draw_legend
from helpers.measure.pools import Method, PoolRun


def pool_run(found: PoolRun, title: str) -> Picture:
    """The lanes, and on the same axis of time a mark for each result."""
    lanes = len(found.timeline.lanes)
    figure = new_figure(title, 2.4 + 0.5 * lanes)
    axes = figure.axes[0]
    draw_lanes(axes, found.timeline)
    row = lanes
    axes.plot(found.got_s, [row] * len(found.got_s), "v", color=INK, markersize=9, clip_on=False)
    axes.set_yticks(range(lanes + 1), [*found.timeline.lanes, "you get a result"])
    axes.set_ylim(lanes + 0.5, -0.5)
    end_s = found.timeline.length_ns / 1e9
    axes.set_xlim(0, max(end_s, *found.got_s) * 1.01)
    draw_legend(figure, [found.timeline])
    return Picture(figure, describe(found))


def describe(found: PoolRun) -> str:
    """One sentence: how long it took, how well the work was spread, when the first result came."""
    tasks = len(found.lengths_s)
    shares = ", ".join(f"{share:.0%}" for share in found.busy)
    return (
        f"{tasks} {'task' if tasks == 1 else 'tasks'}, {found.workers} "
        f"{'process' if found.workers == 1 else 'processes'}, {found.chunk} handed over at once: "
        f"{in_words(found.timeline.length_ns / 1e9)}; the processes that got work were busy for "
        f"{shares} of it (balance {found.balance:.0%}); the first result came after "
        f"{in_words(found.got_s[0])}, the last after {in_words(found.got_s[-1])}."
    )


def methods(found: Sequence[Method]) -> Table:
    """One row for each method."""
    rows = [
        (
            method.name,
            "until all have ended" if method.blocks else "no",
            {"": "(one task)", "arguments": "of the arguments"}.get(method.order, method.order),
            method.error,
        )
        for method in found
    ]
    columns = ("method", "does the call block?", "order of the results", "where an exception comes")
    return Table("What this run has measured for each method.", columns, rows)
