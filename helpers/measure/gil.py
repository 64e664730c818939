"""Threads under the GIL: what they gain, how often it changes hands, how long one keeps it."""

from __future__ import annotations

import itertools
import statistics
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.measure.compare import BUSY_CORES, Comparison, Ratio
from helpers.measure.elsewhere import call
from helpers.measure.host import HostMeter
from helpers.measure.timeline import ON_CORE, State, Timeline, timeline
from helpers.measure.verdict import Outcome, Verdict, untold
from helpers.workers import gil as workers

KINDS = ("pure Python", "hashing", "compression", "sleeping")
BYTECODES = ("small numbers", "big numbers")
LOADS = tuple(workers.LOADS)
INTERVALS_S = (10e-6, 100e-6, 1e-3, 5e-3, 20e-3, 100e-3)
MOST_THREADS = 8
_CLEARLY = 0.02  # more than hand-overs that are seen one beat late add up to


@dataclass(frozen=True)
class Contention:
    """The same work done one after another, and by threads that started together.

    alone_s, together_s: seconds that the work of all threads took either way.
    timeline: what the threads did, from the moment they were let go.
    busy: cores that other work used meanwhile, None where that can't be told.
    """

    kind: str
    threads: int
    interval_s: float
    alone_s: float
    together_s: float
    timeline: Timeline
    busy: float | None = None

    @property
    def speed_up(self) -> float:
        """How many times as fast the threads were."""
        return self.alone_s / self.together_s

    @property
    def hand_overs(self) -> int:
        """How often another thread had the GIL; none without a GIL."""
        return self.timeline.hand_overs if self.timeline.gil else 0

    @property
    def parallel_share(self) -> float:
        """The part of the time (0 to 1) in which at least two threads were on a core at once.

        Not quite 0 for pure Python under a GIL: where a gap lies is known to one step of work.
        """
        seen = self.timeline
        return seen.at_once_ns(*ON_CORE, least=2) / seen.length_ns if seen.length_ns else 0.0

    @property
    def gil_wait_share(self) -> float:
        """The part of the threads' time (0 to 1) spent waiting for the GIL.

        Where the system doesn't tell waiting for the GIL from waiting for a core, both.
        """
        return self.timeline.share_in(State.WAITING_GIL, State.WAITING_UNKNOWN)

    def in_parallel(self) -> Verdict:
        """Were two threads on a core at the same time, for more than measuring errors?"""
        evidence = f"two threads on a core at once for {self.parallel_share:.1%} of the time"
        if self.parallel_share >= _CLEARLY:
            return Verdict(Outcome.HOLDS, evidence)
        if self.timeline.share_in(State.WAITING_CORE, State.WAITING_UNKNOWN) > 0.2:
            return untold("the threads stood in the queue for a core: other work had it", evidence)
        return Verdict(Outcome.FAILS, evidence)


def contention(
    kind: str = "pure Python",
    threads: int = 2,
    interval_s: float = 5e-3,
    seconds: float = 0.1,
    *,
    python: str | Path = sys.executable,
    stop: threading.Event | None = None,
) -> Contention:
    """Run so many threads of one kind of work in a fresh interpreter.

    kind: one of KINDS. threads: 1 to 8. interval_s: the switch interval, 1 us to 1 s.
    seconds: how long each thread's work takes about when it runs by itself, at most 2.
    python: another interpreter to run it. stop: set it to end the run early.

    Raises ValueError for what lies outside, and what ``elsewhere.call`` raises.
    """
    _must_be_one_of("kind", kind, KINDS)
    _must_be_threads(threads, MOST_THREADS)
    _must_lie_between("interval_s", interval_s, 1e-6, 1)
    _must_lie_between("seconds", seconds, 0.001, 2)
    meter = HostMeter()
    found = call(
        workers.contend,
        kind,
        threads,
        seconds,
        interval_s,
        _patience_ns(interval_s),
        python=python,
        stop=stop,
    )
    return Contention(
        kind,
        threads,
        interval_s,
        found["alone_s"],
        found["seconds"],
        _from(timeline(found["recordings"]), found["start_ns"]),
        meter.use().others,
    )


