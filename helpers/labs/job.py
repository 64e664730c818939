"""A long measurement beside the kernel's own work: it reports progress and can be stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from typing import Any

from helpers.measure.elsewhere import Stopped, WorkerFailed


class Job:
    """What a measurement gets: where to report progress, and where to see that it should stop.

    stop: set when the reader pressed Stop or interrupted the kernel. Hand it on to
    ``measure.elsewhere.call``, which kills its interpreter then.
    """

    def __init__(self, report: Callable[[float], None]) -> None:
        self.stop = threading.Event()
        self._report = report

    def progress(self, done: float) -> None:
        """Say which part (0 to 1) is done. Raises Stopped once the job was stopped."""
        self.check()
        self._report(min(1.0, max(0.0, done)))

    def check(self) -> None:
        """Raises Stopped once the job was stopped. Call it in every long loop."""
        if self.stop.is_set():
            raise Stopped("stopped by the reader")


_NEWS_S = 2.0  # how long a busy kernel may take to hear of an interrupt


@contextlib.contextmanager
def children_interrupted(job: Job) -> Iterator[None]:
    """Around a measurement in other processes: what fails as an interrupt ended one is a stop.

    "Interrupt the kernel" reaches its children too, and one that is only starting dies of it. Who
    waits for its answer then gets none; who hands it work finds the pool broken, or the pipe to it
    closed.
    """
    try:
        yield
    except (BrokenExecutor, OSError, EOFError, WorkerFailed):
        job.stop.wait(_NEWS_S)
        job.check()
        raise


class Interrupts:
    """Lets "Interrupt the kernel" stop a job that runs in a thread.

    An idle kernel ignores the interrupt signal, and around each message it saves the handler
    and puts it back. So ours is installed from the event loop, between two messages, and stays
    there. It hands the signal on to the handler that it replaced, which may be that of an async
    cell; an idle kernel has none.
    """

    def __init__(self) -> None:
        self._jobs: set[Job] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._replaced: Any = None

    def attach(self) -> None:
        """Remember the kernel's event loop. Does nothing outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # no kernel: a test or a script, whose own Ctrl-C works
            self._loop = None

    def watch(self, job: Job) -> None:
        self._jobs.add(job)
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._install)

    def forget(self, job: Job) -> None:
        self._jobs.discard(job)

    def _install(self) -> None:
        current = signal.getsignal(signal.SIGINT)
        if current != self._on_interrupt:
            self._replaced = current
            signal.signal(signal.SIGINT, self._on_interrupt)

    def _on_interrupt(self, *arguments: Any) -> None:
        for job in list(self._jobs):
            job.stop.set()
        if callable(self._replaced):
            self._replaced(*arguments)


INTERRUPTS = Interrupts()
