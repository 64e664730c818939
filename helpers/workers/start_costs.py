"""What one more child process costs under each start method, in time and memory.

Imports little: under spawn each child imports this module anew, and would pay for it.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from helpers.workers.memory import own_memory
from helpers.workers.turns import by_turns


def tell(sender: Any, names: Sequence[str]) -> None:
    """In the child: how much memory is its own, and which of these modules are here already."""
    sender.send([own_memory(), [name for name in names if name in sys.modules]])


def start_one(method: str, names: Sequence[str], answers: dict[str, Any]) -> float:
    """Seconds to start a child, hear from it, and see it end. Puts what it says into answers."""
    context: Any = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    began = time.perf_counter()
    process = context.Process(target=tell, args=(sender, names))
    process.start()
    sender.close()
    answers[method] = receiver.recv()
    process.join()
    seconds = time.perf_counter() - began
    receiver.close()
    return seconds


def time_starts(
    methods: Sequence[str],
    rounds: int,
    names: Sequence[str] = (),
    preload: bool = False,
    ballast_mb: int = 0,
) -> dict[str, Any]:
    """Start children by turns under these methods. Call it in the guard of a main module.

    names: modules to look for in each child. preload: whether the fork server imports them.
    ballast_mb: memory that the parent has and doesn't need, in megabytes.
    Returns "seconds" (method to one value for each round), "memory" (method to the last child's)
    and "modules" (method to those of the names that the child had when it began).
    """
    ballast = bytearray(b"1") * (ballast_mb * 1_000_000)
    if preload and "forkserver" in methods:
        multiprocessing.set_forkserver_preload(list(names))
    answers: dict[str, Any] = {}
    contenders = {method: partial(start_one, method, names, answers) for method in methods}
    seconds = by_turns(contenders, rounds)
    del ballast
    return {
        "seconds": seconds,
        "memory": {method: answers[method][0] for method in methods},
        "modules": {method: answers[method][1] for method in methods},
    }
