"""Checkers for the exercises on thread pools, in chapter 4."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from helpers.course.exercises import NotYet

_PATIENCE_S = 2.0
_STUCK_S = 1.2  # work of microseconds that hasn't ended by then waits for ever
_REPLACE = "Replace the ... and run the cell again."


class _Pages:
    """Seven pages, two of them broken. Notes who fetches what, and how many at once."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.urls = [f"page {number}" for number in range(1, 8)]
        self.broken = {"page 2", "page 5"}
        self.calls: Counter[str] = Counter()
        self.threads: set[threading.Thread] = set()
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()
        self._all_here = threading.Event()
        self._too_many = threading.Event()

    def fetch(self, url: str) -> str:
        """The first calls wait until all workers are at it, and then a moment for more to come."""
        with self._lock:
            self.calls[url] += 1
            self.threads.add(threading.current_thread())
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            first = len(self.calls) <= self.workers
            if self.at_once == self.workers:
                self._all_here.set()
            if self.at_once > self.workers:
                self._too_many.set()
        if first and self._all_here.wait(_PATIENCE_S / 4):
            self._too_many.wait(_PATIENCE_S / 8)
        with self._lock:
            self.at_once -= 1
        if url in self.broken:
            raise OSError(f"{url} is gone")
        return f"text of {url}"


def fetch_all(answer: Callable[..., Any]) -> str:
    """Check a function that fetches all pages in a pool, and loses no result to an error."""
    pages = _Pages(workers=3)
    try:
        results = answer(list(pages.urls), pages.fetch, pages.workers)
    except OSError as error:
        raise NotYet(
            f"fetch_all raised OSError: {error}. One broken page took the results of all others "
            "with it. Keep the error in the place of the page: put try and except around each "
            "result()."
        ) from None
    if results is ... or (results is None and not pages.calls):
        raise NotYet(_REPLACE)
    _check_calls(pages)
    _check_results(pages, results)
    for thread in pages.threads:
        thread.join(_PATIENCE_S / 4)
    if any(thread.is_alive() for thread in pages.threads):
        raise NotYet("The threads of your pool are still there. Use the pool in a with block.")
    return (
        f"Seven pages, each fetched once, {pages.workers} at a time. The two errors stand in the "
        "places of their pages, and cost no other page its result."
    )


def _check_calls(pages: _Pages) -> None:
    missing = [url for url in pages.urls if not pages.calls[url]]
    if missing:
        raise NotYet(f"{missing[0]!r} was never fetched.")
    twice = [url for url in pages.urls if pages.calls[url] > 1]
    if twice:
        raise NotYet(
            f"{twice[0]!r} was fetched {pages.calls[twice[0]]} times. Submit each address once: "
            "submit and map are two ways to do the same."
        )
    if pages.most_at_once == 1:
        raise NotYet(
            "The pages were fetched one after another. Submit them all before you ask for the "
            "first result."
        )
    if pages.most_at_once > pages.workers:
        raise NotYet(
            f"{pages.most_at_once} pages were fetched at once, but workers is {pages.workers}. "
            "Tell the pool how many threads it may have."
        )
    if pages.most_at_once < pages.workers:
        raise NotYet(
            f"Never more than {pages.most_at_once} pages were fetched at once, and workers is "
            f"{pages.workers}."
        )


def _check_results(pages: _Pages, results: Any) -> None:
    if not isinstance(results, Mapping):
        raise NotYet(f"fetch_all should return a dict, not {results!r:.60}.")
    for url in pages.urls:
        if url not in results:
            raise NotYet(
                f"The dict has no {url!r}"
                + (
                    ". An error is a result too: store it there, or nobody learns of it."
                    if url in pages.broken
                    else f": its keys are {sorted(map(str, results))}."
                )
            )
        found = results[url]
        if isinstance(found, Future):
            raise NotYet(f"For {url!r} the dict holds a future. Ask it for its result.")
        if url in pages.broken and not isinstance(found, OSError):
            raise NotYet(
                f"{url!r} is broken, and the dict holds {found!r} for it: from that nobody can "
                "learn what went wrong. Store the exception itself."
            )
        if url not in pages.broken and found != f"text of {url}":
            raise NotYet(
                f"For {url!r} the dict holds {found!r}. Results come in the order in which they "
                "are ready: remember which future belongs to which address."
            )


