"""What a benchmark says, and the table of all of them. Medians, each with its whole range."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.measure.compare import BUSY_CORES
from helpers.measure.verdict import Outcome, Verdict, untold

WORDS = {Outcome.HOLDS: "met", Outcome.FAILS: "NOT MET", Outcome.UNTOLD: "can't be told"}
COLUMNS = ("what", "this project", "peer", "ratio", "bound", "met?")


@dataclass(frozen=True)
class Points:
    """Repeated measurements of one thing. ValueError if there are none."""

    values: tuple[float, ...]
    unit: str = "s"

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("values must hold at least one measurement")

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        low, high = min(self.values), max(self.values)
        return f"{self.median:.3g} {self.unit} ({low:.3g} to {high:.3g})".replace("  ", " ")


@dataclass(frozen=True)
class Row:
    """One line of the table; what doesn't apply is left empty."""

    what: str
    ours: str
    bound: str
    verdict: Verdict
    peer: str = ""
    ratio: str = ""


def at_most(points: Points, bound: float, busy: float | None) -> Verdict:
    """Is the median at or below the bound? A "no" must survive a busy host and the range.

    busy: cores that other work used meanwhile, None where that can't be told.
    """
    evidence = str(points)
    if points.median <= bound:
        return Verdict(Outcome.HOLDS, evidence)
    if busy is not None and busy > BUSY_CORES:
        return untold(f"other work kept {busy:.1f} cores busy", evidence)
    if min(points.values) <= bound:
        return untold("the measurements scatter over the bound", evidence)
    return Verdict(Outcome.FAILS, evidence)


def at_least(points: Points, bound: float, busy: float | None) -> Verdict:
    """Is the median at or above the bound? As ``at_most``, the other way round."""
    turned = Points(tuple(-value for value in points.values))
    verdict = at_most(turned, -bound, busy)
    return Verdict(verdict.outcome, str(points), verdict.reason)


def missing(what: str, bound: str, reason: str) -> Row:
    """A row for what can't be measured here."""
    return Row(what, "", bound, untold(reason))


def render(rows: Sequence[Row]) -> str:
    """The table as Markdown that can be read as it is, the columns under each other."""
    lines = [COLUMNS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    word = WORDS[row.verdict.outcome]
    told = f"{word}: {row.verdict.reason}" if row.verdict.reason else word
    return (row.what, row.ours, row.peer, row.ratio, row.bound, told)
