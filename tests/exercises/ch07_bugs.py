"""Wrong answers to chapter 7's eight programs with a bug: named wrongly, or mended wrongly."""

from __future__ import annotations

NAMES = """
bug = "check then act"


class Nicknames:
    def __init__(self):
        self.players = {{}}
        self.lock = threading.Lock()

    def take(self, name, player):
{take}
"""
UNMENDED_NAMES = NAMES.format(
    take="""
        if name in self.players:
            return False
        self.players[name] = player
        return True
"""
)
LOCKS_ONLY_THE_ACT = NAMES.format(
    take="""
        if name in self.players:
            return False
        with self.lock:
            self.players[name] = player
        return True
"""
)
A_LOCK_FOR_EACH_STEP = NAMES.format(
    take="""
        with self.lock:
            taken = name in self.players
        if not taken:
            with self.lock:
                self.players[name] = player
        return not taken
"""
)
A_LOCK_FOR_EACH_CALL = NAMES.format(
    take="""
        with threading.Lock():
            if name in self.players:
                return False
            self.players[name] = player
            return True
"""
)
KEEPS_THE_LOCK = NAMES.format(
    take="""
        self.lock.acquire()
        if name in self.players:
            return False
        self.players[name] = player
        self.lock.release()
        return True
"""
)
TELLS_EVERYBODY = NAMES.format(
    take="""
        self.players.setdefault(name, player)
        return True
"""
)
GIVES_NOTHING = NAMES.format(take="        return False")
NOT_A_KIND = UNMENDED_NAMES.replace("check then act", "race")
ANOTHER_KIND = UNMENDED_NAMES.replace("check then act", "lost wake-up")

MOVE = """
bug = "lock order"


class Account:
    def __init__(self, number, balance):
        self.number, self.balance = number, balance
        self.lock = threading.Lock()


def move(source, target, amount):
{move}
"""
UNMENDED_MOVE = MOVE.format(
    move="""
    with source.lock, target.lock:
        source.balance -= amount
        target.balance += amount
"""
)
TARGET_FIRST = MOVE.format(
    move="""
    with target.lock, source.lock:
        source.balance -= amount
        target.balance += amount
"""
)
NO_LOCKS = MOVE.format(
    move="""
    source.balance -= amount
    target.balance += amount
"""
)
ONE_LOCK_ONLY = MOVE.format(
    move="""
    with source.lock:
        source.balance -= amount
        target.balance += amount
"""
)
GIVES_UP = MOVE.format(
    move="""
    with source.lock:
        if target.lock.acquire(timeout=1):
            source.balance -= amount
            target.balance += amount
            target.lock.release()
"""
)
AGAIN_AND_AGAIN = MOVE.format(
    move="""
    while True:
        with source.lock:
            if target.lock.acquire(blocking=False):
                source.balance -= amount
                target.balance += amount
                target.lock.release()
                return
"""
)

BOX = """
bug = "if instead of while"


class Box:
    def __init__(self):
        self.things = []
        self.changed = threading.Condition()

    def put(self, thing):
        with self.changed:
            self.things.append(thing)
            self.changed.{notify}

    def take(self):
        with self.changed:
            {word} not self.things:
                self.changed.wait({timeout})
            return {thing}
"""
UNMENDED_BOX = BOX.format(notify="notify_all()", word="if", timeout="", thing="self.things.pop()")
# Still wrong: a taker who comes between the notify and the woken one's return takes the thing.
ONE_IS_WOKEN = BOX.format(notify="notify()", word="if", timeout="", thing="self.things.pop()")
NONE_IF_EMPTY = BOX.format(
    notify="notify_all()",
    word="if",
    timeout="",
    thing="self.things.pop() if self.things else None",
)
NOBODY_IS_WOKEN = BOX.format(
    notify="acquire() and self.changed.release()",
    word="while",
    timeout="",
    thing="self.things.pop()",
)
WITHOUT_ITS_LOCK = """
bug = "if instead of while"


class Box:
    def __init__(self):
        self.things = []
        self.changed = threading.Condition()

    def put(self, thing):
        self.things.append(thing)
        self.changed.notify_all()

    def take(self):
        with self.changed:
            while not self.things:
                self.changed.wait()
            return self.things.pop()
"""

