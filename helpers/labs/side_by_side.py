"""The interpreters' lab: experiments and CPythons, and all of it in one picture."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw import side_by_side as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, number, several
from helpers.measure import side_by_side as measure


def side_by_side_lab(
    *experiments: str, among: Sequence[measure.Subject] | None = None
) -> Lab[measure.SideBySide]:
    """A panel that runs experiments on several interpreters, or shows what was recorded of them.

    experiments: those that are chosen at first, the scaling of threads if none is named.
    among: the interpreters that are chosen at first; this one and one of the other kind, with or
    without a GIL, if not given. Raises ValueError for an experiment that doesn't exist.
    """
    chosen = experiments or measure.EXPERIMENTS[:1]
    for name in chosen:
        if name not in measure.EXPERIMENTS:
            raise ValueError(f"experiments must be some of {measure.EXPERIMENTS}, got {name!r}")
    known = {one.label: one for one in measure.subjects()}
    beside = measure.with_and_without_gil() if among is None else among
    known.update((one.label, one) for one in beside)
    return Lab(
        "The same code on several Pythons",
        {
            "experiments": several("Experiments", list(measure.EXPERIMENTS), chosen),
            "among": several("Interpreters", known, beside),
            "rounds": number("Rounds", 15, 3, measure.MOST_ROUNDS),
        },
        measure_side_by_side,
        draw_side_by_side,
    )


def measure_side_by_side(settings: Settings, job: Job) -> measure.SideBySide:
    return measure.side_by_side(
        settings["experiments"],
        settings["among"],
        settings["rounds"],
        stop=job.stop,
        progress=job.progress,
    )


def draw_side_by_side(data: measure.SideBySide, _: Settings) -> Picture:
    return draw.side_by_side(data)
