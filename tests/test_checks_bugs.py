"""The checkers of the eight programs: right answers of other kinds, and answers of odd form.

The wrong answers are in tests/exercises/ch07_bugs.py; tests/test_exercises.py holds them to their
words.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any

import pytest

from helpers.course import checks_bugs, explored
from helpers.course.exercises import Checked, check
from helpers.measure.leftovers import belongings, left_since

KINDS = list(checks_bugs.KINDS)


def checked(checker: Callable[..., str], bug: object, source: str, *names: str) -> Checked:
    """What the check says about a source, as a notebook's cells would define it."""
    scope: dict[str, Any] = {
        "__name__": "answer",
        "asyncio": asyncio,
        "queue": queue,
        "threading": threading,
    }
    exec(source, scope)
    return check("7.6", checker, bug, *(scope[name] for name in names), deadline=60)


ONE_LOCK_FOR_ALL = """
guard = threading.Lock()

class Nicknames:
    def __init__(self):
        self.players = {}

    def take(self, name, player):
        with guard:
            if name in self.players:
                return False
            self.players[name] = player
            return True
"""
SETDEFAULT = """
class Nicknames:
    def __init__(self):
        self.players = {}

    def take(self, name, player):
        return self.players.setdefault(name, player) == player
"""
MOVE_ONE_LOCK = """
guard = threading.Lock()

class Account:
    def __init__(self, number, balance):
        self.number, self.balance = number, balance

def move(source, target, amount):
    with guard:
        source.balance -= amount
        target.balance += amount
"""
MOVE_SORTED = """
class Account:
    def __init__(self, number, balance):
        self.number, self.balance, self.lock = number, balance, threading.Lock()

def move(source, target, amount):
    first, second = (source, target) if source.number < target.number else (target, source)
    with first.lock, second.lock:
        source.balance -= amount
        target.balance += amount
"""
BOX_WAIT_FOR = """
class Box:
    def __init__(self):
        self.things, self.changed = [], threading.Condition()

    def put(self, thing):
        with self.changed:
            self.things.append(thing)
            self.changed.notify()

    def take(self):
        with self.changed:
            self.changed.wait_for(lambda: self.things)
            return self.things.pop()
"""
BOX_QUEUE = """
class Box:
    def __init__(self):
        self.things = queue.Queue()

    def put(self, thing):
        self.things.put(thing)

    def take(self):
        return self.things.get()
"""
GATE_EVENT = """
class Gate:
    def __init__(self):
        self.is_open = False
        self.opened = threading.Event()

    def open(self):
        self.is_open = True
        self.opened.set()

    def wait(self):
        self.opened.wait()
"""
SETTINGS_ALWAYS_LOCKED = """
class Settings:
    def __init__(self):
        self.values, self.loads, self.lock = None, 0, threading.Lock()

    def get(self, name):
        with self.lock:
            if self.values is None:
                self.loads += 1
                self.values = {}
                self.values["colour"] = "blue"
            return self.values[name]
"""
SETTINGS_IN_ONE_GO = """
class Settings:
    def __init__(self):
        self.values, self.loads, self.lock = None, 0, threading.Lock()

    def get(self, name):
        if self.values is None:
            with self.lock:
                if self.values is None:
                    self.loads += 1
                    self.values = {"colour": "blue"}
        return self.values[name]
"""
PRINTER_FINALLY = """
class Printer:
    def __init__(self):
        self.lock = threading.Lock()

    def use(self, job):
        self.lock.acquire()
        try:
            return job()
        finally:
            self.lock.release()
"""
WALLET_PAYS_FIRST = """
class Wallet:
    def __init__(self):
        self.balance = 100

    async def pay(self, amount, ask_bank):
        if self.balance < amount:
            return False
        self.balance -= amount
        await ask_bank()
        return True
"""
WALLET_LOOKS_AGAIN = """
class Wallet:
    def __init__(self):
        self.balance = 100

    async def pay(self, amount, ask_bank):
        await ask_bank()
        if self.balance < amount:
            return False
        self.balance -= amount
        return True
"""
REPORT_EXECUTOR = """
async def report(load):
    things = await asyncio.get_running_loop().run_in_executor(None, load)
    return len(things)
"""

RIGHT = [
    (checks_bugs.nicknames, 0, ONE_LOCK_FOR_ALL, ["Nicknames"]),
    (checks_bugs.nicknames, 0, SETDEFAULT, ["Nicknames"]),
    (checks_bugs.transfer, 1, MOVE_ONE_LOCK, ["move", "Account"]),
    (checks_bugs.transfer, 1, MOVE_SORTED, ["move", "Account"]),
    (checks_bugs.box, 2, BOX_WAIT_FOR, ["Box"]),
    (checks_bugs.box, 2, BOX_QUEUE, ["Box"]),
    (checks_bugs.gate, 3, GATE_EVENT, ["Gate"]),
    (checks_bugs.settings, 4, SETTINGS_ALWAYS_LOCKED, ["Settings"]),
    (checks_bugs.settings, 4, SETTINGS_IN_ONE_GO, ["Settings"]),
    (checks_bugs.printer, 5, PRINTER_FINALLY, ["Printer"]),
    (checks_bugs.wallet, 6, WALLET_PAYS_FIRST, ["Wallet"]),
    (checks_bugs.wallet, 6, WALLET_LOOKS_AGAIN, ["Wallet"]),
    (checks_bugs.report, 7, REPORT_EXECUTOR, ["report"]),
]


