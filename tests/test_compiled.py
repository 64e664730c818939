"""Compiled loops: the workers, numba and what stands in for it, threads, Cython, pictures, lab."""

from __future__ import annotations

import importlib.util
import multiprocessing
import platform
import shutil
import sysconfig
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import compiled as draw
from helpers.labs.compiled import SIZES, compiled_lab
from helpers.measure import compiled as measure
from helpers.measure.compare import Comparison
from helpers.measure.elsewhere import Stopped, call
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.timeline import Span, State, Timeline
from helpers.workers import compiled as workers

METHODS = [
    m for m in ("fork", "spawn", "forkserver") if m in multiprocessing.get_all_start_methods()
]
needs_numba = pytest.mark.skipif(not measure.NUMBA.met(), reason=measure.NUMBA.reason)


def steps(n: int) -> int:
    return 0 if n == 1 else 1 + steps(n // 2 if n % 2 == 0 else 3 * n + 1)


@given(first=st.integers(1, 300), many=st.integers(0, 60))
def test_the_longest_chain_is_that_of_the_definition(first: int, many: int) -> None:
    wanted = max(map(steps, range(first, first + many)), default=0)
    assert workers.longest_chain(first, first + many) == wanted


def test_known_chains() -> None:
    assert workers.longest_chain(27, 28) == 111  # https://oeis.org/A006577
    assert workers.longest_chain(1, 1_000) == 178


@given(first=st.integers(-5, 5), many=st.integers(1, 200), count=st.integers(1, 50))
def test_pieces_hold_each_number_once(first: int, many: int, count: int) -> None:
    if count > many:
        with pytest.raises(ValueError, match=r"^count must be at most"):
            workers.pieces(first, first + many, count)
        return
    found = workers.pieces(first, first + many, count)
    assert len(found) == count
    assert [n for low, high in found for n in range(low, high)] == list(range(first, first + many))
    assert len({high - low for low, high in found}) <= 2


def test_no_pieces_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^count must be at least 1"):
        workers.pieces(0, 5, 0)


@pytest.mark.parametrize("method", METHODS)
def test_the_worker_runs_in_pools_of_each_start_method(method: str) -> None:
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.starmap(workers.longest_chain, [(1, 10), (27, 28)]) == [19, 111]
        pool.close()
        pool.join()


def test_the_worker_runs_elsewhere() -> None:
    assert call(workers.longest_chain, 1, 10) == 19


@needs_numba
@pytest.mark.parametrize("language", measure.LANGUAGES)
def test_each_language_finds_the_same(language: str) -> None:
    assert measure.chain_in(language)(1, 2_000) == workers.longest_chain(1, 2_000)


def test_without_numba_the_same_code_runs_as_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    stand_in = measure.numba()
    assert "numba isn't installed here" in stand_in.__version__
    assert stand_in.njit(workers.longest_chain) is workers.longest_chain
    assert stand_in.njit(nogil=True)(workers.longest_chain) is workers.longest_chain
    assert list(stand_in.prange(2, 5)) == [2, 3, 4]
    assert measure.languages() == (measure.PYTHON,)
    measure.chain_in.cache_clear()
    with pytest.raises(ValueError, match=r"^language can't be 'numba': numba isn't installed"):
        measure.chain_in(measure.KEEPS_GIL)
    assert measure.build_cython("").why_not == "Cython isn't installed here"
    lab = compiled_lab()
    assert lab.settings["language"] == measure.PYTHON


@pytest.mark.parametrize("language", measure.languages())
def test_threads_share_the_numbers_and_are_recorded(language: str) -> None:
    before = belongings()
    run = measure.in_threads(language, 3, 2_000)
    assert run.longest == workers.longest_chain(1, 2_001)
    assert run.timeline.lanes == ("thread 1", "thread 2", "thread 3")
    assert 0 <= run.waiting_for_gil <= 1
    assert run.rate > 0
    assert left_since(before) == []


@needs_numba
def test_only_nogil_is_recorded_as_released() -> None:
    kept, released = (
        measure.in_threads(language, 1, 20_000).timeline
        for language in (measure.KEEPS_GIL, measure.NO_GIL)
    )
    assert not kept.of(State.RELEASED)
    assert released.of(State.RELEASED)


def test_threads_can_be_stopped() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        measure.in_threads(measure.PYTHON, 2, 1_000, stop)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("language", ("Fortran", 2, 1_000)),
        ("threads", (measure.PYTHON, 0, 1_000)),
        ("threads", (measure.PYTHON, 9, 1_000)),
        ("numbers", (measure.PYTHON, 2, 999)),
        ("numbers", (measure.PYTHON, 2, 10**9)),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        measure.in_threads(*arguments)


def test_cython_builds_a_module_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    built = measure.build_cython("def twice(long n):\n    return 2 * n\n", "doubles")
    assert list(tmp_path.iterdir()) == []
    if built.module is None:
        pytest.skip(built.why_not)
    assert built.module.twice(21) == 42
    assert built.translated_s > 0
    assert built.compiled_s > 0


def test_a_source_that_does_not_compile_is_refused() -> None:
    if measure.build_cython("", "empty").module is None:
        pytest.skip("no Cython or no C compiler here")
    with pytest.raises(ValueError, match=r"^source must compile: "):
        measure.build_cython("def broken(:\n")


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^name must be an identifier"):
        measure.build_cython("", "../elsewhere")


def test_where_there_is_no_compiler_the_result_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    built = measure.build_cython("def twice(long n):\n    return 2 * n\n")
    assert built.module is None
    if sysconfig.get_config_var("LDSHARED"):
        assert built.why_not.startswith("there is no C compiler here")
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    assert "doesn't know how to call" in measure.build_cython("").why_not


def test_where_there_are_no_headers_the_result_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: "cc -shared")
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    assert "Python.h" in measure.build_cython("").why_not


