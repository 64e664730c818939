"""The decision tree as a figure, and an advice with the measurement behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from helpers.draw.compare import describe as medians
from helpers.draw.compare import points
from helpers.draw.picture import BLUE, FAINT, INK, VERMILION, WIDTH_IN, Picture, new_figure
from helpers.measure.choosing import ROOT, TREE, Path, Question, Tree
from helpers.measure.compare import BUSY_CORES
from helpers.measure.evidence import Evidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW_IN, _INDENT = 0.31, 0.32


def tree(tree: Tree = TREE, path: Path | None = None, title: str = "") -> Picture:
    """Each node in a row of its own, below the question that leads to it and further right.

    path: a way through it, drawn bold and with a marker. What no answer leads to comes last.
    """
    rows = list(_rows(tree, ROOT, "", 0))
    for key in tree:
        if key not in {one for _, one, _ in rows}:
            rows += _rows(tree, key, "no answer leads here", 0)
    figure = new_figure(title or "Which model for which work?", 0.9 + _ROW_IN * len(rows))
    axes = figure.axes[0]
    axes.axis("off")
    axes.set_xlim(-0.15, WIDTH_IN)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    taken = list(path.nodes) if path else []
    above: list[int] = []  # the row of the last node at each depth
    position = 0
    for row, (depth, key, answer) in enumerate(rows):
        on_path = position < len(taken) and key == taken[position] and depth == position
        position += on_path
        x = _INDENT * depth
        del above[depth:]
        above.append(row)
        colour, width = (VERMILION, 3) if on_path else (FAINT, 1.5)
        if depth:
            left = x - 0.7 * _INDENT
            axes.plot(
                [left, left, x - 0.04],
                [above[-2] + 0.35, row, row],
                color=colour,
                lw=width,
                zorder=3 if on_path else 2,
            )
        if on_path:
            axes.plot(x - 0.02, row, "o", color=VERMILION, markersize=8)
        _write(axes, x + 0.08, row, tree, key, answer, on_path)
    return Picture(figure, describe(tree, path))


def _rows(tree: Tree, key: str, answer: str, depth: int) -> Iterator[tuple[int, str, str]]:
    """Depth, node and the answer that leads there, from top to bottom."""
    yield depth, key, answer
    node = tree[key]
    if isinstance(node, Question):
        for given, following in node.answers.items():
            yield from _rows(tree, following, given, depth + 1)


def _write(axes: Axes, x: float, row: int, tree: Tree, key: str, answer: str, bold: bool) -> None:
    node = tree[key]
    asks = isinstance(node, Question)
    text = node.text if isinstance(node, Question) else node.model
    if answer:
        text = f"{answer}: {text}" if asks else f"{answer} → {text}"
    weight = "bold" if bold else "normal"
    axes.text(x, row, text, va="center", size=12, color=INK if asks else BLUE, weight=weight)


def describe(tree: Tree, path: Path | None = None) -> str:
    """How many questions and ends the tree has, or the way that was taken through it."""
    if path is not None:
        way = ", ".join(f"{topic}: {answer}" for topic, answer in path.answers.items())
        return f"The way through the tree ({way}) leads to: {path.advice.model}."
    questions = [node for node in tree.values() if isinstance(node, Question)]
    first = questions[0]
    return (
        f"A tree of {len(questions)} questions and {len(tree) - len(questions)} recommendations. "
        f"It begins with: {first.text} ({', '.join(first.answers)})."
    )


def advised(path: Path, found: Evidence) -> Picture:
    """What was measured on the spot, with the advice and its reason in the sentence."""
    picture = points(found.comparison, found.title)
    gain = found.gain
    text = (
        f"Advice: {path.advice.model}. {path.advice.reason} Measured here: "
        f"“{found.instead}” takes {gain.middle:.2f} times as long as “{found.advised}” "
        f"(95 % interval {gain.low:.2f} to {gain.high:.2f}). {medians(found.comparison)}"
    )
    if gain.busy is not None and gain.busy > BUSY_CORES:
        text += f" Other programs kept {gain.busy:.1f} cores busy meanwhile."
    return Picture(picture.figure, text)
