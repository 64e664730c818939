"""How fast the explorer is, beside frontrun on the same puzzles (https://pypi.org/project/frontrun).

The explorer runs in a plain Python. frontrun needs its own launcher, which replaces the locks of
the whole process; so the two run in processes of their own, one after the other, round by round.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Lock

from benchmarks.child import answer, answer_of
from benchmarks.table import Points, Row, at_least, at_most, missing
from helpers.labs.explorer import Stepper
from helpers.measure.explorer import DEADLOCK, Program, explore
from helpers.measure.host import HostMeter

SCHEDULES_A_SECOND, WHOLE_S, STEP_MS = 1_000, 1.0, 100.0
ATTEMPTS = 300  # of frontrun's random schedules, for its rate
REPEATS = 5  # in one process; the first warms up
FOUND = ("lost update", "lock order", "3 philosophers")


def rows(rounds: int) -> Iterator[Row]:
    """Schedules a second, the time to find each bug, and the time of one step of the stepper."""
    meter = HostMeter()
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    launcher = _launcher()
    for _ in range(rounds):
        _add(ours, answer("explorer", "ours"))
        if launcher is not None:
            command = [launcher, sys.executable, "-m", "benchmarks.explorer", "frontrun"]
            _add(theirs, answer_of(command))
    busy = meter.use().others
    rate = Points(tuple(ours["schedules a second"]), "schedules a second")
    peer = Points(tuple(theirs["schedules a second"]), "a second") if theirs else None
    yield Row(
        "explorer: every schedule of two threads of `counter += 1`",
        str(rate),
        f"at least {SCHEDULES_A_SECOND:,} a second",
        at_least(rate, SCHEDULES_A_SECOND, busy),
        peer=f"frontrun, at random {peer}" if peer else "",
        ratio=f"{rate.median / peer.median:.1f}" if peer else "",
    )
    whole = Points(tuple(ours["every schedule"]))
    yield Row(
        "explorer: all of them", str(whole), f"at most {WHOLE_S:g} s", at_most(whole, WHOLE_S, busy)
    )
    for name in FOUND:
        what, bound = f"explorer: {name} found", "no more time than frontrun takes"
        if not theirs:
            yield missing(what, bound, "frontrun isn't installed, or has none for this Python")
            continue
        yield _beside(what, bound, ours[name], theirs[name], busy)
    step = Points(tuple(1e3 * value for value in ours["step"]), "ms")
    yield Row(
        "one step of the stepper shows",
        str(step),
        f"at most {STEP_MS:g} ms",
        at_most(step, STEP_MS, busy),
    )


def _beside(
    what: str, bound: str, ours: list[float], theirs: list[float], busy: float | None
) -> Row:
    mine = Points(tuple(1e3 * value for value in ours), "ms")
    peer = Points(tuple(1e3 * value for value in theirs), "ms")
    ratio = Points(tuple(o / t for o, t in zip(ours, theirs, strict=True)), "of its time")
    return Row(
        what,
        str(mine),
        bound,
        at_most(ratio, 1.0, busy),
        peer=f"frontrun {peer}",
        ratio=f"{ratio.median:.2f}",
    )


def _add(found: dict[str, list[float]], more: dict[str, list[float]]) -> None:
    for name, values in more.items():
        found.setdefault(name, []).extend(values)


def _launcher() -> str | None:
    beside = Path(sys.executable).with_name("frontrun.exe" if os.name == "nt" else "frontrun")
    if importlib.util.find_spec("frontrun") is None:
        return None
    return str(beside) if beside.exists() else shutil.which("frontrun")


# The puzzles, as functions without arguments for the explorer: what they share is global.

counter = 0
first, second = Lock(), Lock()
forks = [Lock() for _ in range(3)]


def increment() -> None:
    global counter
    counter += 1


def one_way() -> None:
    with first, second:
        pass


def other_way() -> None:
    with second, first:
        pass


def dine(place: int) -> None:
    with forks[place], forks[(place + 1) % 3]:
        pass


def ours() -> dict[str, list[float]]:
    """Seconds until each bug was found, seconds for every schedule, schedules a second."""
    counting = Program([increment, increment])
    puzzles: dict[str, tuple[Program, Callable[[str, str], bool]]] = {
        "lost update": (counting, lambda kind, text: text == "counter = 1"),
        "lock order": (Program([one_way, other_way]), lambda kind, text: kind == DEADLOCK),
        "3 philosophers": (
            Program([partial(dine, place) for place in range(3)]),
            lambda kind, text: kind == DEADLOCK,
        ),
    }
    found: dict[str, list[float]] = {}
    for repeat in range(REPEATS):
        taken = {}
        for name, (program, until) in puzzles.items():
            began = time.perf_counter()
            result = explore(program, reduced=True, until=until)
            taken[name] = time.perf_counter() - began
            if not any(until(ending.kind, ending.text) for ending in result.endings):
                raise RuntimeError(f"{name} was not found: {result.texts}")
        began = time.perf_counter()
        every = explore(counting)
        taken["every schedule"] = time.perf_counter() - began
        taken["schedules a second"] = every.schedules / taken["every schedule"]
        if not every.complete:
            raise RuntimeError("the search of every schedule is not complete")
        if repeat:
            _add(found, {name: [value] for name, value in taken.items()})
    found["step"] = _steps(counting)
    return found


def _steps(program: Program) -> list[float]:
    """Seconds from a click until the stepper's panel has its new picture."""
    stepper = Stepper(program)
    taken = []
    for number in range(-1, 8):
        before = stepper.image.value
        began = time.perf_counter()
        stepper.opcode_buttons[number % 2].click()
        if number >= 0:
            taken.append(time.perf_counter() - began)
        if stepper.image.value == before:
            raise RuntimeError(f"nothing new to see: {stepper.status.value}")
    return taken


