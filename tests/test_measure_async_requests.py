"""Pages from a server on this computer: what becomes of each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure import async_requests as measure
from helpers.measure.async_requests import Crawl, Page
from helpers.measure.elsewhere import Stopped
from helpers.measure.loopback import loopback


def test_each_page_has_its_own_outcome_in_its_place() -> None:
    with loopback(latency_s=0.01, size=300) as server:
        urls = [
            f"{server.url}/good",
            f"{server.url}/?status=500",
            f"{server.url}/?latency=30",
            "http://127.0.0.1:1/",
            "http://",
        ]
        pages = asyncio.run(measure.fetch_all(urls, timeout_s=1.0))
    assert [page.url for page in pages] == urls
    assert [page.outcome for page in pages] == [
        measure.OK,
        measure.ERROR_PAGE,
        measure.TIMED_OUT,
        measure.NO_CONNECTION,
        measure.NO_CONNECTION,
    ]
    assert [page.status for page in pages] == [200, 500, None, None, None]
    assert [page.size for page in pages] == [300, 0, 0, 0, 0]


def test_no_more_than_allowed_are_asked_for_at_once() -> None:
    found = measure.crawl(12, at_once=3, latency_s=0.02)
    assert found.most_at_once <= 3
    assert found.outcomes == {"ok": 12}
    turns = sorted((page.asked_s, page.end_s) for page in found.pages)
    for number, (asked_s, _) in enumerate(turns):
        in_hand = sum(start <= asked_s < end for start, end in turns[:number])
        assert in_hand < 3


def test_errors_come_as_often_as_asked_for() -> None:
    assert measure.crawl(10, 10, 0.001, error_rate=1.0).outcomes == {"error page": 10}


def test_the_wait_for_a_turn_is_no_part_of_the_request() -> None:
    found = measure.crawl(6, at_once=1, latency_s=0.02)
    for before, after in zip(found.pages, found.pages[1:], strict=False):
        assert after.start_s <= before.end_s <= after.asked_s


outcomes = st.lists(st.sampled_from(measure.OUTCOMES), max_size=30)


@given(outcomes)
def test_outcomes_add_up(names: list[str]) -> None:
    pages = tuple(Page("/", 0.0, 0.1, 0.2 + number, name) for number, name in enumerate(names))
    found = Crawl(pages, 1, 1)
    assert sum(found.outcomes.values()) == len(names)
    assert set(found.outcomes) == set(names)
    assert found.seconds == pytest.approx(len(names) - 0.8 if names else 0)


def test_stop_ends_a_crawl() -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Stopped):
        measure.crawl(50, 1, latency_s=5.0, timeout_s=60, stop=stop)


def run(**arguments: Any) -> object:
    return asyncio.run(measure.fetch_all(["http://127.0.0.1:1/"], **arguments))


@pytest.mark.parametrize(
    ("name", "function", "arguments"),
    [
        ("pages", measure.crawl, {"pages": 0}),
        ("pages", measure.crawl, {"pages": 501}),
        ("at_once", measure.crawl, {"at_once": 0}),
        ("timeout_s", measure.crawl, {"timeout_s": 0}),
        ("latency_s", measure.crawl, {"latency_s": -1}),
        ("error_rate", measure.crawl, {"error_rate": 2}),
        ("at_once", run, {"at_once": 0}),
        ("timeout_s", run, {"timeout_s": -1}),
        ("connections", run, {"connections": 0}),
    ],
)
def test_bad_arguments_are_named(
    name: str, function: Callable[..., object], arguments: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        function(**arguments)
