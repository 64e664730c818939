"""What is ready in a pool's process, and starts by one method side by side."""

from __future__ import annotations

import multiprocessing

import pytest

from helpers.measure.compare import Comparison
from helpers.measure.start_methods import StartCosts, named, side_by_side
from helpers.workers import warm_pools as workers

METHODS = multiprocessing.get_all_start_methods()


@pytest.mark.parametrize("method", METHODS)
def test_an_initializer_imports_before_the_first_task(method: str) -> None:
    context = multiprocessing.get_context(method)
    with context.Pool(1, workers.get_ready) as pool:
        first = pool.apply(workers.parse)
        assert first["ready"]
        assert first["process"] == pool.apply(workers.process_id)
        pool.close()
        pool.join()


def test_without_one_the_first_task_imports() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = [pool.apply(workers.parse) for _ in range(2)]
        pool.close()
        pool.join()
    assert [one["ready"] for one in found] == [False, True]
    assert all(one["seconds"] >= 0 for one in found)


def costs(main: str, busy: float | None = None, **seconds: tuple[float, ...]) -> StartCosts:
    return StartCosts(main, Comparison(seconds, {}, busy), {}, {})


def test_starts_of_two_main_modules_are_compared() -> None:
    light = costs("light", 0.1, spawn=(1.0, 1.0), fork=(0.1, 0.1))
    heavy = costs("heavy", 0.4, spawn=(2.0, 2.0))
    found = side_by_side((light, "spawn"), (heavy, "spawn"), (light, "fork"))
    assert list(found.seconds) == ["spawn, light", "spawn, heavy", "fork, light"]
    assert found.ratio(named(heavy, "spawn"), named(light, "spawn")).middle == 2
    assert found.busy == 0.4
    assert side_by_side((costs("light", spawn=(1.0,)), "spawn")).busy is None


def test_what_cant_be_compared_is_refused() -> None:
    light = costs("light", spawn=(1.0, 1.0))
    with pytest.raises(ValueError, match=r"^starts must hold"):
        side_by_side()
    with pytest.raises(ValueError, match=r"^starts must hold"):
        side_by_side((light, "spawn"), (light, "spawn"))
    with pytest.raises(ValueError, match=r"^starts must have been"):
        side_by_side((light, "spawn"), (costs("heavy", spawn=(1.0,)), "spawn"))
    with pytest.raises(KeyError):
        side_by_side((light, "fork"))
