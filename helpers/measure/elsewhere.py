"""Run a worker in a fresh interpreter: this one's own, or any other CPython on the machine.

A fresh process has no Jupyter kernel's threads in it, can be ended when it hangs, and can be a
different Python. The price is that arguments and result travel as JSON. Nothing is installed there
and no file is written that could be left behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, cast

import psutil

from helpers.measure.segments import mapped_by, remove

_HOME = Path(__file__).resolve().parents[2]  # the folder that holds helpers/
# Not from the working directory: the reader may keep a queue.py beside the notebook.
_START = (
    "import sys; sys.path[:] = [sys.argv[1], *filter(None, sys.path)]; "
    "from {module} import main; main()"
)
_POLL_S = 0.05
_POLLS_FOR_THE_REST = 20  # of an answer, once its interpreter has ended
_MOST_ERRORS = 100_000  # bytes of standard error that are shown: the last ones
# What the reader set for this interpreter and would stop or change another one. PYTHON_GIL=0, for
# one, ends every interpreter that was built with the GIL.
_FOR_THIS_ONE = ("PYTHONHOME", "PYTHONPATH", "PYTHON_GIL", "PYTHON_JIT", "__PYVENV_LAUNCHER__")


class WorkerFailed(RuntimeError):
    """The worker raised, or its interpreter died. The message ends with its standard error."""


class Stopped(RuntimeError):
    """The reader pressed Stop or interrupted the kernel."""


def call(
    worker: Callable[..., Any],
    *args: Any,
    python: str | Path = sys.executable,
    environment: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    deadline: float = 60.0,
    stop: threading.Event | None = None,
    progress: Callable[[float], None] | None = None,
) -> Any:
    """Call ``worker(*args)`` in a fresh interpreter and return what it returns.

    worker: a module-level function of ``helpers.workers``, which any CPython since 3.9 runs; or of
    ``helpers.measure``, if its module needs the standard library only: this takes 3.11.
    Arguments and result are what JSON can carry (a tuple comes back as a list, a dataclass as a
    dict of its fields).
    environment: variables to set on top of this process's own, such as ``PYTHON_GIL`` or
    ``PYTHON_JIT``. What is set in this process to steer its own interpreter isn't handed on to
    another. options: for the interpreter, such as ``("-X", "gil=0")``.
    deadline: seconds until the interpreter is killed.
    stop: set this event, from another thread, to kill it earlier.
    progress: called here, with the part done (0 to 1), when the worker calls
    ``helpers.workers.progress.part_done``. It may raise to stop the worker.

    Raises TypeError for a worker that another interpreter couldn't import, arguments that JSON
    can't carry or options that are one text, ValueError for a deadline that isn't positive,
    WorkerFailed, TimeoutError after the deadline, and Stopped. The interpreter is gone in every
    case, and if it had to be ended, so are the processes that it had started.
    """
    request = _request(worker, args)
    if not deadline > 0:
        raise ValueError(f"deadline must be positive, got {deadline}")
    if isinstance(options, str):
        raise TypeError(f"options must be a sequence of texts, got {options!r}")
    command = start_command(python, "helpers.workers.entry", options)
    variables = {**_variables_for(python), **(environment or {})}
    # Files without a name, which vanish with their last user: a pipe would block while it is full.
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
        stdin.write(request)
        stdin.seek(0)
        try:
            process = subprocess.Popen(
                command, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, env=variables
            )
        except OSError as error:
            raise WorkerFailed(f"{python} can't be started: {error}") from error
        lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        reader = threading.Thread(
            target=_read, args=(process.stdout, lines), name="answer", daemon=True
        )
        reader.start()
        try:
            reply = _wait(process, lines, time.monotonic() + deadline, stop, progress)
        except TimeoutError:
            said = _said(stderr)
            raise TimeoutError(
                f"{worker.__name__} had not ended after {deadline:g} s and was stopped"
                + (f"\n{said}" if said else "")
            ) from None
        finally:
            _end(process)
            # Somebody whose parent ended before it wasn't found and may hold the pipe: don't wait.
            reader.join(0.5)
        said = _said(stderr)
        if process.returncode == -signal.SIGINT or (not reply and "KeyboardInterrupt" in said):
            # An interrupt goes to the whole group of processes. The worker ignores it, but not yet
            # while its interpreter starts: then it dies of the signal, or with exit code 1.
            raise Stopped(f"{worker.__name__} was interrupted")
        return _result(worker, process.returncode, reply, said)


def start_command(python: str | Path, module: str, options: Sequence[str] = ()) -> list[str]:
    """The command that calls ``main()`` of a module of helpers in another interpreter.

    Nothing has to be installed there.
    """
    start = _START.format(module=module)
    return [str(python), *options, "-s", "-S", "-c", start, str(_HOME)]


def _variables_for(python: str | Path) -> dict[str, str]:
    """This process's environment, as far as it is meant for that interpreter."""
    left_out = () if str(python) == sys.executable else _FOR_THIS_ONE
    return {name: value for name, value in os.environ.items() if name not in left_out}


