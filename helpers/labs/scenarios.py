"""The scenarios lab: one of the article's jobs, with tasks, size and workers of your own."""

from __future__ import annotations

from helpers.draw.compare import points
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure import scenarios as measure

SCALES = {"a quarter": 0.25, "as in the chapter": 1.0, "twice": 2.0, "four times": 4.0}


def scenarios_lab() -> Lab[measure.Finding]:
    """A panel that does one of the jobs under every model that fits."""
    return Lab(
        "One job under every model",
        {
            "name": choice("Job", list(measure.SCENARIOS), "files: CSV to JSON"),
            "tasks": number("Tasks", 6, 1, measure.MOST_TASKS),
            "scale": choice("Size of a task", SCALES, 1.0),
            "workers": number("Workers", 2, 1, measure.MOST_WORKERS),
        },
        measure_scenario,
        draw_scenario,
    )


def measure_scenario(settings: Settings, job: Job) -> measure.Finding:
    job.progress(0.0)
    size = max(1, round(measure.SCENARIOS[settings["name"]].size * settings["scale"]))
    return measure.measure(
        settings["name"], settings["tasks"], size, settings["workers"], job.progress, job.stop
    )


def draw_scenario(data: measure.Finding, settings: Settings) -> Picture:
    scenario = data.scenario
    size = round(scenario.size * settings["scale"])
    made = points(
        data.comparison, f"{scenario.name}: {data.tasks} tasks of {size:,} {scenario.unit}"
    )
    others = ", ".join(data.as_good[1:])
    close = f"; too close to tell apart: {others}" if others else ", clearly"
    return Picture(made.figure, f"{made.text} Fastest: {data.fastest}{close}.")
