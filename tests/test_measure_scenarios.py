"""The six jobs under every model, profiles of tasks, and the article's advice beside them."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure import api_server, conversion, crawl, database, images, scenarios, science
from helpers.measure.apart import run_apart
from helpers.measure.compare import Comparison
from helpers.measure.elsewhere import Stopped
from helpers.measure.executors import PROCESSES, SEQUENTIAL, THREADS
from helpers.measure.loopback import loopback
from helpers.measure.scenarios import SCENARIOS, Finding
from helpers.measure.task_profile import profile
from helpers.measure.verdict import Outcome
from helpers.workers import database as asking
from helpers.workers import science as in_python
from helpers.workers.timeline import gil_enabled

SMALL = {
    "crawl": 5,
    "images": 1,
    "database: reports": 200,
    "database: look-ups": 10,
    "API server": 1,
    "science: Python": 200,
    "science: NumPy": 200,
    "files: gzip": 1,
    "files: CSV to JSON": 5,
}


@pytest.fixture(scope="module")
def running() -> Iterator[scenarios.Pools]:
    with scenarios.pools(2, waiting=4) as made:
        yield made


def comparison(busy: float | None, seconds: dict[str, float]) -> Comparison:
    """Contenders that took the same time in each of seven rounds."""
    return Comparison({name: (one,) * 7 for name, one in seconds.items()}, {}, busy)


def finding(busy: float | None = 0.0, **seconds: float) -> Finding:
    return Finding(SCENARIOS["images"], 6, comparison(busy, seconds))


def test_there_is_a_job_for_each_row_of_the_articles_table() -> None:
    assert {name.partition(":")[0] for name in SCENARIOS} == {
        "crawl",
        "images",
        "database",
        "API server",
        "science",
        "files",
    }
    assert set(SMALL) == set(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_all_models_give_the_same(name: str, running: scenarios.Pools) -> None:
    scenario = SCENARIOS[name]
    with scenario.contenders(4, SMALL[name], running) as contenders:
        assert scenario.model in contenders
        first, *others = [run() for run in contenders.values()]
    assert others
    assert all(other == first for other in others)
    assert first == 4 or (isinstance(first, list) and len(first) == 4)  # a crowd is counted


def test_a_measured_job_leaves_no_thread_and_reports_progress() -> None:
    before, parts = threading.active_count(), list[float]()
    found = scenarios.measure("science: Python", 2, 100, 2, parts.append)
    assert found.tasks == 2
    assert list(found.comparison.seconds) == [SEQUENTIAL, THREADS, PROCESSES]
    assert 0 < parts[-1] <= 1
    assert threading.active_count() == before


@pytest.mark.parametrize("name", ["crawl", "database: look-ups", "API server", "files: gzip"])
def test_a_job_is_stopped_by_an_event(name: str) -> None:
    stop = threading.Event()
    before = threading.active_count()
    with pytest.raises(Stopped):
        scenarios.measure(name, 4, SMALL[name], 1, lambda _done: stop.set(), stop)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("name", ("cooking", 1, 1, 1)),
        ("tasks", ("images", 0, 32, 1)),
        ("tasks", ("images", 61, 32, 1)),
        ("workers", ("images", 1, 32, 0)),
        ("workers", ("images", 1, 32, 17)),
        ("side", ("images", 1, 20_000, 1)),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        scenarios.measure(*arguments)


def test_the_fastest_and_who_is_as_good() -> None:
    found = finding(sequential=4.0, threads=2.0, processes=2.1)
    assert found.fastest == THREADS
    assert found.as_good == (THREADS, PROCESSES)
    assert found.advice_holds.outcome is Outcome.HOLDS


def test_advice_that_is_clearly_slower_does_not_hold_unless_others_were_busy() -> None:
    slower = finding(sequential=4.0, threads=2.0, processes=3.0)
    assert slower.advice_holds.outcome is Outcome.FAILS
    assert slower.as_good == (THREADS,)
    disturbed = finding(1.5, sequential=4.0, threads=2.0, processes=3.0)
    assert disturbed.advice_holds.outcome is Outcome.UNTOLD


def test_advice_that_is_the_fastest_holds() -> None:
    assert finding(processes=1.0, threads=3.0).advice_holds.outcome is Outcome.HOLDS


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "processes"]), st.floats(0.001, 10)))
def test_the_fastest_is_always_among_the_good(seconds: dict[str, float]) -> None:
    seconds.setdefault("processes", 1.0)
    found = Finding(SCENARIOS["images"], 6, comparison(0.0, seconds))
    assert found.as_good[0] == found.fastest
    # No one is faster than the fastest, so nobody gains more.
    assert all(found.comparison.median(found.fastest) <= one for one in seconds.values())


def test_profiles_tell_waiting_from_computing(running: scenarios.Pools) -> None:
    asleep = profile(running.processes, time.sleep, 0.02)
    assert asleep.waits
    assert asleep.seconds >= 0.02
    adding = profile(running.processes, in_python.area, (0, 1, 20_000))
    assert not adding.lets_go or not gil_enabled()
    # A long hash lets go of the GIL: the other thread gets turns, however busy the machine is.
    hashed = profile(running.processes, hashlib.sha256, bytes(20_000_000))
    assert hashed.gil_free > adding.gil_free or not gil_enabled()


@pytest.mark.parametrize("seconds", [0, -1, 2.5])
def test_a_profile_takes_a_sensible_time(seconds: float, running: scenarios.Pools) -> None:
    with pytest.raises(ValueError, match=r"^seconds "):
        profile(running.processes, time.sleep, 0, seconds=seconds)


def test_a_profile_raises_what_the_task_raises(running: scenarios.Pools) -> None:
    with pytest.raises(ZeroDivisionError):
        profile(running.processes, divmod, 1, 0)


def test_a_photo_becomes_small_and_bright() -> None:
    with images.photos(2, 64) as paths:
        width, height, brightness = images.shrink(paths[0])
        assert (width, height) == (160, 120)
        assert 0 < brightness < 255
        assert Path(paths[0]).with_suffix(".small.jpg").exists()
        assert Path(paths[0]).read_bytes() != Path(paths[1]).read_bytes()
    assert not Path(paths[0]).parent.exists()


@given(st.integers(1, 12), st.integers(50, 400))
def test_numpy_and_python_see_the_same_area(count: int, strips: int) -> None:
    pieces = science.pieces(count, strips)
    assert pieces[-1][1] == pytest.approx(science.END)
    by_numpy = [science.area(piece) for piece in pieces]
    assert by_numpy == pytest.approx([in_python.area(piece) for piece in pieces], abs=1e-9)


def test_many_strips_come_near_the_exact_area() -> None:
    areas = [science.area(piece) for piece in science.pieces(3, 200_000)]
    assert science.total(areas) == pytest.approx(science.EXACT, abs=1e-8)


def test_pages_and_questions_come_in_order() -> None:
    with loopback(latency_s=0.01, jitter_s=0.01, size=100) as server:
        urls = [f"{server.url}/page?size={size}" for size in (10, 20, 30)]
        assert run_apart(crawl.pages, urls) == [10, 20, 30]
    assert crawl.addresses("http://x", 2) == ["http://x/page1", "http://x/page2"]
    with database.sales(100) as path:
        answers = run_apart(database.lookups, path, [3, 1, 2])
        assert answers == [asking.lookup(path, key) for key in (3, 1, 2)]
        assert run_apart(database.reports, path, [7]) == [asking.report(path, 7)]


def test_a_server_apart_ends_with_its_block() -> None:
    before = threading.active_count()
    with api_server.served_apart(0.0) as port:
        assert port > 0
    assert threading.active_count() == before
    with pytest.raises(ValueError, match=r"^wait_s "), api_server.served_apart(2):
        pass
    assert threading.active_count() == before


def test_a_server_in_a_running_loop() -> None:
    import aiohttp

    async def main() -> list[str]:
        async with (
            api_server.serving(api_server.application(0.0)) as port,
            aiohttp.ClientSession() as session,
        ):
            answers = []
            for path in api_server.PATHS.values():
                async with session.get(f"http://127.0.0.1:{port}{path}") as response:
                    answers.append(await response.text())
            return answers

    assert asyncio.run(main()) == ["done"] * 3


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("count", lambda: images.photos(0, 32)),
        ("side", lambda: images.photos(1, 8)),
        ("rows", lambda: database.sales(0)),
        ("rows", lambda: database.sales(1_000_001)),
        ("count", lambda: conversion.texts(0, 10)),
        ("size", lambda: conversion.texts(1, 0)),
        ("rows", lambda: conversion.tables(1, 100_001)),
    ],
)
def test_folders_refuse_what_they_cannot_hold(name: str, make: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} "), make():
        pass


def test_other_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"^count "):
        crawl.addresses("http://x", 0)
    with pytest.raises(ValueError, match=r"^count "):
        science.pieces(0, 1)
    with pytest.raises(ValueError, match=r"^strips "):
        science.pieces(1, 0)
