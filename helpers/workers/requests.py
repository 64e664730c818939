"""A web client in a pool of threads, which notes for each request when it began and how it ended.

It asks the server of `helpers.workers.loopback`, on this computer.
"""

from __future__ import annotations

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from helpers.workers.loopback import LOCALHOST

PATIENCE_S = 10.0
NO_ANSWER = 0  # in the place of a status

# (when the request began, when its answer was there, status of the answer or NO_ANSWER)
Answer = tuple[float, float, int]


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body of one page, on a connection of its own. OSError if there is no answer."""
    connection = http.client.HTTPConnection(LOCALHOST, port, timeout=PATIENCE_S)
    with closing(connection):
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read()


def ask(port: int, number: int) -> Answer:
    """One request, timed. An answer that doesn't come is an answer of its own kind."""
    began = time.perf_counter()
    try:
        status, _ = get(port, f"/page{number}")
    except (OSError, http.client.HTTPException):
        status = NO_ANSWER
    return began, time.perf_counter(), status


def load(port: int, workers: int, requests: int) -> dict[str, Any]:
    """Let so many threads make so many requests, each the next one when its last one is answered.

    Returns seconds (from the first request's start to the last answer), answers (one Answer for
    each request), and what the server counted meanwhile: served (requests), errors, and
    most_at_once, the most that it had in hand together since it was started.
    """
    before = served(port)
    with ThreadPoolExecutor(workers) as pool:
        answers = list(pool.map(lambda number: ask(port, number), range(requests)))
    after = served(port)
    return {
        "seconds": max(end for _, end, _ in answers) - min(began for began, _, _ in answers),
        "answers": answers,
        "served": after["requests"] - before["requests"],
        "errors": after["errors"] - before["errors"],
        "most_at_once": after["most_at_once"],
    }


def sweep(port: int, workers: list[int], requests: int) -> list[dict[str, Any]]:
    """``load`` for each number of workers, in this order; one request before, to warm up."""
    ask(port, 0)
    return [load(port, count, requests) for count in workers]


def served(port: int) -> dict[str, int]:
    """What the server has counted so far."""
    counts: dict[str, int] = json.loads(get(port, "/served")[1])
    return counts
