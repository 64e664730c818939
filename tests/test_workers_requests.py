"""The web client in threads: it makes the requests, once each, and tells how they ended."""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from helpers.measure.elsewhere import call
from helpers.measure.interpreters import find_interpreters
from helpers.measure.loopback import Loopback, loopback
from helpers.workers import requests


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with loopback(latency_s=0.001, size=100) as server:
        yield server


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_page_and_its_status(server: Loopback) -> None:
    assert requests.get(server.port, "/a") == (200, b"x" * 100)
    assert requests.get(server.port, "/a?status=404")[0] == 404


def test_every_request_is_made_once_and_timed(server: Loopback) -> None:
    before = server.served().requests
    found = requests.load(server.port, 3, 10)
    assert server.served().requests - before == found["served"] == len(found["answers"]) == 10
    assert found["errors"] == 0
    assert 1 <= found["most_at_once"] <= 3
    assert all(
        0.001 <= end - began <= found["seconds"] + 1e-9 for began, end, _ in found["answers"]
    )


def test_errors_are_answers() -> None:
    with loopback(latency_s=0, error_rate=1.0) as server:
        found = requests.load(server.port, 2, 4)
    assert [status for _, _, status in found["answers"]] == [503] * 4
    assert found["errors"] == 4


def test_no_answer_is_told_from_an_error(closed_port: int) -> None:
    _, _, status = requests.ask(closed_port, 1)
    assert status == requests.NO_ANSWER


def test_a_sweep_warms_up_and_takes_each_number_in_turn(server: Loopback) -> None:
    before = server.served().requests
    found = requests.sweep(server.port, [1, 2], 3)
    assert [one["served"] for one in found] == [3, 3]
    assert server.served().requests - before == 7


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_it_runs_under_every_start_method(method: str, server: Loopback) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        found = pool.submit(requests.load, server.port, 2, 4).result(timeout=60)
    assert len(found["answers"]) == 4


@pytest.mark.slow
def test_it_runs_in_every_interpreter_found(server: Loopback) -> None:
    others = find_interpreters().interpreters[1:]
    if not others:
        pytest.skip("no other interpreter on this machine")
    for other in others:
        [found] = call(requests.sweep, server.port, [2], 4, python=other.path)
        assert [status for _, _, status in found["answers"]] == [200] * 4
