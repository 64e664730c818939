"""Pools of processes: what each way of handing work over does, and lanes of a pool at work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from typing import Any

from helpers.measure.elsewhere import call
from helpers.measure.timeline import Timeline, timeline
from helpers.workers import pools as work

MOST_TASKS, MOST_WORKERS, MOST_CHUNK = 40, 8, 40
SPREADS: dict[str, Callable[[int, int], float]] = {
    "all the same": lambda number, many: 1.0,
    "the first half long": lambda number, many: 3.0 if number < many / 2 else 0.5,
    "one very long": lambda number, many: 8.0 if number == many - 1 else 1.0,
    "growing": lambda number, many: 2.0 * (number + 1) / (many + 1),
}
TASK_S = 0.01
_DEADLINE_S = 60.0
_NAPS_S = (0.15, 0.0)  # the first task ends last


@dataclass(frozen=True)
class Method:
    """What one way of handing work to a pool did, as it was measured.

    blocks: the call came back when all its tasks had ended. order: in which order results came,
    "arguments" or "as they end" ("" for a single task). error: where the task's exception came out.
    """

    name: str
    blocks: bool
    order: str
    error: str


@dataclass(frozen=True)
class PoolRun:
    """A pool that worked through some tasks.

    got_s: when each result came out, in seconds since the first task began. by: the process that
    each result came from, as its lane is named.
    """

    workers: int
    chunk: int
    ordered: bool
    lengths_s: tuple[float, ...]
    timeline: Timeline
    got_s: tuple[float, ...]
    by: tuple[str, ...]

    @property
    def busy(self) -> tuple[float, ...]:
        """For each process the part of the time (0 to 1) from first to last task that it worked."""
        length = self.timeline.length_ns
        ends = {
            lane: sum(span.length_ns for span in self.timeline.spans if span.lane == lane)
            for lane in self.timeline.lanes
        }
        return tuple(ends[lane] / length for lane in self.timeline.lanes)

    @property
    def balance(self) -> float:
        """Work done over work that the processes would have had time for: 1 is perfect."""
        return sum(self.busy) / self.workers


def methods(pool: Any, executor: Executor) -> tuple[Method, ...]:
    """Try each method of a ``multiprocessing.Pool`` and of a ProcessPoolExecutor.

    Both must have two processes at least.
    """
    naps, errors = list(_NAPS_S), [0, 1]
    found = [
        _tried("Pool.map", lambda f, xs: pool.map(f, xs), naps, errors),
        _tried("Pool.map_async", lambda f, xs: pool.map_async(f, xs), naps, errors, "get"),
        _tried("Pool.starmap", lambda f, xs: pool.starmap(f, [(x,) for x in xs]), naps, errors),
        _tried("Pool.imap", lambda f, xs: pool.imap(f, xs), naps, errors),
        _tried("Pool.imap_unordered", lambda f, xs: pool.imap_unordered(f, xs), naps, errors),
        _tried("Pool.apply", lambda f, xs: pool.apply(f, xs), naps[:1], errors[:1]),
        _tried(
            "Pool.apply_async", lambda f, xs: pool.apply_async(f, xs), naps[:1], errors[:1], "get"
        ),
        _tried(
            "Executor.submit", lambda f, xs: executor.submit(f, *xs), naps[:1], errors[:1], "result"
        ),
        _tried("Executor.map", lambda f, xs: executor.map(f, xs), naps, errors),
        _tried(
            "as_completed(submit)",
            lambda f, xs: as_completed([executor.submit(f, x) for x in xs]),
            naps,
            errors,
            "result",
        ),
    ]
    return tuple(found)


def _tried(
    name: str,
    hand_over: Callable[[Callable[..., Any], list[Any]], Any],
    naps: list[float],
    errors: list[int],
    ask: str = "",
) -> Method:
    """ask: the method that gives a result, of the handle or of each thing that comes out."""
    given = hand_over(work.nap, naps)
    back_ns = time.perf_counter_ns()
    results = _results(given, ask, single=len(naps) == 1)
    blocks = all(back_ns >= end_ns for _, end_ns in results)
    came = [seconds for seconds, _ in results]
    order = "" if len(naps) == 1 else "arguments" if came == naps else "as they end"
    return Method(name, blocks, order, _where(hand_over, errors, ask))


def _results(given: Any, ask: str, single: bool) -> list[Any]:
    """What a call gave: results, or something that gives them, asked or one by one."""
    if hasattr(given, ask or "no such method"):
        given = getattr(given, ask)()
        return [given] if single else list(given)
    if single:
        return [given]
    return [getattr(one, ask)() if ask else one for one in given]


def _where(
    hand_over: Callable[[Callable[..., Any], list[Any]], Any], errors: list[int], ask: str
) -> str:
    try:
        given = hand_over(work.inverse, errors)
    except ZeroDivisionError:
        return "at the call"
    try:
        _results(given, ask, single=len(errors) == 1)
    except ZeroDivisionError:
        return f"at {ask}()" if ask else "while you take the results"
    return "nowhere"


def lanes_of(recordings: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """One recording for each process, made of those of its tasks, by the lane that they named."""
    joined: dict[str, dict[str, Any]] = {}
    for recording in sorted(recordings, key=lambda one: one["intervals"][0][1]):
        lane = joined.setdefault(recording["lane"], {**recording, "intervals": []})
        lane["intervals"] = lane["intervals"] + list(recording["intervals"])
    numbered = enumerate(joined.items(), 1)
    return {name: {**lane, "lane": f"process {number}"} for number, (name, lane) in numbered}


def lengths(tasks: int, spread: str) -> tuple[float, ...]:
    """Seconds that each task computes. Raises ValueError for an unknown spread or no tasks."""
    if spread not in SPREADS:
        raise ValueError(f"spread must be one of {list(SPREADS)}, got {spread!r}")
    if not 1 <= tasks <= MOST_TASKS:
        raise ValueError(f"tasks must be 1 to {MOST_TASKS}, got {tasks}")
    return tuple(TASK_S * SPREADS[spread](number, tasks) for number in range(tasks))


def work_through(
    lengths_s: Sequence[float],
    workers: int = 2,
    chunk: int = 1,
    ordered: bool = True,
    stop: threading.Event | None = None,
) -> PoolRun:
    """Let a pool of processes work through tasks of these lengths, in a fresh interpreter.

    lengths_s: seconds, 1 to MOST_TASKS of them. workers: 1 to MOST_WORKERS. chunk: tasks handed
    over at once, 1 to MOST_CHUNK. ordered: results in the order of the tasks (imap), or as they
    come (imap_unordered). Raises ValueError for what lies outside, and what ``elsewhere.call``
    raises.
    """
    if not 1 <= len(lengths_s) <= MOST_TASKS:
        raise ValueError(f"lengths_s must hold 1 to {MOST_TASKS} lengths, got {len(lengths_s)}")
    for name, value, most in (("workers", workers, MOST_WORKERS), ("chunk", chunk, MOST_CHUNK)):
        if not 1 <= value <= most:
            raise ValueError(f"{name} must be 1 to {most}, got {value}")
    found = call(
        work.work_through,
        list(lengths_s),
        workers,
        chunk,
        ordered,
        deadline=_DEADLINE_S,
        stop=stop,
    )
    lanes = lanes_of(found["recordings"])
    made = timeline(lanes.values())
    got_s = tuple((got - made.start_ns) / 1e9 for got in found["got_ns"])
    by = tuple(str(lanes[recording["lane"]]["lane"]) for recording in found["recordings"])
    return PoolRun(workers, chunk, ordered, tuple(lengths_s), made, got_s, by)
