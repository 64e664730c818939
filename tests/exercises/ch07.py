"""Wrong answers to the exercises of chapter 7, with the words that must refuse them."""

from __future__ import annotations

from tests.exercises import ch07_bugs, ch07_deadlocks, ch07_races

WRONG = {**ch07_races.WRONG, **ch07_deadlocks.WRONG, **ch07_bugs.WRONG}
