"""Lab: the speed-up for a serial share and a number of processes of the reader's choice."""

from __future__ import annotations

from helpers.draw.amdahl import curves
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import amdahl

SHARES = {f"{percent} %": percent / 100 for percent in (0, 5, 10, 25, 50, 75)}


def lab() -> Lab[amdahl.SpeedUps]:
    """Controls for the serial share and for the most processes to try."""
    controls = {
        "share": choice("Serial share", SHARES, 0.25),
        "most": number("Processes, at most", 4, 2, amdahl.MOST),
    }
    return Lab("How much faster with more processes?", controls, measure, draw)


def measure(settings: Settings, job: Job) -> amdahl.SpeedUps:
    job.progress(0.1)
    workers = range(2, settings["most"] + 1)
    return amdahl.speed_ups([settings["share"]], list(workers), stop=job.stop)


def draw(found: amdahl.SpeedUps, _settings: Settings) -> Picture:
    return curves(found)
