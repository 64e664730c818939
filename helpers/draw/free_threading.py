"""What changes without the GIL, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw.picture import Table
from helpers.measure.free_threading import Extension, HiddenRaces


def hidden_races(found: Sequence[HiddenRaces]) -> Table:
    """What is done down, interpreters across.

    Raises ValueError if there is none.
    """
    if not found:
        raise ValueError("found must hold at least one interpreter")
    columns = ["four threads share", *(_label(one) for one in found)]
    rows = [
        ("a counter, counter += 1", *(_lost(one.expected, one.counted) for one in found)),
        ("a list, items.append(…)", *(_lost(one.expected, one.appended) for one in found)),
        ("an iterator over a list", *(_twice(one.got, one.different) for one in found)),
        ("the same, next() under a lock", *(_twice(*one.locked) for one in found)),
    ]
    parts = [
        f"{_label(one)}: counter {one.counted:,}, list {one.appended:,}, iterator {one.got:,}"
        for one in found
    ]
    text = f"Each should give {found[0].expected:,}. {'; '.join(parts)}."
    return Table(text, columns, rows)


def extensions(found: Sequence[Extension]) -> Table:
    """One row per import: was there a GIL before, and after?"""
    rows = [
        (
            "that it needs no GIL" if one.declares else "nothing about the GIL",
            "on" if one.before else "off",
            "on" if one.after else "off",
            one.warning.partition(",")[0] or "nothing",
        )
        for one in found
    ]
    switched = sum(one.after and not one.before for one in found)
    recorded = f" ({found[0].recorded})" if found and found[0].recorded else ""
    text = (
        f"{switched} of {len(found)} imports switched the GIL on, for the whole process{recorded}."
    )
    return Table(text, ("the module says", "GIL before", "GIL after", "Python says"), rows)


def _label(one: HiddenRaces) -> str:
    return one.label + (f" ({one.recorded})" if one.recorded else "")


def _lost(expected: int, found: int) -> str:
    return "right" if found == expected else f"{expected - found:,} of {expected:,} lost"


def _twice(got: int, different: int) -> str:
    return "each once" if got == different else f"{got - different:,} too many"
