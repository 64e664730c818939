"""Checkers for the eight programs with a bug, in the exercises of chapter 7.

The reader names the bug and mends it. Threads are checked by the explorer: it runs the mended
program under every schedule that can make a difference, and under none of them may it fail.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from helpers.course.exercises import NotYet
from helpers.course.explored import explored, no_deadlock, no_exception, proved
from helpers.measure.explorer import BLOCKING

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


def nicknames(bug: object, make: Any) -> str:
    """Exercise: two players want the same nickname."""
    _name_it(bug, "check then act")
    driver = """
def set_up(make):
    global names, told_ann, told_bob
    names, told_ann, told_bob = make(), [], []

def ann():
    told_ann.append(names.take("Max", "Ann"))

def bob():
    told_bob.append(names.take("Max", "Bob"))

def alone():
    told_ann.append(names.take("Max", "Ann"))
    told_bob.append(names.take("Max", "Bob"))
    told_ann.append(names.take("Moritz", "Ann"))  # waits for ever if a call before kept a lock

def outcome():
    return told_ann, told_bob, dict(sorted(names.players.items()))
"""
    proofs = []
    for threads, right in (
        ("alone", (([True, True], [False], {"Max": "Ann", "Moritz": "Ann"}),)),
        ("ann bob", (([True], [False], {"Max": "Ann"}), ([False], [True], {"Max": "Bob"}))),
    ):
        for found in explored(make, driver, threads):
            no_deadlock(found, "A lock that is taken twice by one thread, or not given back?")
            no_exception(found)
            for ending in found.endings:
                if ending.text not in map(repr, right):
                    raise NotYet(
                        f"Under the schedule {ending.turns} (told Ann, told Bob, players) were "
                        f"{ending.text} in the end. {_HINTS['check then act']}"
                    )
        proofs.append(found)
    return proved(proofs[1], "the name goes to one player, who alone is told so")


def transfer(bug: object, move: Any, make: Any) -> str:
    """Exercise: two transfers between the same accounts, there and back."""
    _name_it(bug, "lock order")
    driver = """
def set_up(make):
    global account_1, account_2
    account_1, account_2 = make(1, 100), make(2, 100)

def a(move):
    move(account_1, account_2, 10)

def b(move):
    move(account_2, account_1, 30)

def outcome():
    return account_1.balance, account_2.balance
"""
    for found in explored(move, driver, "a b", make, arguments=(move,)):
        no_deadlock(found, _HINTS["lock order"])
        no_exception(found)
        for ending in found.endings:
            if ending.text != "(120, 80)":
                raise NotYet(
                    "10 went from the first account to the second and 30 back, 100 were on each. "
                    f"Under the schedule {ending.turns} there are {ending.text}, not (120, 80). "
                    "Hold both locks while both balances change."
                )
    return proved(found, "both transfers arrive, and nobody waits for ever")


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
    return sorted(got, key=str)
"""
    proofs = []
    for threads, wanted, options in (
        # Four threads have too many schedules for every opcode; the bug needs blocking calls only.
        ("take take put_1 put_2", "[1, 2]", {"reduced": False, "switch": BLOCKING}),
        ("take put_1", "[1]", {"reduced": True}),
    ):
        for found in explored(make, driver, threads, options=options):
            no_exception(found, _HINTS["if instead of while"])
            no_deadlock(found, "Is every waiter woken when something is put into the box?")
            for ending in found.endings:
                if ending.text != wanted:
                    raise NotYet(
                        f"Put into the box: {wanted}; taken out: {ending.text}, under the schedule "
                        f"{ending.turns}. {_HINTS['if instead of while']}"
                    )
        proofs.append(found)
    return proved(proofs[0], "two takers get both things, whoever comes first", proofs[1])


def gate(bug: object, make: Any) -> str:
    """Exercise: a thread waits until a gate is open."""
    _name_it(bug, "lost wake-up")
    driver = """
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
"""
    for found in explored(make, driver, "a b"):
        no_exception(found)
        no_deadlock(found, _HINTS["lost wake-up"])
        for ending in found.endings:
            if ending.text != "[True]":
                raise NotYet(
                    f"Under the schedule {ending.turns} wait() came back before the gate was "
                    "open. Wait while it is closed."
                )
    return proved(found, "who waits comes through, and not before the gate is open")


def settings(bug: object, make: Any) -> str:
    """Exercise: settings that are loaded when the first thread asks."""
    _name_it(bug, "published too early")
    driver = """
def set_up(make):
    global the_settings, got
    the_settings, got = make(), []

def a():
    got.append(the_settings.get("colour"))

def outcome():
    return got, the_settings.loads
"""
    for found in explored(make, driver, "a a"):
        no_exception(found, _HINTS["published too early"])
        no_deadlock(found, "A lock that is taken and never given back?")
        for ending in found.endings:
            if ending.text != "(['blue', 'blue'], 1)":
                raise NotYet(
                    "Both threads should get 'blue', from settings that were loaded once. Under "
                    f"the schedule {ending.turns} it was (answers, loads) = {ending.text}."
                )
    return proved(found, "both get the colour, and it is loaded once")


def printer(bug: object, make: Any) -> str:
    """Exercise: a printer, and a job that fails."""
    _name_it(bug, "not released after an error")
    driver = """
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
    return sorted(done, key=str)
"""
    for found in explored(make, driver, "a b"):
        no_deadlock(found, _HINTS["not released after an error"])
        no_exception(found)
        for ending in found.endings:
            if "raised" not in ending.text:
                raise NotYet("The job's exception must still reach whoever called use.")
            if "printed" not in ending.text:
                raise NotYet("use must return what the job returns.")
    return proved(found, "a job that fails leaves the printer to the next one")


def wallet(bug: object, make: Any) -> str:
    """Exercise: two payments from one wallet, as asyncio tasks."""
    _name_it(bug, "race across an await")
    _no_lock_of_threads(make())
    steps = range(3)
    for first in steps:
        for second in steps:
            balance, paid, asked = asyncio.run(_two_payments(make, first, second))
            if balance < 0 or paid.count(True) != 1:
                raise NotYet(
                    f"Two payments of 70 from 100: the answers are {paid}, the balance is "
                    f"{balance}. {_HINTS['race across an await']}"
                )
            if balance != 30:
                raise NotYet(f"One payment of 70 from 100 leaves 30, not {balance}.")
            if not asked:
                raise NotYet("A payment went through, and the bank wasn't asked.")
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


def _no_lock_of_threads(subject: object) -> None:
    """A task that waited for such a lock would hold up the loop, and with it this check."""
    kinds = (type(threading.Lock()), type(threading.RLock()), threading.Condition)
    if any(isinstance(held, kinds) for held in vars(subject).values()):
        raise NotYet(
            "A lock of threading stops the whole event loop while a task waits for it, and so the "
            "task that holds it, too. asyncio has a Lock of its own."
        )


async def _two_payments(make: Any, first: int, second: int) -> tuple[int, list[Any], int]:
    """The balance in the end, what the payments returned, and how often the bank was asked."""
    asked = 0

    def bank(turns: int) -> Callable[[], Any]:
        async def ask_bank() -> None:
            nonlocal asked
            asked += 1
            for _ in range(turns + 1):
                await asyncio.sleep(0)

        return ask_bank

    subject = make()
    payments = (subject.pay(70, bank(first)), subject.pay(70, bank(second)))
    try:
        paid = await asyncio.wait_for(asyncio.gather(*payments), 2)
    except TimeoutError:
        raise NotYet("The payments wait for each other for ever.") from None
    return subject.balance, list(paid), asked


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
