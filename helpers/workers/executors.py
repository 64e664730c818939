"""What a pool's workers are asked when the pool is started."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from typing import Any

_PATIENCE_S = 30.0


def nothing() -> None:
    """A task that costs nothing but the handing over."""


def who(seconds: float) -> tuple[int, int]:
    """Sleep, so that other workers get their share; then say who this is: process and thread."""
    time.sleep(seconds)
    return os.getpid(), threading.get_ident()


def meet(barrier: Any) -> None:
    """What each process of a pool runs first: wait until all of them have started.

    So the picture shows the tasks and not the start-up.
    """
    end_with_parent()
    barrier.wait(_PATIENCE_S)


def begin() -> None:
    """What each process of a pool does first: leave interrupts to its parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


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
