"""Look into a running program from outside, and run a test as a developer would."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

from helpers.measure.interpreters import find_interpreters

_PATIENCE_S = 30.0
READY = "ready"
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Look:
    """What a tool said about a program. text: "" where it can't be used; why_not says why."""

    tool: str
    text: str
    why_not: str = ""

    def __str__(self) -> str:
        return self.text or f"{self.tool}: {self.why_not}"


@contextmanager
def running(script: str, python: str | Path = sys.executable) -> Iterator[int]:
    """Run a program until the block ends; gives its process id.

    script: its source. It prints ``ready`` when there is something to see; the block begins then.
    Raises RuntimeError with what it said on standard error if it ends before that, TimeoutError
    if it isn't ready within 30 s.
    """
    process = subprocess.Popen(
        [str(python), "-u", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _until_ready(process)
        yield process.pid
    finally:
        process.kill()
        process.communicate()


def _until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    lines: list[str] = []
    heard = Event()

    def listen() -> None:
        assert process.stdout is not None
        lines.append(process.stdout.readline())
        heard.set()

    listener = Thread(target=listen, name="waits for a program to be ready")
    listener.start()
    in_time = heard.wait(_PATIENCE_S)
    if not in_time:
        process.kill()  # its end of the pipe closes, and the listener hears that
    listener.join()
    if not in_time:
        raise TimeoutError(f"the program was not ready within {_PATIENCE_S:g} s")
    if lines[0].strip() != READY:
        assert process.stderr is not None
        process.kill()
        raise RuntimeError(f"the program ended before it was ready: {process.stderr.read()}")


def py_spy_dump(pid: int) -> Look:
    """The stacks of another process by py-spy, which reads its memory.

    Source: https://github.com/benfred/py-spy
    """
    program = shutil.which("py-spy") or shutil.which(
        "py-spy", path=str(Path(sys.executable).parent)
    )
    if program is None:
        return Look("py-spy", "", "it isn't installed here. To get it: pip install py-spy")
    seen = _look("py-spy", [program, "dump", "--pid", str(pid)])
    # Above the threads it repeats the command line, with the whole script.
    return replace(seen, text=seen.text[max(seen.text.find("\nThread "), 0) :].strip())


def asyncio_tree(script: str) -> Look:
    """What ``python -m asyncio pstree`` says about a program, by the newest CPython from 3.14 on.

    script: as of ``running``; it runs on that CPython as well. Raises as ``running``.
    Source: https://docs.python.org/3/whatsnew/3.14.html#asyncio-introspection-capabilities
    """
    able = [one for one in find_interpreters().interpreters if one.version >= (3, 14)]
    if not able:
        return Look("asyncio pstree", "", "it takes a CPython from 3.14 on, and there is none here")
    python = max(able, key=lambda one: (one.version, not one.free_threaded)).path
    with running(script, python) as pid:
        seen = _look("asyncio pstree", [python, "-m", "asyncio", "pstree", str(pid)])
    # Where that CPython is installed, nobody asked.
    return replace(seen, text=re.sub(r"\S*/(\w+\.py:)", r"\1", seen.text))


def _look(tool: str, command: list[str]) -> Look:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Look(tool, "", f"it gave no answer: {error}")
    output, errors = (_COLOUR.sub("", text).strip() for text in (done.stdout, done.stderr))
    if done.returncode != 0 or not output:
        return Look(tool, "", f"it can't read another process here: {_reason(errors)}")
    return Look(tool, output)


# A kernel sets FORCE_COLOR for the programs that it starts.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _reason(errors: str) -> str:
    """The line that names the error; what stands below it may be where in the tool it arose."""
    lines = errors.splitlines() or ["it doesn't say why"]
    return next((line.strip() for line in lines if "error" in line.lower()), lines[-1].strip())


@dataclass(frozen=True)
class TestRun:
    """How a run of pytest ended. passed, failed, skipped: numbers of tests. lines: one for each
    test that failed or was skipped, with the reason.
    """

    __test__ = False  # pytest takes what is called Test… for a test

    passed: int
    failed: int
    skipped: int
    lines: tuple[str, ...]

    def __str__(self) -> str:
        counts = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        return "\n".join([counts, *self.lines])


def run_pytest(files: Mapping[str, str]) -> TestRun:
    """Write the files into a folder of their own and run pytest there.

    files: name to text, names such as ``test_pages.py``. The tests may import ``helpers``.
    Raises ValueError for a name that isn't plain; RuntimeError if pytest can't run the tests.
    """
    for name in files:
        if not re.fullmatch(r"\w+\.py", name):
            raise ValueError(f"files must have plain names such as test_it.py, got {name!r}")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", _PYTEST, str(_ROOT), folder],
            capture_output=True,
            text=True,
            timeout=2 * _PATIENCE_S,
            cwd=folder,
        )
    counts = {
        word: int(number)
        for number, word in re.findall(r"(\d+) (passed|failed|skipped)", done.stdout)
    }
    # https://docs.pytest.org/en/stable/reference/exit-codes.html, but 1 is Python's own code, too.
    if done.returncode not in (0, 1) or not counts:
        raise RuntimeError(f"pytest could not run the tests: {done.stdout}{done.stderr}")
    lines = re.findall(r"^((?:FAILED|SKIPPED) .*)$", done.stdout, re.MULTILINE)
    return TestRun(
        counts.get("passed", 0), counts.get("failed", 0), counts.get("skipped", 0), tuple(lines)
    )


# Without the plug-ins that happen to be installed: they take longer than the tests.
_PYTEST = """
import os, sys
sys.path.insert(0, sys.argv[1])
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
os.environ["COLUMNS"] = "1000"  # or it cuts the reasons short
import pytest
options = ["-q", "-rfs", "--color=no", "-p", "no:cacheprovider", "--rootdir", sys.argv[2]]
sys.exit(pytest.main(options))
"""
