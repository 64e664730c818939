"""How large a piece of work must be before a pool of threads pays: C code that needs no GIL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from helpers.measure.compare import Comparison, Ratio, compare
from helpers.workers import released as work

THREADS = 2
# As much as is hashed in some milliseconds, but no more pieces than are handed over in as many.
_MOST_BYTES = 16_000_000
_MOST_PIECES = 500
_REPEATS = 15  # a core that is taken away for a while shall not decide


@dataclass(frozen=True)
class Pieces:
    """The same bytes hashed in two ways, for pieces of several sizes (bytes)."""

    sizes: tuple[int, ...]
    comparison: Comparison

    def speed_up(self, size: int) -> Ratio:
        """How many times as fast the pool was. KeyError for a size that wasn't measured."""
        return self.comparison.ratio(alone(size), pooled(size))

    def piece_s(self, size: int) -> float:
        """Seconds that one piece took, one after another (median)."""
        return self.comparison.median(alone(size)) / count(size)

    def hand_over_s(self, size: int) -> float:
        """Seconds that one piece took in the pool (median)."""
        return self.comparison.median(pooled(size)) / count(size)


def alone(size: int) -> str:
    return f"{in_bytes(size)}, one after another"


def pooled(size: int) -> str:
    return f"{in_bytes(size)}, in a pool"


def count(size: int) -> int:
    """How many pieces of this size are hashed."""
    return max(THREADS, min(_MOST_PIECES, _MOST_BYTES // size))


def by_piece(
    sizes: Sequence[int] = (250, 2_500, 25_000, 250_000, 2_000_000),
    progress: Callable[[float], None] | None = None,
) -> Pieces:
    """Hash pieces of each size one after another, and as tasks for a pool of two threads.

    sizes: bytes of a piece, 1 to 10 million. progress: called with the part done (0 to 1).
    Raises ValueError for no sizes, or one outside.
    """
    if not sizes:
        raise ValueError("sizes must hold at least one size")
    for size in sizes:
        if not 1 <= size <= 10_000_000:
            raise ValueError(f"sizes must lie between 1 and 10 million bytes, got {size}")
    contenders: dict[str, Callable[[], object]] = {}
    with ThreadPoolExecutor(THREADS) as pool:
        for size in sizes:
            pieces = [bytes(size)] * count(size)
            contenders[alone(size)] = partial(work.one_after_another, pieces)
            contenders[pooled(size)] = partial(work.in_a_pool, pieces, pool)
        return Pieces(tuple(sizes), compare(contenders, repeats=_REPEATS, progress=progress))


def in_bytes(size: int) -> str:
    """A size with the unit that suits it: 250 B, 25 kB, 2 MB."""
    for unit, scale in (("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:g} {unit}"
    return f"{size} B"
