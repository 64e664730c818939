"""Checker for exercise 8.3: exact sums from machine integers that overflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpers.course.exercises import NotYet

_MOST_CALLS = 2_000


def exact_sum(answer: Callable[..., Any]) -> str:
    """Check ``answer(n, block_sum)``: exact for each n, with few calls of ``block_sum``."""
    for n in (0, 1, 1_000, 3_000_001, 9_999_999, 10_000_000):
        blocks = _Blocks()
        found = answer(n, blocks)
        if found is ... or found is None:
            raise NotYet("exact_sum returns nothing yet. Return the sum.")
        _judge(n, blocks, found)
    return "Exact up to ten million, with machine integers inside the blocks and Python's between."


def _judge(n: int, blocks: _Blocks, found: Any) -> None:
    exact = _squares(n)
    if type(found) is not int:
        raise NotYet(
            f"For n = {n} a {type(found).__name__} came back. Add the blocks up in Python's int, "
            "which grows as needed."
        )
    if found == exact:
        if exact > 0 and blocks.calls == 0:
            raise NotYet("Right, but block_sum was never called: this exercise is about using it.")
        return
    if blocks.overflowed is not None:
        first, last = blocks.overflowed
        raise NotYet(
            f"For n = {n} the block from {first} to {last} overflowed: its squares don't fit into "
            "an int64. Make the blocks smaller."
        )
    if blocks.last < n:
        raise NotYet(
            f"For n = {n} the last block ended at {blocks.last}: what about the numbers after it?"
        )
    if blocks.last > n:
        raise NotYet(f"For n = {n} the last block goes on to {blocks.last}: end it at n.")
    raise NotYet(
        f"For n = {n} the sum should be {exact}, not {found}. Is each number in one block?"
    )


class _Blocks:
    """``block_sum`` as a compiler would make it; it remembers how it was called."""

    def __init__(self) -> None:
        self.calls = self.last = 0
        self.overflowed: tuple[int, int] | None = None

    def __call__(self, first: int, last: int) -> int:
        self.calls += 1
        if self.calls > _MOST_CALLS:
            raise NotYet(f"More than {_MOST_CALLS:,} calls. Make the blocks larger.")
        self.last = max(self.last, last)
        exact = _squares(last) - _squares(first) if last > first else 0
        if exact >= 2**63:
            self.overflowed = self.overflowed or (first, last)
        return (exact + 2**63) % 2**64 - 2**63


def _squares(n: int) -> int:
    return (n - 1) * n * (2 * n - 1) // 6
