"""How much faster a computation gets with more processes, when a part of it can't be divided."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.measure.compare import Comparison, Ratio
from helpers.measure.elsewhere import call
from helpers.measure.host import HostMeter
from helpers.measure.machine import usable_cores
from helpers.workers import amdahl

ALONE = "one process"
MOST = 8
_ROUNDS = 15


def law(serial_share: float, workers: float) -> float:
    """Amdahl's law: the speed-up that so many workers can give at most.

    The serial share of the work takes its time anyhow; the rest is divided among the workers.
    Source: G. M. Amdahl, "Validity of the single processor approach to achieving large scale
    computing capabilities" (1967), https://doi.org/10.1145/1465482.1465560
    Raises ValueError for a share outside 0 to 1, or fewer than one worker.
    """
    if not 0 <= serial_share <= 1:
        raise ValueError(f"serial_share must be between 0 and 1, got {serial_share}")
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    return 1 / (serial_share + (1 - serial_share) / workers)


@dataclass(frozen=True)
class SpeedUps:
    """Measured times of the whole work, alone and divided.

    workers: numbers of processes tried. cores: how many this process may use.
    """

    serial_shares: tuple[float, ...]
    workers: tuple[int, ...]
    cores: int
    comparison: Comparison

    def of(self, serial_share: float, workers: int) -> Ratio:
        """The speed-up: time alone / time divided. KeyError for what wasn't measured."""
        return self.comparison.ratio(ALONE, divided(serial_share, workers))


def divided(serial_share: float, workers: int) -> str:
    """The name of a contender."""
    return f"{workers} processes, {serial_share:.0%} serial"


def speed_ups(
    serial_shares: Sequence[float] = (0.1, 0.5),
    workers: Sequence[int] | None = None,
    seconds: float = 0.03,
    stop: threading.Event | None = None,
) -> SpeedUps:
    """Measure the speed-up for each share and number of processes, in a fresh interpreter.

    workers: by default 2, 4 and, with eight cores, 8: also more than there are cores.
    seconds: of one core, for the whole work. stop: see ``elsewhere.call``.
    Raises ValueError for no shares or one outside 0 to 1, for workers outside 2 to MOST, and for
    seconds that aren't positive; and what ``elsewhere.call`` raises.
    """
    cores, _ = usable_cores()
    workers = tuple(workers or (2, 4, 8)[: 3 if cores >= 8 else 2])
    if any(not 2 <= count <= MOST for count in workers):
        raise ValueError(f"workers must be between 2 and {MOST}, got {list(workers)}")
    if not serial_shares:
        raise ValueError("serial_shares must hold at least one share")
    for share in serial_shares:
        law(share, 1)  # checks it
    if not seconds > 0:
        raise ValueError(f"seconds must be positive, got {seconds}")
    divisions = [(share, count) for share in serial_shares for count in workers]
    meter = HostMeter()
    alone, *rest = call(amdahl.time_divided, seconds, divisions, _ROUNDS, stop=stop)
    points = {ALONE: tuple(alone)}
    for division, values in zip(divisions, rest, strict=True):
        points[divided(*division)] = tuple(values)
    comparison = Comparison(points, {}, meter.use().others)
    return SpeedUps(tuple(serial_shares), workers, cores, comparison)
