"""How long a lab takes to redraw data at hand."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator

from benchmarks.child import answer
from benchmarks.table import Points, Row, at_most
from helpers.labs.gil import WINDOWS, contention_lab
from helpers.measure.host import HostMeter

BOUND_S = 0.150
THREADS, INTERVAL_S = 8, 10e-6


def rows(rounds: int) -> Iterator[Row]:
    """One row per part of the run that the lab can show."""
    meter = HostMeter()
    found = answer("redraw", rounds)
    busy = meter.use().others
    for window, seconds in found.items():
        points = Points(tuple(1e3 * value for value in seconds), "ms")
        yield Row(
            f"redraw of the contention lab, {THREADS} threads at 10 µs, {window}",
            str(points),
            f"at most {1e3 * BOUND_S:.0f} ms",
            at_most(points, 1e3 * BOUND_S, busy),
        )


def measure(rounds: int) -> dict[str, list[float]]:
    """Measure once, then change what is shown, as a reader's hand does."""
    lab = contention_lab()
    lab.set(kind="pure Python", threads=THREADS, interval_s=INTERVAL_S).run()
    if lab.picture is None:
        raise RuntimeError(f"the lab has no picture: {lab.status.value}")
    found: dict[str, list[float]] = {window: [] for window in WINDOWS}
    for number in range(-1, rounds):
        for window, seconds in found.items():
            before = lab.picture
            began = time.perf_counter()
            lab.set(window=window)
            taken = time.perf_counter() - began
            if number >= 0 and lab.picture is not before:  # the first round warms up
                seconds.append(taken)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
