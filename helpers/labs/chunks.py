"""The chunk lab: how many tasks, how long, how they differ, how many processes."""

from __future__ import annotations

from helpers.draw import chunks as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import chunks as measure

TASK_US = {"1 µs": 1, "5 µs": 5, "10 µs": 10, "100 µs": 100, "1 ms": 1_000}
_ROUNDS = 3
_LONGEST_S = 1.0  # of all tasks one after another


def chunk_lab() -> Lab[measure.ChunkSweep]:
    """A panel that hands the same tasks over in chunks of 1, 2, 4 … and compares a prediction."""
    return Lab(
        "The right chunk size",
        {
            "tasks": number("Tasks", 500, 2, measure.MOST_TASKS),
            "task_us": choice("Each computes, on average", TASK_US, 5),
            "spread": choice("Their lengths", list(measure.SPREADS), "growing"),
            "processes": number("Processes", 2, 1, measure.MOST_WORKERS),
        },
        measure_chunks,
        draw_chunks,
    )


def measure_chunks(settings: Settings, job: Job) -> measure.ChunkSweep:
    longest_s = settings["tasks"] * settings["task_us"] / 1e6
    if longest_s > _LONGEST_S:
        raise ValueError(
            f"One after another these tasks take {longest_s:.3g} s: choose fewer or shorter ones, "
            f"for {_LONGEST_S:g} s at the most."
        )
    job.progress(0.1)
    return measure.sweep(
        settings["tasks"],
        settings["task_us"],
        settings["spread"],
        settings["processes"],
        rounds=_ROUNDS,
        stop=job.stop,
    )


def draw_chunks(data: measure.ChunkSweep, _settings: Settings) -> Picture:
    return draw.curve(data)
