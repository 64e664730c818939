"""Each contender comes once in each round, and first as often as the others."""

from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from helpers.workers.turns import by_turns


@given(st.integers(1, 5), st.integers(0, 12))
def test_all_take_turns(count: int, rounds: int) -> None:
    order: list[int] = []

    def contender(number: int) -> float:
        order.append(number)
        return float(len(order))

    found = by_turns({str(n): partial(contender, n) for n in range(count)}, rounds)
    assert all(len(values) == rounds for values in found.values())
    passes = [order[start : start + count] for start in range(0, len(order), count)]
    assert len(passes) == rounds + 1  # one to warm up
    assert all(sorted(one) == list(range(count)) for one in passes)
    assert [one[0] for one in passes] == [n % count for n in range(rounds + 1)]
    # What the round to warm up gave is dropped.
    assert all(min(values, default=count + 1) > count for values in found.values())
