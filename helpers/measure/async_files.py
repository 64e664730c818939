"""Read the same small files plainly, in threads, and with aiofiles."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from helpers.measure.compare import Comparison, compare

PLAIN, TO_THREAD, AIOFILES = "plain reading", "to_thread", "aiofiles"
_MOST_BYTES = 100_000_000  # of all files together


class CountingPool(ThreadPoolExecutor):
    """A pool of threads that counts how often it was handed something to do."""

    handed_over = 0

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        self.handed_over += 1
        return super().submit(*args, **kwargs)


def read_plainly(paths: Sequence[Path]) -> list[bytes]:
    """One file after another. An event loop stands still meanwhile."""
    return [path.read_bytes() for path in paths]


async def read_in_threads(paths: Sequence[Path]) -> list[bytes]:
    """Each file is one call for a thread of the loop's own pool."""
    return await asyncio.gather(*(asyncio.to_thread(path.read_bytes) for path in paths))


async def read_with_aiofiles(paths: Sequence[Path]) -> list[bytes]:
    """Each open, read and close is a call for a thread of the loop's own pool."""
    import aiofiles

    async def read(path: Path) -> bytes:
        async with aiofiles.open(path, "rb") as file:
            content: bytes = await file.read()
            return content

    return await asyncio.gather(*map(read, paths))


def reading(files: int = 20, size: int = 2_000, repeats: int = 7) -> Comparison:
    """Time the three ways to read so many files that were just written, in one event loop.

    What was just written is still in the system's memory, so no disk is waited for.
    size: of each file, in bytes; at most 100 MB for all of them.
    Raises ValueError for no files, no size, more than that, or fewer than 7 repeats.
    """
    for name, value in (("files", files), ("size", size)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if files * size > _MOST_BYTES:
        raise ValueError(f"size must be at most {_MOST_BYTES // files:,} for {files} files")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"file{number}.bin") for number in range(files)]
        for path in paths:
            path.write_bytes(b"x" * size)
        # A thread of its own: in a notebook's main thread a loop runs already.
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(_compared, paths, repeats).result()


def _compared(paths: Sequence[Path], repeats: int) -> Comparison:
    with asyncio.Runner() as runner:
        ways: dict[str, Callable[[], object]] = {
            PLAIN: lambda: read_plainly(paths),
            TO_THREAD: lambda: runner.run(read_in_threads(paths)),
            AIOFILES: lambda: runner.run(read_with_aiofiles(paths)),
        }
        return compare(ways, repeats)
