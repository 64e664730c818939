"""A process that sends its log records to another one."""

from __future__ import annotations

import logging
import logging.handlers
from typing import Any


def log_from_a_process(records: Any) -> None:
    """Send this process's log records to the queue of another process.

    records: a ``multiprocessing.Queue``. The names in a record are those of its sender: it is put
    on the queue as an object, and made a line where it arrives.
    """
    root = logging.getLogger()
    root.addHandler(logging.handlers.QueueHandler(records))
    root.setLevel(logging.DEBUG)
    logging.debug("hello from a process")
