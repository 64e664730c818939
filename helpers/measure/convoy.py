"""The convoy effect: what a thread that mostly waits suffers from threads that compute."""

from __future__ import annotations

import itertools
import math
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from helpers.measure.compare import Comparison, Ratio
from helpers.measure.elsewhere import call
from helpers.measure.host import HostMeter
from helpers.workers import convoy as workers

KINDS = ("threads", "processes")
INTERVALS_S = (5e-3, 1e-3, 1e-4)
MOST_NEIGHBOURS = 2
_SLICES = 10


@dataclass(frozen=True)
class Convoy:
    """Round trips to an echo server in another process, beside neighbours that compute.

    neighbours: how many. kind: "threads" of the client's process, or "processes".
    latencies_us: of each round trip, in order, in microseconds. seconds: for all of them.
    lost: requests that stayed unanswered. gil: whether the client ran with a GIL.
    busy: cores that other work used meanwhile, None where that can't be told.
    """

    neighbours: int
    kind: str
    interval_s: float
    latencies_us: tuple[float, ...]
    seconds: float
    lost: int
    gil: bool
    busy: float | None

    @property
    def name(self) -> str:
        if not self.neighbours:
            return "alone"
        if self.kind == "processes":
            return f"beside {_counted(self.neighbours, 'process', 'processes')}"
        threads = _counted(self.neighbours, "thread", "threads")
        return f"beside {threads}, {self.interval_s * 1e3:g} ms"

    @property
    def per_second(self) -> float:
        """Round trips per second."""
        return len(self.latencies_us) / self.seconds

    @property
    def median_us(self) -> float:
        return self.quantile_us(0.5)

    @property
    def p99_us(self) -> float:
        """All but one in a hundred round trips took at most so long."""
        return self.quantile_us(0.99)

    def quantile_us(self, share: float) -> float:
        """The latency that this share (0 to 1) of the round trips doesn't exceed.

        Raises ValueError for a share outside.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"share must lie between 0 and 1, got {share}")
        last = len(self._sorted) - 1
        return self._sorted[max(0, math.ceil(share * len(self._sorted)) - 1)] if last >= 0 else 0.0

    @cached_property
    def _sorted(self) -> list[float]:
        return sorted(self.latencies_us)

    def slower_than(self, other: Convoy) -> Ratio:
        """How many times as long a round trip takes here as there, on average, with an interval.

        Raises ValueError for two cases of the same name, or without a round trip.
        """
        if self.name == other.name:
            raise ValueError(f"other must be another case, both are {self.name!r}")
        busy = [each.busy for each in (self, other) if each.busy is not None]
        slices = {self.name: self.slice_means_s(), other.name: other.slice_means_s()}
        return Comparison(slices, {}, max(busy, default=None)).ratio(self.name, other.name)

    def slice_means_s(self) -> tuple[float, ...]:
        """The seconds of a round trip on average, in each tenth of the time.

        Round trips close together resemble each other, so they can't count one by one. Tenths of
        the time, not of the round trips: else a moment in which they were fast would count for
        most of them. Raises ValueError without a round trip.
        """
        if not self.latencies_us:
            raise ValueError("latencies_us must hold at least one round trip")
        ends_us = list(itertools.accumulate(self.latencies_us))
        length_us = ends_us[-1] / _SLICES
        within = Counter(min(int(end / length_us), _SLICES - 1) for end in ends_us)
        # In a slice in which none ended, one took at least as long as the slice.
        return tuple(length_us / max(1, within[number]) / 1e6 for number in range(_SLICES))


def convoy(
    neighbours: int = 1,
    kind: str = "threads",
    interval_s: float = 5e-3,
    seconds: float = 0.5,
    *,
    most: int = 4000,
    python: str | Path = sys.executable,
    stop: threading.Event | None = None,
) -> Convoy:
    """Measure round trips in a fresh interpreter, with the echo server in another process.

    neighbours: 0 to 2 that compute. kind: one of KINDS. interval_s: the switch interval, 1 us to
    1 s. seconds, most: the time (at most 10) and the number of round trips to stop at.
    python: another interpreter to run it. stop: set it to end the run early.

    Raises ValueError or TypeError for what lies outside, and what ``elsewhere.call`` raises.
    """
    if isinstance(neighbours, bool) or not isinstance(neighbours, int):
        raise TypeError(f"neighbours must be a whole number, got {neighbours!r}")
    if not 0 <= neighbours <= MOST_NEIGHBOURS:
        raise ValueError(f"neighbours must lie between 0 and {MOST_NEIGHBOURS}, got {neighbours}")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {list(KINDS)}, got {kind!r}")
    if not 1e-6 <= interval_s <= 1:
        raise ValueError(f"interval_s must lie between 1e-06 and 1, got {interval_s:g}")
    if not 0 < seconds <= 10:
        raise ValueError(f"seconds must be above 0 and at most 10, got {seconds:g}")
    if most < 1:
        raise ValueError(f"most must be at least 1, got {most}")
    meter = HostMeter()
    found = call(
        workers.converse, neighbours, kind, interval_s, seconds, most, python=python, stop=stop
    )
    return Convoy(
        neighbours,
        kind,
        interval_s,
        tuple(found["latencies_us"]),
        found["seconds"],
        found["lost"],
        found["gil"],
        meter.use().others,
    )


def _counted(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count} {many}"
