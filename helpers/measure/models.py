"""Python's models of concurrency side by side, as this run has measured them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from helpers.measure.compare import Comparison
from helpers.measure.creation import INTERPRETER, TASK, THREAD, MemoryCosts, process
from helpers.measure.overlap import computing_at_once
from helpers.measure.timeline import Timeline


@dataclass(frozen=True)
class Model:
    """One row: a model, in words and in measurements.

    start_s: seconds to start one and see it end. memory: bytes that one more takes.
    at_once: part (0 to 1) of the computing time of two CPU-bound tasks in which both computed.
    Each is None where it was not measured; ``missing`` says why.
    """

    name: str
    unit: str
    memory_shared: str
    gil: str
    good_for: str
    start_s: float | None
    memory: float | None
    at_once: float | None
    missing: str = "not told here"


def models(
    starts: Comparison, memory: MemoryCosts, cpu_bound: Mapping[str, Timeline]
) -> list[Model]:
    """The rows of the table.

    cpu_bound: two CPU-bound tasks under "threads", "processes", "asyncio tasks" and, where
    there are any, "subinterpreters". What is absent stays unmeasured.
    """

    def measured(kind: str, runs: str) -> tuple[float | None, float | None, float | None]:
        found = cpu_bound.get(runs)
        return (
            starts.median(kind) if kind in starts.seconds else None,
            memory.least.get(kind),
            None if found is None else computing_at_once(found),
        )

    child = process("spawn")  # as in cpu_bound, and there is spawn on every system
    return [
        Model(
            "threading",
            "threads of one process",
            "yes, all of it",
            "one GIL for all threads",
            "many waits; libraries that block",
            *measured(THREAD, "threads"),
        ),
        Model(
            "multiprocessing",
            "processes (by spawn)",
            "no; messages, or blocks that are shared on purpose",
            "each process has its own GIL",
            "computing in pure Python",
            *measured(child, "processes"),
        ),
        Model(
            "asyncio",
            "tasks of one thread, which switch at await",
            "yes, all of it",
            "its one thread needs the GIL like any other",
            "very many waits at once; libraries that await",
            *measured(TASK, "asyncio tasks"),
        ),
        Model(
            "concurrent.interpreters",
            "interpreters in the threads of one process",
            "no; messages, as between processes",
            "each interpreter has its own GIL",
            "computing in pure Python, with less memory than processes",
            *measured(INTERPRETER, "subinterpreters"),
            missing="needs Python 3.14",
        ),
    ]
