"""The contention lab: threads, work and switch interval, and what becomes of them."""

from __future__ import annotations

from helpers.draw import gil as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import gil as measure

WINDOWS: dict[str, tuple[float, float] | None] = {
    "the whole run": None,
    "the first 100 ms": (0.0, 0.1),
    "the first 20 ms": (0.0, 0.02),
}


def contention_lab() -> Lab[measure.Contention]:
    """A panel that runs 1 to 8 threads in a fresh interpreter and draws their lanes."""
    intervals = {draw.in_words(seconds): seconds for seconds in measure.INTERVALS_S}
    return Lab(
        "Threads that compete for the GIL",
        {
            "kind": choice("Work", list(measure.KINDS), "pure Python"),
            "threads": number("Threads", 2, 1, measure.MOST_THREADS),
            "interval_s": choice("Switch interval", intervals, 5e-3),
            "window": choice("Show", list(WINDOWS), "the first 100 ms"),
        },
        measure_contention,
        draw_contention,
        view=("window",),
    )


def measure_contention(settings: Settings, job: Job) -> measure.Contention:
    job.progress(0.1)
    threads = settings["threads"]
    return measure.contention(
        settings["kind"],
        threads,
        settings["interval_s"],
        seconds=min(0.2, 0.5 / threads),  # the run takes about a second, however many there are
        stop=job.stop,
    )


def draw_contention(data: measure.Contention, settings: Settings) -> Picture:
    return draw.contention(data, WINDOWS[settings["window"]])
