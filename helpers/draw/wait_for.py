"""The wait-for graph: threads as rounded boxes, locks as plain ones, an arrow for each wait."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from helpers.draw.picture import BLUE, FAINT, INK, VERMILION, WIDTH_IN, Picture, new_figure
from helpers.measure.wait_for import Thread, WaitForGraph

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import FancyBboxPatch

_Point = tuple[float, float]  # in inches, as a box must hold its words whatever else is drawn
_HEIGHTS = {"thread": 0.62, "lock": 0.36}
_LEAST_IN = 0.9
_COLUMN = 26  # characters of a source line in a box
_MANY = 6  # threads in a cycle, above which only the numbers of their lines are told


def wait_for(graph: WaitForGraph, title: str = "Who waits for whom?") -> Picture:
    """Draw the graph. A cycle lies on a ring, its arrows thick and in another colour."""
    ring = [node for thread, lock in graph.steps for node in (thread, _lock(lock))]
    places = _places(graph, ring)
    height = max((y for _, y in places.values()), default=0.0) + 0.55
    figure = new_figure(title, 1.15 + 2 * height)
    axes = figure.axes[0]
    axes.set_axis_off()
    _frame(axes, places, height)
    short = len(graph.cycle) > _MANY
    boxes = {
        thread.name: _box(axes, places[thread.name], _said(thread, short), "thread", ring, thread)
        for thread in graph.threads
    }
    for lock in graph.locks:
        boxes[_lock(lock)] = _box(axes, places[_lock(lock)], lock, "lock", ring, None)
    for thread in graph.threads:
        for holding in thread.holds:
            _arrow(axes, boxes, places, _lock(holding.lock), thread.name, ring)
        if thread.waits_for:
            _arrow(axes, boxes, places, thread.name, _lock(thread.waits_for), ring)
    if not graph.threads:
        axes.text(0, 0, "no lock is held, and nobody waits", ha="center", fontsize=13, color=INK)
    _legend(axes, graph)
    return Picture(figure, describe(graph))


def describe(graph: WaitForGraph) -> str:
    """Who waits for what in which line, who holds it, and whether that can ever end."""
    if not graph.threads:
        return "No thread holds a lock or waits for one."
    parts = []
    for thread in graph.threads:
        said = thread.name
        if thread.ended:
            said += " has ended and"
        if thread.holds:
            said += f" holds {', '.join(holding.lock for holding in thread.holds)}"
        if thread.waits_for:
            joined = " and" if thread.holds else ""
            said += f"{joined} waits for {thread.waits_for} ({thread.place})"
            said += ", with a timeout" if thread.timed else ""
        parts.append(said)
    if graph.cycle:
        circle = " → ".join([*graph.cycle, graph.cycle[0]])
        end = f"The waits make a cycle: {circle}. "
        end += "Nobody can go on." if graph.deadlock else "A timeout will end it."
    elif graph.deadlock:
        end = "Somebody waits for a lock that nobody will release."
    else:
        end = "There is no cycle."
    return f"{'; '.join(parts)}. {end}"


def _lock(name: str) -> str:
    """The node of a lock; a thread's is its name. So both may have the same."""
    return f"lock {name!r}"


def _said(thread: Thread, short: bool) -> str:
    name = f"{thread.name} (has ended)" if thread.ended else thread.name
    if thread.place is None:
        return name
    if short:
        return f"{name}\nline {thread.place.line}"
    shown = textwrap.shorten(thread.place.source, _COLUMN, placeholder=" …")
    return f"{name}\nline {thread.place.line}: {shown}"


