"""Wrong answers to the exercises of chapter 3, with the words that must refuse them."""

from __future__ import annotations

from tests.exercises import ch03_pools, ch03_processes

WRONG = {**ch03_processes.WRONG, **ch03_pools.WRONG}
