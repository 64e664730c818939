"""The operating system takes the GIL's holder off its core: does another thread get the GIL?"""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from helpers.measure.elsewhere import call
from helpers.measure.timeline import ON_CORE, Span, State, Timeline, timeline
from helpers.measure.verdict import Outcome, Verdict, untold
from helpers.workers import preemption as workers

_LONG_S = 0.05  # ten switch intervals: a waiter that could have the GIL would have it by now
_AWAY_S = 0.1  # less absence than this says nothing


@dataclass(frozen=True)
class Stall:
    """Two spinning threads, "holder" and "other", seen for a while.

    competitors: how many processes wanted the holder's core. cores: how many cores were used,
    2 if the other thread had one for itself.
    """

    competitors: int
    cores: int
    timeline: Timeline

    @property
    def longest_s(self) -> float:
        """The longest time for which the other thread didn't get on, whatever it waited for."""
        states = [span for span in self.timeline.spans if span.lane == "other"]
        longest = since = 0
        for span in sorted(states, key=lambda span: span.start_ns):
            since = 0 if span.state in ON_CORE else since + span.length_ns
            longest = max(longest, since)
        return longest / 1e9

    @property
    def longest_wait_s(self) -> float:
        """The longest time for which the other thread waited for the GIL."""
        waits = self.timeline.of(State.WAITING_GIL, lane="other")
        return max((span.length_ns for span in waits), default=0) / 1e9

    @property
    def away_s(self) -> float:
        """For how long in all the holder was ready to run and had no core."""
        return self.timeline.time_in(State.WAITING_CORE, lane="holder") / 1e9

    def share_meanwhile(self, *states: State) -> float:
        """Of the time the holder was away, the part (0 to 1) the other thread was in these."""
        away = self.timeline.of(State.WAITING_CORE, lane="holder")
        others = self.timeline.of(*states, lane="other")
        return _overlap_ns(away, others) / 1e9 / self.away_s if self.away_s else 0.0


@dataclass(frozen=True)
class Preemption:
    """The stall of the other thread without and with competitors for the holder's core.

    quiet, crowded: None where this system can't show it; ``reason`` says why then.
    """

    quiet: Stall | None
    crowded: Stall | None
    reason: str = ""

    def other_waits(self) -> Verdict:
        """While the holder is off its core, does the other thread wait for the GIL?"""
        return self._ask(State.WAITING_GIL)

    def other_runs(self) -> Verdict:
        """While the holder is off its core, does the other thread run all the same?"""
        return self._ask(State.RUNNING)

    def _ask(self, expected: State) -> Verdict:
        if self.crowded is None:
            return untold(self.reason)
        seen = self.crowded
        waited = seen.share_meanwhile(State.WAITING_GIL, State.BLOCKED)
        ran = seen.share_meanwhile(State.RUNNING)
        evidence = (
            f"the holder was off its core for {seen.away_s:.2f} s; of this time the other thread "
            f"waited for the GIL for {waited:.0%} and ran for {ran:.0%}; its longest wait for "
            f"the GIL was {seen.longest_wait_s * 1e3:.0f} ms"
        )
        if seen.cores < 2:
            return untold("the other thread needs a core for itself, and there is one", evidence)
        if seen.away_s < _AWAY_S:
            return untold("the competitors hardly took the core from the holder", evidence)
        # With a GIL, the other thread may run a little: while the holder waits for a core on its
        # way to the GIL. Without one, a little is proof enough.
        enough = 0.5 if seen.timeline.gil else 0.02
        if waited >= 0.5 and seen.longest_wait_s >= _LONG_S:
            found = State.WAITING_GIL
        elif waited <= 0.2 and ran >= enough:
            found = State.RUNNING
        else:
            return untold("other work kept the other thread off its core as well", evidence)
        return Verdict(Outcome.HOLDS if found is expected else Outcome.FAILS, evidence)


def preemption(
    competitors: int = 3,
    seconds: float = 0.7,
    *,
    python: str | Path = sys.executable,
    stop: threading.Event | None = None,
) -> Preemption:
    """Watch two threads without and with processes that compete for the holder's core.

    competitors: 1 to 8. seconds: for how long with them, 0.1 to 5; half as long without.
    python: another interpreter to see it in, such as a free-threaded one.

    Raises ValueError for what lies outside, and what ``elsewhere.call`` raises.
    """
    if isinstance(competitors, bool) or not isinstance(competitors, int):
        raise TypeError(f"competitors must be a whole number, got {competitors!r}")
    if not 1 <= competitors <= 8:
        raise ValueError(f"competitors must lie between 1 and 8, got {competitors}")
    if not 0.1 <= seconds <= 5:
        raise ValueError(f"seconds must lie between 0.1 and 5, got {seconds}")
    if not hasattr(os, "sched_setaffinity"):
        reason = "this system doesn't let a program choose the core of a thread, as Linux does"
        return Preemption(None, None, reason)
    quiet = _stall(0, seconds / 2, python, stop)
    if not quiet.timeline.tells_queue:
        reason = "this system doesn't tell who waits for a core (no /proc/thread-self/schedstat)"
        return Preemption(None, None, reason)
    return Preemption(quiet, _stall(competitors, seconds, python, stop))


def _stall(
    competitors: int, seconds: float, python: str | Path, stop: threading.Event | None
) -> Stall:
    found = call(workers.stall, competitors, seconds, python=python, deadline=20, stop=stop)
    return Stall(competitors, found["cores"], timeline(found["recordings"]))


def _overlap_ns(some: list[Span], others: list[Span]) -> int:
    return sum(
        max(0, min(a.end_ns, b.end_ns) - max(a.start_ns, b.start_ns)) for a in some for b in others
    )