def _places(graph: WaitForGraph, ring: list[str]) -> dict[str, _Point]:
    """The ring, its first thread at the top; the other threads and locks to its right."""
    radius_x, radius_y = _radii(len(ring))
    places = {}
    for number, node in enumerate(ring):
        angle = math.pi / 2 - 2 * math.pi * number / len(ring)
        places[node] = (radius_x * math.cos(angle), radius_y * math.sin(angle))
    threads = [thread for thread in graph.threads if thread.name not in places]
    held = [_lock(holding.lock) for thread in threads for holding in thread.holds]
    others = [node for node in map(_lock, graph.locks) if node not in held and node not in places]
    left = radius_x + 2.6 if ring else 0.0
    columns = [[thread.name for thread in threads], [*held, *others]]
    for column, nodes in enumerate(columns):
        for number, node in enumerate(nodes):
            height = ((len(nodes) - 1) / 2 - number) * 1.0
            places[node] = (left + 2.7 * column, height)
    return places


def _radii(count: int) -> _Point:
    """Wide enough that neighbours on the ring don't touch, and flat, as a page is wide."""
    if count <= 2:
        return (0.0, 0.65)
    if count <= 4:
        return (2.3, 0.9)
    return (3.05 if count <= 2 * _MANY else 3.7, 0.25 * count)


def _box(
    axes: Axes, place: _Point, text: str, kind: str, ring: list[str], thread: Thread | None
) -> FancyBboxPatch:
    from matplotlib.patches import FancyBboxPatch

    height = _HEIGHTS[kind]
    longest = max(len(line) for line in text.splitlines())
    width = max(_LEAST_IN, 0.085 * longest + 0.2)
    node = _lock(text) if thread is None else thread.name
    ended = thread is not None and thread.ended
    box = FancyBboxPatch(
        (place[0] - width / 2, place[1] - height / 2),
        width,
        height,
        boxstyle="square,pad=0" if thread is None else "round,pad=0,rounding_size=0.18",
        facecolor=FAINT if ended else "white",
        edgecolor=VERMILION if node in ring else BLUE,
        linewidth=2.5 if node in ring else 1.5,
        linestyle="--" if ended else "-",
        zorder=3,
    )
    axes.add_patch(box)
    axes.text(*place, text, ha="center", va="center", fontsize=11, color=INK, zorder=4)
    return box


def _arrow(
    axes: Axes,
    boxes: dict[str, FancyBboxPatch],
    places: dict[str, _Point],
    start: str,
    end: str,
    ring: list[str],
) -> None:
    from matplotlib.patches import FancyArrowPatch

    in_ring = start in ring  # one arrow leaves each node, so this one leads along the ring
    axes.add_patch(
        FancyArrowPatch(
            places[start],
            places[end],
            patchA=boxes[start],
            patchB=boxes[end],
            shrinkA=2,
            shrinkB=2,
            arrowstyle="-|>",
            mutation_scale=18,
            # Bent, for two may run between the same boxes: a thread that waits for its own lock.
            connectionstyle=f"arc3,rad={-0.2 if in_ring or len(ring) == 0 else 0.3}",
            linestyle="-" if start.startswith("lock ") else (0, (4, 2)),
            color=VERMILION if in_ring else BLUE,
            linewidth=2.6 if in_ring else 1.6,
            zorder=2,
        )
    )


def _frame(axes: Axes, places: dict[str, _Point], height: float) -> None:
    """One inch is one inch, unless there is more to show than fits on the page."""
    xs = [x for x, _ in places.values()] or [0.0]
    middle = (min(xs) + max(xs)) / 2
    half = max(WIDTH_IN / 2 - 0.1, (max(xs) - min(xs)) / 2 + 1.3)
    axes.set_xlim(middle - half, middle + half)
    axes.set_ylim(-height, height)


def _legend(axes: Axes, graph: WaitForGraph) -> None:
    from matplotlib.lines import Line2D

    colour = VERMILION if graph.cycle else BLUE
    handles = [
        Line2D([], [], color=colour, linewidth=2.5, linestyle=(0, (3, 1.5)), label="waits for"),
        Line2D([], [], color=colour, linewidth=2.5, label="is held by"),
    ]
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.legend(handles=handles, loc="outside lower left", ncols=2, frameon=False, fontsize=12)
