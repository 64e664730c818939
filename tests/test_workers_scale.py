"""So many waits really go on at once, and each limit stops them."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from helpers.measure.elsewhere import call
from helpers.measure.interpreters import find_interpreters
from helpers.workers import scale
from helpers.workers.memory import own_memory

MEMORY = 1e9


@pytest.mark.parametrize("kind", scale.KINDS)
def test_all_of_them_wait_together(kind: str) -> None:
    found = call(scale.wait_together, kind, 12, 0.05, 20.0, MEMORY)
    assert found["reached"] == 12
    assert found["reason"] == ""
    assert found["seconds"] >= 0.05
    told = own_memory()["resident"] is not None
    assert (found["memory"] is not None) is told


@pytest.mark.parametrize("kind", ["tasks", "threads"])
def test_nothing_is_left_of_them(kind: str) -> None:
    before = threading.active_count()
    scale.wait_together(kind, 30, 0.01, 20.0, MEMORY)
    assert threading.active_count() == before


@pytest.mark.parametrize("kind", scale.KINDS)
def test_a_deadline_that_has_passed_stops_at_once(kind: str) -> None:
    found = call(scale.wait_together, kind, 10, 0.01, 1e-9, MEMORY)
    assert found["reached"] == 0
    assert "had passed" in found["reason"]


@pytest.mark.skipif(own_memory()["resident"] is None, reason="not told on this system")
def test_too_much_memory_stops_it() -> None:
    found = call(scale.wait_together, "threads", 1000, 0.01, 20.0, 1e5)
    assert 0 < found["reached"] < 1000
    assert found["reason"] == "0.1 MB were used"


def test_the_system_has_room_and_half_of_it_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scale.room() > 0
    monkeypatch.setattr(scale, "room", lambda: 100)
    found = scale.wait_together("threads", 200, 0.01, 20.0, MEMORY)
    assert found["reached"] == 50
    assert found["reason"].startswith("half of what the system has room for")
    assert scale.wait_together("tasks", 200, 0.01, 20.0, MEMORY)["reached"] == 200


def test_room_is_the_tightest_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "threads-max").write_text("5000\n")
    (tmp_path / "pids.max").write_text("70\n")
    (tmp_path / "pids.current").write_text("30\n")
    monkeypatch.setattr(scale, "_THREADS_MAX", tmp_path / "threads-max")
    monkeypatch.setattr(scale, "_CGROUP", tmp_path)
    monkeypatch.setattr(scale, "resource", None)
    assert scale.room() == 40
    (tmp_path / "pids.max").write_text("max\n")
    assert scale.room() == 5000


def test_what_the_system_refuses_is_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    found = scale.wait_together("threads", 5, 0.01, 20.0, MEMORY)
    assert found["reached"] == 0
    assert found["reason"] == "the system refused: can't start new thread"


@pytest.mark.parametrize(("kind", "count", "name"), [("cooks", 1, "kind"), ("tasks", 0, "count")])
def test_bad_arguments_are_named(kind: str, count: int, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        scale.wait_together(kind, count, 0.01, 1.0, MEMORY)


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_workers_run_under_every_start_method(method: str) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        found = pool.submit(scale.wait_together, "threads", 3, 0.01, 20.0, MEMORY).result(60)
    assert found["reached"] == 3


@pytest.mark.slow
def test_workers_run_in_every_interpreter_found() -> None:
    others = find_interpreters().interpreters[1:]
    if not others:
        pytest.skip("no other interpreter on this machine")
    for other in others:
        for kind in scale.KINDS:
            found = call(scale.wait_together, kind, 3, 0.01, 20.0, MEMORY, python=other.path)
            assert found["reached"] == 3
