"""Start methods side by side: what a child has of its parent's, what a start costs, and scripts."""

from __future__ import annotations

import json
import multiprocessing
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.measure.compare import Comparison
from helpers.measure.elsewhere import WorkerFailed, call
from helpers.measure.host import HostMeter
from helpers.measure.verdict import Need
from helpers.workers import start_methods as workers

METHODS = ("fork", "spawn", "forkserver")
HAS_FORK = Need(
    lambda: "fork" in available(), "it is about fork, and this system (Windows) has none"
)
# What a main module imports, and where.
NOWHERE, AT_THE_TOP, IN_THE_GUARD = "nothing", "at the top", "in the guard"
PLACES = (NOWHERE, AT_THE_TOP, IN_THE_GUARD)
# Modules of the standard library that take about as long to import as Python takes to start.
HEAVY = (
    "asyncio",
    "email.message",
    "http.client",
    "logging.config",
    "pydoc",
    "sqlite3",
    "unittest.mock",
    "xmlrpc.server",
)
MOST_BALLAST_MB = 500
_DEADLINE_S = 120.0

_MAIN = """\
import json
{top}
if __name__ == "__main__":
{guarded}    from helpers.workers.start_costs import time_starts

    names = {names!r}.split()
    print(json.dumps(time_starts({methods}, {rounds}, names, {preload}, {ballast_mb})))
"""


@dataclass(frozen=True)
class StartCosts:
    """What one more child costs, by start method, for one main module.

    main: what it imports, in words. comparison: seconds to start a child, hear from it and see it
    end; its contenders are the methods. unique: bytes of memory that a child shares with no other
    process, by method; empty where this system doesn't tell. modules: how many of the main
    module's imports the child had when its own code began.
    """

    main: str
    comparison: Comparison
    unique: Mapping[str, int]
    modules: Mapping[str, int]

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(self.comparison.seconds)


@dataclass(frozen=True)
class ScriptRun:
    """How a script ended, and what it and its children wrote."""

    exit_code: int
    output: str
    errors: str

    @property
    def last_error(self) -> str:
        """The error at the end of the first traceback, the script's own or a child's."""
        return last_error(self.errors)


def last_error(errors: str) -> str:
    """The error at the end of the first traceback in a text, in one line; empty if there is none.

    Of a message of several paragraphs, the first.
    """
    lines = iter(errors.splitlines())
    for line in lines:
        if line.startswith("Traceback"):
            break
    found: list[str] = []
    for line in lines:
        if found and not line.strip():
            break
        if found or (line.strip() and not line[0].isspace()):
            found.append(line.strip())
    return " ".join(found)


def available() -> tuple[str, ...]:
    """The start methods that this system has, in the course's order."""
    here = multiprocessing.get_all_start_methods()
    return tuple(method for method in METHODS if method in here)


def default_method() -> str:
    """What multiprocessing uses here if nobody chooses. Asking doesn't fix it.

    ``get_start_method()`` would: https://docs.python.org/3/library/multiprocessing.html
    #multiprocessing.get_start_method; the first of all start methods is the default.
    """
    return multiprocessing.get_all_start_methods()[0]


def inherited(stop: threading.Event | None = None) -> dict[str, dict[str, bool]]:
    """Method to thing to whether the child has it, in the order of METHODS."""
    return {method: call(workers.what_a_child_has, method, stop=stop) for method in available()}


def run_script(
    source: str,
    as_file: bool = True,
    deadline: float = 30.0,
    stop: threading.Event | None = None,
) -> ScriptRun:
    """Run the source as a main module of its own, in a file or (like a notebook's cells) in none.

    Raises ValueError for an empty source, and what ``elsewhere.call`` raises: TimeoutError after
    the deadline in seconds, by which the script and all that it has started are ended.
    """
    if not source.strip():
        raise ValueError("source must be some Python code")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder, "script.py")
        if as_file:
            path.write_text(source, encoding="utf-8")
        found = call(
            workers.run_script,
            source,
            str(path) if as_file else None,
            deadline=deadline,
            stop=stop,
        )
    return ScriptRun(found["exit code"], found["output"], found["errors"])


