"""Measure several things by turns, so that a slow minute of the machine hits them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from helpers.workers.progress import part_done


def by_turns(contenders: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """What each contender returned in each round, after a round to warm up.

    contenders: name to a function that does its thing and returns how long that took.
    Every round starts with another one, so that none always comes first.
    """
    found: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            measured = contenders[name]()
            if number > 0:
                found[name].append(measured)
        part_done((number + 1) / (rounds + 1))
    return found
