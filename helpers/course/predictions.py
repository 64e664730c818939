"""Predictions: the reader picks what will happen, then runs it, then compares.

Guessing first is what makes the result stick, and skipping is allowed: a chapter runs from top
to bottom without an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from helpers.course.cards import GOOD, NEUTRAL, Card
from helpers.draw.picture import live
from helpers.labs.style import heading


class Prediction:
    """A question with its possible answers, shown as one button each.

    After the experiment, ``compare(answer)`` says what happened and, for a wrong guess, why that
    guess is a likely one. Click an answer before or after: both panels follow.
    """

    def __init__(self, question: str, answers: Sequence[str]) -> None:
        """Raises ValueError for an empty question, or fewer than two different answers."""
        if not question:
            raise ValueError("question must not be empty")
        if len(answers) < 2 or len(set(answers)) != len(answers):
            raise ValueError(f"answers must be at least two different texts, got {list(answers)}")
        self.question = question
        self.answers = tuple(answers)
        self.picked: str | None = None
        self._compared = False
        self._happened: str | None = None
        self._untold = ""
        self._why_not: Mapping[str, str] = {}
        self._buttons = [self._button(answer) for answer in self.answers]
        self._status = widgets.HTML()
        self._outcome = widgets.HTML()
        self.panel = widgets.VBox(
            [
                heading(f"<strong>Predict.</strong> {escape(question)}"),
                *self._buttons,
                self._status,
            ]
        )
        self.panel.add_class("course-panel").add_class("course-answers")
        self._outcome.add_class("course-outcome")
        self._refresh()

    def pick(self, answer: str) -> None:
        """Choose an answer, as a click on its button does. ValueError if it isn't one of them."""
        self._must_be_answer("answer", answer)
        self.picked = answer
        self._refresh()

    def compare(
        self,
        happened: str | None,
        why_not: Mapping[str, str] | None = None,
        untold: str = "other programs were in the way. Run the cells again",
    ) -> _Comparison:
        """Show what the experiment gave beside what was picked.

        happened: the answer that the measurement gave; None if this run can't tell.
        why_not: for each likely wrong answer, what makes it look right.
        untold: why this run can't tell, if it can't.
        Raises ValueError for a text that isn't one of the answers.
        """
        if happened is not None:
            self._must_be_answer("happened", happened)
        for answer in why_not or {}:
            self._must_be_answer("why_not", answer)
        self._compared = True
        self._happened = happened
        self._why_not = dict(why_not or {})
        self._untold = untold
        self._refresh()
        return _Comparison(self._outcome, self._card)

    @property
    def _card(self) -> Card:
        right = self.picked is not None and self.picked == self._happened
        return Card(GOOD if right else NEUTRAL, "Compare.", [self.outcome_text])

    @property
    def outcome_text(self) -> str:
        """What the panel below the experiment says, as plain text."""
        if not self._compared:
            return "Not run yet."
        if self._happened is None:
            return f"This run can't tell: {self._untold}."
        if self.picked is None:
            return f"It happened: {self._happened}. You made no prediction."
        if self.picked == self._happened:
            return f"You predicted what happened: {self._happened}."
        why = self._why_not.get(self.picked, "")
        return f"You predicted: {self.picked}. It happened: {self._happened}. {why}".strip()

    def _button(self, answer: str) -> widgets.Button:
        button = widgets.Button(description=answer, layout=widgets.Layout(width="auto"))
        button.on_click(lambda _: self.pick(answer))
        return button

    def _refresh(self) -> None:
        for button, answer in zip(self._buttons, self.answers, strict=True):
            picked = answer == self.picked
            button.description = f"✓ {answer}" if picked else answer
            (button.add_class if picked else button.remove_class)("course-picked")
        said = f"You picked: {self.picked}." if self.picked else "Pick one, or go on without."
        self._status.value = f'<span role="status">{escape(said)}</span>'
        self._outcome.value = f'<div role="status">{self._card.html}</div>'

    def _must_be_answer(self, name: str, text: str) -> None:
        if text not in self.answers:
            raise ValueError(f"{name} must be one of {list(self.answers)}, got {text!r}")

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(self.panel._repr_mimebundle_(**options) or {})
        listed = "".join(f"<li>{escape(answer)}</li>" for answer in self.answers)
        # For a page that shows the stored notebook and has no kernel behind it.
        question = f"<p><strong>Predict.</strong> {escape(self.question)}</p>"
        bundle["text/html"] = f"{question}<ul>{listed}</ul>"
        bundle["text/plain"] = f"<Prediction: {self.question}>"
        return bundle


class _Comparison:
    """The panel below the experiment; it follows a prediction that is made later."""

    def __init__(self, panel: widgets.HTML, card: Card) -> None:
        self._panel = panel
        self._card = card

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(self._panel._repr_mimebundle_(**options) or {})
        bundle["text/html"] = live(self._card.html)
        bundle["text/plain"] = "<Prediction compared>"
        return bundle
