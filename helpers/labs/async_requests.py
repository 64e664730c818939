"""The requests lab: how many at a time, against a server that is slow and fails now and then."""

from __future__ import annotations

from helpers.draw import async_requests as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import async_requests as measure


def requests_lab() -> Lab[measure.Crawl]:
    """A panel that fetches pages from a server of this computer, and draws each request."""
    return Lab(
        "Many pages, so many at a time",
        {
            "pages": number("Pages", 40, 1, 200),
            "at_once": number("At a time", 8, 1, 200),
            "latency_s": choice(
                "An answer takes", {"20 ms": 0.02, "50 ms": 0.05, "0.2 s": 0.2}, 0.05
            ),
            "error_rate": choice("Answers that fail", {"none": 0.0, "10 %": 0.1, "half": 0.5}, 0.1),
            "timeout_s": choice("Timeout", {"50 ms": 0.05, "0.2 s": 0.2, "5 s": 5.0}, 5.0),
        },
        measure_crawl,
        draw_crawl,
    )


def measure_crawl(settings: Settings, job: Job) -> measure.Crawl:
    job.progress(0.1)
    return measure.crawl(**settings, stop=job.stop)


def draw_crawl(data: measure.Crawl, settings: Settings) -> Picture:
    return draw.crawl(data)
