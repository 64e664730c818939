"""The labs of chapter 1, without a browser."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from helpers.labs import amdahl, overlap
from helpers.labs.job import Job
from helpers.labs.panel import Lab
from helpers.measure.elsewhere import Stopped

LABS = [pytest.param(overlap.lab, id="overlap"), pytest.param(amdahl.lab, id="amdahl")]


@pytest.mark.parametrize("make", LABS)
def test_a_run_gives_a_picture_with_its_sentence(make: Any) -> None:
    lab: Lab[Any] = make()
    lab.run()
    assert lab.picture is not None
    assert lab.picture.text in lab.image.value.replace("&#x27;", "'")
    assert "Done." in lab.status.value


@pytest.mark.parametrize("make", LABS)
def test_every_control_has_a_name(make: Any) -> None:
    assert all(control.description for control in make().controls.values())


def test_the_overlap_lab_does_what_is_set() -> None:
    lab = overlap.lab().set(kind="CPU-bound", model="asyncio tasks", tasks=3, workers=1)
    lab.run()
    assert lab.data is not None
    assert len(lab.data.timeline.lanes) == 3
    assert lab.picture is not None
    assert lab.picture.text.startswith("3 CPU-bound tasks, asyncio tasks, at most 1 at once")


@pytest.mark.parametrize(
    ("measure", "settings"),
    [
        (overlap.measure, {"kind": "mixed", "model": "processes", "tasks": 8, "workers": 1}),
        (amdahl.measure, {"share": 0.5, "most": 8}),
    ],
)
def test_a_stopped_job_stops(measure: Any, settings: dict[str, Any]) -> None:
    job = Job(lambda _: None)
    threading.Timer(0.5, job.stop.set).start()
    with pytest.raises(Stopped):
        measure(settings, job)


def test_redrawing_measures_nothing_again() -> None:
    lab = overlap.lab().run()
    data = lab.data
    began = time.perf_counter()
    overlap.draw(data, lab.settings)  # type: ignore[arg-type]
    assert time.perf_counter() > began
    assert lab.data is data
