"""What the processes of a pool do, and a pool whose every task is recorded."""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import Any

from helpers.workers.executors import meet
from helpers.workers.timeline import Recorder

_loaded: list[int] = []  # what the initializer has put into this process


def square(n: int) -> int:
    return n * n


def add(a: int, b: int) -> int:
    return a + b


def inverse(n: int) -> float:
    """Raises ZeroDivisionError for 0."""
    return 1 / n


def die(code: int) -> None:
    """End the process on the spot, as a crash would."""
    os._exit(code)


def process_id(_: object = None) -> int:
    return os.getpid()


def load(size: int) -> None:
    """An initializer: what is slow to load is loaded once for each process, not for each task."""
    _loaded.append(size)


def how_often_loaded(_: object = None) -> tuple[int, int]:
    """This process's id, and how often ``load`` has run in it."""
    return os.getpid(), len(_loaded)


def nap(seconds: float) -> tuple[float, int]:
    """Sleep; return for how long, and when that was over, on the clock of all processes."""
    time.sleep(seconds)
    return seconds, time.perf_counter_ns()


def recorded(seconds: float) -> dict[str, Any]:
    """Compute for so long, recorded: one piece of this process's lane."""
    with Recorder(f"process {os.getpid()}") as recorder:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            sum(range(300))
            recorder.beat()
    return recorder.recording


def work_through(lengths_s: list[float], workers: int, chunk: int, ordered: bool) -> dict[str, Any]:
    """Let a pool compute for so long each, and note when each result came out.

    chunk: how many tasks are handed over at once. ordered: imap, else imap_unordered.
    Returns recordings (of each task, as they came out) and got_ns (when), and the processes' ids
    in processes. The tasks begin when all processes have started.
    Raises ValueError for no lengths, no workers or no chunk.
    """
    if not lengths_s:
        raise ValueError("lengths_s must hold at least one length")
    for name, value in (("workers", workers), ("chunk", chunk)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    spawn = multiprocessing.get_context("spawn")
    recordings, got_ns = [], []
    with spawn.Pool(workers, meet, (spawn.Barrier(workers),)) as pool:
        results = (pool.imap if ordered else pool.imap_unordered)(recorded, lengths_s, chunk)
        for recording in results:
            got_ns.append(time.perf_counter_ns())
            recordings.append(recording)
        pool.close()
        pool.join()
    return {"recordings": recordings, "got_ns": got_ns}
