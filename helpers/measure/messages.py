"""How processes talk: when a pipe ends, and how long a message of which size takes."""

from __future__ import annotations

import multiprocessing
import statistics
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpers.measure.elsewhere import call
from helpers.workers import messages as workers

if TYPE_CHECKING:
    import numpy as np

KINDS = workers.KINDS
PLANS = workers.PLANS
SIZES = (1, 1 << 10, 1 << 16, 1 << 20, 1 << 24, 1 << 26)  # 1 B to 64 MiB
_DEADLINE_S = 120.0
_AT_ONCE = 4


@dataclass(frozen=True)
class PipeEnds:
    """For each plan and start method how the receiver learnt of the end."""

    ends: Mapping[tuple[str, str], str]
    methods: tuple[str, ...]


@dataclass(frozen=True)
class Transfers:
    """Seconds of each message, by kind and size in bytes; a size that was left out is missing."""

    seconds: Mapping[tuple[str, int], tuple[float, ...]]

    def sizes(self, kind: str) -> list[int]:
        return sorted(size for name, size in self.seconds if name == kind)

    def kinds(self) -> list[str]:
        return [kind for kind in KINDS if self.sizes(kind)]

    def latency_s(self, kind: str, size: int) -> float:
        """The median. KeyError for what was left out."""
        return statistics.median(self.seconds[kind, size])

    def throughput(self, kind: str, size: int) -> float:
        """Bytes a second."""
        return size / self.latency_s(kind, size)

    def quickest(self, size: int) -> str:
        """The kind with the shortest median for this size."""
        measured = [kind for kind in self.kinds() if size in self.sizes(kind)]
        return min(measured, key=lambda kind: self.latency_s(kind, size))


def pipe_ends() -> PipeEnds:
    """Try each plan under each start method, several at a time, in fresh interpreters."""
    methods = tuple(
        name
        for name in ("fork", "spawn", "forkserver")
        if name in multiprocessing.get_all_start_methods()
    )
    pairs = [(plan, method) for plan in PLANS for method in methods]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = {
            (plan, method): pool.submit(call, workers.pipe_ends, method, plan, deadline=_DEADLINE_S)
            for plan, method in pairs
        }
    return PipeEnds({pair: future.result() for pair, future in futures.items()}, methods)


def transfers(
    sizes: Sequence[int] = SIZES[:-1],
    kinds: Sequence[str] = KINDS,
    progress: Callable[[float], None] | None = None,
    stop: threading.Event | None = None,
) -> Transfers:
    """Measure each kind with each size, in fresh interpreters: more often where it is quick.

    sizes: bytes, 1 to 64 MiB. kinds: of KINDS. progress: called with the part done (0 to 1).
    Raises ValueError for no sizes or kinds, or one outside; and what ``elsewhere.call`` raises.
    """
    if not sizes or not all(1 <= size <= SIZES[-1] for size in sizes):
        raise ValueError(f"sizes must lie between 1 and {SIZES[-1]} bytes, got {list(sizes)}")
    sizes = sorted(sizes)
    if not kinds or not set(kinds) <= set(KINDS):
        raise ValueError(f"kinds must be some of {list(KINDS)}, got {list(kinds)}")
    repeats = [30 if size <= 1 << 16 else 15 if size <= 1 << 20 else 5 for size in sizes]
    found: dict[tuple[str, int], tuple[float, ...]] = {}
    for number, kind in enumerate(kinds):
        if progress is not None:
            progress((number + 0.1) / len(kinds))
        taken = call(
            workers.transfer_times, kind, list(sizes), repeats, deadline=_DEADLINE_S, stop=stop
        )
        found.update({(kind, size): tuple(s) for size, s in zip(sizes, taken, strict=True) if s})
    return Transfers(found)


def double_in_place(name: str, count: int) -> None:
    """Double so many numbers in a shared-memory segment, with NumPy.

    It runs in a child, and stands here because workers import the standard library only.
    """
    from multiprocessing.shared_memory import SharedMemory

    segment = SharedMemory(name)
    numbers = as_array(segment, count)
    numbers *= 2
    del numbers  # it looks into the segment, which can't be closed before
    segment.close()


def as_array(segment: object, count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The segment's first numbers as an array that looks into it: nothing is copied."""
    import numpy as np

    return np.ndarray((count,), dtype=np.float64, buffer=segment.buf)  # type: ignore[attr-defined]
