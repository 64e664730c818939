"""The convoy lab: requests and replies beside neighbours that compute."""

from __future__ import annotations

from helpers.draw import convoy as draw
from helpers.draw.gil import in_words
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import convoy as measure

_SECONDS = 0.3  # for each case: long enough for some dozens of waits


def convoy_lab() -> Lab[list[measure.Convoy]]:
    """A panel that measures round trips alone, and beside the neighbours that are chosen."""
    intervals = {in_words(seconds): seconds for seconds in measure.INTERVALS_S}
    return Lab(
        "A thread that waits for replies, beside neighbours that compute",
        {
            "neighbours": number("Neighbours", 1, 0, measure.MOST_NEIGHBOURS),
            "kind": choice("They are", list(measure.KINDS), "threads"),
            "interval_s": choice("Switch interval", intervals, 5e-3),
        },
        measure_convoy,
        draw_convoy,
    )


def measure_convoy(settings: Settings, job: Job) -> list[measure.Convoy]:
    job.progress(0.05)
    found = [measure.convoy(0, interval_s=settings["interval_s"], seconds=_SECONDS, stop=job.stop)]
    if settings["neighbours"]:
        job.progress(0.5)
        found.append(
            measure.convoy(
                settings["neighbours"],
                settings["kind"],
                settings["interval_s"],
                _SECONDS,
                stop=job.stop,
            )
        )
    return found


def draw_convoy(data: list[measure.Convoy], settings: Settings) -> Picture:
    return draw.latencies(data)
