"""What the executor interface adds to a task, over ``concurrent.futures`` itself."""

from __future__ import annotations

import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from benchmarks.child import answer
from benchmarks.table import Points, Row, at_most
from helpers.measure.compare import BUSY_CORES, Comparison
from helpers.measure.executors import PROCESSES, THREADS, start, warm_up
from helpers.measure.host import HostMeter
from helpers.measure.models_compared import run_all
from helpers.measure.verdict import Outcome, Verdict, untold
from helpers.workers.executors import nothing

WORKERS = 2
TASKS = {THREADS: 1000, PROCESSES: 200}
TURNS = 6
MOST_US = 5.0


def rows(rounds: int) -> Iterator[Row]:
    """Microseconds added to an empty task in threads, and the ratio of both in processes."""
    meter = HostMeter()
    found = answer("executors", rounds)
    busy = meter.use().others
    ours, bare = (_microseconds(found[THREADS][name], TASKS[THREADS]) for name in ("ours", "bare"))
    added = Points(tuple(o - b for o, b in zip(ours.values, bare.values, strict=True)), "µs")
    yield Row(
        f"an empty task in {WORKERS} threads, through the executor interface: time added",
        str(added),
        f"at most {MOST_US:g} µs",
        at_most(added, MOST_US, busy),
        peer=f"ThreadPoolExecutor {bare}",
        ratio=f"{ours.median / bare.median:.2f}",
    )
    taken = {name: tuple(values) for name, values in found[PROCESSES].items()}
    ratio = Comparison(taken, {}, busy).ratio("ours", "bare")
    ours, bare = (
        _microseconds(found[PROCESSES][name], TASKS[PROCESSES]) for name in ("ours", "bare")
    )
    yield Row(
        f"an empty task in {WORKERS} processes, through the executor interface",
        str(ours),
        "nothing measurable: the interval of the ratio holds 1, or lies below",
        _none_added(ratio.low, str(ratio), busy),
        peer=f"ProcessPoolExecutor {bare}",
        ratio=f"{ratio.middle:.2f} ({ratio.low:.2f} to {ratio.high:.2f})",
    )


def _microseconds(seconds: list[float], tasks: int) -> Points:
    return Points(tuple(one / tasks * 1e6 for one in seconds), "µs")


def _none_added(low: float, evidence: str, busy: float | None) -> Verdict:
    if low <= 1:
        return Verdict(Outcome.HOLDS, evidence)
    if busy is not None and busy > BUSY_CORES:
        return untold(f"other work kept {busy:.1f} cores busy", evidence)
    return Verdict(Outcome.FAILS, evidence)


def measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds for all empty tasks, ours and bare, one value of each for each round.

    Each round starts both pools anew: of two equal pools of processes one may be faster for as
    long as they live, by a tenth, so any number of turns of the same two says nothing of what made
    them.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for name in TASKS:
        found[name] = {"ours": [], "bare": []}
        for number in range(rounds):
            for which, seconds in _a_round(name, bare_first=number % 2 == 1).items():
                found[name][which].append(seconds)
    return found


def _a_round(name: str, bare_first: bool) -> dict[str, float]:
    """The median of some turns of two new pools, of which one is made first."""
    makers = {"ours": partial(start, name, WORKERS), "bare": partial(_bare, name)}
    order = ["bare", "ours"] if bare_first else ["ours", "bare"]
    taken: dict[str, list[float]] = {which: [] for which in order}
    with ExitStack() as stack:
        pools = {which: stack.enter_context(makers[which]()) for which in order}
        for turn in range(-1, TURNS):
            for which in order if turn % 2 else reversed(order):
                began = time.perf_counter()
                run_all(pools[which], nothing, TASKS[name])
                if turn >= 0:  # the first turn warms up
                    taken[which].append(time.perf_counter() - began)
    return {which: statistics.median(seconds) for which, seconds in taken.items()}


def _bare(name: str) -> Executor:
    spawn = multiprocessing.get_context("spawn")
    pool: Executor = (
        ThreadPoolExecutor(WORKERS) if name == THREADS else ProcessPoolExecutor(WORKERS, spawn)
    )
    warm_up(pool, WORKERS)
    return pool


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
