"""The door into another interpreter: read one call as JSON, make it, write the result as JSON.

`helpers.measure.elsewhere` starts an interpreter with this module. Nothing needs to be
installed there: the workers use the standard library only.

The answer is lines of JSON: any number of ``{"progress": 0.5}``, then ``{"result": ..}`` or
``{"error": ".."}``.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from enum import Enum
from typing import Any

from helpers.workers.progress import listen

# The workers are written for any CPython since 3.9, experiments for those that the course runs on.
OLDEST_FOR_EXPERIMENTS = (3, 11)


def main() -> None:
    """Serve the one call on standard input: ``{"module": .., "function": .., "args": [..]}``."""
    # "Interrupt the kernel" reaches the kernel's children too. Who called decides when this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The answer gets the standard output for itself; a stray print goes to standard error.
    answer = os.dup(1)
    os.dup2(2, 1)
    call = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    listen(lambda done: _write(answer, {"progress": done}))
    try:
        reply = {"result": _function(call["module"], call["function"])(*call["args"])}
    except Exception as error:
        import traceback  # it takes a while to import, and is hardly ever needed

        reply = {"error": f"{type(error).__name__}: {error}"}
        traceback.print_exc()
    listen(None)
    _write(answer, reply)
    os.close(answer)


def _function(module: str, name: str) -> Any:
    if module.startswith("helpers.measure.") and sys.version_info < OLDEST_FOR_EXPERIMENTS:
        needed = ".".join(map(str, OLDEST_FOR_EXPERIMENTS))
        raise RuntimeError(f"experiments of helpers.measure need Python {needed} or newer")
    return getattr(importlib.import_module(module), name)


def _write(answer: int, message: dict[str, Any]) -> None:
    line = (json.dumps(message, default=_plain) + "\n").encode()
    while line:  # a pipe takes as much as it has room for
        line = line[os.write(answer, line) :]


def _plain(value: Any) -> Any:
    """What JSON can't carry, but can be said in its terms: a dataclass, an Enum, a path."""
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is not None and not isinstance(value, type):
        return {name: getattr(value, name) for name in fields}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} is not JSON serializable")
