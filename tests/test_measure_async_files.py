"""Three ways to read files bring the same bytes."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from helpers.measure import async_files as measure


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    found = [tmp_path / f"file{number}" for number in range(5)]
    for number, path in enumerate(found):
        path.write_bytes(bytes([number]) * 10)
    return found


def test_all_ways_read_the_same(paths: list[Path]) -> None:
    plain = measure.read_plainly(paths)
    assert plain == [bytes([number]) * 10 for number in range(5)]
    assert asyncio.run(measure.read_in_threads(paths)) == plain
    assert asyncio.run(measure.read_with_aiofiles(paths)) == plain


@pytest.mark.parametrize(
    ("way", "calls"), [(measure.read_in_threads, 1), (measure.read_with_aiofiles, 3)]
)
def test_how_often_each_file_is_handed_to_a_thread(paths: list[Path], way: Any, calls: int) -> None:
    pool = measure.CountingPool()

    async def main() -> None:
        asyncio.get_running_loop().set_default_executor(pool)
        await way(paths)

    asyncio.run(main())
    assert pool.handed_over == calls * len(paths)


def test_a_comparison_times_each_way_and_leaves_nothing() -> None:
    before = threading.active_count()
    found = measure.reading(3, 100)
    assert list(found.seconds) == ["plain reading", "to_thread", "aiofiles"]
    assert all(len(values) >= 7 for values in found.seconds.values())
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("files", {"files": 0}),
        ("size", {"size": 0}),
        ("size", {"files": 1000, "size": 1_000_000}),
        ("repeats", {"repeats": 6}),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        measure.reading(**arguments)
