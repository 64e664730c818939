"""NumPy's own threads inside the processes of a pool: how many, and what they do to each other.

These run in children, and stand here because workers import the standard library only.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from helpers.measure.verdict import Need
from helpers.workers import switches


@dataclass(frozen=True)
class Product:
    """What one process saw: its BLAS threads, seconds, and context switches of either kind.

    switches is None where the system doesn't tell.
    """

    process: int
    threads: int
    seconds: float
    switches: int | None


def blas_threads() -> int:
    """How many threads the BLAS of this process's NumPy may use; 0 if threadpoolctl sees none.

    It doesn't see Apple's Accelerate: https://github.com/joblib/threadpoolctl
    """
    import numpy  # noqa: F401  # loads the library
    from threadpoolctl import threadpool_info

    found = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]
    return max(found, default=0)


HAS_BLAS_THREADS = Need(
    lambda: blas_threads() > 1,
    "NumPy's library has one thread only here, or is one that threadpoolctl doesn't know",
)


def multiply(size: int, times: int, threads: int | None) -> Product:
    """Multiply two square matrices so many times.

    size: rows and columns. threads: that BLAS may use meanwhile; None leaves it as it is.
    Raises ValueError for a size, times or threads below 1.
    """
    for name, value in (("size", size), ("times", times), ("threads", threads)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    import numpy as np
    from threadpoolctl import threadpool_limits

    matrix = np.ones((size, size))
    with threadpool_limits(limits=threads, user_api="blas"):
        before = _switches()
        began = time.perf_counter()
        for _ in range(times):
            matrix @ matrix
        seconds = time.perf_counter() - began
        after = _switches()
        made = None if before is None or after is None else after - before
        return Product(os.getpid(), blas_threads(), seconds, made)


def _switches() -> int | None:
    try:
        return sum(switches.so_far())
    except OSError:
        return None
