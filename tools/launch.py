"""The commands of course.py: make `.venv`, keep it in step with the requirements, run things in it.

Standard library only, because it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.chapters import UnknownChapter, find_chapters

USAGE = """\
Usage: python3 course.py COMMAND

  lab                  open the notebooks in JupyterLab
  test                 run every test
  execute [CHAPTER...]   build the notebooks from their sources and execute them
  bench                run the benchmarks
  record               make the recorded results of other interpreters again

The first run makes the folder .venv and installs what the course needs (a minute or two, with a
network). What follows `--` goes to JupyterLab, pytest or another program that is started, for
example:

  python3 course.py lab -- --no-browser
  python3 course.py test -- -k pool
"""

REQUIREMENTS = "requirements.txt"
BENCH_REQUIREMENTS = "benchmarks/requirements.txt"
NEWEST_TRIED = (3, 14)
# The notebooks measure, so they run one by one with nothing beside them. The other tests, most of
# which wait for a browser or another process, run side by side.
TEST_PARTS = (
    ["notebooks"],
    ["tests", "--numprocesses=2", "--dist=loadscope", "--no-loadscope-reorder"],
)


class UsageError(Exception):
    """The command line asks for something that does not exist."""


class LaunchError(Exception):
    """The set-up cannot go on; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Place:
    """Where one copy of the course keeps its files."""

    root: Path

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def unfinished(self) -> Path:
        """A file that is there only while an install runs, or after one was cut short."""
        return self.venv / "course-install-unfinished"

    @property
    def stamp(self) -> Path:
        """A file that says what has been installed."""
        return self.venv / "course-installed.json"


