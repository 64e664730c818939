"""What recording a contention timeline costs the threads, beside what VizTracer costs them."""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator

from benchmarks.child import CLOCKS, answer
from benchmarks.table import Points, Row, at_least, at_most, missing
from helpers.measure.host import HostMeter
from helpers.workers.gil import in_threads, steps_for

KIND, THREADS = "pure Python", 2
COST = 0.03
TIMES_LESS = 10


def rows(rounds: int) -> Iterator[Row]:
    """For each clock, what recording costs, and how that compares with VizTracer."""
    meter = HostMeter()
    found = answer("recording", rounds)
    busy = meter.use().others
    for clock, words in CLOCKS.items():
        plain, recorded, traced = (found[name][clock] for name in ("plain", "recorded", "traced"))
        cost = _cost(recorded, plain)
        what = f"recording {THREADS} threads of {KIND}, {words}: throughput lost"
        yield Row(
            what,
            str(cost),
            f"at most {COST:.0%}",
            at_most(cost, 100 * COST, busy),
            peer=f"VizTracer {_cost(traced, plain)}" if traced else "",
        )
        what, bound = f"the same beside VizTracer, {words}", f"at least {TIMES_LESS} times less"
        if not traced:
            yield missing(what, bound, "VizTracer isn't installed")
            continue
        yield _beside(what, bound, plain, recorded, traced, busy)


def _beside(
    what: str,
    bound: str,
    plain: list[float],
    recorded: list[float],
    traced: list[float],
    busy: float | None,
) -> Row:
    """How many times more time VizTracer takes than the recorder, of what both take extra."""
    ours = Points(tuple(r / p - 1 for r, p in zip(recorded, plain, strict=True)))
    theirs = Points(tuple(t / p - 1 for t, p in zip(traced, plain, strict=True)))
    if ours.median <= 0:
        # Too little to be measured; so compare with what could have been: the bound itself.
        times = Points(tuple(value / COST for value in theirs.values), "times")
        ratio = f"more than {times.median:.3g}"
    else:
        times = Points(tuple(value / ours.median for value in theirs.values), "times")
        ratio = f"{times.median:.3g}"
    return Row(
        what,
        f"{100 * ours.median:.2g} % more time",
        bound,
        at_least(times, TIMES_LESS, busy),
        peer=f"{100 * theirs.median:.3g} % more time",
        ratio=ratio,
    )


def _cost(taken: list[float], plain: list[float]) -> Points:
    """Percent of the throughput that is lost, round by round."""
    return Points(tuple(100 * (1 - p / t) for t, p in zip(taken, plain, strict=True)), "%")


def measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds of the same work: plain, recorded and traced, in turn."""
    steps = steps_for(KIND, 0.1)  # each thread, as in the lab
    contenders: dict[str, Callable[[], object]] = {
        "plain": lambda: in_threads(KIND, THREADS, steps),
        "recorded": lambda: in_threads(KIND, THREADS, steps, record=True),
    }
    if importlib.util.find_spec("viztracer"):
        contenders["traced"] = lambda: traced(steps)
    found: dict[str, dict[str, list[float]]] = {
        name: {clock: [] for clock in CLOCKS} for name in ("plain", "recorded", "traced")
    }
    for number in range(-1, rounds):
        names = list(contenders)
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            began, cpu = time.perf_counter(), time.process_time()
            contenders[name]()
            if number >= 0:  # the first round warms up
                found[name]["clock"].append(time.perf_counter() - began)
                found[name]["cpu"].append(time.process_time() - cpu)
    return found


def traced(steps: int) -> None:
    """The work under VizTracer, with what it needs to draw lanes and nothing on top."""
    from viztracer import VizTracer

    tracer = VizTracer(verbose=0, log_gc=False, ignore_c_function=True)
    tracer.start()
    in_threads(KIND, THREADS, steps)
    tracer.stop()
    tracer.clear()
    threading.setprofile(None)  # it stays there otherwise, and slows the other contenders' threads


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
