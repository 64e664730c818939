"""What a chapter has left behind: threads, processes, tasks, shared memory, sockets."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import socket
import stat
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from helpers.measure.segments import mapped_by, segments

_DESCRIPTORS = Path("/dev/fd")
# multiprocessing keeps these until the interpreter ends, one of each.
_KEPT = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


@dataclass(frozen=True)
class Belongings:
    """Names of what this process holds at one moment, per kind."""

    threads: frozenset[str]
    processes: frozenset[str]
    tasks: frozenset[str]
    shared_memory: frozenset[str]
    sockets: frozenset[str]


def belongings() -> Belongings:
    """What this process holds now, less what a Jupyter kernel itself comes and goes with.

    Shared memory is seen on Linux only, sockets not on Windows. The helper processes that
    multiprocessing keeps until the interpreter ends (its resource tracker and its fork server)
    don't count, nor does what only waits for the garbage collector: it is collected first.
    """
    gc.collect()
    return Belongings(
        frozenset(_threads()),
        frozenset(_processes()),
        frozenset(_tasks()),
        frozenset(_segments()),
        frozenset(_sockets()),
    )


def left_since(before: Belongings, patience: float = 1.0) -> list[str]:
    """What is there now and wasn't before, as "kind: name"; empty if nothing is left.

    patience: seconds to wait for what is just ending.
    Raises ValueError if patience is negative.
    """
    if patience < 0:
        raise ValueError(f"patience must not be negative, got {patience}")
    until = time.monotonic() + patience
    while (left := _difference(before, belongings())) and time.monotonic() < until:
        time.sleep(0.02)
    return left


def _difference(before: Belongings, now: Belongings) -> list[str]:
    return [
        f"{kind.replace('_', ' ')}: {name}"
        for kind in Belongings.__dataclass_fields__
        for name in sorted(getattr(now, kind) - getattr(before, kind))
    ]


def _threads() -> set[str]:
    # JupyterLab may open a second line to the kernel ("subshell"), with a thread of its own; and
    # from its first large message on (a picture), zmq keeps one that frees what was sent.
    return {
        f"{thread.name} ({thread.ident})"
        for thread in threading.enumerate()
        if not type(thread).__module__.startswith(("ipykernel.", "zmq."))
    }


def _processes() -> set[str]:
    """Children and their children, however they were started."""
    multiprocessing.active_children()  # buries those that have ended
    me = psutil.Process()
    found = set()
    for child in me.children(recursive=True):
        try:
            if not (_is_kept(child) and child.ppid() == me.pid):
                found.add(f"{child.name()} ({child.pid})")
        except psutil.NoSuchProcess:  # it ended meanwhile
            continue
    return found


def _is_kept(process: psutil.Process) -> bool:
    """Whether its command line names one of multiprocessing's own helpers.

    What the fork server forks has the same command line, but the fork server as its parent.
    """
    command = " ".join(process.cmdline())
    return any(module in command for module in _KEPT)


def _tasks() -> set[str]:
    try:
        # The task that runs this very cell is the kernel's.
        current = asyncio.current_task()
        tasks = asyncio.all_tasks()
    except RuntimeError:  # no running event loop
        return set()
    return {task.get_name() for task in tasks if task is not current and not _is_kernels(task)}


def _is_kernels(task: asyncio.Task[object]) -> bool:
    """The cells and clicks that wait for their turn are tasks too."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "ipykernel" in Path(code.co_filename).parts


def _segments() -> set[str]:
    """This user's segments and semaphores, unless another program holds them."""
    found = segments()
    if not found:
        return set()
    me = psutil.Process()
    family = {me.pid, *(child.pid for child in me.children(recursive=True))}
    others = mapped_by(pid for pid in psutil.pids() if pid not in family)
    still_there = segments()  # another program may have ended, and removed its own, meanwhile
    ours = {str(still_there[inode]) for inode in found if inode in still_there.keys() - others}
    return ours - _kept_by_numba()


def _kept_by_numba() -> set[str]:
    """The semaphore with which numba guards the start of its threads, until the process ends.

    It has a file under forkserver, the default on Linux since Python 3.14, and none under fork:
    ``_set_init_process_lock`` in https://github.com/numba/numba/blob/main/numba/np/ufunc/parallel.py
    """
    module = sys.modules.get("numba.np.ufunc.parallel")
    lock = getattr(module, "_backend_init_process_lock", None)
    name = getattr(getattr(lock, "_semlock", None), "name", None)
    return {f"/dev/shm/sem.{name.lstrip('/')}"} if name else set()


def _sockets() -> set[str]:
    """Network sockets, named so that one more connection to a port of the kernel's is no news."""
    ports: dict[int, tuple[int, bool]] = {}  # descriptor: its port, and whether it listens
    for descriptor in _descriptors():
        try:
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            # Event loops and kernels keep pairs of sockets that have no address family INET.
            with socket.socket(fileno=os.dup(descriptor)) as copy:
                if copy.family in (socket.AF_INET, socket.AF_INET6):
                    listens = copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) != 0
                    ports[descriptor] = (copy.getsockname()[1], listens)
        except OSError:  # closed by now, as the one that listed the folder
            continue
    heard = {port for port, listens in ports.values() if listens}
    return {
        f"port {port}" if port in heard else f"from port {port} (descriptor {descriptor})"
        for descriptor, (port, _) in ports.items()
    }


def _descriptors() -> list[int]:
    """Open descriptors; none on Windows, where event loops open connections at any time."""
    if not _DESCRIPTORS.is_dir():
        return []
    return [int(entry.name) for entry in _DESCRIPTORS.iterdir()]
