"""What threads gain when the work is C code that releases the GIL, and when it isn't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpers.draw.gil import in_words
from helpers.draw.picture import FAINT, INK, SERIES, Picture, new_figure
from helpers.measure.compare import BUSY_CORES, Ratio
from helpers.measure.released import THREADS, Pieces, in_bytes


def gains(speed_ups: Mapping[str, Ratio], threads: int) -> Picture:
    """One row for each kind of work: its speed-up by so many threads, with the 95 % interval.

    Raises ValueError for no kinds.
    """
    if not speed_ups:
        raise ValueError("speed_ups must hold at least one kind of work")
    figure = new_figure(f"Which work gains from {threads} threads?", 1.6 + 0.55 * len(speed_ups))
    axes = figure.axes[0]
    for at, text in ((1, "no gain"), (threads, "a full gain")):
        axes.axvline(at, color=FAINT, linewidth=1.5)
        axes.text(at, -0.62, text, ha="center", va="bottom", fontsize=12, color=INK)
    for row, ratio in enumerate(speed_ups.values()):
        colour, marker = SERIES[row % len(SERIES)]
        axes.plot([ratio.low, ratio.high], [row, row], color=colour, linewidth=4, alpha=0.4)
        axes.plot(ratio.middle, row, marker, color=colour, markersize=10)
        axes.text(ratio.middle, row + 0.17, f"{ratio.middle:.2f}", ha="center", va="top", size=12)
    axes.set_yticks(range(len(speed_ups)), list(speed_ups))
    axes.set_ylim(len(speed_ups) - 0.35, -0.6)
    highest = max(ratio.high for ratio in speed_ups.values())
    axes.set_xlim(0, max(threads + 0.4, 1.05 * highest))
    axes.set_xlabel("speed-up: time one after another / time in the pool")
    said = ", ".join(f"{kind} {ratio.middle:.2f}" for kind, ratio in speed_ups.items())
    busy = [ratio.busy for ratio in speed_ups.values() if ratio.busy is not None]
    return Picture(figure, f"Speed-up with {threads} threads: {said}.{_others(busy)}")


def pieces(found: Pieces) -> Picture:
    """Speed-up of the pool against the size of a piece, both axes logarithmic."""
    figure = new_figure("How large must a piece be before threads gain?", 4.4)
    axes = figure.axes[0]
    colour, marker = SERIES[0]
    ratios = [found.speed_up(size) for size in found.sizes]
    axes.axhline(1, color=INK, linewidth=1)
    axes.axhline(THREADS, color=INK, linewidth=1, linestyle=":")
    middles = [ratio.middle for ratio in ratios]
    axes.plot(found.sizes, middles, color=colour, marker=marker, markersize=9)
    for size, ratio in zip(found.sizes, ratios, strict=True):
        axes.plot([size, size], [ratio.low, ratio.high], color=colour, linewidth=5, alpha=0.35)
    low = min(ratio.low for ratio in ratios)
    high = max(THREADS, *(ratio.high for ratio in ratios))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(found.sizes, [in_bytes(size) for size in found.sizes])
    ticks = [value for value in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4) if value >= low / 1.5]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(low / 1.5, high * 1.6)
    left, right = axes.get_xlim()
    axes.set_xlim(left, right * 6)
    for at, text in ((1, "no gain"), (THREADS, "a full gain")):
        axes.text(right * 5.5, at * 1.05, text, ha="right", va="bottom", fontsize=12, color=INK)
    axes.set_xlabel("size of a piece")
    axes.set_ylabel("speed-up by a pool of 2")
    return Picture(figure, describe_pieces(found))


def describe_pieces(found: Pieces) -> str:
    """One sentence: for each size the speed-up, and what a piece takes either way."""
    parts = [
        f"{in_bytes(size)}: speed-up {found.speed_up(size).middle:.2g} (a piece takes "
        f"{in_words(found.piece_s(size))} alone, {in_words(found.hand_over_s(size))} in the pool)"
        for size in found.sizes
    ]
    busy = found.comparison.busy
    others = _others([] if busy is None else [busy])
    return f"Hashing in pieces of {'; '.join(parts)}.{others}"


def _others(busy: Sequence[float]) -> str:
    """Say so where other programs had the cores that a second thread would have used."""
    most = max(busy, default=0.0)
    return f" Other programs used {most:.1f} cores meanwhile." if most > BUSY_CORES else ""
