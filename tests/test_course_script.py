"""course.py: what it does, and what it says when something is wrong."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import course
from tools import launch
from tools.launch import Place, main

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "x"\n[tool.hatch]\n'


class FakeRuns:
    """Stands in for the programs that course.py starts, and remembers them."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.failing = ""
        self.interrupted = ""

    def __call__(self, command: Sequence[str], place: Place, variables: Mapping[str, str]) -> int:
        words = " ".join(command)
        self.commands.append(list(command))
        if self.interrupted and self.interrupted in words:
            raise KeyboardInterrupt
        if self.failing and self.failing in words:
            return 3
        if "-m venv" in words:
            place.python.parent.mkdir(parents=True, exist_ok=True)
            place.python.touch()
        return 0

    def kinds(self) -> list[str]:
        """Name the programs started since the last call; pytest's two parts count as one."""
        names = [command[command.index("-m") + 1] for command in self.commands if "-m" in command]
        self.commands.clear()
        return [name for place, name in enumerate(names) if names[place - 1 : place] != ["pytest"]]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> FakeRuns:
    fake = FakeRuns()
    monkeypatch.setattr(launch, "run_program", fake)
    return fake


@pytest.fixture
def place(tmp_path: Path) -> Place:
    root = tmp_path / "a course, été"
    (root / "sources").mkdir(parents=True)
    (root / "sources" / "01_concurrency_basics.py").touch()
    (root / "sources" / "02_the_gil.py").touch()
    (root / "requirements.txt").write_text("-e .\n", encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    return Place(root)


# Which Python


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 13)])
def test_an_old_python_is_told_what_is_needed(version: tuple[int, int, int]) -> None:
    complaint = course.too_old(version)
    assert complaint is not None
    assert "needs Python 3.11 or newer" in complaint
    assert ".".join(map(str, version)) in complaint


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 1), (4, 0, 0)])
def test_a_new_python_is_not(version: tuple[int, int, int]) -> None:
    assert course.too_old(version) is None


def find_old_pythons() -> list[str]:
    """Look on PATH, where pyenv's shims may have no Python behind them, and among pyenv's own."""
    names = ("python2.7", "python3.6", "python3.9", "python3.10")
    on_path = [path for name in names if (path := shutil.which(name)) and "shims" not in path]
    versions = Path.home() / ".pyenv" / "versions"
    by_pyenv = [
        str(path)
        for version in ("2.7", "3.6", "3.9", "3.10")
        for path in versions.glob(f"{version}.*/bin/python")
    ]
    return on_path + by_pyenv


