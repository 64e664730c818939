"""How long a chapter takes to execute, and its first cell."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from nbclient import NotebookClient

from benchmarks.child import ROOT, answer
from benchmarks.table import Points, Row, at_most, missing
from helpers.measure.host import HostMeter
from helpers.measure.machine import usable_cores
from tools.chapters import find_chapters
from tools.notebooks import build

FIRST_CELL_S = 2.0
# Seconds that all cells of a chapter may take; a chapter that isn't named here has no bound.
CHAPTER_S = {
    "01": 20.0,
    "02": 20.0,
    "03": 30.0,
    "04": 30.0,
    "05": 30.0,
    "06": 40.0,
    "07": 40.0,
    "08": 40.0,
}


def rows(rounds: int) -> Iterator[Row]:
    """One row for the first cell of each chapter, and one for the whole of some."""
    for source in find_chapters(ROOT, []):
        number = source.name.partition("_")[0]
        meter = HostMeter()
        first, whole = [], []
        for _ in range(rounds):
            found = answer("chapters", source, number in CHAPTER_S)
            first.append(found["first"])
            whole.append(found["whole"])
        busy = meter.use().others
        points = Points(tuple(first))
        yield Row(
            f"chapter {number}: first cell",
            str(points),
            f"at most {FIRST_CELL_S:g} s",
            at_most(points, FIRST_CELL_S, busy),
        )
        if number not in CHAPTER_S:
            continue
        most = CHAPTER_S[number]
        what, bound = f"chapter {number}: all cells on two cores", f"at most {most:g} s"
        if usable_cores()[0] < 2:
            yield missing(what, bound, "it needs two cores")
            continue
        points = Points(tuple(whole))
        yield Row(what, str(points), bound, at_most(points, most, busy))


def measure(source: Path, all_cells: bool) -> dict[str, float]:
    """Seconds of the first code cell and of all of them, without starting the kernel."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    notebook = build(source)
    code = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(ROOT / "notebooks")}},
        extra_arguments=["--log-level=ERROR"],
    )
    taken = []
    with client.setup_kernel():
        for index, cell in code if all_cells else code[:1]:
            began = time.perf_counter()
            client.execute_cell(cell, index)
            taken.append(time.perf_counter() - began)
    return {"first": taken[0], "whole": sum(taken)}


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), sys.argv[2] == "True")))
