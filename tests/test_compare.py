"""Comparisons: whose turn it is, and what an interval lets one say."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.measure import compare as module
from helpers.measure.compare import BUSY_CORES, Comparison, Ratio, compare
from helpers.measure.host import HostUse
from helpers.measure.verdict import Outcome


class Bench:
    """Contenders that take the time the test says, on a clock that only they move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.turns: list[str] = []
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self.pass_time)
        bench = self

        class Meter:
            def __init__(self) -> None:
                self.began = bench.now

            @property
            def seconds(self) -> float:
                return bench.now - self.began

            def use(self) -> HostUse:
                return HostUse(self.seconds, 0.125)

        monkeypatch.setattr(module, "HostMeter", Meter)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def contender(self, name: str, seconds: Sequence[float]) -> Callable[[], None]:
        ahead = iter([99.0, *seconds])  # the first is the warm-up

        def run() -> None:
            self.turns.append(name)
            self.pass_time(next(ahead, seconds[-1]))

        return run


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def test_contenders_warm_up_and_then_take_turns(bench: Bench) -> None:
    found = compare({name: bench.contender(name, [1.0]) for name in "abc"})
    assert "".join(bench.turns[:3]) == "abc"
    rounds = ["".join(bench.turns[i : i + 3]) for i in range(3, len(bench.turns), 3)]
    assert rounds == ["abc", "bca", "cab", "abc", "bca", "cab", "abc"]
    assert set(map(len, found.seconds.values())) == {7}


def test_every_point_is_kept_in_order_but_the_warm_up(bench: Bench) -> None:
    points = [float(n) for n in range(1, 10)]
    found = compare({"a": bench.contender("a", points), "b": bench.contender("b", [2.0])}, 9)
    assert found.seconds["a"] == pytest.approx(tuple(points))
    assert found.median("a") == pytest.approx(5)
    assert found.quartiles("a") == pytest.approx((3, 7))
    assert found.busy == 0.125


def test_start_up_is_told_apart(bench: Bench) -> None:
    found = compare({"pool": bench.contender("pool", [1.0])}, start_up={"pool": 0.5})
    assert found.start_up == {"pool": 0.5}
    assert found.median("pool") == pytest.approx(1)


def test_quick_contenders_are_watched_for_long_enough(bench: Bench) -> None:
    found = compare({"a": bench.contender("a", [0.01])})
    assert module.LEAST_S <= len(found.seconds["a"]) * 0.01 <= module.LEAST_S + 0.02


def test_the_quickest_get_no_more_rounds_than_can_be_resampled(bench: Bench) -> None:
    began = bench.now
    found = compare({"a": bench.contender("a", [1e-6])})
    assert len(found.seconds["a"]) == 7 + module.MOST_EXTRA
    assert bench.now - began >= module.LEAST_S


def test_progress_is_told_and_may_stop_it(bench: Bench) -> None:
    seen: list[float] = []
    compare({"a": bench.contender("a", [1.0])}, progress=seen.append)
    assert seen == pytest.approx([n / 7 for n in range(1, 8)])

    def stop(done: float) -> None:
        if done > 0.4:
            raise InterruptedError

    bench.turns.clear()
    with pytest.raises(InterruptedError):
        compare({"a": bench.contender("a", [1.0])}, progress=stop)
    assert len(bench.turns) == 1 + 3


