"""Explore a small program: which outcomes can it have, and which schedules lead to them?

    program = Program([increment, increment], set_up, outcome)
    found = explore(program)             # every schedule, the simplest first
    found = explore(program, reduced=True)     # one of each kind that can make a difference
    found.endings[0].schedule            # "3.13:5f2a A4 B5 A1": a short text
    replay(program, that_text)           # the same ending, every time
    trace(program, that_text)            # all there is to see on the way

A ``Program`` is two to four functions, run by real threads of this interpreter: one thread at a
time, one opcode a step. It is explored right here, so it must not do I/O. ``explore_text`` takes
a text instead and an interpreter of its own, which is ended if it must be.
"""

from __future__ import annotations

import inspect
import re
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.measure.elsewhere import WorkerFailed, call
from helpers.workers.explorer import schedules, text, tracing
from helpers.workers.explorer.conductor import (
    BLOCKING,
    DEADLOCK,
    ENDED,
    EVERY_OPCODE,
    EXCEPTION,
    STUCK_S,
    SWITCHES,
    THIS_GIL,
    Refused,
    Unfit,
)
from helpers.workers.explorer.program import Program
from helpers.workers.explorer.reduction import schedules_that_differ
from helpers.workers.explorer.search import every_schedule
from helpers.workers.explorer.text import TextProgram

__all__ = [
    "Program",
    "TextProgram",
    "explore",
    "explore_text",
    "replay",
    "trace",
    "trace_text",
    "source_lines",
    "Exploration",
    "Ending",
    "Refused",
    "Trace",
    "TraceStep",
    "Moment",
    "ThreadView",
    "EVERY_OPCODE",
    "THIS_GIL",
    "BLOCKING",
    "SWITCHES",
    "ENDED",
    "EXCEPTION",
    "DEADLOCK",
]


@dataclass(frozen=True)
class Ending:
    """One outcome.

    kind: ENDED, EXCEPTION or DEADLOCK. text: the value of the outcome, which thread raised what,
    or who waits for what. count: how many of the schedules led to it. schedule: one of the
    simplest of these, as a text for ``replay``.
    """

    kind: str
    text: str
    count: int
    schedule: str

    @property
    def turns(self) -> str:
        """The schedule without version and mark: ``A4 B5 A1``."""
        return self.schedule.partition(" ")[2]


@dataclass(frozen=True)
class Exploration:
    """endings: the simplest first. schedules: how many were run. steps: of all of them.

    complete: no schedule was left out (or, reduced, none that could make a difference). If it is
    False, there may be other endings. reduced: only schedules that differ were run, so the counts
    say nothing about all schedules. switch: where threads could be switched.
    """

    endings: tuple[Ending, ...]
    schedules: int
    steps: int
    complete: bool
    reduced: bool
    switch: str
    python: str
    gil: bool

    @property
    def texts(self) -> set[str]:
        """All endings, in words."""
        return {ending.text for ending in self.endings}

    def of(self, kind: str) -> tuple[Ending, ...]:
        """The endings of one kind: ENDED, EXCEPTION or DEADLOCK."""
        return tuple(ending for ending in self.endings if ending.kind == kind)

    def ending(self, said: str) -> Ending:
        """The ending with this text. KeyError if there is none."""
        for ending in self.endings:
            if ending.text == said:
                return ending
        raise KeyError(f"no ending {said!r}; there are {sorted(self.texts)}")


@dataclass(frozen=True)
class TraceStep:
    """One step. thread: its number. opcode: "goes on" for the end of a wait. touches: what it does
    to things that other threads can reach, "" for nothing.
    """

    thread: int
    function: str
    line: int
    opcode: str
    argument: str
    touches: str