_FOLDERS = {"photos": (3, 5), "music": (7, 1), "letters": (2, 2)}


class _Disk:
    """Folders with files. Notes in which threads, and whether two files are in hand together."""

    def __init__(self, together: bool) -> None:
        self.threads: list[threading.Thread] = []
        self.sized: Counter[str] = Counter()
        self.alone = False
        self._together = together
        self._lock = threading.Lock()
        self._second = threading.Event()

    def files_of(self, folder: str) -> list[str]:
        return [f"{folder}/{number}" for number in range(len(_FOLDERS[folder]))]

    def size_of(self, file: str) -> int:
        with self._lock:
            self.sized[file] += 1
            self.threads.append(threading.current_thread())
            if len(self.threads) > 1:
                self._second.set()
        # The first file waits for a second one to come, but not for ever.
        if self._together and not self._second.wait(_PATIENCE_S / 4):
            self.alone = True
        folder, _, number = file.partition("/")
        return _FOLDERS[folder][int(number)]


def totals(answer: Callable[..., Any]) -> str:
    """Check a function that sizes folders with a pool's threads, and never waits inside them."""
    disk = _Disk(together=False)
    results = _with_pool(1, answer, disk, list(_FOLDERS))
    if results is ... or (results is None and not disk.sized):
        raise NotYet(_REPLACE)
    wanted = {folder: sum(sizes) for folder, sizes in _FOLDERS.items()}
    if results != wanted:
        raise NotYet(f"The totals should be {wanted}, but totals returns {results!r:.200}.")
    if any(times > 1 for times in disk.sized.values()):
        raise NotYet("A file was sized more than once. Submit each of them once.")
    if not all(thread.name.startswith("given") for thread in disk.threads):
        raise NotYet(
            "size_of ran in a thread that isn't the pool's. Let the pool that you were given do "
            "it, with pool.submit or pool.map."
        )
    disk = _Disk(together=True)
    _with_pool(2, answer, disk, ["photos"])
    if disk.alone:
        raise NotYet(
            "The two files of one folder were never in hand together, though the pool has two "
            "threads. Submit all files before you wait for the first of them."
        )
    return (
        "The right totals, even from a pool of one thread: no task waits for another task of its "
        "own pool. Who waits is the caller, and it takes no place in the pool."
    )


def _with_pool(workers: int, answer: Callable[..., Any], disk: _Disk, folders: list[str]) -> Any:
    """Call the answer with a pool of so many threads; if it hangs, say so and let it go."""
    returned: list[Any] = []
    errors: list[Exception] = []

    def run(pool: Executor) -> None:
        try:
            returned.append(answer(pool, folders, disk.files_of, disk.size_of))
        except Exception as error:
            errors.append(error)

    pool = ThreadPoolExecutor(workers, thread_name_prefix="given")
    caller = threading.Thread(target=run, args=(pool,), daemon=True)
    try:
        caller.start()
        caller.join(_STUCK_S)
        stuck = caller.is_alive()
    finally:
        # Whoever waits for a task that is still in the queue gets CancelledError.
        pool.shutdown(wait=False, cancel_futures=True)
    caller.join(_PATIENCE_S)
    if stuck:
        raise NotYet(
            f"With a pool of {workers} thread{'s' * (workers > 1)} nothing had ended after "
            f"{_STUCK_S:g} s, and it was stopped: a deadlock. A task of the pool waits for "
            "another one, which waits for a free thread. Let only the caller wait."
        )
    if errors:
        raise errors[0]
    return returned[0]
