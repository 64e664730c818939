"""Whether an event loop lives: a task beats in it every few milliseconds, beside some work."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable
from dataclasses import dataclass

from helpers.measure.compare import Comparison
from helpers.measure.host import HostMeter
from helpers.measure.verdict import Verdict, untold

PERIOD_S = 0.005
_BEFORE_S = 0.05
_SLICES = 10


@dataclass(frozen=True)
class Pulse:
    """The beats of a loop before, during and after some work, in seconds on one clock.

    beats_s: when the beats came. start_s, end_s: of the work. period_s: what was asked for
    between two beats. busy: cores that other work used meanwhile, None where that can't be told.
    """

    beats_s: tuple[float, ...]
    start_s: float
    end_s: float
    period_s: float
    busy: float | None

    @property
    def during(self) -> int:
        """How many beats came while the work was done."""
        return sum(self.start_s < beat < self.end_s for beat in self.beats_s)

    @property
    def longest_gap_s(self) -> float:
        """The longest time between two beats that touches the work."""
        gaps = itertools.pairwise(self.beats_s)
        touching = (b - a for a, b in gaps if b > self.start_s and a < self.end_s)
        return max(touching, default=self.end_s - self.start_s)

    @property
    def lateness_s(self) -> tuple[float, ...]:
        """By how much each beat that came during the work was late."""
        return tuple(
            max(0.0, after - before - self.period_s)
            for before, after in itertools.pairwise(self.beats_s)
            if self.start_s < after < self.end_s
        )

    def later_than(self, other: Pulse, times: float) -> Verdict:
        """Are the beats at least so many times as late beside this work as beside the other's?

        Each tenth of the beats counts by its mean. Can't be told if too few came.
        """
        if min(len(self.lateness_s), len(other.lateness_s)) < _SLICES:
            return untold("too few beats came during the work", f"{self.during}, {other.during}")
        busy = [pulse.busy for pulse in (self, other) if pulse.busy is not None]
        means = {"late beside this": _tenths(self), "late beside the other": _tenths(other)}
        return Comparison(means, {}, max(busy, default=None)).ratio(*means).at_least(times)


async def beat(beats_s: list[float], period_s: float) -> None:
    """Note the time again and again, for ever: a task to start beside others, and to cancel."""
    while True:
        beats_s.append(time.perf_counter())
        await asyncio.sleep(period_s)


async def pulse(work: Awaitable[object], period_s: float = PERIOD_S) -> Pulse:
    """Await the work while a task beats beside it, and some beats before and after.

    Raises ValueError if period_s isn't positive, and what the work raises.
    """
    if not period_s > 0:
        raise ValueError(f"period_s must be positive, got {period_s}")
    meter = HostMeter()
    beats_s: list[float] = []
    heart = asyncio.create_task(beat(beats_s, period_s))
    try:
        await asyncio.sleep(_BEFORE_S)
        start_s = time.perf_counter()
        await work
        end_s = time.perf_counter()
        await asyncio.sleep(_BEFORE_S)
    finally:
        heart.cancel()
        await asyncio.wait([heart])
    return Pulse(tuple(beats_s), start_s, end_s, period_s, meter.use().others)


def _tenths(pulse: Pulse) -> tuple[float, ...]:
    late = pulse.lateness_s
    edges = [len(late) * number // _SLICES for number in range(_SLICES + 1)]
    parts = [late[low:high] for low, high in itertools.pairwise(edges)]
    return tuple(sum(part) / len(part) for part in parts)
