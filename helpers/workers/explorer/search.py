"""Every schedule of a program, or a stated number of them, the simplest first.

A schedule is simpler if it takes the turn from a thread that could go on (*preempts* it) less
often. Most bugs need one preemption or two (M. Musuvathi, S. Qadeer, Iterative context bounding
for systematic testing of multithreaded programs, 2007,
https://dl.acm.org/doi/10.1145/1250734.1250785), so the search comes to them early.

Each run of the conductor is the schedule's first steps and then "the same thread goes on". So
every complete schedule is run exactly once: after its own last deviation from that.
"""

from __future__ import annotations

from collections import deque
from typing import Callable, Optional

from helpers.workers.explorer.conductor import EVERY_OPCODE, Conductor, Run
from helpers.workers.explorer.program import Program


class Found:
    """An outcome, how many schedules led to it, and one of the simplest of these."""

    def __init__(self, run: Run) -> None:
        self.kind, self.text = run.kind, run.text
        self.count = 0
        self.schedule = run.schedule
        self.cost = _cost(run)

    def add(self, run: Run) -> None:
        self.count += 1
        cost = _cost(run)
        if cost < self.cost:
            self.cost, self.schedule = cost, run.schedule


class Outcomes:
    """All that was found so far. complete: no schedule was left out."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Found] = {}
        self.schedules = 0
        self.steps = 0
        self.complete = True

    def add(self, run: Run) -> None:
        key = (run.kind, run.text)
        if key not in self.found:
            self.found[key] = Found(run)
        self.found[key].add(run)
        self.schedules += 1
        self.steps += len(run.schedule)


Progress = Optional[Callable[[int], None]]
Until = Optional[Callable[[str, str], bool]]


def every_schedule(
    program: Program,
    switch: str = EVERY_OPCODE,
    most: int = 20_000,
    most_steps: int = 5_000,
    progress: Progress = None,
    until: Until = None,
) -> Outcomes:
    """Run all schedules of the program, but no more than ``most``, the simplest first.

    progress: called now and then with the number of schedules so far; may raise to stop.
    until: called with the kind and text of each run's end; the search is over once it is true.
    Raises as ``Conductor.perform``.
    """
    outcomes = Outcomes()
    # Per number of preemptions: (schedule of an earlier run, step at which to deviate, to whom).
    waiting: list[deque[tuple[bytes, int, int]]] = [deque()]
    pending = 0
    begun = 0  # how many steps of the schedule are given

    def next_schedule(run: Run | None) -> bytes | None:
        nonlocal pending, begun
        if run is None:
            return b""
        outcomes.add(run)
        if progress is not None and outcomes.schedules % 64 == 0:
            progress(outcomes.schedules)
        if until is not None and until(run.kind, run.text):
            outcomes.complete = False
            return None
        room = most - outcomes.schedules - pending
        schedule, enabled = run.schedule, run.enabled
        preemptions = 0
        for step, (taken, mask) in enumerate(zip(schedule, enabled)):
            before = schedule[step - 1] if step else -1
            able = before >= 0 and mask >> before & 1
            if step >= begun and mask != 1 << taken:
                for other in range(mask.bit_length()):
                    if mask >> other & 1 and other != taken:
                        cost = preemptions + (1 if able and other != before else 0)
                        while len(waiting) <= cost:
                            waiting.append(deque())
                        waiting[cost].append((schedule, step, other))
                        pending += 1
            if able and taken != before:
                preemptions += 1
        if room < 0 or pending > room:
            _forget(waiting, most - outcomes.schedules, outcomes)
            pending = sum(map(len, waiting))
        for line in waiting:
            if line:
                pending -= 1
                earlier, step, other = line.popleft()
                begun = step + 1
                return earlier[:step] + bytes((other,))
        return None

    conductor = Conductor(program, len(program.threads), switch, most_steps)
    try:
        conductor.perform(next_schedule)
    finally:
        program.clear()
    return outcomes


def _forget(waiting: list[deque[tuple[bytes, int, int]]], room: int, outcomes: Outcomes) -> None:
    """Keep only as many of the waiting as will be run, the simplest."""
    for line in waiting:
        while len(line) > room:
            line.pop()
            outcomes.complete = False
        room -= len(line)


def _cost(run: Run) -> tuple[int, int, int]:
    """Preemptions, changes of thread, steps."""
    preemptions = changes = 0
    before = -1
    for taken, mask in zip(run.schedule, run.enabled):
        if before >= 0 and taken != before:
            changes += 1
            preemptions += mask >> before & 1
        before = taken
    return preemptions, changes, len(run.schedule)
