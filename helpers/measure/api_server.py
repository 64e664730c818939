"""A web server of aiohttp whose handlers block, await, or leave the wait to a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from helpers.workers.loopback import LOCALHOST

if TYPE_CHECKING:  # importing it takes longer than all of helpers
    from aiohttp import web

BLOCKING, AWAITING, IN_THREADS = "handler that blocks", "handler that awaits", "handler in threads"
PATHS = {BLOCKING: "/blocking", AWAITING: "/awaiting", IN_THREADS: "/thread"}
MOST_S = 1.0


def application(wait_s: float) -> web.Application:
    """Three addresses that each wait so many seconds (up to 1) before they answer.

    Raises ValueError for a wait outside 0 to 1.
    """
    from aiohttp import web

    if not 0 <= wait_s <= MOST_S:
        raise ValueError(f"wait_s must lie between 0 and {MOST_S:g}, got {wait_s}")

    async def blocking(_request: web.Request) -> web.Response:
        time.sleep(wait_s)
        return web.Response(text="done")

    async def awaiting(_request: web.Request) -> web.Response:
        await asyncio.sleep(wait_s)
        return web.Response(text="done")

    async def in_threads(_request: web.Request) -> web.Response:
        await asyncio.to_thread(time.sleep, wait_s)
        return web.Response(text="done")

    made = web.Application()
    for name, handler in ((BLOCKING, blocking), (AWAITING, awaiting), (IN_THREADS, in_threads)):
        made.router.add_get(PATHS[name], handler)
    return made


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[int]:
    """Serve in the running loop, on a free port of this computer, which it gives."""
    from aiohttp import web

    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOCALHOST, 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@contextmanager
def served_apart(wait_s: float) -> Iterator[int]:
    """Serve ``application(wait_s)`` in a loop and thread of its own, and give the port."""
    ports: list[int] = []
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with serving(application(wait_s)) as port:
            ports.append(port)
            ready.set()
            await asyncio.to_thread(over.wait)

    with ThreadPoolExecutor(1, thread_name_prefix="server") as pool:
        served = pool.submit(asyncio.run, serve())
        served.add_done_callback(lambda _: ready.set())  # so that its failure isn't waited for
        try:
            ready.wait()
            if not ports:
                served.result()
            yield ports[0]
        finally:
            over.set()
    served.result()
