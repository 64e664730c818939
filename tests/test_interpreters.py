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
    monkeypatch.setattr(interpreters, "_conda_environments", lambda: iter(()))
    for name in ("COURSE_PYTHONS", "COURSE_PYTHONS_EXCLUDE"):
        monkeypatch.delenv(name, raising=False)
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
    script(only / "shims" / "python3", f": >{only}/was-run")
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


@posix
def test_alone_this_interpreter_is_found(only: Path) -> None:
    found = find_interpreters()
    assert [one.path for one in found.interpreters] == [sys.executable]
    assert found.skipped == ()


@posix
def test_of_many_each_gets_an_answer_or_a_word(only: Path) -> None:
    for number in range(6):
        script(only / f"python3.{90 + number}", f"echo number {number} is broken >&2; exit 1")
    for number in range(6):
        answer = f'{{"result": {{{KIND % (90 + number)}, "home": "/x/{number}"}}}}'
        script(only / f"python3.{80 + number}", f"/bin/cat >/dev/null; echo '{answer}'")
    found = find_interpreters()
    assert [one.version for one in found.interpreters[1:]] == [(3, 90 + n, 0) for n in range(6)]
    assert len(found.skipped) == 6


KIND = '"implementation": "CPython", "version": [3, %d, 0], "free_threaded": false, "gil": true'


@posix
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo rubbish", "no result"),
        ("exec yes", "it gave no answer within 1 s"),
        ("""printf '{"resu'; kill -9 $$""", "SIGKILL"),
        ("""echo '{"result": 5}'""", "it doesn't say what it is"),
        ("""echo '{"result": {"implementation": "CPython"}}'""", "it doesn't say what it is"),
        ("""echo '{"result": {"implementation": "CPython", "version": 3}}'""", "doesn't say"),
    ],
)
def test_rubbish_is_skipped_with_a_word(only: Path, body: str, reason: str) -> None:
    script(only / "python3.99", f"PATH=/usr/bin:/bin; {body}")
    found = find_interpreters(deadline=1.0)
    assert len(found.interpreters) == 1
    assert [reason in skipped.reason for skipped in found.skipped] == [True], found.skipped


@posix
@pytest.mark.parametrize("excluded", ["{0}/python3.99", "{0}/link", "{0}", "/no/such:{0}/target"])
def test_an_excluded_one_is_never_run(
    only: Path, excluded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = script(only / "target" / "python", f": >{only}/was-run")
    (only / "python3.99").symlink_to(target)
    (only / "link").symlink_to(target)
    monkeypatch.setenv("COURSE_PYTHONS", str(only / "link"))
    monkeypatch.setenv("COURSE_PYTHONS_EXCLUDE", excluded.format(only))
    assert find_interpreters().skipped == ()
    assert not (only / "was-run").exists()
    monkeypatch.delenv("COURSE_PYTHONS_EXCLUDE")
    assert len(find_interpreters().skipped) == 1
    assert (only / "was-run").exists()


@posix
def test_this_interpreter_can_not_be_excluded(only: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_PYTHONS_EXCLUDE", sys.executable)
    assert [one.path for one in find_interpreters().interpreters] == [sys.executable]


@posix
def test_a_path_with_spaces_and_letters_of_all_kinds_is_used(
    only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = f'{{"result": {{{KIND % 99}, "home": "/x"}}}}'
    odd = script(only / "un été, 夏" / "my python", f"/bin/cat >/dev/null; echo '{answer}'")
    monkeypatch.setenv("COURSE_PYTHONS", str(odd))
    assert [one.path for one in find_interpreters().interpreters] == [sys.executable, str(odd)]


@posix
def test_a_setting_for_this_interpreter_hides_no_other(
    only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PYTHON_GIL=0 ends a CPython that was built with the GIL, before it has said a word."""
    answer = f'{{"result": {{{KIND % 99}, "home": "/x"}}}}'
    script(only / "python3.99", f"[ -z \"$PYTHON_GIL\" ] || exit 1; /bin/cat >&2; echo '{answer}'")
    monkeypatch.setenv("PYTHON_GIL", "0")
    assert len(find_interpreters().interpreters) == 2


@posix
def test_conda_and_homebrew_are_searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HOMEBREW_PREFIX", str(tmp_path / "brew"))
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    expected = {
        script(tmp_path / "brew/opt/python-freethreading/bin/python3.14t", "exit 1"),
        script(tmp_path / "brew/bin/python3.14", "exit 1"),
        script(tmp_path / "miniforge3/bin/python3.12", "exit 1"),
        script(tmp_path / "miniforge3/envs/free/bin/python3.13t", "exit 1"),
        script(tmp_path / "my env/bin/python", "exit 1"),
    }
    (tmp_path / ".conda").mkdir()
    (tmp_path / ".conda/environments.txt").write_text(f"{tmp_path}/my env\n/no/such\n\n")
    mine = {path for path in interpreters._candidates("", "") if tmp_path in path.parents}
    assert mine == expected


def test_a_jit_is_on_or_off_or_there_is_none() -> None:
    for one in find_interpreters().interpreters:
        assert one.jit in (None, True, False)
        if one.version < (3, 14):
            assert one.jit is None


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
