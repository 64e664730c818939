"""Two threads and their competitors are recorded, and no competitor is left."""

from __future__ import annotations

import os
import time

import psutil
import pytest

from helpers.measure.elsewhere import call
from helpers.measure.interpreters import find_interpreters
from helpers.workers import preemption
from helpers.workers.timeline import Recorder

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="only Linux lets a program choose a core"
)


@pytest.mark.parametrize("competitors", [0, 2])
def test_both_threads_are_recorded(competitors: int) -> None:
    # In a process of its own: it changes the priority of its threads.
    found = call(preemption.stall, competitors, 0.1)
    assert [recording["lane"] for recording in found["recordings"]] == ["holder", "other"]
    assert found["cores"] == min(2, len(os.sched_getaffinity(0)))


def test_no_competitor_is_left() -> None:
    before = set(psutil.Process().children())
    preemption.stall(2, 0.1)
    assert set(psutil.Process().children()) <= before


def test_spinning_ends_in_time() -> None:
    with Recorder("only") as recorder:
        began = time.monotonic()
        preemption.spin(0.05, recorder)
    assert time.monotonic() - began >= 0.05


@pytest.mark.slow
def test_it_works_in_every_interpreter_found() -> None:
    others = find_interpreters().interpreters[1:]
    if not others:
        pytest.skip("no other interpreter on this machine")
    for other in others:
        found = call(preemption.stall, 1, 0.1, python=other.path)
        assert found["recordings"][0]["gil"] == other.gil
