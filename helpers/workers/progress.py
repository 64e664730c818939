"""How a worker says how far it has come. `helpers.measure.elsewhere.call` hands it on."""

from __future__ import annotations

from collections.abc import Callable

_listener: Callable[[float], None] | None = None


def part_done(done: float) -> None:
    """Report the part that is done, 0 to 1. Does nothing where nobody listens."""
    if _listener is not None:
        _listener(min(1.0, max(0.0, done)))


def listen(listener: Callable[[float], None] | None) -> None:
    """From now on, call this with each part that is done; None: nobody listens any more."""
    global _listener
    _listener = listener
