"""The race lab: a shape, threads, rounds and a lock or none, and what comes of it."""

from __future__ import annotations

from helpers.draw import races as draw
from helpers.draw.gil import in_words
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import races as measure

LOCKS = {"no": False, "yes": True}


def race_lab() -> Lab[measure.Race]:
    """A panel that runs a race again and again, and draws a histogram of what was counted."""
    intervals = {in_words(seconds): seconds for seconds in measure.INTERVALS_S}
    return Lab(
        "A race, again and again",
        {
            "shape": choice("Between read and write", list(measure.SHAPES), "a call"),
            "threads": number("Threads", 4, 2, measure.MOST_THREADS),
            "rounds": number("Rounds each", 1_000, 1, measure.MOST_ROUNDS),
            "interval_s": choice("Switch interval", intervals, 1e-5),
            "locked": choice("Under a lock", LOCKS, False),
            "runs": number("Runs", 30, 1, measure.MOST_RUNS),
        },
        measure_race,
        draw_race,
    )


def measure_race(settings: Settings, job: Job) -> measure.Race:
    job.progress(0.1)
    return measure.race(
        settings["shape"],
        settings["locked"],
        settings["threads"],
        settings["rounds"],
        settings["interval_s"],
        settings["runs"],
        stop=job.stop,
    )


def draw_race(data: measure.Race, _: Settings) -> Picture:
    return draw.histogram(data)