def _request(worker: Callable[..., Any], args: tuple[Any, ...]) -> bytes:
    module, name = getattr(worker, "__module__", ""), getattr(worker, "__qualname__", "")
    ours = str(module).startswith(("helpers.workers.", "helpers.measure."))
    if not ours or "." in name or "<" in name:
        raise TypeError(
            f"worker must be a module-level function of helpers.workers or helpers.measure, got "
            f"{worker!r}: another interpreter has to import it by name"
        )
    try:
        text = json.dumps({"module": module, "function": name, "args": args})
    except (TypeError, ValueError) as error:
        raise TypeError(f"args must be numbers, texts, lists or dicts: {error}") from None
    return text.encode()


def _read(pipe: IO[bytes], lines: queue.SimpleQueue[bytes | None]) -> None:
    """In a thread: hand over the lines of the answer, and None at its end.

    What isn't ours, from a program that is no Python, is read and forgotten, however much it is.
    """
    with pipe:
        answer = cast(BufferedReader, pipe)
        while first := answer.peek(1)[:1]:
            if first == b"{":
                lines.put(answer.readline())
            else:
                answer.read1()
    lines.put(None)


def _wait(
    process: subprocess.Popen[bytes],
    lines: queue.SimpleQueue[bytes | None],
    until: float,
    stop: threading.Event | None,
    progress: Callable[[float], None] | None,
) -> bytes:
    """Wait for the end, in short turns, so that a stop or a deadline is seen soon.

    Returns the last line of the answer that isn't about progress.
    """
    reply = b""
    for line in _until_the_end(process, lines):
        done = _part_done(line)
        if done is None:
            reply = line or reply
        elif progress is not None:
            progress(done)
        if stop is not None and stop.is_set():
            raise Stopped("stopped by the reader")
        if time.monotonic() > until:
            raise TimeoutError
    return reply


def _until_the_end(
    process: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes | None]
) -> Iterator[bytes]:
    """The lines of the answer, and b"" whenever none came for a while."""
    patience = _POLLS_FOR_THE_REST
    while patience:
        try:
            line = lines.get(timeout=_POLL_S)
        except queue.Empty:
            line = b""
            # Somebody that it started may hold the pipe open, so that no end comes.
            patience -= process.poll() is not None
        if line is None:
            break
        yield line
    while True:  # it has answered, but may have threads that go on
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            yield b""
        else:
            return


def _part_done(line: bytes) -> float | None:
    """What a line of progress says, or None for any other."""
    if not line.startswith(b'{"progress": '):
        return None
    try:
        return float(json.loads(line)["progress"])
    except (ValueError, TypeError, KeyError):
        return None


def _said(stderr: IO[bytes]) -> str:
    """The end of what an interpreter wrote to its standard error."""
    size = stderr.seek(0, os.SEEK_END)
    stderr.seek(max(0, size - _MOST_ERRORS))
    return stderr.read().decode(errors="replace").strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the interpreter and all that it has started."""
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
    process.wait()
    psutil.wait_procs(trackers, timeout=1)
    if held:
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


def _result(worker: Callable[..., Any], exit_code: int, reply: bytes, said: str) -> Any:
    try:
        answer = json.loads(reply)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not answer.keys() & {"result", "error"}:
        raise WorkerFailed(
            f"{worker.__name__}: the interpreter {_ended(exit_code)} and no result.\n{said}"
        )
    if "error" in answer:
        raise WorkerFailed(f"{worker.__name__} raised {answer['error']}\n{said}")
    return answer["result"]


def _ended(exit_code: int) -> str:
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-exit_code).name}, with exit code {exit_code}"
    return f"ended with exit code {exit_code}"
