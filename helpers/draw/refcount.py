"""Reference counts as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpers.draw.picture import Table
from helpers.measure.refcount import Growth, SplitCount


def growth(found: Mapping[str, Sequence[Growth]]) -> Table:
    """Which objects are counted, per interpreter. found: its label to what it gave.

    Raises ValueError if there is none.
    """
    if not found:
        raise ValueError("found must name at least one interpreter")
    rows = [
        (
            label,
            one.thing,
            f"{one.before:,}",
            f"{one.after:,}",
            "immortal: not counted" if one.immortal else "counted",
        )
        for label, growths in found.items()
        for one in growths
    ]
    more = next(iter(found.values()))[0].more
    immortal = sum(one.immortal for growths in found.values() for one in growths)
    text = (
        f"Reference counts before and after {more:,} more references: of {len(rows)} objects, "
        f"{immortal} are immortal and keep their count."
    )
    columns = ("interpreter", "object", "count before", f"with {more:,} more", "so it is")
    return Table(text, columns, rows, heading=1)


def split(found: SplitCount) -> Table:
    """The two counts that a free-threaded build keeps in one object."""
    return Table(
        f"One object, two counts: {found.by_owner:,} for the thread that made it, "
        f"{found.by_others:,} for all the others.",
        ("taken by", "references taken", "count in the object"),
        [
            ("the thread that made it", f"{found.taken_by_owner:,}", f"{found.by_owner:,}"),
            ("another thread", f"{found.taken_by_others:,}", f"{found.by_others:,}"),
        ],
    )
