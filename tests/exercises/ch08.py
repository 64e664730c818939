"""Wrong answers to the exercises of chapter 8, with the words that must refuse them."""

from __future__ import annotations

from tests.exercises import ch08_compiled, ch08_tuning

WRONG = {**ch08_tuning.WRONG, **ch08_compiled.WRONG}
