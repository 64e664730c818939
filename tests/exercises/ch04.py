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

SEEN = """
seen_by_the_other = {{
    "n += 1, and n is a local variable": {},
    "n += 1, and n is a global variable": {},
    "words.append('x'), and words is an argument: the same list for both threads": {},
    "words = words + ['x'], and words is that same argument": {},
    "own.n = 1, and own is a threading.local()": {},
}}
"""
ALL_SHARED = SEEN.format(True, True, True, True, True)
NEW_LIST_SEEN = SEEN.format(False, True, True, True, False)
OWN_SEEN = SEEN.format(False, True, True, False, True)
HALF_DONE = SEEN.format(False, True, True, "...", False)
IN_WORDS = SEEN.format("'no'", "'yes'", "'yes'", "'no'", "'no'")
ARTICLES_WORKER = """
def drain(tasks, handle, workers):
    results, failures = [], []

    def work():
        while True:
            task = tasks.get()
            if task is None:
                break
            results.append(handle(task))
            tasks.task_done()

    threads = [Thread(target=work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    tasks.join()
    for _ in range(workers):
        tasks.put(None)
    for thread in threads:
        thread.join()
    return results, failures
"""
NONE_NOT_REPORTED = """
def drain(tasks, handle, workers):
    results, failures = [], []

    def work():
        while (task := tasks.get()) is not None:
            try:
                results.append(handle(task))
            except Exception as error:
                failures.append((task, error))
            finally:
                tasks.task_done()

    threads = [Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for _ in range(workers):
        tasks.put(None)
    for thread in threads:
        thread.join()
    return results, failures
"""
ONE_NONE = """
def drain(tasks, handle, workers):
    results, failures = [], []

    def work():
        while True:
            task = tasks.get()
            try:
                if task is None:
                    return
                results.append(handle(task))
            except Exception as error:
                failures.append((task, error))
            finally:
                tasks.task_done()

    threads = [Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    tasks.put(None)
    for thread in threads:
        thread.join()
    return results, failures
"""
NO_THREADS = """
def drain(tasks, handle, workers):
    results, failures = [], []
    while not tasks.empty():
        task = tasks.get()
        try:
            results.append(handle(task))
        except Exception as error:
            failures.append((task, error))
        tasks.task_done()
    return results, failures
"""
FAILURES_LOST = """
def drain(tasks, handle, workers):
    results = []

    def work():
        while True:
            task = tasks.get()
            try:
                if task is None:
                    return
                results.append(handle(task))
            except Exception:
                pass
            finally:
                tasks.task_done()

    threads = [Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for _ in range(workers):
        tasks.put(None)
    for thread in threads:
        thread.join()
    return results, []
"""
LATCH = """
class Latch:
    def __init__(self, count):
        self.count = count
        self.changed = Condition()

    def count_down(self):
        with self.changed:
            self.count -= 1
            {wake}

    def wait(self, timeout):
        with self.changed:
            {wait}
"""
ASK_AGAIN = "return self.changed.wait_for(lambda: self.count <= 0, timeout)"
WAKES_ONE = LATCH.format(wake="self.changed.notify()", wait=ASK_AGAIN)
NO_LOOK = LATCH.format(wake="self.changed.notify_all()", wait="return self.changed.wait(timeout)")
NOT_REMEMBERED = LATCH.format(
    wake="self.count <= 0 and self.changed.notify_all()",
    wait="return self.changed.wait(timeout)",
)
NO_WAIT = LATCH.format(wake="self.changed.notify_all()", wait="return self.count <= 0")

WRONG = {
    "4.1": [
        (ALL_SHARED, "each call has local variables of its own"),
        (NEW_LIST_SEEN, "makes a new list"),
        (OWN_SEEN, "has other attributes in each thread"),
        (HALF_DONE, "Still missing"),
        (IN_WORDS, "True or False"),
    ],
    "4.2": [
        (ARTICLES_WORKER, "weren't reported with task_done"),
        (NONE_NOT_REPORTED, "would wait for ever"),
        (ONE_NONE, "Each worker needs a None of its own"),
        (NO_THREADS, "did the work; workers is"),
        (FAILURES_LOST, "there should be two failures"),
    ],
    "4.3": [
        (WAKES_ONE, "notify_all all"),
        (NO_LOOK, "look at the count again"),
        (NOT_REMEMBERED, "before you wait"),
        (NO_WAIT, "should wait, and give up after that time"),
    ],
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
