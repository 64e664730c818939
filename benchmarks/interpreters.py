"""Other interpreters: finding ten, what a call into one costs, and what threads reach in each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.child import answer
from benchmarks.table import Points, Row, at_least, at_most, missing
from helpers.measure.elsewhere import call
from helpers.measure.host import HostMeter
from helpers.measure.interpreters import Interpreter, find_interpreters
from helpers.measure.machine import usable_cores
from helpers.workers.compiled import longest_chain
from helpers.workers.scaling import cores_used

TEN, FIND_S = 10, 1.5
ADDED_S = 0.06
THREADS = 2
WITHOUT_GIL, WITH_GIL = 1.8, 1.05
# Some packages come without byte code, and it may be that none can be written.
_IS_COMPILED = (
    "import importlib.util, json, os, sys; "
    "sys.exit(not os.path.exists(importlib.util.cache_from_source(json.__file__)))"
)


def rows(rounds: int) -> Iterator[Row]:
    """Finding them, calling into each, and how many cores two threads keep busy."""
    yield _finding(rounds)
    for one in find_interpreters().interpreters:
        yield _protocol(one, rounds)
    if usable_cores()[0] < THREADS:
        yield missing("cores that two threads keep busy", "", "it needs two cores")
        return
    for one in find_interpreters().interpreters:
        yield _threads(one, rounds)


def _finding(rounds: int) -> Row:
    """In a fresh Python each time, as the answer is kept. Made up to ten if there are fewer."""
    what, bound = f"find {TEN} interpreters and ask them", f"at most {FIND_S} s"
    if os.name != "posix":
        return missing(what, bound, "more of them are made up of shell scripts")
    meter, seconds = HostMeter(), []
    with tempfile.TemporaryDirectory() as folder:
        extra = [_by_another_name(Path(folder) / f"python{number}") for number in range(TEN)]
        for _ in range(rounds):
            found = answer("interpreters", os.pathsep.join(extra))
            seconds.append(found["seconds"])
    points = Points(tuple(seconds))
    return Row(what, str(points), bound, at_most(points, FIND_S, meter.use().others))


def _by_another_name(path: Path) -> str:
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def _protocol(one: Interpreter, rounds: int) -> Row:
    """A call into it, beside the least that its start can take; in turn."""
    what, bound = (
        f"call a worker in {one.label}, beside python -S -c pass",
        f"at most {ADDED_S:g} s",
    )
    if subprocess.run([one.path, "-S", "-c", _IS_COMPILED], check=False).returncode:
        return missing(what, bound, "its standard library is compiled anew at each start")
    meter, least, added = HostMeter(), [], []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run([one.path, "-S", "-c", "pass"], check=True)
        least.append(time.perf_counter() - began)
        began = time.perf_counter()
        # Its module imports nothing: what counts is the protocol, not what a worker imports.
        call(longest_chain, 1, 2, python=one.path)
        added.append(time.perf_counter() - began - least[-1])
    points, peer = Points(tuple(added)), Points(tuple(least))
    return Row(
        what,
        f"{points} more",
        bound,
        at_most(points, ADDED_S, meter.use().others),
        peer=str(peer),
    )


def _threads(one: Interpreter, rounds: int) -> Row:
    """CPU seconds of pure Python in a second, by two threads: 1 is one core."""
    meter = HostMeter()
    points = Points(tuple(call(cores_used, THREADS, rounds, python=one.path)), "cores")
    busy = meter.use().others
    what = f"cores that {THREADS} threads of pure Python keep busy, {one.label}"
    if one.gil:
        return Row(what, str(points), f"at most {WITH_GIL}", at_most(points, WITH_GIL, busy))
    return Row(what, str(points), f"at least {WITHOUT_GIL}", at_least(points, WITHOUT_GIL, busy))


def measure(extra: str) -> dict[str, float]:
    """Seconds to find this machine's interpreters and those that are named besides."""
    os.environ["COURSE_PYTHONS"] = extra
    began = time.perf_counter()
    find_interpreters()
    return {"seconds": time.perf_counter() - began}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
