"""Workers beyond this process and this machine: Dask, through the interface of all executors.

A **scheduler** hands tasks out to **workers**; a **client** hands them to the scheduler. All three
talk over the network, whether it leads to the next machine or back to this one.
Source: https://distributed.dask.org/en/stable/
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from helpers.measure.timeline import Span, State, Timeline

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

ADDRESS = "COURSE_SCHEDULER"  # the environment variable that names a scheduler
PATIENCE_S = 4.0
MOST_WORKERS = 64
# What a worker's record calls a phase, and what a lane calls it.
_PHASES = {
    "compute": State.RUNNING,
    "deserialize": State.RUNNING,
    "transfer": State.SLEEPING,
    "disk-read": State.SLEEPING,
    "disk-write": State.SLEEPING,
}


class ClusterExecutor(Executor):
    """A ``concurrent.futures.Executor`` whose workers are those of a Dask cluster.

    workers: how many processes a cluster on this computer gets, 1 to MOST_WORKERS; a cluster that
    is there already has as many as it has.
    address: of a scheduler, such as "tcp://10.0.0.5:8786". If there is none, the environment
    variable COURSE_SCHEDULER names one; if there isn't that either, a cluster is started here.

    Raises ValueError for workers outside the bounds, and ConnectionError within 5 seconds if no
    scheduler answers at the address. ``shutdown`` ends what was started here, and nothing else.
    """

    def __init__(self, workers: int = 2, address: str | None = None) -> None:
        if not 1 <= workers <= MOST_WORKERS:
            raise ValueError(f"workers must be 1 to {MOST_WORKERS}, got {workers}")
        address = address or os.environ.get(ADDRESS)
        self.local: LocalCluster | None = None
        self._until_end = ExitStack()
        try:
            if not address:
                self._until_end.enter_context(_settings())
                self.local = start_here(workers)
            self.client: Client = connect(self.local or str(address))
        except BaseException:
            self._end()
            raise
        # Dask takes equal calls for one task, and remembers its result, unless it is told not to.
        self._dask = self.client.get_executor(pure=False)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = self._dask.submit(fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._dask.shutdown(wait=wait and not cancel_futures)
        self.client.close()
        self._end()

    def _end(self) -> None:
        if self.local is not None:
            self.local.close()
            self.local = None
            _end_offloading()
        self._until_end.close()


def start_here(workers: int) -> LocalCluster:
    """A scheduler in this process, and so many worker processes of one thread each.

    Only this computer can reach it, and it serves no web page.
    """
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        # A worker that ends without being asked is what the lesson shows, not news.
        silence_logs=logging.CRITICAL,
    )


@contextmanager
def _settings() -> Iterator[None]:
    """Dask's settings while a cluster runs here; its folder is removed afterwards."""
    import dask

    # It brings settings of its own, which must be there before ours.
    import distributed  # noqa: F401

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        settings = {
            "temporary-directory": scratch,
            # On a crowded machine a new worker needs longer than Dask's 15 seconds to start.
            "distributed.deploy.lost-worker-timeout": "120s",
            # And Dask warns, here and in each worker, that its folders took long to make.
            "distributed.nanny.pre-spawn-environ.PYTHONWARNINGS": "ignore",
        }
        with dask.config.set(settings), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Creating scratch directories")
            # What Dask sets for its workers it sets for this process, too, and leaves it there.
            before = dict(os.environ)
            try:
                yield
            finally:
                os.environ.clear()
                os.environ.update(before)


def connect(to: LocalCluster | str) -> Client:
    """A client of the cluster, or of the scheduler at this address.

    Raises ValueError for a text that is no address, and ConnectionError within 5 seconds if no
    Dask scheduler answers there.
    """
    from distributed import Client

    if isinstance(to, str):
        _greet(to)
    return Client(to, timeout=PATIENCE_S, set_as_default=False)


def _greet(address: str) -> None:
    """Shake hands with the scheduler, and leave again.

    A client waits for ever for the greeting of somebody who took its call and isn't Dask.
    """
    from distributed.comm.core import connect as call_up

    async def greet() -> None:
        comm = await call_up(address, timeout=PATIENCE_S)
        await comm.close()

    failed: list[Exception | None] = []

    def greet_in_time() -> None:
        try:
            asyncio.run(asyncio.wait_for(greet(), PATIENCE_S))
            failed.append(None)
        except Exception as error:  # whatever it is that answers, it isn't a scheduler
            failed.append(error)

    # In a thread of its own: a notebook's own thread runs an event loop already.
    greeter = threading.Thread(target=greet_in_time, daemon=True)
    greeter.start()
    greeter.join(PATIENCE_S + 0.5)
    error = failed[0] if failed else TimeoutError()
    if isinstance(error, ValueError):
        raise ValueError(f"address must look like 'tcp://10.0.0.5:8786', got {address!r}")
    if error is not None:
        raise ConnectionError(
            f"address {address!r}: no Dask scheduler answered within {PATIENCE_S:g} s"
        ) from error


def processes(client: Client) -> dict[str, int]:
    """The address of each worker, and the id of its process on its machine."""
    found: dict[str, int] = client.run(os.getpid)
    return found


@contextmanager
def task_stream(client: Client) -> Iterator[list[dict[str, Any]]]:
    """Ask the scheduler to note, during the block, who did which task when.

    The list is filled when the block ends.
    """
    from distributed import get_task_stream

    found: list[dict[str, Any]] = []
    with get_task_stream(client) as stream:
        yield found
        time.sleep(0)
    found.extend(stream.data)


def lanes_of(records: Iterable[Mapping[str, Any]]) -> Timeline:
    """One lane per worker, in the order in which they began, of what the task stream noted.

    The times are the workers' own wall clocks: those of different machines may differ.
    Raises ValueError if there is no record.
    """
    spans = [
        (record["worker"], _PHASES.get(phase["action"], State.SLEEPING), phase)
        for record in records
        for phase in record["startstops"]
    ]
    if not spans:
        raise ValueError("records must hold at least one task that was done")
    spans.sort(key=lambda span: float(span[2]["start"]))
    names = {worker: "" for worker, _, _ in spans}
    for number, worker in enumerate(names, 1):
        names[worker] = f"worker {number}"
    made = tuple(
        Span(names[worker], state, _ns(phase["start"]), _ns(phase["stop"]), phase["action"])
        for worker, state, phase in spans
    )
    return Timeline(tuple(names.values()), made, gil=True, tells_queue=False)


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)


def _end_offloading() -> None:
    """End the one thread that Dask keeps for large messages until the interpreter ends.

    It has no public way to do that: https://github.com/dask/distributed, distributed/utils.py.
    """
    from distributed import utils

    kept = getattr(utils, "_offload_executor", None)
    if isinstance(kept, ThreadPoolExecutor):
        fresh = ThreadPoolExecutor(max_workers=1, thread_name_prefix="Dask-Offload")
        utils._offload_executor = fresh
        kept.shutdown()