@pytest.mark.parametrize(("checker", "kind", "source", "names"), RIGHT)
def test_other_ways_to_mend_it_are_right_too(
    checker: Callable[..., str], kind: int, source: str, names: list[str]
) -> None:
    outcome = checked(checker, KINDS[kind], source, *names)
    assert outcome.passed, outcome.message


@pytest.mark.parametrize(("checker", "kind", "source", "names"), RIGHT)
def test_the_bug_has_to_be_named_rightly(
    checker: Callable[..., str], kind: int, source: str, names: list[str]
) -> None:
    for other in [*KINDS[:kind], *KINDS[kind + 1 :]]:
        outcome = checked(checker, other, source, *names)
        assert not outcome.passed
        assert checks_bugs.KINDS[other] in outcome.message
    for odd in ("a bug", "", None, 3):
        assert "word for word" in checked(checker, odd, source, *names).message


def test_there_are_eight_and_each_has_a_hint() -> None:
    assert len(KINDS) == 8
    assert set(checks_bugs._HINTS) == set(KINDS)


def test_what_the_explorer_cannot_run_is_refused_with_its_word() -> None:
    endless = ONE_LOCK_FOR_ALL.replace("return True", "while True: pass")
    outcome = checked(checks_bugs.nicknames, KINDS[0], endless, "Nicknames")
    assert "The explorer can't run this" in outcome.message
    assert "endless loop" in outcome.message


def test_a_method_that_is_missing_is_named() -> None:
    without = ONE_LOCK_FOR_ALL.replace("def take", "def give")
    outcome = checked(checks_bugs.nicknames, KINDS[0], without, "Nicknames")
    assert "AttributeError: 'Nicknames' object has no attribute 'take'" in outcome.message


def test_a_class_without_methods_is_refused() -> None:
    outcome = checked(checks_bugs.nicknames, KINDS[0], "class Nicknames: pass", "Nicknames")
    assert "There is no method to check" in outcome.message


def test_a_search_that_is_too_long_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explored, "_FIRST", 1)
    monkeypatch.setattr(explored, "_MOST", 2)
    outcome = checked(checks_bugs.nicknames, KINDS[0], ONE_LOCK_FOR_ALL, "Nicknames")
    assert not outcome.passed
    assert "No schedule failed among the first 2, but there are more" in outcome.message


def test_a_bug_that_shows_late_is_found_by_the_long_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explored, "_FIRST", 1)
    unlocked = ONE_LOCK_FOR_ALL.replace("with guard", "if True")
    outcome = checked(checks_bugs.nicknames, KINDS[0], unlocked, "Nicknames")
    assert "([True], [True]" in outcome.message


def test_the_box_says_under_which_switches_it_was_proved() -> None:
    outcome = checked(checks_bugs.box, KINDS[2], BOX_WAIT_FOR, "Box")
    assert "schedules (switches at blocking calls) and" in outcome.message


def test_the_readers_names_are_as_before() -> None:
    """The check drives the answer by functions and globals of its own, which it takes away."""
    scope: dict[str, Any] = {"__name__": "answer", "threading": threading, "names": "mine"}
    exec(ONE_LOCK_FOR_ALL, scope)
    before = dict(scope)
    assert check("7.6", checks_bugs.nicknames, KINDS[0], scope["Nicknames"], deadline=60).passed
    assert scope == before


def test_nothing_is_left_by_checks_that_end_in_a_deadlock() -> None:
    before = belongings()
    keeps = ONE_LOCK_FOR_ALL.replace("        with guard:", "        if guard.acquire():")
    outcome = checked(checks_bugs.nicknames, KINDS[0], keeps, "Nicknames")
    assert "it ends in a deadlock" in outcome.message
    assert left_since(before) == []


def test_payments_that_wait_for_each_other_are_told() -> None:
    stuck = WALLET_PAYS_FIRST.replace("await ask_bank()", "await asyncio.Event().wait()")
    outcome = checked(checks_bugs.wallet, KINDS[6], stuck, "Wallet")
    assert "wait for each other for ever" in outcome.message


def test_a_report_that_never_loads_is_told() -> None:
    outcome = checked(
        checks_bugs.report, KINDS[7], "async def report(load):\n    return 3", "report"
    )
    assert "load was not called" in outcome.message
