"""Lab: the same tasks under each model, as lanes."""

from __future__ import annotations

from helpers.draw.overlap import one_run
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure.overlap import MODELS, MOST, STEPS, Run, record


def lab() -> Lab[Run]:
    """Controls for the kind of work, the model, and how many tasks and workers."""
    controls = {
        "kind": choice("Work", list(STEPS), "mixed"),
        "model": choice("Model", list(MODELS), "threads"),
        "tasks": number("Tasks", 4, 1, MOST),
        "workers": number("Workers", 2, 1, MOST),
    }
    return Lab("Who computes, and when?", controls, measure, draw)


def measure(settings: Settings, job: Job) -> Run:
    job.progress(0.1)
    return record(
        settings["model"], settings["kind"], settings["tasks"], settings["workers"], job.stop
    )


def draw(run: Run, _settings: Settings) -> Picture:
    return one_run(run)
