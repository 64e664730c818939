"""Compare the speed of several pieces of code, honestly.

The contenders take turns, so that a slow minute of the machine hits them all. Every point is
kept. What is reported is a ratio with an interval, and a question about it has three answers.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from helpers.measure.host import SHORTEST_S, HostMeter
from helpers.measure.verdict import Outcome, Verdict, untold

BUSY_CORES = 0.35  # others' use above this: a "no" isn't trusted
LEAST_S = 2 * SHORTEST_S  # of rounds, and so of watching the host
MOST_EXTRA = 100  # rounds; an interval of thousands would take minutes to compute
_RESAMPLES = 2000
_TICK_S = 1e-9


@dataclass(frozen=True)
class Ratio:
    """How much longer one contender takes than another: median, and a 95 % interval.

    Each round gives one ratio, so that a slow round, which slows both contenders, drops out; the
    median of these counts. The interval is a bootstrap: rounds are drawn again with replacement,
    and the middle 95 % of the resulting medians is kept. Source: B. Efron, R. Tibshirani, An
    Introduction to the Bootstrap (1993), chapter 13.
    busy: cores that other work used meanwhile, None where that can't be told.
    """

    above: str
    below: str
    middle: float
    low: float
    high: float
    busy: float | None

    def __str__(self) -> str:
        return (
            f"{self.above} / {self.below} = {self.middle:.2f} "
            f"(95 % interval {self.low:.2f} to {self.high:.2f})"
        )

    def at_least(self, bound: float) -> Verdict:
        """Does the whole interval lie at or above the bound?"""
        return self._ask(self.low >= bound, self.high < bound, f"at least {bound:g}")

    def at_most(self, bound: float) -> Verdict:
        """Does the whole interval lie at or below the bound?"""
        return self._ask(self.high <= bound, self.low > bound, f"at most {bound:g}")

    def between(self, low: float, high: float) -> Verdict:
        """Does the whole interval lie between the two bounds?"""
        if low > high:
            raise ValueError(f"low must not exceed high, got {low} and {high}")
        yes = low <= self.low and self.high <= high
        no = self.high < low or self.low > high
        return self._ask(yes, no, f"between {low:g} and {high:g}")

    def _ask(self, yes: bool, no: bool, bounds: str) -> Verdict:
        evidence = f"{self}; claimed: {bounds}"
        if yes:
            return Verdict(Outcome.HOLDS, evidence)
        if not no:
            return untold(
                "the interval reaches over the bound: the timings scatter too much", evidence
            )
        if self.busy is not None and self.busy > BUSY_CORES:
            evidence += f"; others kept {self.busy:.1f} cores busy"
            return untold("other work kept the machine busy meanwhile", evidence)
        return Verdict(Outcome.FAILS, evidence)


@dataclass(frozen=True)
class Comparison:
    """Seconds per contender, one value per round, in the order of the rounds.

    start_up: seconds per contender that its set-up took, apart from the work (empty if none).
    busy: cores that other work used meanwhile, None where that can't be told.
    """

    seconds: Mapping[str, tuple[float, ...]]
    start_up: Mapping[str, float]
    busy: float | None

    def median(self, name: str) -> float:
        return statistics.median(self._points(name))

    def quartiles(self, name: str) -> tuple[float, float]:
        """The interval that holds the middle half of the points."""
        low, _, high = statistics.quantiles(self._points(name), n=4, method="inclusive")
        return low, high

    def ratio(self, above: str, below: str) -> Ratio:
        """How many times as long ``above`` takes as ``below``. KeyError for an unknown name."""
        pairs = zip(self._points(above), self._points(below), strict=True)
        # A clock that ticks slowly may have seen no time pass at all.
        ratios = [top / max(bottom, _TICK_S) for top, bottom in pairs]
        dice = random.Random(0)  # the same points give the same interval
        medians = sorted(
            statistics.median(dice.choices(ratios, k=len(ratios))) for _ in range(_RESAMPLES)
        )
        low, high = medians[int(0.025 * _RESAMPLES)], medians[int(0.975 * _RESAMPLES) - 1]
        return Ratio(above, below, statistics.median(ratios), low, high, self.busy)

    def _points(self, name: str) -> tuple[float, ...]:
        if name not in self.seconds:
            raise KeyError(f"no contender {name!r}; there are {list(self.seconds)}")
        return self.seconds[name]


def compare(
    contenders: Mapping[str, Callable[[], object]],
    repeats: int = 7,
    start_up: Mapping[str, float] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Comparison:
    """Run each contender once to warm up, then at least ``repeats`` rounds of all in turn.

    Quick contenders get up to 100 more rounds, until the host was watched for long enough to say
    whether other work was in the way. The quickest leave a rest of that time, in which nothing
    runs.

    contenders: name to function without arguments. A pool is started before and passed in with
    what that took in ``start_up`` (seconds), so that the rounds time the work only.
    progress: called with the part done (0 to 1); it may raise to stop the comparison.

    Raises ValueError for no contenders, or for fewer than 7 repeats: fewer points can't carry
    an interval.
    """
    if not contenders:
        raise ValueError("contenders must name at least one function")
    if repeats < 7:
        raise ValueError(f"repeats must be at least 7, got {repeats}")
    names = list(contenders)
    for name in names:
        contenders[name]()
    points: dict[str, list[float]] = {name: [] for name in names}
    meter = HostMeter()
    number = 0
    while number < repeats or (number < repeats + MOST_EXTRA and meter.seconds < LEAST_S):
        # Every round starts with another contender, so that none always comes first.
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            began = time.perf_counter()
            contenders[name]()
            points[name].append(time.perf_counter() - began)
        number += 1
        if progress is not None:
            progress(min(number / repeats, meter.seconds / LEAST_S, 1.0))
    time.sleep(max(0.0, LEAST_S - meter.seconds))
    return Comparison(
        {name: tuple(values) for name, values in points.items()},
        dict(start_up or {}),
        meter.use().others,
    )
