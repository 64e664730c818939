"""Checker for exercise 3.4: both ends of a pipe."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from helpers.course.exercises import NotYet

_THINGS = ["Hello", None, 3, ["a", "list"]]
_PATIENCE_S = 2.0


def pipe(receive: Callable[..., Any], send: Callable[..., Any]) -> str:
    """Check the two functions together: all comes through, also None, and both end."""
    receiving, sending = multiprocessing.Pipe(duplex=False)
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(receive(receiving))
        except Exception as error:
            outcome.append(error)

    receiver = threading.Thread(target=run, daemon=True)
    receiver.start()
    try:
        send(sending, list(_THINGS))
        receiver.join(_PATIENCE_S)
        in_time = not receiver.is_alive()
        closed = sending.closed
    finally:
        with suppress(OSError):
            sending.close()
        receiver.join(_PATIENCE_S)
        with suppress(OSError):
            receiving.close()
    if not in_time:
        if not closed:
            raise NotYet(
                "The receiver still waited after the last thing: send_all must close its end when "
                "it has sent everything."
            )
        raise NotYet("The sending end is closed, and the receiver still waited.")
    [found] = outcome
    if isinstance(found, EOFError):
        raise NotYet(
            "recv raised EOFError, which only says that the sender has closed its end. Catch it, "
            "and return what has come."
        )
    if isinstance(found, Exception):
        raise found
    if found is ...:
        raise NotYet("Replace the ... in both functions, and run the cell again.")
    if found == ["Hello"]:
        raise NotYet(
            "The receiver stopped at a None, but None was one of the things. Wait for EOFError."
        )
    if found != _THINGS:
        raise NotYet(f"Sent were {_THINGS}, and receive_all returned {found!r}.")
    if not closed:
        raise NotYet("All has come, but send_all left its end open: close it.")
    return "Everything came, a None too, and both ends know that it is over."
