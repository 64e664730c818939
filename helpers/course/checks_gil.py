"""Checkers for the exercises of chapter 2."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from helpers.course.exercises import NotYet
from helpers.measure.bytecode import Gap, Switch, listing_of

_REPLACE = "Replace each ... and run the cell again."
_PATIENCE_S = 2.0

# Workload: does it gain from a second thread, with the GIL; and what a wrong answer overlooks.
_WORKLOADS: dict[str, tuple[bool, str]] = {
    "a Python loop that adds a million squares": (
        False,
        "every step of it is bytecode, and bytecode needs the GIL",
    ),
    "hashlib.sha256 of 10 MB": (True, "hashlib releases the GIL while it hashes that much"),
    "waiting for the answers of ten web servers": (
        True,
        "a thread that waits for the network has released the GIL",
    ),
    "re.search in a text of 10 MB": (
        False,
        "it is C code, but the re module keeps the GIL all the time",
    ),
    "zlib.compress of 10 MB": (True, "zlib releases the GIL while it compresses"),
}


def gains(answers: Mapping[str, Any]) -> str:
    """Check which workloads gain from a second thread on an interpreter with a GIL."""
    missing = [name for name in _WORKLOADS if answers.get(name, ...) is ...]
    if missing:
        raise NotYet(f"{_REPLACE} Still missing: {missing[0]}.")
    for name, (right, why) in _WORKLOADS.items():
        if not isinstance(answers[name], bool):
            raise NotYet(f"Answer True or False for {name!r}, not {answers[name]!r}.")
        if answers[name] is not right:
            raise NotYet(f"Look again at {name!r}: {why}.")
    return (
        "The question is never whether it is C or Python, or computing or waiting, but whether "
        "the GIL is released meanwhile."
    )


class _SlowBox:
    """Holds a number. Reading it takes so long that another thread gets its turn after it."""

    def __init__(self) -> None:
        self._value = 0
        self.reads = 0

    @property
    def value(self) -> int:
        value = self._value
        self.reads += 1
        time.sleep(0.001)
        return value

    @value.setter
    def value(self, value: int) -> None:
        self._value = value


def counter(make: Callable[[_SlowBox], Any]) -> str:
    """Check a counter class that keeps its number in a box, and must lose no update."""
    threads, times = 4, 10
    box = _SlowBox()
    counted = make(box)
    together = threading.Barrier(threads)
    errors: list[Exception] = []

    def run() -> None:
        together.wait()
        try:
            for _ in range(times):
                counted.increment()
        except Exception as error:
            errors.append(error)

    crowd = [threading.Thread(target=run, daemon=True) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    until = time.monotonic() + _PATIENCE_S
    for thread in crowd:
        thread.join(max(0.0, until - time.monotonic()))
    if any(thread.is_alive() for thread in crowd):
        _let_go(counted, crowd)
        raise NotYet(
            "The threads wait for each other for ever: a lock was taken and not released. "
            "Use with, which releases it in any case."
        )
    if errors:
        raise errors[0]
    if not box.reads:
        raise NotYet("increment never read box.value. Add one to it, and write it back.")
    wanted = threads * times
    if box._value == wanted:
        return (
            f"{threads} threads added one {times} times each, and all {wanted} arrived, although "
            "each could have lost the GIL between read and write. The lock did that, not the GIL."
        )
    lost = f"{wanted - box._value} of {wanted} updates were lost. "
    if {"Lock", "RLock"} & set(type(counted).increment.__code__.co_names):
        raise NotYet(
            f"{lost}Each call of increment makes a new lock, which nobody else ever takes. Make "
            "one lock in __init__, for all calls."
        )
    if any(hasattr(thing, "acquire") for thing in vars(counted).values()):
        raise NotYet(
            f"{lost}There is a lock, but the read and the write aren't both inside one with: in "
            "between, another thread may write."
        )
    raise NotYet(
        f"{lost}Between the read of box.value and the write, another thread got its turn. Hold "
        "one lock from before the read until after the write."
    )


def _let_go(counted: object, crowd: Sequence[threading.Thread]) -> None:
    """Release the reader's locks until no thread waits for one, so that none is left behind."""
    locks = [thing for thing in vars(counted).values() if hasattr(thing, "release")]
    until = time.monotonic() + _PATIENCE_S
    while any(thread.is_alive() for thread in crowd) and time.monotonic() < until:
        for lock in locks:
            with suppress(RuntimeError):  # nobody holds it just now
                lock.release()
        time.sleep(0.001)


