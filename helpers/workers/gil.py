"""Threads that compete for the GIL, and threads that don't.

Every function here takes plain numbers and texts and starts its own threads, so that
`helpers.measure.elsewhere.call` can run it in a fresh interpreter.
"""

from __future__ import annotations

import hashlib
import sys
import threading
import time
import zlib
from collections.abc import Callable
from typing import Any

from helpers.workers.timeline import RELEASED, SLEEPING, WORKING, Recorder, gil_enabled

BLOCK = bytes(range(256)) * 4096  # 1 MiB: enough for one call of C code to take a while
SMALL_ADDITIONS = 400
BIG = 3**3000  # multiplying it by itself takes hundreds of times as long as adding small ints


def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def python_step() -> None:
    """Some 20 microseconds of pure Python, which needs the GIL all the time."""
    fib(11)


def small_numbers_step() -> None:
    """Hundreds of cheap bytecodes."""
    total = 0
    for number in range(SMALL_ADDITIONS):
        total += number


def big_numbers_step() -> None:
    """A handful of bytecodes, of which one is expensive."""
    BIG * BIG


def hashing_step() -> None:
    """C code that releases the GIL: hashlib does for more than 2047 bytes at once.

    Source: https://docs.python.org/3/library/hashlib.html
    """
    hashlib.sha256(BLOCK)


def compression_step() -> None:
    """C code that releases the GIL: zlib does.

    Source: https://docs.python.org/3.13/c-api/init.html#releasing-the-gil-from-extension-code
    """
    zlib.compress(BLOCK, 1)


def sleeping_step() -> None:
    """No work at all. A sleeping thread has let go of the GIL."""
    time.sleep(0.002)


# Kind of work: one step of it, and what the recorder is to call it.
KINDS: dict[str, tuple[Callable[[], None], str]] = {
    "pure Python": (python_step, WORKING),
    "hashing": (hashing_step, RELEASED),
    "compression": (compression_step, RELEASED),
    "sleeping": (sleeping_step, SLEEPING),
    "small numbers": (small_numbers_step, WORKING),
    "big numbers": (big_numbers_step, WORKING),
}


def work(kind: str, steps: int, recorder: Recorder | None = None) -> None:
    """Do so many steps of one kind of work, telling the recorder if there is one."""
    step, activity = KINDS[kind]
    if recorder is None:
        for _ in range(steps):
            step()
    elif activity == WORKING:
        for _ in range(steps):
            step()
            recorder.beat()
    else:
        for _ in range(steps):
            with recorder.doing(activity):
                step()


def steps_for(kind: str, seconds: float) -> int:
    """How many steps one thread by itself does in about so many seconds."""
    times = []
    for _ in range(11):
        began = time.perf_counter()
        work(kind, 1)
        times.append(time.perf_counter() - began)
    return max(1, round(seconds / sorted(times)[5]))


