"""Checkers for the eight programs with a bug, in the exercises of chapter 7.

The reader names the bug and mends it. Threads are checked by the explorer: it runs the mended
program under every schedule that can make a difference, and under none of them may it fail.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from functools import partial
from types import CodeType, FunctionType
from typing import Any

from helpers.course.exercises import NotYet
from helpers.measure.explorer import (
    BLOCKING,
    DEADLOCK,
    EXCEPTION,
    Ending,
    Exploration,
    Program,
    Refused,
    explore,
)

KINDS = {
    "check then act": "between a question and what is done about its answer, another thread acts",
    "lock order": "two threads take the same locks in opposite order",
    "if instead of while": "who was woken doesn't look again whether there is something to do",
    "lost wake-up": "a thread begins to wait after it has been woken",
    "published too early": "other threads can see a thing before it is complete",
    "not released after an error": "an exception skips the release",
    "race across an await": "while one task waits for an answer, another changes what it relies on",
    "blocking call in a coroutine": "the event loop stands still while one task waits",
}
_HINTS = {
    "check then act": "Which line decides, which one acts, and who can come in between?",
    "lock order": "One thread moves money from a to b, the other from b to a: who holds what?",
    "if instead of while": "Two takers wait, one thing comes, both are woken: what does each find?",
    "lost wake-up": "What if the gate opens just after a thread has looked whether it is open?",
    "published too early": "From which line on do other threads find values that isn't None?",
    "not released after an error": "Which line isn't reached if job raises?",
    "race across an await": "What can other tasks do while this one awaits?",
    "blocking call in a coroutine": "Who runs the other tasks while load() waits?",
}
_MOST = 4_000  # schedules: a mended program has some dozens


def tickets(bug: object, make: Any) -> str:
    """Exercise: one ticket, two buyers."""
    _name_it(bug, "check then act")
    found = _explored(
        make,
        """
def set_up(make):
    global office
    office = make()

def a():
    office.sell("Ann")

def b():
    office.sell("Bob")

def outcome():
    return office.left, len(office.sold)
""",
        "a b",
    )
    _no_deadlock(found, "A lock that is taken twice by one thread, or not given back?")
    _no_exception(found)
    for ending in found.endings:
        if ending.text != "(0, 1)":
            raise NotYet(
                f"There is one ticket, but under the schedule {ending.turns} the end was "
                f"(left, sold) = {ending.text}. {_HINTS['check then act']}"
            )
    return _proved(found, "exactly one ticket is sold")


def transfer(bug: object, move: Any, make: Any) -> str:
    """Exercise: two transfers between the same accounts, there and back."""
    _name_it(bug, "lock order")
    found = _explored(
        move,
        """
def set_up(make):
    global account_1, account_2
    account_1, account_2 = make(1, 100), make(2, 100)

def a(move):
    move(account_1, account_2, 10)

def b(move):
    move(account_2, account_1, 30)

def outcome():
    return account_1.balance, account_2.balance
""",
        "a b",
        make,
        arguments=(move,),
    )
    _no_deadlock(found, _HINTS["lock order"])
    _no_exception(found)
    for ending in found.endings:
        if ending.text != "(120, 80)":
            raise NotYet(
                "10 went from the first account to the second and 30 back, 100 were on each. "
                f"Under the schedule {ending.turns} there are {ending.text}, not (120, 80). Hold "
                "both locks while both balances change."
            )
    return _proved(found, "both transfers arrive, and nobody waits for ever")


def box(bug: object, make: Any) -> str:
    """Exercise: a box that two threads take from."""
    _name_it(bug, "if instead of while")
    driver = """
def set_up(make):
    global the_box, got
    the_box, got = make(), []

def take():
    got.append(the_box.take())

def put_1():
    the_box.put(1)

def put_2():
    the_box.put(2)

def outcome():
    return sorted(got)
