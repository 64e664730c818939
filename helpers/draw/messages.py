"""What ends a pipe, and how long messages take, on log axes."""

from __future__ import annotations

from helpers.draw.gil import in_words
from helpers.draw.picture import SERIES, Picture, Table, new_figure
from helpers.measure.messages import PipeEnds, Transfers

LATENCY, THROUGHPUT = "time of a message", "bytes a second"


def pipe_ends(found: PipeEnds) -> Table:
    """One row for each plan, one column for each start method."""
    plans = dict.fromkeys(plan for plan, _ in found.ends)
    rows = [(plan, *(found.ends[plan, method] for method in found.methods)) for plan in plans]
    return Table("How the receiver learns that the sender has ended.", ("", *found.methods), rows)


def transfers(found: Transfers, what: str = LATENCY) -> Picture:
    """One line for each kind: a point is the median, against the size, both on log axes.

    what: LATENCY or THROUGHPUT. Raises ValueError for anything else.
    """
    if what not in (LATENCY, THROUGHPUT):
        raise ValueError(f"what must be {LATENCY!r} or {THROUGHPUT!r}, got {what!r}")
    title = "Small messages: the way counts. Large ones: the copies"
    figure = new_figure(title, 5.4)
    axes = figure.axes[0]
    for number, kind in enumerate(found.kinds()):
        colour, marker = SERIES[number % len(SERIES)]
        sizes = found.sizes(kind)
        if what == LATENCY:
            values = [found.latency_s(kind, size) * 1e6 for size in sizes]
        else:
            values = [found.throughput(kind, size) / 1e6 for size in sizes]
        axes.plot(sizes, values, marker=marker, color=colour, linewidth=2, markersize=8, label=kind)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    all_sizes = sorted({size for _, size in found.seconds})
    axes.set_xticks(all_sizes, [in_bytes(size) for size in all_sizes])
    axes.minorticks_off()
    axes.set_xlabel("size of the message")
    axes.set_ylabel(
        "time until the other has it (µs)" if what == LATENCY else "throughput (MB a second)"
    )
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False, fontsize=12)
    return Picture(figure, describe(found))


def describe(found: Transfers) -> str:
    """One sentence: the quickest for each size."""
    sizes = sorted({size for _, size in found.seconds})
    parts = [
        f"{in_bytes(size)} {found.quickest(size)} "
        f"({in_words(found.latency_s(found.quickest(size), size))})"
        for size in sizes
    ]
    return f"The quickest here (medians): {', '.join(parts)}."


def in_bytes(size: int) -> str:
    """A size in powers of 1024: 1 B, 64 KiB, 16 MiB."""
    for unit, scale in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= scale:
            return f"{size / scale:g} {unit}"
    return f"{size} B"
