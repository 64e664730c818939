"""Wrong answers to the exercises of chapter 6, with the words that must refuse them."""

from __future__ import annotations

from tests.exercises import ch06_models, ch06_scenarios

WRONG = {**ch06_models.WRONG, **ch06_scenarios.WRONG}
