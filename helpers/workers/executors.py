"""What a pool's workers are asked when the pool is started."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time


def nothing() -> None:
    """A task that costs nothing but the handing over."""


def who(seconds: float) -> tuple[int, int]:
    """Sleep, so that other workers get their share; then say who this is: process and thread."""
    time.sleep(seconds)
    return os.getpid(), threading.get_ident()


def end_with_parent() -> None:
    """Let this process end when its parent does, which a pool's process doesn't do by itself.

    Source: https://github.com/python/cpython/issues/111873
    """
    threading.Thread(target=_leave_with_parent, name="end with parent", daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
