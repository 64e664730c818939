"""The scale lab: how many waits at once, by tasks, threads and processes."""

from __future__ import annotations

from helpers.draw import scale as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice
from helpers.measure import scale as measure

ALL = "all three"
_COUNTS = (100, 1_000, 3_000, 10_000, 20_000)


def scale_lab() -> Lab[measure.Scale]:
    """A panel that lets more and more wait, each time in a fresh interpreter, up to the limits."""
    return Lab(
        "How many can wait at once?",
        {
            "kind": choice("Wait as", [ALL, *measure.KINDS], ALL),
            "most": choice("Up to", {f"{count:,}": count for count in _COUNTS}, 1_000),
            "processes": choice("Processes up to", [10, 30, 100], 10),
            "wait_s": choice("Each wait", {"0.1 s": 0.1, "1 s": 1.0}, 0.1),
            "deadline_s": choice("Give up after", {"2 s": 2.0, "5 s": 5.0, "20 s": 20.0}, 5.0),
        },
        measure_scale,
        draw_scale,
    )


def measure_scale(settings: Settings, job: Job) -> measure.Scale:
    kinds = measure.KINDS if settings["kind"] == ALL else (settings["kind"],)
    most = {
        kind: settings["processes"] if kind == "processes" else settings["most"] for kind in kinds
    }
    # The quick version has fewer points on the line.
    counts = (10, 100, 1_000) if settings["most"] == 1_000 else measure.COUNTS
    return measure.scale(
        most,
        settings["wait_s"],
        settings["deadline_s"],
        counts=sorted({*counts, settings["processes"]}),
        progress=lambda done: job.progress(max(done, 0.05)),
        stop=job.stop,
    )


def draw_scale(data: measure.Scale, settings: Settings) -> Picture:
    return draw.costs(data)
