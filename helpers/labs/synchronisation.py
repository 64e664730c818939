"""The synchronisation lab: pick a primitive, and watch who holds it and who waits."""

from __future__ import annotations

from helpers.draw import synchronisation as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import synchronisation as measure


def synchronisation_lab() -> Lab[measure.Scene]:
    """A panel that lets 1 to 8 threads meet at a primitive, in a fresh interpreter."""
    holds = {f"{seconds * 1e3:g} ms": seconds for seconds in measure.HOLDS_S}
    return Lab(
        "Who holds it, and who waits?",
        {
            "primitive": choice("Primitive", list(measure.PRIMITIVES), "Lock"),
            "threads": number("Threads", 4, 1, measure.MOST_THREADS),
            "hold_s": choice("Hold for", holds, 0.02),
        },
        measure_scene,
        draw_scene,
    )


def measure_scene(settings: Settings, job: Job) -> measure.Scene:
    job.progress(0.1)
    return measure.scene(
        settings["primitive"], settings["threads"], settings["hold_s"], stop=job.stop
    )


def draw_scene(data: measure.Scene, _settings: Settings) -> Picture:
    return draw.scene(data)
