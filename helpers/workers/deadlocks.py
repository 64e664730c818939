"""A process that can't end before somebody has read what it sent."""

from __future__ import annotations

from typing import Any


def send_much(queue: Any, done: Any, count: int) -> None:
    """Put so many bytes on a ``multiprocessing.Queue`` at once, then set the event ``done``.

    ``put`` returns at once: a thread of the queue's own passes the bytes on to a pipe, which holds
    some dozen kilobytes. The process doesn't end before that thread has got rid of all.
    """
    queue.put(bytes(count))
    done.set()
