"""How long a queue is, over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpers.draw.picture import SERIES, Picture, new_figure

# (moment in seconds on any clock, items in the queue), in order of time
Lengths = Sequence[tuple[float, int]]


def queue_lengths(found: Mapping[str, Lengths], title: str) -> Picture:
    """One stepped line per queue, each from its own first moment.

    found: the name of each line to its lengths.
    Raises ValueError if there are no queues, or one has no lengths.
    """
    if not found or not all(found.values()):
        raise ValueError("found must hold at least one queue, and lengths for each")
    figure = new_figure(title, 4.2)
    axes = figure.axes[0]
    for place, (name, lengths) in enumerate(found.items()):
        colour, marker = SERIES[place % len(SERIES)]
        axes.plot(
            [moment - lengths[0][0] for moment, _ in lengths],
            [length for _, length in lengths],
            color=colour,
            marker=marker,
            markersize=5,
            linewidth=2,
            drawstyle="steps-post",
            label=name,
        )
    axes.set_xlabel("time (seconds)")
    axes.set_ylabel("items in the queue")
    axes.set_ylim(bottom=-0.5)
    axes.set_xlim(left=0)
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=12)
    return Picture(figure, describe(found))


def describe(found: Mapping[str, Lengths]) -> str:
    """One sentence: the most items that each queue held, and for how long it was in use."""
    parts = [
        f"{name}: at most {max(length for _, length in lengths)} items, "
        f"over {lengths[-1][0] - lengths[0][0]:.2f} s"
        for name, lengths in found.items()
    ]
    return f"{'; '.join(parts)}."
