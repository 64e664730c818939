"""Work for a compiler: a loop that no formula replaces, in plain Python.

numba compiles these very functions; threads, processes and clusters run them.
"""

from __future__ import annotations


def longest_chain(first: int, last: int) -> int:
    """The most steps that a number from first to last (excluded) takes down to 1.

    A step halves an even number, and turns an odd n into 3n + 1 (the Collatz problem).
    """
    longest = 0
    for start in range(first, last):
        n = start
        steps = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        longest = max(longest, steps)
    return longest


def pieces(first: int, last: int, count: int) -> list[tuple[int, int]]:
    """Cut first to last (excluded) into so many ranges that differ by at most one number.

    Raises ValueError if there are fewer numbers than pieces, or no pieces.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    if last - first < count:
        raise ValueError(f"count must be at most {last - first}, the numbers there are")
    edges = [first + (last - first) * number // count for number in range(count + 1)]
    return list(zip(edges, edges[1:]))
