"""Wrong answers to the exercises of chapter 2, with the words that must refuse them."""

from __future__ import annotations


def _gains(loop: object, sha: object, web: object, search: object, compress: object) -> str:
    return f"""
gains = {{
    "a Python loop that adds a million squares": {loop},
    "hashlib.sha256 of 10 MB": {sha},
    "waiting for the answers of ten web servers": {web},
    "re.search in a text of 10 MB": {search},
    "zlib.compress of 10 MB": {compress},
}}
"""


NO_LOCK = """
class Counter:
    def __init__(self, box):
        self.box = box

    def increment(self):
        value = self.box.value
        self.box.value = value + 1
"""
A_LOCK_EACH = """
class Counter:
    def __init__(self, box):
        self.box = box

    def increment(self):
        with Lock():
            self.box.value += 1
"""
LOCK_TOO_SHORT = """
class Counter:
    def __init__(self, box):
        self.box = box
        self.lock = Lock()

    def increment(self):
        value = self.box.value
        with self.lock:
            self.box.value = value + 1
"""
NEVER_RELEASED = """
class Counter:
    def __init__(self, box):
        self.box = box
        self.lock = Lock()

    def increment(self):
        self.lock.acquire()
        self.box.value += 1
"""
NO_READ = """
class Counter:
    def __init__(self, box):
        self.count = 0

    def increment(self):
        self.count += 1
"""

LEFT_SIDE_FIRST = """
def withdraw(account, amount, fee_of):
    account["balance"] -= amount + fee_of(amount)
"""
LOOP_BETWEEN = """
def withdraw(account, amount, fee_of):
    fee = fee_of(amount)
    balance = account["balance"]
    for part in (amount, fee):
        balance -= part
    account["balance"] = balance
"""
NO_FEE = """
def withdraw(account, amount, fee_of):
    account["balance"] -= amount
"""

ONE_THREAD = """
def digests(blocks, digest, workers):
    return [digest(block) for block in blocks]
"""
ONE_BY_ONE = """
def digests(blocks, digest, workers):
    found = [None] * len(blocks)

    def work(first):
        for place in range(first, len(blocks), workers):
            found[place] = digest(blocks[place])

    for first in range(workers):
        thread = Thread(target=work, args=(first,))
        thread.start()
        thread.join()
    return found
"""
A_THREAD_PER_BLOCK = """
def digests(blocks, digest, workers):
    found = [None] * len(blocks)

    def work(place):
        found[place] = digest(blocks[place])

    threads = [Thread(target=work, args=(place,)) for place in range(len(blocks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
"""
LAST_BLOCK_LEFT = """
def digests(blocks, digest, workers):
    found = [None] * len(blocks)
    part = len(blocks) // workers

    def work(number):
        for place in range(number * part, (number + 1) * part):
            found[place] = digest(blocks[place])

    threads = [Thread(target=work, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
"""
OUT_OF_ORDER = """
def digests(blocks, digest, workers):
    found = []

    def work(first):
        for block in blocks[first::workers]:
            found.append(digest(block))

    threads = [Thread(target=work, args=(first,)) for first in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
"""

WRONG = {
    "2.1": [
        (_gains(True, True, True, False, True), "bytecode needs the GIL"),
        (_gains(False, False, True, False, False), "hashlib releases the GIL"),
        (_gains(False, True, False, False, True), "waits for the network has released"),
        (_gains(False, True, True, True, True), "re module keeps the GIL"),
        (_gains(False, True, True, False, False), "zlib releases the GIL"),
        (_gains(False, True, True, False, "'yes'"), "Answer True or False"),
        (_gains(False, True, True, False, ...).replace("Ellipsis", "..."), "Still missing: zlib"),
    ],
    "2.2": [
        (NO_LOCK, "another thread got its turn"),
        (A_LOCK_EACH, "makes a new lock"),
        (LOCK_TOO_SHORT, "aren't both inside one with"),
        (NEVER_RELEASED, "taken and not released"),
        (NO_READ, "never read box.value"),
    ],
    "2.3": [
        (LEFT_SIDE_FIRST, "left side of -="),
        (LOOP_BETWEEN, "A loop jumps back"),
        (NO_FEE, "should leave 89"),
    ],
    "2.4": [
        (ONE_THREAD, "One thread did all the work"),
        (ONE_BY_ONE, "one after another"),
        (A_THREAD_PER_BLOCK, "7 threads were started"),
        (LAST_BLOCK_LEFT, "What happens to the last one"),
        (OUT_OF_ORDER, "not in the order of the blocks"),
    ],
}