@dataclass(frozen=True)
class SpeedUps:
    """Seconds, round by round, of the same work done in two ways.

    comparisons: (kind of work, number of threads) to a comparison of "one after another"
    with "together".
    """

    comparisons: Mapping[tuple[str, int], Comparison]
    gil: bool

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kind for kind, _ in self.comparisons))

    def threads(self, kind: str) -> tuple[int, ...]:
        return tuple(count for name, count in self.comparisons if name == kind)

    def speed_up(self, kind: str, threads: int) -> Ratio:
        """How many times as fast the threads were. KeyError for what wasn't measured."""
        return self.comparisons[kind, threads].ratio("one after another", "together")

    def speed_ups(self, kind: str, threads: int) -> list[float]:
        """One speed-up for each round."""
        seconds = self.comparisons[kind, threads].seconds
        pairs = zip(seconds["one after another"], seconds["together"], strict=True)
        return [alone / together for alone, together in pairs]


def speed_ups(
    kinds: Sequence[str] = ("pure Python", "hashing", "sleeping"),
    threads: Sequence[int] = (1, 2, 4),
    seconds: float = 0.01,
    rounds: int = 7,
    *,
    python: str | Path = sys.executable,
    progress: Callable[[float], None] | None = None,
    stop: threading.Event | None = None,
) -> SpeedUps:
    """Measure the speed-up by each number of threads, for each kind of work, unrecorded.

    seconds: how long one thread's work takes about. rounds: at least 7.
    Raises ValueError for arguments outside, and what ``elsewhere.call`` raises.
    """
    if not kinds:
        raise ValueError("kinds must name at least one kind of work")
    if not threads:
        raise ValueError("threads must hold at least one number")
    for kind in kinds:
        _must_be_one_of("kinds", kind, KINDS)
    for count in threads:
        _must_be_threads(count, 64)
    _must_lie_between("seconds", seconds, 0.001, 2)
    _must_lie_between("rounds", rounds, 7, 100)
    cases = list(itertools.product(kinds, threads))
    comparisons = {}
    gil = True
    for number, (kind, count) in enumerate(cases):
        meter = HostMeter()
        found = call(workers.scale, kind, count, seconds, rounds, python=python, stop=stop)
        gil = found["gil"]
        comparisons[kind, count] = Comparison(
            {"one after another": tuple(found["alone"]), "together": tuple(found["together"])},
            {},
            meter.use().others,
        )
        if progress is not None:
            progress((number + 1) / len(cases))
    return SpeedUps(comparisons, gil)


@dataclass(frozen=True)
class Runs:
    """How long one of two threads kept the GIL while the other one wanted it.

    lengths_s: for each such run its seconds, as the other thread saw them: its wait for the GIL.
    The wait for a core that may follow isn't in it. But where other programs keep all cores busy,
    who holds the GIL may be without a core.
    operation_s: how long one arithmetic operation took on average.
    busy: cores that other work used meanwhile, None where that can't be told.
    """

    bytecodes: str
    interval_s: float
    lengths_s: tuple[float, ...]
    operation_s: float
    gil: bool
    busy: float | None = None

    @property
    def median_s(self) -> float:
        """0.0 if there was no run."""
        return statistics.median(self.lengths_s) if self.lengths_s else 0.0

    @property
    def operations(self) -> float:
        """About how many arithmetic operations fit into the median run."""
        return self.median_s / self.operation_s

    def follows_interval(self) -> Verdict:
        """Did the median run last about as long as the switch interval: 0.8 to 1.5 times?

        What the interval is for: https://docs.python.org/3/library/sys.html#sys.setswitchinterval

        A run lasts a little longer: the waiter has to wake up, and the holder to look.
        Told for intervals from 1 ms; below, waking up takes longer than the interval.
        """
        if not self.gil:
            return untold("this Python runs without a GIL")
        evidence = (
            f"{self.bytecodes}: median of {len(self.lengths_s)} runs {self.median_s * 1e3:.2f} ms "
            f"at an interval of {self.interval_s * 1e3:g} ms, {self.operations:,.0f} operations"
        )
        if self.interval_s < 1e-3:
            return untold("waking a thread up takes longer than this interval", evidence)
        if len(self.lengths_s) < 4:
            return untold("too few runs were seen to begin and to end", evidence)
        if 0.8 <= self.median_s / self.interval_s <= 1.5:
            return Verdict(Outcome.HOLDS, evidence)
        low, _, high = statistics.quantiles(self.lengths_s, n=4, method="inclusive")
        if low <= 1.5 * self.interval_s and high >= 0.8 * self.interval_s:
            return untold("the runs scatter too much", evidence)
        if self.busy is not None and self.busy > BUSY_CORES:
            return untold(f"other work kept {self.busy:.1f} cores busy", evidence)
        return Verdict(Outcome.FAILS, evidence)