"""
    # Four threads have too many schedules for every opcode; the bug needs blocking calls only.
    four = _explored(make, driver, "take take put_1 put_2", reduced=False, switch=BLOCKING)
    two = _explored(make, driver, "take put_1")
    for found, wanted in ((four, "[1, 2]"), (two, "[1]")):
        _no_exception(found, _HINTS["if instead of while"])
        _no_deadlock(found, "Is every waiter woken when something is put into the box?")
        for ending in found.endings:
            if ending.text != wanted:
                raise NotYet(f"The things taken should be {wanted}, but they are {ending.text}.")
    return _proved(four, "two takers get both things, whoever comes first", two)


def gate(bug: object, make: Any) -> str:
    """Exercise: a thread waits until a gate is open."""
    _name_it(bug, "lost wake-up")
    found = _explored(
        make,
        """
def set_up(make):
    global the_gate, seen
    the_gate, seen = make(), []

def a():
    the_gate.wait()
    seen.append(the_gate.is_open)

def b():
    the_gate.open()

def outcome():
    return seen
""",
        "a b",
    )
    _no_exception(found)
    _no_deadlock(found, _HINTS["lost wake-up"])
    for ending in found.endings:
        if ending.text != "[True]":
            raise NotYet(
                f"Under the schedule {ending.turns} wait() came back before the gate was open. "
                "Wait while it is closed."
            )
    return _proved(found, "who waits comes through, and not before the gate is open")


def settings(bug: object, make: Any) -> str:
    """Exercise: settings that are loaded when the first thread asks."""
    _name_it(bug, "published too early")
    found = _explored(
        make,
        """
def set_up(make):
    global the_settings, got
    the_settings, got = make(), []

def a():
    got.append(the_settings.get("colour"))

def outcome():
    return got, the_settings.loads
""",
        "a a",
    )
    _no_exception(found, _HINTS["published too early"])
    _no_deadlock(found, "A lock that is taken and never given back?")
    for ending in found.endings:
        if ending.text != "(['blue', 'blue'], 1)":
            raise NotYet(
                "Both threads should get 'blue', from settings that were loaded once. Under the "
                f"schedule {ending.turns} it was (answers, loads) = {ending.text}."
            )
    return _proved(found, "both get the colour, and it is loaded once")


def printer(bug: object, make: Any) -> str:
    """Exercise: a printer, and a job that fails."""
    _name_it(bug, "not released after an error")
    found = _explored(
        make,
        """
def set_up(make):
    global the_printer, done
    the_printer, done = make(), []

def a():
    def broken():
        raise ValueError

    try:
        the_printer.use(broken)
    except ValueError:
        done.append("raised")

def b():
    def fine():
        return "printed"

    done.append(the_printer.use(fine))

def outcome():
    return sorted(done)
