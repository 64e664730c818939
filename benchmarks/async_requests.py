"""Requests per second of the course's own fetcher, beside a bare aiohttp loop."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence

from benchmarks.child import CLOCKS, answer
from benchmarks.table import Points, Row, at_least
from helpers.measure.async_requests import fetch_all
from helpers.measure.host import HostMeter
from helpers.measure.loopback import loopback

PAGES, AT_ONCE = 500, 20
SHARE = 0.9


def rows(rounds: int) -> Iterator[Row]:
    """One row per clock: our requests per second, as a part of the bare loop's."""
    meter = HostMeter()
    found = answer("async_requests", rounds)
    busy = meter.use().others
    for clock, words in CLOCKS.items():
        ours, bare = (
            Points(tuple(PAGES / 1e3 / taken for taken in found[name][clock]), "thousand a second")
            for name in ("ours", "bare")
        )
        share = Points(tuple(o / b for o, b in zip(ours.values, bare.values, strict=True)), "of it")
        yield Row(
            f"{PAGES} pages from the loopback server, {AT_ONCE} at a time, {words}",
            str(ours),
            f"at least {SHARE:.0%} of a bare aiohttp loop",
            at_least(share, SHARE, busy),
            peer=f"bare aiohttp {bare}",
            ratio=f"{share.median:.2f}",
        )


async def bare_loop(urls: Sequence[str]) -> int:
    """The same pages, as many at a time, with nothing noted and nothing handled."""
    import aiohttp

    turn = asyncio.Semaphore(AT_ONCE)

    async def one(session: aiohttp.ClientSession, url: str) -> int:
        async with turn, session.get(url) as response:
            return len(await response.read())

    async with aiohttp.ClientSession() as session:
        return sum(await asyncio.gather(*(one(session, url) for url in urls)))


async def ours(urls: Sequence[str]) -> int:
    return sum(page.size for page in await fetch_all(urls, AT_ONCE))


def measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Seconds of each contender, in turn, against one server that answers at once."""
    contenders = {"ours": ours, "bare": bare_loop}
    found: dict[str, dict[str, list[float]]] = {
        name: {clock: [] for clock in CLOCKS} for name in contenders
    }
    with loopback(latency_s=0.0) as server:
        urls = [f"{server.url}/page{number}" for number in range(PAGES)]
        for number in range(-1, rounds):
            names = list(contenders)
            for name in names if number % 2 else reversed(names):
                began, cpu = time.perf_counter(), time.process_time()
                size = asyncio.run(contenders[name](urls))
                if size != PAGES * 2000:
                    raise RuntimeError(f"{name} read {size} bytes")
                if number >= 0:  # the first round warms up
                    found[name]["clock"].append(time.perf_counter() - began)
                    found[name]["cpu"].append(time.process_time() - cpu)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
