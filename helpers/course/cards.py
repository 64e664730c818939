"""The boxes that claims, exercises and the machine card are shown in."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.draw.picture import BLUE, GREEN, VERMILION, live

GOOD, BAD, NEUTRAL = "good", "bad", "neutral"
_EDGES = {GOOD: GREEN, BAD: VERMILION, NEUTRAL: BLUE}


@dataclass(frozen=True)
class Card:
    """A box with a heading, lines of text and perhaps a table, for notebook and terminal.

    kind: GOOD, BAD or NEUTRAL; the heading says the same in words.
    """

    kind: str
    heading: str
    lines: Sequence[str] = ()
    rows: Sequence[tuple[str, str]] = ()

    @property
    def html(self) -> str:
        lines = "".join(f"<div>{html.escape(line)}</div>" for line in self.lines if line)
        # Colour only at the edge and as a tint (1a is a tenth), with the theme's own letters on
        # it: JupyterLab's alert boxes stay pale in its dark theme.
        edge = _EDGES[self.kind]
        style = (
            f"border:1px solid {edge};border-left-width:0.5em;border-radius:4px;"
            f"background:{edge}1a;padding:0.4em 0.8em;margin:0.3em 0;line-height:1.5"
        )
        return (
            f'<div role="note" style="{style}">'
            f"<strong>{html.escape(self.heading)}</strong>{lines}{self._table()}</div>"
        )

    def _table(self) -> str:
        if not self.rows:
            return ""
        rows = "".join(
            '<tr style="background:transparent">'
            f'<th scope="row" style="text-align:left">{html.escape(name)}</th>'
            f'<td style="text-align:left">{html.escape(value)}</td></tr>'
            for name, value in self.rows
        )
        return f'<table style="margin:0.3em 0">{rows}</table>'

    @property
    def text(self) -> str:
        rows = [f"{name}: {value}" for name, value in self.rows]
        return "\n".join([self.heading, *filter(None, self.lines), *rows])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": live(self.html), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return "<Card>"
