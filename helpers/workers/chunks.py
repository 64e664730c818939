"""Many small tasks for a pool of processes, handed over in chunks of different sizes."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from helpers.workers.computing import compute
from helpers.workers.executors import meet
from helpers.workers.turns import by_turns

# The costs of a message and of a task in it are told by tasks that do nothing.
MESSAGES, ITEMS = 100, 2000
ALONE, MESSAGE, ITEM = "alone", "message", "item"


def nothing(_: object) -> None:
    """The least that a task can do."""


def seconds_of(call: Callable[..., object], *arguments: object) -> float:
    began = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - began


def one_by_one(lengths: Sequence[int]) -> None:
    """All tasks without a pool."""
    for loops in lengths:
        compute(loops)


def time_chunks(
    lengths: Sequence[int], sizes: Sequence[int], workers: int, rounds: int
) -> dict[str, Any]:
    """Let one pool do the same tasks with each chunk size, by turns.

    lengths: the loops of each task. sizes: of the chunks.
    Returns seconds, a list with one value for each round, by chunk size (as a text); and ALONE
    (all tasks without a pool), MESSAGE (for one message) and ITEM (for one more task in a message),
    the two that the tasks cost even if they do nothing.
    Raises ValueError for no lengths or sizes, or no workers.
    """
    if not lengths or not sizes:
        raise ValueError("lengths and sizes must hold at least one each")
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(workers, meet, (spawn.Barrier(workers),)) as pool:
        pool.map(nothing, range(workers))
        contenders: dict[str, Callable[[], float]] = {
            str(size): partial(seconds_of, pool.map, compute, lengths, size) for size in sizes
        }
        contenders[ALONE] = partial(seconds_of, one_by_one, lengths)
        contenders[MESSAGE] = partial(seconds_of, pool.map, nothing, range(MESSAGES), 1)
        whole = ITEMS // workers
        contenders[ITEM] = partial(seconds_of, pool.map, nothing, range(ITEMS), whole)
        found: dict[str, Any] = by_turns(contenders, rounds)
        pool.close()
        pool.join()
    found[MESSAGE] = [seconds / MESSAGES for seconds in found[MESSAGE]]
    found[ITEM] = [seconds / ITEMS for seconds in found[ITEM]]
    return found


def apply_to_all(function: Callable[[Any], Any], batch: Sequence[Any]) -> list[Any]:
    """A batch: many calls, one task."""
    return [function(item) for item in batch]
