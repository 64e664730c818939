"""Tasks do their steps, in order, under every model."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.workers import computing, executors, overlap
from helpers.workers.timeline import AWAITING, SLEEPING, WORKING

STEPS = st.lists(st.sampled_from(["compute", "wait"]), min_size=1, max_size=3)


def activities(recording: overlap.Recording) -> list[str]:
    """What was declared, without the order of beats: one name per stretch of the same activity."""
    names = [interval[0] for interval in recording["intervals"]]
    return [name for place, name in enumerate(names) if name != WORKING or place == 0]


def test_a_task_records_each_of_its_waits() -> None:
    recording = overlap.task("a", ["wait", "compute", "wait"], 500)
    assert recording["lane"] == "a"
    assert activities(recording).count(SLEEPING) == 2


@pytest.mark.parametrize("model", overlap.MODELS)
def test_every_model_runs_every_task(model: str) -> None:
    names = ["a", "b", "c"]
    recordings = overlap.run(model, names, ["compute", "wait"], 0.001, 2)
    assert [recording["lane"] for recording in recordings] == names
    waits = AWAITING if model == "asyncio tasks" else SLEEPING
    assert all(waits in activities(recording) for recording in recordings)
    workers = {(recording["pid"], recording["thread"]) for recording in recordings}
    assert len(workers) <= 2
    pids = {recording["pid"] for recording in recordings}
    assert (os.getpid() in pids) == (model != "processes")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("model", ("fibres", ["a"], ["wait"], 0.001, 1)),
        ("names", ("threads", [], ["wait"], 0.001, 1)),
        ("steps", ("threads", ["a"], ["sleep"], 0.001, 1)),
        ("steps", ("threads", ["a"], [], 0.001, 1)),
        ("seconds", ("threads", ["a"], ["wait"], -1, 1)),
        ("workers", ("threads", ["a"], ["wait"], 0.001, 0)),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        overlap.run(*arguments)  # type: ignore[arg-type]


@given(STEPS)
def test_good_steps_are_taken(steps: list[str]) -> None:
    assert overlap.checked_steps(steps) == steps


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_barrier_lets_a_pool_through_under_every_start_method(method: str) -> None:
    context = multiprocessing.get_context(method)
    with context.Pool(2, executors.meet, (context.Barrier(2),)) as pool:
        assert pool.map_async(computing.compute, [3, 3]).get(30) == [5, 5]


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_pools_processes_leave_when_their_parent_is_killed() -> None:
    code = (
        "from helpers.workers import overlap\n"
        "if __name__ == '__main__':\n"
        "    overlap.run('processes', ['a', 'b'], ['wait'] * 2000, 0.001, 2)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            family = psutil.Process(parent.pid).children()
            if sum("spawn_main" in " ".join(child.cmdline()) for child in family) == 2:
                break
            time.sleep(0.05)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    assert len(family) >= 2
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive
