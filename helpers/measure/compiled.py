"""Compiled loops: numba where it is installed, Cython where there is a C compiler."""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier, Event
from types import ModuleType, SimpleNamespace
from typing import Any

from helpers.measure.elsewhere import Stopped
from helpers.measure.timeline import State, Timeline, timeline
from helpers.measure.verdict import Need
from helpers.workers.compiled import longest_chain, pieces
from helpers.workers.timeline import RELEASED, WORKING, Recorder

PYTHON, KEEPS_GIL, NO_GIL = "Python", "numba", "numba, nogil"
LANGUAGES = (PYTHON, KEEPS_GIL, NO_GIL)
MOST_THREADS, MOST_NUMBERS = 8, 3_000_000
NUMBA = Need(
    lambda: importlib.util.find_spec("numba") is not None,
    "numba isn't installed here. It has no wheel for Macs with an Intel processor, nor for every "
    "free-threaded Python",
)
_DEADLINE_S = 60.0


def numba() -> Any:
    """The package; where it isn't installed, a stand-in whose ``njit`` compiles nothing.

    With the stand-in the same code runs, as the Python that it is. Ask ``NUMBA.met()``.
    """
    if NUMBA.met():
        return importlib.import_module("numba")
    return SimpleNamespace(__version__=f": {NUMBA.reason}", njit=_as_it_is, prange=range)


def _as_it_is(function: Callable[..., Any] | None = None, **_: Any) -> Any:
    return function if function is not None else _as_it_is


def languages() -> tuple[str, ...]:
    """Those of LANGUAGES that this machine has."""
    return LANGUAGES if NUMBA.met() else (PYTHON,)


@functools.cache
def chain_in(language: str) -> Callable[[int, int], int]:
    """``longest_chain`` in one of LANGUAGES, compiled when this returns.

    Raises ValueError for another language, or for numba where there is none.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {list(LANGUAGES)}, got {language!r}")
    if language == PYTHON:
        return longest_chain
    if not NUMBA.met():
        raise ValueError(f"language can't be {language!r}: {NUMBA.reason}")
    made: Callable[[int, int], int] = numba().njit(nogil=language == NO_GIL)(longest_chain)
    made(1, 2)
    return made


@dataclass(frozen=True)
class ThreadRun:
    """Threads that looked for the longest chain among the numbers below ``numbers``, together.

    longest: the result. timeline: a lane for each thread.
    """

    language: str
    threads: int
    numbers: int
    longest: int
    timeline: Timeline

    @property
    def rate(self) -> float:
        """Numbers per second."""
        return self.numbers / (self.timeline.length_ns / 1e9)

    @property
    def waiting_for_gil(self) -> float:
        """The part of the threads' time (0 to 1) that they spent waiting for the GIL.

        Where ``timeline.tells_queue`` is false, waiting for a core is in it.
        """
        return self.timeline.share_in(State.WAITING_GIL, State.WAITING_UNKNOWN)


def in_threads(
    language: str, threads: int = 2, numbers: int = 100_000, stop: Event | None = None
) -> ThreadRun:
    """Split the numbers 1 to ``numbers`` among threads, each of which records its lane.

    A thread takes its share in 20 pieces, and looks at ``stop`` between them. Raises ValueError
    for threads outside 1 to MOST_THREADS or numbers outside 1,000 to MOST_NUMBERS, what
    ``chain_in`` raises, and Stopped.
    """
    if not 1 <= threads <= MOST_THREADS:
        raise ValueError(f"threads must be 1 to {MOST_THREADS}, got {threads}")
    if not 1_000 <= numbers <= MOST_NUMBERS:
        raise ValueError(f"numbers must be 1000 to {MOST_NUMBERS}, got {numbers}")
    chain = chain_in(language)
    parts = pieces(1, numbers + 1, 20 * threads)
    together = Barrier(threads)

    def work(number: int) -> tuple[int, dict[str, Any]]:
        longest = 0
        together.wait()
        with Recorder(f"thread {number + 1}") as recorder:
            for first, last in parts[number::threads]:
                if stop is not None and stop.is_set():
                    raise Stopped("stopped by the reader")
                with recorder.doing(RELEASED if language == NO_GIL else WORKING):
                    longest = max(longest, chain(first, last))
        return longest, recorder.recording

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(work, range(threads)))
    lanes = timeline(recording for _, recording in found)
    return ThreadRun(language, threads, numbers, max(longest for longest, _ in found), lanes)


@dataclass(frozen=True)
class Built:
    """A Cython module and what building it took, or why it couldn't be built.

    translated_s: from Cython to C, compiled_s: from C to machine code; both in seconds.
    """

    module: ModuleType | None
    translated_s: float = 0.0
    compiled_s: float = 0.0
    why_not: str = ""


def build_cython(source: str, name: str = "built_by_the_course") -> Built:
    """Translate a Cython source to C, compile it, import it, and remove the files.

    Raises ValueError with the compiler's own words for a source that doesn't compile, or a name
    that isn't an identifier. Where this machine can't compile, the result says why.
    """
    if not name.isidentifier():
        raise ValueError(f"name must be an identifier, got {name!r}")
    why_not = _why_no_cython()
    if why_not:
        return Built(None, why_not=why_not)
    with tempfile.TemporaryDirectory() as folder:
        text, c_file = Path(folder, f"{name}.pyx"), Path(folder, f"{name}.c")
        library = Path(folder, f"{name}{importlib.machinery.EXTENSION_SUFFIXES[0]}")
        text.write_text(source, encoding="utf-8")
        translated = _run([sys.executable, "-m", "cython", "-3", str(text), "-o", str(c_file)])
        compiled = _run([*_c_compiler(), str(c_file), "-o", str(library)])
        loader = importlib.machinery.ExtensionFileLoader(name, str(library))
        spec = importlib.util.spec_from_loader(name, loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
    return Built(module, translated, compiled)


def _why_no_cython() -> str:
    """Empty if this machine can build an extension module."""
    if importlib.util.find_spec("Cython") is None:
        return "Cython isn't installed here"
    command = sysconfig.get_config_var("LDSHARED")
    if platform.system() == "Windows" or not command:
        return "on this system the course doesn't know how to call the C compiler"
    if shutil.which(command.split()[0]) is None:
        return f"there is no C compiler here: this Python was built by {command.split()[0]!r}"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "the headers of this Python (Python.h) aren't installed"
    return ""


def _c_compiler() -> list[str]:
    """The command that makes a library that Python can import, as this Python was built."""
    linked = str(sysconfig.get_config_var("LDSHARED")).split()
    position = str(sysconfig.get_config_var("CCSHARED") or "").split()
    include = {sysconfig.get_path("include"), sysconfig.get_path("platinclude")}
    return [*linked, *position, "-O2", *(f"-I{folder}" for folder in sorted(include))]


def _run(command: list[str]) -> float:
    """Run a compiler; return the seconds it took. Raises ValueError with what it complains of."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=_DEADLINE_S, check=False)
    if done.returncode != 0:
        raise ValueError(f"source must compile: {(done.stderr or done.stdout).strip()}")
    return time.perf_counter() - began