GATE = """
bug = "lost wake-up"


class Gate:
    def __init__(self):
        self.is_open = False
        self.changed = threading.Condition()

    def open(self):
{open}

    def wait(self):
{wait}
"""
OPEN_THEN_NOTIFY = """
        self.is_open = True
        with self.changed:
            self.changed.notify_all()
"""
OPEN_UNDER_LOCK = """
        with self.changed:
            self.is_open = True
            self.changed.notify_all()
"""
LOOK_THEN_WAIT = """
        while not self.is_open:
            with self.changed:
                self.changed.wait()
"""
LOOK_UNDER_LOCK = """
        with self.changed:
            while not self.is_open:
                self.changed.wait()
"""
UNMENDED_GATE = GATE.format(open=OPEN_THEN_NOTIFY, wait=LOOK_THEN_WAIT)
ONLY_OPEN_MENDED = GATE.format(open=OPEN_UNDER_LOCK, wait=LOOK_THEN_WAIT)
NOTIFIES_FIRST = GATE.format(
    open="""
        with self.changed:
            self.changed.notify_all()
        self.is_open = True
""",
    wait=LOOK_UNDER_LOCK,
)
WAITS_WITHOUT_LOOKING = GATE.format(
    open=OPEN_UNDER_LOCK,
    wait="""
        with self.changed:
            self.changed.wait()
""",
)
WAITS_FOR_A_WHILE = GATE.format(
    open=OPEN_UNDER_LOCK,
    wait="""
        with self.changed:
            if not self.is_open:
                self.changed.wait(timeout=1)
""",
)
NEVER_WAITS = GATE.format(open=OPEN_UNDER_LOCK, wait="        pass")

SETTINGS = """
bug = "published too early"


class Settings:
    def __init__(self):
        self.values, self.loads = None, 0
        self.lock = threading.Lock()

    def get(self, name):
        if self.values is None:
{load}
        return self.values[name]
"""
UNMENDED_SETTINGS = SETTINGS.format(
    load="""
            with self.lock:
                if self.values is None:
                    self.loads += 1
                    self.values = {}
                    self.values["colour"] = "blue"
"""
)
ONE_LOOK = SETTINGS.format(
    load="""
            with self.lock:
                self.loads += 1
                values = {}
                values["colour"] = "blue"
                self.values = values
"""
)
NO_LOCK = SETTINGS.format(
    load="""
            self.loads += 1
            values = {}
            values["colour"] = "blue"
            self.values = values
"""
)
STILL_THE_SAME_DICT = SETTINGS.format(
    load="""
            with self.lock:
                if self.values is None:
                    self.loads += 1
                    values = self.values = {}
                    values["colour"] = "blue"
"""
)

PRINTER = """
bug = "not released after an error"


class Printer:
    def __init__(self):
        self.lock = threading.Lock()

    def use(self, job):
        self.lock.acquire()
{use}
"""
UNMENDED_PRINTER = PRINTER.format(
    use="""
        result = job()
        self.lock.release()
        return result
"""
)
SWALLOWS = PRINTER.format(
    use="""
        try:
            return job()
        except ValueError:
            return None
        finally:
            self.lock.release()
"""
)
RELEASES_ONLY_THEN = PRINTER.format(
    use="""
        try:
            return job()
        except ValueError:
            self.lock.release()
            raise
"""
)
RELEASES_TWICE = PRINTER.format(
    use="""
        try:
            result = job()
            self.lock.release()
            return result
        finally:
            self.lock.release()
"""
)
NO_RESULT = PRINTER.format(
    use="""
        try:
            job()
        finally:
            self.lock.release()
"""
)

WALLET = """
bug = "race across an await"


class Wallet:
    def __init__(self):
        self.balance = 100
        self.lock = {lock}()

    async def pay(self, amount, ask_bank):
{pay}
"""
UNMENDED_WALLET = WALLET.format(
    lock="asyncio.Lock",
    pay="""
        if self.balance < amount:
            return False
        await ask_bank()
        self.balance -= amount
        return True
""",
)
LOCKS_ONLY_THE_PAYMENT = WALLET.format(
    lock="asyncio.Lock",
    pay="""
        if self.balance < amount:
            return False
        await ask_bank()
        async with self.lock:
            self.balance -= amount
        return True
""",
)
DOESNT_ASK = WALLET.format(
    lock="asyncio.Lock",
    pay="""
        if self.balance < amount:
            return False
        self.balance -= amount
        return True
""",
)
ALWAYS_TRUE = WALLET.format(
    lock="asyncio.Lock",
    pay="""
        async with self.lock:
            await ask_bank()
            if self.balance >= amount:
                self.balance -= amount
            return True
""",
)
A_LOCK_OF_THREADING = WALLET.format(
    lock="threading.Lock",
    pay="""
        with self.lock:
            if self.balance < amount:
                return False
            await ask_bank()
            self.balance -= amount
            return True
""",
)
OLD_BALANCE = WALLET.format(
    lock="asyncio.Lock",
    pay="""
        left = self.balance - amount
        if left < 0:
            return False
        await ask_bank()
        self.balance = left
        return True
""",
)

