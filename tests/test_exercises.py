"""Each exercise, three ways: the stub fails, the solution passes, wrong answers are refused."""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbformat import NotebookNode

from helpers.course.exercises import Checked
from tests.chapter_files import NOTEBOOKS, Chapter, tags_of

CHECK = re.compile(r'check\(\s*"(\d\.\d+)"')


@dataclass(frozen=True)
class Exercise:
    number: str
    imports: str
    stub: str
    check: str
    solution: str

    def answer(self, source: str) -> Checked:
        """What the check cell shows for this answer."""
        names: dict[str, object] = {"__name__": "exercise"}
        exec(self.imports, names)
        exec(source, names)
        tree = ast.parse(self.check)
        last = tree.body.pop()
        assert isinstance(last, ast.Expr), "a check cell ends in the check"
        exec(compile(tree, "check", "exec"), names)
        outcome: Checked = eval(compile(ast.Expression(last.value), "check", "eval"), names)
        return outcome


def exercises_of(chapter: Chapter) -> list[Exercise]:
    """Read them from the notebook itself, so that nothing can drift apart."""
    imports = "\n".join(_imports(cell.source) for cell in chapter.code)
    cells = chapter.part("Exercises")
    found = []
    for position, cell in enumerate(cells):
        if "exercise" not in tags_of(cell):
            continue
        check = cells[position + 1].source
        number = CHECK.search(check)
        assert number, f"the cell after an exercise must check it: {check}"
        found.append(Exercise(number[1], imports, cell.source, check, _solution(cells[position:])))
    return found


def _imports(source: str) -> str:
    found = [
        node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return "\n".join(map(ast.unparse, found))


def _solution(cells: list[NotebookNode]) -> str:
    for cell in cells:
        block = re.search(r"<summary>Solution.*?```python\n(.*?)```", cell.source, re.DOTALL)
        if cell.cell_type == "markdown" and block:
            return block[1]
    raise AssertionError("no folded solution follows the exercise")


def _wrong(path: Path) -> dict[str, list[tuple[str, str]]]:
    module = importlib.import_module(f"tests.exercises.ch{path.name[:2]}")
    answers: dict[str, list[tuple[str, str]]] = module.WRONG
    return answers


EXERCISES = [
    pytest.param(path, exercise, id=exercise.number)
    for path in NOTEBOOKS
    for exercise in exercises_of(Chapter(path))
]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_chapter_has_exercises(path: Path) -> None:
    assert len(exercises_of(Chapter(path))) >= 2


@pytest.mark.parametrize(("path", "exercise"), EXERCISES)
def test_stub_is_not_yet_a_solution(path: Path, exercise: Exercise) -> None:
    outcome = exercise.answer(exercise.stub)
    assert not outcome.passed
    assert outcome.message


@pytest.mark.parametrize(("path", "exercise"), EXERCISES)
def test_solution_passes(path: Path, exercise: Exercise) -> None:
    outcome = exercise.answer(exercise.solution)
    assert outcome.passed, outcome.message


@pytest.mark.parametrize(("path", "exercise"), EXERCISES)
def test_plausible_wrong_answers_are_refused_with_a_useful_word(
    path: Path, exercise: Exercise
) -> None:
    wrong = _wrong(path)[exercise.number]
    assert wrong
    for source, word in wrong:
        outcome = exercise.answer(source)
        assert not outcome.passed, source
        assert word in outcome.message, (source, outcome.message)
