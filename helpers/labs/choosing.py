"""The advisor: answer questions, get a model, its reason, and the measurement behind it."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from helpers.draw import choosing as draw
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice
from helpers.measure import choosing as measure
from helpers.measure.choosing import Path, advise, topics
from helpers.measure.evidence import Evidence, evidence
from helpers.workers.interpreters import has_interpreters
from helpers.workers.timeline import gil_enabled

SHOW = ("the measurement", "the way through the tree")


class Advisor(Lab[tuple[Path, Evidence]]):
    """A drop-down list for each question, of which only those count that the way leads past.

    The advice stands above the picture as soon as the questions are answered; Run measures what
    is behind it.
    """

    def __init__(self) -> None:
        defaults = {
            "GIL": "one with a GIL" if gil_enabled() else "a free-threaded one",
            "version": "3.14 or newer" if has_interpreters() else "3.13 or older",
        }
        controls: dict[str, widgets.ValueWidget] = {
            topic: choice(
                question.label,
                list(question.answers),
                defaults.get(topic, next(iter(question.answers))),
            )
            for topic, question in topics().items()
        }
        controls["show"] = choice("Show", list(SHOW), SHOW[0])
        super().__init__(
            "Which model for your work?", controls, measure_advice, draw_advice, ("show",)
        )
        self.advice = widgets.HTML()
        first, second, *rest = self.panel.children
        self.panel.children = (first, second, self.advice, *rest)
        for topic in topics():
            self.controls[topic].observe(lambda _: self._follow(), names="value")
        self._follow()

    @property
    def path(self) -> Path:
        """The way that the answers take now."""
        return advise(self.settings)

    def _follow(self) -> None:
        path = self.path
        counted = "; ".join(f"{topics()[topic].label}: {a}" for topic, a in path.answers.items())
        text = (
            f"<strong>{escape(path.advice.model)}</strong>. {escape(path.advice.reason)} "
            f"(Your answers that count here: {escape(counted)}.)"
        )
        self.advice.value = f'<span aria-live="polite">Advice: {text}</span>'


def advisor() -> Advisor:
    """The advisor, answered for this interpreter as far as it knows itself."""
    return Advisor()


def measure_advice(settings: Settings, job: Job) -> tuple[Path, Evidence]:
    job.progress(0.02)
    path = advise(settings)
    return path, evidence(path.advice, job.progress)


def draw_advice(data: tuple[Path, Evidence], settings: Settings) -> Picture:
    path, found = data
    if settings["show"] == SHOW[0]:
        return draw.advised(path, found)
    return draw.tree(measure.TREE, path)