SPEEDS = Comparison({"Python": (0.1,) * 7, "numba": (0.2,) * 7, "both": (0.1,) * 7}, {}, None)


def test_times_are_told_in_words() -> None:
    picture = draw.times(SPEEDS, "x")
    assert picture.text == "Medians: Python 100 ms, numba 200 ms, both 100 ms."
    assert picture.png.startswith(b"\x89PNG")


def test_rates_count_numbers_and_name_limits() -> None:
    numbers = {"Python": 10, "numba": 1_000, "both": 1_000}
    picture = draw.rates(SPEEDS, numbers, "Python", {"both": 20_000.0})
    assert picture.text == "As fast as Python: numba 50 times, both 100 times (50% of its limit)."
    assert [text.get_text() for text in picture.figure.axes[0].texts] == ["× 1", "× 50", "× 100"]
    assert picture.png.startswith(b"\x89PNG")


def test_runs_are_drawn_on_one_scale() -> None:
    runs = [
        measure.ThreadRun(
            language,
            1,
            500,
            9,
            Timeline(("thread 1",), (Span("thread 1", state, 0, end),), True, True),
        )
        for language, state, end in (
            ("Python", State.RUNNING, 1_000_000_000),
            ("numba, nogil", State.RELEASED, 500_000_000),
        )
    ]
    picture = draw.thread_runs(runs)
    assert picture.text.startswith("Python, 500 numbers, 500 a second: 1 lane over 1.00 s")
    assert {axes.get_xlim() for axes in picture.figure.axes} == {(0.0, 1.0)}
    assert picture.png.startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"^runs must hold"):
        draw.thread_runs([])


@pytest.mark.parametrize("language", measure.languages())
def test_the_lab_measures_and_draws(language: str) -> None:
    lab = compiled_lab().set(language=language, threads=2).run()
    assert "Done." in lab.status.value
    assert lab.picture is not None
    assert lab.picture.text.startswith(f"{language}, {SIZES[language]} numbers")
    assert [control.description for control in lab.controls.values()] == ["Code", "Threads"]


def test_the_lab_can_be_stopped() -> None:
    lab = compiled_lab().set(language=measure.PYTHON, threads=8)
    lab.start()
    lab.stop()
    lab.wait(2)
    assert "Stopped" in lab.status.value or "Done" in lab.status.value
