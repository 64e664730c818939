"""What a process of a pool has ready when its first task comes."""

from __future__ import annotations

import importlib
import os
import sys
import time
from typing import Any

SLOW_MODULE = "xmlrpc.server"  # of the standard library; nothing else here imports it


def parse(_: object = None) -> dict[str, Any]:
    """A task that needs a module, and imports it if it isn't there.

    Returns process (its id), ready (whether the module was there) and seconds (until it was).
    """
    ready = SLOW_MODULE in sys.modules
    began = time.perf_counter()
    importlib.import_module(SLOW_MODULE)
    return {"process": os.getpid(), "ready": ready, "seconds": time.perf_counter() - began}


def get_ready() -> None:
    """An initializer: import before the first task comes."""
    importlib.import_module(SLOW_MODULE)


def process_id(_: object = None) -> int:
    return os.getpid()
