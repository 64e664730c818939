"""Let philosophers dine in a process of their own: who eats, who starves, who waits for ever."""

from __future__ import annotations

import itertools
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from helpers.measure.elsewhere import call
from helpers.measure.wait_for import WaitForGraph, graph
from helpers.workers import philosophers as worker
from helpers.workers.philosophers import EATS, HOLDS_ONE, HUNGRY, THINKS

STRATEGIES = tuple(worker.STRATEGIES)
PHASES = (THINKS, HUNGRY, HOLDS_ONE, EATS)
MOST = 8


@dataclass(frozen=True)
class Span:
    """What one philosopher did from start_s to end_s, in seconds since the dinner began."""

    seat: int
    phase: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Dinner:
    """meals: one number for each seat. seconds: how long it went on. graph: of the forks at its
    end.
    """

    strategy: str
    spans: tuple[Span, ...]
    meals: tuple[int, ...]
    seconds: float
    graph: WaitForGraph

    @property
    def seats(self) -> int:
        return len(self.meals)

    @property
    def deadlock(self) -> bool:
        return self.graph.deadlock

    def longest_hunger_s(self, seat: int) -> float:
        """The longest time from hungry to eating, or to the dinner's end, in seconds."""
        longest = since = 0.0
        hungry = False
        for span in self.spans:
            if span.seat == seat:
                is_hungry = span.phase in (HUNGRY, HOLDS_ONE)
                since = span.start_s if is_hungry and not hungry else since
                hungry = is_hungry
                if hungry:
                    longest = max(longest, span.end_s - since)
        return longest


def dine(
    seats: int,
    strategy: str,
    seconds: float = 0.5,
    reach_s: float = 0.005,
    eat_s: float = 0.005,
    python: str | Path = sys.executable,
    stop: threading.Event | None = None,
) -> Dinner:
    """Let them dine for so many seconds, or until they are deadlocked.

    strategy: one of STRATEGIES. reach_s: seconds between the first fork and the second. eat_s: of
    a meal; thinking takes up to as long.
    Raises ValueError for an unknown strategy, seats outside 2 to 8, seconds outside 0 to 10 or
    times outside 0 to 1; else as ``elsewhere.call``.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy must be one of {list(STRATEGIES)}, got {strategy!r}")
    if not 2 <= seats <= MOST:
        raise ValueError(f"seats must be 2 to {MOST}, got {seats}")
    if not 0 < seconds <= 10:
        raise ValueError(f"seconds must be above 0 and at most 10, got {seconds}")
    for name, value in (("reach_s", reach_s), ("eat_s", eat_s)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be 0 to 1, got {value}")
    arguments = (seats, strategy, seconds, reach_s, eat_s)
    found = call(worker.dine, *arguments, python=python, stop=stop)
    start = min((phases[0][1] for phases in found["phases"] if phases), default=found["end"])
    spans = []
    for seat, phases in enumerate(found["phases"]):
        # Those whose last meal ends after the dinner are no longer looked at.
        marks = [(phase, min(when, found["end"])) for phase, when in phases]
        marks.append(("", found["end"]))
        for (phase, begin), (_, end) in itertools.pairwise(marks):
            if end > begin:
                spans.append(Span(seat, phase, begin - start, end - start))
    return Dinner(
        strategy, tuple(spans), tuple(found["meals"]), found["end"] - start, graph(found["state"])
    )
