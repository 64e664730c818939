"""The echo server answers, its neighbours compute, and all of them end."""

from __future__ import annotations

import multiprocessing
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from helpers.measure.elsewhere import call
from helpers.measure.interpreters import find_interpreters
from helpers.workers import convoy

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def echo_port() -> Iterator[int]:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=convoy.serve_echo, args=(theirs,), daemon=True
    )
    server.start()
    assert ours.poll(30)
    yield ours.recv()
    server.terminate()
    server.join()


def test_every_request_comes_back(echo_port: int) -> None:
    found = convoy.round_trips(echo_port, seconds=30, most=50)
    assert len(found["latencies_us"]) == 50
    assert all(latency > 0 for latency in found["latencies_us"])
    assert sum(found["latencies_us"]) / 1e6 <= found["seconds"]


def test_the_time_ends_it_too(echo_port: int) -> None:
    found = convoy.round_trips(echo_port, seconds=0.05, most=10**9)
    assert found["seconds"] >= 0.05


def test_a_server_that_is_silent_costs_requests_not_the_run() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((convoy.LOCALHOST, 0))
        found = convoy.round_trips(silent.getsockname()[1], seconds=0.1, most=5)
    assert found["lost"] == 1
    assert found["latencies_us"] == []


@pytest.mark.parametrize(("neighbours", "kind"), [(0, "threads"), (2, "threads"), (2, "processes")])
def test_nothing_is_left_of_a_conversation(neighbours: int, kind: str) -> None:
    before, threads = sys.getswitchinterval(), set(threading.enumerate())
    try:
        found = convoy.converse(neighbours, kind, 1e-3, 0.2, 100)
    finally:
        sys.setswitchinterval(before)
    assert found["latencies_us"]
    assert multiprocessing.active_children() == []
    assert set(threading.enumerate()) <= threads


def test_children_end_when_their_parent_is_killed() -> None:
    code = "from helpers.workers.convoy import converse; converse(1, 'processes', 0.005, 60, 10**9)"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        until = time.monotonic() + 30
        children: list[psutil.Process] = []
        while len(children) < 2 and time.monotonic() < until:
            time.sleep(0.1)
            # Neither the resource tracker: it ends by itself as well, but isn't ours.
            children = [
                child
                for child in psutil.Process(parent.pid).children()
                if "spawn_main" in " ".join(child.cmdline())
            ]
        assert len(children) == 2
    finally:
        parent.kill()
        parent.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


@pytest.mark.slow
def test_a_conversation_works_in_every_interpreter_found() -> None:
    others = find_interpreters().interpreters[1:]
    if not others:
        pytest.skip("no other interpreter on this machine")
    for other in others:
        found = call(convoy.converse, 1, "threads", 1e-3, 0.1, 50, python=other.path)
        assert found["gil"] == other.gil
        assert found["latencies_us"]
