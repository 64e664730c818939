"""How much sooner more threads get the same pure-Python work done, with a GIL and without."""

from __future__ import annotations

import json
import statistics
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from helpers.measure.compare import Comparison, Ratio
from helpers.measure.elsewhere import call
from helpers.measure.host import HostMeter
from helpers.measure.interpreters import find_interpreters
from helpers.measure.machine import usable_cores
from helpers.workers import scaling as worker

MOST_THREADS = 8
ROUNDS = 300_000
_RECORD = "recorded/scaling.json"


@dataclass(frozen=True)
class Scaling:
    """Wall seconds of the same work, by number of threads; one value per round.

    python: the version. gil: whether it ran with one. cores: how many the threads could use.
    busy: cores that other work used meanwhile, None where that can't be told.
    recorded: "" for what was measured here and now; else when and on what it was recorded.
    """

    python: str
    free_threaded: bool
    gil: bool
    cores: int
    seconds: Mapping[int, tuple[float, ...]]
    busy: float | None
    recorded: str = ""

    @property
    def label(self) -> str:
        build = " free-threaded" if self.free_threaded else ""
        return f"CPython {self.python}{build}, GIL {'on' if self.gil else 'off'}"

    @property
    def threads(self) -> tuple[int, ...]:
        return tuple(self.seconds)

    @property
    def one_thread(self) -> float:
        """Median seconds of one thread."""
        return statistics.median(self.seconds[1])

    def speed_up(self, threads: int) -> Ratio:
        """How many times as long one thread takes as so many. KeyError for an unknown number."""
        points = {_name(count): values for count, values in self.seconds.items()}
        return Comparison(points, {}, self.busy).ratio(_name(1), _name(threads))


def scaling(
    python: str | Path = sys.executable,
    most_threads: int = MOST_THREADS,
    repeats: int = 15,
    rounds: int = ROUNDS,
    environment: Mapping[str, str] | None = None,
    stop: threading.Event | None = None,
) -> Scaling:
    """Measure one interpreter with 1, 2, 4 … threads, up to its cores, but always 2.

    rounds: of a short loop, split among the threads. environment: such as ``PYTHON_GIL``.
    Raises ValueError for most_threads outside 2 to 8, fewer than 7 repeats, or fewer than 1,000
    rounds; else as ``elsewhere.call``.
    """
    if not 2 <= most_threads <= MOST_THREADS:
        raise ValueError(f"most_threads must be 2 to {MOST_THREADS}, got {most_threads}")
    if repeats < 7:
        raise ValueError(f"repeats must be at least 7, got {repeats}")
    if rounds < 1_000:
        raise ValueError(f"rounds must be at least 1,000, got {rounds}")
    cores = usable_cores()[0]
    counts = [count for count in (1, 2, 4, 8) if count <= min(max(cores, 2), most_threads)]
    meter = HostMeter()
    found = call(
        worker.scaling,
        counts,
        rounds,
        repeats,
        python=python,
        environment=environment,
        stop=stop,
    )
    points = {
        count: tuple(values) for count, values in zip(counts, found.pop("seconds"), strict=True)
    }
    return Scaling(cores=cores, seconds=points, busy=meter.use().others, **found)


def with_and_without_gil(stop: threading.Event | None = None) -> tuple[Scaling, ...]:
    """This interpreter beside one of the other kind.

    Measured where the machine has both kinds. Where it has no free-threaded CPython, the second
    is a recorded run (``recorded`` isn't empty): don't compare seconds with it. A free-threaded
    interpreter has the GIL switched on for its second run.
    Raises as ``scaling``.
    """
    own = scaling(stop=stop)
    if not own.gil:
        return own, scaling(environment={"PYTHON_GIL": "1"}, stop=stop)
    others = find_interpreters().free_threaded
    if not others:
        return own, recorded_scaling()
    return own, scaling(others[0].path, stop=stop)


def recorded_scaling() -> Scaling:
    """A run on a free-threaded CPython that comes with the course."""
    text = (resources.files("helpers.measure") / _RECORD).read_text(encoding="utf-8")
    return _from_record(json.loads(text))


def record(machine: str, path: Path) -> Scaling:
    """Measure a free-threaded CPython of this machine and write the record.

    machine: what it is, in words, for the reader: "a shared 2-core virtual machine".
    Raises ValueError for an empty machine, and RuntimeError where there is no such CPython.
    """
    if not machine:
        raise ValueError("machine must say what the record was made on")
    found = find_interpreters().free_threaded
    if not found:
        raise RuntimeError("there is no free-threaded CPython on this machine to record")
    measured = scaling(found[0].path)
    noted = replace(measured, recorded=f"recorded on {machine}, {date.today().isoformat()}")
    path.write_text(json.dumps(_to_record(noted), indent=2) + "\n", encoding="utf-8")
    return noted


def _name(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _to_record(scaling: Scaling) -> dict[str, Any]:
    seconds = {str(count): [round(s, 6) for s in row] for count, row in scaling.seconds.items()}
    return {**vars(scaling), "seconds": seconds}


def _from_record(record: dict[str, Any]) -> Scaling:
    seconds = {int(count): tuple(values) for count, values in record["seconds"].items()}
    return Scaling(**{**record, "seconds": seconds})
