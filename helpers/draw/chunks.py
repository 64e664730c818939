"""What a chunk size costs: measured, and computed from the cost of a message and of a task."""

from __future__ import annotations

from helpers.draw.creation import in_seconds
from helpers.draw.picture import BLUE, INK, VERMILION, Picture, new_figure
from helpers.measure.chunks import ChunkSweep


def curve(found: ChunkSweep) -> Picture:
    """Both curves on logarithmic axes, each with its lowest point marked."""
    figure = new_figure("Too small: messages. Too large: one process works alone", 4.8)
    axes = figure.axes[0]
    for size in found.sizes:
        points = [seconds * 1e3 for seconds in found.comparison.seconds[str(size)]]
        axes.plot([size] * len(points), points, "o", color=BLUE, alpha=0.3, markersize=5)
    measured = [found.measured_s(size) * 1e3 for size in found.sizes]
    predicted = [found.predicted_s(size) * 1e3 for size in found.sizes]
    axes.plot(found.sizes, measured, "o-", color=BLUE, label="measured (median)")
    axes.plot(found.sizes, predicted, "s--", color=VERMILION, label="computed beforehand")
    for best, values, colour in (
        (found.best_measured, measured, BLUE),
        (found.best_predicted, predicted, VERMILION),
    ):
        lowest = values[found.sizes.index(best)]
        axes.plot(best, lowest, "*", color=colour, markersize=20, markeredgecolor=INK)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    last = found.sizes[-1]  # it needn't be a power of two, and then it may be near one
    shown = [size for size in found.sizes if size == last or size * 1.5 < last]
    axes.set_xticks(shown, [str(size) for size in shown])
    low, high = axes.get_ylim()
    ticks = [n * 10.0**power for power in range(-3, 5) for n in (1, 2, 5)]
    axes.set_yticks([tick for tick in ticks if low <= tick <= high])
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_ylim(low, high)
    axes.set_xlabel("chunk size (tasks in one message); star: the best")
    axes.set_ylabel("time for all tasks (milliseconds)")
    axes.grid(axis="y", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=2, fontsize=12, frameon=False)
    return Picture(figure, describe(found))


def describe(found: ChunkSweep) -> str:
    """One sentence: the costs, the best size computed and measured, and what both take."""
    computed, best = found.best_predicted, found.best_measured
    many = len(found.lengths_s)
    each = sum(found.lengths_s) / many
    return (
        f"{many} tasks of {in_seconds(each)} on average, {found.workers} "
        f"process{'es' * (found.workers > 1)}; a message costs {in_seconds(found.message_s)}. "
        f"Computed beforehand: chunks of {computed} are the best; they took "
        f"{in_seconds(found.measured_s(computed))}. Measured: chunks of {best} are, with "
        f"{in_seconds(found.measured_s(best))}. Chunks of 1 took "
        f"{in_seconds(found.measured_s(found.sizes[0]))}."
    )
