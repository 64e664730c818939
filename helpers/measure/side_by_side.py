"""The same small experiments on several CPythons, and recorded runs for those that aren't here."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import truediv
from pathlib import Path
from typing import Any

from helpers.measure.elsewhere import WorkerFailed, call
from helpers.measure.host import HostMeter
from helpers.measure.interpreters import Found, Interpreter, find_interpreters
from helpers.measure.records import FOLDER, load, save
from helpers.workers import side_by_side as worker

EXPERIMENTS = tuple(worker.EXPERIMENTS)
MOST_ROUNDS = 200
RECORD = FOLDER / "side_by_side.json"
_DEADLINE_S = 120.0
# What the others of an experiment are compared with: values of one run, so that it doesn't matter
# on which machine they were measured. The rest are parts lost, or seconds.
_ONE = {"threads": "1 thread", "models": "one after another", "event loops": "1 loop"}


@dataclass(frozen=True)
class Subject:
    """A CPython, and how it is started.

    version: such as "3.14.0". gil: whether it runs with a GIL. jit: whether its just-in-time
    compiler is on, None if it has none. path: its executable, "" if there is only a record of it.
    environment: what is set to start it so.
    """

    version: str
    free_threaded: bool
    gil: bool
    jit: bool | None = None
    path: str = ""
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        build = f" free-threaded, GIL {'on' if self.gil else 'off'}" if self.free_threaded else ""
        jit = "" if self.jit is None else f", JIT {'on' if self.jit else 'off'}"
        return f"{self.version}{build}{jit}" + ("" if self.path else " (recorded)")

    @property
    def kind(self) -> tuple[tuple[int, ...], bool, bool, bool]:
        """What decides how the experiments come out: 3.13.1 stands for 3.13.5, too."""
        minor = tuple(int(part) for part in self.version.split(".")[:2])
        return minor, self.free_threaded, self.gil, bool(self.jit)


@dataclass(frozen=True)
class Run:
    """One experiment on one subject.

    values: one per round, by name: seconds, or for races the parts that were lost.
    recorded: "" for what was measured here and now; else on what machine, and when.
    missing: why there are no values, "" if there are.
    """

    experiment: str
    subject: Subject
    values: Mapping[str, tuple[float, ...]]
    recorded: str = ""
    missing: str = ""

    @property
    def points(self) -> dict[str, tuple[float, float]]:
        """What is to be drawn, by name: what the rounds tell of the interpreter, and their median.

        What disturbs only adds to a time, so the best round says most of the interpreter, and the
        median how much it was disturbed. Of races it is the worst round: what can happen.
        Source: https://docs.python.org/3/library/timeit.html#timeit.Timer.repeat
        threads, models, event loops: times as fast as one thread, one after another, one loop.
        races: percent of the updates. one thread, start-up: milliseconds.
        """
        if self.experiment == "races":
            return {
                name: (100 * max(row), 100 * statistics.median(row))
                for name, row in self.values.items()
            }
        one = _ONE.get(self.experiment)
        if one is None:
            return {
                name: (1e3 * min(row), 1e3 * statistics.median(row))
                for name, row in self.values.items()
            }
        base = self.values.get(one, ())
        return {
            name: (min(base) / min(row), statistics.median(map(truediv, base, row)))
            for name, row in self.values.items()
            if name != one
        }


@dataclass(frozen=True)
class SideBySide:
    """runs: one per experiment and subject, in the order in which these were asked for.

    busy: cores that other work used meanwhile, None where that can't be told.
    """

    experiments: tuple[str, ...]
    subjects: tuple[Subject, ...]
    runs: tuple[Run, ...]
    busy: float | None = None

    def of(self, experiment: str) -> tuple[Run, ...]:
        """The runs of one experiment. KeyError for one that wasn't asked for."""
        if experiment not in self.experiments:
            raise KeyError(f"no experiment {experiment!r}; there are {list(self.experiments)}")
        return tuple(run for run in self.runs if run.experiment == experiment)


def subjects(found: Found | None = None) -> tuple[Subject, ...]:
    """All that can be put side by side: what is on this machine, this interpreter first; then what
    there is a record of and isn't here.

    A free-threaded CPython is listed with the GIL off and on, one that has a JIT with it off and
    on. Of two installations of the same kind the first counts.
    """
    here: dict[object, Subject] = {}
    for one in (found or find_interpreters()).interpreters:
        for subject in _ways_to_start(one):
            here.setdefault(subject.kind, subject)
    recorded: dict[object, Subject] = {}
    for run in recorded_runs():
        if run.subject.kind not in here:
            recorded.setdefault(run.subject.kind, run.subject)
    return *here.values(), *sorted(recorded.values(), key=lambda one: one.kind)