@pytest.mark.parametrize("python", find_old_pythons() or [None], ids=str)
def test_a_real_old_python_is_told_too(python: str | None) -> None:
    if python is None:
        pytest.skip("no Python older than 3.11 found on PATH or under ~/.pyenv")
    done = subprocess.run(
        [python, str(ROOT / "course.py"), "lab"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Traceback" not in done.stderr
    assert "SyntaxError" not in done.stderr


# The command line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "which command?"),
        (["play"], "there is no command 'play'"),
        (["test", "-k", "pool"], "course.py test -- -k pool"),
        (["execute", "9"], "there is no chapter '9'"),
    ],
)
def test_a_wrong_command_line_is_explained(
    arguments: list[str],
    said: str,
    place: Place,
    runs: FakeRuns,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(arguments, place.root) == 2
    assert said in capsys.readouterr().err
    assert not runs.commands


def test_an_unknown_command_lists_the_commands(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["play"], place.root)
    said = capsys.readouterr().err
    assert all(command in said for command in ("lab", "test", "execute", "bench", "record"))


def test_an_unknown_chapter_lists_the_chapters(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["execute", "gil"], place.root)
    assert "01_concurrency_basics, 02_the_gil" in capsys.readouterr().err


def test_help_is_no_error(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"], place.root) == 0
    assert "Usage" in capsys.readouterr().out


# The set-up


def test_the_first_run_sets_up_and_the_second_does_not(place: Place, runs: FakeRuns) -> None:
    assert main(["test"], place.root) == 0
    assert runs.kinds() == ["venv", "pip", "pytest"]
    assert main(["lab"], place.root) == 0
    assert runs.kinds() == ["jupyterlab"]


def test_the_notebooks_are_tested_alone_and_both_parts_count(place: Place, runs: FakeRuns) -> None:
    assert main(["test"], place.root) == 0
    alone, beside = runs.commands[-2:]
    assert alone == [str(place.python), "-m", "pytest", "notebooks"]
    assert beside[2:4] == ["pytest", "tests"]
    for failing in ("pytest notebooks", "pytest tests"):
        runs.failing = failing
        runs.commands.clear()
        assert main(["test"], place.root) == 1
        assert len(runs.commands) == 2


def test_what_follows_the_dashes_is_passed_on(place: Place, runs: FakeRuns) -> None:
    main(["test", "--", "-k", "pool"], place.root)
    assert runs.commands[-1] == [str(place.python), "-m", "pytest", "-k", "pool"]
    main(["execute", "2", "--", "--check"], place.root)
    assert runs.commands[-1] == [str(place.python), "-m", "tools.execute", "--check", "2"]


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("requirements.txt", "-e .\nnumpy==2.4.6\n", ["pip", "pytest"]),
        ("pyproject.toml", PYPROJECT + "[project.scripts]\n", ["pip", "pytest"]),
        ("pyproject.toml", PYPROJECT + "[tool.ruff]\nline-length = 100\n", ["pytest"]),
    ],
)
def test_it_installs_again_when_that_matters(
    file: str, text: str, expected: list[str], place: Place, runs: FakeRuns
) -> None:
    main(["test"], place.root)
    runs.kinds()
    (place.root / file).write_text(text, encoding="utf-8")
    main(["test"], place.root)
    assert runs.kinds() == expected


def test_another_python_gets_a_new_environment(
    place: Place, runs: FakeRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["test"], place.root)
    leftover = place.venv / "leftover"
    leftover.touch()
    runs.kinds()
    monkeypatch.setattr(sys, "version", "3.99.0 (made up)")
    main(["test"], place.root)
    assert runs.kinds() == ["venv", "pip", "pytest"]
    assert not leftover.exists()


def test_an_environment_made_by_hand_is_completed_not_removed(place: Place, runs: FakeRuns) -> None:
    place.venv.mkdir()
    own = place.venv / "own"
    own.touch()
    main(["test"], place.root)
    assert runs.kinds() == ["venv", "pip", "pytest"]
    assert own.exists()


