"""Wrong answers to exercises 8.3 and 8.4, with the words that must refuse them."""

from __future__ import annotations

BLOCKS = """
def exact_sum(n, block_sum):
    block = {block}
    total = {total}
    for first in range(0, {end}, block):
        total += block_sum(first, {last})
    return total
"""


def _blocks(
    block: str = "10_000", total: str = "0", end: str = "n", last: str = "min(first + block, n)"
) -> str:
    return BLOCKS.format(block=block, total=total, end=end, last=last)


FORMULA = """
def exact_sum(n, block_sum):
    return (n - 1) * n * (2 * n - 1) // 6
"""
SHARED_EDGE = """
def exact_sum(n, block_sum):
    total = 0
    for first in range(0, n, 10_000):
        total += block_sum(max(0, first - 1), min(first + 10_000, n))
    return total
"""

PER_TASK = """
import math


def items_per_task(items, item_s, cost_s, workers):
    return {answer}
"""
ROUNDED_DOWN = "max(1, min(int(10 * cost_s / item_s), items // workers))"
NO_TENTH = "max(1, min(math.ceil(cost_s / item_s), items // workers))"
NO_WORKERS = "max(1, math.ceil(10 * cost_s / item_s))"
ONE_EACH = "max(1, items // workers)"
NONE_AT_ALL = "min(math.ceil(10 * cost_s / item_s), items // workers)"
A_FRACTION = "max(1, min(10 * cost_s / item_s + 0.5, items / workers))"

WRONG = {
    "8.3": [
        ("def exact_sum(n, block_sum):\n    return ...\n", "returns nothing yet"),
        (_blocks(block="1_000_000"), "Make the blocks smaller"),
        (_blocks(block="100"), "Make the blocks larger"),
        (_blocks(last="first + block"), "end it at n"),
        (_blocks(end="n - block + 1"), "what about the numbers after it"),
        (_blocks(total="0.0"), "a float came back"),
        (FORMULA, "block_sum was never called"),
        (SHARED_EDGE, "Is each number in one block?"),
    ],
    "8.4": [
        (PER_TASK.format(answer="..."), "returns nothing yet"),
        (PER_TASK.format(answer=ROUNDED_DOWN), "not a tenth"),
        (PER_TASK.format(answer=NO_TENTH), "not a tenth"),
        (PER_TASK.format(answer=NO_WORKERS), "some workers get none"),
        (PER_TASK.format(answer=ONE_EACH), "Fewer would do"),
        (PER_TASK.format(answer=NONE_AT_ALL), "at least one item"),
        (PER_TASK.format(answer=A_FRACTION), "whole items"),
    ],
}