def with_and_without_gil(found: Found | None = None) -> tuple[Subject, ...]:
    """This interpreter and one of the other kind, with or without a GIL, the newest that there is.

    Between them one of the same kind as this, of the version of the other, if this has another.
    What is on this machine comes before what was recorded.
    """
    own, *others = subjects(found)

    def best(gil: bool, minor: tuple[int, ...]) -> Subject | None:
        # One that was built without a GIL and runs with one is neither of the two.
        able = [
            one
            for one in others
            if one.gil is gil and not one.jit and (not one.free_threaded or not gil)
        ]
        of_version = [one for one in able if one.kind[0] == minor]
        return max(of_version or able, key=lambda one: (bool(one.path), one.kind), default=None)

    other = best(not own.gil, own.kind[0])
    if other is None:
        return (own,)
    between = best(own.gil, other.kind[0]) if other.kind[0] != own.kind[0] else None
    if between is None or between.kind[0] != other.kind[0]:
        return own, other
    return own, between, other


def side_by_side(
    experiments: Sequence[str],
    among: Sequence[Subject],
    rounds: int = 15,
    stop: threading.Event | None = None,
    progress: Callable[[float], None] | None = None,
) -> SideBySide:
    """Run each experiment on each subject, or look it up in the record.

    experiments: some of EXPERIMENTS. rounds: of each, 3 to 200. stop, progress: as for
    ``elsewhere.call``. What fails is in the result as missing.
    Raises ValueError for no or unknown experiments, no subjects, or rounds outside; Stopped.
    """
    if not experiments:
        raise ValueError("experiments must name at least one")
    for name in experiments:
        if name not in EXPERIMENTS:
            raise ValueError(f"experiments must be some of {list(EXPERIMENTS)}, got {name!r}")
    if not among:
        raise ValueError("among must hold at least one interpreter")
    if not 3 <= rounds <= MOST_ROUNDS:
        raise ValueError(f"rounds must be 3 to {MOST_ROUNDS}, got {rounds}")
    pairs = [(name, subject) for name in experiments for subject in among]
    runs = []
    meter = HostMeter()
    for place, (name, subject) in enumerate(pairs):

        def report(part: float, place: int = place) -> None:
            if progress is not None:
                progress((place + part) / len(pairs))

        report(0.0)
        if subject.path:
            runs.append(_measured(name, subject, rounds, stop, report))
        else:
            runs.append(_looked_up(name, subject))
    return SideBySide(tuple(experiments), tuple(among), tuple(runs), meter.use().others)


def recorded_runs(path: Path = RECORD) -> Iterator[Run]:
    """The runs that come with the course. None if there is no record."""
    if not path.exists():
        return
    record, said = load(path)
    for row in record["runs"]:
        subject = Subject(row["python"], row["free_threaded"], row["gil"], row["jit"])
        values = {name: tuple(points) for name, points in row["values"].items()}
        yield Run(row["experiment"], subject, values, said)


def record(
    path: Path = RECORD,
    rounds: int = 100,
    experiments: Sequence[str] = EXPERIMENTS,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Run all experiments on all CPythons of this machine, and write them down.

    Returns how many runs there are. The record says what machine it was, by its cores and system,
    and the date; nothing else of it. Raises as ``side_by_side``.
    """
    here = [one for one in subjects() if one.path]
    found = side_by_side(experiments, here, rounds, progress=progress)
    rows = [_row(run) for run in found.runs if not run.missing]
    save(path, {"runs": rows}, found.busy)
    return len(rows)


def _row(run: Run) -> dict[str, Any]:
    values = {name: [float(f"{each:.4g}") for each in row] for name, row in run.values.items()}
    one = run.subject
    return {
        "experiment": run.experiment,
        "python": one.version,
        "free_threaded": one.free_threaded,
        "gil": one.gil,
        "jit": one.jit,
        "values": values,
    }


def _measured(
    name: str,
    subject: Subject,
    rounds: int,
    stop: threading.Event | None,
    report: Callable[[float], None],
) -> Run:
    try:
        found = call(
            worker.run,
            name,
            rounds,
            python=subject.path,
            environment=dict(subject.environment),
            deadline=_DEADLINE_S,
            stop=stop,
            progress=report,
        )
    except (WorkerFailed, TimeoutError) as error:
        return Run(name, subject, {}, missing=str(error).splitlines()[0])
    return Run(name, subject, {key: tuple(row) for key, row in found["values"].items()})


def _looked_up(name: str, subject: Subject) -> Run:
    for run in recorded_runs():
        if run.experiment == name and run.subject.kind == subject.kind:
            return run
    return Run(name, subject, {}, missing="neither on this machine nor in the record")


def _ways_to_start(one: Interpreter) -> Iterator[Subject]:
    version = ".".join(map(str, one.version))
    if one.free_threaded:
        for gil in (False, True):
            yield Subject(version, True, gil, None, one.path, (("PYTHON_GIL", str(int(gil))),))
    elif one.jit is not None:
        for jit in (False, True):
            yield Subject(version, False, True, jit, one.path, (("PYTHON_JIT", str(int(jit))),))
    else:
        yield Subject(version, one.free_threaded, one.gil, None, one.path)
