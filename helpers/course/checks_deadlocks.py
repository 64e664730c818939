"""Checkers for the exercises of section 7.2: an order of locks, and a cycle of waits."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from helpers.course.exercises import NotYet


class _Account:
    """Its lock writes down what is done to it, and never blocks anybody."""

    def __init__(self, number: int, log: list[tuple[str, int]]) -> None:
        self.number = number
        self.lock = _NotedLock(number, log)


class _NotedLock:
    def __init__(self, number: int, log: list[tuple[str, int]]) -> None:
        self._number = number
        self._log = log
        self._taken = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._taken:
            if blocking and timeout < 0:
                raise NotYet(
                    f"The lock of account {self._number} is taken twice: the thread would wait "
                    "for itself. The same account may be given twice."
                )
            return False
        self._taken = True
        self._log.append(("takes", self._number))
        return True

    def release(self) -> None:
        if not self._taken:
            raise NotYet(f"The lock of account {self._number} is released and wasn't taken.")
        self._taken = False
        self._log.append(("releases", self._number))

    def locked(self) -> bool:
        return self._taken

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class _Oops(Exception):
    """What the block in the exercise raises."""


def hold(make: Callable[..., AbstractContextManager[Any]]) -> str:
    """Check a context manager that takes the locks of accounts."""
    log: list[tuple[str, int]] = []
    # The same ones for all calls: an order by address is one order, too.
    accounts = [_Account(number, log) for number in (20, 3, 100, 4)]
    before: dict[tuple[int, int], str] = {}  # which lock is taken before which, and when
    for count in (2, 3, 4):
        for chosen in itertools.permutations(accounts, count):
            given = ", ".join(str(account.number) for account in chosen)
            taken = _taken(make, chosen, log)
            for pair in itertools.combinations(taken, 2):
                before.setdefault(pair, f"given the accounts {given}, hold takes {taken}")
                if pair[::-1] in before:
                    raise NotYet(
                        f"First: {before[pair[::-1]]}. Then: {before[pair]}. Two threads can "
                        "deadlock. Take the locks in one order, whatever the order of the "
                        "arguments."
                    )
    _taken(make, (accounts[0], accounts[1], accounts[0]), log)
    _released_after_an_error(make, accounts)
    return (
        "Whatever the order of the arguments, the locks are taken in one order, each of them once, "
        "and released even if the block raises. So no cycle of waits can arise."
    )


def _taken(
    make: Callable[..., AbstractContextManager[Any]],
    accounts: Sequence[_Account],
    log: list[tuple[str, int]],
) -> list[int]:
    """The numbers of the locks, as they are taken."""
    log.clear()
    with make(*accounts):
        inside = list(log)
        for account in accounts:
            if not account.lock.locked():
                raise NotYet(
                    f"Inside of the block the lock of account {account.number} isn't held."
                )
    for account in accounts:
        if account.lock.locked():
            raise NotYet(f"After the block the lock of account {account.number} is still held.")
    return [number for what, number in inside if what == "takes"]


def _released_after_an_error(
    make: Callable[..., AbstractContextManager[Any]], accounts: Sequence[_Account]
) -> None:
    try:
        with make(*accounts):
            raise _Oops
    except _Oops:
        pass
    else:
        raise NotYet("The block raised, and hold swallowed the exception: let it pass.")
    if any(account.lock.locked() for account in accounts):
        raise NotYet(
            "The block raised, and locks are still held: nobody will ever get them. Release them "
            "in a finally, or let a with statement do it."
        )


_CASES: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = (
    ("nobody waits", {}, {"x": "A"}),
    ("A waits for B, who waits for nobody", {"A": "x"}, {"x": "B"}),
    ("A and B wait for each other", {"A": "y", "B": "x"}, {"x": "A", "y": "B"}),
    ("A waits for the lock that it holds itself", {"A": "x"}, {"x": "A"}),
    ("A waits for a lock that has just been released", {"A": "x"}, {}),
    (
        "A waits for B, and B and C wait for each other",
        {"A": "b", "B": "c", "C": "b"},
        {"b": "B", "c": "C", "a": "A"},
    ),
    (
        "A and B wait for C, who waits for nobody",
        {"A": "x", "B": "x"},
        {"x": "C", "a": "A", "b": "B"},
    ),
    (
        "A, B, C wait in a circle of three",
        {"A": "b", "B": "c", "C": "a"},
        {"a": "A", "b": "B", "c": "C"},
    ),
)
_MOST_STEPS = 2_000


class _Counted(dict[str, str]):
    """A dict that notices a search that goes round for ever."""

    looked = 0

    def _count(self) -> None:
        self.looked += 1
        if self.looked > _MOST_STEPS:
            raise NotYet(
                "The search goes round for ever: a thread may lead into a cycle and not be part of "
                "it. Stop when you come to a thread that you have passed already."
            )

    def __contains__(self, key: object) -> bool:
        self._count()
        return super().__contains__(key)

    def __getitem__(self, key: str) -> str:
        self._count()
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._count()
        return super().get(key, default)


def find_cycle(answer: Callable[[Mapping[str, str], Mapping[str, str]], Any]) -> str:
    """Check a function that finds threads which wait in a circle."""
    for said, waits_for, held_by in _CASES:
        _check(answer, said, waits_for, held_by)
    dice = random.Random(7)
    for _ in range(300):
        threads = "ABCDEFG"[: dice.randint(1, 7)]
        held_by = {lock: dice.choice(threads) for lock in "rstuvwx" if dice.random() < 0.8}
        waits_for = {name: dice.choice("rstuvwx") for name in threads if dice.random() < 0.8}
        said = f"waits_for is {waits_for} and held_by is {held_by}"
        _check(answer, said, waits_for, held_by)
    return (
        "It finds the cycle wherever there is one, and none elsewhere, in eight cases and in 300 "
        "that were made by chance. The wait-for graph above finds its cycles in the same way."
    )


def _check(
    answer: Callable[[Mapping[str, str], Mapping[str, str]], Any],
    said: str,
    waits_for: dict[str, str],
    held_by: dict[str, str],
) -> None:
    got = answer(_Counted(waits_for), _Counted(held_by))
    if not isinstance(got, (list, tuple)):
        raise NotYet(f"find_cycle must return a list of threads, and it returned {got!r}.")
    is_there = _has_cycle(waits_for, held_by)
    if not got:
        if is_there:
            raise NotYet(f"There is a cycle, and find_cycle didn't find it: {said}.")
        return
    if not is_there:
        raise NotYet(f"There is no cycle, and find_cycle returned {list(got)}: {said}.")
    if len(set(got)) < len(got):
        raise NotYet(f"A thread stands twice in {list(got)}: name each one once. {said}.")
    for thread, following in zip(got, [*got[1:], got[0]], strict=True):
        if held_by.get(waits_for.get(thread, "")) != following:
            raise NotYet(
                f"{list(got)} isn't a cycle: {thread} doesn't wait for a lock that {following} "
                f"holds. {said}."
            )


def _has_cycle(waits_for: Mapping[str, str], held_by: Mapping[str, str]) -> bool:
    """Take away threads that can go on, until none is left or each waits for another one."""
    stuck = set(waits_for)
    while free := {thread for thread in stuck if held_by.get(waits_for[thread]) not in stuck}:
        stuck -= free
    return bool(stuck)
