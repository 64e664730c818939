"""The committed notebooks, as the tests about their form and exercises read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
# The article's sections, which the notebooks keep.
SECTIONS = {
    "01": ["1.1", "1.2", "1.3"],
    "02": ["2.1", "2.2", "2.3", "2.4"],
    "03": ["3.1", "3.2", "3.3", "3.4", "3.5"],
    "04": ["4.1", "4.2", "4.3", "4.4"],
    "05": ["5.1", "5.2", "5.3", "5.4", "5.5", "5.6"],
    "06": ["6.1", "6.2", "6.3"],
    "07": ["7.1", "7.2", "7.3"],
    "08": ["8.1", "8.2", "8.3"],
}


@dataclass(frozen=True)
class Chapter:
    """One notebook, with its cells grouped by second-level heading."""

    path: Path

    @property
    def number(self) -> str:
        return self.path.name[:2]

    @cached_property
    def cells(self) -> list[NotebookNode]:
        cells: list[NotebookNode] = nbformat.read(self.path, as_version=4).cells
        return cells

    @cached_property
    def code(self) -> list[NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @cached_property
    def parts(self) -> dict[str, list[NotebookNode]]:
        """Second-level heading to the cells below it; "" holds what comes before the first."""
        parts: dict[str, list[NotebookNode]] = {"": []}
        heading = ""
        for cell in self.cells:
            if cell.cell_type == "markdown" and (found := re.match(r"## (.+)", cell.source)):
                heading = found[1].strip()
                parts[heading] = []
            parts[heading].append(cell)
        return parts

    def part(self, start: str) -> list[NotebookNode]:
        """The cells below the heading that starts so. KeyError if there is none."""
        for heading, cells in self.parts.items():
            if heading.startswith(start):
                return cells
        raise KeyError(f"{self.path.name} has no heading '## {start}'")


def text_of(cells: list[NotebookNode], kind: str) -> str:
    """The sources of the cells of one kind, one after another."""
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == kind)


def tags_of(cell: NotebookNode) -> list[str]:
    tags: list[str] = cell.metadata.get("tags", [])
    return tags
