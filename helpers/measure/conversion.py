"""Folders of files to convert, which end with their block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from helpers.workers import conversion as work

MOST_BYTES = 5_000_000
MOST_ROWS = 100_000


@contextmanager
def texts(count: int, size: int) -> Iterator[list[str]]:
    """Paths of so many text files of ``size`` bytes.

    Raises ValueError for none, or a size outside 1 byte to 5 MB.
    """
    _must_be("count", count, 1000)
    _must_be("size", size, MOST_BYTES)
    with TemporaryDirectory() as folder:
        yield work.write_texts(folder, count, size)


@contextmanager
def tables(count: int, rows: int) -> Iterator[list[str]]:
    """Paths of so many CSV files of so many rows.

    Raises ValueError for none, or rows outside 1 to 100,000.
    """
    _must_be("count", count, 1000)
    _must_be("rows", rows, MOST_ROWS)
    with TemporaryDirectory() as folder:
        yield work.write_tables(folder, count, rows)


def _must_be(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise ValueError(f"{name} must be 1 to {most:,}, got {value}")
