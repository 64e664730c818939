"""The boxes that claims, exercises and the machine card are shown in."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.draw.picture import live

# JupyterLab's own alert classes: readable in its light and dark themes.
GOOD, BAD, NEUTRAL = "alert-success", "alert-danger", "alert-info"


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
        return (
            f'<div class="alert {self.kind}" role="note">'
            f"<strong>{html.escape(self.heading)}</strong>{lines}{self._table()}</div>"
        )

    def _table(self) -> str:
        if not self.rows:
            return ""
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{html.escape(name)}</th>'
            f'<td style="text-align:left">{html.escape(value)}</td></tr>'
            for name, value in self.rows
        )
        return f"<table>{rows}</table>"

    @property
    def text(self) -> str:
        rows = [f"{name}: {value}" for name, value in self.rows]
        return "\n".join([self.heading, *filter(None, self.lines), *rows])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": live(self.html), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return "<Card>"
