"""The web server on this computer: what it answers, what it counts, and that it is gone after."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure import loopback as module
from helpers.measure.elsewhere import Stopped, WorkerFailed
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.loopback import Loopback, loopback
from helpers.workers.loopback import Server

PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with loopback(latency_s=0, size=100) as server:
        yield server


def get(server: Loopback, *targets: str) -> list[tuple[int, bytes]]:
    """Ask for all of these on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    found = []
    with contextlib.closing(connection):
        for target in targets:
            connection.request("GET", target)
            response = connection.getresponse()
            found.append((response.status, response.read()))
    return found


def test_an_answer_has_the_size_asked_for(server: Loopback) -> None:
    assert get(server, "/", "/a?size=7&letter=y") == [(200, b"x" * 100), (200, b"y" * 7)]


def test_letters_may_take_several_bytes(server: Loopback) -> None:
    [(status, body)] = get(server, f"/?size=12&letter={quote('漢')}")
    assert (status, body.decode()) == (200, "漢" * 4)


def test_an_error_can_be_asked_for_and_is_counted(server: Loopback) -> None:
    before = server.served()
    assert get(server, "/?status=500", "/") == [(500, b"this is an error page"), (200, b"x" * 100)]
    after = server.served()
    assert (after.requests - before.requests, after.errors - before.errors) == (2, 1)


@pytest.mark.parametrize("query", ["latency=soon", "latency=-1", "status=7", "size=many"])
def test_a_wish_without_sense_is_refused(server: Loopback, query: str) -> None:
    [(status, body)] = get(server, f"/?{query}")
    assert status == 400
    assert b"latency, status and size" in body


def test_only_get_is_served(server: Loopback) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        connection.request("POST", "/", body=b"")
        assert connection.getresponse().status == 405


def test_it_listens_on_this_computer_only(server: Loopback) -> None:
    listening = [
        found.laddr
        for child in psutil.Process().children(recursive=True)
        for found in child.net_connections()
        if found.status == psutil.CONN_LISTEN
    ]
    assert [address.ip for address in listening if address.port == server.port] == ["127.0.0.1"]


def statuses(seed: int, rate: float) -> list[int]:
    with loopback(0, error_rate=rate, seed=seed) as server:
        return [status for status, _ in get(server, *(["/"] * 40))]


def test_errors_come_at_the_rate_asked_for_and_again_for_the_same_seed() -> None:
    assert statuses(1, 0.0) == [200] * 40
    assert statuses(1, 1.0) == [503] * 40
    some = statuses(1, 0.5)
    assert set(some) == {200, 503}
    assert statuses(1, 0.5) == some != statuses(2, 0.5)


@given(latency=st.floats(0, 1), jitter=st.floats(0, 1), seed=st.integers(0, 1000))
def test_the_latency_stays_within_its_jitter(latency: float, jitter: float, seed: int) -> None:
    waits: list[float] = []

    async def answer() -> None:
        server = Server(latency, jitter, 0.0, 1, seed)
        real = asyncio.sleep

        async def note(seconds: float) -> None:
            waits.append(seconds)
            await real(0)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio, "sleep", note)
            await server._answer("GET / HTTP/1.1\r\n\r\n")

    asyncio.run(answer())
    [waited] = waits
    assert max(0.0, latency - jitter) <= waited <= latency + jitter


def test_it_counts_how_many_are_in_hand_at_once() -> None:
    async def three_at_once() -> Server:
        server = Server(60.0, 0.0, 0.0, 1, 0)
        tasks = [asyncio.create_task(server._answer("GET / HTTP/1.1\r\n\r\n")) for _ in range(3)]
        while server.at_once < 3:
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return server

    server = asyncio.run(three_at_once())
    assert (server.most_at_once, server.at_once) == (3, 0)
    assert server.served() == {"requests": 3, "errors": 0, "most_at_once": 3}


@pytest.mark.parametrize("name", ["latency_s", "jitter_s", "error_rate", "size"])
def test_bad_arguments_are_named(name: str) -> None:
    for value in (-1, 1e9, float("nan")):
        settings: dict[str, Any] = {name: value}
        with pytest.raises(ValueError, match=f"^{name} must lie"), loopback(**settings):
            pass  # pragma: no cover


def test_nothing_is_left_after_the_block_even_if_it_raises() -> None:
    before = belongings()
    with pytest.raises(KeyError), loopback(latency_s=60.0) as server:  # noqa: PT012
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/")  # the server is in the middle of this answer
        connection.close()
        raise KeyError("the reader's own mistake")
    assert left_since(before, patience=PATIENCE_S) == []


def test_a_server_that_does_not_hear_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.2)
    before = belongings()
    with loopback() as server:
        children = psutil.Process().children(recursive=True)
        served = [child for child in children if "helpers.workers.loopback" in _command(child)]
        for child in served:
            child.suspend()
    assert served
    assert server.port
    assert left_since(before, patience=PATIENCE_S) == []


def test_one_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", "import no_such"]
    monkeypatch.setattr(module, "start_command", lambda *_: command)
    with pytest.raises(WorkerFailed, match="no_such"), loopback():
        pass  # pragma: no cover


@pytest.mark.skipif(sys.platform == "win32", reason="an interrupt has no exit code there")
def test_one_that_is_interrupted_while_it_starts_was_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupt = (
        "import os, signal; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        "os.kill(os.getpid(), signal.SIGINT)"
    )
    monkeypatch.setattr(module, "start_command", lambda *_: [sys.executable, "-c", interrupt])
    with pytest.raises(Stopped), loopback():
        pass  # pragma: no cover


def test_it_ends_with_the_process_that_started_it() -> None:
    """Even when that one is killed, and no ``with`` block can end."""
    code = (
        "from helpers.measure.loopback import loopback\n"
        "import time\n"
        "with loopback() as server: print(server.port, flush=True); time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    process.kill()
    process.communicate()
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            Loopback(port).served()
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail("the server is still there")


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
