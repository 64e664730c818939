"""Start methods side by side: a table of what a child has, a picture of what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helpers.draw.creation import in_seconds
from helpers.draw.picture import BLUE, FAINT, INK, SERIES, Picture, Table, new_figure
from helpers.measure.creation import in_bytes
from helpers.measure.start_methods import METHODS, ScriptRun, StartCosts

_NOT_HERE = "not on this system"


def inherited(found: Mapping[str, Mapping[str, bool]]) -> Table:
    """One row per thing that the parent has, one column per start method.

    Raises ValueError if nothing was found.
    """
    if not found:
        raise ValueError("found must hold at least one start method")
    things = list(next(iter(found.values())))
    rows = [
        [thing, *(_yes(found[method][thing]) if method in found else "—" for method in METHODS)]
        for thing in things
    ]
    counts = [
        f"{method} {sum(found[method].values())} of {len(things)}"
        if method in found
        else f"{method} {_NOT_HERE}"
        for method in METHODS
    ]
    return Table(
        f"What a child has of what its parent has: {', '.join(counts)}.",
        ["The parent has …", *METHODS],
        rows,
    )


def _yes(has: bool) -> str:
    return "✔ yes" if has else "no"


def bad_moment(found: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row per start method: what a child said that was started while a thread held a lock.

    found: method to what ``start_while_a_thread_holds_the_lock`` returned.
    Raises ValueError if nothing was found.
    """
    if not found:
        raise ValueError("found must hold at least one start method")
    rows = []
    for method in METHODS:
        if method not in found:
            rows.append([method, _NOT_HERE, "—", "—"])
            continue
        one = found[method]
        end = "hung, and was killed" if one["killed"] else "by itself"
        rows.append([method, "\n".join(one["said"]), end, "yes" if one["warnings"] else "no"])
    hung = [method for method in METHODS if method in found and found[method]["killed"]]
    return Table(
        f"Hung and killed: {', '.join(hung) or 'none'}.",
        ["start method", "the child said", "it ended", "Python warned the parent"],
        rows,
    )


def scripts(runs: Mapping[str, ScriptRun], text: str) -> Table:
    """One row per script: its exit code, what it printed, and the first error of the family."""
    rows = [
        [name, str(run.exit_code), run.output.strip() or "nothing", run.last_error or "none seen"]
        for name, run in runs.items()
    ]
    return Table(text, ["", "exit code", "it printed", "error, its own or a child's"], rows)


def costs(found: Sequence[StartCosts]) -> Picture:
    """Left a dot for each start, right the memory that is the child's alone.

    One row per main module and method. Raises ValueError for nothing to draw.
    """
    if not found:
        raise ValueError("found must hold at least one")
    rows = [(one, method) for one in found for method in one.methods]
    tells_memory = any(one.unique for one in found)
    figure = new_figure(
        "Which children start late, and which weigh a lot?",
        1.6 + 0.42 * len(rows),
        columns=2 if tells_memory else 1,
    )
    times = figure.axes[0]
    for row, (one, method) in enumerate(rows):
        colour, marker = SERIES[METHODS.index(method)]
        points = [seconds * 1e3 for seconds in one.comparison.seconds[method]]
        times.plot(points, [row] * len(points), marker, color=colour, alpha=0.7, markersize=7)
        middle = one.comparison.median(method) * 1e3
        times.plot([middle, middle], [row - 0.32, row + 0.32], color=INK, linewidth=2.5)
    times.set_xscale("log")
    times.xaxis.set_major_formatter("{x:g}")
    times.minorticks_off()
    names = [f"{method}, {one.main}" for one, method in rows]
    times.set_yticks(range(len(rows)), names)
    times.set_xlabel("start to end (milliseconds)")
    if tells_memory:
        memory = figure.axes[1]
        for row, (one, method) in enumerate(rows):
            size = one.unique[method] / 1e6
            memory.barh(row, size, 0.55, color=BLUE)
            memory.annotate(
                f"{size:.1f}", (size, row), (5, 0), textcoords="offset points", va="center",
                fontsize=12, color=INK,
            )  # fmt: skip
        memory.set_yticks([])
        memory.set_xlim(0, 1.4 * max(one.unique[method] for one, method in rows) / 1e6)
        memory.set_xlabel("memory of its own (MB)")
    borders = [row for row in range(1, len(rows)) if rows[row][0] is not rows[row - 1][0]]
    for axes in figure.axes:
        if len(found) < len(rows):  # else each row is a group by itself
            for row in borders:
                axes.axhline(row - 0.5, color=FAINT, linewidth=1)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(axis="x", alpha=0.3)
    return Picture(figure, describe(found))


def describe(found: Sequence[StartCosts]) -> str:
    """One sentence: the median time and the memory of each child."""
    parts = []
    for one in found:
        for method in one.methods:
            said = f"{method} ({one.main}) {in_seconds(one.comparison.median(method))}"
            if method in one.unique:
                said += f" and {in_bytes(one.unique[method])}"
            parts.append(said)
    ending = "" if any(one.unique for one in found) else " This system doesn't tell memory."
    return f"One child takes (medians): {', '.join(parts)}.{ending}"
