"""A large table that the tasks of a pool need, and ways to let them have it."""

from __future__ import annotations

import multiprocessing
from array import array
from multiprocessing.shared_memory import SharedMemory
from typing import Any

PARTS = 8
_kept: list[Table] = []  # what the initializer has put into this process


class Table:
    """Many numbers, which count how often they are turned into bytes."""

    pickled = 0

    def __init__(self, numbers: array[float]) -> None:
        self.numbers = numbers

    def __reduce__(self) -> tuple[Any, ...]:
        """What pickle asks an object for: whom to call, and with what, to make it again."""
        Table.pickled += 1
        return Table, (self.numbers,)

    def part(self, number: int) -> array[float]:
        """One of PARTS pieces."""
        length = len(self.numbers) // PARTS
        return self.numbers[number * length : (number + 1) * length]


def sum_with(table: Table, number: int) -> float:
    """The table comes with the task."""
    return sum(table.part(number))


def keep(table: Table) -> None:
    """An initializer: the table comes once, when the process starts."""
    _kept[:] = [table]


def sum_kept(number: int) -> float:
    return sum(_kept[0].part(number))


def doubled(number: int) -> list[float]:
    """Send the whole part back."""
    return [2 * value for value in _kept[0].part(number)]


def sum_doubled(number: int) -> float:
    """Send back what the caller wants to know of it."""
    return sum(doubled(number))


def sum_shared(name: str, count: int, number: int) -> float:
    """The table is in shared memory: what comes with the task is its name."""
    segment = SharedMemory(name)
    length = count // PARTS
    assert segment.buf is not None  # it is open
    # What looks into a segment must be let go before the segment can be closed.
    with segment.buf.cast("d") as numbers, numbers[number * length :][:length] as part:
        total = float(sum(part))
    segment.close()
    return total


def pickled_for_the_initializer(method: str, processes: int) -> int:
    """How often the table is pickled if an initializer gets it, under this start method.

    Runs in a fresh interpreter, where fork is safe.
    """
    table = Table(array("d", range(PARTS)))
    context = multiprocessing.get_context(method)
    with context.Pool(processes, keep, (table,)) as pool:
        sums = pool.map(sum_kept, range(PARTS), 1)
    if sums != list(range(PARTS)):
        raise RuntimeError(f"the table has not arrived: the parts' sums are {sums}")
    return Table.pickled
