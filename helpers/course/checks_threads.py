"""Checkers for exercises 4.1 and 4.2: what threads share, and workers at a queue."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from helpers.course.exercises import NotYet

_PATIENCE_S = 2.0

# Statement: can another thread see the change; and what a wrong answer overlooks.
_CHANGES: dict[str, tuple[bool, str]] = {
    "n += 1, and n is a local variable": (
        False,
        "each call has local variables of its own, in whichever thread",
    ),
    "n += 1, and n is a global variable": (
        True,
        "a module has one set of global names, for all threads",
    ),
    "words.append('x'), and words is an argument: the same list for both threads": (
        True,
        "append changes the list itself, and both threads have that list",
    ),
    "words = words + ['x'], and words is that same argument": (
        False,
        "+ makes a new list, and = gives it to a local name; the old list stays as it is",
    ),
    "own.n = 1, and own is a threading.local()": (
        False,
        "a threading.local has other attributes in each thread",
    ),
}


def shared(answers: Mapping[str, Any]) -> str:
    """Check which changes another thread can see."""
    for change, (right, why) in _CHANGES.items():
        given = answers.get(change, ...)
        if given is ...:
            raise NotYet(f"Replace each ... and run the cell again. Still missing: {change}.")
        if not isinstance(given, bool):
            raise NotYet(f"Answer True or False for {change!r}, not {given!r}.")
        if given is not right:
            raise NotYet(f"Look again at {change!r}: {why}.")
    return "Names belong to calls, objects to whoever can reach them: look for shared objects."


class _Tasks(queue.Queue[Any]):
    """A queue that lets go of everybody who waits at it, once ``give_up`` is set."""

    def __init__(self, tasks: list[int]) -> None:
        super().__init__()
        self.give_up = threading.Event()
        for task in tasks:
            self.put(task)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if not block or timeout is not None:
            return super().get(block, timeout)
        while True:
            try:
                return super().get(timeout=0.02)
            except queue.Empty:
                self._leave()

    def join(self) -> None:
        while self.unfinished_tasks:
            time.sleep(0.005)
            self._leave()

    def _leave(self) -> None:
        if self.give_up.is_set():
            raise SystemExit  # a thread that raises this ends, and says nothing


def drain(answer: Callable[..., Any]) -> str:
    """Check a function that lets threads empty a queue, and loses neither task nor exception."""
    numbers, workers = [1, 2, 0, 4, 0, 6, 12], 3
    tasks, seen, ended = _Tasks(numbers), _Crowd(workers), threading.Event()
    outcome: list[Any] = []

    def handle(number: int) -> int:
        seen.enter()
        return 12 // number

    def run() -> None:
        try:
            outcome.append(answer(tasks, handle, workers))
        except Exception as error:
            outcome.append(error)
        finally:
            ended.set()

    before = set(threading.enumerate())
    hook, threading.excepthook = threading.excepthook, lambda _: None
    try:
        runner = threading.Thread(target=run, daemon=True)
        runner.start()
        in_time = ended.wait(_PATIENCE_S)
        mine = [one for one in threading.enumerate() if one not in before and one is not runner]
        alive = [one for one in mine if one.is_alive()]
        left, unfinished = tasks.qsize(), tasks.unfinished_tasks
        tasks.give_up.set()
        for thread in [*alive, runner]:
            thread.join(_PATIENCE_S)
    finally:
        threading.excepthook = hook
    if not in_time:
        raise NotYet(_why_stuck(left, unfinished))
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return _judge(outcome[0], numbers, workers, seen, len(alive), unfinished)


class _Crowd:
    """Which threads have called; the first calls wait a moment for the others to come."""

    def __init__(self, many: int) -> None:
        self.threads: set[int] = set()
        self._all_here = threading.Barrier(many)

    def enter(self) -> None:
        if threading.get_ident() in self.threads:
            return
        self.threads.add(threading.get_ident())
        try:
            self._all_here.wait(_PATIENCE_S / 8)
        except threading.BrokenBarrierError:
            return


def _why_stuck(left: int, unfinished: int) -> str:
    if left:
        return (
            f"drain didn't return: {left} entries are still in the queue, and no thread takes "
            "them. Did a task raise and end its thread? Catch what handle raises."
        )
    if unfinished:
        return (
            f"drain didn't return: the queue is empty, but {unfinished} entries weren't "
            "reported with task_done, or a thread waits in get() for a None of its own. Report "
            "every entry, in a finally, and put in one None for each worker."
        )
    return (
        "drain didn't return: a thread still waits in get(). Each worker needs a None of its own."
    )


def _judge(
    found: Any, numbers: list[int], workers: int, seen: _Crowd, alive: int, unfinished: int
) -> str:
    if found is ... or found is None:
        raise NotYet("drain returns nothing yet. Return two lists: results and failures.")
    if not isinstance(found, tuple) or len(found) != 2:
        raise NotYet(f"drain should return two lists, results and failures, not {found!r}.")
    results, failures = found
    if alive:
        raise NotYet(
            f"drain returned, and {alive} of its threads hadn't ended. Join each of them, and "
            "make sure that each gets the message that there is nothing left to do."
        )
    wanted = sorted(12 // number for number in numbers if number)
    if sorted(results, key=str) != sorted(wanted, key=str):
        raise NotYet(f"The results should be {wanted}, in any order, not {results!r}.")
    if [task for task, _ in _pairs(failures)] != [0, 0]:
        raise NotYet(
            "Two tasks raised, so there should be two failures, each a pair of the task and the "
            f"exception, not {failures!r}."
        )
    if unfinished:
        raise NotYet(
            f"All is done, but tasks.join() would wait for ever: {unfinished} entries were never "
            "reported. Call task_done once for each get, also after an exception and for a None."
        )
    if len(seen.threads) != workers:
        raise NotYet(f"{len(seen.threads)} threads did the work; workers is {workers}.")
    return (
        f"{workers} threads handled {len(numbers)} tasks; two raised, and neither a task nor a "
        "thread was lost."
    )


def _pairs(failures: Any) -> list[Any]:
    try:
        return [(task, error) for task, error in failures if isinstance(error, ZeroDivisionError)]
    except (TypeError, ValueError):
        return []
