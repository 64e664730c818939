"""Start methods: what a child has, a fork at a bad moment, main modules, what a start costs."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import pytest

from helpers.draw import start_methods as draw
from helpers.labs.start_methods import start_method_lab
from helpers.measure import start_methods as measure
from helpers.measure.compare import Comparison
from helpers.measure.elsewhere import Stopped, WorkerFailed, call
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.start_methods import ScriptRun, StartCosts, last_error
from helpers.workers import start_methods as workers

with_fork = pytest.mark.skipif("fork" not in measure.available(), reason="this system has no fork")
METHODS = measure.available()


def test_what_a_child_has_differs_by_method() -> None:
    found = measure.inherited()
    assert tuple(found) == METHODS
    assert [thing for thing, has in found["spawn"].items() if has] == [workers.VARIABLE]
    if "fork" in found:
        assert [thing for thing, has in found["fork"].items() if not has] == [workers.THREADS]
        assert not any(found["forkserver"].values())
    table = draw.inherited(found)
    assert len(table.rows) == 6
    assert "spawn 1 of 6" in table.text


@pytest.mark.parametrize("method", METHODS)
def test_a_lock_held_at_the_start_hangs_a_forked_child_only(method: str) -> None:
    before = belongings()
    patience_s = 0.3 if method == "fork" else 20.0
    found = call(workers.start_while_a_thread_holds_the_lock, method, patience_s)
    assert found["killed"] == (method == "fork")
    assert len(found["said"]) == (1 if method == "fork" else 2)
    warned = any("fork" in text for text in found["warnings"])
    assert warned == (method == "fork" and sys.version_info >= (3, 12))
    assert left_since(before, patience=10) == []
    table = draw.bad_moment({method: found})
    assert [row[0] for row in table.rows] == list(measure.METHODS)
    assert (f"Hung and killed: {method}." in table.text) == found["killed"]


def test_a_start_method_can_be_set_once_and_contexts_mix() -> None:
    assert call(workers.set_twice) == "RuntimeError: context has already been set"
    assert set(call(workers.two_contexts)) == set(METHODS)


@with_fork
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_page_is_copied_when_it_is_written_to() -> None:
    before, after = call(workers.copy_on_write, 20)
    assert after["unique"] - before["unique"] > 15_000_000


def test_a_script_runs_as_a_file_or_without_one() -> None:
    source = "import sys; print(sys.modules['__main__'].__dict__.get('__file__') is not None)"
    assert measure.run_script(source) == ScriptRun(0, "True\n", "")
    assert measure.run_script(source, as_file=False) == ScriptRun(0, "False\n", "")
    failed = measure.run_script("raise SystemExit(3)")
    assert failed.exit_code == 3
    assert measure.run_script("1 / 0").last_error == "ZeroDivisionError: division by zero"


def test_a_script_that_hangs_is_ended_with_what_it_started() -> None:
    before = belongings()
    source = (
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    )
    with pytest.raises(TimeoutError):
        measure.run_script(source, deadline=1.0)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        measure.run_script(source, stop=stop)
    assert left_since(before, patience=10) == []


def test_an_empty_script_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^source must be some Python code"):
        measure.run_script("  \n")


def test_the_last_error_is_that_of_the_first_traceback() -> None:
    errors = (
        "noise\nTraceback (most recent call last):\n  File x\n    code\n"
        "ValueError: first\n  more\n\n"
        "Traceback (most recent call last):\nKeyError: second\n"
    )
    assert last_error(errors) == "ValueError: first more"
    assert last_error("nothing of the kind") == ""


@pytest.mark.parametrize("place", measure.PLACES)
def test_a_main_module_imports_in_its_place(place: str) -> None:
    source = measure.main_module(["colorsys", "wave"], place, ["spawn"], 1)
    top, _, guarded = source.partition("if __name__")
    assert ("import wave" in top) == (place == measure.AT_THE_TOP)
    assert ("import wave" in guarded) == (place == measure.IN_THE_GUARD)
    ran = measure.run_script(source)
    assert ran.exit_code == 0, ran.errors
    there = json.loads(ran.output)["modules"]["spawn"]
    assert there == (["colorsys", "wave"] if place == measure.AT_THE_TOP else [])


def test_what_a_start_costs_is_measured_by_method() -> None:
    found = measure.start_costs(measure.AT_THE_TOP, ["wave"], METHODS, rounds=1, ballast_mb=1)
    assert found.methods == METHODS
    assert all(seconds[0] > 0 for seconds in found.comparison.seconds.values())
    assert found.modules["spawn"] == 1
    if sys.platform == "linux":
        assert set(found.unique) == set(METHODS)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("place", {"place": "somewhere"}),
        ("methods", {"methods": ["teleport"]}),
        ("methods", {"methods": []}),
        ("rounds", {"rounds": 0}),
        ("ballast_mb", {"ballast_mb": -1}),
        ("ballast_mb", {"ballast_mb": 501}),
    ],
)
def test_bad_arguments_are_named(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be"):
        measure.start_costs(**settings)


def test_a_main_module_that_fails_says_why() -> None:
    with pytest.raises(WorkerFailed, match="no_such_module"):
        measure.start_costs(measure.AT_THE_TOP, ["no_such_module"], ["spawn"], 1)


def made(main: str = "light main", memory: bool = True) -> StartCosts:
    seconds = {"fork": (0.002,) * 3, "spawn": (0.05,) * 3}
    unique = {"fork": 1_500_000, "spawn": 8_000_000} if memory else {}
    return StartCosts(main, Comparison(seconds, {}, 0.0), unique, {"fork": 0, "spawn": 0})


def test_costs_are_drawn_with_memory_where_it_is_told() -> None:
    picture = draw.costs([made(), made("imports at the top")])
    assert len(picture.figure.axes) == 2
    assert "fork (light main) 2 ms and 1.5 MB" in picture.text
    assert picture.png.startswith(b"\x89PNG")
    without = draw.costs([made(memory=False)])
    assert len(without.figure.axes) == 1
    assert without.text.endswith("This system doesn't tell memory.")


def test_nothing_to_draw_is_refused() -> None:
    for draws in (lambda: draw.inherited({}), lambda: draw.bad_moment({}), lambda: draw.costs([])):
        with pytest.raises(ValueError, match=r"^found must hold"):
            draws()


def test_scripts_are_listed() -> None:
    table = draw.scripts({"a": ScriptRun(1, "", "Traceback\nValueError: x\n")}, "t")
    assert list(table.rows) == [["a", "1", "nothing", "ValueError: x"]]


def test_the_lab_measures_and_draws() -> None:
    lab = start_method_lab().run()
    assert "Done." in lab.status.value
    assert lab.picture is not None
    assert "spawn (light main)" in lab.picture.text
    names = [control.description for control in lab.controls.values()]
    assert names[0] == "The main module imports"
    assert all(names)