def in_threads(
    kind: str, threads: int, steps: int, record: bool = False, patience_ns: int = 100_000
) -> dict[str, Any]:
    """Do so many steps in each of so many threads, which all start together.

    Returns seconds, start_ns (when the threads were let go) and recordings (one for each
    thread; none without ``record``).
    """
    started: list[int] = []
    ended: list[int] = []
    recordings: list[dict[str, Any]] = []
    # The last thread to arrive notes the time, then all are let go.
    ready = threading.Barrier(threads, action=lambda: started.append(time.perf_counter_ns()))

    def run(lane: str) -> None:
        if record:
            with Recorder(lane, patience_ns) as recorder:
                ready.wait()
                work(kind, steps, recorder)
            recordings.append(recorder.recording)
        else:
            ready.wait()
            work(kind, steps)
        ended.append(time.perf_counter_ns())

    workers = [threading.Thread(target=run, args=(f"thread {n}",)) for n in range(1, threads + 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {
        "seconds": (max(ended) - started[0]) / 1e9,
        "start_ns": started[0],
        "recordings": sorted(recordings, key=lambda recording: recording["lane"]),
    }


def contend(
    kind: str,
    threads: int,
    seconds: float,
    interval_s: float,
    patience_ns: int = 100_000,
    record: bool = True,
) -> dict[str, Any]:
    """Do the same work one after another, then in threads that start together.

    seconds: how long each thread's work takes about, when it runs by itself.
    interval_s: the switch interval. patience_ns: see ``Recorder``.

    Returns what ``in_threads`` does, with steps (of each thread) and alone_s, the seconds that
    the work of all threads took one after another.
    """
    sys.setswitchinterval(interval_s)
    steps = steps_for(kind, seconds)
    alone = [in_threads(kind, 1, steps, record, patience_ns)["seconds"] for _ in range(threads)]
    together = in_threads(kind, threads, steps, record, patience_ns)
    return {"steps": steps, "alone_s": sum(alone), **together}


def scale(kind: str, threads: int, seconds: float, rounds: int) -> dict[str, Any]:
    """The seconds that the work takes one after another, and together in threads, by round."""
    steps = steps_for(kind, seconds)
    alone, together = [], []
    for _ in range(rounds):
        alone.append(sum(in_threads(kind, 1, steps)["seconds"] for _ in range(threads)))
        together.append(in_threads(kind, threads, steps)["seconds"])
    return {"gil": gil_enabled(), "alone": alone, "together": together}


def alternate(kind: str, interval_s: float, seconds: float, patience_ns: int) -> dict[str, Any]:
    """Let two threads compute for so many seconds.

    patience_ns: see ``Recorder``.
    Returns steps (of both), recordings, and start_ns and end_ns, between which both were at it.
    """
    sys.setswitchinterval(interval_s)
    step, _ = KINDS[kind]
    limits: list[int] = []
    steps: list[int] = []
    recordings: list[dict[str, Any]] = []

    def set_limits() -> None:
        now = time.perf_counter_ns()
        limits.extend([now, now + round(seconds * 1e9)])

    ready = threading.Barrier(2, action=set_limits)

    def run(lane: str) -> None:
        done = 0
        with Recorder(lane, patience_ns) as recorder:
            ready.wait()
            while time.perf_counter_ns() < limits[1]:
                step()
                done += 1
                recorder.beat()
        steps.append(done)
        recordings.append(recorder.recording)

    workers = [threading.Thread(target=run, args=(f"thread {n}",)) for n in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    start_ns, end_ns = limits
    return {
        "steps": sum(steps),
        "recordings": recordings,
        "start_ns": start_ns,
        "end_ns": end_ns,
    }


# Loads that hold the GIL for less or more of the time.


def nap(end: float, recorder: Recorder) -> None:
    while time.perf_counter() < end:
        with recorder.sleeping():
            time.sleep(0.01)


def sleep_through(end: float, recorder: Recorder) -> None:
    with recorder.sleeping():
        time.sleep(max(0.0, end - time.perf_counter()))


def copy_and_hash(end: float, recorder: Recorder) -> None:
    """Copying the block needs the GIL, hashing it doesn't."""
    while time.perf_counter() < end:
        block = bytearray(BLOCK)
        recorder.beat()
        with recorder.released():
            hashlib.sha256(block)


def spin(end: float, recorder: Recorder) -> None:
    while time.perf_counter() < end:
        python_step()
        recorder.beat()


# Load: how many threads do what.
LOADS: dict[str, tuple[int, Callable[[float, Recorder], None]]] = {
    "idle": (1, sleep_through),
    "sleeping": (2, nap),
    "hashing": (2, copy_and_hash),
    "one spinner": (1, spin),
    "two spinners": (2, spin),
}


def load(kind: str, seconds: float) -> list[dict[str, Any]]:
    """Put one of the loads on this interpreter for so many seconds; return the recordings."""
    threads, run = LOADS[kind]
    end = time.perf_counter() + seconds
    recordings: list[dict[str, Any]] = []

    def record(lane: str) -> None:
        with Recorder(lane) as recorder:
            run(end, recorder)
        recordings.append(recorder.recording)

    workers = [
        threading.Thread(target=record, args=(f"thread {n}",)) for n in range(1, threads + 1)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return recordings
