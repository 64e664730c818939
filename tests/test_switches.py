"""Context switches: counted in the worker, swept over threads, drawn."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from helpers.draw import switches as draw
from helpers.measure import switches as measure
from helpers.measure.switches import TELLS_SWITCHES, Switches
from helpers.workers import switches as workers

METHODS = multiprocessing.get_all_start_methods()
tells = pytest.mark.skipif(not TELLS_SWITCHES.met(), reason=TELLS_SWITCHES.reason)


@tells
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("load", workers.LOADS)
def test_every_load_is_counted_under_each_start_method(method: str, load: str) -> None:
    with multiprocessing.get_context(method).Pool(1) as pool:
        found = pool.apply(workers.count, (load, 2, 20))
        pool.close()
        pool.join()
    assert set(found) == {"voluntary", "involuntary", "seconds"}
    assert found["seconds"] > 0
    assert min(found["voluntary"], found["involuntary"]) >= 0


@tells
def test_who_waits_leaves_the_core() -> None:
    assert measure.count("sleeping", 3, 20).voluntary >= 60
    ring = measure.count("handing over", amount=50)
    assert ring.voluntary >= 50
    assert ring.threads == 2


def test_a_number_goes_round_the_ring_and_all_threads_end() -> None:
    workers.in_a_ring(1)
    workers.in_a_ring(7)


@tells
def test_a_sweep_has_one_count_for_each_number_of_threads() -> None:
    found = measure.sweep((1, 3), seconds=0.01)
    assert [one.threads for one in found] == [1, 3]
    assert all(one.load == "computing" for one in found)


def test_where_nothing_is_told_there_is_nothing_to_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "resource", None)
    with pytest.raises(OSError, match="doesn't tell"):
        workers.so_far()
    assert not TELLS_SWITCHES.met()
    assert measure.sweep() == ()
    assert draw.sweep(()).text.startswith("Nothing counted: this system")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("load", ("resting", 1, 1)),
        ("threads", ("computing", 0, 1)),
        ("amount", ("computing", 1, 0)),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: Any) -> None:
    for count in (workers.count, measure.count):
        with pytest.raises(ValueError, match=f"^{name} must"):
            count(*arguments)


def test_a_sweep_refuses_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match=r"^threads must"):
        measure.sweep(())
    with pytest.raises(ValueError, match=r"^threads must be from 1 to 64"):
        measure.count("computing", 65)
    if TELLS_SWITCHES.met():
        with pytest.raises(ValueError, match=r"^seconds must"):
            measure.sweep(seconds=0)


def test_both_kinds_are_drawn_and_told() -> None:
    found = (Switches("computing", 1, 7, 2, 0.2), Switches("computing", 2, 150, 20, 0.21))
    picture = draw.sweep(found)
    assert picture.text == (
        "Context switches of the same computing: 1 thread 7 voluntary and 2 involuntary in 200 ms; "
        "2 threads 150 voluntary and 20 involuntary in 210 ms."
    )
    written = [text.get_text() for text in picture.figure.axes[0].texts]
    assert written == ["7", "150", "2", "20"]
    assert picture.png.startswith(b"\x89PNG")
