"""How children ended, in words."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """One child: what it was to do, its exit code (None: still running), and a remark."""

    child: str
    exit_code: int | None
    remark: str = ""

    @property
    def meaning(self) -> str:
        """What the exit code says.

        Source: https://docs.python.org/3/library/multiprocessing.html
        #multiprocessing.Process.exitcode
        """
        if self.exit_code is None:
            return "still running"
        if self.exit_code >= 0:
            return "no complaint" if self.exit_code == 0 else "a complaint"
        try:
            return f"ended by {signal.Signals(-self.exit_code).name}"
        except ValueError:
            return f"ended by signal {-self.exit_code}"


def without_folders(traceback: str) -> str:
    """A traceback that names each file without its folder, so that it looks alike everywhere."""
    return re.sub(r'File "[^"]*[/\\]([^"/\\]+)"', r'File "…/\1"', traceback)
