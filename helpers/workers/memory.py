"""How much memory a process has now. Imports next to nothing, so that a child can ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

_MEMORY = "/proc/{}/smaps_rollup"

Memory = dict[str, Optional[int]]


def own_memory(pid: int | None = None) -> Memory:
    """Bytes of memory that this process has now; None for what this system doesn't tell.

    pid: of a child, to ask about that instead.
    "resident" (RSS): all pages in memory, shared ones too. "unique" (USS): the pages that no
    other process shares, which its end would free.
    Source: https://www.kernel.org/doc/Documentation/ABI/testing/procfs-smaps_rollup
    Without this file the standard library knows only the highest that it ever was, which needn't
    grow when something is made.
    """
    try:
        lines = Path(_MEMORY.format(pid or "self")).read_text().splitlines()[1:]
    except OSError:
        return {"resident": None, "unique": None}
    kilobytes = {name.rstrip(":"): int(value) for name, value, *_ in map(str.split, lines)}
    unique = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return {"resident": kilobytes["Rss"] * 1024, "unique": unique * 1024}


def send_memory(sender: Any) -> None:
    """In a child: send how much memory it has."""
    sender.send(own_memory())
