"""How many cores a pool of two processes keeps busy, and what recording its lanes costs.

The peer is two bare processes, each of which gets its half of the work in one message: what they
don't reach, the machine doesn't give.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from benchmarks.child import answer
from benchmarks.table import Points, Row, at_least, at_most, missing
from helpers.measure.host import HostMeter
from helpers.measure.machine import usable_cores
from helpers.workers import computing, executors, overlap

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
    bare = Points(tuple(a / b for a, b in zip(found["alone"], found["bare"], strict=True)), "cores")
    yield Row(
        speed_up,
        str(cores),
        f"at least {CORES} cores",
        at_least(cores, CORES, busy),
        peer=f"bare processes {bare}",
        ratio=f"{cores.median / bare.median:.2f}",
    )
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
        computing.compute(overlap.LOOPS_A_BEAT)
    return pieces


def serve(connection: Any, loops: int) -> None:
    """Do so many tasks as are asked for, and say so; end when nobody can ask any more."""
    try:
        while True:
            for _ in range(connection.recv()):
                compute_in_pieces(loops)
            connection.send(None)
    except EOFError:
        return


@contextmanager
def bare_processes(context: Any, loops: int) -> Iterator[Callable[[], None]]:
    """Processes that wait for work; calling what this gives lets them do all tasks."""
    pipes = [context.Pipe() for _ in range(PROCESSES)]
    children = [context.Process(target=serve, args=(theirs, loops)) for _, theirs in pipes]
    for child in children:
        child.start()
    for _, theirs in pipes:
        theirs.close()
    ours = [one for one, _ in pipes]

    def work() -> None:
        for connection in ours:
            connection.send(TASKS // PROCESSES)
        for connection in ours:
            connection.recv()

    try:
        yield work
    finally:
        for connection in ours:
            connection.close()
        for child in children:
            child.join()


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of the same tasks: one after another, bare, in a pool, in a pool and recorded."""
    loops = computing.loops_in(TASK_S)
    spawn = multiprocessing.get_context("spawn")
    recorded = partial(overlap.task, steps=["compute"], loops=loops)
    tasks = [f"task {number}" for number in range(TASKS)]
    found: dict[str, list[float]] = {"alone": [], "bare": [], "pool": [], "recorded": []}
    with (
        bare_processes(spawn, loops) as bare,
        spawn.Pool(PROCESSES, executors.meet, (spawn.Barrier(PROCESSES),)) as pool,
    ):
        contenders: dict[str, Callable[[], object]] = {
            "bare": bare,
            "alone": lambda: [compute_in_pieces(loops) for _ in range(TASKS)],
            "pool": lambda: pool.map(compute_in_pieces, [loops] * TASKS, chunksize=1),
            "recorded": lambda: pool.map(recorded, tasks, chunksize=1),
        }
        for number in range(-1, rounds):  # the first round warms up
            names = list(contenders)
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                began = time.perf_counter()
                contenders[name]()
                if number >= 0:
                    found[name].append(time.perf_counter() - began)
        pool.close()
        pool.join()
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
