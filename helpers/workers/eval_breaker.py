"""See where CPython really looks at its eval breaker: interrupt a function, and note where it was.

A signal handler written in Python runs at the places where the interpreter looks at its eval
breaker. They are the places where it also sees that another thread wants the GIL.
"""

from __future__ import annotations

import _thread
import dis
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from helpers.workers.bytecode import may_switch

shared = {"item": 0}


class Box:
    """Holds one value, behind a property written in Python."""

    def __init__(self) -> None:
        self._value = 0

    @property
    def value(self) -> int:
        return self._value

    @value.setter
    def value(self, value: int) -> None:
        self._value = value


box = Box()
guard = threading.Lock()
counter = 0


def straight_on() -> None:
    """Reads and writes shared things, calls nothing, loops over nothing."""
    global counter
    counter += 1
    counter += 1
    shared["item"] += 1
    box._value += 1
    if counter > 10:
        counter = 0


def with_loop() -> None:
    """The same inside a loop."""
    global counter
    for _ in range(20):
        counter += 1
        shared["item"] += 1


def with_calls() -> None:
    """Calls, in Python and in C, between reads and writes."""
    global counter
    value = counter
    abs(value)
    counter = value + 1
    box.value += 1
    with guard:
        counter += 1


SAMPLES: dict[str, Callable[[], None]] = {
    "straight on": straight_on,
    "with a loop": with_loop,
    "with calls": with_calls,
}


def interrupted_at(sample: str, seconds: float) -> list[list[Any]]:
    """Interrupt a sample again and again, and note the opcode at which CPython noticed.

    Works in the main thread only: signal handlers run there.
    Source: https://docs.python.org/3/library/_thread.html#thread.interrupt_main

    Returns ``[opcode, times noticed, YES, MAY or NO]`` for each opcode of the sample, where the
    last is what ``may_switch`` says with the GIL.
    """
    function = SAMPLES[sample]
    code = dis.Bytecode(function).codeobj
    offsets: dict[int, int] = {}

    def note(_signal: int, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code is code:
            offsets[frame.f_lasti] = offsets.get(frame.f_lasti, 0) + 1

    ended = threading.Event()

    def interrupt() -> None:
        while not ended.is_set():
            time.sleep(20e-6)
            _thread.interrupt_main()

    handler = signal.signal(signal.SIGINT, note)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(20e-6)
    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            function()
    finally:
        ended.set()
        interrupter.join()
        sys.setswitchinterval(interval)
        signal.signal(signal.SIGINT, handler)
    return _noticed(function, offsets)


def _noticed(function: Callable[[], None], offsets: dict[int, int]) -> list[list[Any]]:
    instructions = list(dis.get_instructions(function))
    times = [0] * len(instructions)
    for offset, count in offsets.items():
        if offset < 0:  # before the first opcode, which is where 3.10 starts a function
            continue
        # The last opcode that begins at or before the offset: inline caches follow an opcode.
        index = max(i for i, one in enumerate(instructions) if one.offset <= offset)
        times[index] += count
    return [
        [one.opname, count, may_switch(one.opname, one.arg or 0, sys.version_info[:2], True)[0]]
        for one, count in zip(instructions, times)
    ]
