"""The pool lab: tasks, how their lengths spread, workers, chunk size, ordered or not."""

from __future__ import annotations

from helpers.draw import pools as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import pools as measure


def pool_lab() -> Lab[measure.PoolRun]:
    """A panel that lets a pool of 1 to 8 processes work through up to 40 tasks."""
    return Lab(
        "A pool at work",
        {
            "tasks": number("Tasks", 12, 1, measure.MOST_TASKS),
            "spread": choice("Their lengths", list(measure.SPREADS), "the first half long"),
            "workers": number("Processes", 2, 1, measure.MOST_WORKERS),
            "chunk": number("Chunk size", 1, 1, measure.MOST_CHUNK),
            "ordered": choice("Results", {"in order": True, "as they come": False}, True),
        },
        measure_pool,
        draw_pool,
    )


def measure_pool(settings: Settings, job: Job) -> measure.PoolRun:
    job.progress(0.1)
    return measure.work_through(
        measure.lengths(settings["tasks"], settings["spread"]),
        settings["workers"],
        settings["chunk"],
        settings["ordered"],
        stop=job.stop,
    )


def draw_pool(data: measure.PoolRun, _settings: Settings) -> Picture:
    return draw.pool_run(data, "Which process does which task, and when you get the results")