def straight_on(withdraw: Callable[..., Any]) -> str:
    """Check that nothing between the read and the write of the balance looks up."""
    account = {"balance": 100}
    returned = withdraw(account, 10, lambda amount: amount // 10)
    if returned is ...:
        raise NotYet(_REPLACE)
    if account != {"balance": 89}:
        raise NotYet(
            "A withdrawal of 10 with a fee of 1 should leave 89 of 100 in account['balance'], "
            f"but the account is {account}."
        )
    # As it is with the GIL: without it, other threads run all the time.
    gaps = listing_of(withdraw, gil=True).functions[0].gaps
    for gap in gaps:
        if gap.switch is Switch.YES:
            raise NotYet(_say(gap))
    return (
        "From the read of the balance to its write, no opcode lets another thread come in, on "
        "this version and with the GIL. The language doesn't promise that, and without the GIL "
        "it isn't so: a lock would say what you mean, on every Python."
    )


def _say(gap: Gap) -> str:
    at = gap.at[-1]
    why = (
        "That is a call: call fee_of before the balance is read. Note that Python reads the left "
        "side of -= before it looks at the right side."
        if at.name.startswith(("CALL", "PRECALL"))
        else "A loop jumps back, and looks up there: take it out of the way."
    )
    return f"Between the read and the write stands {at.name}, in line {at.line}. {why}"


def split_job(digests: Callable[..., Any]) -> str:
    """Check that the work is split among just so many threads, and the order is kept."""
    blocks = [bytes([number]) * 100 for number in range(7)]
    workers = 2
    seen: list[threading.Thread] = []
    alone: list[threading.Thread] = []
    two_at_work = threading.Event()

    def digest(block: bytes) -> str:
        """The first thread waits for a second one to come, but not for ever."""
        own = threading.current_thread()
        if own not in seen:
            seen.append(own)
            if len(seen) > 1:
                two_at_work.set()
            if not two_at_work.wait(_PATIENCE_S / 4):
                alone.append(own)
        return hashlib.sha256(block).hexdigest()

    results = digests(blocks, digest, workers)
    wanted = [hashlib.sha256(block).hexdigest() for block in blocks]
    if results is ... or results is None:
        raise NotYet(f"digests returns {results!r}. Return the list of digests.")
    if len(seen) == 1:
        raise NotYet(
            "One thread did all the work. Give each of the workers a part of the blocks, and "
            "start them all before you join any."
        )
    if alone:
        raise NotYet(
            "The threads worked one after another: each was joined before the next was started. "
            "Start them all in one loop, then join them all in a second one."
        )
    if len(seen) > workers:
        raise NotYet(
            f"{len(seen)} threads were started for {len(blocks)} blocks, but workers is "
            f"{workers}. Give each thread several blocks."
        )
    if not isinstance(results, list) or sorted(map(str, results)) != sorted(wanted):
        raise NotYet(
            f"Not each of the {len(blocks)} blocks was hashed once. What happens to the last one "
            f"when {len(blocks)} blocks are divided by {workers}?"
        )
    if results != wanted:
        raise NotYet(
            "All digests are there, but not in the order of the blocks. Let each thread write to "
            "the places of its own blocks in one list."
        )
    return (
        f"{workers} threads hashed {len(blocks)} blocks, each its own, and wrote to places of "
        "their own in one list: no lock needed. With large blocks both run at once, GIL or not."
    )
