"""Exercises: a stub to edit, a check that says what is still missing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helpers.course.cards import BAD, GOOD, NEUTRAL, Card


class NotYet(Exception):
    """Raised by a checker. The message names the mistake and a way on, in a full sentence."""


@dataclass(frozen=True)
class Checked:
    """The outcome of one check. Shows itself as a card; ``passed`` is for tests."""

    exercise: str
    passed: bool
    message: str
    kind: str

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        heading = f"Exercise {self.exercise}: {'solved' if self.passed else 'not yet'}"
        bundle = Card(self.kind, heading, [self.message])._repr_mimebundle_(**options)
        return {**bundle, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Exercise {self.exercise}: {'solved' if self.passed else 'not yet'}>"


def check(
    exercise: str,
    checker: Callable[..., str],
    *answers: Any,
    deadline: float = 10.0,
) -> Checked:
    """Run a checker on the reader's answers, and show what it finds.

    exercise: its number, such as "1.2". checker: takes the answers, returns a word of praise
    that says what was shown, or raises NotYet. deadline: seconds the answers may take.

    An answer that is still ``...`` (Ellipsis) is "not yet"; what a stub returns, the checker
    sees. An exception in the reader's code is shown with its type, and never stops the notebook.

    Raises ValueError for a deadline that isn't positive.
    """
    if not deadline > 0:
        raise ValueError(f"deadline must be positive, got {deadline}")
    if any(answer is ... for answer in answers):
        return Checked(exercise, False, "Replace the ... and run the cell again.", NEUTRAL)
    outcome: list[Checked] = []

    def run() -> None:
        try:
            outcome.append(Checked(exercise, True, checker(*answers), GOOD))
        except NotYet as missing:
            outcome.append(Checked(exercise, False, str(missing), BAD))
        except BaseException as error:  # sys.exit() and a cancelled task are none of Exception's
            said = f"Your code raised {type(error).__name__}: {error}"
            outcome.append(Checked(exercise, False, said, BAD))

    # A thread of its own, so that an answer that never ends can't hold up the notebook.
    runner = threading.Thread(target=run, name=f"exercise {exercise}", daemon=True)
    runner.start()
    runner.join(deadline)
    if not outcome:
        said = (
            f"Your code had not ended after {deadline:g} s. Does it wait for something? "
            "It is still running: restart the kernel to end it."
        )
        return Checked(exercise, False, said, BAD)
    return outcome[0]
