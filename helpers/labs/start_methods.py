"""The start-method lab: what the parent imports and holds, and what that does to its children."""

from __future__ import annotations

from helpers.draw import start_methods as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice
from helpers.measure import start_methods as measure

MODULES = {
    "parts of the standard library": measure.HEAVY,
    "NumPy": ("numpy",),
    "NumPy and Matplotlib": ("numpy", "matplotlib.figure"),
}
BALLAST_MB = {"nothing": 0, "50 MB": 50, "500 MB": 500}
_ROUNDS = 3


def start_method_lab() -> Lab[list[measure.StartCosts]]:
    """A panel that runs a main module of the reader's choice and starts children of it."""
    return Lab(
        "A parent, and what its children cost",
        {
            "place": choice("The main module imports", list(measure.PLACES), measure.NOWHERE),
            "modules": choice("Namely", MODULES, measure.HEAVY),
            "preload": choice("Fork server preloads them", {"no": False, "yes": True}, False),
            "ballast_mb": choice("The parent holds", BALLAST_MB, 0),
        },
        measure_starts,
        draw_starts,
    )


def measure_starts(settings: Settings, job: Job) -> list[measure.StartCosts]:
    """One start method after another, so that there is progress to see."""
    methods = measure.available()
    parts = []
    for number, method in enumerate(methods):
        job.progress((number + 0.1) / len(methods))
        parts.append(
            measure.start_costs(
                settings["place"],
                settings["modules"],
                [method],
                _ROUNDS,
                settings["preload"] and method == "forkserver",
                settings["ballast_mb"],
                stop=job.stop,
            )
        )
    return parts


def draw_starts(data: list[measure.StartCosts], settings: Settings) -> Picture:
    return draw.costs(data)
