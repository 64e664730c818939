"""Where processes begin to beat threads as tasks grow."""

from __future__ import annotations

import math

from helpers.draw.creation import in_seconds
from helpers.draw.picture import FAINT, INK, SERIES, SKY, VERMILION, Picture, new_figure
from helpers.measure.compare import BUSY_CORES
from helpers.measure.crossover import Crossover

_STEPS = 60


def gains(found: Crossover) -> Picture:
    """Threads' time / processes' time against the length of a task, beside what was predicted."""
    figure = new_figure("How long must a task be before processes win?", 4.8)
    axes = figure.axes[0]
    ratios = [found.gain(size) for size in found.sizes_s]
    colour, marker = SERIES[0]
    low, high = math.log(found.sizes_s[0]), math.log(found.sizes_s[-1])
    steps = [math.exp(low + (high - low) * step / _STEPS) for step in range(_STEPS + 1)]
    predicted = [found.predicted_gain(size) for size in steps]
    axes.plot(steps, predicted, "--", color=VERMILION, linewidth=2, label="from the hand-over")
    for size, ratio in zip(found.sizes_s, ratios, strict=True):
        axes.plot([size, size], [ratio.low, ratio.high], color=colour, linewidth=7, alpha=0.35)
    axes.plot(
        found.sizes_s,
        [ratio.middle for ratio in ratios],
        color=colour,
        marker=marker,
        markersize=9,
        label="measured, with 95 % interval",
    )
    axes.axhline(1, color=INK, linewidth=1)
    bottom = min(0.2, *(ratio.low for ratio in ratios), *predicted) / 1.3
    top = max(2.0, *(ratio.high for ratio in ratios), *predicted) * 1.3
    axes.axhspan(bottom, 1, color=FAINT, alpha=0.3, linewidth=0)
    axes.axhspan(1, top, color=SKY, alpha=0.2, linewidth=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(bottom, top)
    axes.set_xticks(found.sizes_s, [in_seconds(size) for size in found.sizes_s])
    ticks = [t for t in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4, 8, 16) if bottom <= t <= top]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    for words, height, side in (("processes win", 1.1, "bottom"), ("threads win", 0.9, "top")):
        axes.text(found.sizes_s[0], height, words, va=side, fontsize=12, color=INK)
    if found.measured_s is not None:
        axes.plot(found.measured_s, 1, "*", color=INK, markersize=18, label="the crossover")
    axes.set_xlabel("one task computes for")
    axes.set_ylabel("time in threads /\ntime in processes")
    axes.legend(loc="lower right", frameon=False, fontsize=12)
    return Picture(figure, describe(found))


def describe(found: Crossover) -> str:
    """The crossover, found and expected, and the gain at both ends."""
    first, last = found.sizes_s[0], found.sizes_s[-1]
    ends = (
        f"With {found.workers} workers, tasks of {in_seconds(first)} take "
        f"{found.gain(first).middle:.2g} times as long in threads as in processes, tasks of "
        f"{in_seconds(last)} {found.gain(last).middle:.2g} times."
    )
    if found.measured_s is not None:
        where = f"They are equal at about {in_seconds(found.measured_s)}"
    else:
        where = "The curve doesn't cross 1"
    if found.predicted_s is not None:
        where += f"; from the hand-over alone one expects {in_seconds(found.predicted_s)}"
    else:
        where += "; here processes can't win, says the hand-over"
    text = f"{ends} {where}."
    if found.comparison.busy is not None and found.comparison.busy > BUSY_CORES:
        text += f" Other programs kept {found.comparison.busy:.1f} cores busy meanwhile."
    return text
