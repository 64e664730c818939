"""A figure or a table together with the sentence that says what it shows."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

# A chapter's first cell draws nothing, and these take longer to import than all of helpers: so
# that happens where the first figure is made.
if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Light paper, dark ink, large type: for the back row. Colours: M. Okabe and K. Ito, "Color
# Universal Design" (2008), https://jfly.uni-koeln.de/color/: told apart by colour-blind readers.
INK = "#1a1a1a"
FAINT = "#c8c8c8"
BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
ORANGE, VERMILION, YELLOW, PINK = "#E69F00", "#D55E00", "#F0E442", "#CC79A7"
# A series is told by its marker as well as by its colour.
SERIES = ((BLUE, "o"), (VERMILION, "s"), (GREEN, "^"), (ORANGE, "D"), (PINK, "v"), (INK, "P"))
# The models keep their colour and marker from one picture to the next.
_MODELS = (
    ("sequential", "one after another"),
    ("threads", "two threads"),
    ("processes", "two processes"),
    ("asyncio",),
    ("subinterpreters",),
    ("cluster",),
)
WIDTH_IN = 9.0
_DPI = 96
_TYPE = {"title": 15, "label": 13, "tick": 12}

# What nbval doesn't compare: it differs with every run. See tests/nbval_sanitize.cfg.
LIVE = ("<!--live-->", "<!--/live-->")


def series_of(names: Sequence[str]) -> list[tuple[str, str]]:
    """A colour and a marker for each name: a model's own, and for others what is left, in order."""
    own = {name: place for place, words in enumerate(_MODELS) for name in words}
    taken = {own[name] for name in names if name in own}
    left = [place for place in range(len(SERIES)) if place not in taken] or [0]
    found = []
    others = 0
    for name in names:
        if name in own:
            found.append(SERIES[own[name]])
        else:
            found.append(SERIES[left[others % len(left)]])
            others += 1
    return found


class Shown(Protocol):
    """What a lab can show: HTML, and the sentence that says what can be seen in it."""

    @property
    def html(self) -> str: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Picture:
    """Shown in a notebook as the figure with its sentence below, which is also its alt text."""

    figure: Figure
    text: str

    @cached_property
    def png(self) -> bytes:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        buffer = io.BytesIO()
        # savefig would draw the figure twice, and a lab's redraw has to feel immediate.
        FigureCanvasAgg(self.figure).print_png(buffer, pil_kwargs={"compress_level": 1})
        return buffer.getvalue()

    @property
    def html(self) -> str:
        """An ``img`` with alt text and the sentence as its caption."""
        data = base64.b64encode(self.png).decode()
        return (
            f'<figure style="margin:0"><img alt="{html.escape(self.text)}" '
            f'style="max-width:100%" src="data:image/png;base64,{data}">'
            f"<figcaption>{html.escape(self.text)}</figcaption></figure>"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": live(self.html), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return "<Picture>"


@dataclass(frozen=True)
class Table:
    """Shown in a notebook as a table with its sentence above it.

    columns: the headings. rows: one text per column. heading: which cell heads its row.
    tints: a background colour per row, "" for none. What a tint says, a cell must say in words.
    Raises ValueError if a row has another number of cells than there are columns, or if there
    are tints for some rows only.
    """

    text: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    tints: Sequence[str] = ()
    heading: int = 0

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"rows must have {len(self.columns)} cells each, as columns has")
        if self.tints and len(self.tints) != len(self.rows):
            raise ValueError(f"tints must be one per row ({len(self.rows)}), or none")

    @property
    def html(self) -> str:
        """The sentence, then a ``table`` with header cells, in a box that scrolls if it is long."""
        head = "".join(_cell("th", text, 'scope="col"') for text in self.columns)
        tints = self.tints or [""] * len(self.rows)
        body = "".join(
            _row(row, tint, self.heading) for row, tint in zip(self.rows, tints, strict=True)
        )
        # The sentence stands outside the box: it has to be seen without scrolling.
        return (
            f'<figure style="margin:0"><figcaption>{html.escape(self.text)}</figcaption>'
            '<div role="region" tabindex="0" aria-label="table" '
            'style="max-height:36em;overflow:auto"><table style="border-collapse:collapse">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></figure>"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": live(self.html), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return "<Table>"


def _row(texts: Sequence[str], tint: str, heading: int) -> str:
    cells = "".join(
        _cell("th", text, 'scope="row"') if column == heading else _cell("td", text)
        for column, text in enumerate(texts)
    )
    # Dark ink on the tint, or a dark theme's light letters would vanish.
    style = f' style="background:{tint};color:{INK}"' if tint else ""
    return f"<tr{style}>{cells}</tr>"


def _cell(tag: str, text: str, scope: str = "") -> str:
    style = "text-align:left;padding:0.15em 0.8em 0.15em 0.4em;white-space:pre-wrap"
    return f'<{tag} {scope} style="{style}">{html.escape(text)}</{tag}>'


def live(content: str) -> str:
    """Mark HTML whose content differs from run to run."""
    return f"{LIVE[0]}{content}{LIVE[1]}"


def new_figure(title: str, height_in: float = 4.0, columns: int = 1, rows: int = 1) -> Figure:
    """A figure with empty axes in the course's style; the title says what to see.

    Raises ValueError for an empty title or sizes that aren't positive.
    """
    if not title:
        raise ValueError("title must say what to see")
    for name, value in (("height_in", height_in), ("columns", columns), ("rows", rows)):
        if value <= 0:
            raise ValueError(f"{name} must be positive, got {value}")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=_DPI, facecolor="white")
    # Paper all round, which a dark theme shows.
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
    figure.suptitle(title, fontsize=_TYPE["title"], color=INK, x=0.01, ha="left", weight="bold")
    for axes in figure.subplots(rows, columns, squeeze=False).flat:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=_TYPE["tick"], colors=INK)
        axes.xaxis.label.set_size(_TYPE["label"])
        axes.yaxis.label.set_size(_TYPE["label"])
        axes.title.set_size(_TYPE["label"])
    return figure
