"""Makes the recorded results again, which stand in for interpreters that a reader doesn't have.

It takes the interpreters: those that are on this machine are what the records will hold. They are
written one by one, so that a Ctrl-C loses the current one only.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from helpers.measure import free_threading, races, scaling, side_by_side
from helpers.measure.compare import BUSY_CORES
from helpers.measure.host import host_use
from helpers.measure.interpreters import find_interpreters
from helpers.measure.records import FOLDER, machine_in_words


def _side_by_side() -> None:
    side_by_side.record(progress=_progress)


def _scaling() -> None:
    scaling.record(machine_in_words(), FOLDER / "scaling.json")


def _races() -> None:
    races.save_recorded(races.losses(find_interpreters().interpreters))


RECORDS: dict[str, Callable[[], None]] = {
    "scaling": _scaling,
    "races": _races,
    "free_threading": free_threading.record,
    "side_by_side": _side_by_side,
}


def main(arguments: Sequence[str], records: Mapping[str, Callable[[], None]] = RECORDS) -> int:
    """Make some of the records, or all. 1 if one could not be made."""
    parser = argparse.ArgumentParser(prog="course.py record --", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(records))
    names: list[str] = parser.parse_args(arguments).names
    if unknown := set(names) - set(records):
        parser.error(f"there is no record {sorted(unknown)[0]!r}: {', '.join(records)}")
    others = host_use().others
    if others is not None and others > BUSY_CORES:
        _say(f"other work keeps {others:.1f} cores busy; a record made now will be a poor one.")
    failed = False
    for name in names or list(records):
        _say(f"{name} …")
        try:
            records[name]()
        except RuntimeError as error:  # no such interpreter here: the old record stays
            _say(f"{name} stays as it is: {error}")
            failed = True
    return int(failed)


def _progress(done: float) -> None:
    print(f"\r{done:4.0%}", end="\n" if done == 1 else "", file=sys.stderr, flush=True)


def _say(text: str) -> None:
    print(f"record: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
