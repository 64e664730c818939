"""A cluster as an executor: here, and as a scheduler with two workers in processes of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from helpers.draw import cluster as draw
from helpers.measure import cluster as measure
from helpers.measure.cluster import ClusterExecutor, lanes_of, processes, task_stream
from helpers.measure.executors import warm_up
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.timeline import Span, State, Timeline
from helpers.workers.cluster import nap_and_square
from helpers.workers.compiled import longest_chain
from helpers.workers.pools import inverse, process_id
from tests.chapter_files import ROOT

START_S = 60.0


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler and two workers, each started by Dask's own command."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = f"tcp://127.0.0.1:{port}"
    here = ["--host", "127.0.0.1", "--no-dashboard"]
    commands = [["scheduler", "--port", str(port), *here]]
    commands += [["worker", found, "--nthreads", "1", *here] for _ in range(2)]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "dask", *command],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        _wait_for(port)
        yield found
    finally:
        family = [child for one in started for child in _family(one.pid)]
        for child in family:
            child.terminate()
        for child in psutil.wait_procs(family, timeout=10)[1]:
            child.kill()
        for one in started:
            one.wait(10)


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < until, "the scheduler hasn't started"
            time.sleep(0.1)


def _family(pid: int) -> list[psutil.Process]:
    try:
        one = psutil.Process(pid)
        return [*one.children(recursive=True), one]
    except psutil.NoSuchProcess:
        return []


def test_a_cluster_here_works_survives_a_kill_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, environment = belongings(), dict(os.environ)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with ClusterExecutor(2) as cluster:
        warm_up(cluster, 2)
        assert list(cluster.map(longest_chain, [1, 27], [10, 28])) == [19, 111]
        with pytest.raises(ZeroDivisionError):
            cluster.submit(inverse, 0).result()
        workers = processes(cluster.client)
        assert len(workers) == 2
        victim = next(iter(workers.values()))
        futures = [cluster.submit(nap_and_square, n, 0.05) for n in range(16)]
        futures[1].result()
        psutil.Process(victim).kill()
        assert [future.result(30) for future in futures] == [n * n for n in range(16)]
        cluster.client.wait_for_workers(2, timeout=START_S)
        assert victim not in processes(cluster.client).values()
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []
    assert dict(os.environ) == environment
    assert left_since(before, patience=10) == []


def test_a_cluster_elsewhere_is_used_and_left_alone(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = belongings()
    monkeypatch.setenv(measure.ADDRESS, address)
    with ClusterExecutor() as cluster:
        assert cluster.local is None
        cluster.client.wait_for_workers(2, timeout=START_S)
        warm_up(cluster, 2)
        with task_stream(cluster.client) as records:
            futures = [cluster.submit(process_id, n) for n in range(6)]
            done_by = {future.result(30) for future in futures}
        assert done_by <= set(processes(cluster.client).values())
        assert os.getpid() not in done_by
    found = lanes_of(records)
    assert len([span for span in found.spans if span.detail == "compute"]) == 6
    assert left_since(before, patience=10) == []
    with ClusterExecutor(address=address) as again:  # it is still there
        assert again.submit(longest_chain, 1, 10).result(30) == 19
    assert left_since(before, patience=10) == []


def test_equal_calls_are_separate_tasks(address: str) -> None:
    with ClusterExecutor(address=address) as cluster:
        stamps = [cluster.submit(time.perf_counter_ns).result(30) for _ in range(3)]
    assert len(set(stamps)) == 3


def _refusing() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"tcp://127.0.0.1:{free.getsockname()[1]}"


def test_an_address_nobody_answers_is_an_error_within_five_seconds() -> None:
    before = belongings()
    began = time.monotonic()
    with pytest.raises(ConnectionError, match=r"^address 'tcp://127.* no Dask scheduler answered"):
        ClusterExecutor(address=_refusing())
    assert time.monotonic() - began < 5 + 1  # the second is for a crowded test machine
    assert left_since(before, patience=10) == []


def test_one_who_listens_and_never_speaks_is_an_error_too() -> None:
    before = belongings()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(ConnectionError, match=r"^address .* no Dask scheduler answered"):
            ClusterExecutor(address=f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - began < 5 + 1
    assert left_since(before, patience=10) == []


def test_one_who_speaks_another_language_is_an_error_too() -> None:
    def answer() -> None:
        caller, _ = server.accept()
        with caller:
            caller.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 3)

    with socket.create_server(("127.0.0.1", 0)) as server:
        speaker = threading.Thread(target=answer)
        speaker.start()
        with pytest.raises(ConnectionError, match=r"^address .* no Dask scheduler answered"):
            ClusterExecutor(address=f"tcp://127.0.0.1:{server.getsockname()[1]}")
        speaker.join()


def test_a_text_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^address must look like"):
        ClusterExecutor(address="nonsense")


@pytest.mark.parametrize("workers", [0, measure.MOST_WORKERS + 1])
def test_bad_numbers_of_workers_are_refused(workers: int) -> None:
    with pytest.raises(ValueError, match=r"^workers must be 1 to"):
        ClusterExecutor(workers)


def record(worker: str, *phases: tuple[str, float, float]) -> dict[str, Any]:
    return {
        "worker": worker,
        "startstops": [{"action": a, "start": start, "stop": stop} for a, start, stop in phases],
    }


def test_records_become_lanes_in_the_order_of_their_beginnings() -> None:
    found = lanes_of(
        [
            record("tcp://b", ("compute", 2.0, 3.0)),
            record("tcp://a", ("transfer", 1.0, 1.5), ("compute", 1.5, 2.0)),
            record("tcp://b", ("something new", 4.0, 5.0)),
        ]
    )
    assert found.lanes == ("worker 1", "worker 2")
    assert [(span.lane, span.state, span.length_ns) for span in found.spans] == [
        ("worker 1", State.SLEEPING, 500_000_000),
        ("worker 1", State.RUNNING, 500_000_000),
        ("worker 2", State.RUNNING, 1_000_000_000),
        ("worker 2", State.SLEEPING, 1_000_000_000),
    ]


def test_no_records_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^records must hold"):
        lanes_of([])


def test_the_picture_says_who_did_what_and_when_one_was_killed() -> None:
    spans = (
        Span("worker 1", State.RUNNING, 0, 10**9, "compute"),
        Span("worker 2", State.RUNNING, 0, 2 * 10**9, "compute"),
        Span("worker 2", State.RUNNING, 2 * 10**9, 4 * 10**9, "compute"),
    )
    found = Timeline(("worker 1", "worker 2"), spans, gil=True, tells_queue=False)
    picture = draw.workers(found, "x", killed_ns=15 * 10**8)
    assert picture.text == (
        "4.00 s: worker 1 finished 1 task and worked for 25% of it, worker 2 finished 2 tasks and "
        "worked for 100% of it; one was killed after 1.50 s."
    )
    assert picture.png.startswith(b"\x89PNG")
    assert "killed" not in draw.workers(found, "x").text
