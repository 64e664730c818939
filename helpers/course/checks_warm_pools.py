"""Checker for exercise 8.2: a pool that starts when it is needed, and then stays."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable
from multiprocessing.pool import Pool
from typing import Any

from helpers.course.exercises import NotYet
from helpers.workers.warm_pools import process_id

_WORKERS, _TASKS = 2, 8


def warm_pool(answer: Callable[[int], Any]) -> str:
    """Check a class ``answer(workers)`` with ``map(function, items)`` and ``close()``."""
    before, pools = set(multiprocessing.active_children()), _pools()
    try:
        return _checked(answer, lambda: len(set(multiprocessing.active_children()) - before))
    finally:
        # The answer's own pools first: one whose processes were killed waits for ever as it goes.
        for pool in set(_pools()) - set(pools):
            pool.terminate()
            pool.join()
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
            child.join()


def _pools() -> list[Pool]:
    # By type(): isinstance would ask what a weak reference refers to, and that may be gone.
    return [one for one in gc.get_objects() if issubclass(type(one), Pool)]


def _checked(answer: Callable[[int], Any], running: Callable[[], int]) -> str:
    answer(_WORKERS).close()  # does no harm
    pool = answer(_WORKERS)
    if running():
        raise NotYet(
            f"Making a WarmPool has started {running()} processes. Start them at the first map."
        )
    first = pool.map(process_id, range(_TASKS))
    if first is ... or first is None:
        raise NotYet("map returns nothing yet. Replace the ... and run the cell again.")
    first = list(first)
    if len(first) != _TASKS:
        raise NotYet(f"map was given {_TASKS} items and returned {len(first)} results.")
    if multiprocessing.current_process().pid in first:
        raise NotYet("The tasks ran in this process. A pool of processes is asked for.")
    if not running():
        raise NotYet(
            "After map no process is left: the pool was closed. The next call would start it anew."
        )
    # The processes of a Pool have ids of their own, and a second pool would have others.
    if running() > _WORKERS:
        raise NotYet(f"Asked for were {_WORKERS} workers, and {running()} processes are there.")
    known = {child.pid for child in multiprocessing.active_children()}
    second = set(pool.map(process_id, range(_TASKS)))
    if not second <= known:
        raise NotYet("The second map ran in new processes. Keep the pool of the first one.")
    if running() > _WORKERS:
        raise NotYet("The second map has started more processes. Keep the pool of the first one.")
    pool.close()
    if running():
        raise NotYet(
            f"After close() {running()} processes are still there. Close the pool, then wait for "
            "its processes: join()."
        )
    pool.close()
    return "Nothing before the first task, the same processes ever after, and none after close."
