"""Shared memory and named semaphores, which Linux shows as files in /dev/shm, and who uses them.

Elsewhere the system shows neither, and nothing is found.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

_FOLDER = Path("/dev/shm")


def segments() -> dict[int, Path]:
    """This user's segments and semaphores: inode to path.

    Names won't do to find them again: the C library makes a semaphore under another name, then
    gives it its own.
    """
    found: dict[int, Path] = {}
    if _FOLDER.is_dir():
        for entry in _FOLDER.iterdir():
            with contextlib.suppress(OSError):  # removed meanwhile
                status = entry.stat()
                if status.st_uid == os.getuid():
                    found[status.st_ino] = entry
    return found


def mapped_by(pids: Iterable[int]) -> set[int]:
    """The inodes of what these processes have of /dev/shm, mapped or open.

    A semaphore that is being made is open before it is mapped.
    """
    held: set[int] = set()
    for pid in pids:
        with contextlib.suppress(OSError):  # another user's, or it ended meanwhile, or no Linux
            held |= _mapped(pid)
            held |= _open(pid)
    return held


def _mapped(pid: int) -> set[int]:
    maps = Path(f"/proc/{pid}/maps").read_text(errors="replace")
    # address, permissions, offset, device, inode, path: see proc_pid_maps(5).
    lines = [line.split(maxsplit=5) for line in maps.splitlines()]
    return {int(line[4]) for line in lines if line[5:] and line[5].startswith(f"{_FOLDER}/")}


def _open(pid: int) -> set[int]:
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            if os.readlink(descriptor).startswith(f"{_FOLDER}/"):
                found.add(descriptor.stat().st_ino)
    return found


def remove(inodes: Iterable[int]) -> None:
    """Remove those of these that are still there."""
    there = segments()
    for inode in set(inodes) & set(there):
        with contextlib.suppress(OSError):  # its owner removed it meanwhile
            there[inode].unlink()
