"""Lanes: one row per thread, process or task, one colour and hatch per state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch


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
    State.WAITING_SIGNAL: Look(YELLOW, "||"),
    State.HOLDING_LOCK: Look(BLUE),
    State.SLEEPING: Look("white", "\\\\"),
    State.AWAITING: Look(YELLOW, "oo"),
    State.READY: Look(VERMILION, "**"),
    State.BLOCKED: Look(ORANGE, "++"),
}
_COLUMNS = 700  # finer detail than this can't be seen on the page
_Bar = tuple[float, float]  # from, to
_Box = tuple[_Bar, float, float]  # from and to, bottom and top


def lanes(timeline: Timeline, title: str, window_s: tuple[float, float] | None = None) -> Picture:
    """Draw every lane of the timeline on one axis of time.

    Where a lane has more spans than a page has columns, each column shows what the lane did in
    the middle of it: the states keep their shares.

    window_s: show only this part, in seconds since the start.
    Raises ValueError for a window that is empty or begins after the end.
    """
    height = 1.7 + 0.5 * len(timeline.lanes)
    figure = new_figure(title, height)
    draw_lanes(figure.axes[0], timeline, window_s)
    draw_legend(figure, [timeline])
    _make_room(figure)
    return Picture(figure, describe(timeline, window_s))


def draw_lanes(axes: Axes, timeline: Timeline, window_s: tuple[float, float] | None = None) -> None:
    """Draw the lanes into axes that a larger figure provides."""
    start, end = _window(timeline, window_s)
    boxes: dict[State, list[_Box]] = {}
    states = [state for state in LOOKS if state is not State.HOLDING_LOCK]
    for row, lane in enumerate(timeline.lanes):
        for spans, low, high in (
            (timeline.of(*states, lane=lane), row - 0.36, row + 0.24),
            (timeline.of(State.HOLDING_LOCK, lane=lane), row + 0.28, row + 0.40),
        ):
            for state, bars in _bars(spans, start, end).items():
                boxes.setdefault(state, []).extend((bar, low, high) for bar in bars)
    for state, drawn in boxes.items():
        # Not add_patch: it would look at every corner for limits that are known.
        axes.add_artist(_patch(state, drawn, timeline.start_ns))
    axes.set_yticks(range(len(timeline.lanes)), timeline.lanes)
    axes.set_ylim(len(timeline.lanes) - 0.5, -0.5)
    axes.set_xlim((start - timeline.start_ns) / 1e9, (end - timeline.start_ns) / 1e9)
    axes.set_xlabel("time (seconds)")


def draw_legend(figure: Figure, timelines: Sequence[Timeline]) -> None:
    """Explain below the axes those states that occur in the timelines."""
    shown = [state for state in LOOKS if any(timeline.of(state) for timeline in timelines)]
    figure.legend(
        handles=[_legend_patch(state) for state in shown],
        loc="outside lower left",
        ncols=max(1, min(3, len(shown))),
        frameon=False,
        fontsize=12,
        handleheight=1.4,
    )


def _make_room(figure: Figure) -> None:
    """Place the axes between title, lane names, axis label and legend.

    Matplotlib's own layout engine does the same by laying everything out twice more, which
    takes a third of a lab's redraw.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_layout_engine(None)
    renderer = FigureCanvasAgg(figure).get_renderer()
    names = [label.get_window_extent(renderer) for label in figure.axes[0].get_yticklabels()]
    legend = figure.legends[0].get_window_extent(renderer)
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left=(max(name.width for name in names) / figure.dpi + 0.25) / width,
        right=1 - 0.3 / width,
        bottom=(legend.height / figure.dpi + 0.75) / height,
        top=1 - 0.5 / height,
    )


def describe(timeline: Timeline, window_s: tuple[float, float] | None = None) -> str:
    """One sentence: how long, how many lanes, and how their time divides among the states.

    The shares are those of the whole timeline; a window is named.
    """
    states = [state for state in LOOKS if state is not State.HOLDING_LOCK]
    parts = [
        f"{share:.0%} {state.value}"
        for state in states
        if (share := timeline.share_in(state)) >= 0.005
    ]
    count = len(timeline.lanes)
    said = (
        f"{count} {'lane' if count == 1 else 'lanes'} over {timeline.length_ns / 1e9:.2f} s; "
        f"of their time: {', '.join(parts)}"
    )
    if held := timeline.share_in(State.HOLDING_LOCK):
        said += f"; a lock was held for {held:.0%} of it"
    if window_s is not None:
        start, end = (moment - timeline.start_ns for moment in _window(timeline, window_s))
        said += f"; shown are the seconds from {start / 1e9:g} to {end / 1e9:.4g}"
    return f"{said}."


def _window(timeline: Timeline, window_s: tuple[float, float] | None) -> tuple[int, int]:
    if window_s is None:
        return timeline.start_ns, timeline.end_ns
    low, high = window_s
    if not 0 <= low < high:
        raise ValueError(f"window_s must be (from, to) with 0 <= from < to, got {window_s}")
    start = timeline.start_ns + int(low * 1e9)
    if start >= timeline.end_ns:
        raise ValueError(
            f"window_s must begin before the end, {timeline.length_ns / 1e9:g} s, got {window_s}"
        )
    return start, min(timeline.end_ns, timeline.start_ns + int(high * 1e9))


def _bars(spans: Sequence[Span], start: int, end: int) -> dict[State, list[_Bar]]:
    """What is to be drawn of spans in order of time, per state."""
    inside = [span for span in spans if span.end_ns > start and span.start_ns < end]
    bars: dict[State, list[_Bar]] = {}
    if len(inside) <= _COLUMNS:
        for span in inside:
            bar = max(span.start_ns, start), min(span.end_ns, end)
            bars.setdefault(span.state, []).append(bar)
        return bars
    width = (end - start) / _COLUMNS
    ahead = iter(inside)
    span = next(ahead)
    for column in range(_COLUMNS):
        middle = start + (column + 0.5) * width
        while span.end_ns <= middle and (later := next(ahead, None)):
            span = later
        if not span.start_ns <= middle < span.end_ns:
            continue
        row = bars.setdefault(span.state, [])
        low, high = start + column * width, start + (column + 1) * width
        if row and row[-1][1] == low:
            row[-1] = (row[-1][0], high)
        else:
            row.append((low, high))
    return bars


def _patch(state: State, boxes: Sequence[_Box], origin_ns: int) -> Patch:
    """All bars of one state as one patch: a hatch costs time for each patch."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    times = (np.array([bar for bar, _, _ in boxes]) - origin_ns) / 1e9
    rows = np.array([(low, high) for _, low, high in boxes])
    # Lower left, lower right, upper right, upper left, and back.
    corners = np.stack([times[:, [0, 1, 1, 0, 0]], rows[:, [0, 0, 1, 1, 0]]], axis=2)
    moves = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(boxes)
    look = LOOKS[state]
    return PathPatch(
        Path(corners.reshape(-1, 2), moves),
        facecolor=look.colour,
        # An edge would drown thin bars; only the white ones need one to be seen.
        edgecolor=INK,
        hatch=look.hatch or None,
        linewidth=0.0 if look.colour != "white" else 0.5,
    )


def _legend_patch(state: State) -> Patch:
    from matplotlib.patches import Patch

    look = LOOKS[state]
    return Patch(
        facecolor=look.colour, edgecolor=INK, linewidth=0.5, hatch=look.hatch, label=state.value
    )
