"""How children ended, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw.picture import Table
from helpers.measure.processes import Ending


def endings(found: Sequence[Ending], text: str) -> Table:
    """One row per child: its exit code, what that means, and the remark if any child has one.

    Raises ValueError for none.
    """
    if not found:
        raise ValueError("found must hold at least one ending")
    remarks = any(ending.remark for ending in found)
    rows = []
    for ending in found:
        code = "None" if ending.exit_code is None else str(ending.exit_code)
        row = [ending.child, code, ending.meaning]
        rows.append([*row, ending.remark] if remarks else row)
    columns = ["the child", "exit code", "it says"]
    return Table(text, [*columns, "besides"] if remarks else columns, rows)
