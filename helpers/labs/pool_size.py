"""The pool-size lab: what the tasks do, which executor, how many tasks."""

from __future__ import annotations

from helpers.draw import pool_size as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import pool_size as measure

_ROUNDS = 3
_LONGEST_S = 4.0  # of one round in the smallest pool


def pool_size_lab() -> Lab[measure.PoolSizes]:
    """A panel that lets pools of 1, 2, 4 … workers do the same tasks; of processes, 8 at most."""
    return Lab(
        "The right size of a pool",
        {
            "executor": choice("Workers", list(measure.EXECUTORS), measure.THREADS),
            "wait_ms": number("Each task waits (ms)", 5, 0, int(measure.MOST_MS)),
            "compute_ms": number("and computes (ms)", 1, 0, int(measure.MOST_MS)),
            "tasks": number("Tasks", 16, 1, measure.MOST_TASKS),
            "largest": choice("Largest pool (processes: 8 at most)", [2, 4, 8, 16, 32, 64], 16),
        },
        measure_sizes,
        draw_sizes,
    )


def measure_sizes(settings: Settings, job: Job) -> measure.PoolSizes:
    executor = settings["executor"]
    largest = min(settings["largest"], measure.MOST[executor])
    longest_s = settings["tasks"] * (settings["wait_ms"] + settings["compute_ms"]) / 1e3
    if longest_s > _LONGEST_S:
        raise ValueError(
            f"One after another these tasks take {longest_s:.3g} s: choose fewer or shorter ones, "
            f"for {_LONGEST_S:g} s at the most."
        )
    job.progress(0.1)
    sizes = [size for size in (1, 2, 4, 8, 16, 32, 64) if size <= largest]
    return measure.sweep(
        executor,
        settings["wait_ms"],
        settings["compute_ms"],
        sizes,
        settings["tasks"],
        _ROUNDS,
        stop=job.stop,
    )


def draw_sizes(data: measure.PoolSizes, _settings: Settings) -> Picture:
    return draw.sizes(data)
