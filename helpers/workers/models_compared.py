"""Tasks of four kinds, small enough to be handed to any executor: compute, wait, both, hash."""

from __future__ import annotations

import asyncio
import hashlib
import time

from helpers.workers.computing import compute

BLOCK = bytes(range(256)) * 256  # 64 KiB
_PROBES = 5
_SLOW_CLOCK_NS = 100_000  # a clock that ticks more slowly may have seen nothing pass


def wait(seconds: float) -> float:
    """Need nothing but time, as one who waits for a network or a disk does."""
    time.sleep(seconds)
    return seconds


async def wait_async(seconds: float) -> float:
    """The same for an event loop, which does other things meanwhile."""
    await asyncio.sleep(seconds)
    return seconds


def fetch_and_compute(seconds: float, loops: int) -> int:
    """First wait, as for an answer, then compute with it in pure Python."""
    time.sleep(seconds)
    return compute(loops)


async def fetch_and_compute_async(seconds: float, loops: int) -> int:
    """The same for an event loop. While it computes, the loop does nothing else."""
    await asyncio.sleep(seconds)
    return compute(loops)


def hash_blocks(blocks: int) -> str:
    """C code that releases the GIL: hashlib does for more than 2047 bytes at once.

    Source: https://docs.python.org/3/library/hashlib.html#hashlib.hash.update
    """
    digest = hashlib.sha256()
    for _ in range(blocks):
        digest.update(BLOCK)
    return digest.hexdigest()


def blocks_in(seconds: float) -> int:
    """How many blocks are hashed in so many seconds of one core, by the best of a few probes.

    Raises ValueError if seconds isn't positive.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be positive, got {seconds}")
    blocks, best = 16, float("inf")
    for _ in range(_PROBES):
        began = time.thread_time_ns()
        hash_blocks(blocks)
        best = min(best, time.thread_time_ns() - began)
    return max(1, int(blocks * seconds * 1e9 / max(best, _SLOW_CLOCK_NS)))
