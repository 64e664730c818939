"""The classic puzzles of concurrency, wrong and mended, as programs for the explorer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Puzzle:
    """wrong: an ending that the first source must have and the second must not.

    It is given by how its text begins. right: all endings of the mended source.
    """

    name: str
    source: str
    mended: str
    threads: tuple[str, ...]
    outcome: str
    wrong: str
    right: frozenset[str]


def _puzzle(
    name: str,
    source: str,
    changes: dict[str, str],
    threads: str,
    outcome: str,
    wrong: str,
    *right: str,
) -> Puzzle:
    mended = source
    for old, new in changes.items():
        assert old in mended, (name, old)
        mended = mended.replace(old, new)
    return Puzzle(name, source, mended, tuple(threads.split()), outcome, wrong, frozenset(right))


PUZZLES = (
    _puzzle(
        "lost update",
        """
from threading import Lock

counter = 0
lock = Lock()

def increment():
    global counter
    counter += 1
""",
        {"    counter += 1": "    with lock:\n        counter += 1"},
        "increment increment",
        "counter",
        "1",
        "2",
    ),
    _puzzle(
        "check then act",
        """
from threading import Lock

class Account:
    def __init__(self):
        self.balance = 100
        self.lock = Lock()

    def withdraw(self, amount):
        if self.balance >= amount:
            self.balance -= amount

account = Account()

def customer():
    account.withdraw(70)
""",
        {
            """        if self.balance >= amount:
            self.balance -= amount""": """        with self.lock:
            if self.balance >= amount:
                self.balance -= amount"""
        },
        "customer customer",
        "account.balance",
        "-40",
        "30",
    ),
    _puzzle(
        "lock order",
        """
from threading import Lock

first, second = Lock(), Lock()

def one():
    with first, second:
        pass

def other():
    with second, first:
        pass
""",
        {"with second, first": "with first, second"},
        "one other",
        "0",
        "deadlock: A waits for second, B waits for first",
        "0",
    ),
    _puzzle(
        "dining philosophers",
        """
from threading import Lock

forks = [Lock() for _ in range(3)]

def dine(seat):
    left, right = seat, (seat + 1) % 3
    with forks[left], forks[right]:
        pass
""",
        {"left, right = seat, (seat + 1) % 3": "left, right = sorted((seat, (seat + 1) % 3))"},
        "dine(0) dine(1) dine(2)",
        "0",
        "deadlock: A waits for forks[1], B waits for forks[2], C waits for forks[0]",
        "0",
    ),
    _puzzle(
        "bounded buffer with if",
        """
from threading import Condition

buffer, taken, others = [], [], []
changed = Condition()

def take():
    with changed:
        if not buffer:
            changed.wait()
        taken.append(buffer.pop())

def put_take_put():
    with changed:
        buffer.append(1)
        changed.notify()
    with changed:
        if buffer:
            others.append(buffer.pop())
    with changed:
        buffer.append(2)
        changed.notify()
""",
        {"        if not buffer": "        while not buffer"},
        "take put_take_put",
        "sorted(buffer + taken + others)",
        "A: IndexError",
        "[1, 2]",
    ),
    _puzzle(
        "lost wake-up",
        """
from threading import Condition

changed = Condition()
ready = False

def waiter():
    if not ready:
        with changed:
            changed.wait()

def waker():
    global ready
    with changed:
        ready = True
        changed.notify()
""",
        {
            """    if not ready:
        with changed:
            changed.wait()""": """    with changed:
        while not ready:
            changed.wait()"""
        },
        "waiter waker",
        "ready",
        "deadlock: A waits for changed",
        "True",
    ),
    _puzzle(
        "double-checked initialisation",
        """
from threading import Lock

lock = Lock()
made = []
thing = None

def get():
    global thing
    if thing is None:
        with lock:
            thing = object()
            made.append(1)
""",
        {
            """            thing = object()
            made.append(1)""": """            if thing is None:
                thing = object()
                made.append(1)"""
        },
        "get get",
        "len(made)",
        "2",
        "1",
    ),
    _puzzle(
        "semaphore misuse",
        """
from threading import Lock, Semaphore

places = Semaphore(1)
lock = Lock()
inside = most = 0

def visit():
    global inside, most
    places.acquire()
    with lock:
        inside += 1
        most = max(most, inside)
    with lock:
        inside -= 1
    places.release()

def extra():
    places.release()
""",
        {"def extra():\n    places.release()": "def extra():\n    pass"},
        "visit visit extra",
        "most",
        "2",
        "1",
    ),
)
