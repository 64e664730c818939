"""Tasks in an event loop as a timeline: who runs, who awaits, who is ready and must wait."""

from __future__ import annotations

import statistics
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.measure.compare import BUSY_CORES
from helpers.measure.elsewhere import call
from helpers.measure.host import HostMeter
from helpers.measure.timeline import Span, State, Timeline
from helpers.measure.verdict import Outcome, Verdict, untold
from helpers.workers import event_loop as workers

BLOCKS = workers.BLOCKS
MOST_TASKS = 8
COMPUTE_MS = (1, 5, 20)
_WAIT_S = 0.03
_BLOCK_S = 0.15
_DEADLINE_S = 30.0
_PERIOD_S = 1e-3
MOST_THREADS = 4


@dataclass(frozen=True)
class Scene:
    """So many tasks, who of them blocked the loop (one of BLOCKS), and how it went."""

    tasks: int
    compute_ms: int
    blocks: str
    timeline: Timeline


@dataclass(frozen=True)
class Lateness:
    """By how many seconds each timer came too late, beside 0, 1, 2 … threads that compute.

    busy: cores that other work used meanwhile, None where that can't be told.
    """

    period_s: float
    late_s: tuple[tuple[float, ...], ...]
    gil: bool
    busy: float | None

    def median(self, threads: int) -> float:
        return statistics.median(self.late_s[threads])

    def grows(self) -> Verdict:
        """Are timers beside a computing thread later, by half a switch interval and more?"""
        alone, beside = self.median(0), self.median(1)
        evidence = f"median {alone * 1e3:.2f} ms alone, {beside * 1e3:.2f} ms beside one thread"
        if beside - alone >= sys.getswitchinterval() / 2:
            return Verdict(Outcome.HOLDS, evidence)
        if self.busy is not None and self.busy > BUSY_CORES:
            return untold("other work kept the machine busy meanwhile", evidence)
        return Verdict(Outcome.FAILS, evidence)


def watch(main: Callable[[], Coroutine[Any, Any, Any]]) -> Timeline:
    """Run ``main()`` in a watched event loop of its own, in a thread of its own.

    Raises what main raises, and TimeoutError after a minute.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="watched loop") as pool:
        return timeline(pool.submit(workers.run, main).result())


def timeline(found: dict[str, Any]) -> Timeline:
    """The spans of all tasks: the steps run, and what lies between is awaiting, then ready.

    A step that had to wait for the GIL or a core looks like one that runs: an event loop can't
    tell. Raises ValueError for no lanes, or two of one name.
    """
    names = tuple(lane["lane"] for lane in found["lanes"])
    if not names:
        raise ValueError("found must hold at least one lane")
    if len(set(names)) != len(names):
        raise ValueError(f"found must have lanes of different names, got {list(names)}")
    spans: list[Span] = []
    for lane in found["lanes"]:
        spans += _spans(lane["lane"], lane["steps"], lane["blocks"])
    return Timeline(names, tuple(spans), found["gil"], tells_queue=False)


def _spans(
    lane: str, steps: Sequence[Sequence[int]], blocks: Sequence[Sequence[int]]
) -> Iterator[Span]:
    before = None
    for ready, start, end in steps:
        ready = ready if before is None else max(ready, before)
        if before is not None and ready > before:
            yield Span(lane, State.AWAITING, before, ready)
        if start > ready:
            yield Span(lane, State.READY, ready, start)
        at = start
        for block_start, block_end in blocks:
            if start <= block_start and block_end <= end:
                yield Span(lane, State.RUNNING, at, block_start)
                yield Span(lane, State.SLEEPING, block_start, block_end, "blocks the loop")
                at = block_end
        yield Span(lane, State.RUNNING, at, end)
        before = end


def scene(tasks: int, compute_ms: int, blocks: str, stop: threading.Event | None = None) -> Scene:
    """Tasks that compute and await by turns, in a watched loop of a fresh interpreter.

    tasks: 1 to MOST_TASKS. compute_ms: 1 to 100. blocks: one of BLOCKS.
    Raises ValueError for anything else, and what ``elsewhere.call`` raises.
    """
    if not 1 <= tasks <= MOST_TASKS:
        raise ValueError(f"tasks must be 1 to {MOST_TASKS}, got {tasks}")
    if not 1 <= compute_ms <= 100:
        raise ValueError(f"compute_ms must be 1 to 100, got {compute_ms}")
    if blocks not in BLOCKS:
        raise ValueError(f"blocks must be one of {list(BLOCKS)}, got {blocks!r}")
    found = call(
        workers.scene,
        tasks,
        compute_ms / 1e3,
        _WAIT_S,
        blocks,
        _BLOCK_S,
        deadline=_DEADLINE_S,
        stop=stop,
    )
    return Scene(tasks, compute_ms, blocks, timeline(found))


def lateness(
    most_threads: int = 2,
    seconds: float = 0.4,
    python: str | Path = sys.executable,
    stop: threading.Event | None = None,
) -> Lateness:
    """How late timers of 1 ms are beside 0 to ``most_threads`` threads, in a fresh interpreter.

    most_threads: 1 to MOST_THREADS. seconds: for each number of threads, at most 10.
    Raises ValueError for what lies outside, and what ``elsewhere.call`` raises.
    """
    if not 1 <= most_threads <= MOST_THREADS:
        raise ValueError(f"most_threads must be 1 to {MOST_THREADS}, got {most_threads}")
    if not 0 < seconds <= 10:
        raise ValueError(f"seconds must be above 0 and at most 10, got {seconds:g}")
    meter = HostMeter()
    found = [
        call(workers.lateness, threads, seconds, _PERIOD_S, python=python, stop=stop)
        for threads in range(most_threads + 1)
    ]
    late_s = tuple(tuple(one["late_s"]) for one in found)
    return Lateness(_PERIOD_S, late_s, found[0]["gil"], meter.use().others)