REPORT = """
bug = "blocking call in a coroutine"


async def report(load):
{load}
"""
UNMENDED_REPORT = REPORT.format(load="    return len(load())")
GIVES_WAY_FIRST = REPORT.format(load="    await asyncio.sleep(0)\n    return len(load())")
IN_A_TASK = REPORT.format(
    load="""
    async def loading():
        return load()

    return len(await asyncio.create_task(loading()))
"""
)
JOINS_A_THREAD = REPORT.format(
    load="""
    found = []
    thread = threading.Thread(target=lambda: found.extend(load()))
    thread.start()
    thread.join()
    return len(found)
"""
)
RESULT_LOST = REPORT.format(load="    return await asyncio.to_thread(load)")

WRONG = {
    "7.6": [
        (NOT_A_KIND, "one of the eight kinds, word for word"),
        (ANOTHER_KIND, "a thread begins to wait after it has been woken"),
        (UNMENDED_NAMES, "([True], [True]"),
        (LOCKS_ONLY_THE_ACT, "Which line decides"),
        (A_LOCK_FOR_EACH_STEP, "Which line decides"),
        (A_LOCK_FOR_EACH_CALL, "([True], [True]"),
        (KEEPS_THE_LOCK, "not given back?"),
        (TELLS_EVERYBODY, "([True, True], [True], {"),
        (GIVES_NOTHING, "([False, False], [False], {})"),
    ],
    "7.7": [
        (UNMENDED_MOVE.replace("lock order", "check then act"), "Not 'check then act'"),
        (UNMENDED_MOVE, "who holds what?"),
        (TARGET_FIRST, "who holds what?"),
        (NO_LOCKS, "Hold both locks"),
        (ONE_LOCK_ONLY, "Hold both locks"),
        (GIVES_UP, "Hold both locks"),
        (AGAIN_AND_AGAIN, "again and again"),
    ],
    "7.8": [
        (UNMENDED_BOX.replace("if instead of while", "lost wake-up"), "Not 'lost wake-up'"),
        (UNMENDED_BOX, "IndexError"),
        (ONE_IS_WOKEN, "IndexError"),
        (NONE_IF_EMPTY, "None], under the schedule"),
        (NOBODY_IS_WOKEN, "Is every waiter woken"),
        (WITHOUT_ITS_LOCK, "RuntimeError"),
    ],
    "7.9": [
        (UNMENDED_GATE.replace("lost wake-up", "lock order"), "Not 'lock order'"),
        (UNMENDED_GATE, "just after a thread has looked"),
        (ONLY_OPEN_MENDED, "just after a thread has looked"),
        (NOTIFIES_FIRST, "just after a thread has looked"),
        (WAITS_WITHOUT_LOOKING, "just after a thread has looked"),
        (WAITS_FOR_A_WHILE, "before the gate was open"),
        (NEVER_WAITS, "before the gate was open"),
    ],
    "7.10": [
        (UNMENDED_SETTINGS.replace("published too early", "check then act"), "Not 'check then"),
        (UNMENDED_SETTINGS, "KeyError: 'colour'"),
        (STILL_THE_SAME_DICT, "From which line on"),
        (ONE_LOOK, "loaded once"),
        (NO_LOCK, "loaded once"),
    ],
    "7.11": [
        (UNMENDED_PRINTER.replace("not released after an error", "lock order"), "Not 'lock order'"),
        (UNMENDED_PRINTER, "Which line isn't reached"),
        (SWALLOWS, "must still reach"),
        (RELEASES_ONLY_THEN, "Which line isn't reached"),
        (RELEASES_TWICE, "release unlocked lock"),
        (NO_RESULT, "return what the job returns"),
    ],
    "7.12": [
        (UNMENDED_WALLET.replace("race across an await", "lock order"), "Not 'lock order'"),
        (UNMENDED_WALLET, "the balance is -40"),
        (LOCKS_ONLY_THE_PAYMENT, "the balance is -40"),
        (OLD_BALANCE, "the answers are [True, True], the balance is 30"),
        (ALWAYS_TRUE, "the answers are [True, True], the balance is 30"),
        (DOESNT_ASK, "the bank wasn't asked"),
        (A_LOCK_OF_THREADING, "asyncio has a Lock of its own"),
    ],
    "7.13": [
        (UNMENDED_REPORT.replace("blocking call in a coroutine", "lock order"), "Not 'lock order'"),
        (UNMENDED_REPORT, "no other task ran"),
        (GIVES_WAY_FIRST, "no other task ran"),
        (IN_A_TASK, "no other task ran"),
        (JOINS_A_THREAD, "no other task ran"),
        (RESULT_LOST, "should be 3, not ['one'"),
    ],
}
