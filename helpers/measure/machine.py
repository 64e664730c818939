"""What this interpreter and this machine are: the facts that claims depend on."""

from __future__ import annotations

import math
import multiprocessing
import os
import platform
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from helpers.measure.host import host_use
from helpers.workers.timeline import gil_enabled

_CGROUP = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class Machine:
    """Python, cores and start method, as this process finds them.

    version: (major, minor, micro). implementation: "CPython" or another.
    free_threaded: built without the GIL. gil: whether it runs with one now.
    cores: how many this process can really keep busy, and what set that limit.
    start_method: what multiprocessing uses when nobody chooses.
    others: cores that other work kept busy a moment ago, None where that can't be told.
    """

    version: tuple[int, int, int]
    implementation: str
    free_threaded: bool
    gil: bool
    system: str
    cores_installed: int
    cores: int
    cores_limit: str
    start_method: str
    others: float | None

    @property
    def python(self) -> str:
        return ".".join(map(str, self.version))

    @property
    def build(self) -> str:
        return "free-threaded" if self.free_threaded else "with the GIL"


def machine() -> Machine:
    """Look at this process and, for a fifth of a second, at the host."""
    cores, limit = usable_cores()
    return Machine(
        version=sys.version_info[:3],
        implementation=platform.python_implementation(),
        free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        gil=gil_enabled(),
        system=f"{platform.system()} {platform.machine()}",
        cores_installed=_installed_cores(),
        cores=cores,
        cores_limit=limit,
        start_method=multiprocessing.get_all_start_methods()[0],
        others=host_use().others,
    )


def usable_cores() -> tuple[int, str]:
    """How many cores this process may use, and which limit is the tightest.

    ``os.cpu_count()`` counts the machine's. A process may be pinned to fewer (affinity), a
    container may get a share only (cgroup quota, rounded up to whole cores), and since 3.13 the
    reader may say so (PYTHON_CPU_COUNT).
    Source: https://docs.python.org/3/library/os.html#os.process_cpu_count
    """
    limits = [(_installed_cores(), "all that the machine has")]
    if hasattr(os, "sched_getaffinity"):
        limits.append((len(os.sched_getaffinity(0)), "pinned by CPU affinity"))
    quota = _cgroup_quota()
    if quota is not None:
        limits.append((max(1, math.ceil(quota)), f"cgroup quota of {quota:g} cores"))
    wish = os.environ.get("PYTHON_CPU_COUNT", "")
    if wish.isdigit() and int(wish) > 0:
        limits.append((int(wish), "PYTHON_CPU_COUNT"))
    return min(limits, key=lambda limit: limit[0])


def _installed_cores() -> int:
    """``os.cpu_count()``, but since 3.13 that repeats PYTHON_CPU_COUNT if it is set."""
    try:
        return os.sysconf("SC_NPROCESSORS_ONLN")
    except (AttributeError, ValueError, OSError):  # Windows
        return os.cpu_count() or 1


def _cgroup_quota() -> float | None:
    """The smallest CPU quota of this process's cgroup and those above it, in cores.

    Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max) and
    https://docs.kernel.org/scheduler/sched-bwc.html (version 1).
    """
    quotas: list[float] = []
    for controller, folder in _own_cgroups():
        root = _CGROUP / controller
        while True:
            quotas += _quota_of(root / folder)
            if folder == folder.parent:
                break
            folder = folder.parent
    return min(quotas, default=None)


def _own_cgroups() -> list[tuple[str, Path]]:
    """(folder of the controller under /sys/fs/cgroup, own group) for versions 2 and 1."""
    try:
        lines = _OWN_CGROUP.read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, folder = line.split(":", 2)
        if controllers == "":
            found.append(("", Path(folder.lstrip("/"))))
        elif "cpu" in controllers.split(","):
            found += [(name, Path(folder.lstrip("/"))) for name in (controllers, "cpu")]
    return found


def _quota_of(group: Path) -> list[float]:
    try:
        if (group / "cpu.max").exists():
            allowed, period = (group / "cpu.max").read_text().split()
        else:
            allowed = (group / "cpu.cfs_quota_us").read_text()
            period = (group / "cpu.cfs_period_us").read_text()
        return [int(allowed) / int(period)] if int(allowed) > 0 else []
    except (OSError, ValueError):  # no such file, or "max": no quota here
        return []