""",
        "a b",
    )
    _no_deadlock(found, _HINTS["not released after an error"])
    _no_exception(found)
    for ending in found.endings:
        if "raised" not in ending.text:
            raise NotYet("The job's exception must still reach whoever called use.")
        if "printed" not in ending.text:
            raise NotYet("use must return what the job returns.")
    return _proved(found, "a job that fails leaves the printer to the next one")


def wallet(bug: object, make: Any) -> str:
    """Exercise: two payments from one wallet, as asyncio tasks."""
    _name_it(bug, "race across an await")
    steps = range(3)
    for first in steps:
        for second in steps:
            balance, paid = asyncio.run(_two_payments(make, first, second))
            if balance < 0 or paid.count(True) != 1:
                raise NotYet(
                    f"Two payments of 70 from 100: the answers are {paid}, the balance is "
                    f"{balance}. {_HINTS['race across an await']}"
                )
            if balance != 30:
                raise NotYet(f"One payment of 70 from 100 leaves 30, not {balance}.")
    return (
        "Two payments of 70 from 100: one goes through, whichever of the answers comes first. An "
        "await is to a task what a switch point is to a thread."
    )


def report(bug: object, make: Callable[..., Any]) -> str:
    """Exercise: a coroutine that loads something that takes its time."""
    _name_it(bug, "blocking call in a coroutine")
    answer, loop_went_on = asyncio.run(_beside_heartbeats(make))
    if not loop_went_on:
        raise NotYet(
            f"While load() waited, no other task ran. {_HINTS['blocking call in a coroutine']} "
            "Let a thread wait for it."
        )
    if answer != 3:
        raise NotYet(f"The report on three things should be 3, not {answer!r}.")
    return "While load() waited in a thread of its own, the loop ran the other tasks."


async def _two_payments(make: Any, first: int, second: int) -> tuple[int, list[Any]]:
    def bank(turns: int) -> Callable[[], Any]:
        async def ask_bank() -> None:
            for _ in range(turns + 1):
                await asyncio.sleep(0)

        return ask_bank

    subject = make()
    payments = (subject.pay(70, bank(first)), subject.pay(70, bank(second)))
    try:
        paid = await asyncio.wait_for(asyncio.gather(*payments), 2)
    except TimeoutError:
        raise NotYet("The payments wait for each other for ever.") from None
    return subject.balance, list(paid)


async def _beside_heartbeats(make: Callable[..., Any]) -> tuple[object, bool]:
    beats = 0
    enough, went_on = threading.Event(), []

    def load() -> list[str]:
        went_on.append(enough.wait(0.5))  # seconds: the loop is free, or it isn't
        return ["one", "two", "three"]

    async def heart() -> None:
        nonlocal beats
        while True:
            beats += 1
            if beats == 3 and not enough.is_set():
                enough.set()
            await asyncio.sleep(0)

    async def late_heart() -> None:
        # Not before the load has begun: else the beats before it would count.
        await asyncio.sleep(0)
        await heart()

    beside = asyncio.create_task(late_heart())
    try:
        answer = await asyncio.wait_for(make(load), 5)
    except TimeoutError:
        raise NotYet("The report had not come after 5 s.") from None
    finally:
        beside.cancel()
    if not went_on:
        raise NotYet("load was not called.")
    return answer, all(went_on)


def _name_it(bug: object, right: str) -> None:
    if bug not in KINDS:
        raise NotYet("bug should be one of the eight kinds, word for word.")
    if bug != right:
        raise NotYet(f"Not {bug!r}: that would mean that {KINDS[str(bug)]}. {_HINTS[right]}")


def _explored(
    answer: Any,
    driver: str,
    threads: str,
    *more: Any,
    arguments: tuple[Any, ...] = (),
    **options: Any,
) -> Exploration:
    """Explore the reader's class or function, driven by functions that live beside it.

    They run in the reader's own globals, for only there the explorer looks into what is called
    and can put its locks in the place of the real ones. They are never put there by name.
    """
    scope = _globals_of(answer)
    functions = {
        code.co_name: FunctionType(code, scope, code.co_name)
        for code in compile(driver, "<check>", "exec").co_consts
        if isinstance(code, CodeType)
    }
    program = Program(
        [partial(functions[name], *arguments) for name in threads.split()],
        partial(functions["set_up"], *(more or (answer,))),
        functions["outcome"],
    )
    settings = {"reduced": True, "most": _MOST, **options}
    try:
        return explore(program, **settings)
    except Refused as why:
        raise NotYet(f"The explorer can't run this: {why}.") from None


def _globals_of(answer: Any) -> dict[str, Any]:
    functions = [answer] if isinstance(answer, FunctionType) else list(vars(answer).values())
    for function in functions:
        if isinstance(function, FunctionType):
            return function.__globals__
    raise NotYet("There is no method to check.")


def _no_deadlock(found: Exploration, hint: str) -> None:
    for ending in found.of(DEADLOCK):
        raise NotYet(f"Under the schedule {ending.turns} it ends in a {ending.text}. {hint}")


def _no_exception(found: Exploration, hint: str = "") -> None:
    for ending in found.of(EXCEPTION):
        raise NotYet(f"Under the schedule {ending.turns} {_raised(ending)}. {hint}".strip())


def _raised(ending: Ending) -> str:
    return f"a thread raises: {ending.text}"


def _proved(found: Exploration, what: str, *more: Exploration) -> str:
    explored: Sequence[Exploration] = (found, *more)
    if not all(one.complete for one in explored):
        raise NotYet(
            f"No schedule failed among the first {sum(one.schedules for one in explored):,}, but "
            "there are more: this program takes too many steps to be sure. Make it shorter."
        )
    count = sum(one.schedules for one in explored)
    return f"Proved, under all {count:,} schedules that differ: {what}."
