"""The opcodes of a function: what each touches, and whether a thread may lose the GIL there."""

from __future__ import annotations

import platform
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import FunctionType
from typing import Any

from helpers.measure.elsewhere import WorkerFailed, call
from helpers.workers import bytecode as worker
from helpers.workers.timeline import gil_enabled

_REFUSED = "listing raised ValueError: "


class Switch(Enum):
    """May another thread get its turn here? The value is the word that tables use."""

    YES = worker.YES
    MAY = worker.MAY
    NO = worker.NO


@dataclass(frozen=True)
class Opcode:
    """One opcode. line: in the source, None for what the compiler added. argument: as ``dis``
    prints it. touches: what it does to things that other threads can reach, "" for nothing.
    why: what makes ``switch`` YES or MAY.
    """

    line: int | None
    name: str
    argument: str
    touches: str
    switch: Switch
    why: str

    @property
    def reads(self) -> bool:
        return self.touches.startswith("reads ")

    @property
    def writes(self) -> bool:
        return self.touches.startswith("writes ")

    @property
    def kind(self) -> str:
        """What is read or written: "a global", "an attribute", .. ; "" if neither."""
        return self.touches.partition(" ")[2] if self.reads or self.writes else ""


@dataclass(frozen=True)
class Gap:
    """The way from the first read of a shared thing to the next write of it.

    switch: the strongest answer of all opcodes from the read to the write, both included.
    at: the opcodes that have that answer; empty for NO.
    """

    kind: str
    name: str
    read_line: int | None
    write_line: int | None
    switch: Switch
    at: tuple[Opcode, ...]


@dataclass(frozen=True)
class Function:
    """The opcodes of one function, in the order in which they stand."""

    name: str
    line: int
    opcodes: tuple[Opcode, ...]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """For each write of a shared thing, the way to it from the first read since the last write.

        In the order of the listing, which is not always the order of execution. Items are told
        apart by nothing but being items.
        """
        found = []
        read_at: dict[tuple[str, str], int] = {}
        for place, opcode in enumerate(self.opcodes):
            thing = (opcode.kind, _thing(opcode))
            if opcode.reads:
                read_at.setdefault(thing, place)
            elif opcode.writes and thing in read_at:
                found.append(_gap(self.opcodes[read_at.pop(thing) : place + 1]))
        return tuple(found)


@dataclass(frozen=True)
class Listing:
    """The functions of a source text, as this CPython compiles them. python: its version."""

    python: str
    gil: bool
    source: str
    functions: tuple[Function, ...]


def listing(
    source: str,
    python: str | Path = sys.executable,
    stop: threading.Event | None = None,
) -> Listing:
    """Compile the text, on this or another CPython, and list its functions. Nothing of it runs.

    python: the interpreter, 3.9 or later. stop: as in ``elsewhere.call``.
    Raises ValueError, with a message that begins with "source", for a text with an error (and
    its line), without a function, too long or nested too deeply; TypeError if it is no text;
    else as ``elsewhere.call``.
    """
    if not isinstance(source, str):
        raise TypeError(f"source must be a text, got {source!r}")
    try:
        # A process of its own: no text, however odd, can take the kernel down with it.
        found = call(worker.listing, source, python=python, deadline=20.0, stop=stop)
    except WorkerFailed as error:
        first = str(error).splitlines()[0]
        if first.startswith(_REFUSED):
            raise ValueError(first.removeprefix(_REFUSED)) from None
        raise
    functions = tuple(_function(one) for one in found["functions"])
    return Listing(found["python"], found["gil"], source, functions)


def listing_of(function: Callable[..., object], gil: bool | None = None) -> Listing:
    """List a function that is there already, as this interpreter holds it.

    gil: say what would hold with a GIL or without; as this interpreter runs if not given.
    Raises TypeError for what isn't a function written in Python.
    """
    if not isinstance(function, FunctionType):
        raise TypeError(f"function must be a function written in Python, got {function!r}")
    gil = gil_enabled() if gil is None else gil
    found = worker.function_listing(function.__code__, function.__name__, gil)
    return Listing(platform.python_version(), gil, "", (_function(found),))


def _function(found: dict[str, Any]) -> Function:
    opcodes = (
        Opcode(line, name, argument, touches, Switch(switch), why)
        for line, name, argument, touches, switch, why in found["opcodes"]
    )
    return Function(found["name"], found["line"], tuple(opcodes))


def _thing(opcode: Opcode) -> str:
    """What the variable or attribute is called. Items have no name."""
    return "" if opcode.kind == "an item" else opcode.argument


def _gap(way: tuple[Opcode, ...]) -> Gap:
    read, write = way[0], way[-1]
    for answer in (Switch.YES, Switch.MAY):
        at = tuple(opcode for opcode in way if opcode.switch is answer)
        if at:
            return Gap(write.kind, _thing(write), read.line, write.line, answer, at)
    return Gap(write.kind, _thing(write), read.line, write.line, Switch.NO, ())
