"""Find the CPythons on this machine, and ask each what it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from helpers.measure.elsewhere import WorkerFailed, call
from helpers.workers import interpreters as worker

OLDEST = (3, 9)  # what the workers are written for
_NAME = re.compile(r"python(3(\.\d+)?t?)?(\.exe)?", re.IGNORECASE)
_AT_ONCE = 8
_OWN_S = 30.0


@dataclass(frozen=True)
class Interpreter:
    """A CPython that can run the course's workers.

    path: its executable. version: (major, minor, micro). free_threaded: built without the GIL.
    gil: whether it runs with one now (``PYTHON_GIL`` can bring it back).
    """

    path: str
    version: tuple[int, int, int]
    free_threaded: bool
    gil: bool

    @property
    def label(self) -> str:
        build = " free-threaded" if self.free_threaded else ""
        forced = " with the GIL on" if self.free_threaded and self.gil else ""
        return f"CPython {'.'.join(map(str, self.version))}{build}{forced}"


@dataclass(frozen=True)
class Skipped:
    """An executable that looked like an interpreter, and why it isn't used."""

    path: str
    reason: str


@dataclass(frozen=True)
class Found:
    """interpreters: this one first, then from old to new. skipped: those that can't be used."""

    interpreters: tuple[Interpreter, ...]
    skipped: tuple[Skipped, ...]

    @property
    def free_threaded(self) -> tuple[Interpreter, ...]:
        """Those that run without a GIL, the newest first."""
        without = [one for one in self.interpreters if not one.gil]
        return tuple(sorted(without, key=lambda one: one.version, reverse=True))


def find_interpreters(deadline: float = 3.0) -> Found:
    """Look on PATH, under pyenv, uv, /opt, Homebrew, macOS frameworks and Windows' launcher.

    ``COURSE_PYTHONS`` may name more executables, joined by ``os.pathsep``.
    deadline: seconds that each may take to answer. Asked once in a session, unless PATH or
    ``COURSE_PYTHONS`` changed. Raises ValueError if deadline isn't positive.
    """
    if not deadline > 0:
        raise ValueError(f"deadline must be positive, got {deadline}")
    return _search(os.environ.get("PATH", ""), os.environ.get("COURSE_PYTHONS", ""), deadline)


@lru_cache(maxsize=4)
def _search(path: str, extra: str, deadline: float) -> Found:
    candidates = list(_distinct(_candidates(path, extra)))
    # This interpreter is here for sure, however slowly it answers on a busy machine.
    patience = [max(deadline, _OWN_S), *[deadline] * len(candidates)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(_ask, candidates, patience))
    interpreters: dict[object, Interpreter] = {}
    skipped = []
    for answer in answers:
        if isinstance(answer, Skipped):
            skipped.append(answer)
        else:
            home, interpreter = answer
            # The same installation may have several executables, or virtual environments.
            identity = (home, interpreter.version, interpreter.free_threaded)
            interpreters.setdefault(identity, interpreter)
    own, *others = interpreters.values()
    others.sort(key=lambda one: (one.version, one.free_threaded))
    return Found((own, *others), tuple(skipped))


def _ask(path: Path, deadline: float) -> tuple[str, Interpreter] | Skipped:
    try:
        said = call(worker.identity, python=path, deadline=deadline)
    except TimeoutError:
        return Skipped(str(path), f"it gave no answer within {deadline:g} s")
    except WorkerFailed as error:
        return Skipped(str(path), f"it can't run the workers: {str(error).splitlines()[-1]}")
    major, minor, micro = said["version"]
    if said["implementation"] != "CPython":
        return Skipped(str(path), f"it is {said['implementation']}, not CPython")
    if (major, minor) < OLDEST:
        return Skipped(str(path), f"it is {major}.{minor}, older than 3.9")
    found = Interpreter(str(path), (major, minor, micro), said["free_threaded"], said["gil"])
    return said["home"], found


def _distinct(candidates: Iterator[Path]) -> Iterator[Path]:
    """Each file once, whatever the links that lead to it; this interpreter by its own name."""
    yield Path(sys.executable)
    seen = set()
    for candidate in candidates:
        real = Path(os.path.realpath(candidate))
        if real not in seen and os.access(real, os.X_OK) and not real.is_dir():
            seen.add(real)
            yield candidate


def _candidates(path: str, extra: str) -> Iterator[Path]:
    yield from (Path(name).expanduser() for name in extra.split(os.pathsep) if name)
    for name in filter(None, path.split(os.pathsep)):
        # pyenv's shims are scripts that start one of its versions, which are asked themselves;
        # the "apps" of Windows open a shop instead of Python.
        if Path(name).name not in ("shims", "WindowsApps"):
            yield from _executables(Path(name))
    for place in _places():
        pattern = Path(place).expanduser()
        root = Path(pattern.anchor)
        for folder in sorted(root.glob(str(pattern.relative_to(root)))):
            yield from _executables(folder)
    if sys.platform == "win32":
        yield from _from_launcher()


def _executables(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if _NAME.fullmatch(file.name))
    except OSError:  # PATH often names folders that aren't there
        return []


def _places() -> list[str]:
    """Folders of executables, as patterns, where installers put interpreters.

    Source for uv: https://docs.astral.sh/uv/reference/storage
    """
    pyenv = os.environ.get("PYENV_ROOT", "~/.pyenv")
    if sys.platform == "win32":
        roaming = os.environ.get("APPDATA", "~/AppData/Roaming")
        uv = os.environ.get("UV_PYTHON_INSTALL_DIR", f"{roaming}/uv/data/python")
        return [f"{pyenv}/versions/*", "~/.pyenv/pyenv-win/versions/*", f"{uv}/*"]
    data = os.environ.get("XDG_DATA_HOME", "~/.local/share")
    uv = os.environ.get("UV_PYTHON_INSTALL_DIR", f"{data}/uv/python")
    places = [f"{pyenv}/versions/*/bin", f"{uv}/*/bin", "/usr/local/bin"]
    places += ["/opt/*/bin", "/opt/*/usr/bin", "/opt/*/*/bin"]
    if sys.platform == "darwin":
        # The free-threaded one of python.org is PythonT.
        places += ["/Library/Frameworks/Python*.framework/Versions/*/bin"]
    return places


def _from_launcher() -> list[Path]:
    """What Windows' ``py -0p`` lists: a tag, and the path at the end of the line."""
    try:
        listed = subprocess.run(["py", "-0p"], capture_output=True, text=True, timeout=3)
    except (OSError, subprocess.TimeoutExpired):
        return []
    found = (re.search(r"[A-Za-z]:\\.*\.exe", line) for line in listed.stdout.splitlines())
    return [Path(match.group()) for match in found if match]
