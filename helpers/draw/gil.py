"""Pictures of threads under the GIL."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw import timeline as lanes
from helpers.draw.picture import FAINT, SERIES, Picture, new_figure
from helpers.measure.compare import BUSY_CORES
from helpers.measure.gil import Contention, Runs, SpeedUps


def contention(found: Contention, window_s: tuple[float, float] | None = None) -> Picture:
    """The lanes of the threads; the sentence gives hand-overs, waiting and speed-up.

    window_s: show only this part, in seconds since the threads were let go.
    """
    title = f"{_threads(found.threads)}, {found.kind}, switch interval {in_words(found.interval_s)}"
    return Picture(lanes.lanes(found.timeline, title, window_s).figure, describe(found))


def describe(found: Contention) -> str:
    """One sentence with the numbers that the lanes stand for."""
    if found.timeline.gil:
        hand_overs = "hand-over" if found.hand_overs == 1 else "hand-overs"
        waiting = "the GIL" if found.timeline.tells_queue else "the GIL or a core"
        seen = (
            f"{found.hand_overs} {hand_overs} of the GIL; the threads spent "
            f"{found.gil_wait_share:.0%} of their time waiting for {waiting}"
        )
    else:
        seen = "this Python has no GIL to hand over"
    return (
        f"{_threads(found.threads)}, {found.kind}: {seen}. One after another the work took "
        f"{found.alone_s:.2f} s, together {found.together_s:.2f} s: "
        f"{_speed_up(found)}"
    )


def _speed_up(found: Contention) -> str:
    if found.busy is not None and found.busy > BUSY_CORES:
        return f"no word on the speed-up, for other programs used {found.busy:.1f} cores meanwhile."
    return f"speed-up {found.speed_up:.2f}."


def speed_ups(found: SpeedUps) -> Picture:
    """Speed-up against the number of threads: a point for each round, a line through medians."""
    figure = new_figure("What threads gain, by kind of work", 4.2)
    axes = figure.axes[0]
    most = max(count for kind in found.kinds for count in found.threads(kind))
    axes.plot([1, most], [1, most], color=FAINT, linestyle="--", label="as many times as threads")
    axes.axhline(1, color=FAINT, linewidth=1)
    for number, kind in enumerate(found.kinds):
        colour, marker = SERIES[number % len(SERIES)]
        counts = found.threads(kind)
        medians = [found.speed_up(kind, count).middle for count in counts]
        axes.plot(counts, medians, color=colour, marker=marker, label=kind, linewidth=2)
        for count in counts:
            points = found.speed_ups(kind, count)
            axes.plot([count] * len(points), points, marker, color=colour, alpha=0.3)
    axes.set_xticks(sorted({count for kind in found.kinds for count in found.threads(kind)}))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("threads")
    axes.set_ylabel("speed-up")
    axes.legend(frameon=False, fontsize=12)
    return Picture(figure, describe_speed_ups(found))


def describe_speed_ups(found: SpeedUps) -> str:
    """One sentence: the speed-up of each kind with the most threads."""
    parts = []
    for kind in found.kinds:
        count = max(found.threads(kind))
        ratio = found.speed_up(kind, count)
        parts.append(f"{kind} {ratio.middle:.2f} times as fast with {_threads(count)}")
    return f"Against the same work one after another: {', '.join(parts)}."


def run_lengths(found: Sequence[Runs]) -> Picture:
    """How long a thread kept the GIL, against the switch interval, both on log axes."""
    figure = new_figure("How long a thread keeps the GIL that another one wants", 4.4)
    axes = figure.axes[0]
    intervals_ms = sorted({runs.interval_s * 1e3 for runs in found})
    axes.plot(intervals_ms, intervals_ms, color=FAINT, linestyle="--", label="the switch interval")
    for number, kind in enumerate(dict.fromkeys(runs.bytecodes for runs in found)):
        colour, marker = SERIES[number % len(SERIES)]
        side = 0.94 if number == 0 else 1.06  # beside each other, not one on the other
        of_kind = [runs for runs in found if runs.bytecodes == kind and runs.lengths_s]
        for runs in of_kind:
            lengths_ms = [length * 1e3 for length in runs.lengths_s]
            at = [runs.interval_s * 1e3 * side] * len(lengths_ms)
            axes.plot(at, lengths_ms, marker, color=colour, alpha=0.3)
        axes.plot(
            [runs.interval_s * 1e3 * side for runs in of_kind],
            [runs.median_s * 1e3 for runs in of_kind],
            color=colour,
            marker=marker,
            markersize=9,
            label=f"{kind}, median",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(intervals_ms, [f"{value:g}" for value in intervals_ms])
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlabel("switch interval (milliseconds)")
    axes.set_ylabel("length of a run (milliseconds)")
    axes.legend(frameon=False, fontsize=12)
    return Picture(figure, describe_run_lengths(found))


def describe_run_lengths(found: Sequence[Runs]) -> str:
    """One sentence: for each kind and interval, the median run and what fits into it."""
    parts = []
    for runs in found:
        seen = (
            f"{in_words(runs.median_s)} ({runs.operations:,.0f} operations)"
            if runs.lengths_s
            else "none seen"
        )
        parts.append(f"{runs.bytecodes} at {in_words(runs.interval_s)}: {seen}")
    return f"Median run between two hand-overs: {'; '.join(parts)}."


def in_words(seconds: float) -> str:
    """A duration with the unit that suits it: 10 µs, 5 ms, 1.2 s."""
    if seconds < 0.9995e-3:
        return f"{seconds * 1e6:.3g} µs"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.3g} s"


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"
