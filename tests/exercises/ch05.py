"""Wrong answers to the exercises of chapter 5, with the words that must refuse them."""

from __future__ import annotations

NO_SEMAPHORE = """
async def fetch_politely(urls, fetch, most):
    return await asyncio.gather(*map(fetch, urls), return_exceptions=True)
"""
A_SEMAPHORE_EACH = """
async def fetch_politely(urls, fetch, most):
    async def one(url):
        async with asyncio.Semaphore(most):
            return await fetch(url)

    return await asyncio.gather(*map(one, urls), return_exceptions=True)
"""
ONE_BY_ONE = """
async def fetch_politely(urls, fetch, most):
    found = []
    for url in urls:
        try:
            found.append(await fetch(url))
        except ValueError as error:
            found.append(error)
    return found
"""
ALL_LOST = """
async def fetch_politely(urls, fetch, most):
    turn = asyncio.Semaphore(most)

    async def one(url):
        async with turn:
            return await fetch(url)

    return await asyncio.gather(*map(one, urls))
"""
AS_THEY_COME = """
async def fetch_politely(urls, fetch, most):
    turn, found = asyncio.Semaphore(most), []

    async def one(url):
        async with turn:
            try:
                found.append(await fetch(url))
            except ValueError as error:
                found.append(error)

    await asyncio.gather(*map(one, urls))
    return found
"""
ERROR_AS_NONE = """
async def fetch_politely(urls, fetch, most):
    turn = asyncio.Semaphore(most)

    async def one(url):
        async with turn:
            try:
                return await fetch(url)
            except ValueError:
                return None

    return await asyncio.gather(*map(one, urls))
"""
NOT_A_COROUTINE = """
def fetch_politely(urls, fetch, most):
    return list(urls)
"""

BLOCKS = """
async def read_in_time(read, seconds):
    return read(threading.Event())
"""
NEVER_TOLD = """
async def read_in_time(read, seconds):
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(read, threading.Event())
    except TimeoutError:
        return None
"""
TOLD_ONLY_AFTER_SUCCESS = """
async def read_in_time(read, seconds):
    stop = threading.Event()
    try:
        async with asyncio.timeout(seconds):
            found = await asyncio.to_thread(read, stop)
            stop.set()
            return found
    except TimeoutError:
        return None
"""
RAISES = """
async def read_in_time(read, seconds):
    stop = threading.Event()
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(read, stop)
    finally:
        stop.set()
"""
RESULT_DROPPED = """
async def read_in_time(read, seconds):
    stop = threading.Event()
    try:
        await asyncio.wait_for(asyncio.to_thread(read, stop), seconds)
    except TimeoutError:
        return None
    finally:
        stop.set()
"""
TOLD_AT_ONCE = """
async def read_in_time(read, seconds):
    stop = threading.Event()
    reading = asyncio.create_task(asyncio.to_thread(read, stop))
    await asyncio.sleep(seconds)
    stop.set()
    return await reading
"""

WRONG = {
    "5.4": [
        (NO_SEMAPHORE, "9 pages were asked for at once"),
        (A_SEMAPHORE_EACH, "One semaphore for all of them"),
        (ONE_BY_ONE, "one after another"),
        (ALL_LOST, "were lost with it"),
        (AS_THEY_COME, "not that of arrival"),
        (ERROR_AS_NONE, "should hold its exception, not None"),
        (NOT_A_COROUTINE, "must be an async def"),
    ],
    "5.5": [
        (BLOCKS, "event loop stood still"),
        (NEVER_TOLD, "nobody told its thread to stop"),
        (TOLD_ONLY_AFTER_SUCCESS, "nobody told its thread to stop"),
        (RAISES, "catch it, and return None"),
        (RESULT_DROPPED, "Return its result"),
        (TOLD_AT_ONCE, "should be None, not 42"),
    ],
}
