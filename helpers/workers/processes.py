"""What children do and how they end: well, badly, or not at all."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.context import SpawnProcess
from typing import Any

from helpers.workers.gil import work
from helpers.workers.timeline import Recorder

_LONGEST_S = 60.0  # a child that nobody ends ends itself


def sum_of_squares(n: int) -> int:
    """The article's computation, and a value that nobody will see."""
    return sum(i * i for i in range(n))


class SquareSum(SpawnProcess):
    """A process as a class: what it needs comes in __init__, what it does stands in run."""

    def __init__(self, n: int) -> None:
        super().__init__(name=f"squares below {n}")
        self.n = n
        self.result: int | None = None

    def run(self) -> None:
        self.result = sum_of_squares(self.n)


def change_interpreter(sender: Any) -> None:
    """Set something that belongs to the whole interpreter; say who did it."""
    sys.setswitchinterval(0.123)
    sender.send(
        {
            "process id": os.getpid(),
            "parent's process id": os.getppid(),
            "switch interval": round(sys.getswitchinterval(), 3),
            "threads": threading.active_count(),
        }
    )


def compute_in_two_threads(name: str, steps: int, start: Any, sender: Any) -> None:
    """Two threads of this process compute. All threads of all processes begin together."""
    recordings: list[dict[str, Any]] = []

    def run(lane: str) -> None:
        with Recorder(lane) as recorder:
            start.wait(_LONGEST_S)
            work("pure Python", steps, recorder)
        recordings.append(recorder.recording)

    lanes = [f"{name}, thread {number}" for number in (1, 2)]
    threads = [threading.Thread(target=run, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sender.send(sorted(recordings, key=lambda recording: str(recording["lane"])))


def leave(code: object) -> None:
    """End as a script would: with a number, or with a text that says what went wrong."""
    sys.exit(code)  # type: ignore[arg-type]


def leave_as_child(code: int) -> None:
    """End with this exit code, but only as a child. Raises RuntimeError in the parent."""
    if multiprocessing.parent_process() is None:
        raise RuntimeError(
            "the worker ran in the parent. Give target= the function itself, without calling it, "
            "and its arguments in args="
        )
    sys.exit(code)


def leave_at_once(code: int) -> None:
    """End without any of Python's tidying up."""
    os._exit(code)


def divide(a: float, b: float) -> float:
    return a / b


def send_outcome(sender: Any, function: Callable[..., Any], *args: Any) -> None:
    """Call the function and send what comes out: the value, or the exception."""
    try:
        outcome = ("returned", function(*args))
    except Exception as error:
        outcome = ("raised", error)
    sender.send(outcome)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def wait_for(receiver: Any) -> None:
    """End when a message comes, or when nobody is left who could send one."""
    with suppress(EOFError):
        receiver.recv()


def unprepared(sender: Any) -> None:
    """Work on, with some tidying up at the end; nothing is prepared for an early end."""
    try:
        sender.send("ready")
        time.sleep(_LONGEST_S)
    finally:
        sender.send("tidied up")


def polite(sender: Any) -> None:
    """The same, but SIGTERM raises SystemExit here, so that ``finally`` blocks run."""

    def stop(number: int, frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    unprepared(sender)


def stubborn(sender: Any) -> None:
    """The same, but SIGTERM is ignored."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    unprepared(sender)


def have_a_child(daemon: bool, go: Any, sender: Any) -> None:
    """Start a child of one's own, see that it is up, and end while it is still at work."""
    spawn = multiprocessing.get_context("spawn")
    up = spawn.Event()
    child = spawn.Process(target=finish_when_told, args=(up, go, sender), daemon=daemon)
    child.start()
    up.wait(_LONGEST_S)


def finish_when_told(up: Any, go: Any, sender: Any) -> None:
    """Some work that ends when a message comes."""
    up.set()
    wait_for(go)
    sender.send("finished my work")


def child_of_a_daemon(sender: Any) -> None:
    """Try to start a child in a daemon; send the error."""
    try:
        multiprocessing.get_context("spawn").Process(target=sleep, args=(0,)).start()
    except AssertionError as error:
        sender.send(str(error))


@contextmanager
def errors_of_children() -> Iterator[list[str]]:
    """Catch what children write to standard error while the block runs; the list gets it after.

    A child's error output goes to file descriptor 2, which it has from its parent; ``sys.stderr``
    of the parent has no part in it. A child of a fork server has the server's instead. Windows
    doesn't hand this file on to children: there the list gets an empty text.
    """
    caught: list[str] = []
    with tempfile.TemporaryFile() as file:
        usual = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield caught
        finally:
            os.dup2(usual, 2)
            os.close(usual)
            file.seek(0)
            caught.append(file.read().decode(errors="replace").strip())
