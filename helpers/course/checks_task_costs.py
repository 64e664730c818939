"""Checker for exercise 8.4: how many items go into a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpers.course.exercises import NotYet

# (items, seconds for one, seconds to hand a task over, workers), and the right answer. Powers of
# two divide exactly, so that no rounding of floating-point numbers decides.
_CASES = (
    ((100_000, 2**-17, 2**-12, 4), 320),
    ((100_000, 2**-12, 2**-8, 4), 160),
    ((100_000, 3 * 2**-14, 2**-13, 4), 7),
    ((100, 1.0, 2**-8, 4), 1),
    ((100, 2**-17, 2**-8, 4), 25),
    ((3, 2**-17, 2**-8, 8), 1),
)


def items_per_task(answer: Callable[..., Any]) -> str:
    """Check ``answer(items, item_s, cost_s, workers)`` for small, large, many and few items."""
    for given, wanted in _CASES:
        found = answer(*given)
        if found is ... or found is None:
            raise NotYet("items_per_task returns nothing yet. Return a number of items.")
        if found != wanted or int(found) != found:
            raise NotYet(_why(given, wanted, found))
    return "Enough work in each task, and a task for each worker."


def _why(given: tuple[int, float, float, int], wanted: int, found: Any) -> str:
    items, item_s, cost_s, workers = given
    said = (
        f"{items} items of {item_s * 1e6:.3g} µs, handing over costs {cost_s * 1e6:.3g} µs, "
        f"{workers} workers: {found} in a task. "
    )
    if not isinstance(found, int):
        return f"{said}A task holds whole items: round up."
    if found < 1:
        return f"{said}A task holds at least one item."
    if items >= workers and found > items // workers:
        return f"{said}That makes {-(-items // found)} tasks, and some workers get none."
    if wanted <= items // workers and found * item_s < 10 * cost_s:
        return f"{said}Handing over costs {cost_s / (found * item_s):.0%} of the work, not a tenth."
    return f"{said}Fewer would do: {wanted}."
