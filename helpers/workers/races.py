"""Races: what is read, changed and written back by several threads or processes at once.

Each shape is a piece of source. It is run for real by `losses` and `counted`, and put under the
explorer by `helpers.measure.races`: the same text in both.
"""

from __future__ import annotations

import platform
import sys
import threading
import time
from pathlib import Path
from typing import Any

from helpers.workers.explorer.conductor import THIS_GIL
from helpers.workers.explorer.reduction import schedules_that_differ
from helpers.workers.explorer.search import Outcomes, every_schedule
from helpers.workers.explorer.text import TextProgram
from helpers.workers.timeline import gil_enabled

HEAD = """\
import time
from threading import Lock

class Box:
    def __init__(self):
        self.plain = 0

    @property
    def value(self):
        return self.plain

    @value.setter
    def value(self, number):
        self.plain = number

box = Box()
cell = [0]
counter = 0
lock = Lock()

def one_more(number):
    return number + 1
"""
# What is done once in each round, and where the number is found afterwards.
SHAPES: dict[str, tuple[str, str]] = {
    "counter += 1": ("counter += 1", "counter"),
    "box.plain += 1": ("box.plain += 1", "box.plain"),
    "cell[0] += 1": ("cell[0] += 1", "cell[0]"),
    "an if in between": ("value = counter\nif value >= 0:\n    counter = value + 1", "counter"),
    "a property": ("box.value += 1", "box.plain"),
    "a call": ("counter = one_more(counter)", "counter"),
    "a call of a C function": ("counter = int(counter) + 1", "counter"),
    "a loop in between": (
        "value = counter\nfor _ in (0,):\n    value += 1\ncounter = value",
        "counter",
    ),
    "time.sleep(0)": ("value = counter\ntime.sleep(0)\ncounter = value + 1", "counter"),
}


def source(shape: str, locked: bool, rounds: bool) -> str:
    """A program with a function ``add`` that does the shape once, or in so many rounds."""
    body = SHAPES[shape][0]
    if locked:
        body = "with lock:\n" + _indented(body)
    if rounds:
        body = "for _ in range(rounds):\n" + _indented(body)
    head = "def add(rounds):" if rounds else "def add():"
    return f"{HEAD}\n{head}\n    global counter\n{_indented(body)}\n"


def counted(shape: str, locked: bool, threads: int, rounds: int, interval: float) -> list[int]:
    """Let so many threads do so many rounds each: ``[what was to be counted, what was]``."""
    scope: dict[str, Any] = {"__name__": "a_race"}
    exec(compile(source(shape, locked, True), f"<{shape}>", "exec"), scope)
    add = scope["add"]
    together = threading.Barrier(threads)

    def run() -> None:
        together.wait()
        add(rounds)

    before = sys.getswitchinterval()
    sys.setswitchinterval(interval)
    crowd = [threading.Thread(target=run) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    sys.setswitchinterval(before)
    return [threads * rounds, int(eval(SHAPES[shape][1], scope))]


def repeated(
    shape: str, locked: bool, threads: int, rounds: int, interval: float, runs: int, seconds: float
) -> dict[str, Any]:
    """Race again and again, for so many runs or seconds. Returns ``{"expected": .., "found": ..}``,
    where found has what was counted in each run.
    """
    until = time.monotonic() + seconds
    found: list[int] = []
    while len(found) < runs and (not found or time.monotonic() < until):
        expected, number = counted(shape, locked, threads, rounds, interval)
        found.append(number)
    return {"expected": expected, "found": found}


def losses(seconds: float) -> dict[str, Any]:
    """For each shape: how many of how many updates were lost, in at most so many seconds.

    Goes on to the next shape as soon as an update was lost.
    Returns ``{"python": .., "gil": .., "shapes": {shape: [lost, updates]}}``.
    """
    found = {}
    for shape in SHAPES:
        lost = updates = 0
        rounds = 300 if "sleep" in shape else 5_000
        until = time.monotonic() + seconds
        while not lost and (not updates or time.monotonic() < until):
            expected, number = counted(shape, False, 4, rounds, 1e-5)
            lost += expected - number
            updates += expected
            rounds = min(2 * rounds, 50_000)
        found[shape] = [lost, updates]
    return {"python": platform.python_version(), "gil": gil_enabled(), "shapes": found}


def predictions(most: int = 20_000) -> dict[str, bool]:
    """For each shape: does the explorer find a schedule that loses an update, on this interpreter?

    Two threads, one round each. Every opcode is a possible switch where there is no GIL, and
    before 3.10; else those that this version's GIL allows.
    """
    return {shape: _can_lose(shape, False, most) for shape in SHAPES}


def can_lose(shape: str, locked: bool) -> bool:
    """The same for one shape, under a lock or not."""
    return _can_lose(shape, locked, 20_000)


def _can_lose(shape: str, locked: bool, most: int) -> bool:
    program = TextProgram(source(shape, locked, False), ["add", "add"], SHAPES[shape][1])
    if gil_enabled() and sys.version_info >= (3, 10):
        return _loses(every_schedule(program, THIS_GIL, most))
    # A few simple schedules are enough to find a lost update. Only to find none takes all.
    return _loses(every_schedule(program, most=200)) or _loses(schedules_that_differ(program, most))


def _loses(found: Outcomes) -> bool:
    return any(one.text != "2" for one in found.found.values())


def add_to_value(value: Any, times: int, start: Any, locked: bool) -> None:
    """For a process: add one to a shared Value so many times, under its lock or not."""
    start.wait()
    for _ in range(times):
        if locked:
            with value.get_lock():
                value.value += 1
        else:
            value.value += 1


def add_to_file(path: str, times: int, start: threading.Barrier) -> None:
    """For a thread: add one to the number in a file so many times."""
    start.wait()
    for _ in range(times):
        number = int(Path(path).read_text() or 0)
        Path(path).write_text(str(number + 1))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
