"""What changes for a program on a free-threaded CPython: races that come out, and extensions."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from helpers.measure.elsewhere import WorkerFailed, call
from helpers.measure.interpreters import find_interpreters
from helpers.measure.records import FOLDER, load, save
from helpers.workers import free_threading as worker
from helpers.workers.timeline import gil_enabled

RECORD = FOLDER / "free_threading.json"


@dataclass(frozen=True)
class HiddenRaces:
    """What four threads together made of one counter, list or iterator.

    label: of the interpreter. expected: how many it should have been, each time. counted: by a bare
    ``+=``. appended: items in the list. got, different: what the iterator handed out, and how many
    numbers these were. locked: the same two, with a lock around each ``next``.
    recorded: "" for what was measured here and now; else on what machine, and when.
    """

    label: str
    gil: bool
    expected: int
    counted: int
    appended: int
    got: int
    different: int
    locked: tuple[int, int]
    recorded: str = ""


@dataclass(frozen=True)
class Extension:
    """Was there a GIL before and after the import of an extension module?

    declares: whether the module says that it can do without. warning: what Python said, or "".
    recorded: as above.
    """

    declares: bool
    before: bool
    after: bool
    warning: str
    recorded: str = ""


def hidden_races(
    python: str | Path = sys.executable,
    times: int = 20_000,
    seconds: float = 0.1,
    environment: Mapping[str, str] | None = None,
    stop: threading.Event | None = None,
) -> HiddenRaces:
    """Measure one interpreter. What can go wrong is tried for so many seconds each, at most.

    times: of each thread, 100 to a million. Raises ValueError for times outside or seconds that
    aren't positive; else as ``elsewhere.call``.
    """
    if not 100 <= times <= 1_000_000:
        raise ValueError(f"times must be 100 to 1,000,000, got {times}")
    if not seconds > 0:
        raise ValueError(f"seconds must be positive, got {seconds}")
    found = call(
        worker.hidden_races, times, seconds, python=python, environment=environment, stop=stop
    )
    return _races(found, worker.THREADS * times)


def without_gil(seconds: float = 2.0) -> HiddenRaces:
    """The same on a free-threaded CPython of this machine, or else the recorded run."""
    found = find_interpreters().free_threaded
    if found:
        return hidden_races(found[0].path, seconds=seconds)
    noted, said = load(RECORD)
    return HiddenRaces(
        **{**noted["races"], "locked": tuple(noted["races"]["locked"])}, recorded=said
    )


def with_and_without_gil() -> tuple[HiddenRaces, HiddenRaces]:
    """This interpreter with a GIL (switched on, if it runs without), and one that has none."""
    if gil_enabled():
        return hidden_races(), without_gil()
    return hidden_races(environment={"PYTHON_GIL": "1"}), hidden_races(seconds=2.0)


def extensions() -> tuple[Extension, Extension]:
    """Import a small extension module that says nothing about the GIL, then one that declares
    that it can do without, each in a free-threaded CPython of its own.

    Takes a free-threaded CPython and a C compiler; where one is missing, the recorded run.
    """
    found = find_interpreters().free_threaded
    try:
        if found:
            with ThreadPoolExecutor(2) as pool:
                silent, declaring = pool.map(partial(_import, found[0].path), (False, True))
            return silent, declaring
    except WorkerFailed:  # no compiler, or no header files
        pass
    noted, said = load(RECORD)
    silent, declaring = (Extension(**row, recorded=said) for row in noted["extensions"])
    return silent, declaring


def record(path: Path = RECORD) -> None:
    """Measure this machine's free-threaded CPython, and write it down.

    Raises RuntimeError where there is none, or no C compiler.
    """
    if not find_interpreters().free_threaded:
        raise RuntimeError("there is no free-threaded CPython on this machine to record")
    races, both = without_gil(seconds=5.0), extensions()
    if any(one.recorded for one in both):
        raise RuntimeError("there is no C compiler on this machine")
    rows = [_without_recorded(one) for one in both]
    save(path, {"races": _without_recorded(races), "extensions": rows})


def _import(python: str, declares: bool) -> Extension:
    # The folder is ours: it is removed even if the interpreter has to be killed.
    with tempfile.TemporaryDirectory() as folder:
        found = call(worker.import_extension, folder, declares, python=python)
    return Extension(declares, **found)


def _races(found: Mapping[str, Any], expected: int) -> HiddenRaces:
    version = ".".join(map(str, found["version"]))
    build = " free-threaded" if found["free_threaded"] else ""
    got, different = found["iterator"]
    return HiddenRaces(
        f"{version}{build}",
        found["gil"],
        expected,
        found["counter"],
        found["list"],
        got,
        different,
        tuple(found["locked"]),
    )


def _without_recorded(one: HiddenRaces | Extension) -> dict[str, Any]:
    return {name: value for name, value in vars(one).items() if name != "recorded"}
