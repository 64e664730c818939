"""The philosophers' lab: how many, and how each takes two forks."""

from __future__ import annotations

from helpers.draw import philosophers as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import philosophers as measure

REACH_S = {"none": 0.0, "1 ms": 1e-3, "5 ms": 5e-3, "20 ms": 2e-2}
GRAPH, LANES = "who waits for whom, if they are stuck", "what each one does"


def philosophers_lab() -> Lab[measure.Dinner]:
    """A panel that lets 2 to 8 philosophers dine for half a second."""
    return Lab(
        "Dining philosophers",
        {
            "seats": number("Philosophers", 5, 2, measure.MOST),
            "strategy": choice("Strategy", list(measure.STRATEGIES), "left fork first"),
            "reach_s": choice("Pause between the forks", REACH_S, 5e-3),
            "show": choice("Show", [GRAPH, LANES], GRAPH),
        },
        measure_dinner,
        draw_dinner,
        view=("show",),
    )


def measure_dinner(settings: Settings, job: Job) -> measure.Dinner:
    job.progress(0.1)
    return measure.dine(
        settings["seats"], settings["strategy"], reach_s=settings["reach_s"], stop=job.stop
    )


def draw_dinner(data: measure.Dinner, settings: Settings) -> Picture:
    if settings["show"] == GRAPH:
        return draw.dinner_or_deadlock(data)
    return draw.dinner(data)