@dataclass(frozen=True)
class ThreadView:
    """A thread at one moment: ``ready`` to execute the opcode, or it ``waits``, or is ``over``.

    waits_for: what it waits for, "" if it doesn't. top: the value on top of its stack, "" if it
    can't be known. variables: its local variables, as text.
    """

    state: str
    waits_for: str = ""
    function: str = ""
    line: int = 0
    opcode: str = ""
    argument: str = ""
    touches: str = ""
    top: str = ""
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Moment:
    """What there is to see between two steps: the threads, and the globals that they use."""

    threads: tuple[ThreadView, ...]
    shared: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Trace:
    """One schedule with everything on the way.

    schedule: the text of the steps taken. enabled: for each step the threads that could have
    taken it. moments: one more than steps. kind: as of an Ending, or "cut" if the schedule stopped
    before the program's end.
    """

    kind: str
    text: str
    schedule: str
    steps: tuple[TraceStep, ...]
    enabled: tuple[tuple[int, ...], ...]
    moments: tuple[Moment, ...]

    @property
    def can_go_on(self) -> tuple[int, ...]:
        """The threads that could take the next step."""
        threads = self.moments[-1].threads
        return tuple(n for n, thread in enumerate(threads) if thread.state == tracing.READY)


def explore(
    program: Program,
    *,
    reduced: bool = False,
    switch: str = EVERY_OPCODE,
    most: int = 20_000,
    most_steps: int = 5_000,
    progress: Callable[[int], None] | None = None,
    until: Callable[[str, str], bool] | None = None,
) -> Exploration:
    """Run the program under every schedule, the simplest first, or under those that differ.

    reduced: only one of all schedules that differ by swaps nobody notices; for larger programs.
    switch: where the turn may pass to another thread, one of SWITCHES. most: schedules, after
    which the search stops. most_steps: a longer run is refused, as it may be endless.
    progress: called now and then with the number of schedules so far; may raise to stop.
    until: called with the kind and text of each schedule's ending; the search stops at the first
    for which it is true, and is not complete then.

    Raises Refused, with a sentence for the program's author, for what can't be explored;
    ValueError for bad arguments, or for ``reduced`` with another switch than EVERY_OPCODE.
    """
    _check(reduced, switch, most, most_steps)
    if reduced:
        found = schedules_that_differ(program, most, most_steps, progress, until)
    else:
        found = every_schedule(program, switch, most, most_steps, progress, until)
    return _exploration(text.told(found, program), reduced, switch)


def explore_text(
    source: str,
    threads: Sequence[str],
    outcome: str = "",
    *,
    reduced: bool = False,
    switch: str = EVERY_OPCODE,
    most: int = 20_000,
    most_steps: int = 5_000,
    python: str | Path = sys.executable,
    deadline: float = 60.0,
    stop: threading.Event | None = None,
) -> Exploration:
    """The same for a text, on this or another CPython, in a process of its own.

    threads, outcome: as of ``TextProgram``. deadline, stop: as in ``elsewhere.call``.
    Raises ValueError for what can't be explored and for bad arguments; else as ``elsewhere.call``.
    """
    _check(reduced, switch, most, most_steps)
    arguments = (source, list(threads), outcome, reduced, switch, most, most_steps)
    found = _elsewhere(text.explore_text, *arguments, python=python, deadline=deadline, stop=stop)
    return _exploration(found, reduced, switch)


def replay(program: Program, schedule: str, switch: str = EVERY_OPCODE) -> Ending:
    """Run one schedule to its end: the same ending, every time.

    Where the text stops early, the same thread goes on for as long as it can.
    Raises ValueError, with a clear word, for a schedule that doesn't fit the program, because it
    was made for another one or on a version that compiles it differently; Refused as ``explore``.
    """
    found = trace(program, schedule, switch, cut=False)
    return Ending(found.kind, found.text, 1, found.schedule)


def trace(
    program: Program, schedule: str = "", switch: str = EVERY_OPCODE, cut: bool = True
) -> Trace:
    """Run one schedule and look at every step. cut: stop after its last one.

    Raises as ``replay``.
    """
    _check(False, switch, 1, 1)
    steps = schedules.from_text(schedule, program.codes())
    if any(thread >= len(program.threads) for thread in steps):
        raise ValueError(f"schedule must be for {len(program.threads)} threads, got {schedule!r}")
    try:
        found = tracing.trace(program, steps, cut, switch)
    except Unfit as error:
        raise ValueError(f"schedule doesn't fit the program: {error}") from None
    if len(found["schedule"]) < len(steps):
        raise ValueError(
            f"schedule doesn't fit the program: it has {len(steps)} steps, and the program "
            f"ended after {len(found['schedule'])}"
        )
    return _trace(found, program)


