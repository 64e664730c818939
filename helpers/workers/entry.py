"""The door into another interpreter: read one call as JSON, make it, write the result as JSON.

`helpers.measure.elsewhere` starts an interpreter with this module. Nothing needs to be
installed there: the workers use the standard library only.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback


def main() -> None:
    """Serve the one call on standard input: ``{"module": .., "function": .., "args": [..]}``."""
    # "Interrupt the kernel" reaches the kernel's children too. Who called decides when this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The answer gets the standard output for itself; a stray print goes to standard error.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    call = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    try:
        worker = getattr(importlib.import_module(call["module"]), call["function"])
        reply = {"result": worker(*call["args"])}
    except Exception as error:
        reply = {"error": f"{type(error).__name__}: {error}"}
        traceback.print_exc()
    with answer:
        json.dump(reply, answer)
