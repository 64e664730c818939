"""Building, executing and comparing, tried on tiny notebooks."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tools import execute as tool
from tools.notebooks import SourceError, build, clean, differences, not_executed, notebook_path

TEXT = """\
# %% [markdown]
# # Title

# %% tags=["nbval-ignore-output"] jupyter={"source_hidden": true}
x = 6

# %%
x * 7
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "sources").mkdir()
    path = tmp_path / "sources" / "01_tiny.py"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def root(source: Path) -> Path:
    return source.parent.parent


def run(root: Path, *arguments: str) -> int:
    return tool.main(arguments, root)


def test_build_makes_the_cells_of_the_source(source: Path) -> None:
    notebook = build(source)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code"]
    assert [cell.source for cell in notebook.cells] == ["# Title", "x = 6", "x * 7"]
    assert notebook.cells[1].metadata == {
        "tags": ["nbval-ignore-output"],
        "jupyter": {"source_hidden": True},
        "slideshow": {"slide_type": "-"},
    }
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


def test_ids_stay_when_another_cell_changes(source: Path) -> None:
    before = [cell.id for cell in build(source).cells]
    source.write_text(TEXT.replace("x = 6", "x = 5\n\n# %%\nx"), encoding="utf-8")
    after = [cell.id for cell in build(source).cells]
    assert (before[0], before[2]) == (after[0], after[3])
    assert before[1] not in after


def test_equal_cells_get_different_ids(source: Path) -> None:
    source.write_text("# %%\nx\n\n# %%\nx\n", encoding="utf-8")
    first, second = build(source).cells
    assert first.id != second.id


def test_an_empty_cell_is_refused(source: Path) -> None:
    source.write_text(TEXT + "\n# %%\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"01_tiny\.py: cell 4 is empty"):
        build(source)


def test_execute_writes_outputs_and_counts(
    root: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root) == 0
    notebook = nbformat.read(notebook_path(source), as_version=4)
    assert notebook.cells[2].outputs[0].data == {"text/plain": "42"}
    assert [cell.get("execution_count") for cell in notebook.cells] == [None, 1, 2]
    assert differences(source, notebook_path(source)) == []
    assert not_executed(notebook_path(source)) == []
    assert "01_tiny: " in capsys.readouterr().out
    assert run(root, "--check") == 0


def test_a_failing_cell_is_named_and_the_notebook_kept(
    root: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook_path(source).parent.mkdir()
    notebook_path(source).write_text("old", encoding="utf-8")
    source.write_text(TEXT.replace("x * 7", "x / 0"), encoding="utf-8")
    assert run(root, "1") == 1
    said = capsys.readouterr().err
    assert "01_tiny, cell 3 ('x / 0')" in said
    assert "ZeroDivisionError" in said
    assert notebook_path(source).read_text(encoding="utf-8") == "old"
    assert [path.name for path in notebook_path(source).parent.iterdir()] == ["01_tiny.ipynb"]


def test_an_output_that_shows_a_folder_of_this_computer_is_refused(
    root: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source.write_text("# %%\nimport os\n\nprint(os.getcwd())\n", encoding="utf-8")
    assert run(root) == 1
    assert f"the output of cell 1 shows the folder {root}" in capsys.readouterr().err


def test_an_unknown_chapter_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "7") == 2
    assert "there is no chapter '7'" in capsys.readouterr().err


def test_clean_leaves_the_text_of_a_widget_and_no_times(source: Path, root: Path) -> None:
    notebook = build(source)
    view = {"model_id": "1f", "version_major": 2, "version_minor": 0}
    cell = notebook.cells[1]
    cell.metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
    cell.outputs = [
        nbformat.v4.new_output(
            "display_data",
            {"text/plain": "A panel", "application/vnd.jupyter.widget-view+json": view},
        ),
        nbformat.v4.new_output("error", traceback=[f"File {root / 'helpers' / 'x.py'}:3"]),
    ]
    notebook.metadata["widgets"] = {"state": {}}
    clean(notebook, root)
    assert cell.outputs[0].data == {"text/plain": "A panel"}
    assert not any(str(root) in line for line in cell.outputs[1].traceback)
    assert "execution" not in cell.metadata
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("x * 7", "x * 8", "cell 3: its source differs"),
        ("nbval-ignore-output", "nbval-skip", "cell 2: its metadata differs"),
        ("# %%\nx * 7\n", "", "3 cells where the source has 2"),
    ],
)
def test_differences_are_named(old: str, new: str, problem: str, source: Path) -> None:
    path = notebook_path(source)
    path.parent.mkdir()
    changed = source.with_name("changed.py")
    changed.write_text(TEXT.replace(old, new), encoding="utf-8")
    nbformat.write(build(source), path)
    assert differences(changed, path)[0] == problem


def test_a_missing_notebook_differs(source: Path) -> None:
    assert differences(source, notebook_path(source)) == ["01_tiny.ipynb does not exist"]
    assert not_executed(notebook_path(source)) == ["01_tiny.ipynb does not exist"]


def test_a_notebook_not_executed_fails_the_check(
    root: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook_path(source).parent.mkdir()
    nbformat.write(build(source), notebook_path(source))
    assert run(root, "--check") == 1
    assert "cell 2 has the execution count None, not 1" in capsys.readouterr().err
