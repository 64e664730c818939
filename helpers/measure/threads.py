"""What a queue's ``shutdown`` does, asked on an interpreter that has it."""

from __future__ import annotations

import threading

from helpers.measure.elsewhere import call
from helpers.measure.interpreters import find_interpreters
from helpers.measure.verdict import Verdict, checked, untold
from helpers.workers import threads as worker

SHUTDOWN_SINCE = (3, 13)
_DEADLINE_S = 20.0


def shut_down(workers: int, tasks: int, stop: threading.Event | None = None) -> Verdict:
    """Are all tasks handled, and do all workers end, when their queue is shut down?

    Asked on this interpreter if it is new enough, else on another one of this machine.
    Raises ValueError for no workers or fewer than no tasks; else as ``elsewhere.call``.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    if tasks < 0:
        raise ValueError(f"tasks must not be negative, got {tasks}")
    able = [one for one in find_interpreters().interpreters if one.version >= SHUTDOWN_SINCE]
    if not able:
        return untold("it takes Python 3.13, and there is none on this machine")
    found = call(
        worker.shut_down, workers, tasks, python=able[0].path, deadline=_DEADLINE_S, stop=stop
    )
    return checked(
        found["done"] == list(range(tasks)) and found["ended"] == workers,
        f"{len(found['done'])} of {tasks} tasks handled, {found['ended']} of {workers} workers "
        f"ended, on {able[0].label}",
    )
