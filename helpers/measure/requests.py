"""How many answers a second so many threads get, how long each takes, and what Little's law says.

Little's law: in any system that things enter and leave, the number inside is on average the rate
at which they leave times the time that each spends inside. Source: J. D. C. Little, A Proof for
the Queuing Formula L = λW (1961), https://doi.org/10.1287/opre.9.3.383.
"""

from __future__ import annotations

import statistics
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from helpers.measure.elsewhere import call
from helpers.measure.host import HostMeter
from helpers.measure.loopback import loopback
from helpers.workers import requests as client

MOST_WORKERS = 64
MOST_REQUESTS = 500
_DEADLINE_S = 60.0


@dataclass(frozen=True)
class Point:
    """So many workers made so many requests.

    seconds: from the start of the first request to the last answer. latencies_s: for each request
    the seconds until its answer. failed: answers that were errors. lost: requests without an
    answer. served, served_errors: the server's own count of both. most_at_once: the most that it
    had in hand together, at this number of workers or fewer.
    """

    workers: int
    seconds: float
    latencies_s: tuple[float, ...]
    failed: int
    lost: int
    served: int
    served_errors: int
    most_at_once: int

    @property
    def requests(self) -> int:
        return len(self.latencies_s)

    @property
    def good(self) -> int:
        """Requests that were answered, and not by an error."""
        return self.requests - self.failed - self.lost

    @property
    def per_second(self) -> float:
        """The throughput: answers a second, errors among them."""
        return (self.requests - self.lost) / self.seconds

    @property
    def good_per_second(self) -> float:
        return self.good / self.seconds

    @property
    def latency_s(self) -> float:
        """The mean time that a request took."""
        return statistics.fmean(self.latencies_s)

    @property
    def in_flight(self) -> float:
        """How many requests were under way on average: Little's law, from its other two parts.

        Never more than the workers, for each waits for its answer. Less while some have no
        request left to make.
        """
        return self.requests / self.seconds * self.latency_s


@dataclass(frozen=True)
class Throughput:
    """One point for each number of workers, from few to many.

    latency_s, jitter_s, error_rate: what the server was told. busy: cores that other work used
    meanwhile, None where that can't be told.
    """

    latency_s: float
    jitter_s: float
    error_rate: float
    points: tuple[Point, ...]
    busy: float | None = None

    @property
    def requests(self) -> int:
        """Made by each number of workers."""
        return self.points[0].requests

    def of(self, workers: int) -> Point:
        """KeyError for a number that wasn't measured."""
        for point in self.points:
            if point.workers == workers:
                return point
        raise KeyError(f"workers {workers} weren't measured; {[p.workers for p in self.points]}")

    def law(self, workers: float) -> float:
        """Answers a second by Little's law, if the answers took as long as for the fewest workers.

        As many requests are under way as there are workers, or as there are requests.
        """
        return min(workers, self.requests) / self.points[0].latency_s


def throughput(
    workers: Sequence[int] = (1, 2, 4, 8, 16),
    requests: int = 48,
    latency_s: float = 0.01,
    jitter_s: float = 0.0,
    error_rate: float = 0.0,
    *,
    stop: threading.Event | None = None,
) -> Throughput:
    """Ask a server on this computer, in a fresh interpreter, with one number of threads at a time.

    workers: 1 to 64 each; they are tried from few to many. requests: for each number of workers,
    1 to 500. latency_s, jitter_s, error_rate: see ``helpers.measure.loopback``; the latency at
    most 1. stop: set it to end the run early.

    Raises TypeError and ValueError for arguments outside, and what ``elsewhere.call`` raises.
    """
    if not workers:
        raise ValueError("workers must hold at least one number")
    for name, number, most in (
        *(("workers", count, MOST_WORKERS) for count in workers),
        ("requests", requests, MOST_REQUESTS),
    ):
        if isinstance(number, bool) or not isinstance(number, int):
            raise TypeError(f"{name} must be a whole number, got {number!r}")
        if not 1 <= number <= most:
            raise ValueError(f"{name} must lie between 1 and {most}, got {number}")
    if not 0 <= latency_s <= 1:
        raise ValueError(f"latency_s must lie between 0 and 1, got {latency_s!r}")
    counts = sorted(set(workers))
    meter = HostMeter()
    with loopback(latency_s, jitter_s, error_rate) as server:
        found = call(client.sweep, server.port, counts, requests, deadline=_DEADLINE_S, stop=stop)
    points = tuple(
        Point(
            count,
            one["seconds"],
            tuple(ended - began for began, ended, _ in one["answers"]),
            failed=sum(status >= 400 for _, _, status in one["answers"]),
            lost=sum(status == client.NO_ANSWER for _, _, status in one["answers"]),
            served=one["served"],
            served_errors=one["errors"],
            most_at_once=one["most_at_once"],
        )
        for count, one in zip(counts, found, strict=True)
    )
    return Throughput(latency_s, jitter_s, error_rate, points, meter.use().others)
