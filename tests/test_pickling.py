"""Tables for the tasks of a pool: counted picklings, the same sums each way."""

from __future__ import annotations

import multiprocessing
import pickle
from array import array
from functools import partial
from multiprocessing.shared_memory import SharedMemory

import pytest

from helpers.measure.elsewhere import call
from helpers.workers import pickling as workers

METHODS = multiprocessing.get_all_start_methods()


def table() -> workers.Table:
    return workers.Table(array("d", range(800)))


def test_a_table_counts_how_often_it_is_pickled() -> None:
    workers.Table.pickled = 0
    found = pickle.loads(pickle.dumps(table()))
    assert workers.Table.pickled == 1
    assert list(found.numbers) == list(range(800))
    assert found.part(1)[0] == 100


@pytest.mark.parametrize("method", METHODS)
def test_each_way_gives_the_same_sums(method: str) -> None:
    whole = table()
    wanted = [sum(range(first, first + 100)) for first in range(0, 800, 100)]
    segment = SharedMemory(create=True, size=8 * 800)
    try:
        assert segment.buf is not None
        segment.buf[: 8 * 800] = memoryview(whole.numbers).cast("B")
        context = multiprocessing.get_context(method)
        with context.Pool(2, workers.keep, (whole,)) as pool:
            assert pool.map(partial(workers.sum_with, whole), range(8), 1) == wanted
            assert pool.map(workers.sum_kept, range(8), 1) == wanted
            by_name = partial(workers.sum_shared, segment.name, 800)
            assert pool.map(by_name, range(8), 1) == wanted
            assert pool.map(workers.sum_doubled, range(8), 1) == [2 * each for each in wanted]
            assert [sum(part) for part in pool.map(workers.doubled, range(8), 1)] == [
                2 * each for each in wanted
            ]
            pool.close()
            pool.join()
    finally:
        segment.close()
        segment.unlink()


@pytest.mark.parametrize("method", METHODS)
def test_an_initializer_gets_the_table_once_for_each_process(method: str) -> None:
    found = call(workers.pickled_for_the_initializer, method, 2)
    assert found == (0 if method == "fork" else 2)
