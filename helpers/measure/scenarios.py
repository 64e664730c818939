"""The article's six scenarios as pieces of work, each under every model that fits it.

A scenario gives contenders: functions without arguments, one for each model, which all do the same
tasks. What was measured is put beside what the article recommends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from helpers.measure import api_server, conversion, crawl, database, images, science
from helpers.measure.apart import run_apart
from helpers.measure.compare import Comparison, compare
from helpers.measure.elsewhere import Stopped
from helpers.measure.executors import ASYNCIO, PROCESSES, SEQUENTIAL, THREADS, start
from helpers.measure.loopback import loopback
from helpers.measure.task_profile import Profile
from helpers.measure.verdict import Verdict, all_of
from helpers.workers import api_server as clients
from helpers.workers import conversion as converting
from helpers.workers import crawl as crawling
from helpers.workers import database as asking
from helpers.workers import science as adding

AS_GOOD = 1.1  # who takes at most a tenth longer than the fastest is as good
MOST_TASKS, MOST_WORKERS = 60, 16
_LOOK_S = 0.1
Contenders = Mapping[str, Callable[[], object]]


@dataclass(frozen=True)
class Pools:
    """Pools that run already: threads and processes to compute, and many threads to wait.

    start_s: seconds until all processes had answered. stop: set it to end what runs in them.
    """

    threads: Executor
    processes: Executor
    waiting: Executor
    start_s: float
    stop: threading.Event

    def all(self, results: Iterable[Any]) -> list[Any]:
        """The results as they come. Raises Stopped between two, once ``stop`` is set."""
        found = []
        for one in results:
            found.append(one)
            self.check()
        return found

    def map(self, pool: Executor, task: Callable[..., Any], *items: Iterable[Any]) -> list[Any]:
        """``list(pool.map(task, *items))``, but after a stop no task is left running."""
        tasks = [pool.submit(task, *arguments) for arguments in zip(*items, strict=True)]
        try:
            return self.all(one.result() for one in tasks)
        finally:
            for one in tasks:
                one.cancel()
            wait(tasks)  # the files that they work on end after this

    def check(self) -> None:
        """Raises Stopped once ``stop`` is set."""
        if self.stop.is_set():
            raise Stopped("stopped by the reader")


@dataclass(frozen=True)
class Scenario:
    """One kind of job.

    article: what the article recommends, in its words; model: the contender that stands for it.
    tasks, size: what to begin with; unit: what the size counts.
    contenders: gives them for so many tasks of such a size, in a ``with`` block.
    """

    name: str
    article: str
    model: str
    tasks: int
    size: int
    unit: str
    contenders: Callable[[int, int, Pools], Any]


@dataclass(frozen=True)
class Finding:
    """What was measured of a scenario. profile: of one of its tasks, if it was looked at."""

    scenario: Scenario
    tasks: int
    comparison: Comparison
    profile: Profile | None = None

    @property
    def fastest(self) -> str:
        """The contender with the smallest median."""
        return min(self.comparison.seconds, key=self.comparison.median)

    @property
    def as_good(self) -> tuple[str, ...]:
        """The fastest, and all that aren't clearly more than a tenth slower; fastest first."""
        names = sorted(self.comparison.seconds, key=self.comparison.median)
        return tuple(
            name
            for name in names
            if name == self.fastest or self.comparison.ratio(name, self.fastest).low <= AS_GOOD
        )

    @property
    def advice_holds(self) -> Verdict:
        """Is the article's model as good as the fastest?"""
        model = self.scenario.model
        if model == self.fastest:
            others = (name for name in self.comparison.seconds if name != model)
            return all_of(
                [self.comparison.ratio(model, other).at_most(AS_GOOD) for other in others]
            )
        return self.comparison.ratio(model, self.fastest).at_most(AS_GOOD)


@contextmanager
def pools(workers: int, waiting: int = 24, stop: threading.Event | None = None) -> Iterator[Pools]:
    """Pools of so many threads and processes, which have all started; they end with the block.

    waiting: threads of the pool for tasks that wait. stop: set it to end early what runs in them.
    Raises ValueError for workers outside 1 to 16.
    """
    if not 1 <= workers <= MOST_WORKERS:
        raise ValueError(f"workers must be 1 to {MOST_WORKERS}, got {workers}")
    began = time.perf_counter()
    with start(PROCESSES, workers) as processes:
        start_s = time.perf_counter() - began
        with start(THREADS, workers) as threads, start(THREADS, waiting) as many:
            yield Pools(threads, processes, many, start_s, stop or threading.Event())


