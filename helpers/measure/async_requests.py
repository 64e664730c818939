"""Fetch many pages with aiohttp, and note when each was waiting, asked for, and there."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpers.measure.apart import run_apart
from helpers.measure.loopback import loopback

if TYPE_CHECKING:  # importing it takes longer than all of helpers
    import aiohttp

MOST_PAGES = 500
OK, ERROR_PAGE, TIMED_OUT, NO_CONNECTION = "ok", "error page", "timed out", "no connection"
OUTCOMES = (OK, ERROR_PAGE, TIMED_OUT, NO_CONNECTION)


@dataclass(frozen=True)
class Page:
    """What became of one address.

    start_s, asked_s, end_s: seconds since the first began to wait: it waited for its turn until
    asked_s, and was asked for from there to end_s. outcome: one of OUTCOMES. status: None if no
    answer came. size: bytes of the page, 0 for any other outcome than "ok".
    """

    url: str
    start_s: float
    asked_s: float
    end_s: float
    outcome: str
    status: int | None = None
    size: int = 0


@dataclass(frozen=True)
class Crawl:
    """Pages in the order of their addresses, and the most that the server had in hand at once."""

    pages: tuple[Page, ...]
    at_once: int
    most_at_once: int

    @property
    def seconds(self) -> float:
        """From the first start to the last end."""
        return max((page.end_s for page in self.pages), default=0.0)

    @property
    def outcomes(self) -> dict[str, int]:
        """How many pages there are of each outcome that occurred."""
        counted = Counter(page.outcome for page in self.pages)
        return {name: counted[name] for name in OUTCOMES if counted[name]}


async def fetch(
    session: aiohttp.ClientSession, url: str, turn: asyncio.Semaphore | None, began: float
) -> Page:
    """Fetch one page when its turn comes. What goes wrong with it is in its outcome."""
    import aiohttp

    start_s = asked_s = time.perf_counter() - began
    status, size = None, 0
    async with turn or contextlib.nullcontext():
        asked_s = time.perf_counter() - began
        try:
            async with session.get(url) as response:
                status = response.status
                body = await response.read()
            outcome = OK if response.ok else ERROR_PAGE
            size = len(body) if response.ok else 0
        except TimeoutError:
            outcome = TIMED_OUT
        except aiohttp.ClientError:
            outcome = NO_CONNECTION
        end_s = time.perf_counter() - began
    return Page(url, start_s, asked_s, end_s, outcome, status, size)


async def fetch_all(
    urls: Sequence[str],
    at_once: int | None = None,
    timeout_s: float = 5.0,
    connections: int = 100,
) -> tuple[Page, ...]:
    """Fetch all pages in one session; the result has their order.

    at_once: how many may be asked for at the same time; as many as there are connections if not
    given. timeout_s: for each, from when it is asked for. connections: the session's limit.
    Raises ValueError for no time or no place.
    """
    import aiohttp

    for name, value in (
        ("at_once", at_once),
        ("timeout_s", timeout_s),
        ("connections", connections),
    ):
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be positive, got {value}")
    turn = None if at_once is None else asyncio.Semaphore(at_once)
    connector = aiohttp.TCPConnector(limit=connections)
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    began = time.perf_counter()
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        return tuple(await asyncio.gather(*(fetch(session, url, turn, began) for url in urls)))


def crawl(
    pages: int = 40,
    at_once: int = 10,
    latency_s: float = 0.05,
    error_rate: float = 0.0,
    timeout_s: float = 5.0,
    stop: threading.Event | None = None,
) -> Crawl:
    """Fetch pages from a server of this computer's own, which ends with the crawl.

    pages: 1 to MOST_PAGES. at_once: how many may be asked for at the same time, up to as many.
    latency_s, error_rate: of the server; half of its answers take longer than latency_s, half
    are quicker, by up to half of it. timeout_s: for each page.
    Raises ValueError for what lies outside, and Stopped.
    """
    if not 1 <= pages <= MOST_PAGES:
        raise ValueError(f"pages must be 1 to {MOST_PAGES}, got {pages}")
    if not 1 <= at_once <= MOST_PAGES:
        raise ValueError(f"at_once must be 1 to {MOST_PAGES}, got {at_once}")
    if not timeout_s > 0:
        raise ValueError(f"timeout_s must be positive, got {timeout_s}")
    with loopback(latency_s, jitter_s=latency_s / 2, error_rate=error_rate) as server:
        urls = [f"{server.url}/page{number}" for number in range(1, pages + 1)]
        found = run_apart(fetch_all, urls, at_once, timeout_s, max(100, at_once), stop=stop)
        return Crawl(found, at_once, server.served().most_at_once)
