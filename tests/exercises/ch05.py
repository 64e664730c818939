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

TASKS_FIRST = """
lines = ["main 1", "a 1", "b 1", "main 2", "a 2", "b 2"]
"""
ONE_BY_ONE_LINES = """
lines = ["main 1", "main 2", "a 1", "a 2", "b 1", "b 2"]
"""
B_FIRST = """
lines = ["main 1", "main 2", "b 1", "a 1", "a 2", "b 2"]
"""
A_LINE_MISSING = """
lines = ["main 1", "main 2", "a 1", "b 1"]
"""
FIRST_COMPLETED = """
async def first_good(functions):
    tasks = [asyncio.create_task(function()) for function in functions]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return done.pop().result()
"""
ASKED_IN_TURN = """
async def first_good(functions):
    for function in functions:
        try:
            return await function()
        except OSError:
            continue
"""
LEFT_RUNNING = """
async def first_good(functions):
    for one in asyncio.as_completed([function() for function in functions]):
        try:
            return await one
        except OSError:
            continue
"""
NO_NONE = """
async def first_good(functions):
    tasks = [asyncio.create_task(function()) for function in functions]
    try:
        for one in asyncio.as_completed(tasks):
            try:
                return await one
            except OSError as error:
                last = error
        return last
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
"""
BATCHES = """
async def batches(source, size):
    batch = []
    async for item in source:
        batch.append(item)
        if len(batch) == size:
            yield batch
            {renew}
    {rest}
"""
LAST_LOST = BATCHES.format(renew="batch = []", rest="pass")
SAME_LIST = BATCHES.format(renew="batch.clear()", rest="yield batch")
EMPTY_LAST = """
async def batches(source, size):
    items = [item async for item in source]
    for start in range(0, len(items) + size, size):
        yield items[start : start + size]
"""
ALL_FIRST = """
async def batches(source, size):
    items = [item async for item in source]
    for start in range(0, len(items), size):
        yield items[start : start + size]
"""
A_LIST = """
async def batches(source, size):
    items = [item async for item in source]
    return [items[start : start + size] for start in range(0, len(items), size)]
"""

WRONG = {
    "5.1": [
        (TASKS_FIRST, "until its first await"),
        (ONE_BY_ONE_LINES, "gives the thread back"),
        (B_FIRST, "in the order in which they became ready"),
        (A_LINE_MISSING, "Put each of these six"),
    ],
    "5.2": [
        (FIRST_COMPLETED, "Pass over those that fail"),
        (ASKED_IN_TURN, "Start all of them"),
        (LEFT_RUNNING, "Cancel what you don't need"),
        (NO_NONE, "the answer should be None"),
    ],
    "5.3": [
        (LAST_LOST, "The last batch is missing"),
        (SAME_LIST, "the same list"),
        (EMPTY_LAST, "One batch is empty"),
        (ALL_FIRST, "as soon as it is full"),
        (A_LIST, "an async def with a yield"),
    ],
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
