"""Tasks behind the advice: large data by value and by name, and a loop that hands over."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from multiprocessing import shared_memory

from helpers.workers.computing import compute


def ends_of(data: bytes) -> tuple[int, int]:
    """The first and the last byte of data that was sent here."""
    return data[0], data[-1]


def ends_in(name: str) -> tuple[int, int]:
    """The first and the last byte of a piece of shared memory, of which only the name was sent."""
    segment = shared_memory.SharedMemory(name)
    assert segment.buf is not None
    ends = segment.buf[0], segment.buf[-1]
    segment.close()
    return ends


def wait_in_threads(count: int, seconds: float) -> int:
    """Start so many threads that all wait so long. How many came back."""
    threads = [threading.Thread(target=time.sleep, args=(seconds,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(threads)


async def wait_in_tasks(count: int, seconds: float) -> int:
    """The same with tasks of one event loop."""
    waits = [asyncio.create_task(asyncio.sleep(seconds)) for _ in range(count)]
    for wait in waits:
        await wait
    return len(waits)


async def fetch_and_hand_over(tasks: int, seconds: float, loops: int, pool: Executor) -> list[int]:
    """Wait in the event loop, compute in the pool."""
    loop = asyncio.get_running_loop()

    async def one() -> int:
        await asyncio.sleep(seconds)
        return await loop.run_in_executor(pool, compute, loops)

    return list(await asyncio.gather(*(one() for _ in range(tasks))))


async def fetch_and_compute_here(tasks: int, seconds: float, loops: int) -> list[int]:
    """Wait in the event loop, and compute in it too: meanwhile it does nothing else."""

    async def one() -> int:
        await asyncio.sleep(seconds)
        return compute(loops)

    return list(await asyncio.gather(*(one() for _ in range(tasks))))


def in_two_pools(
    waits: Sequence[float], loops: int, threads: Executor, processes: Executor
) -> list[int]:
    """Wait in one pool; whatever has its answer is computed in the other."""
    answers = threads.map(time.sleep, waits)
    return [future.result() for future in [processes.submit(compute, loops) for _ in answers]]
