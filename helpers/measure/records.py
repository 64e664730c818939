"""Recorded results: what stands in for an interpreter that isn't on this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from helpers.measure.compare import BUSY_CORES
from helpers.measure.machine import machine

FOLDER = Path(__file__).with_name("recorded")


def machine_in_words() -> str:
    """This machine's cores and system; nothing that would say whose it is."""
    this = machine()
    return f"{this.cores} core{'s' if this.cores > 1 else ''}, {this.system}"


def save(path: Path, found: Mapping[str, Any], busy: float | None = None) -> None:
    """Write results down, with the machine they are from and the date.

    busy: cores that other work used meanwhile, None where that can't be told.
    """
    words = machine_in_words()
    if busy is not None and busy > BUSY_CORES:
        words += f" (other work kept {busy:.1f} of them busy)"
    noted = {"machine": words, "date": date.today().isoformat(), **found}
    parts = (f' "{name}": {_by_lines(value)}' for name, value in noted.items())
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def load(path: Path) -> tuple[dict[str, Any], str]:
    """The results, and a text that says that, where and when they were recorded."""
    noted = json.loads(path.read_text(encoding="utf-8"))
    return noted, f"recorded on {noted['machine']}, {noted['date']}"


def _by_lines(value: Any) -> str:
    """As JSON, the items of a list each on a line of its own."""
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(f"  {json.dumps(item)}" for item in value) + "\n ]"
