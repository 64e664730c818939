"""The throughput lab: requests, workers and a server's latency, jitter and errors."""

from __future__ import annotations

from helpers.draw import requests as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import requests as measure

WORKERS = [2**power for power in range(7)]
LATENCIES = {"5 ms": 5e-3, "10 ms": 10e-3, "20 ms": 20e-3, "50 ms": 50e-3, "100 ms": 0.1}
JITTERS = {"none": 0.0, "half of the latency": 0.5, "all of the latency": 1.0}
ERRORS = {"none": 0.0, "1 in 20": 0.05, "1 in 5": 0.2, "1 in 2": 0.5}


def throughput_lab() -> Lab[measure.Throughput]:
    """A panel that tries 1, 2, 4 … threads against a server as slow and bad as is chosen."""
    return Lab(
        "How many workers does a slow server need?",
        {
            "requests": number("Requests", 48, 1, 100),
            "workers": choice("Workers, at most", WORKERS, 16),
            "latency_s": choice("Latency", LATENCIES, 10e-3),
            "jitter": choice("Jitter", JITTERS, 0.0),
            "error_rate": choice("Errors", ERRORS, 0.0),
        },
        measure_throughput,
        draw_throughput,
    )


def measure_throughput(settings: Settings, job: Job) -> measure.Throughput:
    job.progress(0.1)
    latency_s = settings["latency_s"]
    return measure.throughput(
        [count for count in WORKERS if count <= settings["workers"]],
        settings["requests"],
        latency_s,
        settings["jitter"] * latency_s,
        settings["error_rate"],
        stop=job.stop,
    )


def draw_throughput(data: measure.Throughput, _settings: Settings) -> Picture:
    return draw.throughput(data)
