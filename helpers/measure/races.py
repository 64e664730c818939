"""Races, real and explored: what the explorer predicts, and what threads really do."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.measure.elsewhere import call
from helpers.measure.interpreters import Interpreter
from helpers.workers import races as worker

SHAPES = tuple(worker.SHAPES)
INTERVALS_S = (5e-3, 1e-3, 1e-4, 1e-5)
MOST_THREADS, MOST_ROUNDS, MOST_RUNS = 8, 20_000, 50
_RECORDED = Path(__file__).with_name("recorded") / "races.json"


@dataclass(frozen=True)
class Race:
    """expected: without a lost update. found: what was counted, run by run.

    predicted: the least and the most that can be counted. If the explorer finds no schedule of two
    threads that loses an update, only the full number; if it finds one, from 2 on (from 1 if there
    is one round): each thread's last write may be of a number that it has read at the start.
    """

    shape: str
    locked: bool
    threads: int
    rounds: int
    expected: int
    found: tuple[int, ...]
    predicted: tuple[int, int]

    @property
    def lost(self) -> int:
        """How many runs lost updates."""
        return sum(number != self.expected for number in self.found)

    @property
    def as_predicted(self) -> bool:
        return all(self.predicted[0] <= number <= self.predicted[1] for number in self.found)


@dataclass(frozen=True)
class Losses:
    """On one CPython, by shape: (updates lost, updates made) of a real run, and whether the
    explorer finds a schedule that loses one. recorded: not on this machine.
    """

    python: str
    gil: bool
    real: dict[str, tuple[int, int]]
    predicted: dict[str, bool]
    recorded: bool = False

    @property
    def label(self) -> str:
        return self.python + ("" if self.gil else " without GIL")

    @property
    def surprises(self) -> tuple[str, ...]:
        """Shapes that lost updates although the explorer finds no such schedule."""
        return tuple(
            shape for shape, (lost, _) in self.real.items() if lost and not self.predicted[shape]
        )


def race(
    shape: str,
    locked: bool = False,
    threads: int = 4,
    rounds: int = 1_000,
    interval_s: float = 1e-5,
    runs: int = 20,
    stop: threading.Event | None = None,
) -> Race:
    """Race so many times, for a second at most, and ask the explorer what can come of it.

    shape: one of SHAPES. interval_s: the switch interval.
    Raises ValueError for an unknown shape, threads outside 2 to 8, rounds outside 1 to 20,000,
    runs outside 1 to 50 or an interval that isn't positive; else as ``elsewhere.call``.
    """
    _check_shape(shape)
    for name, value, least, most in (
        ("threads", threads, 2, MOST_THREADS),
        ("rounds", rounds, 1, MOST_ROUNDS),
        ("runs", runs, 1, MOST_RUNS),
    ):
        if not least <= value <= most:
            raise ValueError(f"{name} must be {least} to {most:,}, got {value}")
    if not interval_s > 0:
        raise ValueError(f"interval_s must be positive, got {interval_s}")
    found = call(worker.repeated, shape, locked, threads, rounds, interval_s, runs, 1.0, stop=stop)
    expected = found["expected"]
    low = expected
    if call(worker.can_lose, shape, locked, stop=stop):
        low = 1 if rounds == 1 else 2
    return Race(shape, locked, threads, rounds, expected, tuple(found["found"]), (low, expected))


def losses(
    interpreters: Sequence[Interpreter], seconds: float = 0.2, stop: threading.Event | None = None
) -> list[Losses]:
    """Race each shape on each CPython, for at most so many seconds each, and explore it there."""
    measured = []
    for one in interpreters:
        found = call(worker.losses, seconds, python=one.path, stop=stop)
        real = {shape: (lost, made) for shape, (lost, made) in found["shapes"].items()}
        predicted = call(worker.predictions, python=one.path, stop=stop)
        measured.append(Losses(found["python"], found["gil"], real, predicted))
    return measured


def with_recorded(measured: Sequence[Losses]) -> list[Losses]:
    """The measured ones, and recorded ones for the versions (3.11 or 3.12 and so on) between them.

    From old to new; without a GIL last.
    """
    have = {(_minor(one.python), one.gil) for one in measured}
    recorded = [one for one in _recorded() if (_minor(one.python), one.gil) not in have]
    return sorted(
        [*measured, *recorded], key=lambda one: (not one.gil, _minor(one.python), one.python)
    )


def save_recorded(measured: Sequence[Losses]) -> None:
    """Write a run down, for readers who have one CPython only."""
    rows = [
        {"python": one.python, "gil": one.gil, "real": one.real, "predicted": one.predicted}
        for one in measured
    ]
    _RECORDED.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _recorded() -> list[Losses]:
    rows = json.loads(_RECORDED.read_text(encoding="utf-8"))
    return [
        Losses(
            row["python"],
            row["gil"],
            {shape: (lost, made) for shape, (lost, made) in row["real"].items()},
            row["predicted"],
            True,
        )
        for row in rows
    ]


def _minor(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.split(".")[:2])


def _check_shape(shape: str) -> None:
    if shape not in SHAPES:
        raise ValueError(f"shape must be one of {list(SHAPES)}, got {shape!r}")
