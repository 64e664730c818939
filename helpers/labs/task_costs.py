"""Lab: how long must a task be, for a way of handing it over to pay?"""

from __future__ import annotations

from functools import partial

from helpers.draw.picture import Picture
from helpers.draw.task_costs import foreseen
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure.executors import start
from helpers.measure.task_costs import CLUSTER, TaskCosts, seconds_with
from helpers.workers.task_costs import PROCESS_POOL, THREAD_POOL

LENGTHS_S = {"1 ms": 1e-3, "5 ms": 5e-3, "20 ms": 20e-3}
MOST_TASKS, MOST_WORKERS = 100, 16
_WAYS = (THREAD_POOL, PROCESS_POOL, CLUSTER)


def task_costs_lab(costs: TaskCosts) -> Lab[dict[str, float]]:
    """A panel that draws what the measured costs foretell, and measures a point with threads.

    costs: as ``measure.task_costs`` found them on this machine.
    """
    return Lab(
        "When does handing over pay?",
        {
            "tasks": number("Tasks", 20, 1, MOST_TASKS),
            "workers": number("Workers", 2, 1, MOST_WORKERS),
            "length_s": choice("Measure a task of", LENGTHS_S, 5e-3),
        },
        measure_point,
        partial(draw_point, costs),
    )


def measure_point(settings: Settings, job: Job) -> dict[str, float]:
    job.progress(0.1)
    with start("threads", settings["workers"]) as pool:
        return {THREAD_POOL: seconds_with(pool, settings["tasks"], settings["length_s"])}


def draw_point(costs: TaskCosts, measured: dict[str, float], settings: Settings) -> Picture:
    ways = {way: settings["workers"] for way in _WAYS if way in costs.alone}
    return foreseen(costs, ways, settings["tasks"], measured, settings["length_s"])
