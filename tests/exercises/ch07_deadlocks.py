"""Wrong answers to the exercises on deadlocks, with the words that must refuse them."""

from __future__ import annotations

AS_GIVEN = """
from contextlib import ExitStack, contextmanager

@contextmanager
def hold(*accounts):
    with ExitStack() as stack:
        for account in accounts:
            stack.enter_context(account.lock)
        yield
"""
TWICE = """
from contextlib import ExitStack, contextmanager

@contextmanager
def hold(*accounts):
    with ExitStack() as stack:
        for account in sorted(accounts, key=lambda one: one.number):
            stack.enter_context(account.lock)
        yield
"""
NO_FINALLY = """
from contextlib import contextmanager

@contextmanager
def hold(*accounts):
    ordered = sorted(set(accounts), key=lambda one: one.number)
    for account in ordered:
        account.lock.acquire()
    yield
    for account in ordered:
        account.lock.release()
"""
SWALLOWS = """
from contextlib import contextmanager

@contextmanager
def hold(*accounts):
    ordered = sorted(set(accounts), key=lambda one: one.number)
    for account in ordered:
        account.lock.acquire()
    try:
        yield
    except Exception:
        pass
    finally:
        for account in ordered:
            account.lock.release()
"""
ONLY_TWO = """
from contextlib import contextmanager

@contextmanager
def hold(*accounts):
    first, second = sorted(accounts, key=lambda one: one.number)
    with first.lock, second.lock:
        yield
"""
TOO_EARLY = """
from contextlib import contextmanager

@contextmanager
def hold(*accounts):
    for account in sorted(set(accounts), key=lambda one: one.number):
        with account.lock:
            pass
    yield
"""

ONLY_PAIRS = """
def find_cycle(waits_for, held_by):
    for thread in waits_for:
        holder = held_by.get(waits_for[thread])
        if holder in waits_for and held_by.get(waits_for[holder]) == thread:
            return [thread, holder] if holder != thread else [thread]
    return []
"""
FOR_EVER = """
def find_cycle(waits_for, held_by):
    for thread in waits_for:
        way = [thread]
        while way[-1] in waits_for:
            holder = held_by.get(waits_for[way[-1]])
            if holder == thread:
                return way
            if holder is None:
                break
            way.append(holder)
    return []
"""
WITH_ITS_TAIL = """
def find_cycle(waits_for, held_by):
    for thread in waits_for:
        way = [thread]
        while way[-1] in waits_for:
            holder = held_by.get(waits_for[way[-1]])
            if holder in way:
                return way
            if holder is None:
                break
            way.append(holder)
    return []
"""
ENDS_TWICE = """
def find_cycle(waits_for, held_by):
    for thread in waits_for:
        way = [thread]
        while way[-1] in waits_for:
            holder = held_by.get(waits_for[way[-1]])
            if holder == thread:
                return [*way, thread]
            if holder is None or holder in way:
                break
            way.append(holder)
    return []
"""
BOTH_WAIT = """
def find_cycle(waits_for, held_by):
    return [thread for thread in waits_for if held_by.get(waits_for[thread]) in waits_for]
"""
ONLY_YES = """
def find_cycle(waits_for, held_by):
    return True
"""

WRONG: dict[str, list[tuple[str, str]]] = {
    "7.4": [
        (AS_GIVEN, "Two threads can deadlock"),
        (TWICE, "taken twice"),
        (NO_FINALLY, "locks are still held"),
        (SWALLOWS, "swallowed the exception"),
        (ONLY_TWO, "ValueError: too many values"),
        (TOO_EARLY, "isn't held"),
    ],
    "7.5": [
        (ONLY_PAIRS, "didn't find it"),
        (FOR_EVER, "round for ever"),
        (WITH_ITS_TAIL, "isn't a cycle"),
        (ENDS_TWICE, "stands twice"),
        (BOTH_WAIT, "isn't a cycle"),
        (ONLY_YES, "must return a list"),
    ],
}
