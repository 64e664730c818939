"""All that one open notebook has started, seen from outside: its processes and its files."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PATIENCE_S = 60.0
# Jupyter gives it to each kernel, with the notebook's path; everything started there inherits it.
MARK = "JPY_SESSION_NAME"
# multiprocessing's own helpers may stay until the kernel ends.
KEPT = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


@dataclass(frozen=True)
class Family:
    """A kernel and its descendants, orphans too. temporary: the folder for their passing files."""

    notebook: Path
    temporary: Path

    def processes(self) -> list[psutil.Process]:
        """All of them, the kernel among them."""
        return [process for process in psutil.process_iter() if self._is_one(process)]

    def _is_one(self, process: psutil.Process) -> bool:
        try:
            return bool(process.environ().get(MARK) == str(self.notebook))
        except (psutil.Error, OSError):  # another user's, or it ended meanwhile
            return False

    def to_end(self, kernel: int) -> list[str]:
        """The command lines of those that should have ended by the last cell."""
        lines = []
        for process in self.processes():
            try:
                line = " ".join(process.cmdline())
                helper = any(name in line for name in KEPT)
                # What the fork server forks looks like the fork server itself, but is its child.
                if process.pid != kernel and not (helper and process.ppid() == kernel):
                    lines.append(line)
            except psutil.Error:
                continue
        return lines

    def files(self) -> set[str]:
        """What lies in the folder for passing files."""
        return {str(path) for path in self.temporary.rglob("*")}


def settled(look: Callable[[], Any], wanted: Any) -> Any:
    """Look again until it is as wanted, or for as long as is reasonable; return what was seen."""
    until = time.monotonic() + PATIENCE_S
    while (seen := look()) != wanted and time.monotonic() < until:
        time.sleep(0.05)
    return seen
