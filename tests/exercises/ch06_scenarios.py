"""Wrong answers to exercises 6.3 and 6.4, with the words that must refuse them."""

from __future__ import annotations

PAGE_BY_PAGE = """
async def fetch_and_work(urls, fetch, work, pool):
    loop = asyncio.get_running_loop()
    found = []
    for url in urls:
        page = await fetch(url)
        found.append(await loop.run_in_executor(pool, work, page))
    return found
"""
WORK_IN_THE_LOOP = """
async def fetch_and_work(urls, fetch, work, pool):
    async def one(url):
        return work(await fetch(url))

    return await asyncio.gather(*map(one, urls))
"""
ANOTHER_POOL = """
async def fetch_and_work(urls, fetch, work, pool):
    async def one(url):
        return await asyncio.to_thread(work, await fetch(url))

    return await asyncio.gather(*map(one, urls))
"""
FIRST_ALL_PAGES = """
async def fetch_and_work(urls, fetch, work, pool):
    loop = asyncio.get_running_loop()
    pages = await asyncio.gather(*map(fetch, urls))
    return await asyncio.gather(*(loop.run_in_executor(pool, work, page) for page in pages))
"""
AS_THEY_COME = """
async def fetch_and_work(urls, fetch, work, pool):
    loop = asyncio.get_running_loop()
    found = []

    async def one(url):
        page = await fetch(url)
        found.append(await loop.run_in_executor(pool, work, page))

    await asyncio.gather(*map(one, urls))
    return found
"""
ONLY_PAGES = """
async def fetch_and_work(urls, fetch, work, pool):
    return await asyncio.gather(*map(fetch, urls))
"""
NOT_A_COROUTINE = """
def fetch_and_work(urls, fetch, work, pool):
    return list(pool.map(work, map(fetch, urls)))
"""

ONE_FOR_EACH_KEY = """
def look_up_all(keys, connect, workers):
    def look_up(key):
        connection = connect()
        try:
            return connection.look_up(key)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(look_up, keys))
"""
ONE_FOR_ALL = """
def look_up_all(keys, connect, workers):
    connection = connect()
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(connection.look_up, keys))
"""
NEVER_CLOSED = """
def look_up_all(keys, connect, workers):
    mine = threading.local()

    def start():
        mine.connection = connect()

    with ThreadPoolExecutor(workers, initializer=start) as pool:
        return list(pool.map(lambda key: mine.connection.look_up(key), keys))
"""
NO_POOL = """
def look_up_all(keys, connect, workers):
    connection = connect()
    found = [connection.look_up(key) for key in keys]
    connection.close()
    return found
"""
CLOSED_TOO_SOON = """
def look_up_all(keys, connect, workers):
    mine, opened = threading.local(), []

    def start():
        mine.connection = connect()
        opened.append(mine.connection)

    def look_up(key):
        try:
            return mine.connection.look_up(key)
        finally:
            mine.connection.close()

    with ThreadPoolExecutor(workers, initializer=start) as pool:
        return list(pool.map(look_up, keys))
"""

WRONG: dict[str, list[tuple[str, str]]] = {
    "6.3": [
        (PAGE_BY_PAGE, "one after another"),
        (WORK_IN_THE_LOOP, "not in the pool"),
        (ANOTHER_POOL, "not in the pool"),
        (FIRST_ALL_PAGES, "before the slowest page"),
        (AS_THEY_COME, "order of the addresses"),
        (ONLY_PAGES, "No page was worked on"),
        (NOT_A_COROUTINE, "coroutine"),
    ],
    "6.4": [
        (ONE_FOR_EACH_KEY, "connections were opened"),
        (ONE_FOR_ALL, "another thread"),
        (NEVER_CLOSED, "left open"),
        (NO_POOL, "in one thread"),
        (CLOSED_TOO_SOON, "after it had been closed"),
    ],
}
