"""What free threading changes: measured here, on a free-threaded CPython, and recorded."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from helpers.draw import free_threading as draw
from helpers.measure import free_threading as measure
from helpers.measure.elsewhere import WorkerFailed
from helpers.measure.free_threading import Extension, HiddenRaces, hidden_races
from helpers.measure.interpreters import Found, Interpreter, find_interpreters
from helpers.workers import free_threading as worker
from helpers.workers.timeline import gil_enabled

FREE = find_interpreters().free_threaded
without_a_gil = pytest.mark.skipif(not FREE, reason="no free-threaded CPython on this machine")
compiled = pytest.mark.skipif(
    not FREE or not (shutil.which("gcc") or shutil.which("cc")),
    reason="takes a free-threaded CPython and a C compiler",
)


@pytest.mark.skipif(not gil_enabled(), reason="about interpreters with a GIL")
def test_with_the_gil_nothing_goes_wrong() -> None:
    found = hidden_races(times=1_000, seconds=0.01)
    assert found.gil is True
    assert found.expected == found.counted == found.appended == 4_000
    assert found.got == found.different == 4_000
    assert found.locked == (4_000, 4_000)


@without_a_gil
def test_without_it_list_and_lock_keep_what_they_promise() -> None:
    found = hidden_races(FREE[0].path, times=1_000, seconds=0.05)
    assert found.gil is False
    assert found.appended == found.expected
    assert found.locked == (found.expected, found.expected)
    assert found.counted <= found.expected
    assert found.got >= found.different


def test_both_kinds_are_compared() -> None:
    with_gil, without = measure.with_and_without_gil()
    assert with_gil.gil is True
    assert without.gil is False
    assert bool(without.recorded) is not bool(FREE)


def test_it_is_tried_until_something_goes_wrong_or_time_is_up() -> None:
    answers = iter([2, 2, 1, 2])
    assert worker.until_wrong(lambda: next(answers), 2, 3600) == 1
    assert worker.until_wrong(lambda: 2, 2, 0.001) == 2


@compiled
def test_a_real_extension_switches_the_gil_on_unless_it_declares() -> None:
    silent, declaring = measure.extensions()
    assert (silent.before, silent.after, silent.recorded) == (False, True, "")
    assert "has been enabled to load module 'it_says_nothing'" in silent.warning
    assert (declaring.before, declaring.after, declaring.warning) == (False, False, "")


@compiled
def test_no_file_of_an_extension_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    measure.extensions()
    assert list(tmp_path.iterdir()) == []


@without_a_gil
def test_without_a_compiler_the_recorded_run_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise WorkerFailed("import_extension raised RuntimeError: no C compiler")

    monkeypatch.setattr(measure, "_import", failing)
    silent, declaring = measure.extensions()
    assert silent.recorded.startswith("recorded on ")
    assert silent.after is True
    assert declaring.after is False
    with pytest.raises(RuntimeError, match="no C compiler"):
        measure.record(Path("nowhere"))


def test_without_a_free_threaded_one_the_recorded_runs_stand_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = Interpreter("/own", (3, 14, 0), False, True)
    monkeypatch.setattr(measure, "find_interpreters", lambda: Found((own,), ()))
    races = measure.without_gil()
    assert races.recorded.startswith("recorded on ")
    assert races.gil is False
    assert races.counted < races.expected
    assert races.got > races.different
    assert all(one.recorded for one in measure.extensions())
    with pytest.raises(RuntimeError, match="no free-threaded CPython"):
        measure.record(Path("nowhere"))


@compiled
@pytest.mark.slow
def test_a_record_can_be_made_again(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    measure.record(path)
    noted = json.loads(path.read_text(encoding="utf-8"))
    assert set(noted) == {"machine", "date", "races", "extensions"}


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"times": 99}, "times"),
        ({"times": 10**7}, "times"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be"):
        hidden_races(**arguments)


def test_tables_say_what_was_lost_and_what_came_twice() -> None:
    right = HiddenRaces("3.14.0", True, 80, 80, 80, 80, 80, (80, 80))
    wrong = HiddenRaces("3.14.0t", False, 80, 60, 80, 95, 80, (80, 80), "recorded somewhere")
    table = draw.hidden_races([right, wrong])
    assert table.columns[1:] == ["3.14.0", "3.14.0t (recorded somewhere)"]
    assert [row[1:] for row in table.rows] == [
        ("right", "20 of 80 lost"),
        ("right", "right"),
        ("each once", "15 too many"),
        ("each once", "each once"),
    ]
    assert table.text.startswith("Each should give 80.")
    with pytest.raises(ValueError, match=r"^found must hold"):
        draw.hidden_races([])


def test_the_table_of_imports_counts_the_switches() -> None:
    silent = Extension(False, False, True, "The GIL has been enabled, and so on")
    table = draw.extensions([silent, Extension(True, False, False, "")])
    assert table.text == "1 of 2 imports switched the GIL on, for the whole process."
    assert [row[2:] for row in table.rows] == [
        ("on", "The GIL has been enabled"),
        ("off", "nothing"),
    ]
