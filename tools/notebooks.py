"""Builds notebooks from their sources, executes them and compares the two."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class SourceError(Exception):
    """A source cannot be made into a notebook."""


class ExecutionFailed(Exception):
    """A cell failed; the message names the chapter and the cell and quotes the error."""


def notebook_path(source: Path) -> Path:
    """Return where the notebook of this source lives: `sources/x.py` → `notebooks/x.ipynb`."""
    return source.parent.parent / "notebooks" / f"{source.stem}.ipynb"


def build(source: Path) -> NotebookNode:
    """Return the notebook, not executed, that a py:percent source describes.

    A cell that names no slide type gets one, so that each chapter can be shown as slides.

    Raises:
        SourceError: a cell is empty or of a kind other than code and markdown.
    """
    read = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    cells = []
    taken: set[str] = set()
    above = ""
    for position, cell in enumerate(read.cells, start=1):
        if not cell.source.strip():
            raise SourceError(f"{source.name}: cell {position} is empty. Fill or remove it.")
        identity = _cell_id(cell, taken)
        metadata = dict(cell.metadata)
        metadata["slideshow"] = {
            "slide_type": _slide_type(cell, above),
            **metadata.get("slideshow", {}),
        }
        above = cell.cell_type
        if cell.cell_type == "code":
            cells.append(new_code_cell(cell.source, id=identity, metadata=metadata))
        elif cell.cell_type == "markdown":
            cells.append(new_markdown_cell(cell.source, id=identity, metadata=metadata))
        else:
            raise SourceError(f"{source.name}: cell {position} is of the kind {cell.cell_type!r}.")
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    notebook: NotebookNode = new_notebook(cells=cells, metadata=metadata)
    return notebook


def _slide_type(cell: NotebookNode, above: str) -> str:
    """Where the cell stands in a slide show, unless it says so itself.

    A chapter and a section begin a slide. Below it, each piece of code has a slide with the prose
    above it: more doesn't fit, and what a prediction is about must not show beside it.

    above: the type of the cell above, "" for the first.
    """
    if cell.cell_type != "markdown":
        return "subslide" if above == "code" else "-"
    first_line = cell.source.lstrip().partition("\n")[0]
    if first_line.startswith(("# ", "## ")):
        return "slide"
    return "subslide" if above == "code" or first_line.startswith("### ") else "fragment"


def _cell_id(cell: NotebookNode, taken: set[str]) -> str:
    """Derive an id from the content, so that a changed cell changes no other cell's id."""
    repeat = 0
    while True:
        text = f"{cell.cell_type} {repeat} {cell.source}"
        identity = hashlib.sha256(text.encode()).hexdigest()[:12]
        if identity not in taken:
            taken.add(identity)
            return identity
        repeat += 1


def execute(notebook: NotebookNode, name: str, folder: Path, timeout: int = 120) -> None:
    """Run all cells in `folder`, filling in outputs and execution counts.

    Raises:
        ExecutionFailed: a cell raised an error or ran over the timeout, or the kernel died.
    """
    current = 0

    def remember(cell: NotebookNode, cell_index: int) -> None:
        nonlocal current
        current = cell_index

    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        # The kernel warns on each start that it talks over TCP, which means this computer only.
        extra_arguments=["--log-level=ERROR"],
        on_cell_start=remember,
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        first_line = notebook.cells[current].source.splitlines()[0]
        raise ExecutionFailed(
            f"{name}, cell {current + 1} ({first_line!r}): {str(error).strip()}"
        ) from error


def clean(notebook: NotebookNode, root: Path) -> None:
    """Remove what changes at every execution and says nothing: ids of views, times, folders."""
    notebook.metadata = NotebookNode(
        kernelspec=NotebookNode(KERNEL), language_info=NotebookNode(name="python")
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            # Without a kernel a view shows an error; its text stands in until the cell is run.
            output.get("data", {}).pop(WIDGET_VIEW, None)
            if output.output_type == "error":
                output.traceback = [_without_folders(line, root) for line in output.traceback]


def _without_folders(text: str, root: Path) -> str:
    for folder, short in ((root, "."), (Path.home(), "~")):
        text = text.replace(str(folder), short)
    return text


def folders_shown(notebook: NotebookNode, root: Path) -> list[str]:
    """Return a complaint for each cell whose output shows a folder of this computer."""
    private = (str(root), str(Path.home()))
    return [
        f"the output of cell {position} shows the folder {folder}"
        for position, cell in enumerate(notebook.cells, start=1)
        for folder in private
        if any(folder in text for output in cell.get("outputs", []) for text in _texts(output))
    ]


def _texts(value: Any) -> list[str]:
    """Collect the strings in an output, images aside."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, dict):
        return [
            text
            for key, item in value.items()
            if not (key.startswith("image/") and key != "image/svg+xml")
            for text in _texts(item)
        ]
    return []


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook, replacing the old file in one step."""
    nbformat.validate(notebook)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_suffix(".ipynb.partial")
    partial.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    partial.replace(path)


def differences(source: Path, path: Path) -> list[str]:
    """Return how a notebook departs from its source, outputs aside. Empty when in step.

    Raises:
        SourceError: see `build`.
    """
    if not path.is_file():
        return [f"{path.name} does not exist"]
    wanted = build(source)
    found = nbformat.read(path, as_version=4)
    problems = []
    if found.metadata != wanted.metadata:
        problems.append("the notebook's metadata differ")
    if len(found.cells) != len(wanted.cells):
        problems.append(f"{len(found.cells)} cells where the source has {len(wanted.cells)}")
    for position, (ours, theirs) in enumerate(
        zip(wanted.cells, found.cells, strict=False), start=1
    ):
        for part in ("cell_type", "source", "metadata", "id"):
            if ours[part] != theirs.get(part):
                problems.append(f"cell {position}: its {part} differs")
                break
    return problems


def not_executed(path: Path) -> list[str]:
    """Return a complaint for each code cell that was not executed, or not in order."""
    if not path.is_file():
        return [f"{path.name} does not exist"]
    cells = nbformat.read(path, as_version=4).cells
    code = [(position, cell) for position, cell in enumerate(cells, 1) if cell.cell_type == "code"]
    return [
        f"cell {position} has the execution count {cell.execution_count}, not {expected}"
        for expected, (position, cell) in enumerate(code, start=1)
        if cell.execution_count != expected
    ]
