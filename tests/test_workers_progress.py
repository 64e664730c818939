"""A worker's progress, without another interpreter."""

from __future__ import annotations

from helpers.workers.progress import listen, part_done
from helpers.workers.turns import by_turns


def test_it_is_told_to_the_listener_within_its_bounds() -> None:
    told: list[float] = []
    listen(told.append)
    try:
        for done in (-1, 0.5, 2):
            part_done(done)
    finally:
        listen(None)
    part_done(0.7)
    assert told == [0.0, 0.5, 1.0]


def test_turns_tell_of_each_round() -> None:
    told: list[float] = []
    listen(told.append)
    try:
        by_turns({"a": lambda: 1.0}, 3)
    finally:
        listen(None)
    assert told == [0.25, 0.5, 0.75, 1.0]
