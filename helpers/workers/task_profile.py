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

BEAT_S = 0.0005
HELD_S = 0.003  # a longer silence of the other thread was no turn missed, but a GIL held
_NEVER_S = 1000.0


def look_at(function: Callable[..., Any], args: list[Any], seconds: float) -> dict[str, float]:
    """Call the function again and again for so long, beside a thread that beats.

    Returns seconds (of one call), computing (the part, 0 to 1, of the time in which this thread
    had a core), free (the part in which the other thread got its turns), and beats (its turns).
    """
    function(*args)  # what is imported or cached at the first call is not the task
    stamps: list[float] = []
    over = threading.Event()
    beating = threading.Thread(target=_beat, args=(stamps, over))
    usual = sys.getswitchinterval()
    beating.start()
    while not stamps:
        time.sleep(BEAT_S)
    sys.setswitchinterval(_NEVER_S)
    try:
        calls = 0
        began, used = time.perf_counter(), time.thread_time()
        while calls == 0 or time.perf_counter() - began < seconds:
            function(*args)
            calls += 1
        ended, used = time.perf_counter(), time.thread_time() - used
    finally:
        sys.setswitchinterval(usual)
        over.set()
        beating.join()
    turns = [stamp for stamp in stamps if began < stamp < ended]
    marks = [began, *turns, ended]
    silences = [after - before for before, after in zip(marks, marks[1:])]
    held = sum(silence for silence in silences if silence > HELD_S)
    length = ended - began
    return {
        "seconds": length / calls,
        "computing": min(1.0, used / length),
        "free": 1 - held / length,
        "beats": len(turns),
    }


def _beat(stamps: list[float], over: threading.Event) -> None:
    while not over.is_set():
        stamps.append(time.perf_counter())
        time.sleep(BEAT_S)
