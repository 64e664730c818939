"""Run a coroutine in an event loop of its own, in a thread of its own.

A notebook's cells run inside the kernel's event loop, and a loop that runs can't be run again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from helpers.measure.elsewhere import Stopped

T = TypeVar("T")
_LOOK_S = 0.05


def run_apart(
    function: Callable[..., Coroutine[Any, Any, T]],
    *args: Any,
    stop: threading.Event | None = None,
) -> T:
    """Return what ``await function(*args)`` gives. The loop, its thread and its tasks end with it.

    stop: set this event, from another thread, to cancel it. Raises Stopped then, and else
    whatever the coroutine raises.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="loop apart") as pool:
        return pool.submit(asyncio.run, _watched(function(*args), stop)).result()


async def _watched(coroutine: Coroutine[Any, Any, T], stop: threading.Event | None) -> T:
    task = asyncio.ensure_future(coroutine)
    while stop is not None and not task.done():
        await asyncio.wait([task], timeout=_LOOK_S)
        if stop.is_set() and not task.done():
            task.cancel()
            await asyncio.wait([task])
            raise Stopped("stopped by the reader")
    return await task
