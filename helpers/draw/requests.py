"""Answers a second and the time of each, against the number of workers, with Little's law."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from helpers.draw.gil import in_words
from helpers.draw.picture import BLUE, FAINT, INK, VERMILION, Picture, new_figure
from helpers.measure.requests import Point, Throughput

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def throughput(found: Throughput) -> Picture:
    """Left the throughput with the law's line, both axes logarithmic; right each answer's time."""
    figure = new_figure("More workers, more answers a second: how far?", 5.0, columns=2)
    rate, time = figure.axes
    _draw_rates(rate, found)
    _draw_times(time, found)
    counts = [point.workers for point in found.points]
    for axes in (rate, time):
        axes.set_xscale("log", base=2)
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.set_xlim(0.7, max(2, *counts) * 1.4)
        axes.set_xlabel("workers")
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=12)
    return Picture(figure, describe(found))


def _draw_rates(axes: Axes, found: Throughput) -> None:
    counts = [point.workers for point in found.points]
    steps = [2 ** (step / 20 * math.log2(max(counts))) for step in range(21)]
    law = [found.law(count) for count in steps]
    label = "Little's law: busy workers / time of an answer"
    axes.plot(steps, law, color=INK, linestyle="--", linewidth=1.5, label=label)
    rates = [point.per_second for point in found.points]
    axes.plot(counts, rates, "o-", color=BLUE, markersize=9, label="measured")
    good = [point.good_per_second for point in found.points]
    if good != rates:
        axes.plot(
            counts,
            good,
            "s:",
            color=VERMILION,
            markersize=9,
            markerfacecolor="white",
            label="measured, without errors",
        )
    axes.set_yscale("log")
    shown = [value for value in (*law, *rates, *good) if value > 0]
    low, high = min(shown) / 1.5, max(shown) * 1.5
    ticks = [step * 10**power for power in range(-2, 6) for step in (1, 2, 5)]
    axes.set_yticks([tick for tick in ticks if low <= tick <= high])
    axes.set_ylim(low, high)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_ylabel("answers a second")


def _draw_times(axes: Axes, found: Throughput) -> None:
    dice = random.Random(0)  # dots of one column would lie on each other: they are spread sideways
    for point in found.points:
        at = [point.workers * 2 ** dice.uniform(-0.2, 0.2) for _ in point.latencies_s]
        times = [latency * 1e3 for latency in point.latencies_s]
        axes.plot(at, times, ".", color=BLUE, alpha=0.4, markersize=6)
        label = "mean time of an answer" if point is found.points[0] else None
        mean = point.latency_s * 1e3
        axes.plot(point.workers, mean, "_", color=INK, markersize=22, mew=3, label=label)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("time of an answer (milliseconds)")


def describe(found: Throughput) -> str:
    """One sentence or more: rate, time and product for few and many workers, and every error."""
    few, many = found.points[0], found.points[-1]
    said = f"{found.requests} requests each time. {_of(few)}"
    if many is not few:
        said += f"; {_of(many)}, where the law alone would give {found.law(many.workers):,.0f}"
    failed = sum(point.failed for point in found.points)
    lost = sum(point.lost for point in found.points)
    counted = sum(point.served_errors for point in found.points)
    said += (
        f". Errors: {failed} answers in all (the server counts {counted})"
        if failed or counted
        else ". No answer was an error"
    )
    return f"{said}, {lost} requests got no answer." if lost else f"{said}."


def _of(point: Point) -> str:
    workers = "1 worker" if point.workers == 1 else f"{point.workers} workers"
    return (
        f"{workers}: {point.per_second:,.0f} answers a second × {in_words(point.latency_s)} = "
        f"{point.in_flight:.1f} requests under way"
    )
