"""How long the same tasks take, against the size of the pool, and the limit below it."""

from __future__ import annotations

from helpers.draw.creation import in_seconds
from helpers.draw.picture import BLUE, INK, VERMILION, Picture, new_figure
from helpers.measure.pool_size import PoolSizes


def sizes(found: PoolSizes) -> Picture:
    """Each round a dot, the medians joined; the limit as a dashed line; the needed size marked."""
    figure = new_figure("From which size on does a larger pool gain nothing?", 4.6)
    axes = figure.axes[0]
    for size in found.sizes:
        points = [seconds * 1e3 for seconds in found.comparison.seconds[str(size)]]
        axes.plot([size] * len(points), points, "o", color=BLUE, alpha=0.35, markersize=6)
    medians = [found.median_s(size) * 1e3 for size in found.sizes]
    axes.plot(found.sizes, medians, "o-", color=BLUE, markersize=8, label="measured (median)")
    limits = [found.limit_s(size) * 1e3 for size in found.sizes]
    axes.plot(
        found.sizes, limits, "s--", color=VERMILION, markersize=7,
        label="computed from workers and cores",
    )  # fmt: skip
    axes.axvline(found.needed, color=INK, linestyle=":", linewidth=2)
    formula = "cores × (1 + waiting / computing)" if found.compute_s else "one for each task"
    left = found.needed > max(found.sizes) ** 0.5  # the words stand where there is more room
    axes.annotate(
        f"{formula} = {found.needed}",
        (found.needed, 1.0),
        (-6 if left else 6, -4),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if left else "left",
        va="top",
        fontsize=12,
        color=INK,
    )
    axes.set_xscale("log", base=2)
    axes.set_xticks(found.sizes, [str(size) for size in found.sizes])
    axes.set_xlabel(f"size of the pool ({found.executor})")
    axes.set_ylabel("time for all tasks (milliseconds)")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, fontsize=12, frameon=False)
    return Picture(figure, describe(found))


def describe(found: PoolSizes) -> str:
    """One sentence: what the tasks do, the medians, and the size that the formula gives."""
    medians = ", ".join(f"{size}: {in_seconds(found.median_s(size))}" for size in found.sizes)
    return (
        f"{found.tasks} tasks, each waits {in_seconds(found.wait_s)} and computes "
        f"{in_seconds(found.compute_s)}, in pools of {found.executor}, by size: {medians}. "
        f"The formula gives {found.needed} for {found.cores} core{'s' * (found.cores > 1)} "
        "that can compute at once."
    )
