"""A real JupyterLab, a real browser."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.family import settled
from tests.browser.notebook_page import NotebookPage
from tests.browser.practice import NAME, SOURCE
from tests.browser.server import Server
from tests.chapter_files import NOTEBOOKS
from tools.notebooks import build

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing outside is to be reached, not even by mistake.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def find_chromium() -> str | None:
    """The program named by COURSE_CHROMIUM, else the first of the usual ones."""
    if named := os.environ.get("COURSE_CHROMIUM"):
        return shutil.which(named)
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or (_ON_A_MAC if sys.platform == "darwin" and Path(_ON_A_MAC).exists() else None)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = find_chromium()
    if found is None:
        why = (
            "no Chromium or Chrome found: install one, or name it in the environment variable "
            "COURSE_CHROMIUM"
        )
        if os.environ.get("CI"):
            pytest.fail(why)  # where nobody reads the list of skipped tests
        pytest.skip(why)
    return found


@pytest.fixture(scope="session")
def server(chromium: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="course-lab-", ignore_cleanup_errors=True) as folder:
        source = Path(folder, "09_practice.py")
        source.write_text(SOURCE, encoding="utf-8")
        server = Server(Path(folder).resolve()).start()
        nbformat.write(build(source), Path(folder, "notebooks", NAME))
        try:
            yield server
        finally:
            left = server.end()
        assert not left, f"JupyterLab was told to end and left {left}"


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="package", params=[NAME, *(path.name for path in NOTEBOOKS)])
def notebook(
    request: pytest.FixtureRequest, server: Server, browser: Browser
) -> Iterator[NotebookPage]:
    """A notebook after Run All. The tests of one notebook share the page, one after another."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    notebook = NotebookPage(page, server, request.param)
    notebook.open()
    notebook.run_all()
    yield notebook
    notebook.shut_kernel_down()
    page.close()
    # With the kernel, multiprocessing's own helpers end, too.
    assert settled(notebook.family.processes, []) == []
    assert notebook.family.files() <= notebook.files_at_first


@pytest.fixture(autouse=True)
def no_complaints(request: pytest.FixtureRequest) -> Generator[None, None, None]:
    """After each test: a picture of the page if it failed, and nothing in the console."""
    yield
    if "notebook" not in request.fixturenames:
        return
    notebook = request.getfixturevalue("notebook")
    report = request.node.stash.get(REPORT, None)
    if report is not None and report.failed:
        path = Path(tempfile.gettempdir(), f"course-{request.node.name}.png".replace("/", "-"))
        notebook.page.screenshot(path=path)
        print(f"The page is shown in {path}")
    complaints, notebook.complaints = notebook.complaints, []
    assert not complaints


REPORT = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        item.stash[REPORT] = report
    return report