def frontrun() -> dict[str, list[float]]:
    """The same puzzles under frontrun, stopped at the first failure, without its replays."""
    from frontrun import explore as explore_theirs

    class Shared:
        def __init__(self) -> None:
            self.counter = 0
            self.locks = [threading.Lock() for _ in range(3)]  # by now it is frontrun's

    def increment(shared: Shared) -> None:
        shared.counter += 1

    def dine(shared: Shared, left: int, right: int) -> None:
        with shared.locks[left], shared.locks[right]:
            pass

    def at(left: int, right: int) -> Callable[[Shared], None]:
        return lambda shared: dine(shared, left, right)

    puzzles: dict[str, tuple[list[Callable[[Shared], None]], Callable[[Shared], bool]]] = {
        "lost update": ([increment, increment], lambda shared: shared.counter == 2),
        "lock order": ([at(0, 1), at(1, 0)], lambda shared: True),
        "3 philosophers": ([at(0, 1), at(1, 2), at(2, 0)], lambda shared: True),
    }
    found: dict[str, list[float]] = {}
    for repeat in range(REPEATS):
        taken = {}
        for name, (workers, invariant) in puzzles.items():
            began = time.perf_counter()
            result = explore_theirs(
                setup=Shared, workers=workers, invariant=invariant, reproduce_on_failure=0
            )
            taken[name] = time.perf_counter() - began
            if result.property_holds:
                raise RuntimeError(f"{name} was not found")
        began = time.perf_counter()
        explore_theirs(
            setup=Shared,
            workers=[increment, increment],
            invariant=lambda shared: True,
            strategy="random",
            max_attempts=ATTEMPTS,
        )
        taken["schedules a second"] = ATTEMPTS / (time.perf_counter() - began)
        if repeat:
            _add(found, {name: [value] for name, value in taken.items()})
    return found


if __name__ == "__main__":
    print(json.dumps(ours() if sys.argv[1] == "ours" else frontrun()))
