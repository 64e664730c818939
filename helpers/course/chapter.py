"""The first and the last cell of a chapter: what machine this is, and that nothing is left."""

from __future__ import annotations

from helpers.course.cards import Card
from helpers.course.claims import Claim, claim
from helpers.course.machine import machine_card
from helpers.measure.leftovers import Belongings, belongings, left_since

_before: dict[str, Belongings] = {}


def begin(chapter: str) -> Card:
    """Note what the kernel holds before the chapter starts, and show the machine card.

    chapter: its number, such as "1". Raises ValueError for another form.
    """
    if chapter not in set("123456789"):
        raise ValueError(f"chapter must be one digit, got {chapter!r}")
    _before[chapter] = belongings()
    return machine_card()


def end(chapter: str) -> Claim:
    """Claim that everything the chapter started has ended. RuntimeError if it wasn't begun."""
    if chapter not in _before:
        raise RuntimeError(f"begin({chapter!r}) must run first, in the chapter's first cell")
    left = left_since(_before[chapter])
    return claim(
        f"{chapter}.0-tidy",
        "Nothing that this chapter started is left: no thread, process, task, shared memory or "
        "socket.",
        not left,
        "; ".join(left) or "nothing left",
    )