def main_module(
    modules: Sequence[str],
    place: str,
    methods: Sequence[str],
    rounds: int,
    preload: bool = False,
    ballast_mb: int = 0,
) -> str:
    """The source of a main module that imports these modules in this place and times starts."""
    used = [] if place == NOWHERE else modules
    lines = [f"import {name}\n" for name in used]
    return _MAIN.format(
        top="".join(lines) if place == AT_THE_TOP else "",
        guarded="".join(f"    {line}" for line in lines) if place == IN_THE_GUARD else "",
        names=" ".join(used),
        methods=list(methods),
        rounds=rounds,
        preload=preload,
        ballast_mb=ballast_mb,
    )


def start_costs(
    place: str = NOWHERE,
    modules: Sequence[str] = HEAVY,
    methods: Sequence[str] | None = None,
    rounds: int = 7,
    preload: bool = False,
    ballast_mb: int = 0,
    stop: threading.Event | None = None,
) -> StartCosts:
    """Start children of a main module of its own, by turns under each start method.

    place: where the main module imports the modules, one of PLACES. methods: some of those that
    are ``available()``; all of them if not given. rounds: at least 1; claims need 7. preload:
    whether the fork server imports the modules too. ballast_mb: memory that the parent holds.
    Raises ValueError for other values, WorkerFailed if the main module fails, and what
    ``elsewhere.call`` raises.
    """
    methods = available() if methods is None else tuple(methods)
    if place not in PLACES:
        raise ValueError(f"place must be one of {list(PLACES)}, got {place!r}")
    if not methods or not set(methods) <= set(available()):
        raise ValueError(f"methods must be some of {list(available())}, got {list(methods)}")
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    if not 0 <= ballast_mb <= MOST_BALLAST_MB:
        raise ValueError(f"ballast_mb must be from 0 to {MOST_BALLAST_MB}, got {ballast_mb}")
    meter = HostMeter()
    source = main_module(modules, place, methods, rounds, preload, ballast_mb)
    ran = run_script(source, deadline=_DEADLINE_S, stop=stop)
    if ran.exit_code != 0:
        raise WorkerFailed(f"{ran.last_error or 'the main module failed'}\n{ran.errors}")
    found = json.loads(ran.output)
    points = {method: tuple(found["seconds"][method]) for method in methods}
    memory = {method: found["memory"][method]["unique"] for method in methods}
    return StartCosts(
        _in_words(place, preload, ballast_mb),
        Comparison(points, {}, meter.use().others),
        {method: size for method, size in memory.items() if size is not None},
        {method: len(found["modules"][method]) for method in methods},
    )


def side_by_side(*starts: tuple[StartCosts, str]) -> Comparison:
    """Starts of several main modules, which ran one after another, as one comparison.

    starts: pairs of what was measured and the method; the contenders are called ``named(..)``.
    Raises ValueError for no pair, the same one twice, or other numbers of rounds; KeyError for a
    method that wasn't measured.
    """
    points = {named(one, method): one.comparison.seconds[method] for one, method in starts}
    if not points or len(points) < len(starts):
        raise ValueError("starts must hold at least one pair, and none twice")
    if len({len(values) for values in points.values()}) > 1:
        raise ValueError("starts must have been measured equally often")
    busy = [one.comparison.busy for one, _ in starts if one.comparison.busy is not None]
    return Comparison(points, {}, max(busy, default=None))


def named(one: StartCosts, method: str) -> str:
    """A start in words: "spawn, light main"."""
    return f"{method}, {one.main}"


def _in_words(place: str, preload: bool, ballast_mb: int) -> str:
    words = "light main" if place == NOWHERE else f"imports {place}"
    if preload and place != NOWHERE:
        words += ", preloaded"
    return words + (f", {ballast_mb} MB" if ballast_mb else "")
