"""One schedule, with all there is to see before and after each of its steps."""

from __future__ import annotations

from types import FrameType
from typing import Any

from helpers.workers.bytecode import touches
from helpers.workers.explorer.conductor import EVERY_OPCODE, Conductor, Run
from helpers.workers.explorer.program import Program, describe
from helpers.workers.explorer.shadow import UNKNOWN, Shadow, instruction

READY, WAITS, OVER = "ready", "waits", "over"


class Trace:
    """A recorder (see `conductor`) that writes everything down.

    steps: for each step, who took it and what it was. states: what there was to see before the
    first step, after it, and so on. Both hold what JSON can carry.
    """

    def __init__(self, program: Program, count: int) -> None:
        self._program = program
        self._frames: list[tuple[FrameType, int] | None] = [None] * count
        self._things: list[object] = [None] * count
        self._over = [False] * count
        self._shadow = Shadow()
        self.steps: list[dict[str, Any]] = []
        self.states: list[dict[str, Any]] = []

    def begin(self) -> None: ...

    def arrives(self, thread: int, frame: FrameType, offset: int) -> None:
        self._shadow.arrives(frame, offset)
        self._frames[thread] = (frame, offset)
        self._look()

    def departs(self, thread: int, frame: FrameType, offset: int) -> None:
        one = instruction(frame.f_code, offset)
        self._shadow.departs(frame, offset)
        self.steps.append({"thread": thread, **_place(frame, offset), "touches": _touches(one)})

    def blocks(self, thread: int, thing: object) -> None:
        self._things[thread] = thing
        self._look()

    def wakes(self, thread: int, thing: object) -> None:
        self._things[thread] = None
        frame, offset = self._frames[thread] or (None, 0)
        name = self._program.name_of(thing)
        place = _place(frame, offset) if frame is not None else {}
        step = {**place, "opcode": "goes on", "argument": name, "touches": ""}
        self.steps.append({"thread": thread, **step})

    def ends(self, thread: int) -> None:
        self._over[thread] = True
        self._look()

    def touches(self, thread: int, thing: object) -> None: ...

    def choose(self, enabled: int, going_on: int, position: int) -> int:
        if going_on >= 0:
            return going_on
        return next(number for number in range(len(self._over)) if enabled >> number & 1)

    def _look(self) -> None:
        threads = [self._thread(number) for number in range(len(self._over))]
        del self.states[len(self.steps) :]  # all threads arrive before the first step
        self.states.append({"threads": threads, "shared": self._program.shared()})

    def _thread(self, number: int) -> dict[str, Any]:
        place = self._frames[number]
        if self._over[number] or place is None:
            return {"state": OVER if self._over[number] else READY}
        frame, offset = place
        thing = self._things[number]
        top = self._shadow.top(frame)
        return {
            "state": READY if thing is None else WAITS,
            "for": "" if thing is None else self._program.name_of(thing),
            **_place(frame, offset),
            "touches": _touches(instruction(frame.f_code, offset)),
            "top": "" if top is UNKNOWN else describe(top),
            "locals": {name: describe(value) for name, value in frame.f_locals.items()},
        }


def trace(
    program: Program,
    schedule: bytes,
    cut: bool = True,
    switch: str = EVERY_OPCODE,
    most_steps: int = 5_000,
) -> dict[str, Any]:
    """Run the schedule and write down what there is to see.

    cut: stop after its last step; otherwise threads go on as they can.
    Returns ``{"kind": .., "text": .., "schedule": [..], "enabled": [..], "steps": [..],
    "states": [..]}``: see `Trace`; kind and text are those of the run, and ``enabled`` says for
    each step which threads could have taken it. Raises as ``Conductor.perform``.
    """
    recorder = Trace(program, len(program.threads))
    runs: list[Run] = []

    def next_schedule(run: Run | None) -> bytes | None:
        if run is None:
            return schedule
        runs.append(run)
        return None

    conductor = Conductor(
        program, len(program.threads), switch, most_steps, recorder, cut=cut, eager=True
    )
    try:
        conductor.perform(next_schedule)
    finally:
        program.clear()
    [run] = runs
    return {
        "kind": run.kind,
        "text": run.text,
        "schedule": list(run.schedule),
        "enabled": [_bits(mask) for mask in run.enabled],
        "steps": recorder.steps,
        "states": recorder.states,
    }


def _bits(mask: int) -> list[int]:
    return [number for number in range(mask.bit_length()) if mask >> number & 1]


def _place(frame: FrameType, offset: int) -> dict[str, Any]:
    one = instruction(frame.f_code, offset)
    argument = one.argrepr.replace("NULL + ", "").replace(" + NULL|self", "").replace(" + NULL", "")
    return {
        "function": frame.f_code.co_name,
        "line": frame.f_lineno,
        "opcode": one.opname,
        "argument": argument or ("" if one.arg is None else str(one.arg)),
    }


def _touches(one: Any) -> str:
    return touches(one.opname, one.argrepr)
