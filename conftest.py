"""What every test session does: check the notebooks' claims strictly and keep their ledger."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import tomllib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from helpers.measure.host import HostMeter
from helpers.measure.machine import usable_cores
from tools.ledger import exceeded, excuse, write_ledger

ROOT = Path(__file__).resolve().parent
LEDGER_FOLDER = "COURSE_CLAIMS_LEDGER"
CLAIMS_MODE = "COURSE_CLAIMS"


class ClaimsLedger:
    """Watches which notebooks run whole, and writes their claims down at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run: dict[Path, set[str]] = {}
        self.failed: set[Path] = set()
        self.complaints: list[str] = []
        self.remarks: list[str] = []
        self.meter = HostMeter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        path = ROOT / report.nodeid.partition("::")[0]
        if path.suffix != ".ipynb" or path.parent != ROOT / "notebooks":
            return
        cells = self.run.setdefault(path, set())
        if report.failed:
            self.failed.add(path)
        elif report.when == "call":
            cells.add(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not self.run:
            return
        try:
            write_ledger(self.folder, ROOT / "docs" / "claims.md", self.whole_chapters())
            too_many = exceeded(self.folder, _bounds())
        except (OSError, ValueError) as error:
            self.complaints = [f"the claims cannot be written down: {error}"]
            too_many = []
        reason = excuse(usable_cores()[0], self.meter.use().others)
        if reason:
            self.remarks = [f"{message} (not counted: {reason})" for message in too_many]
        else:
            self.complaints += too_many
        if self.complaints and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.complaints or self.remarks:
            terminalreporter.section("claims", red=bool(self.complaints))
            for line in self.complaints + self.remarks:
                terminalreporter.line(line)

    def whole_chapters(self) -> set[str]:
        """Return the numbers of the chapters of which every code cell passed."""
        return {
            path.name.partition("_")[0]
            for path, cells in self.run.items()
            if path not in self.failed and len(cells) == _code_cells(path)
        }


def _code_cells(path: Path) -> int:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return sum(cell["cell_type"] == "code" for cell in cells)


def _bounds() -> dict[str, int]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    bounds: dict[str, int] = project["tool"]["course"]["untold_at_most"]
    return bounds


# Hypothesis fails a test that takes 200 ms; no test of ours depends on how fast anything is.
hypothesis.settings.register_profile("course", deadline=None)
hypothesis.settings.load_profile("course")


def pytest_configure(config: pytest.Config) -> None:
    # Under pytest-xdist only the first process keeps the ledger; the workers inherit its settings.
    if hasattr(config, "workerinput"):
        return
    folder = Path(tempfile.mkdtemp(prefix="course-claims-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    settings = pytest.MonkeyPatch()
    config.add_cleanup(settings.undo)
    settings.setenv(LEDGER_FOLDER, str(folder))
    settings.setenv(CLAIMS_MODE, "strict")
    config.pluginmanager.register(ClaimsLedger(folder), "claims-ledger")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Keep claims that unit tests make up, or kernels they start, out of the notebooks' ledger."""
    with pytest.MonkeyPatch.context() as settings:
        if item.path.suffix != ".ipynb":
            settings.delenv(LEDGER_FOLDER, raising=False)
            settings.delenv(CLAIMS_MODE, raising=False)
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Last: Playwright keeps an event loop running in this thread, in which no other can be run.
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Side by side, the tests of one file stay together, or those of one open notebook."""
    from xdist.scheduler import LoadScopeScheduling  # not needed to run the notebooks

    class ByNotebook(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            notebook = _OPEN_NOTEBOOK.search(nodeid)
            return notebook[1] if notebook else nodeid.partition("::")[0]

    return ByNotebook(config, log)


_OPEN_NOTEBOOK = re.compile(r"^tests/browser/.*\[(\w+\.ipynb)")
