"""What one task does while it runs: the first thing to know before a model is chosen."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from helpers.workers.task_profile import look_at

_TRIES = 3
MOST_S = 2.0


@dataclass(frozen=True)
class Profile:
    """One task, seen from outside.

    seconds: how long it takes alone. computing: the part (0 to 1) of that in which it had a core;
    the rest it waited. gil_free: the part in which another thread could have run Python code,
    though nobody made the task give up the GIL. Silences of under 2 ms aren't seen.
    """

    seconds: float
    computing: float
    gil_free: float

    @property
    def waits(self) -> bool:
        """Whether it waits for most of its time."""
        return self.computing < 0.5

    @property
    def lets_go(self) -> bool:
        """Whether other threads could run for most of its time."""
        return self.gil_free >= 0.5


def profile(
    pool: Executor, function: Callable[..., Any], *args: Any, seconds: float = 0.06
) -> Profile:
    """Look at ``function(*args)`` in a process of the pool, three times for so many seconds.

    pool: of processes: a process that does nothing else tells more than a notebook's kernel, which
    has threads of its own. The best time counts, and the largest computing part: where the system
    doesn't tell what other programs took, they make a task look slower and more like waiting.
    seconds: up to 2. Raises ValueError for what lies outside, and what the function raises.
    """
    if not 0 < seconds <= MOST_S:
        raise ValueError(f"seconds must be positive and at most {MOST_S:g}, got {seconds}")
    looks = [pool.submit(look_at, function, list(args), seconds).result() for _ in range(_TRIES)]
    return Profile(
        min(look["seconds"] for look in looks),
        max(look["computing"] for look in looks),
        statistics.median(look["free"] for look in looks),
    )
