"""What a chapter has left behind: threads, processes, tasks, shared memory, sockets."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import stat
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_SHARED_MEMORY = Path("/dev/shm")  # Linux shows segments and named semaphores as files here
_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True)
class Belongings:
    """Names of what this process holds at one moment, per kind."""

    threads: frozenset[str]
    processes: frozenset[str]
    tasks: frozenset[str]
    shared_memory: frozenset[str]
    sockets: frozenset[str]


def belongings() -> Belongings:
    """What this process holds now. Sockets and shared memory are seen on Linux only.

    The helper processes that multiprocessing itself keeps until the interpreter ends (its
    resource tracker and its fork server) aren't children in the sense of ``active_children``,
    so they don't count.
    """
    return Belongings(
        frozenset(f"{t.name} ({t.ident})" for t in threading.enumerate()),
        frozenset(f"{p.name} ({p.pid})" for p in multiprocessing.active_children()),
        frozenset(_tasks()),
        frozenset(_own_segments()),
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


def _tasks() -> set[str]:
    try:
        # The task that runs this very cell is the kernel's.
        current = asyncio.current_task()
        return {task.get_name() for task in asyncio.all_tasks() if task is not current}
    except RuntimeError:  # no running event loop
        return set()


def _own_segments() -> set[str]:
    """Segments and semaphores in /dev/shm that this user made since; others' can't be told."""
    if not _SHARED_MEMORY.is_dir():
        return set()
    return {entry.name for entry in _SHARED_MEMORY.iterdir() if _owned(entry)}


def _owned(entry: Path) -> bool:
    try:
        return entry.stat().st_uid == os.getuid()
    except OSError:
        return False


def _sockets() -> set[str]:
    if not _DESCRIPTORS.is_dir():
        return set()
    found = set()
    for entry in _DESCRIPTORS.iterdir():
        try:
            if stat.S_ISSOCK(os.stat(entry).st_mode) and _is_network(int(entry.name)):
                found.add(os.readlink(entry))
        except OSError:  # the descriptor that listed the folder, closed by now
            continue
    return found


def _is_network(descriptor: int) -> bool:
    """Event loops and kernels keep socket pairs of their own; those have no address family INET."""
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        return copy.family in (socket.AF_INET, socket.AF_INET6)
