"""Fetch many pages with aiohttp, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing it takes longer than all of helpers
    import aiohttp


async def page(session: aiohttp.ClientSession, url: str) -> int:
    """The size of a page in bytes. Raises aiohttp.ClientError if there is no answer."""
    async with session.get(url) as response:
        return len(await response.read())


async def pages(urls: Sequence[str]) -> list[int]:
    """The sizes of all pages, in one session, in the order of their addresses."""
    import aiohttp

    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(page(session, url) for url in urls))


def addresses(site: str, count: int) -> list[str]:
    """The addresses of so many pages. Raises ValueError for none."""
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    return [f"{site}/page{number}" for number in range(1, count + 1)]
