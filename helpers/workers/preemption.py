"""What becomes of the GIL when the operating system takes its holder off the core. Linux only."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import Any

from helpers.workers.timeline import Recorder

LOWEST_PRIORITY = 19  # the nice value that yields to everybody
_SPIN = "import sys, time\nend = time.time() + float(sys.argv[1])\nwhile time.time() < end: pass"


def spin(seconds: float, recorder: Recorder) -> None:
    """Pure Python: it holds the GIL until it is asked for it."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        recorder.beat()


def stall(competitors: int, seconds: float) -> dict[str, Any]:
    """Let two threads spin, one of them on a core that other processes want as well.

    The "holder" runs at the lowest priority, on one core with so many competing processes. The
    "other" thread has a core for itself, if there are two.

    Returns cores (how many were used) and recordings of "holder" and "other".
    """
    cores = sorted(os.sched_getaffinity(0))[:2]
    rivals = [
        # It ends by itself: this process, whose holder it starves, might be late to end it.
        subprocess.Popen(
            [sys.executable, "-S", "-c", _SPIN, str(seconds)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(competitors)
    ]
    try:
        for rival in rivals:
            os.sched_setaffinity(rival.pid, {cores[0]})
        return {"cores": len(cores), "recordings": _two_threads(cores, seconds)}
    finally:
        for rival in rivals:
            rival.kill()
            rival.wait()


def _two_threads(cores: list[int], seconds: float) -> list[dict[str, Any]]:
    ready = threading.Barrier(2)
    recordings: dict[str, dict[str, Any]] = {}

    def run(lane: str, core: int, priority: int) -> None:
        # On Linux each thread has cores and a nice value of its own; 0 is the calling thread.
        # Source: https://man7.org/linux/man-pages/man7/sched.7.html
        os.sched_setaffinity(0, {core})
        os.setpriority(os.PRIO_PROCESS, 0, priority)
        with Recorder(lane) as recorder:
            ready.wait()
            spin(seconds, recorder)
        recordings[lane] = recorder.recording

    now = os.getpriority(os.PRIO_PROCESS, 0)
    threads = [
        threading.Thread(target=run, args=("holder", cores[0], LOWEST_PRIORITY)),
        threading.Thread(target=run, args=("other", cores[-1], now)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [recordings["holder"], recordings["other"]]
