"""Look at a task from outside: does it compute or wait, and does it let go of the GIL meanwhile?

A thread that runs Python code gives the GIL up when another thread has asked for a switch
interval. Here the interval is made so long that nobody's asking ever counts. Then another thread
gets its turns only while the task lets go of the GIL by itself: because it waits, or because its
C code says that it can do without.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from helpers.workers.timeline import Interval, Recorder

BEAT_S = 0.0005
HELD_NS = 2_000_000  # a longer silence of the other thread was no late beat, but a GIL held
_NEVER_S = 1000.0


def look_at(function: Callable[..., Any], args: list[Any], seconds: float) -> dict[str, float]:
    """Call the function again and again for so long, beside a thread that beats.

    Returns seconds (of one call), computing (the part, 0 to 1, of the time in which this thread
    had a core), free (the part in which the other thread got its turns), and beats (its turns).
    Time in the queue for a core, where the system tells it, counts for neither.
    """
    function(*args)  # what is imported or cached at the first call is not the task
    beats: list[Interval] = []
    up, over = threading.Event(), threading.Event()
    beating = threading.Thread(target=_beat, args=(beats, up, over))
    usual = sys.getswitchinterval()
    beating.start()
    up.wait()
    sys.setswitchinterval(_NEVER_S)
    try:
        calls, until = 0, time.perf_counter() + seconds
        with Recorder("task") as task:
            while calls == 0 or time.perf_counter() < until:
                function(*args)
                calls += 1
    finally:
        sys.setswitchinterval(usual)
        over.set()
        beating.join()
    [(_, began, _, ended, used, queued, _)] = task.recording["intervals"]
    silences = [
        _silence(beat, began, ended) for beat in beats if began < beat[3] and beat[1] < ended
    ]
    held = sum(one for one in silences if one > HELD_NS)
    ran = ended - began - (queued or 0)
    return {
        "seconds": ran / 1e9 / calls,
        "computing": min(1.0, used / ran),
        "free": 1 - held / max(held, sum(silences), 1),
        "beats": sum(began < beat[3] < ended for beat in beats),
    }


def _beat(beats: list[Interval], up: threading.Event, over: threading.Event) -> None:
    """Sleep again and again: each sleep lasts until the system and then the GIL let it end."""
    with Recorder("beats") as recorder:
        while not over.is_set():
            with recorder.sleeping():
                time.sleep(BEAT_S)
            up.set()
    beats += recorder.recording["intervals"]


def _silence(beat: Interval, began: int, ended: int) -> int:
    """Nanoseconds of a beat, without its wait for a core, but no more than lie in the limits."""
    return min(beat[3] - beat[1] - (beat[5] or 0), min(beat[3], ended) - max(beat[1], began))
