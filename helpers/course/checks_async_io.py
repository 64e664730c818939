"""Checkers for the exercises on asyncio's input and output, and on blocking calls."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from helpers.course.exercises import NotYet

_MOST = 3
_URLS = tuple(f"/page{number}" for number in range(1, 10))
_BROKEN = "/page4"
_PATIENCE_S = 3.0


class _Web:
    """A fetch function for the answer, which counts how many calls are in hand."""

    def __init__(self) -> None:
        self.now = self.most = self.calls = 0

    async def fetch(self, url: str) -> str:
        self.calls += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            # The later pages are quicker, so the order of arrival isn't that of the addresses.
            await asyncio.sleep(0.02 if url < "/page5" else 0.01)
        finally:
            self.now -= 1
        if url == _BROKEN:
            raise ValueError(f"{url} is broken")
        return f"content of {url}"


def fetch_politely(answer: Callable[..., Any]) -> str:
    """Check ``answer(urls, fetch, most)``: at most so many at once, in order, errors as values."""
    web = _Web()
    try:
        found = asyncio.run(_awaited(answer(list(_URLS), web.fetch, _MOST)))
    except ValueError as error:
        if _BROKEN not in str(error):
            raise
        raise NotYet(
            f"One page is broken ({error}), and the contents of all others were lost with it. "
            "Catch the exception for each page, or gather with return_exceptions=True."
        ) from None
    if not web.calls:
        raise NotYet("fetch was never called. Replace the ... and run the cell again.")
    if web.most > _MOST:
        raise NotYet(
            f"{web.most} pages were asked for at once; at most {_MOST} are allowed. One semaphore "
            "for all of them, held while a page is fetched."
        )
    if web.most == 1:
        raise NotYet(
            f"The pages were fetched one after another; up to {_MOST} may be in hand at once. "
            "Is there an await in the loop that starts them?"
        )
    if not isinstance(found, list) or len(found) != len(_URLS):
        raise NotYet(f"Return a list of {len(_URLS)} items, one for each address, not {found!r}.")
    by_url = dict(zip(_URLS, found, strict=True))
    for url, one in by_url.items():
        if url != _BROKEN and one != f"content of {url}":
            raise NotYet(
                f"In the place of {url} stands {one!r}. The list must have the order of the "
                "addresses, not that of arrival."
            )
    if not isinstance(by_url[_BROKEN], ValueError):
        raise NotYet(f"For {_BROKEN} the list should hold its exception, not {by_url[_BROKEN]!r}.")
    return (
        f"{len(_URLS)} pages, {web.most} at a time, each in its place; the broken one cost "
        "only itself."
    )


class _Device:
    """A blocking read that ends when it is told to, or else takes long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.thread: int | None = None
        self.told = False
        self.ended = threading.Event()

    def read(self, stop: threading.Event) -> int:
        self.thread = threading.get_ident()
        try:
            self.told = stop.wait(self.seconds)
            return 42
        finally:
            self.ended.set()


def read_in_time(answer: Callable[..., Any]) -> str:
    """Check ``answer(read, seconds)``: its result, or None after a timeout that stops the read."""
    quick, slow = _Device(0.02), _Device(_PATIENCE_S)
    loop_lived = asyncio.run(_quick(answer, quick))
    if not loop_lived:
        raise NotYet(
            "The event loop stood still while the device was read. Call read in another thread, "
            "with asyncio.to_thread."
        )
    began = time.monotonic()
    found, stopped = asyncio.run(_slow(answer, slow))
    if time.monotonic() - began > _PATIENCE_S - 0.5:
        raise NotYet(
            "The read went on although its time was up: nobody told its thread to stop. Set "
            "the event when the wait ends, in any case: finally is the place."
        )
    if not stopped:
        raise NotYet("The read went on after its time was up. Set the event that it waits for.")
    if found is not None:
        raise NotYet(f"After the timeout the answer should be None, not {found!r}.")
    return (
        "The loop lived, the result came, and when the time was up the thread was told to stop "
        "and did. Without the event, nothing could have stopped it."
    )


async def _awaited(coroutine: Any) -> Any:
    if not asyncio.iscoroutine(coroutine):
        raise NotYet("The function must be an async def.")
    return await coroutine


async def _quick(answer: Callable[..., Any], device: _Device) -> bool:
    """Read from a device that answers soon; return whether the loop lived meanwhile."""
    found = await _awaited(answer(device.read, 2.0))
    if device.thread is None:
        raise NotYet("read was never called. Replace the ... and run the cell again.")
    if found != 42:
        raise NotYet(f"The device said 42 in time, and the answer is {found!r}. Return its result.")
    return device.thread != threading.get_ident()


async def _slow(answer: Callable[..., Any], device: _Device) -> tuple[Any, bool]:
    """Read from a device that takes too long; return the answer, and whether it was stopped."""
    try:
        found = await _awaited(answer(device.read, 0.05))
    except TimeoutError:
        raise NotYet("A timeout must not be an error here: catch it, and return None.") from None
    # Whoever only stops waiting leaves the thread at its read.
    device.ended.wait(0.3)
    return found, device.told
