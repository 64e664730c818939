"""The same tasks under each model: who computed and who waited, and what happened at once."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.measure.elsewhere import call
from helpers.measure.timeline import State, Timeline, timeline
from helpers.measure.verdict import Verdict, checked, untold
from helpers.workers import overlap

MODELS = overlap.MODELS
# What a task does, step by step. See helpers.workers.overlap.
STEPS = {
    "CPU-bound": ["compute"] * 3,
    "I/O-bound": ["wait"] * 3,
    "mixed": ["compute", "wait"] * 3,
}
COMPUTE_S = 0.03  # of one core, for each step "compute"
MOST = 8  # tasks, and workers
# Of the computing time. Above what the recordings' error can feign: where a turn ends is known to
# one beat, which is far shorter than a turn.
CLEARLY = 0.05
COARSE_S = 0.001  # a CPU clock that moves by more than this can't place a turn of a few ms
# What a worker is called, and which part of a recording tells it from the others.
_WORKERS = {
    "threads": ("thread", "thread"),
    "processes": ("process", "pid"),
    "subinterpreters": ("interpreter", "thread"),
}
_WAITS = (State.SLEEPING, State.AWAITING)
_DEADLINE_S = 60.0


@dataclass(frozen=True)
class Run:
    """Tasks of one kind under one model, and how they went."""

    model: str
    kind: str
    workers: int
    timeline: Timeline


def computing_at_once(found: Timeline) -> float:
    """The part (0 to 1) of the computing time in which two or more tasks computed at once.

    The recordings may be wrong by the work between two beats at each hand-over, so threads that
    take turns can come out some hundredths above 0.
    """
    some = found.at_once_ns(State.RUNNING, least=1)
    return found.at_once_ns(State.RUNNING, least=2) / some if some else 0.0


@functools.cache
def clock_step_s() -> float:
    """By how many seconds the CPU clock of a thread moves at a time, at least.

    Seen, not asked for: ``time.get_clock_info("thread_time")`` names the unit of the count, and
    a clock that counts in units of 100 ns may still move only at each tick of the system's timer.
    """
    steps = []
    for _ in range(3):
        before = now = time.thread_time()
        while now == before:
            now = time.thread_time()
        steps.append(now - before)
    return min(steps)


def in_parallel(found: Timeline) -> Verdict:
    """Did tasks compute at one instant?

    Can't be told where other work had the cores, or where the CPU clock is too coarse.
    """
    if clock_step_s() > COARSE_S:
        return _too_coarse()
    queued = found.share_in(State.WAITING_CORE, State.WAITING_UNKNOWN)
    evidence = f"two computed at once for {computing_at_once(found):.1%} of the computing time"
    if computing_at_once(found) < CLEARLY and queued > 0.2:
        evidence += f"; they spent {queued:.0%} of their time in the queue for a core"
        return untold("the tasks stood in the queue for a core: other work had it", evidence)
    return checked(computing_at_once(found) >= CLEARLY, evidence)


def by_turns(found: Timeline) -> Verdict:
    """Was there, but for the recordings' own error, never more than one task computing?

    Can't be told where the CPU clock is too coarse.
    """
    if clock_step_s() > COARSE_S:
        return _too_coarse()
    once = computing_at_once(found)
    return checked(once < CLEARLY, f"two computed at once for {once:.1%} of the computing time")


def computed_at_once(runs: Mapping[str, Timeline]) -> tuple[str, ...] | None:
    """The names of the runs in which tasks computed at one instant, for a good part of the time.

    None where the CPU clock is too coarse to tell.
    """
    if clock_step_s() > COARSE_S:
        return None
    return tuple(name for name, found in runs.items() if computing_at_once(found) >= CLEARLY)


def in_progress_at_once(found: Timeline) -> float:
    """The part (0 to 1) of the whole time in which two or more tasks had begun and not ended."""
    states = [state for state in State if state is not State.HOLDING_LOCK]
    return found.at_once_ns(*states, least=2) / found.length_ns


def waits(found: Timeline) -> float:
    """Seconds that the tasks spent sleeping, in I/O or awaiting, added up."""
    return found.time_in(*_WAITS) / 1e9


def _too_coarse() -> Verdict:
    return untold(
        "this system's CPU clock is too coarse to see turns",
        f"it moves by {clock_step_s() * 1e3:.1f} ms at a time",
    )


def record(
    model: str,
    kind: str,
    tasks: int,
    workers: int,
    stop: threading.Event | None = None,
) -> Run:
    """Run the tasks in a fresh interpreter, recorded.

    model: one of MODELS. kind: one of STEPS. tasks, workers: 1 to MOST; the workers are how
    many tasks may be in hand at once (one after another: always one).
    Raises ValueError for anything else, and what ``elsewhere.call`` raises.
    """
    for name, value, known in (("model", model, MODELS), ("kind", kind, STEPS)):
        if value not in known:
            raise ValueError(f"{name} must be one of {list(known)}, got {value!r}")
    for name, number in (("tasks", tasks), ("workers", workers)):
        if not 1 <= number <= MOST:
            raise ValueError(f"{name} must be between 1 and {MOST}, got {number}")
    names = [f"task {number}" for number in range(1, tasks + 1)]
    recordings = call(
        overlap.run,
        model,
        names,
        STEPS[kind],
        COMPUTE_S,
        workers,
        deadline=_DEADLINE_S,
        stop=stop,
    )
    return Run(model, kind, workers, timeline(with_worker(recordings, model)))


def with_worker(recordings: Sequence[Mapping[str, Any]], model: str) -> list[dict[str, Any]]:
    """Add to each lane's name which thread or process of the pool did the task."""
    if model not in _WORKERS:
        return [dict(recording) for recording in recordings]
    word, key = _WORKERS[model]
    seen = list(dict.fromkeys(recording[key] for recording in recordings))
    return [
        {**recording, "lane": f"{recording['lane']}, {word} {seen.index(recording[key]) + 1}"}
        for recording in recordings
    ]