def main(arguments: Sequence[str], root: Path | None = None) -> int:
    """Run one command and return the exit code: 0, 1 for a failure, 2 for a wrong command line."""
    place = Place(root or Path(__file__).resolve().parent.parent)
    try:
        return _dispatch(place, arguments)
    except (UsageError, UnknownChapter) as error:
        _say(f"{error}")
        return 2
    except LaunchError as error:
        _say(f"{error}")
        return 1
    except KeyboardInterrupt:
        _say("stopped.")
        return 130


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split a command line at `--`."""
    words = list(arguments)
    if "--" not in words:
        return words, []
    middle = words.index("--")
    return words[:middle], words[middle + 1 :]


def _dispatch(place: Place, arguments: Sequence[str]) -> int:
    own, passed_on = _split(arguments)
    if own and own[0] in ("help", "-h", "--help"):
        print(USAGE)
        return 0
    if not own:
        raise UsageError(f"which command?\n\n{USAGE}")
    command, *rest = own
    if command not in ("lab", "test", "execute", "bench", "record"):
        raise UsageError(f"there is no command {command!r}.\n\n{USAGE}")
    if rest and command != "execute":
        raise UsageError(
            f"{command} takes no {rest[0]!r}. Put what is meant for the program it starts "
            f"after `--`: python3 course.py {command} -- {' '.join(rest)}"
        )
    if command == "lab":
        return lab(place, passed_on)
    if command == "test":
        return test(place, passed_on)
    if command == "execute":
        return execute(place, rest, passed_on)
    if command == "record":
        return record(place, passed_on)
    return bench(place, passed_on)


def lab(place: Place, passed_on: Sequence[str]) -> int:
    """Open the notebooks in JupyterLab. Raises LaunchError when the set-up fails."""
    set_up(place)
    (place.root / "notebooks").mkdir(exist_ok=True)
    _say("starting JupyterLab; Ctrl-C here ends it.")
    return _run_in_venv(place, ["-m", "jupyterlab", "notebooks", *passed_on])


def test(place: Place, passed_on: Sequence[str]) -> int:
    """Run every test, or what is passed on to pytest. Raises LaunchError when the set-up fails."""
    set_up(place)
    if passed_on:
        return _run_in_venv(place, ["-m", "pytest", *passed_on])
    failed = [_run_in_venv(place, ["-m", "pytest", *part]) for part in TEST_PARTS]
    return max(failed)


def execute(place: Place, chapters: Sequence[str], passed_on: Sequence[str]) -> int:
    """Build and execute notebooks.

    Raises:
        UnknownChapter: before anything is installed, when a chapter's name fits none.
        LaunchError: the set-up fails.
    """
    find_chapters(place.root, chapters)
    set_up(place)
    return _run_in_venv(place, ["-m", "tools.execute", *passed_on, *chapters])


def bench(place: Place, passed_on: Sequence[str]) -> int:
    """Run the benchmarks. Raises LaunchError when there are none or the set-up fails."""
    script = place.root / "benchmarks" / "run.py"
    if not script.is_file():
        raise LaunchError("there are no benchmarks yet: benchmarks/run.py does not exist.")
    set_up(place, with_benchmarks=True)
    return _run_in_venv(place, [str(script), *passed_on])


def record(place: Place, passed_on: Sequence[str]) -> int:
    """Make the recorded results again. Raises LaunchError when the set-up fails."""
    set_up(place)
    return _run_in_venv(place, ["-m", "tools.record", *passed_on])


def set_up(place: Place, with_benchmarks: bool = False) -> None:
    """Make `.venv` where it is missing or unusable, and install what changed.

    Raises:
        LaunchError: no virtual environment can be made, or pip failed.
    """
    wanted = {REQUIREMENTS: _requirements_hash(place)}
    if with_benchmarks and (place.root / BENCH_REQUIREMENTS).is_file():
        wanted[BENCH_REQUIREMENTS] = _hash((place.root / BENCH_REQUIREMENTS).read_bytes())
    made_for = _made_for(place)
    stamp = _read_stamp(place)
    usable = stamp.get("made_for") == made_for and place.python.exists()
    installed: dict[str, str] = stamp.get("installed", {})
    if not usable or place.unfinished.exists():
        # A folder without a stamp was made by hand: it is completed, not removed.
        _make_venv(place, fresh=bool(stamp) or place.unfinished.exists())
        installed = {}

    missing = [name for name in wanted if installed.get(name) != wanted[name]]
    if not missing:
        return
    place.unfinished.touch()
    for name in missing:
        _install(place, name)
        installed[name] = wanted[name]
    place.stamp.write_text(
        json.dumps({"made_for": made_for, "installed": installed}, indent=1), encoding="utf-8"
    )
    place.unfinished.unlink()


def _made_for(place: Place) -> str:
    """Name the interpreter and the folder: a virtual environment serves one of each."""
    return f"Python {sys.version} in {place.root}"


def _make_venv(place: Place, fresh: bool) -> None:
    if fresh:
        _say("the folder .venv is unfinished or made for another Python or folder; anew, then.")
        _remove_venv(place)
    else:
        _say(f"making the folder .venv with Python {sys.version.split()[0]}.")
    _check_venv_modules()
    place.venv.mkdir(exist_ok=True)
    place.unfinished.touch()
    code = run_program([sys.executable, "-m", "venv", str(place.venv)], place, os.environ)
    if code or not place.python.exists():
        raise LaunchError(
            f"making the virtual environment failed (exit code {code}; what Python said is above). "
            f"Check that {place.root} can be written to and that the disk is not full, then run "
            "the same command again."
        )


def _check_venv_modules() -> None:
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            version = "{}.{}".format(*sys.version_info[:2])
            raise LaunchError(
                f"this Python ({sys.executable}) lacks the module {module}, without which it "
                "cannot make a virtual environment. On Debian and Ubuntu: "
                f"sudo apt install python{version}-venv. Elsewhere install Python from "
                "https://www.python.org/downloads/. Then run the same command again."
            )


def _remove_venv(place: Place) -> None:
    if Path(sys.prefix).resolve() == place.venv.resolve():
        raise LaunchError(
            "the folder .venv must be made anew, but this Python runs from it. Type `deactivate`, "
            "then run the same command again."
        )
    try:
        shutil.rmtree(place.venv)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LaunchError(
            f"cannot remove the old folder .venv ({error}). Close the programs that use it "
            "(JupyterLab, an editor), remove it by hand and run the same command again."
        ) from error


def _install(place: Place, requirements: str) -> None:
    _say(f"installing {requirements} into .venv (needs a network; a minute or two at first).")
    command = ["-m", "pip", "install", "--disable-pip-version-check", "-r", requirements]
    code = run_program([str(place.python), *command], place, environment(place))
    if code == 0:
        return
    newer = ""
    if sys.version_info[:2] > NEWEST_TRIED:
        newer = " The course was tried with Python {}.{} at most; this one is newer.".format(
            *NEWEST_TRIED
        )
    raise LaunchError(
        f"installing {requirements} failed (pip ended with exit code {code}; what it said is "
        "above). If it speaks of connections, retries or 'no matching distribution', check the "
        "network or proxy. If it speaks of space, free some. Then run the same command again: it "
        f"starts with a clean .venv.{newer}"
    )


def _requirements_hash(place: Place) -> str:
    """Hash what decides the install: the requirements, and how `helpers` itself is built."""
    requirements = place.root / REQUIREMENTS
    pyproject = place.root / "pyproject.toml"
    for path in (requirements, pyproject):
        if not path.is_file():
            raise LaunchError(f"{path} is missing. Fetch the course again, whole.")
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    build = [project.get("build-system"), project.get("project"), project["tool"].get("hatch")]
    return _hash(requirements.read_bytes() + json.dumps(build, sort_keys=True).encode())


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_stamp(place: Place) -> dict[str, Any]:
    try:
        stamp = json.loads(place.stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _run_in_venv(place: Place, arguments: Sequence[str]) -> int:
    code = run_program([str(place.python), *arguments], place, environment(place))
    return 1 if code else 0


def environment(place: Place) -> dict[str, str]:
    """Return the environment in which the course's programs run."""
    variables = dict(os.environ)
    # Python 3.11 and 3.12 read the file that makes `helpers` importable in the system's encoding;
    # in UTF-8 mode a folder with letters outside ASCII works on Windows too.
    variables["PYTHONUTF8"] = "1"
    variables.pop("PYTHONHOME", None)
    settings = [str(place.root / "jupyter"), variables.get("JUPYTER_CONFIG_PATH", "")]
    variables["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    return variables


def run_program(command: Sequence[str], place: Place, variables: Mapping[str, str]) -> int:
    """Run a program to its end and return its exit code.

    Ctrl-C reaches the program too; we wait for it, because JupyterLab asks before it ends.
    """
    try:
        process = subprocess.Popen(command, cwd=place.root, env=dict(variables))
    except OSError as error:
        raise LaunchError(
            f"cannot start {command[0]} ({error}). Remove the folder .venv and run the same "
            "command again."
        ) from error
    interrupted = False
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            interrupted = True
            continue
        if interrupted and code:
            raise KeyboardInterrupt
        return code


def _say(text: str) -> None:
    print(f"course.py: {text}", file=sys.stderr, flush=True)
