"""Lanes: one row per thread, process or task, one colour and hatch per state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from helpers.draw.picture import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PINK,
    SKY,
    VERMILION,
    YELLOW,
    Picture,
    new_figure,
)
from helpers.measure.timeline import Span, State, Timeline


@dataclass(frozen=True)
class Look:
    """How a state is drawn. The hatch tells it without colour."""

    colour: str
    hatch: str = ""


LOOKS = {
    State.RUNNING: Look(GREEN),
    State.RELEASED: Look(SKY, "--"),
    State.WAITING_GIL: Look(VERMILION, "///"),
    State.WAITING_CORE: Look(FAINT, "..."),
    State.WAITING_UNKNOWN: Look(VERMILION, "..."),
    State.WAITING_LOCK: Look(PINK, "xxx"),
    State.HOLDING_LOCK: Look(BLUE),
    State.SLEEPING: Look("white", "\\\\"),
    State.AWAITING: Look(YELLOW, "\\\\"),
    State.BLOCKED: Look(ORANGE, "++"),
}
_COLUMNS = 700  # finer detail than this can't be seen on the page


def lanes(timeline: Timeline, title: str, window_s: tuple[float, float] | None = None) -> Picture:
    """Draw every lane of the timeline on one axis of time.

    window_s: show only this part, in seconds since the start.
    Raises ValueError for a window that is empty.
    """
    height = 1.7 + 0.5 * len(timeline.lanes)
    figure = new_figure(title, height)
    draw_lanes(figure.axes[0], timeline, window_s)
    shown = [state for state in LOOKS if timeline.of(state)]
    figure.legend(
        handles=[_legend_patch(state) for state in shown],
        loc="outside lower left",
        ncols=min(3, len(shown)),
        frameon=False,
        fontsize=12,
        handleheight=1.4,
    )
    return Picture(figure, describe(timeline))


def draw_lanes(axes: Axes, timeline: Timeline, window_s: tuple[float, float] | None = None) -> None:
    """Draw the lanes into axes that a larger figure provides."""
    start, end = _window(timeline, window_s)
    for row, lane in enumerate(timeline.lanes):
        for state, look in LOOKS.items():
            spans = _visible(timeline.of(state, lane=lane), start, end)
            if not spans:
                continue
            holding = state is State.HOLDING_LOCK
            axes.broken_barh(
                [((a - timeline.start_ns) / 1e9, (b - a) / 1e9) for a, b in spans],
                (row + 0.28, 0.12) if holding else (row - 0.36, 0.6),
                facecolor=look.colour,
                # An edge would drown thin bars; only the white ones need one to be seen.
                edgecolor=INK,
                hatch=look.hatch or None,
                linewidth=0.0 if look.colour != "white" else 0.5,
            )
    axes.set_yticks(range(len(timeline.lanes)), timeline.lanes)
    axes.set_ylim(len(timeline.lanes) - 0.5, -0.5)
    axes.set_xlim((start - timeline.start_ns) / 1e9, (end - timeline.start_ns) / 1e9)
    axes.set_xlabel("time (seconds)")


def describe(timeline: Timeline) -> str:
    """One sentence: how long, how many lanes, and how their time divides among the states."""
    states = [state for state in LOOKS if state is not State.HOLDING_LOCK]
    parts = [
        f"{share:.0%} {state.value}"
        for state in states
        if (share := timeline.share_in(state)) >= 0.005
    ]
    count = len(timeline.lanes)
    return (
        f"{count} {'lane' if count == 1 else 'lanes'} over {timeline.length_ns / 1e9:.2f} s; "
        f"of their time: {', '.join(parts)}."
    )


def _window(timeline: Timeline, window_s: tuple[float, float] | None) -> tuple[int, int]:
    if window_s is None:
        return timeline.start_ns, timeline.end_ns
    low, high = window_s
    if not 0 <= low < high:
        raise ValueError(f"window_s must be (from, to) with 0 <= from < to, got {window_s}")
    start = timeline.start_ns + int(low * 1e9)
    return start, min(timeline.end_ns, timeline.start_ns + int(high * 1e9))


def _visible(spans: Sequence[Span], start: int, end: int) -> list[tuple[int, int]]:
    """The parts inside the window, those closer together than a page can show joined.

    Joining keeps a picture of thousands of hand-overs drawable; bars that touch look joined
    anyway.
    """
    finest = (end - start) // _COLUMNS
    parts: list[tuple[int, int]] = []
    for span in spans:
        low, high = max(span.start_ns, start), min(span.end_ns, end)
        if low >= high:
            continue
        if parts and low - parts[-1][1] < finest and len(spans) > _COLUMNS:
            parts[-1] = (parts[-1][0], high)
        else:
            parts.append((low, high))
    return parts


def _legend_patch(state: State) -> Patch:
    look = LOOKS[state]
    return Patch(
        facecolor=look.colour, edgecolor=INK, linewidth=0.5, hatch=look.hatch, label=state.value
    )
