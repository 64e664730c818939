"""Nothing that a chapter starts outlives it: seen from inside its kernel and from outside."""

from __future__ import annotations

import ast
import asyncio
import os
import secrets
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyter_client.manager import KernelManager
from jupyter_core.utils import run_sync

from helpers.measure.leftovers import belongings, left_since
from tests.browser.practice import SOURCE
from tests.chapter_files import NOTEBOOKS, ROOT, Chapter
from tools.notebooks import build

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0
MARK = "COURSE_LEAK_TEST"  # a variable that everything started from the kernel inherits
# multiprocessing's own helpers may stay until the kernel ends.
KEPT = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


class Kernel:
    """A kernel of its own, with a mark by which its whole family is known, orphans too."""

    def __init__(self, folder: Path) -> None:
        self.mark = secrets.token_hex()
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        variables = {MARK: self.mark, "IPYTHONDIR": str(folder / "ipython")}
        for name in ("TMPDIR", "TEMP", "TMP"):
            variables[name] = str(self.temporary)
        for name in ("COURSE_CLAIMS", "COURSE_CLAIMS_LEDGER"):
            variables[name] = ""
        self.manager = KernelManager()
        self.manager.start_kernel(cwd=str(folder), env={**os.environ, **variables})
        self.pid = self._pid()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE_S)
        self.run("from helpers.measure import leftovers as _leftovers")
        self.run("_before = _leftovers.belongings()")
        self.files = self.temporary_files()

    def _pid(self) -> int:
        started = [child for child in psutil.Process().children() if self._is_marked(child)]
        [kernel] = started
        return int(kernel.pid)

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return bool(process.environ().get(MARK) == self.mark)
        except (psutil.Error, OSError):  # another user's, or it ended meanwhile
            return False

    def run(self, code: str, expression: str = "None") -> Any:
        """Run a cell; return what the expression is afterwards, as ``literal_eval`` reads it."""
        reply = self.client.execute_interactive(
            code,
            timeout=PATIENCE_S,
            store_history=False,
            allow_stdin=False,
            user_expressions={"answer": expression},
            output_hook=lambda _: None,
        )["content"]
        assert reply["status"] == "ok", (code, reply)
        answer = reply["user_expressions"]["answer"]
        assert answer["status"] == "ok", (expression, answer)
        return ast.literal_eval(answer["data"]["text/plain"])

    def ask(self, expression: str) -> Any:
        return self.run("", expression)

    def temporary_files(self) -> set[str]:
        return {str(path) for path in self.temporary.rglob("*")}

    def family(self) -> list[psutil.Process]:
        """All processes that carry the mark, the kernel's own aside."""
        everybody = psutil.process_iter()
        return [one for one in everybody if one.pid != self.pid and self._is_marked(one)]

    def not_kept(self) -> list[str]:
        """The command lines of those that should have ended."""
        lines = []
        for process in self.family():
            try:
                line = " ".join(process.cmdline())
                helper = any(name in line for name in KEPT)
                # What the fork server forks looks like the fork server itself, but is its child.
                if not (helper and process.ppid() == self.pid):
                    lines.append(line)
            except psutil.Error:
                continue
        return lines

    def end(self) -> None:
        self.client.stop_channels()
        if self.manager.is_alive():
            self.manager.shutdown_kernel()
        self.manager.cleanup_resources()


@pytest.fixture(scope="module", params=["practice", *(path.stem for path in NOTEBOOKS)])
def kernel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A kernel in which every cell of one notebook has run."""
    folder = tmp_path_factory.mktemp("leaks")
    path = ROOT / "notebooks" / f"{request.param}.ipynb"
    if request.param == "practice":
        source = folder / "09_practice.py"
        source.write_text(SOURCE, encoding="utf-8")
        path = folder / "practice.ipynb"
        nbformat.write(build(source), path)
    kernel = Kernel(folder)
    try:
        for cell in Chapter(path).code:
            kernel.run(cell.source)
        yield kernel
    finally:
        kernel.end()
        for process in kernel.family():
            process.kill()


@pytest.fixture(scope="module", autouse=True)
def _end_of_all() -> Iterator[None]:
    # Where an event loop runs already (Playwright's, after the browser tests), jupyter_core makes
    # one thread to run its own coroutines in and keeps it. Let that come first.
    run_sync(asyncio.sleep)(0)
    before = belongings()
    yield
    assert left_since(before, patience=10) == []


def settled(look: Callable[[], Any], wanted: Any) -> Any:
    """Look again until it is as wanted, or for as long as is reasonable; return what was seen."""
    until = time.monotonic() + PATIENCE_S
    while (seen := look()) != wanted and time.monotonic() < until:
        time.sleep(0.05)
    return seen


def nothing_left(kernel: Kernel) -> None:
    assert kernel.ask("_leftovers.left_since(_before, patience=10)") == []
    assert settled(kernel.not_kept, []) == []
    assert settled(kernel.temporary_files, kernel.files) == kernel.files


def test_nothing_is_left_after_the_last_cell(kernel: Kernel) -> None:
    nothing_left(kernel)


@pytest.mark.parametrize("when", ["at once", "in the middle"])
def test_nothing_is_left_after_an_interrupted_lab(kernel: Kernel, when: str) -> None:
    kernel.run(
        "import gc as _gc, helpers.labs.panel as _panel\n"
        "_labs = [one for one in _gc.get_objects() if isinstance(one, _panel.Lab)]"
    )
    count = kernel.ask("len(_labs)")
    assert count > 0
    for lab in [f"_labs[{place}]" for place in range(count)]:
        kernel.run(f"{lab}.start()")
        if when == "in the middle":
            under_way = f"{lab}.progress.value > 0 or not {lab}.running"
            assert settled(partial(kernel.ask, under_way), True)
        kernel.manager.interrupt_kernel()
        assert settled(partial(kernel.ask, f"{lab}.running"), False) is False
        said = kernel.ask(f"{lab}.status.value")
        assert "Stopped." in said or "Done." in said, said
        nothing_left(kernel)


def test_these_eyes_see_what_is_left(kernel: Kernel) -> None:
    kernel.run(
        "import subprocess as _subprocess, sys as _sys, tempfile as _tempfile\n"
        "_file = _tempfile.NamedTemporaryFile()\n"
        "_code = 'import sys; sys.stdin.read()'\n"
        "_left = _subprocess.Popen([_sys.executable, '-c', _code], stdin=_subprocess.PIPE)"
    )
    [command] = kernel.not_kept()
    assert "sys.stdin.read()" in command
    assert len(kernel.temporary_files() - kernel.files) == 1
    [named] = kernel.ask("_leftovers.left_since(_before, patience=0)")
    assert named.startswith("processes: ")
    kernel.run("_left.communicate(); _file.close()")
    nothing_left(kernel)


def test_no_process_outlives_the_kernel(kernel: Kernel) -> None:
    """The last test of a kernel: it ends it, and with it multiprocessing's own helpers."""
    kernel.end()
    assert settled(lambda: [process.name() for process in kernel.family()], []) == []
    left = {path for path in kernel.temporary_files() if Path(path).exists()}
    assert left <= kernel.files
