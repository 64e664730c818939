"""Clients of a web server that all ask at the same time, each on a connection of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

from helpers.workers.loopback import LOCALHOST
from helpers.workers.requests import PATIENCE_S


def ask(port: int, path: str, times: int) -> int:
    """Ask so many times, one request after the other; return how many answers had status 200."""
    good = 0
    with closing(HTTPConnection(LOCALHOST, port, timeout=PATIENCE_S)) as connection:
        for _ in range(times):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()  # the connection is free again only after that
            good += answer.status == 200
    return good


def crowd(port: int, path: str, clients: int, times: int) -> int:
    """So many clients ask at once, so many times each; return how many answers were good."""
    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(lambda _: ask(port, path, times), range(clients)))
