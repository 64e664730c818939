"""Who gets a lock: a plain one and one with a queue."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw.fairness import describe, passed_over
from helpers.measure.elsewhere import Stopped
from helpers.measure.fairness import LOCKS, Contest, contest
from helpers.measure.interpreters import Interpreter, find_interpreters
from helpers.workers.fairness import LOCKS as MAKE
from helpers.workers.fairness import QueuedLock, compete

PLAIN, QUEUED = LOCKS
PATIENCE_S = 20.0
every_python = pytest.mark.parametrize(
    "python", find_interpreters().interpreters, ids=lambda one: one.label
)


@pytest.mark.parametrize("kind", LOCKS)
def test_only_one_has_the_lock(kind: str) -> None:
    lock = MAKE[kind]()
    inside, most, count = 0, 0, 0

    def work() -> None:
        nonlocal inside, most, count
        for _ in range(200):
            lock.acquire(lambda: None)
            inside += 1
            most = max(most, inside)
            seen = count
            time.sleep(0)
            count = seen + 1
            inside -= 1
            lock.release()

    crowd = [threading.Thread(target=work) for _ in range(4)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(PATIENCE_S)
    assert (most, count) == (1, 800)


def test_who_has_to_wait_says_so() -> None:
    lock = QueuedLock()
    waited: list[str] = []
    lock.acquire(lambda: waited.append("the first"))
    assert waited == []
    second = threading.Thread(target=lambda: lock.acquire(lambda: waited.append("the second")))
    second.start()
    until = time.monotonic() + PATIENCE_S
    while not waited:
        assert time.monotonic() < until
        time.sleep(0.001)
    lock.release()
    second.join(PATIENCE_S)
    assert waited == ["the second"]


def test_first_come_first_served() -> None:
    lock, served = QueuedLock(), []
    in_line = threading.Semaphore(0)

    def wants(number: int) -> None:
        lock.acquire(in_line.release)
        served.append(number)
        lock.release()

    lock.acquire(lambda: None)
    crowd = [threading.Thread(target=wants, args=(number,)) for number in range(5)]
    for thread in crowd:
        thread.start()
        assert in_line.acquire(timeout=PATIENCE_S)
    lock.release()
    for thread in crowd:
        thread.join(PATIENCE_S)
    assert served == [0, 1, 2, 3, 4]


@every_python
@pytest.mark.parametrize("threads", [2, 3])
def test_a_queue_lets_each_other_thread_pass_once_at_most(
    threads: int, python: Interpreter
) -> None:
    found = contest(QUEUED, threads, 0.05, python=python.path)
    assert len(found.turns) == len(found.passed_over) == threads
    assert found.most <= threads - 1


def test_a_contest_counts_every_turn() -> None:
    found = compete(PLAIN, 2, 0.05)
    assert all(turns > 0 for turns in found["turns"])
    waits = [count for one in found["passed_over"] for count in one]
    assert all(0 <= count <= sum(found["turns"]) for count in waits)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("lock", ("a padlock",)),
        ("threads", (PLAIN, 1)),
        ("threads", (PLAIN, 9)),
        ("seconds", (PLAIN, 2, 0)),
        ("seconds", (PLAIN, 2, 11)),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be"):
        contest(*arguments)


def test_a_contest_can_be_stopped() -> None:
    stop = threading.Event()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    try:
        with pytest.raises(Stopped):
            contest(PLAIN, 2, 10.0, stop=stop)
    finally:
        timer.join()


def test_the_numbers_of_a_contest() -> None:
    found = Contest(PLAIN, (10, 20), ((3, 1), (8,)))
    assert found.waits == (3, 1, 8)
    assert (found.most, found.median) == (8, 3)
    nobody = Contest(PLAIN, (1, 1), ((), ()))
    assert (nobody.most, nobody.median) == (0, 0)


def test_the_picture_has_a_row_for_each_lock_and_says_the_longest_wait() -> None:
    contests = [Contest(PLAIN, (1000, 900), ((500, 0), (7,))), Contest(QUEUED, (5, 5), ((1,), ()))]
    picture = passed_over(contests)
    assert picture.text == (
        "Lock: 1,900 turns by 2 threads in all, 3 waits; during the longest one the others had "
        "500 turns. first come, first served: 10 turns by 2 threads in all, 1 waits; during the "
        "longest one the others had 1 turn."
    )
    axes = picture.figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [PLAIN, QUEUED]
    assert picture.png.startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"^contests must"):
        passed_over([])


counts = st.lists(st.integers(0, 10**6), max_size=600)


@given(counts, counts)
def test_the_longest_wait_is_always_among_the_dots(first: list[int], second: list[int]) -> None:
    found = Contest(PLAIN, (1, 1), (tuple(first), tuple(second)))
    picture = passed_over([found])
    [dots] = picture.figure.axes[0].lines
    drawn = np.asarray(dots.get_xdata(), dtype=float)
    assert len(drawn) <= 402
    if found.waits:
        assert drawn.max() == max(found.most, 0.5)
    assert f"{found.most:,} turn" in describe([found])
