"""Run a worker in a fresh interpreter: this one's own, or any other CPython on the machine.

A fresh process has no Jupyter kernel's threads in it, can be ended when it hangs, and can be a
different Python. The price is that arguments and result travel as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

from helpers.measure.segments import mapped_by, remove

_HOME = Path(__file__).resolve().parents[2]  # the folder that holds helpers/
# Not from the working directory: the reader may keep a queue.py beside the notebook.
_START = (
    "import sys; sys.path[:] = [sys.argv[1], *filter(None, sys.path)]; "
    "from {module} import main; main()"
)
_POLL_S = 0.05


class WorkerFailed(RuntimeError):
    """The worker raised, or its interpreter died. The message ends with its standard error."""


class Stopped(RuntimeError):
    """The reader pressed Stop or interrupted the kernel."""


def call(
    worker: Callable[..., Any],
    *args: Any,
    python: str | Path = sys.executable,
    environment: Mapping[str, str] | None = None,
    deadline: float = 60.0,
    stop: threading.Event | None = None,
) -> Any:
    """Call ``worker(*args)`` in a fresh interpreter and return what it returns.

    worker: a module-level function of ``helpers.workers``. Arguments and result are what JSON
    can carry (a tuple comes back as a list).
    environment: variables to set on top of this process's own, such as ``PYTHON_GIL``.
    deadline: seconds until the interpreter is killed.
    stop: set this event, from another thread, to kill it earlier.

    Raises TypeError for a worker that another interpreter couldn't import or arguments that
    JSON can't carry, ValueError for a deadline that isn't positive, WorkerFailed, TimeoutError
    after the deadline, and Stopped. The interpreter is gone in every case, and if it had to be
    ended, so are the processes that it had started.
    """
    request = _request(worker, args)
    if not deadline > 0:
        raise ValueError(f"deadline must be positive, got {deadline}")
    command = start_command(python, "helpers.workers.entry")
    with tempfile.TemporaryFile() as stdin:  # a pipe would block while it is full
        stdin.write(request)
        stdin.seek(0)
        try:
            process = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **(environment or {})},
            )
        except OSError as error:
            raise WorkerFailed(f"{python} can't be started: {error}") from error
    try:
        output, errors = _wait(process, time.monotonic() + deadline, stop)
    except TimeoutError:
        raise TimeoutError(
            f"{worker.__name__} had not ended after {deadline:g} s and was stopped"
        ) from None
    finally:
        _end(process)
    if process.returncode == -signal.SIGINT:
        # An interrupt goes to the whole group of processes. The worker ignores it, but not yet
        # while its interpreter starts.
        raise Stopped(f"{worker.__name__} was interrupted")
    return _result(worker, process.returncode, output, errors)


def start_command(python: str | Path, module: str) -> list[str]:
    """The command that calls ``main()`` of a module of helpers in another interpreter.

    Nothing has to be installed there.
    """
    return [str(python), "-s", "-S", "-c", _START.format(module=module), str(_HOME)]


def _request(worker: Callable[..., Any], args: tuple[Any, ...]) -> bytes:
    module, name = getattr(worker, "__module__", ""), getattr(worker, "__qualname__", "")
    if not str(module).startswith("helpers.workers.") or "." in name or "<" in name:
        raise TypeError(
            f"worker must be a module-level function of helpers.workers, got {worker!r}: "
            "another interpreter has to import it by name"
        )
    try:
        text = json.dumps({"module": module, "function": name, "args": args})
    except (TypeError, ValueError) as error:
        raise TypeError(f"args must be numbers, texts, lists or dicts: {error}") from None
    return text.encode()


def _wait(
    process: subprocess.Popen[bytes], until: float, stop: threading.Event | None
) -> tuple[bytes, bytes]:
    """Drain the process in short turns, so that a stop or a deadline is seen soon."""
    while True:
        try:
            return process.communicate(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            if stop is not None and stop.is_set():
                raise Stopped("stopped by the reader") from None
        if time.monotonic() > until:
            raise TimeoutError


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the interpreter and all that it has started, and close the pipes."""
    trackers: list[psutil.Process] = []
    held: set[int] = set()
    if process.poll() is None:
        family = _family(process.pid)
        # What it has just made, it may not have told the tracker yet. So it stands still, and
        # what it has is noted before it ends.
        for one in family:
            with contextlib.suppress(psutil.Error):
                one.suspend()
        trackers = [one for one in family if _is_tracker(one)]
        held = mapped_by(one.pid for one in family)
        for one in set(family) - set(trackers):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        for one in trackers:
            with contextlib.suppress(psutil.Error):
                one.resume()
    # A process whose parent ended before it wasn't found and may hold the pipes: don't wait for it.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=0.5)
    process.wait()
    psutil.wait_procs(trackers, timeout=1)
    remove(held - mapped_by([os.getpid()]))  # what it shared with us is ours


def _family(pid: int) -> list[psutil.Process]:
    """The process and all that it has started; those whose parent ended before aren't found."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _is_tracker(process: psutil.Process) -> bool:
    """Whether it is multiprocessing's resource tracker.

    Left alone, it ends after the last of those that it serves, and removes the semaphores and
    shared memory that it was told of and they had no time to remove.
    """
    try:
        return "multiprocessing.resource_tracker" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _result(worker: Callable[..., Any], exit_code: int, output: bytes, errors: bytes) -> Any:
    said = errors.decode(errors="replace").strip()
    try:
        reply = json.loads(output)
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        raise WorkerFailed(
            f"{worker.__name__}: the interpreter ended with exit code {exit_code} "
            f"and no result.\n{said}"
        )
    if "error" in reply:
        raise WorkerFailed(f"{worker.__name__} raised {reply['error']}\n{said}")
    return reply["result"]
