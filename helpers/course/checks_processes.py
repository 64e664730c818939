"""Checkers for the exercises of chapter 3 on processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from typing import Any

from helpers.course.exercises import NotYet
from helpers.workers import processes

_CODES = [0, 3, 0]
# What tells whether a child has ended, and so may be a wait for it.
_WAITS = {"join", "is_alive", "exitcode", "sentinel"}


class _Watched:
    """A process as the reader's code sees it, which notes what is done with it, in order."""

    def __init__(self, process: Any, log: list[str]) -> None:
        self._process = process
        self._log = log

    def __getattr__(self, name: str) -> Any:
        self._log.append(name)
        return getattr(self._process, name)

    def join(self, timeout: float | None = None) -> None:
        self._log.append("join")
        if timeout is None and "terminate" in self._log and "kill" not in self._log:
            raise NotYet(
                "A child that ignores SIGTERM never ends, and join() without a timeout waits for "
                "it for ever. Give it the patience."
            )
        self._process.join(timeout)


class _Context:
    """A context whose processes are watched."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.made: list[Any] = []

    def Process(self, *args: Any, **options: Any) -> _Watched:
        process = multiprocessing.get_context("spawn").Process(*args, **options)
        self.made.append(process)
        return _Watched(process, self.log)


def run_all(answer: Callable[..., Any]) -> str:
    """Check that all children are started before the first wait, and their exit codes returned."""
    context = _Context()
    try:
        codes = answer(context, processes.leave_as_child, [(code,) for code in _CODES])
    finally:
        _end(context.made)
    if codes is ...:
        raise NotYet("Replace the ... and run the cell again.")
    starts = [place for place, name in enumerate(context.log) if name == "start"]
    if len(context.made) != len(_CODES) or len(starts) != len(_CODES):
        raise NotYet(
            f"{len(_CODES)} arguments, so context.Process should have made {len(_CODES)} children "
            f"that are started; it made {len(context.made)}, and {len(starts)} were started. The "
            "caller chooses the start method: use the context that you are given."
        )
    if _WAITS & set(context.log[: starts[-1]]):
        raise NotYet(
            "You waited for a child before the last had started, so they ran one after another. "
            "Start them all first, in a loop of its own."
        )
    if isinstance(codes, list) and None in codes:
        raise NotYet(
            "There is a None among the exit codes: that child is still running. join() waits for "
            "its end."
        )
    if codes != _CODES:
        raise NotYet(f"The exit codes should be {_CODES}, a list in this order; I got {codes!r}.")
    return (
        "All children were started before you waited for the first, so they ran at the same time; "
        "and you looked at the exit codes, which join() doesn't."
    )


def stop(answer: Callable[..., Any]) -> str:
    """Check that a child is asked to end, given time, and killed only if it doesn't."""
    posix = os.name == "posix"  # elsewhere terminate() is kill(): nobody can tidy up or refuse
    code, said, log = _stopped(answer, processes.polite, 10.0)
    if posix and "terminate" not in log:
        raise NotYet(
            "Nobody asked the child to end: terminate() sends SIGTERM, which it can act upon. "
            "kill() comes last."
        )
    if "kill" in log and not _WAITS & set(log[log.index("terminate") : log.index("kill")]):
        raise NotYet("You killed the child at once after terminate(). Wait with join(patience).")
    if posix and said != "tidied up":
        raise NotYet("A child that tidies up when it gets SIGTERM had no time for it.")
    _check_code(code, "a child that ends when asked")
    code, _, log = _stopped(answer, processes.stubborn, 0.3)
    if posix and "kill" not in log:
        raise NotYet(
            "A child that ignores SIGTERM is still alive after your function. If it is after "
            "join(patience), kill() it."
        )
    _check_code(code, "a child that had to be killed")
    return "Asked first, waited, killed only the one that didn't listen, and buried both."


def _stopped(
    answer: Callable[..., Any], worker: Callable[..., None], patience: float
) -> tuple[tuple[Any, Any], str, list[str]]:
    """Run the answer on one child: (returned and real exit code, the child's words, the log)."""
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    process = spawn.Process(target=worker, args=(sender,))
    log: list[str] = []
    with receiver:
        process.start()
        sender.close()
        try:
            receiver.recv()
            returned = answer(_Watched(process, log), patience)
            real = process.exitcode
        finally:
            _end([process])
        try:
            said = receiver.recv()
        except EOFError:
            said = ""
    if returned is ...:
        raise NotYet("Replace the ... and run the cell again.")
    return (returned, real), said, log


def _check_code(codes: tuple[Any, Any], child: str) -> None:
    returned, real = codes
    if real is None or returned is None:
        raise NotYet(
            f"The exit code of {child} came back as {returned}. Wait for its end with join(), "
            "after kill() too, and then return process.exitcode."
        )
    if returned != real:
        raise NotYet(f"The exit code of {child} is {real}, but your function returned {returned}.")


def _end(made: list[Any]) -> None:
    for process in made:
        if process.pid is not None:
            process.kill()
            process.join()
