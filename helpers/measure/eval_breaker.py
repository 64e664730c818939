"""Check the rule of `helpers.workers.bytecode` on a real interpreter: where does it look up?"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from helpers.measure.bytecode import Switch
from helpers.measure.elsewhere import call
from helpers.workers import eval_breaker as worker

SAMPLES = tuple(worker.SAMPLES)


@dataclass(frozen=True)
class Noticed:
    """An opcode, how often an interruption was noticed there, and what the rule says of it."""

    opcode: str
    times: int
    rule: Switch


@dataclass(frozen=True)
class LookUps:
    """The opcodes of one sample, in order."""

    sample: str
    opcodes: tuple[Noticed, ...]

    @property
    def times(self) -> int:
        """How many interruptions were noticed in all."""
        return sum(opcode.times for opcode in self.opcodes)

    @property
    def against_the_rule(self) -> tuple[Noticed, ...]:
        """Where one was noticed although the rule says that CPython doesn't look up there."""
        return tuple(one for one in self.opcodes if one.times and one.rule is Switch.NO)


def look_ups(
    sample: str,
    seconds: float = 0.3,
    python: str | Path = sys.executable,
    stop: threading.Event | None = None,
) -> LookUps:
    """Interrupt a sample for so many seconds in a process of its own.

    sample: one of SAMPLES. Raises ValueError for another one or for seconds that aren't between
    0 and 10; else as ``elsewhere.call``.
    """
    if sample not in SAMPLES:
        raise ValueError(f"sample must be one of {list(SAMPLES)}, got {sample!r}")
    if not 0 < seconds <= 10:
        raise ValueError(f"seconds must be more than 0 and at most 10, got {seconds}")
    found = call(
        worker.interrupted_at, sample, seconds, python=python, deadline=seconds + 20, stop=stop
    )
    return LookUps(sample, tuple(Noticed(name, times, Switch(rule)) for name, times, rule in found))