def measure(
    name: str,
    tasks: int,
    size: int,
    workers: int = 2,
    progress: Callable[[float], None] | None = None,
    stop: threading.Event | None = None,
) -> Finding:
    """Do so many tasks of such a size under every model that fits, by turns.

    name: of SCENARIOS. tasks: 1 to 60. workers: of the pools of threads and processes, 1 to 16.
    progress: called with the part done (0 to 1). stop: set it to end the run early.
    Raises ValueError for what lies outside, and Stopped.
    """
    if name not in SCENARIOS:
        raise ValueError(f"name must be one of {list(SCENARIOS)}, got {name!r}")
    if not 1 <= tasks <= MOST_TASKS:
        raise ValueError(f"tasks must be 1 to {MOST_TASKS}, got {tasks}")
    scenario = SCENARIOS[name]
    with pools(workers, stop=stop) as running:
        running.check()
        with scenario.contenders(tasks, size, running) as contenders:
            return Finding(scenario, tasks, compare(contenders, progress=progress))


def pooled(task: Callable[..., object], running: Pools, *items: Iterable[Any]) -> Contenders:
    """The three models that any blocking task fits. items: for each argument of the task."""
    return {
        SEQUENTIAL: lambda: running.all(map(task, *items)),
        THREADS: lambda: running.map(running.threads, task, *items),
        PROCESSES: lambda: running.map(running.processes, task, *items),
    }


@contextmanager
def _crawl(tasks: int, size: int, running: Pools) -> Iterator[Contenders]:
    with loopback(latency_s=size / 1000) as server:
        urls = crawl.addresses(server.url, tasks)
        yield {
            **pooled(crawling.page, running, urls),
            THREADS: lambda: running.map(running.waiting, crawling.page, urls),
            ASYNCIO: lambda: run_apart(crawl.pages, urls, stop=running.stop),
        }


@contextmanager
def _images(tasks: int, size: int, running: Pools) -> Iterator[Contenders]:
    with images.photos(tasks, images.side_of(size * 1000)) as paths:
        yield pooled(images.shrink, running, paths)


@contextmanager
def _reports(tasks: int, size: int, running: Pools) -> Iterator[Contenders]:
    with database.sales(size) as path:
        cities = range(tasks)
        yield {
            **pooled(asking.report, running, [path] * tasks, cities),
            ASYNCIO: lambda: run_apart(database.reports, path, cities, stop=running.stop),
        }


@contextmanager
def _lookups(tasks: int, size: int, running: Pools) -> Iterator[Contenders]:
    with database.sales(size) as path:
        keys = [1 + number % size for number in range(tasks)]
        yield {
            **pooled(asking.lookup, running, [path] * tasks, keys),
            ASYNCIO: lambda: run_apart(database.lookups, path, keys, stop=running.stop),
        }


@contextmanager
def _api_server(tasks: int, size: int, running: Pools) -> Iterator[Contenders]:
    def ask(path: str) -> object:
        running.check()
        # The clients are in another process: they shall not take the server's turns.
        good = running.processes.submit(clients.crowd, port, path, tasks, 1)
        while not wait([good], timeout=_LOOK_S).done:
            running.check()
        return good.result()

    with api_server.served_apart(size / 1000) as port:
        yield {name: partial(ask, path) for name, path in api_server.PATHS.items()}


@contextmanager
def _python(tasks: int, size: int, running: Pools) -> Iterator[Contenders]:
    yield pooled(adding.area, running, science.pieces(tasks, size))


@contextmanager
def _numpy(tasks: int, size: int, running: Pools) -> Iterator[Contenders]:
    yield pooled(science.area, running, science.pieces(tasks, size))


@contextmanager
def _compress(tasks: int, size: int, running: Pools) -> Iterator[Contenders]:
    with conversion.texts(tasks, size * 1000) as paths:
        yield pooled(converting.compress, running, paths)


@contextmanager
def _csv_to_json(tasks: int, size: int, running: Pools) -> Iterator[Contenders]:
    with conversion.tables(tasks, size) as paths:
        yield pooled(converting.csv_to_json, running, paths)


_WEB = ("asyncio + aiohttp", ASYNCIO)
_IMAGES = ("multiprocessing", PROCESSES)
_DATABASE = ("threading", THREADS)
_SERVER = ("asyncio (FastAPI)", api_server.AWAITING)
_SCIENCE = ("multiprocessing", PROCESSES)
_FILES = ("multiprocessing + Pool", PROCESSES)
SCENARIOS: dict[str, Scenario] = {
    one.name: one
    for one in (
        Scenario("crawl", *_WEB, 20, 6, "ms to wait", _crawl),
        Scenario("images", *_IMAGES, 6, 120, "thousand pixels", _images),
        Scenario("database: reports", *_DATABASE, 6, 60_000, "rows", _reports),
        Scenario("database: look-ups", *_DATABASE, 60, 1_000, "rows", _lookups),
        Scenario("API server", *_SERVER, 16, 8, "ms to wait", _api_server),
        Scenario("science: Python", *_SCIENCE, 6, 60_000, "strips", _python),
        Scenario("science: NumPy", *_SCIENCE, 6, 500_000, "strips", _numpy),
        Scenario("files: gzip", *_FILES, 6, 250, "kB", _compress),
        Scenario("files: CSV to JSON", *_FILES, 6, 4_000, "rows", _csv_to_json),
    )
}