def test_an_exception_of_a_contender_comes_through(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError):
        compare({"a": lambda: 1 // 0})


def test_bad_arguments_are_named(bench: Bench) -> None:
    with pytest.raises(ValueError, match=r"^contenders must name at least one"):
        compare({})
    with pytest.raises(ValueError, match=r"^repeats must be at least 7, got 6"):
        compare({"a": bench.contender("a", [1.0])}, repeats=6)
    assert bench.turns == []
    found = compare({"a": bench.contender("a", [1.0])})
    for ask in (found.median, found.quartiles, lambda name: found.ratio("a", name)):
        with pytest.raises(KeyError, match=r"no contender 'c'; there are \['a'\]"):
            ask("c")


def test_a_real_comparison_tells_more_work_from_less() -> None:
    """By points that can't be doubted: one contender is a part of the other."""
    found = compare({"one": lambda: sum(range(1_000)), "both": lambda: sum(range(500_000))})
    assert found.ratio("both", "one").low > 1


# Intervals

seconds = st.floats(1e-6, 1e3)
comparisons = st.integers(7, 15).flatmap(
    lambda rounds: st.tuples(
        st.lists(seconds, min_size=rounds, max_size=rounds),
        st.lists(seconds, min_size=rounds, max_size=rounds),
    )
)


def made(tops: Sequence[float], bottoms: Sequence[float], busy: float | None = 0.0) -> Comparison:
    return Comparison({"top": tuple(tops), "bottom": tuple(bottoms)}, {}, busy)


@settings(max_examples=25)  # each draws an interval, 2,000 times
@given(comparisons)
def test_an_interval_holds_its_middle_and_lies_within_the_points(
    points: tuple[list[float], list[float]],
) -> None:
    tops, bottoms = points
    ratio = made(tops, bottoms).ratio("top", "bottom")
    assert ratio.low <= ratio.middle <= ratio.high
    assert ratio.low >= min(tops) / max(bottoms)
    assert ratio.high <= max(tops) / min(bottoms)
    assert ratio == made(tops, bottoms).ratio("top", "bottom")


@settings(max_examples=15)
@given(st.floats(1e-3, 1e3), seconds, st.integers(7, 15))
def test_points_that_do_not_scatter_give_a_narrow_interval(
    factor: float, base: float, rounds: int
) -> None:
    ratio = made([factor * base] * rounds, [base] * rounds).ratio("top", "bottom")
    assert (ratio.low, ratio.middle, ratio.high) == pytest.approx((factor,) * 3)


def test_a_slow_moment_hits_both_and_cancels_out() -> None:
    bottoms = [1.0, 1.1, 5.0, 1.2, 0.9, 7.0, 1.0, 1.05, 0.95]
    ratio = made([2 * point for point in bottoms], bottoms).ratio("top", "bottom")
    assert (ratio.low, ratio.high) == pytest.approx((2, 2))


@st.composite
def ratios(draw: st.DrawFn) -> Ratio:
    low, middle, high = sorted(draw(st.tuples(seconds, seconds, seconds)))
    return Ratio("top", "bottom", middle, low, high, draw(st.none() | st.floats(0, 4)))


def is_busy(ratio: Ratio) -> bool:
    return ratio.busy is not None and ratio.busy > BUSY_CORES


@given(ratios(), seconds)
def test_one_bound_has_three_answers(ratio: Ratio, bound: float) -> None:
    at_least, at_most = ratio.at_least(bound), ratio.at_most(bound)
    assert (at_least.outcome is Outcome.HOLDS) is (ratio.low >= bound)
    assert (at_most.outcome is Outcome.HOLDS) is (ratio.high <= bound)
    above, below = ratio.low > bound, ratio.high < bound
    assert (at_least.outcome is Outcome.FAILS) is (below and not is_busy(ratio))
    assert (at_most.outcome is Outcome.FAILS) is (above and not is_busy(ratio))
    # Never a yes to one and a no to the same: at the bound itself both hold.
    if at_least.outcome is Outcome.FAILS:
        assert at_most.outcome is Outcome.HOLDS


@given(ratios(), st.tuples(seconds, seconds).map(sorted))
def test_two_bounds_have_three_answers(ratio: Ratio, bounds: list[float]) -> None:
    low, high = bounds
    verdict = ratio.between(low, high)
    assert (verdict.outcome is Outcome.HOLDS) is (low <= ratio.low and ratio.high <= high)
    outside = ratio.high < low or ratio.low > high
    assert (verdict.outcome is Outcome.FAILS) is (outside and not is_busy(ratio))


def test_why_it_can_not_be_told_is_said() -> None:
    wide = Ratio("top", "bottom", 1.0, 0.5, 2.0, 0.0).at_least(1)
    assert "the timings scatter too much" in wide.reason
    busy = Ratio("top", "bottom", 0.5, 0.4, 0.6, 1.5).at_least(1)
    assert busy.reason == "other work kept the machine busy meanwhile"
    said = "top / bottom = 0.50 (95 % interval 0.40 to 0.60); claimed: at least 1"
    assert busy.evidence.startswith(said)
    assert "1.5 cores" in busy.evidence


def test_a_host_that_does_not_tell_does_not_excuse() -> None:
    ratio = Ratio("top", "bottom", 0.5, 0.4, 0.6, None)
    assert ratio.at_least(1).outcome is Outcome.FAILS


def test_bounds_must_be_in_order() -> None:
    with pytest.raises(ValueError, match=r"^low must not exceed high, got 2 and 1"):
        Ratio("a", "b", 1, 1, 1, None).between(2, 1)
