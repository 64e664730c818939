"""The event-loop lab: tasks, how long their steps take, and one blocking call or none."""

from __future__ import annotations

from helpers.draw import event_loop as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import event_loop as measure


def event_loop_lab() -> Lab[measure.Scene]:
    """A panel that runs 1 to 8 tasks in a watched loop of a fresh interpreter."""
    return Lab(
        "Who runs, who awaits, who is ready?",
        {
            "tasks": number("Tasks", 4, 1, measure.MOST_TASKS),
            "compute_ms": choice("Each step", {f"{ms} ms": ms for ms in measure.COMPUTE_MS}, 5),
            "blocks": choice("Who blocks", list(measure.BLOCKS), measure.BLOCKS[1]),
        },
        measure_scene,
        draw_scene,
    )


def measure_scene(settings: Settings, job: Job) -> measure.Scene:
    job.progress(0.1)
    return measure.scene(
        settings["tasks"], settings["compute_ms"], settings["blocks"], stop=job.stop
    )


def draw_scene(data: measure.Scene, _settings: Settings) -> Picture:
    return draw.scene(data)
