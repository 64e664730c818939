"""Lab: how long must a task be, for a way of handing it over to pay?"""

from __future__ import annotations

from functools import partial

from helpers.draw.picture import Picture
from helpers.draw.task_costs import forecast as draw_forecast
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure.executors import start
from helpers.measure.task_costs import CLUSTER, Forecast, TaskCosts, forecast
from helpers.workers.task_costs import PROCESS_POOL, THREAD_POOL

LENGTHS_S = {"1 ms": 1e-3, "5 ms": 5e-3, "20 ms": 20e-3}
MOST_TASKS, MOST_WORKERS = 100, 16
_WAYS = (THREAD_POOL, PROCESS_POOL, CLUSTER)


def task_costs_lab(costs: TaskCosts) -> Lab[Forecast]:
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
        partial(measure_point, costs),
        partial(draw_point, costs),
    )


def measure_point(costs: TaskCosts, settings: Settings, job: Job) -> Forecast:
    job.progress(0.1)
    workers = settings["workers"]
    with start("threads", workers) as pool:
        return forecast(
            costs, {THREAD_POOL: pool}, settings["tasks"], settings["length_s"], workers
        )


def draw_point(costs: TaskCosts, came: Forecast, _settings: Settings) -> Picture:
    return draw_forecast(costs, came, [way for way in _WAYS if way in costs.alone])
