"""Find the CPythons on this machine, and ask each what it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from helpers.measure.elsewhere import WorkerFailed, call
from helpers.workers import interpreters as worker

OLDEST = (3, 9)  # what the workers are written for
_NAME = re.compile(r"python(3(\.\d+)?t?)?(\.exe)?", re.IGNORECASE)
_AT_ONCE = 8


@dataclass(frozen=True)
class Interpreter:
    """A CPython that can run the course's workers.

    path: its executable. version: (major, minor, micro). free_threaded: built without the GIL.
    gil: whether it runs with one now (``PYTHON_GIL`` can bring it back).
    jit: whether its just-in-time compiler is on, None if it has none.
    """

    path: str
    version: tuple[int, int, int]
    free_threaded: bool
    gil: bool
    jit: bool | None = None

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
    """Look on PATH, under pyenv, uv, conda, Homebrew, /opt, macOS frameworks, Windows' launcher.

    ``COURSE_PYTHONS`` may name more executables, joined by ``os.pathsep``.
    ``COURSE_PYTHONS_EXCLUDE`` names those that are never run, in the same way: an executable, by
    any of its names, or a folder with all that is in it. (This interpreter runs already.)
    deadline: seconds that each may take to answer. Asked once in a session, unless PATH or one of
    the two variables changed. Raises ValueError if deadline isn't positive.
    """
    if not deadline > 0:
        raise ValueError(f"deadline must be positive, got {deadline}")
    names = ("PATH", "COURSE_PYTHONS", "COURSE_PYTHONS_EXCLUDE")
    path, extra, excluded = (os.environ.get(name, "") for name in names)
    return _search(path, extra, excluded, deadline)


@lru_cache(maxsize=4)
def _search(path: str, extra: str, excluded: str, deadline: float) -> Found:
    never = tuple(Path(name).expanduser() for name in excluded.split(os.pathsep) if name)
    candidates = _distinct(_candidates(path, extra))
    asked = [one for one in candidates if not _is_excluded(one, never)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(lambda candidate: _ask(candidate, deadline), asked))
    home, own = _found(sys.executable, worker.identity())
    # The same installation may have several executables, or virtual environments.
    interpreters = {(home, own.version, own.free_threaded): own}
    skipped = []
    for answer in answers:
        if isinstance(answer, Skipped):
            skipped.append(answer)
        else:
            home, one = answer
            interpreters.setdefault((home, one.version, one.free_threaded), one)
    others = [one for one in interpreters.values() if one is not own]
    others.sort(key=lambda one: (one.version, one.free_threaded))
    return Found((own, *others), tuple(skipped))


def _ask(path: Path, deadline: float) -> tuple[str, Interpreter] | Skipped:
    try:
        said = call(worker.identity, python=path, deadline=deadline)
    except TimeoutError:
        return Skipped(str(path), f"it gave no answer within {deadline:g} s")
    except WorkerFailed as error:
        return Skipped(str(path), f"it can't run the workers: {str(error).splitlines()[-1]}")
    try:
        implementation, version = said["implementation"], tuple(said["version"])
        found = _found(str(path), said)
    except (TypeError, KeyError, ValueError):
        return Skipped(str(path), "it doesn't say what it is")
    if implementation != "CPython":
        return Skipped(str(path), f"it is {implementation}, not CPython")
    if version[:2] < OLDEST:
        return Skipped(str(path), f"it is {version[0]}.{version[1]}, older than 3.9")
    return found


def _found(path: str, said: Mapping[str, Any]) -> tuple[str, Interpreter]:
    """The folder of the installation, and what its interpreter says of itself."""
    major, minor, micro = said["version"]
    found = Interpreter(
        path, (major, minor, micro), said["free_threaded"], said["gil"], said.get("jit")
    )
    return said["home"], found


def _distinct(candidates: Iterator[Path]) -> Iterator[Path]:
    """Each file once, whatever the links that lead to it, and without this interpreter."""
    seen = {Path(os.path.realpath(sys.executable))}
    for candidate in candidates:
        real = Path(os.path.realpath(candidate))
        if real not in seen and os.access(real, os.X_OK) and not real.is_dir():
            seen.add(real)
            yield candidate


def _is_excluded(candidate: Path, never: Sequence[Path]) -> bool:
    """Whether the user excluded it, under the name it was found by or by the file it leads to."""
    names = {_absolute(candidate), Path(os.path.realpath(candidate))}
    unwanted = {name for one in never for name in (_absolute(one), Path(os.path.realpath(one)))}
    return any(not unwanted.isdisjoint((name, *name.parents)) for name in names)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


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
    for environment in _conda_environments():
        yield from _executables(environment if sys.platform == "win32" else environment / "bin")
    if sys.platform == "win32":
        yield from _from_launcher()


def _executables(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if _NAME.fullmatch(file.name))
    except OSError:  # PATH often names folders that aren't there
        return []


def _places() -> list[str]:
    """Folders of executables, as patterns, where installers put interpreters.

    Sources: for uv https://docs.astral.sh/uv/reference/storage, for Homebrew
    https://docs.brew.sh/Installation and https://docs.brew.sh/Homebrew-and-Python.
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
    # On a Mac with Apple's processor, on others, and on Linux. A formula that isn't the default,
    # such as python-freethreading, is only in its own folder.
    brews = [os.environ.get("HOMEBREW_PREFIX", ""), "/opt/homebrew", "/usr/local"]
    for brew in [*filter(None, brews), "/home/linuxbrew/.linuxbrew", "~/.linuxbrew"]:
        places += [f"{brew}/bin", f"{brew}/opt/python*/bin"]
    if sys.platform == "darwin":
        # The free-threaded one of python.org is PythonT.
        places += ["/Library/Frameworks/Python*.framework/Versions/*/bin"]
    return places


def _conda_environments() -> Iterator[Path]:
    """Where conda and its kin are usually put, and what they have noted down.

    Source: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html
    """
    kinds = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", "conda")
    roots = [Path.home() / name for name in kinds] + [Path("/opt") / name for name in kinds]
    roots += [
        Path(os.environ[name])
        for name in ("CONDA_PREFIX", "MAMBA_ROOT_PREFIX")
        if os.environ.get(name)
    ]
    for root in roots:
        if root.is_dir():
            yield root
            yield from sorted((root / "envs").glob("*"))
    try:
        noted = (Path.home() / ".conda" / "environments.txt").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    yield from (Path(line) for line in noted.splitlines() if line.strip())


def _from_launcher() -> list[Path]:
    """What Windows' ``py -0p`` lists: a tag, and the path at the end of the line."""
    try:
        listed = subprocess.run(["py", "-0p"], capture_output=True, text=True, timeout=3)
    except (OSError, subprocess.TimeoutExpired):
        return []
    found = (re.search(r"[A-Za-z]:\\.*\.exe", line) for line in listed.stdout.splitlines())
    return [Path(match.group()) for match in found if match]
