"""The messages lab: which way for which size, read off and not asserted."""

from __future__ import annotations

from helpers.draw import messages as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice
from helpers.measure import messages as measure

LARGEST = {draw.in_bytes(size): size for size in measure.SIZES[2:]}
WAYS = {"all": measure.KINDS, **{kind: (kind,) for kind in measure.KINDS}}


def messages_lab() -> Lab[measure.Transfers]:
    """A panel that sends messages from 1 B up to 64 MiB through each way between processes."""
    return Lab(
        "Which way for which size?",
        {
            "kinds": choice("Ways", WAYS, measure.KINDS),
            "largest": choice("Up to", LARGEST, measure.SIZES[2]),
            "what": choice("Show", [draw.LATENCY, draw.THROUGHPUT], draw.LATENCY),
        },
        measure_transfers,
        draw_transfers,
        view=("what",),
    )


def measure_transfers(settings: Settings, job: Job) -> measure.Transfers:
    sizes = [size for size in measure.SIZES if size <= settings["largest"]]
    return measure.transfers(sizes, settings["kinds"], progress=job.progress, stop=job.stop)


def draw_transfers(data: measure.Transfers, settings: Settings) -> Picture:
    return draw.transfers(data, settings["what"])
