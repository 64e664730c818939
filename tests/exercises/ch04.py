"""Wrong answers to the exercises of chapter 4, with the words that must refuse them."""

from __future__ import annotations

MAP_RAISES = """
def fetch_all(urls, fetch, workers):
    with ThreadPoolExecutor(workers) as pool:
        return dict(zip(urls, pool.map(fetch, urls)))
"""
BOTH_WAYS = """
def fetch_all(urls, fetch, workers):
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(fetch, url) for url in urls]
        again = pool.map(fetch, urls)
    return {url: future.exception() or future.result() for url, future in zip(urls, futures)}
"""
ONE_BY_ONE = """
def fetch_all(urls, fetch, workers):
    found = {}
    with ThreadPoolExecutor(workers) as pool:
        for url in urls:
            future = pool.submit(fetch, url)
            found[url] = future.exception() or future.result()
    return found
"""
TOO_MANY = """
def fetch_all(urls, fetch, workers):
    with ThreadPoolExecutor(len(urls)) as pool:
        futures = {url: pool.submit(fetch, url) for url in urls}
    return {url: future.exception() or future.result() for url, future in futures.items()}
"""
ERRORS_DROPPED = """
def fetch_all(urls, fetch, workers):
    found = {}
    with ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(fetch, url): url for url in urls}
        for future in as_completed(futures):
            try:
                found[futures[future]] = future.result()
            except OSError:
                pass
    return found
"""
ERRORS_NONE = """
def fetch_all(urls, fetch, workers):
    def careful(url):
        try:
            return fetch(url)
        except OSError:
            return None

    with ThreadPoolExecutor(workers) as pool:
        return dict(zip(urls, pool.map(careful, urls)))
"""
WRONG_PLACES = """
def fetch_all(urls, fetch, workers):
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(fetch, url) for url in urls]
        ready = sorted(as_completed(futures), key=lambda future: future.exception() is None)
    return {url: future.exception() or future.result() for url, future in zip(urls, ready)}
"""
FUTURES = """
def fetch_all(urls, fetch, workers):
    with ThreadPoolExecutor(workers) as pool:
        return {url: pool.submit(fetch, url) for url in urls}
"""
NO_END = """
def fetch_all(urls, fetch, workers):
    global kept
    kept = ThreadPoolExecutor(workers)
    futures = {url: kept.submit(fetch, url) for url in urls}
    return {url: future.exception() or future.result() for url, future in futures.items()}
"""

NESTED = """
def totals(pool, folders, files_of, size_of):
    def total(folder):
        return sum(pool.map(size_of, files_of(folder)))

    futures = {folder: pool.submit(total, folder) for folder in folders}
    return {folder: future.result() for folder, future in futures.items()}
"""
NO_POOL = """
def totals(pool, folders, files_of, size_of):
    return {folder: sum(map(size_of, files_of(folder))) for folder in folders}
"""
OWN_POOL = """
def totals(pool, folders, files_of, size_of):
    with ThreadPoolExecutor(8) as larger:
        return {folder: sum(larger.map(size_of, files_of(folder))) for folder in folders}
"""
BY_FOLDER = """
def totals(pool, folders, files_of, size_of):
    def total(folder):
        return sum(map(size_of, files_of(folder)))

    return dict(zip(folders, pool.map(total, folders)))
"""
EACH_AWAITED = """
def totals(pool, folders, files_of, size_of):
    return {
        folder: sum(pool.submit(size_of, file).result() for file in files_of(folder))
        for folder in folders
    }
"""
LAST_ONLY = """
def totals(pool, folders, files_of, size_of):
    found = {}
    for folder in folders:
        for size in pool.map(size_of, files_of(folder)):
            found[folder] = size
    return found
"""

WRONG = {
    "4.4": [
        (MAP_RAISES, "took the results of all others"),
        (BOTH_WAYS, "submit and map are two ways"),
        (ONE_BY_ONE, "one after another"),
        (TOO_MANY, "Tell the pool how many threads"),
        (ERRORS_DROPPED, "An error is a result too"),
        (ERRORS_NONE, "Store the exception itself"),
        (WRONG_PLACES, "which future belongs to which"),
        (FUTURES, "holds a future"),
        (NO_END, "still there"),
    ],
    "4.5": [
        (NESTED, "a deadlock"),
        (NO_POOL, "isn't the pool's"),
        (OWN_POOL, "isn't the pool's"),
        (BY_FOLDER, "never in hand together"),
        (EACH_AWAITED, "never in hand together"),
        (LAST_ONLY, "The totals should be"),
    ],
}
