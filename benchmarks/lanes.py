"""What recording the lanes of threads at a lock costs them."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator

from benchmarks.child import answer
from benchmarks.table import Points, Row, at_most
from helpers.measure.host import HostMeter
from helpers.workers import computing
from helpers.workers.watched import in_lanes, watched

THREADS, TURNS, TURN_S = 4, 8, 5e-3  # the shortest that the lab offers
COST = 0.03


def rows(rounds: int) -> Iterator[Row]:
    """The part of the throughput that is lost."""
    meter = HostMeter()
    found = answer("lanes", rounds)
    busy = meter.use().others
    cost = Points(
        tuple(100 * (1 - p / r) for r, p in zip(found["recorded"], found["plain"], strict=True)),
        "%",
    )
    yield Row(
        f"recording {THREADS} threads that take a lock for 5 ms, {TURNS} times each, by CPU time: "
        "throughput lost",
        str(cost),
        f"at most {COST:.0%}",
        at_most(cost, 100 * COST, busy),
    )


def measure(rounds: int) -> dict[str, list[float]]:
    """CPU seconds of the same work at a lock: plain, and watched and in lanes."""
    loops = computing.loops_in(TURN_S)
    found: dict[str, list[float]] = {"plain": [], "recorded": []}

    def turns(lock: threading.Lock) -> Callable[[], None]:
        def work() -> None:
            for _ in range(TURNS):
                with lock:
                    computing.compute(loops)

        return work

    def plain() -> None:
        work = turns(threading.Lock())
        threads = [threading.Thread(target=work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def recorded() -> None:
        work = turns(watched(threading.Lock(), "lock"))
        in_lanes({f"thread {number}": work for number in range(THREADS)})

    for number in range(-1, rounds):  # the first round warms up
        for name, run in (("plain", plain), ("recorded", recorded)):
            # CPU time: by the clock, the order in which threads get a lock makes more difference.
            began = time.process_time()
            run()
            if number >= 0:
                found[name].append(time.process_time() - began)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