def run_lengths(
    intervals_s: Sequence[float] = (1e-3, 5e-3, 20e-3),
    bytecodes: Sequence[str] = BYTECODES,
    runs: int = 12,
    *,
    python: str | Path = sys.executable,
    progress: Callable[[float], None] | None = None,
    stop: threading.Event | None = None,
) -> tuple[Runs, ...]:
    """Let two threads spin, and measure how long each run between two hand-overs lasts.

    bytecodes: "small numbers" (many cheap bytecodes) or "big numbers" (few expensive ones).
    runs: about how many runs to see at each interval, 4 to 100.
    progress: called with the part done (0 to 1); it may raise to stop.
    Raises ValueError for arguments outside, and what ``elsewhere.call`` raises.
    """
    if not intervals_s:
        raise ValueError("intervals_s must hold at least one interval")
    if not bytecodes:
        raise ValueError("bytecodes must name at least one kind")
    for kind in bytecodes:
        _must_be_one_of("bytecodes", kind, BYTECODES)
    for interval_s in intervals_s:
        _must_lie_between("intervals_s", interval_s, 1e-6, 1)
    _must_lie_between("runs", runs, 4, 100)
    cases = list(itertools.product(bytecodes, intervals_s))
    found = []
    meter = HostMeter()
    for number, (kind, interval_s) in enumerate(cases):
        found.append(_runs(kind, interval_s, max(0.1, runs * interval_s), python, stop))
        if progress is not None:
            progress((number + 1) / len(cases))
    busy = meter.use().others
    return tuple(replace(one, busy=busy) for one in found)


def _runs(
    kind: str, interval_s: float, seconds: float, python: str | Path, stop: threading.Event | None
) -> Runs:
    patience_ns = _patience_ns(interval_s)
    found = call(
        workers.alternate, kind, interval_s, seconds, patience_ns, python=python, stop=stop
    )
    seen = timeline(found["recordings"])
    at_once = workers.SMALL_ADDITIONS if kind == "small numbers" else 1
    operation_s = seen.time_in(State.RUNNING) / 1e9 / (found["steps"] * at_once)
    lengths_s = waits_s(seen, found["start_ns"], found["end_ns"])
    return Runs(kind, interval_s, tuple(lengths_s), operation_s, seen.gil)


def waits_s(seen: Timeline, start_ns: int, end_ns: int) -> list[float]:
    """The seconds of each wait for the GIL that lies wholly between the limits."""
    waits = seen.of(State.WAITING_GIL, State.WAITING_UNKNOWN)
    return [
        wait.length_ns / 1e9
        for wait in waits
        if start_ns <= wait.start_ns and wait.end_ns <= end_ns
    ]


def gil_load(kind: str, seconds: float = 0.5, *, python: str | Path = sys.executable) -> Timeline:
    """The timeline of one of LOADS; its ``gil_held_share`` is what they differ in.

    Raises ValueError for another kind or seconds outside 0.01 to 10.
    """
    _must_be_one_of("kind", kind, LOADS)
    _must_lie_between("seconds", seconds, 0.01, 10)
    return timeline(call(workers.load, kind, seconds, python=python))


def _patience_ns(interval_s: float) -> int:
    """Silences longer than this are looked into: longer than the work between two beats (some
    20 us), shorter than the wait for a thread that keeps the GIL for one interval.
    """
    return 100_000 if interval_s >= 1e-3 else 50_000


def _from(seen: Timeline, start_ns: int) -> Timeline:
    """The timeline without what came before ``start_ns``: threads are started one by one."""
    spans = [
        replace(span, start_ns=max(span.start_ns, start_ns))
        for span in seen.spans
        if span.end_ns > start_ns
    ]
    return replace(seen, spans=tuple(spans))


def _must_be_one_of(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{name} must be one of {list(known)}, got {value!r}")


def _must_be_threads(count: int, most: int) -> None:
    _must_lie_between("threads", count, 1, most)
    if not isinstance(count, int):
        raise TypeError(f"threads must be a whole number, got {count!r}")


def _must_lie_between(name: str, value: float, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{name} must lie between {least:g} and {most:g}, got {value:g}")
