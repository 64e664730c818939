"""The notebooks are what their sources say, and were executed from top to bottom."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.chapters import find_chapters
from tools.notebooks import differences, not_executed, notebook_path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = find_chapters(ROOT)


def test_every_notebook_has_a_source() -> None:
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks == {source.stem for source in SOURCES}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_notebook_is_in_step_with_its_source(source: Path) -> None:
    problems = differences(source, notebook_path(source))
    assert not problems, "run `python3 course.py execute`: " + "; ".join(problems)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_notebook_was_executed_in_order(source: Path) -> None:
    """A notebook that was never executed would pass every comparison of outputs."""
    problems = not_executed(notebook_path(source))
    assert not problems, "run `python3 course.py execute`: " + "; ".join(problems)
