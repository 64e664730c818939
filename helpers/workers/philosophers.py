"""The dining philosophers: a round table, one fork between each two, and two are needed to eat.

A philosopher is a thread and a fork is a lock. Fork number n lies to the left of seat n, and the
next one to its right. The *strategy* says how a philosopher takes two forks.
"""

from __future__ import annotations

import random
import threading
import time
from functools import partial
from typing import Any, Callable

from helpers.workers.wait_for import watch

THINKS, HUNGRY, HOLDS_ONE, EATS = "thinks", "hungry", "hungry, holds one fork", "eats"

forks: list[threading.Lock] = []
enough = threading.Event()  # the meal is over: nobody begins anew
Meal = Callable[[], None]
Phase = tuple[str, float]  # what a philosopher begins to do, and when


def left_first(left: int, right: int, one: Meal, eat: Meal) -> None:
    """Everybody takes the left fork, then the right one."""
    with forks[left]:
        one()
        with forks[right]:
            eat()


def ordered(left: int, right: int, one: Meal, eat: Meal) -> None:
    """Everybody takes the fork with the lower number first."""
    first, second = sorted([left, right])
    with forks[first]:
        one()
        with forks[second]:
            eat()


def waiter(left: int, right: int, one: Meal, eat: Meal) -> None:
    """A waiter lets all but one reach for forks; who reaches takes the left one first."""
    with places:
        left_first(left, right, one, eat)


def put_back(left: int, right: int, one: Meal, eat: Meal) -> None:
    """Who doesn't get the second fork within a moment puts the first one back and tries again."""
    while not enough.is_set():
        with forks[left]:
            one()
            if forks[right].acquire(timeout=0.01):
                try:
                    eat()
                    return
                finally:
                    forks[right].release()
        time.sleep(random.uniform(0, 0.01))  # for each another time, or they stay in step


STRATEGIES = {
    "left fork first": left_first,
    "lower number first": ordered,
    "a waiter": waiter,
    "put back and retry": put_back,
}
places = threading.Semaphore(1)


def dine(seats: int, strategy: str, seconds: float, reach_s: float, eat_s: float) -> dict[str, Any]:
    """Let so many philosophers dine for so many seconds, or until they are deadlocked.

    strategy: one of STRATEGIES. reach_s: the time between the first fork and the second.
    Returns ``{"phases": one list of (phase, when) for each seat, "meals": one number for each,
    "end": when, "state": of the locks, as `wait_for` gives it}``; times are in seconds.
    """
    global places
    enough.clear()
    with watch(globals()) as seen:
        forks[:] = [threading.Lock() for _ in range(seats)]
        places = threading.Semaphore(seats - 1)
        phases: list[list[Phase]] = [[] for _ in range(seats)]
        meals = [0] * seats
        together = threading.Barrier(seats + 1)
        crowd = [
            threading.Thread(
                target=_philosopher,
                args=(seat, seats, strategy, reach_s, eat_s, together, phases[seat], meals),
                name=f"philosopher {seat}",
            )
            for seat in range(seats)
        ]
        for thread in crowd:
            thread.start()
        together.wait()
        seen.until_deadlock(seconds)
        state, end = seen.state(), time.perf_counter()
        enough.set()
    for thread in crowd:
        thread.join()
    return {"phases": phases, "meals": meals, "end": end, "state": state}


def _philosopher(
    seat: int,
    seats: int,
    strategy: str,
    reach_s: float,
    eat_s: float,
    together: threading.Barrier,
    phases: list[Phase],
    meals: list[int],
) -> None:
    def now(phase: str) -> None:
        phases.append((phase, time.perf_counter()))

    def one() -> None:
        now(HOLDS_ONE)
        time.sleep(reach_s)

    def eat() -> None:
        if enough.is_set():
            return  # a meal after the end isn't counted
        now(EATS)
        meals[seat] += 1
        time.sleep(eat_s)

    take = partial(STRATEGIES[strategy], seat, (seat + 1) % seats, one, eat)
    together.wait()
    while not enough.is_set():
        now(THINKS)
        time.sleep(random.uniform(0, eat_s))
        now(HUNGRY)
        take()
