"""Checks of the exercises about the six jobs: a mixed job, and a connection for each thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from helpers.course.exercises import NotYet

_URLS = tuple(f"/page{number}" for number in range(1, 6))
_SLOWEST = _URLS[1]  # comes last, and isn't the last one
_THREAD = "exercise pool"
_PATIENCE_S = 2.0
_KEYS = tuple(range(40))
_WORKERS = 3


class _Job:
    """A fetch and a work function for the answer, which note who calls them and when."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.worked_in: dict[str, str] = {}
        self.first_work = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.early = True

    async def fetch(self, url: str) -> str:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0.01)
            if url == _SLOWEST and self.most > 1:
                # The slowest page comes only after some work has begun, or when it never does.
                try:
                    await asyncio.wait_for(self.first_work.wait(), _PATIENCE_S)
                except TimeoutError:
                    self.early = False
        finally:
            self.now -= 1
        return f"content of {url}"

    def work(self, page: str) -> str:
        if not isinstance(page, str):
            if hasattr(page, "close"):
                page.close()  # a coroutine: nobody will await it any more
            raise NotYet(f"work got {page!r}, not a page. Await fetch(url) first.")
        self.worked_in[page] = threading.current_thread().name
        self.loop.call_soon_threadsafe(self.first_work.set)
        time.sleep(0.002)
        return page.upper()


def fetch_and_work(answer: Callable[..., Any]) -> str:
    """Check ``answer(urls, fetch, work, pool)``: all at once, work in the pool, in order."""
    with ThreadPoolExecutor(2, thread_name_prefix=_THREAD) as pool:
        job, found = asyncio.run(_mixed(answer, pool))
    if not job.most:
        raise NotYet("fetch was never called. Replace the ... and run the cell again.")
    if job.most == 1:
        raise NotYet(
            "The pages were fetched one after another. Give each a coroutine of its own and gather "
            "them."
        )
    if not job.worked_in:
        raise NotYet("No page was worked on: let work(page) run in the pool.")
    strangers = {name for name in job.worked_in.values() if not name.startswith(_THREAD)}
    if strangers:
        raise NotYet(
            f"work ran in {sorted(strangers)[0]}, not in the pool that you were given: "
            "loop.run_in_executor(pool, work, page)."
        )
    if not job.early:
        raise NotYet(
            "No work began before the slowest page was there. Fetch and work belong in one "
            "coroutine for each page."
        )
    expected = [f"CONTENT OF {url.upper()}" for url in _URLS]
    if found != expected:
        raise NotYet(f"Return the results in the order of the addresses, not {found!r}.")
    return f"{len(_URLS)} pages, {job.most} fetched at once, and each worked on in the pool."


async def _mixed(answer: Callable[..., Any], pool: ThreadPoolExecutor) -> tuple[_Job, Any]:
    job = _Job()
    given = answer(list(_URLS), job.fetch, job.work, pool)
    if not hasattr(given, "__await__"):
        raise NotYet("fetch_and_work must be a coroutine function: keep its async def.")
    return job, await given


class _Connection:
    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.asked = 0
        self.closed = False

    def look_up(self, key: int) -> int:
        if self.closed:
            raise NotYet("A connection was asked after it had been closed.")
        if threading.get_ident() != self.thread:
            raise NotYet(
                "A connection was used in another thread than the one that opened it. Give each "
                "thread its own, in a threading.local."
            )
        self.asked += 1
        time.sleep(0.001)
        return key * key

    def close(self) -> None:
        self.closed = True


def look_up_all(answer: Callable[..., Any]) -> str:
    """Check ``answer(keys, connect, workers)``: one connection a thread, all closed, in order."""
    opened: list[_Connection] = []

    def connect() -> _Connection:
        opened.append(_Connection())
        return opened[-1]

    found = answer(list(_KEYS), connect, _WORKERS)
    if not opened:
        raise NotYet("No connection was opened. Replace the ... and run the cell again.")
    if len(opened) > _WORKERS:
        raise NotYet(
            f"{len(opened)} connections were opened for {_WORKERS} threads. The pool's initializer "
            "runs once for each thread."
        )
    if len({connection.thread for connection in opened if connection.asked}) < 2:
        raise NotYet("All keys were looked up in one thread. Map them over a pool of threads.")
    left = sum(not connection.closed for connection in opened)
    if left:
        raise NotYet(
            f"{left} of {len(opened)} connections were left open. Note each as it is opened, and "
            "close them in the end."
        )
    if found != [key * key for key in _KEYS]:
        raise NotYet(f"Return a list of the answers in the order of the keys, not {found!r}.")
    return f"{len(_KEYS)} look-ups on {len(opened)} connections, one for each thread, all closed."
