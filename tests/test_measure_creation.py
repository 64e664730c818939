"""Costs come with every point, and say so where a system doesn't tell."""

from __future__ import annotations

import multiprocessing

import pytest

from helpers.measure import creation
from helpers.measure.creation import MemoryCosts, in_bytes


def test_starts_are_a_comparison_of_all_kinds() -> None:
    costs = creation.start_costs()
    assert {creation.TASK, creation.THREAD, creation.process("spawn")} <= set(costs.seconds)
    assert all(len(points) == 7 for points in costs.seconds.values())


def test_memory_of_all_kinds() -> None:
    costs = creation.memory_costs(threads=50, tasks=2_000)
    methods = {creation.process(method) for method in multiprocessing.get_all_start_methods()}
    if creation.TELLS_MEMORY.met():
        assert {creation.TASK, creation.THREAD} | methods <= set(costs.resident)
        assert costs.least[creation.process("spawn")] > costs.least[creation.TASK]
        assert "asyncio task" in str(costs)
    else:
        assert not costs.resident
        assert "doesn't tell" in str(costs)
    assert set(costs.unique) <= methods


def test_the_least_is_what_is_its_own() -> None:
    costs = MemoryCosts({"thread": 5.0, "process (spawn)": 9.0}, {"process (spawn)": 4.0})
    assert costs.least == {"thread": 5.0, "process (spawn)": 4.0}
    assert "doesn't tell" in str(MemoryCosts({}, {}))


@pytest.mark.parametrize(
    ("size", "words"), [(981, "981 bytes"), (14_600, "14.6 kB"), (12_400_000, "12.4 MB")]
)
def test_sizes_in_words(size: float, words: str) -> None:
    assert in_bytes(size) == words


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"^rounds must be at least 7"):
        creation.start_costs(6)
    with pytest.raises(ValueError, match=r"^threads must be at least 1"):
        creation.memory_costs(threads=0)
    with pytest.raises(ValueError, match=r"^tasks must be at least 1"):
        creation.memory_costs(tasks=0)
