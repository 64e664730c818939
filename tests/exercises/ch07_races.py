"""Wrong answers to the exercises on races."""

from __future__ import annotations

NO_LOOK_UNDER_LOCK = """
class Office:
    def __init__(self, seats):
        self.left = seats
        self.lock = Lock()

    def sell(self):
        if self.left == 0:
            return None
        with self.lock:
            seat = self.left
            self.left -= 1
            return seat
"""
A_LOCK_EACH = """
class Office:
    def __init__(self, seats):
        self.left = seats

    def sell(self):
        with Lock():
            if self.left == 0:
                return None
            seat = self.left
            self.left -= 1
            return seat
"""
NEVER_RELEASED = """
class Office:
    def __init__(self, seats):
        self.left = seats
        self.lock = Lock()

    def sell(self):
        self.lock.acquire()
        if self.left == 0:
            return None
        seat = self.left
        self.left -= 1
        self.lock.release()
        return seat
"""
SELLS_NOTHING = """
class Office:
    def __init__(self, seats):
        self.left = seats

    def sell(self):
        return None
"""
LOOKS_FOR_EVER = """
class Office:
    def __init__(self, seats):
        self.left = seats
        self.busy = False

    def sell(self):
        while True:
            pass
"""
RAISES = """
class Office:
    def __init__(self, seats):
        self.seats = list(range(1, seats + 1))

    def sell(self):
        if self.seats:
            return self.seats.pop()
"""
FUNCTION = """
def Office(seats):
    return None
"""

ALWAYS_LOCKED = """
class Lazy:
    def __init__(self, make):
        self.make = make
        self.thing = None
        self.lock = Lock()

    def get(self):
        with self.lock:
            if self.thing is None:
                self.thing = self.make()
        return self.thing
"""
NO_LOCK = """
class Lazy:
    def __init__(self, make):
        self.make = make
        self.thing = None

    def get(self):
        if self.thing is None:
            self.thing = self.make()
        return self.thing
"""
MADE_BEFORE_THE_LOCK = """
class Lazy:
    def __init__(self, make):
        self.make = make
        self.thing = None
        self.lock = Lock()

    def get(self):
        if self.thing is None:
            thing = self.make()
            with self.lock:
                if self.thing is None:
                    self.thing = thing
        return self.thing
"""
LOCKED_TWICE = """
class Lazy:
    def __init__(self, make):
        self.make = make
        self.thing = None
        self.lock = Lock()

    def get(self):
        if self.thing is None:
            with self.lock:
                with self.lock:
                    if self.thing is None:
                        self.thing = self.make()
        return self.thing
"""
MAKES_AT_ONCE = """
class Lazy:
    def __init__(self, make):
        self.thing = make()

    def get(self):
        return self.thing
"""

WRONG = {
    "7.1": [
        ("schedule = 'A2 B2'", "one update is lost, not two"),
        ("schedule = ''", "nobody read before"),
        ("schedule = 'A'", "nobody read before"),
        ("schedule = 'A2 B2 D2'", "3 threads"),
        ("schedule = 'first A, then B'", "can't be replayed"),
        ("schedule = 'A2 B2 C200'", "doesn't fit"),
        ("schedule = [0, 1, 2]", "a text such as"),
    ],
    "7.2": [
        (NO_LOOK_UNDER_LOCK, "Is the look under the lock"),
        (A_LOCK_EACH, "sold twice"),
        (NEVER_RELEASED, "nobody can go on"),
        (SELLS_NOTHING, "number of each seat once"),
        (LOOKS_FOR_EVER, "endless loop"),
        (RAISES, "IndexError"),
        (FUNCTION, "must be a class"),
    ],
    "7.3": [
        (ALWAYS_LOCKED, "even when the thing is made"),
        (NO_LOCK, "made 2 times"),
        (MADE_BEFORE_THE_LOCK, "made 2 times"),
        (LOCKED_TWICE, "nobody can go on"),
        (MAKES_AT_ONCE, "no lock"),
        ("Lazy = 3", "must be a class"),
    ],
}
