"""Run the benchmarks and print them as one table: `python3 course.py bench`.

After `--` may follow the names of some of them, and `--rounds N`. A bound that isn't met is no
failure: times depend on the machine and on what else it does. The exit code is 1 only where a
benchmark could not be run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

# Started as a file, this script has its own folder on the path instead of the course's.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import (  # noqa: E402
    async_requests,
    chapters,
    chunks,
    executors,
    explorer,
    imports,
    interpreters,
    lanes,
    messages,
    pools,
    recording,
    redraw,
    share,
)
from benchmarks.child import ChildFailed  # noqa: E402
from benchmarks.table import Row, missing, render  # noqa: E402
from helpers.measure.host import HostMeter  # noqa: E402
from helpers.measure.machine import machine  # noqa: E402

# Name: what yields its rows, and how many rounds it gets unless told otherwise.
BENCHMARKS: dict[str, tuple[Callable[[int], Iterator[Row]], int]] = {
    "imports": (imports.rows, 9),
    "recording": (recording.rows, 41),
    "share": (share.rows, 7),
    "redraw": (redraw.rows, 9),
    "lanes": (lanes.rows, 81),
    "pools": (pools.rows, 31),
    "messages": (messages.rows, 15),
    "async_requests": (async_requests.rows, 9),
    "explorer": (explorer.rows, 5),
    "executors": (executors.rows, 21),
    "chunks": (chunks.rows, 101),
    "interpreters": (interpreters.rows, 15),
    "chapters": (chapters.rows, 3),
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="course.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, help="measurements of each thing")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {sorted(unknown)[0]!r}: {', '.join(BENCHMARKS)}")
    if options.rounds is not None and options.rounds < 1:
        parser.error(f"--rounds must be at least 1, got {options.rounds}")
    meter = HostMeter()
    rows, failed = collect(options.names or list(BENCHMARKS), options.rounds)
    print(render(rows))
    found, others = machine(), meter.use().others
    busy = "can't be told here" if others is None else f"{others:.1f} cores on average"
    print(
        f"\nPython {found.python} {found.build}, {found.cores} cores ({found.system}). "
        f"Medians, ranges in parentheses. Other work on the machine meanwhile: {busy}."
    )
    return int(failed)


def collect(names: Sequence[str], rounds: int | None) -> tuple[list[Row], bool]:
    """All rows, and whether a benchmark could not be run."""
    found: list[Row] = []
    failed = False
    for name in names:
        rows, usual = BENCHMARKS[name]
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            found.extend(rows(rounds or usual))
        except ChildFailed as error:
            failed = True
            found.append(missing(name, "", str(error)))
    return found, failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
