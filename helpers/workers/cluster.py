"""What the workers of a cluster do: tasks of a given size, which say who did them."""

from __future__ import annotations

import os
import time

from helpers.workers.compiled import longest_chain


def chain_and_process(first: int, last: int) -> tuple[int, int]:
    """``longest_chain``, and the id of the process that computed it."""
    return longest_chain(first, last), os.getpid()


def nap_and_square(n: int, seconds: float) -> int:
    """Sleep, as a task does that waits for another computer; return the square."""
    time.sleep(seconds)
    return n * n
