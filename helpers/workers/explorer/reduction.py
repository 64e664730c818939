"""One schedule of each kind that can make a difference: dynamic partial-order reduction.

Two steps of different threads that touch nothing in common, or only read, can be swapped and
nobody notices. So of all schedules that differ by such swaps one is enough. After each run the
pairs of steps whose order did matter are looked for, and the other order is put on the list.

Source: C. Flanagan, P. Godefroid, Dynamic partial-order reduction for model checking software
(2005), https://dl.acm.org/doi/10.1145/1040305.1040315, with sleep sets (P. Godefroid,
Partial-Order Methods for the Verification of Concurrent Systems, 1996).
"""

from __future__ import annotations

import dis
from types import FrameType
from typing import Any

from helpers.workers.explorer.conductor import CUT, EVERY_OPCODE, Conductor, Run
from helpers.workers.explorer.program import Program
from helpers.workers.explorer.search import Outcomes, Progress, Until
from helpers.workers.explorer.shadow import (
    NOTHING,
    SYNC,
    Access,
    Accesses,
    Shadow,
    conflict,
    instruction,
    is_call,
    of_call,
)


class Step:
    """A step that has been taken. wakes: the end of a wait."""

    def __init__(self, thread: int, wakes: bool = False) -> None:
        self.thread = thread
        self.wakes = wakes
        self.accesses: Accesses = NOTHING
        self.called: tuple[FrameType, dis.Instruction, Any] | None = None
        self.touched: set[Access] = set()


class Node:
    """A point on the way where a thread was chosen. sleep: what needn't be tried from here."""

    def __init__(self, enabled: int, chosen: int, sleep: dict[int, Accesses]) -> None:
        self.enabled = enabled
        self.chosen = chosen
        self.sleep = sleep
        self.wanted = {chosen}


class Reduction:
    """A recorder (see `conductor`) that finds out what each step touches, and chooses."""

    def __init__(self, program: Program, count: int) -> None:
        self._program = program
        self._count = count
        self.path: list[Node] = []
        self.steps: list[Step] = []
        self._open: list[Step | None] = []
        self._names: dict[int, str] = {}
        self._shadow = Shadow()

    # Recorder

    def begin(self) -> None:
        self.steps = []
        self._open = [None] * self._count
        self._names = {}
        self._shadow = Shadow()

    def arrives(self, thread: int, frame: FrameType, offset: int) -> None:
        self._shadow.arrives(frame, offset)
        self._finish(thread, frame)

    def departs(self, thread: int, frame: FrameType, offset: int) -> None:
        step = Step(thread)
        self.steps.append(step)
        self._open[thread] = step
        step.accesses, callee = self._shadow.departs(frame, offset)
        one = instruction(frame.f_code, offset)
        if is_call(one):
            step.called = (frame, one, callee)

    def blocks(self, thread: int, thing: object) -> None:
        self._finish(thread, None)

    def wakes(self, thread: int, thing: object) -> None:
        step = Step(thread, wakes=True)
        self.steps.append(step)
        self._open[thread] = step
        self.touches(thread, thing)

    def ends(self, thread: int) -> None:
        self._finish(thread, None)

    def touches(self, thread: int, thing: object) -> None:
        step = self._open[thread]
        if step is not None:
            if id(thing) not in self._names:
                self._names[id(thing)] = self._program.name_of(thing)
            step.touched.add((SYNC, self._names[id(thing)], True))

    def choose(self, enabled: int, going_on: int, position: int) -> int:
        sleep: dict[int, Accesses] = {}
        if position:
            before, step = self.path[position - 1], self.steps[position - 1]
            sleep = {
                thread: accesses
                for thread, accesses in before.sleep.items()
                if thread != step.thread and not conflict(accesses, step.accesses)
            }
        able = [thread for thread in range(self._count) if enabled >> thread & 1]
        awake = [thread for thread in able if thread not in sleep]
        if not awake:
            return -1  # whatever comes from here has been seen
        chosen = going_on if going_on in awake else awake[0]
        self.path.append(Node(enabled, chosen, sleep))
        return chosen

    def _finish(self, thread: int, frame: FrameType | None) -> None:
        """The thread's step is over; now it is known what a call did."""
        step = self._open[thread]
        self._open[thread] = None
        if step is None:
            return
        if step.touched:
            step.accesses = step.accesses | step.touched
        elif step.called is not None:
            caller, _one, callee = step.called
            if frame is None or frame.f_back is not caller:
                step.accesses = step.accesses | of_call(callee)

    # The search

    def next_schedule(self) -> bytes | None:
        """The steps up to the deepest point from which something is still to be tried."""
        self._find_races()
        while self.path:
            node = self.path[-1]
            step = self.steps[len(self.path) - 1]
            node.sleep[node.chosen] = step.accesses
            wanted = sorted(node.wanted - set(node.sleep))
            if wanted:
                node.chosen = wanted[0]
                return bytes(one.chosen for one in self.path)
            self.path.pop()
        return None

    def _find_races(self) -> None:
        """For each two steps whose order mattered and was free: want the other order, too.

        ``clocks[thread]`` says how many steps of each thread happen before its next one.
        """
        count = self._count
        clocks = [[0] * count for _ in range(count)]
        taken = [0] * count
        seen: list[list[tuple[int, int, list[int]]]] = [[] for _ in range(count)]
        for place, step in enumerate(self.steps):
            mine = clocks[step.thread]
            known = list(mine)
            if step.accesses:
                for other in range(count):
                    if other == step.thread:
                        continue
                    for earlier, number, clock in seen[other]:
                        if not conflict(step.accesses, self.steps[earlier].accesses):
                            continue
                        if number > known[other]:
                            self._want(earlier, place)
                        for thread in range(count):
                            mine[thread] = max(mine[thread], clock[thread])
            taken[step.thread] += 1
            mine[step.thread] = taken[step.thread]
            if step.accesses:
                seen[step.thread].append((place, taken[step.thread], list(mine)))

    def _want(self, earlier: int, later: int) -> None:
        node, step = self.path[earlier], self.steps[later]
        if node.enabled >> step.thread & 1:
            node.wanted.add(step.thread)
        elif not step.wakes:
            # It waited for something then. Whoever ended that wait has to come first.
            node.wanted |= {one for one in range(self._count) if node.enabled >> one & 1}


def schedules_that_differ(
    program: Program,
    most: int = 20_000,
    most_steps: int = 5_000,
    progress: Progress = None,
    until: Until = None,
) -> Outcomes:
    """Run one schedule for each order of the steps that can make a difference, at every opcode.

    The outcomes are those of all schedules; their counts are of the schedules that were run.
    progress, until: as of ``every_schedule``. Raises as ``Conductor.perform``.
    """
    outcomes = Outcomes()
    reduction = Reduction(program, len(program.threads))
    runs = 0

    def next_schedule(run: Run | None) -> bytes | None:
        nonlocal runs
        if run is None:
            return b""
        runs += 1
        if run.kind != CUT:  # that one led nowhere new
            outcomes.add(run)
        if progress is not None and runs % 64 == 0:
            progress(runs)
        if until is not None and run.kind != CUT and until(run.kind, run.text):
            outcomes.complete = False
            return None
        following = reduction.next_schedule()
        if following is not None and runs >= most:
            outcomes.complete = False
            return None
        return following

    conductor = Conductor(program, len(program.threads), EVERY_OPCODE, most_steps, reduction)
    try:
        conductor.perform(next_schedule)
    finally:
        program.clear()
    return outcomes