def trace_text(
    source: str,
    threads: Sequence[str],
    outcome: str = "",
    schedule: str = "",
    switch: str = EVERY_OPCODE,
    *,
    deadline: float = 10.0,
    stop: threading.Event | None = None,
) -> None:
    """Run one schedule of a text in a process of its own, to see whether it can be run here.

    Raises ValueError for a text that can't; else as ``elsewhere.call``.
    """
    arguments = (source, list(threads), outcome, schedule, False, switch)
    _elsewhere(text.trace_text, *arguments, deadline=deadline, stop=stop)


def _check(reduced: bool, switch: str, most: int, most_steps: int) -> None:
    if switch not in SWITCHES:
        raise ValueError(f"switch must be one of {list(SWITCHES)}, got {switch!r}")
    if reduced and switch != EVERY_OPCODE:
        raise ValueError(f"reduced must go with switch={EVERY_OPCODE!r}, got {switch!r}")
    for name, value in (("most", most), ("most_steps", most_steps)):
        if not 1 <= value <= 1_000_000:
            raise ValueError(f"{name} must be 1 to 1,000,000, got {value}")


def _elsewhere(worker: Callable[..., Any], *arguments: Any, **options: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] = call(worker, *arguments, **options)
    except WorkerFailed as error:
        if not (held_up := _HELD_UP.search(str(error))):
            raise
        line = held_up[1]
        raise ValueError(
            f"source is held up in line {line} for {STUCK_S:g} s by a call that isn't under the "
            "explorer's control: C code that computes or waits for long"
        ) from None
    if "refused" in found:
        raise ValueError(found["refused"])
    return found


# What `faulthandler` writes when it ends an interpreter.
_HELD_UP = re.compile(rf'Timeout \(.*?File "{re.escape(text.FILE)}", line (\d+)', re.DOTALL)


def _exploration(found: dict[str, Any], reduced: bool, switch: str) -> Exploration:
    return Exploration(
        tuple(Ending(*one) for one in found["outcomes"]),
        found["schedules"],
        found["steps"],
        found["complete"],
        reduced,
        switch,
        found["python"],
        found["gil"],
    )


def _trace(found: dict[str, Any], program: Program) -> Trace:
    return Trace(
        found["kind"],
        found["text"],
        schedules.to_text(bytes(found["schedule"]), program.codes()),
        tuple(TraceStep(**one) for one in found["steps"]),
        tuple(tuple(one) for one in found["enabled"]),
        tuple(
            Moment(tuple(_thread(one) for one in state["threads"]), tuple(state["shared"].items()))
            for state in found["states"]
        ),
    )


def _thread(one: dict[str, Any]) -> ThreadView:
    if "function" not in one:
        return ThreadView(one["state"])
    return ThreadView(
        one["state"],
        one["for"],
        one["function"],
        one["line"],
        one["opcode"],
        one["argument"],
        one["touches"],
        one["top"],
        tuple(one["locals"].items()),
    )


def source_lines(program: Program) -> dict[str, list[tuple[int, str]]]:
    """The lines of the program's functions, with their numbers, by the function's name.

    A function whose source can't be found is left out.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    whole = program.source.splitlines() if isinstance(program, TextProgram) else []
    for code in program.watched():
        numbers = [number for _, _, number in code.co_lines() if number]
        first, last = code.co_firstlineno, max(numbers, default=code.co_firstlineno)
        if whole:
            lines = whole[first - 1 : last]
        else:
            try:
                lines = inspect.getsourcelines(code)[0][: last - first + 1]
            except (OSError, TypeError):
                continue
        found[code.co_name] = [(first + place, line.rstrip()) for place, line in enumerate(lines)]
    return found
