"""Lab: the benchmark, with the number of tasks, their size and the workers in your hand."""

from __future__ import annotations

from helpers.draw import models_compared as draw
from helpers.draw.creation import in_seconds
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import models_compared as measure

SIZES_S = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03)
MOST_TASKS, MOST_WORKERS = 32, 8


def models_lab() -> Lab[tuple[measure.Compared, ...]]:
    """Controls for the kind of work, how many tasks of which length, and how many workers."""
    return Lab(
        "Which model for which work?",
        {
            "kind": choice("Work", list(measure.KINDS), measure.COMPUTING),
            "tasks": number("Tasks", 8, 1, MOST_TASKS),
            "task_s": choice("One task takes", {in_seconds(s): s for s in SIZES_S}, 0.003),
            "workers": number("Workers", 2, 1, MOST_WORKERS),
        },
        measure_models,
        draw_models,
    )


def measure_models(settings: Settings, job: Job) -> tuple[measure.Compared, ...]:
    return measure.models_compared(
        [settings["kind"]],
        tasks=settings["tasks"],
        task_s=settings["task_s"],
        workers=settings["workers"],
        repeats=7,
        progress=job.progress,
        check=job.check,
    )


def draw_models(data: tuple[measure.Compared, ...], _settings: Settings) -> Picture:
    return draw.speed_ups(data)
