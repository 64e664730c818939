"""What is computed from the beats of a loop."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure import blocking
from helpers.measure.blocking import Pulse
from helpers.measure.verdict import Outcome


def steady(apart_s: float, start_s: float = 0.0, end_s: float = 1.0) -> Pulse:
    """Beats so far apart, before, during and after the work."""
    count = int((end_s - start_s + 0.2) / apart_s)
    beats = tuple(start_s - 0.1 + apart_s * number for number in range(count))
    return Pulse(beats, start_s, end_s, 0.005, busy=0.0)


@given(st.lists(st.floats(0, 10), max_size=50), st.floats(0, 10), st.floats(0, 10))
def test_beats_during_the_work_are_counted(beats: list[float], one: float, other: float) -> None:
    start, end = sorted((one, other))
    found = Pulse(tuple(sorted(beats)), start, end, 0.005, None)
    assert found.during == sum(start < beat < end for beat in beats)
    assert len(found.lateness_s) <= found.during
    gaps = [b - a for a, b in itertools.pairwise(sorted(beats))]
    assert 0 <= found.longest_gap_s <= max([*gaps, end - start])


def test_the_longest_gap_is_one_that_touches_the_work() -> None:
    found = Pulse((0.0, 5.0, 5.1, 5.9, 6.0, 9.0), 5.05, 5.95, 0.005, None)
    assert found.longest_gap_s == pytest.approx(0.8)
    assert Pulse((), 1.0, 3.0, 0.005, None).longest_gap_s == 2.0


def test_later_by_a_factor_is_told() -> None:
    late, soon = steady(0.015), steady(0.006)
    assert late.later_than(soon, 2).outcome is Outcome.HOLDS
    assert soon.later_than(late, 2).outcome is Outcome.FAILS
    assert replace(soon, busy=1.5).later_than(late, 2).outcome is Outcome.UNTOLD


def test_too_few_beats_tell_nothing() -> None:
    assert steady(0.3).later_than(steady(0.006), 2).outcome is Outcome.UNTOLD


def test_a_call_that_blocks_leaves_no_beat() -> None:
    async def work() -> None:
        time.sleep(0.1)

    found = asyncio.run(blocking.pulse(work()))
    assert found.during == 0
    assert found.longest_gap_s >= 0.1
    assert found.beats_s[0] < found.start_s


def test_an_await_lets_the_loop_beat() -> None:
    found = asyncio.run(blocking.pulse(asyncio.sleep(0.1)))
    assert found.during > 0
    assert found.end_s - found.start_s >= 0.09


def test_the_heart_ends_with_work_that_raises() -> None:
    async def fail() -> None:
        raise LookupError("not here")

    async def main() -> int:
        with pytest.raises(LookupError):
            await blocking.pulse(fail())
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1


def test_bad_arguments_are_named() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match=r"^period_s "):
            await blocking.pulse(asyncio.Event().wait(), 0)

    with pytest.warns(RuntimeWarning, match="never awaited"):
        asyncio.run(main())
