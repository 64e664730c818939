"""How busy the machine is with other people's work, while we measure ours."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

SHORTEST_S = 0.2  # the kernel counts in ticks of 10 ms, so less than this tells nothing
_STAT = Path("/proc/stat")
_PROCESSES = Path("/proc")


@dataclass(frozen=True)
class HostUse:
    """What happened on the machine between two moments.

    seconds: how long that was.
    others: cores kept busy by everything but this process and its children, on average;
        a virtual machine's time taken by its host counts too. None where it can't be told, and
        for less than a fifth of a second.
    """

    seconds: float
    others: float | None


class HostMeter:
    """Start it, do the work, read ``use()``. Exact on Linux; elsewhere the load average tells."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._cores = _core_seconds()
        self._ours = _our_seconds() if self._cores is not None else 0.0

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self._started

    def use(self) -> HostUse:
        seconds = self.seconds
        now = _core_seconds()
        if now is None or self._cores is None:
            return HostUse(seconds, _load_of_others())
        busy, idle = now[0] - self._cores[0], now[1] - self._cores[1]
        # Some sandboxes show a file in which nothing ever moves.
        if seconds < SHORTEST_S or busy + idle == 0:
            return HostUse(seconds, None)
        ours = _our_seconds() - self._ours
        return HostUse(seconds, max(0.0, busy - ours) / seconds)


def host_use(seconds: float = SHORTEST_S) -> HostUse:
    """Watch the machine for so many seconds while this thread does nothing.

    Raises ValueError if seconds isn't positive.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be positive, got {seconds}")
    meter = HostMeter()
    time.sleep(seconds)
    return meter.use()


def _core_seconds() -> tuple[float, float] | None:
    """(busy, idle) seconds of all cores together since boot, see proc_stat(5)."""
    try:
        first = _STAT.read_text().split("\n", 1)[0].split()[1:]
        user, nice, system, idle, iowait, irq, softirq, steal = map(int, first[:8])
    except (OSError, ValueError):
        return None
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + softirq + steal) / tick, (idle + iowait) / tick


def _our_seconds() -> float:
    """CPU seconds of this process, its ended children, and its living descendants."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for entry in _PROCESSES.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name in parentheses may hold spaces: the fields start after the last ")".
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        pid = int(entry.name)
        parents[pid] = int(fields[1])
        seconds[pid] = sum(map(int, fields[11:15])) / tick  # utime stime cutime cstime
    family = {os.getpid()}
    grown = True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in family} - family
        family |= children
        grown = bool(children)
    return sum(seconds.get(pid, 0.0) for pid in family)


def _load_of_others() -> float | None:
    """The last minute's load, less one for this process; Windows keeps no such average."""
    try:
        return max(0.0, os.getloadavg()[0] - 1.0)
    except (AttributeError, OSError):
        return None
