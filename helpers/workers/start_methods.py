"""What a child process has of its parent's under each start method.

These run in a fresh interpreter (see `helpers.measure.elsewhere`). There the main thread is alone,
so fork is safe, except where it is meant not to be.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers.workers.executors import nothing
from helpers.workers.memory import Memory, own_memory

_HOME = str(Path(__file__).resolve().parents[2])  # the folder that holds helpers/
_VARIABLE = "COURSE_SETTING"
_RARE_MODULE = "colorsys"  # nothing else imports it
_LONGEST_HOLD_S = 60.0
_PAGE = 4096

# What a parent may have that a child may lack.
GLOBAL = "a global variable that was changed after the import"
MODULE = "a module that only the parent's code imported"
FILE = "an open file, by its number"
VARIABLE = "an environment variable that was set just before"
THREADS = "the parent's other threads"
HELD = "a lock that another thread of the parent holds: it is held in the child too"

setting = "as imported"
lock = threading.Lock()


def look(sender: Any, descriptor: int, file: list[int]) -> None:
    """In the child: send which of the parent's things are here."""
    got_it = lock.acquire(timeout=0.1)
    sender.send(
        {
            GLOBAL: setting == "changed",
            MODULE: _RARE_MODULE in sys.modules,
            FILE: _identity(descriptor) == file,
            VARIABLE: _VARIABLE in os.environ,
            THREADS: threading.active_count() > 1,
            HELD: not got_it,
        }
    )


def what_a_child_has(method: str) -> dict[str, bool]:
    """In the parent: change and open things, start a child, and return what it has of them."""
    global setting
    context: Any = multiprocessing.get_context(method)
    first = context.Process(target=nothing)  # starts the fork server, if the method has one
    first.start()
    first.join()

    setting = "changed"
    importlib.import_module(_RARE_MODULE)
    os.environ[_VARIABLE] = "set"
    with tempfile.TemporaryFile() as file, held_by_a_thread():
        receiver, sender = context.Pipe(duplex=False)
        number = file.fileno()
        process = context.Process(target=look, args=(sender, number, _identity(number)))
        process.start()
        sender.close()  # the child has its own end: if it dies, recv raises and doesn't wait
        found: dict[str, bool] = receiver.recv()
        process.join()
    return found


@contextmanager
def held_by_a_thread() -> Iterator[None]:
    """Another thread holds the lock for as long as the block runs."""
    taken, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            leave.wait(_LONGEST_HOLD_S)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    try:
        yield
    finally:
        leave.set()
        thread.join()


def take_the_lock(sender: Any) -> None:
    """In the child: say so before and after."""
    sender.send("I am here, and want the lock")
    with lock:
        sender.send("I have the lock")


def start_while_a_thread_holds_the_lock(method: str, patience_s: float) -> dict[str, Any]:
    """Start a child at a bad moment. The thread lets the lock go right afterwards.

    patience_s: seconds from the child's first word until it is killed.
    Returns "said" (the child's words), "killed" (whether it had to be), and "warnings" (those that
    Python gave the parent).
    """
    context: Any = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=take_the_lock, args=(sender,))
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        with held_by_a_thread():
            process.start()
    sender.close()
    said = [receiver.recv()]
    try:
        while receiver.poll(patience_s):
            said.append(receiver.recv())
    except EOFError:  # it has ended
        process.join()
    killed = process.is_alive()
    process.kill()
    process.join()
    return {"said": said, "killed": killed, "warnings": [str(one.message) for one in given]}


def set_twice() -> str:
    """Choose a start method for the whole program, then do it again. Returns the error."""
    multiprocessing.set_start_method("spawn")
    try:
        multiprocessing.set_start_method("spawn")
    except RuntimeError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def two_contexts() -> list[str]:
    """Use several start methods in one program. Returns those by which a child ended well."""
    well = []
    for method in multiprocessing.get_all_start_methods():
        context: Any = multiprocessing.get_context(method)
        process = context.Process(target=nothing)
        process.start()
        process.join()
        if process.exitcode == 0:
            well.append(method)
    return well


def touch(sender: Any) -> None:
    """In the child: write to every page of what the parent had made; send the memory it costs."""
    before = own_memory()
    for place in range(0, len(_ballast), _PAGE):
        _ballast[place] = 2
    sender.send([before, own_memory()])


_ballast = bytearray()


def copy_on_write(megabytes: int) -> list[Memory]:
    """Fork a parent that has so many megabytes; the child's memory before and after it writes."""
    global _ballast
    _ballast = bytearray(b"1") * (megabytes * 1_000_000)
    context: Any = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=touch, args=(sender,))
    process.start()
    sender.close()
    memory: list[Memory] = receiver.recv()
    process.join()
    return memory


def run_script(source: str, path: str | None = None) -> dict[str, Any]:
    """Run a main module as a shell would: ``python path``, or without a file ``python -c source``.

    Returns "exit code", "output" and "errors" (its children's too, where the system hands the
    standard error on: Windows doesn't).
    """
    command = [sys.executable, path] if path else [sys.executable, "-c", source]
    environment = {**os.environ, "PYTHONPATH": _HOME, "PYTHON_COLORS": "0"}
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment,
        encoding="utf-8",
        errors="replace",
    )
    return {"exit code": done.returncode, "output": done.stdout, "errors": done.stderr}


def _identity(descriptor: int) -> list[int] | None:
    """Which file an open number stands for; None if it isn't open here."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return [status.st_dev, status.st_ino]
