"""Deadlocks of queues and processes, and what section 7.2 checks its exercises with."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.course import checks_deadlocks
from helpers.course.checks_deadlocks import _has_cycle
from helpers.course.exercises import NotYet
from helpers.measure.explorer import DEADLOCK, Program, explore
from helpers.workers.deadlocks import send_much

PATIENCE_S = 30.0
METHODS = multiprocessing.get_all_start_methods()


# A process that can't end before its message is taken


@pytest.mark.parametrize("method", METHODS)
def test_a_process_ends_only_after_its_message_was_taken(method: str) -> None:
    context: Any = multiprocessing.get_context(method)
    queue, done = context.Queue(), context.Event()
    child = context.Process(target=send_much, args=(queue, done, 1_000_000))
    child.start()
    try:
        assert done.wait(PATIENCE_S)
        child.join(0.1)
        assert child.is_alive()
        assert len(queue.get()) == 1_000_000
        child.join(PATIENCE_S)
        assert child.exitcode == 0
    finally:
        child.kill()
        child.join()
        queue.close()


@pytest.mark.parametrize("method", METHODS)
def test_a_small_message_holds_nobody_up(method: str) -> None:
    context: Any = multiprocessing.get_context(method)
    queue, done = context.Queue(), context.Event()
    child = context.Process(target=send_much, args=(queue, done, 10))
    child.start()
    child.join(PATIENCE_S)
    assert child.exitcode == 0
    assert done.is_set()
    assert len(queue.get()) == 10
    queue.close()


# What the notebook lets the explorer prove


def test_three_philosophers_deadlock_and_in_order_they_do_not() -> None:
    scope: dict[str, Any] = {"forks": [Lock(), Lock(), Lock()], "__name__": "dinner"}
    source = """
def left_first_{0}():
    with forks[{0}], forks[({0} + 1) % 3]:
        pass

def lower_first_{0}():
    lower, higher = sorted([{0}, ({0} + 1) % 3])
    with forks[lower], forks[higher]:
        pass
"""
    for seat in range(3):
        exec(source.format(seat), scope)
    found = {
        how: explore(Program([scope[f"{how}_{seat}"] for seat in range(3)]), reduced=True)
        for how in ("left_first", "lower_first")
    }
    assert all(one.complete for one in found.values())
    assert len(found["left_first"].of(DEADLOCK)) == 1
    assert not found["lower_first"].of(DEADLOCK)


# The checkers


def by(order: Callable[[Any], Any]) -> Callable[..., Any]:
    @contextmanager
    def hold(*accounts: Any) -> Iterator[None]:
        taken = sorted(set(accounts), key=order)
        for account in taken:
            account.lock.acquire()
        try:
            yield
        finally:
            for account in taken:
                account.lock.release()

    return hold


@pytest.mark.parametrize(
    "order",
    [lambda one: one.number, lambda one: -one.number, lambda one: str(one.number), id],
    ids=["number", "falling", "text", "address"],
)
def test_any_order_that_is_one_order_will_do(order: Callable[[Any], Any]) -> None:
    assert "one order" in checks_deadlocks.hold(by(order))


def test_an_order_of_each_pair_that_goes_round_is_refused() -> None:
    """Stone, paper, scissors: each two have an order, all three have none."""
    beats = {(3, 20), (20, 100), (100, 3), (4, 3), (4, 20), (4, 100)}

    @contextmanager
    def hold(*accounts: Any) -> Iterator[None]:
        chosen = list(dict.fromkeys(accounts))
        if len(chosen) == 2 and (chosen[0].number, chosen[1].number) not in beats:
            chosen.reverse()
        elif len(chosen) > 2:
            chosen.sort(key=lambda one: one.number)
        for account in chosen:
            account.lock.acquire()
        try:
            yield
        finally:
            for account in chosen:
                account.lock.release()

    with pytest.raises(NotYet, match="Two threads can deadlock"):
        checks_deadlocks.hold(hold)


names = st.sampled_from("ABCDE")
held = st.dictionaries(st.sampled_from("vwxyz"), names)
wanted = st.dictionaries(names, st.sampled_from("vwxyz"))


@given(wanted, held)
def test_there_is_a_cycle_if_a_thread_can_be_reached_from_itself(
    waits_for: dict[str, str], held_by: dict[str, str]
) -> None:
    def leads_back(thread: str) -> bool:
        name: str | None = thread
        for _ in range(len(waits_for) + 1):
            name = held_by.get(waits_for.get(name or "", ""))
            if name == thread:
                return True
        return False

    assert _has_cycle(waits_for, held_by) == any(map(leads_back, waits_for))


def test_an_endless_search_is_stopped_at_once() -> None:
    def find_cycle(waits_for: Any, held_by: Any) -> list[str]:
        for thread in waits_for:
            name = thread
            while name in waits_for:
                name = held_by.get(waits_for[name])
        return []

    began = time.monotonic()
    with pytest.raises(NotYet, match="round for ever"):
        checks_deadlocks.find_cycle(find_cycle)
    assert time.monotonic() - began < PATIENCE_S
