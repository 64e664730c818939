"""A SQLite file to ask, and the same questions through aiosqlite."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers.workers import database as work

MOST_ROWS = 1_000_000
CONNECTIONS = 8  # each is a thread


@contextmanager
def sales(rows: int) -> Iterator[str]:
    """The path of a database file with so many sales, which ends with the block.

    Raises ValueError for a number outside 1 to a million.
    """
    if not 1 <= rows <= MOST_ROWS:
        raise ValueError(f"rows must be 1 to {MOST_ROWS:,}, got {rows}")
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "sales.db"))
        work.fill(path, rows)
        yield path


async def ask(path: str, question: str, value: object) -> list[object]:
    """One question through aiosqlite, on a connection of its own."""
    import aiosqlite

    async with aiosqlite.connect(path) as database:
        [row] = await database.execute_fetchall(question, (value,))
        return list(row)


async def reports(path: str, cities: Sequence[int]) -> list[list[object]]:
    """The long question for each city, on up to CONNECTIONS at once."""
    return await _all(path, work.REPORT, [f"city {city}" for city in cities])


async def lookups(path: str, keys: Sequence[int]) -> list[list[object]]:
    """The short question for each key, on up to CONNECTIONS at once."""
    return await _all(path, work.LOOKUP, keys)


async def _all(path: str, question: str, values: Sequence[object]) -> list[list[object]]:
    turn = asyncio.Semaphore(CONNECTIONS)

    async def one(value: object) -> list[object]:
        async with turn:
            return await ask(path, question, value)

    return await asyncio.gather(*map(one, values))
