"""Threads at one primitive: who holds it, who waits, and how long the queue is at each moment."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from helpers.measure.elsewhere import call
from helpers.measure.timeline import Span, State, Timeline, timeline
from helpers.workers import synchronisation as workers

PRIMITIVES = tuple(workers.SCENES)
SEATS = workers.SEATS
MOST_THREADS = 8
HOLDS_S = (0.005, 0.02, 0.05)
WAITING = (State.WAITING_LOCK, State.WAITING_SIGNAL)
_DEADLINE_S = 30.0


@dataclass(frozen=True)
class Scene:
    """One primitive, so many threads at it, and how it went. hold_s: seconds."""

    primitive: str
    threads: int
    hold_s: float
    timeline: Timeline


@dataclass(frozen=True)
class Counts:
    """How many lanes were in some state: from moments_ns[i] on, they were lanes[i] many."""

    moments_ns: tuple[int, ...]
    lanes: tuple[int, ...]

    @property
    def most(self) -> int:
        return max(self.lanes, default=0)


def scene(
    primitive: str, threads: int, hold_s: float, stop: threading.Event | None = None
) -> Scene:
    """Let so many threads meet at the primitive, in a fresh interpreter, recorded.

    primitive: one of PRIMITIVES. threads: 1 to MOST_THREADS. hold_s: above 0 to 1 second.
    Raises ValueError for anything else, and what ``elsewhere.call`` raises.
    """
    if primitive not in PRIMITIVES:
        raise ValueError(f"primitive must be one of {list(PRIMITIVES)}, got {primitive!r}")
    if not 1 <= threads <= MOST_THREADS:
        raise ValueError(f"threads must be 1 to {MOST_THREADS}, got {threads}")
    if not 0 < hold_s <= 1:
        raise ValueError(f"hold_s must be above 0 and at most 1, got {hold_s}")
    found = call(workers.scene, primitive, threads, hold_s, deadline=_DEADLINE_S, stop=stop)
    return Scene(primitive, threads, hold_s, timeline(found))


def holding(found: Timeline) -> Counts:
    """How many lanes held a lock, moment by moment."""
    return _counts(found.of(State.HOLDING_LOCK))


def waiting(found: Timeline) -> Counts:
    """How many lanes waited for a lock or a signal, moment by moment."""
    return _counts(found.of(*WAITING))


def _counts(spans: Iterable[Span]) -> Counts:
    """A lane that holds one lock twice counts once."""
    edges = sorted(
        (moment, change, span.lane)
        for span in spans
        # At one moment, who leaves goes before who comes: -1 sorts before 1.
        for moment, change in ((span.start_ns, 1), (span.end_ns, -1))
    )
    depth: dict[str, int] = {}
    steps: dict[int, int] = {}
    for moment, change, lane in edges:
        depth[lane] = depth.get(lane, 0) + change
        steps[moment] = sum(1 for many in depth.values() if many > 0)
    return Counts(tuple(steps), tuple(steps.values()))
