"""From recordings to a timeline: who ran, who waited, and for what.

Each interval of a recording carries three measurements: how long it took, how long the thread
was on a core, and how long it stood in the queue for one. What remains is time blocked.
While the thread was in Python code, on a build with a GIL, blocked means waiting for the GIL.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from operator import attrgetter
from typing import Any

from helpers.workers import timeline as recorder


class State(Enum):
    """What a lane does at one moment. The value is the name that pictures and texts use."""

    RUNNING = "running"
    RELEASED = "running C code, GIL released"
    WAITING_GIL = "waiting for the GIL"
    WAITING_CORE = "waiting for a core"
    WAITING_UNKNOWN = "waiting for the GIL or a core"
    WAITING_LOCK = "waiting for a lock"
    WAITING_SIGNAL = "waiting for a signal"
    HOLDING_LOCK = "holding a lock"
    SLEEPING = "sleeping or I/O"
    AWAITING = "awaiting"
    READY = "ready, waiting for the loop"
    BLOCKED = "blocked, not by the GIL"


ON_CORE = (State.RUNNING, State.RELEASED)

# Blocked time that belongs to a declared activity. The rest is decided in _blocked_state.
_DECLARED = {
    recorder.SLEEPING: State.SLEEPING,
    recorder.LOCKING: State.WAITING_LOCK,
    recorder.WAITING: State.WAITING_SIGNAL,
}
WITH_GIL = "with the GIL"  # detail of a WAITING_CORE span: the thread had the GIL meanwhile
# Reading three clocks one after the other leaves a remainder of some microseconds: not a wait.
_NOISE_NS = 20_000


@dataclass(frozen=True)
class Span:
    """One state of one lane, from start_ns to end_ns on the common clock (nanoseconds)."""

    lane: str
    state: State
    start_ns: int
    end_ns: int
    detail: str = ""

    @property
    def length_ns(self) -> int:
        return self.end_ns - self.start_ns


@dataclass(frozen=True)
class Timeline:
    """The spans of all lanes.

    Those of one lane don't overlap, except that HOLDING_LOCK lies over the others.

    tells_queue: whether this system told waiting for the GIL from waiting for a core.
    """

    lanes: tuple[str, ...]
    spans: tuple[Span, ...]
    gil: bool
    tells_queue: bool

    @cached_property
    def start_ns(self) -> int:
        return min((span.start_ns for span in self.spans), default=0)

    @cached_property
    def end_ns(self) -> int:
        return max((span.end_ns for span in self.spans), default=0)

    @property
    def length_ns(self) -> int:
        return self.end_ns - self.start_ns

    def of(self, *states: State, lane: str | None = None) -> list[Span]:
        """The spans in these states, of one lane or of all, in order of time."""
        lanes = self.lanes if lane is None else (lane,)
        wanted = [(one, state) for one in lanes for state in dict.fromkeys(states)]
        found = [span for key in wanted for span in self._sorted.get(key, ())]
        return sorted(found, key=attrgetter("start_ns"))

    @cached_property
    def _sorted(self) -> dict[tuple[str, State], list[Span]]:
        """Thousands of spans are asked for again and again while a picture is drawn."""
        found: dict[tuple[str, State], list[Span]] = {}
        for span in sorted(self.spans, key=lambda span: span.start_ns):
            found.setdefault((span.lane, span.state), []).append(span)
        return found

    def time_in(self, *states: State, lane: str | None = None) -> int:
        """Nanoseconds spent in these states, added up over the lanes."""
        lanes = self.lanes if lane is None else (lane,)
        return sum(self._times.get((one, state), 0) for one in lanes for state in set(states))

    @cached_property
    def _times(self) -> dict[tuple[str, State], int]:
        return {key: sum(span.length_ns for span in spans) for key, spans in self._sorted.items()}

    def share_in(self, *states: State, lane: str | None = None) -> float:
        """The part of all lanes' time (0 to 1) spent in these states."""
        lane_states = [state for state in State if state is not State.HOLDING_LOCK]
        total = self.time_in(*lane_states, lane=lane)
        return self.time_in(*states, lane=lane) / total if total else 0.0

    def at_once_ns(self, *states: State, least: int = 2) -> int:
        """Nanoseconds during which at least ``least`` lanes were in these states together."""
        return _at_once_ns(self.of(*states), least)

    @property
    def gil_held_share(self) -> float:
        """The part of the time (0 to 1) in which some lane had the GIL for running Python code.

        A thread that was taken off its core in the middle of Python code still has it.
        """
        holding = self.of(State.RUNNING)
        holding += [span for span in self.of(State.WAITING_CORE) if span.detail == WITH_GIL]
        return _at_once_ns(holding, least=1) / self.length_ns if self.length_ns else 0.0

    @cached_property
    def hand_overs(self) -> int:
        """How often the lane that runs Python code changed."""
        order = [span.lane for span in self.of(State.RUNNING)]
        return sum(1 for before, after in itertools.pairwise(order) if before != after)


