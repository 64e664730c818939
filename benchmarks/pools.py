"""How many cores a pool of two processes keeps busy, and what recording its lanes costs."""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from functools import partial

from benchmarks.child import answer
from benchmarks.table import Points, Row, at_least, at_most, missing
from helpers.measure.host import HostMeter
from helpers.measure.machine import usable_cores
from helpers.workers import overlap

PROCESSES, TASKS, TASK_S = 2, 16, 0.05
CORES = 1.85
COST = 0.03


def rows(rounds: int) -> Iterator[Row]:
    """Speed-up of a pool on work that only computes, and what its recorder costs."""
    speed_up = f"{TASKS} tasks of Python code in a pool of {PROCESSES}, against one after another"
    if usable_cores()[0] < PROCESSES:
        yield missing(speed_up, f"at least {CORES} cores", "it needs two cores")
        return
    meter = HostMeter()
    found = answer("pools", rounds)
    busy = meter.use().others
    cores = Points(
        tuple(a / p for a, p in zip(found["alone"], found["pool"], strict=True)), "cores"
    )
    yield Row(speed_up, str(cores), f"at least {CORES} cores", at_least(cores, CORES, busy))
    cost = Points(
        tuple(100 * (1 - p / r) for r, p in zip(found["recorded"], found["pool"], strict=True)), "%"
    )
    yield Row(
        f"recording the {PROCESSES} lanes of that pool: throughput lost",
        str(cost),
        f"at most {COST:.0%}",
        at_most(cost, 100 * COST, busy),
    )


def compute_in_pieces(loops: int) -> int:
    """What a recorded task computes, piece by piece, without the recorder. The number of pieces."""
    pieces = max(1, loops // overlap.LOOPS_A_BEAT)
    for _ in range(pieces):
        overlap.compute(overlap.LOOPS_A_BEAT)
    return pieces


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of the same tasks: one after another, in a pool, in a pool and recorded."""
    loops = overlap.loops_in(TASK_S)
    spawn = multiprocessing.get_context("spawn")
    recorded = partial(overlap.task, steps=["compute"], loops=loops)
    names = [f"task {number}" for number in range(TASKS)]
    found: dict[str, list[float]] = {"alone": [], "pool": [], "recorded": []}
    with spawn.Pool(PROCESSES, overlap.meet, (spawn.Barrier(PROCESSES),)) as pool:
        contenders = {
            "alone": lambda: [compute_in_pieces(loops) for _ in range(TASKS)],
            "pool": lambda: pool.map(compute_in_pieces, [loops] * TASKS, chunksize=1),
            "recorded": lambda: pool.map(recorded, names, chunksize=1),
        }
        for number in range(-1, rounds):  # the first round warms up
            for name, run in contenders.items():
                began = time.perf_counter()
                run()
                if number >= 0:
                    found[name].append(time.perf_counter() - began)
        pool.close()
        pool.join()
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
