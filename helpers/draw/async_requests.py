"""Requests as lanes: when each waited for its turn, when it was asked for, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw.picture import BLUE, FAINT, INK, ORANGE, PINK, VERMILION, Picture, new_figure
from helpers.measure.async_requests import (
    ERROR_PAGE,
    NO_CONNECTION,
    OK,
    TIMED_OUT,
    Crawl,
    Page,
)

# How a request that ended so is drawn. The hatch tells it without colour.
_LOOKS = {
    OK: (BLUE, ""),
    ERROR_PAGE: (ORANGE, "///"),
    TIMED_OUT: (VERMILION, "xxx"),
    NO_CONNECTION: (PINK, "..."),
}


def waterfall(pages: Sequence[Page], title: str) -> Picture:
    """One row per page, from top to bottom in their order.

    Raises ValueError for no pages.
    """
    if not pages:
        raise ValueError("pages must hold at least one page")
    from matplotlib.patches import Patch

    figure = new_figure(title, min(7.0, 2.0 + 0.09 * len(pages)))
    axes = figure.axes[0]
    for row, page in enumerate(pages, start=1):
        colour, hatch = _LOOKS[page.outcome]
        axes.broken_barh(
            [(page.start_s, page.asked_s - page.start_s)], (row - 0.2, 0.4), facecolor=FAINT
        )
        axes.broken_barh(
            [(page.asked_s, page.end_s - page.asked_s)],
            (row - 0.4, 0.8),
            facecolor=colour,
            hatch=hatch or None,
            edgecolor=INK,
            linewidth=0.3,
        )
    axes.set_ylim(len(pages) + 1, 0)
    axes.set_xlim(left=0)
    axes.margins(x=0.04)
    axes.set_xlabel("time (seconds)")
    axes.set_ylabel("page")
    shown = dict.fromkeys(page.outcome for page in pages)
    handles = [Patch(facecolor=FAINT, label="waiting for its turn")]
    for outcome, (colour, hatch) in _LOOKS.items():
        if outcome in shown:
            name = f"asked for: {outcome}"
            handles.append(Patch(facecolor=colour, hatch=hatch, edgecolor=INK, label=name))
    figure.legend(handles=handles, loc="outside lower left", ncols=3, frameon=False, fontsize=12)
    return Picture(figure, describe(pages))


def crawl(found: Crawl) -> Picture:
    """The pages of a crawl, with what the server saw."""
    picture = waterfall(
        found.pages, f"{found.at_once} at a time: wait for the turn, then for the answer"
    )
    return Picture(
        picture.figure,
        f"{picture.text} The server had at most {found.most_at_once} in hand at once.",
    )


def describe(pages: Sequence[Page]) -> str:
    """One sentence: how many, how long, and how they ended."""
    outcomes = [
        f"{count} {outcome}"
        for outcome in _LOOKS
        if (count := sum(page.outcome == outcome for page in pages))
    ]
    seconds = max(page.end_s for page in pages)
    longest = max(page.asked_s - page.start_s for page in pages)
    return (
        f"{len(pages)} pages in {seconds:.2f} s: {', '.join(outcomes)}. "
        f"The longest wait for a turn was {longest:.2f} s."
    )