def _at_once_ns(spans: Iterable[Span], least: int) -> int:
    """Nanoseconds during which spans of at least so many lanes overlap."""
    edges = sorted(
        (moment, change, span.lane)
        for span in spans
        for moment, change in ((span.start_ns, 1), (span.end_ns, -1))
    )
    together = since = 0
    depth: Counter[str] = Counter()  # a lane that holds two locks is still one lane
    lanes_in = 0
    for moment, change, lane in edges:
        if lanes_in >= least:
            together += moment - since
        lanes_in -= depth[lane] > 0
        depth[lane] += change
        lanes_in += depth[lane] > 0
        since = moment
    return together


def timeline(recordings: Iterable[Mapping[str, Any]]) -> Timeline:
    """Put the recordings of threads, processes and tasks on one axis.

    recordings: what ``Recorder.recording`` held after each ``with`` block.
    Raises ValueError if there is none, if one isn't finished, or if two have the same lane.
    """
    recordings = list(recordings)
    if not recordings:
        raise ValueError("recordings must hold at least one recording")
    if not all(recordings):
        raise ValueError("recordings must be finished: read them after the ``with`` block")
    lanes = tuple(recording["lane"] for recording in recordings)
    if len(set(lanes)) != len(lanes):
        raise ValueError(f"recordings must have lanes of different names, got {list(lanes)}")
    spans: list[Span] = []
    tells_queue = True
    for recording in recordings:
        for interval in recording["intervals"]:
            tells_queue = tells_queue and interval[5] is not None
            spans.extend(_split(recording["lane"], recording["gil"], *interval))
        spans.extend(
            Span(recording["lane"], State.HOLDING_LOCK, start, end, name)
            for name, start, end in recording["holds"]
        )
    return Timeline(lanes, tuple(spans), any(r["gil"] for r in recordings), tells_queue)


def _split(
    lane: str,
    gil: bool,
    activity: str,
    start: int,
    gap: int,
    end: int,
    cpu: int,
    queue: int | None,
    times_blocked: int | None,
) -> list[Span]:
    """Cut one interval into time on a core, time blocked and time in the queue for a core.

    The gap lies between the last beat in time (``gap``) and the end. Inside it the order isn't
    measured: it is laid out as blocked, queueing, running, which is how a thread gets the GIL
    back and then a core. The error is at most the work between two beats. C code that released
    the GIL wants it back at its end, so there the running comes first.
    """
    if activity == recorder.AWAITING:
        # The thread's meters tell about all its tasks; this task did nothing but await.
        return [Span(lane, State.AWAITING, start, end)]
    length = end - start
    on_core = min(cpu, length)
    in_queue = min(queue or 0, length - on_core)
    blocked = length - on_core - in_queue
    if blocked < _NOISE_NS:
        on_core, blocked = on_core + blocked, 0
    released = activity == recorder.RELEASED
    running = State.RELEASED if released else State.RUNNING
    waited = blocked > 0 or in_queue > 0
    before = min(on_core, gap - start) if waited and not released else on_core
    pieces = [
        (running, before),
        (_blocked_state(activity, gil, queue is not None, times_blocked), blocked),
        (State.WAITING_CORE, in_queue),
        (running, on_core - before),
    ]
    # Who never blocked never let go of the GIL, on a core or off it.
    keeps_gil = gil and activity == recorder.WORKING and times_blocked == 0
    spans = []
    for state, piece in pieces:
        if piece > 0:
            detail = WITH_GIL if keeps_gil and state is State.WAITING_CORE else ""
            spans.append(Span(lane, state, start, start + piece, detail))
            start += piece
    return spans


def _blocked_state(activity: str, gil: bool, tells_queue: bool, times_blocked: int | None) -> State:
    if times_blocked == 0:
        # The thread never gave its core up, yet it didn't run: the core itself was taken away
        # (a virtual machine's host does that, and counts it nowhere in the guest's queue).
        return State.WAITING_CORE
    if activity in _DECLARED:
        return _DECLARED[activity]
    # C code that computes without the GIL waits for nothing, until it ends: then it wants the
    # GIL back. So with a GIL the two kinds of work wait for the same.
    if not gil:
        return State.BLOCKED
    return State.WAITING_GIL if tells_queue else State.WAITING_UNKNOWN
