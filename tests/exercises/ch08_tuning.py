"""Wrong answers to exercises 8.1 and 8.2."""

from __future__ import annotations

ONE_EACH = """
def map_in_batches(executor, function, items, size):
    return list(executor.map(function, items, chunksize=size))
"""
LISTS = """
def map_in_batches(executor, function, items, size):
    futures = [
        executor.submit(apply_to_all, function, items[first : first + size])
        for first in range(0, len(items), size)
    ]
    return [future.result() for future in futures]
"""
NO_REST = """
def map_in_batches(executor, function, items, size):
    futures = [
        executor.submit(apply_to_all, function, items[number * size : (number + 1) * size])
        for number in range(len(items) // size)
    ]
    return [result for future in futures for result in future.result()]
"""
ONE_BY_ONE = """
def map_in_batches(executor, function, items, size):
    results = []
    for first in range(0, len(items), size):
        batch = items[first : first + size]
        results.extend(executor.submit(apply_to_all, function, batch).result())
    return results
"""
FUTURES = """
def map_in_batches(executor, function, items, size):
    return [
        executor.submit(apply_to_all, function, items[first : first + size])
        for first in range(0, len(items), size)
    ]
"""
HERE = """
def map_in_batches(executor, function, items, size):
    return apply_to_all(function, items)
"""
AS_THEY_END = """
def map_in_batches(executor, function, items, size):
    futures = [
        executor.submit(apply_to_all, function, items[first : first + size])
        for first in range(0, len(items), size)
    ]
    return [result for future in reversed(futures) for result in future.result()]
"""

AT_ONCE = """
class WarmPool:
    def __init__(self, workers):
        self.pool = multiprocessing.get_context("spawn").Pool(workers)

    def map(self, function, items):
        return self.pool.map(function, items)

    def close(self):
        self.pool.terminate()
        self.pool.join()
"""
EACH_TIME = """
class WarmPool:
    def __init__(self, workers):
        self.workers = workers

    def map(self, function, items):
        with multiprocessing.get_context("spawn").Pool(self.workers) as pool:
            return pool.map(function, items)

    def close(self):
        pass
"""
KEPT = """
class WarmPool:
    def __init__(self, workers):
        self.workers = workers
        self.pool = None

    def map(self, function, items):
        if self.pool is None:
            self.pool = multiprocessing.get_context("spawn").Pool({workers})
        return self.pool.map(function, items)

    def close(self):
        {close}
"""
A_NEW_ONE = """
class WarmPool:
    def __init__(self, workers):
        self.workers = workers
        self.pool = None

    def map(self, function, items):
        self.close()
        self.pool = multiprocessing.get_context("spawn").Pool(self.workers)
        return self.pool.map(function, items)

    def close(self):
        if self.pool is not None:
            self.pool.close()
            self.pool.join()
            self.pool = None
"""
THREADS = """
class WarmPool:
    def __init__(self, workers):
        self.pool = ThreadPoolExecutor(workers)

    def map(self, function, items):
        return list(self.pool.map(function, items))

    def close(self):
        self.pool.shutdown()
"""

WRONG = {
    "8.1": [
        (ONE_EACH, "that is no batch"),
        (LISTS, "one list"),
        (NO_REST, "The last batch is shorter"),
        (ONE_BY_ONE, "First submit all"),
        (FUTURES, "holds futures"),
        (HERE, "never asked"),
        (AS_THEY_END, "in the order of the items"),
    ],
    "8.2": [
        (AT_ONCE, "Start them at the first map"),
        (EACH_TIME, "the pool was closed"),
        (A_NEW_ONE, "Keep the pool of the first one"),
        (KEPT.format(workers="self.workers", close="pass"), "join()"),
        (KEPT.format(workers="None", close="pass").replace("Pool(None)", "Pool(3)"), "2 workers"),
        (KEPT.format(workers="self.workers", close="self.pool.close()"), "AttributeError"),
        (THREADS, "in this process"),
    ],
}
