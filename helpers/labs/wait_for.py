"""A panel that follows a wait-for graph while threads run: who holds what, who waits for whom."""

from __future__ import annotations

import time
from html import escape
from typing import Any

import ipywidgets as widgets

from helpers.draw.picture import Picture, live
from helpers.draw.wait_for import wait_for
from helpers.labs.style import heading
from helpers.measure.wait_for import WaitForGraph, graph
from helpers.workers.wait_for import Watch

_LOOK_AGAIN_S = 0.005


class LiveGraph:
    """Show it in one cell, let it ``follow`` watched locks in the next one.

    title: stands above the graph.
    """

    def __init__(self, title: str = "Who waits for whom?") -> None:
        self.title = title
        # Drawn here, the first picture doesn't take its time from what is followed.
        self.picture: Picture = wait_for(WaitForGraph((), (), False), title)
        self.image = widgets.HTML(self.picture.html)
        head = heading(f"<strong>Live. {escape(title)}</strong>")
        self.panel = widgets.VBox([head, self.image])
        self.panel.add_class("course-panel")  # no lab: it has no Run

    def follow(self, seen: Watch, seconds: float) -> list[WaitForGraph]:
        """Redraw whenever something has changed: until a deadlock, at most for so many seconds.

        seen: what ``with watch(globals()) as seen`` gave; call this inside that block.
        Returns the graphs that were drawn, in order. What changes while one is drawn is missed.
        Raises ValueError for seconds that aren't positive.
        """
        if not seconds > 0:
            raise ValueError(f"seconds must be positive, got {seconds}")
        graphs: list[WaitForGraph] = []
        until = time.monotonic() + seconds
        while True:
            now = graph(seen.state())
            if not graphs or now != graphs[-1]:
                graphs.append(now)
                self.picture = wait_for(now, self.title)
                self.image.value = self.picture.html
            if now.deadlock or time.monotonic() > until:
                return graphs
            time.sleep(_LOOK_AGAIN_S)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(self.panel._repr_mimebundle_(**options) or {})
        # For a page that shows the stored notebook and has no kernel behind it.
        bundle["text/html"] = live(f"<p>Live. {escape(self.title)}</p>{self.picture.html}")
        bundle["text/plain"] = repr(self)
        return bundle

    def __repr__(self) -> str:
        return f"<Live: {self.title}>"
