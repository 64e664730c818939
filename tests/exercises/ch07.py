"""Wrong answers to the exercises of chapter 7, with the words that must refuse them."""

from __future__ import annotations

from tests.exercises import ch07_bugs

WRONG = {**ch07_bugs.WRONG}
