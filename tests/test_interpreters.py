"""Interpreters are found where installers put them, asked once, and never trusted."""

from __future__ import annotations

import os
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from helpers.measure import interpreters
from helpers.measure.interpreters import Found, Interpreter, find_interpreters

posix = pytest.mark.skipif(os.name != "posix", reason="makes interpreters of shell scripts")


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is all of PATH, on a machine with no other places to look."""
    monkeypatch.setattr(interpreters, "_places", lambda: [])
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("COURSE_PYTHONS", raising=False)
    return tmp_path


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def test_this_interpreter_comes_first() -> None:
    own = find_interpreters().interpreters[0]
    assert own.path == sys.executable
    assert own.version == sys.version_info[:3]
    assert own.free_threaded is bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def test_each_is_found_once_and_listed_from_old_to_new() -> None:
    found = find_interpreters().interpreters
    assert len({one.path for one in found}) == len(found)
    assert [one.version for one in found[1:]] == sorted(one.version for one in found[1:])
    assert all(one.version >= (3, 9) for one in found)


def test_the_second_time_nobody_is_asked() -> None:
    assert find_interpreters() is find_interpreters()


@posix
def test_the_same_installation_by_another_name_is_not_a_second_one(only: Path) -> None:
    (only / "python3").symlink_to(sys.executable)
    script(only / "python3.99", f'exec "{sys.executable}" "$@"')
    assert len(find_interpreters().interpreters) == 1


@posix
def test_broken_and_hanging_ones_are_skipped_with_a_word(only: Path) -> None:
    broken = script(only / "python3.98", "echo this is no Python >&2; exit 1")
    hanging = script(only / "python3.99", "exec /bin/sleep 60")
    began = time.monotonic()
    found = find_interpreters(deadline=1.0)
    assert time.monotonic() - began < 30
    reasons = {skipped.path: skipped.reason for skipped in found.skipped}
    assert "this is no Python" in reasons[str(broken)]
    assert reasons[str(hanging)] == "it gave no answer within 1 s"


@posix
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ('"implementation": "PyPy", "version": [3, 10, 1]', "it is PyPy, not CPython"),
        ('"implementation": "CPython", "version": [3, 8, 1]', "it is 3.8, older than 3.9"),
    ],
)
def test_others_are_skipped_by_what_they_say(only: Path, said: str, reason: str) -> None:
    answer = f'{{"result": {{{said}, "free_threaded": false, "gil": true, "home": "/x"}}}}'
    script(only / "python3", f"/bin/cat >/dev/null; echo '{answer}'")
    assert [skipped.reason for skipped in find_interpreters().skipped] == [reason]


@posix
def test_the_reader_may_name_more(only: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = script(only / "elsewhere" / "my-own-python", "exit 3")
    monkeypatch.setenv("COURSE_PYTHONS", os.pathsep.join([str(other), "/no/such/file"]))
    assert [skipped.path for skipped in find_interpreters().skipped] == [str(other)]


@posix
def test_shims_are_not_run(only: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(only / "shims" / "python3", f"touch {only}/was-run")
    monkeypatch.setenv("PATH", str(only / "shims"))
    assert find_interpreters().skipped == ()
    assert not (only / "was-run").exists()


@posix
def test_installers_folders_are_searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    expected = {
        script(tmp_path / "pyenv/versions/3.99.0/bin/python", "exit 1"),
        script(tmp_path / "uv/cpython-3.99/bin/python3.99t", "exit 1"),
    }
    script(tmp_path / "uv/cpython-3.99/bin/python3-config", "exit 1")
    mine = {path for path in interpreters._candidates("", "") if tmp_path in path.parents}
    assert mine == expected


def test_labels_and_choice_of_free_threaded_ones() -> None:
    old = Interpreter("/a", (3, 13, 5), True, False)
    new = Interpreter("/b", (3, 14, 0), True, False)
    forced = Interpreter("/c", (3, 15, 0), True, True)
    found = Found((old, new, forced), ())
    assert found.free_threaded == (new, old)
    assert old.label == "CPython 3.13.5 free-threaded"
    assert forced.label == "CPython 3.15.0 free-threaded with the GIL on"


def test_a_deadline_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^deadline must be positive"):
        find_interpreters(deadline=0)