@pytest.mark.parametrize("program", ["-m venv", "-m pip"])
def test_after_an_interrupted_install_the_next_run_starts_clean(
    program: str, place: Place, runs: FakeRuns, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.interrupted = program
    assert main(["test"], place.root) == 130
    assert "stopped" in capsys.readouterr().err
    assert place.unfinished.exists()
    half_installed = place.venv / "half-installed"
    half_installed.touch()

    runs.interrupted = ""
    runs.kinds()
    assert main(["test"], place.root) == 0
    assert "anew" in capsys.readouterr().err
    assert runs.kinds() == ["venv", "pip", "pytest"]
    assert not half_installed.exists()
    assert not place.unfinished.exists()


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_without_venv_it_names_the_package(
    module: str,
    place: Place,
    runs: FakeRuns,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == module else find(name)
    )
    assert main(["test"], place.root) == 1
    said = capsys.readouterr().err
    assert f"lacks the module {module}" in said
    assert "sudo apt install python{}.{}-venv".format(*sys.version_info[:2]) in said
    assert not runs.commands


def test_a_failing_venv_is_explained(
    place: Place, runs: FakeRuns, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.failing = "-m venv"
    assert main(["test"], place.root) == 1
    assert "making the virtual environment failed (exit code 3" in capsys.readouterr().err


def test_a_failing_pip_is_explained(
    place: Place, runs: FakeRuns, capsys: pytest.CaptureFixture[str]
) -> None:
    runs.failing = "-m pip"
    assert main(["test"], place.root) == 1
    said = capsys.readouterr().err
    assert "installing requirements.txt failed (pip ended with exit code 3" in said
    assert "check the network" in said
    assert place.unfinished.exists()


def test_a_failing_program_ends_in_1(place: Place, runs: FakeRuns) -> None:
    runs.failing = "-m pytest"
    assert main(["test"], place.root) == 1


def test_a_missing_file_is_named(
    place: Place, runs: FakeRuns, capsys: pytest.CaptureFixture[str]
) -> None:
    (place.root / "requirements.txt").unlink()
    assert main(["test"], place.root) == 1
    assert "requirements.txt is missing" in capsys.readouterr().err


def test_it_does_not_remove_the_environment_it_runs_from(
    place: Place,
    runs: FakeRuns,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place.venv.mkdir()
    place.unfinished.touch()
    monkeypatch.setattr(sys, "prefix", str(place.venv))
    assert main(["test"], place.root) == 1
    assert "deactivate" in capsys.readouterr().err
    assert place.venv.exists()


def test_an_environment_that_cannot_be_removed_is_named(
    place: Place,
    runs: FakeRuns,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError("in use")

    place.venv.mkdir()
    place.unfinished.touch()
    monkeypatch.setattr(shutil, "rmtree", refuse)
    assert main(["test"], place.root) == 1
    assert "cannot remove the old folder .venv (in use)" in capsys.readouterr().err


def test_benchmarks_that_do_not_exist_are_named(
    place: Place, runs: FakeRuns, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench"], place.root) == 1
    assert "there are no benchmarks yet" in capsys.readouterr().err


def test_records_are_made_by_a_program_of_their_own(place: Place, runs: FakeRuns) -> None:
    assert main(["record", "--", "races"], place.root) == 0
    assert runs.commands[-1] == [str(place.python), "-m", "tools.record", "races"]


def test_benchmarks_install_their_own_requirements_once(place: Place, runs: FakeRuns) -> None:
    folder = place.root / "benchmarks"
    folder.mkdir()
    (folder / "run.py").touch()
    (folder / "requirements.txt").touch()
    main(["bench"], place.root)
    assert runs.kinds() == ["venv", "pip", "pip"]
    main(["bench"], place.root)
    main(["test"], place.root)
    assert runs.kinds() == ["pytest"]


def test_jupyter_gets_the_settings_of_the_course(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "own")
    variables = launch.environment(place)
    assert variables["JUPYTER_CONFIG_PATH"].split(os.pathsep) == [
        str(place.root / "jupyter"),
        "own",
    ]
    settings = ROOT / "jupyter" / "labconfig" / "default_setting_overrides.json"
    kernels = json.loads(settings.read_text(encoding="utf-8"))[
        "@jupyterlab/apputils-extension:kernels-settings"
    ]
    assert kernels["commsOverSubshells"] == "disabled"


# Programs that really run


def test_a_program_that_cannot_start_is_named(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "set_up", lambda place: None)
    assert main(["test"], place.root) == 1
    assert "cannot start" in capsys.readouterr().err


STOPPABLE = """\
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(5))
print("up", flush=True)
time.sleep(60)
"""

STOPPED = """\
import os, signal, sys
from tools import launch

# A job in the background begins with the interrupt ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

launch.set_up = lambda place: launch.run_program(
    [sys.executable, "-c", os.environ["PROGRAM"]], place, os.environ
)
sys.exit(launch.main(["test"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to whole consoles only")
def test_ctrl_c_ends_without_a_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED],
        cwd=ROOT,
        env={**os.environ, "PROGRAM": STOPPABLE},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said == "course.py: stopped.\n"


@pytest.mark.slow
def test_a_real_environment_without_a_network(
    place: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In a folder with a space and letters outside ASCII, with the real venv and pip."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    requirements = place.root / "requirements.txt"
    requirements.write_text("", encoding="utf-8")
    assert main(["test"], place.root) == 1
    assert "No module named pytest" in capfd.readouterr().err
    assert place.stamp.exists()
    assert not place.unfinished.exists()

    requirements.write_text("there-is-no-such-package==1.0\n", encoding="utf-8")
    assert main(["test"], place.root) == 1
    said = capfd.readouterr().err
    assert "No matching distribution" in said
    assert "check the network" in said
    assert place.unfinished.exists()
