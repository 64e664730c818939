"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKERS = sorted((ROOT / "helpers" / "workers").rglob("*.py"))


def parse(path: Path, feature_version: tuple[int, int] | None = None) -> ast.Module:
    return ast.parse(
        path.read_text(encoding="utf-8"), filename=str(path), feature_version=feature_version
    )


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


@pytest.mark.parametrize("path", WORKERS, ids=lambda path: path.name)
def test_workers_keep_the_syntax_of_python_3_9(path: Path) -> None:
    parse(path, feature_version=(3, 9))


@pytest.mark.parametrize("path", WORKERS, ids=lambda path: path.name)
def test_workers_import_only_the_standard_library(path: Path) -> None:
    foreign = [
        name
        for name in imported(parse(path))
        if name.partition(".")[0] not in sys.stdlib_module_names
        and name != "helpers.workers"
        and not name.startswith("helpers.workers.")
    ]
    assert not foreign


@pytest.mark.parametrize("path", WORKERS, ids=lambda path: path.name)
def test_workers_return_values_and_never_print(path: Path) -> None:
    """What a child process prints is lost or lands in another cell."""
    lines = [
        node.lineno
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert not lines


@pytest.mark.parametrize("name", ["", "workers", "measure", "draw", "labs", "course"])
def test_packages_import_nothing_themselves(name: str) -> None:
    """A child process imports the packages above its worker, and should be up at once."""
    tree = parse(ROOT / "helpers" / name / "__init__.py")
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


def test_requirements_name_no_place_to_install_from() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    options = [
        line for line in text.splitlines() if line.startswith("-") and line.split() != ["-e", "."]
    ]
    assert not options
    assert "://" not in text


def test_requirements_pin_what_requirements_in_names() -> None:
    def names(file: str) -> set[str]:
        lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
        return {re.split("[=<> ]", line)[0] for line in lines if line[:1].isalnum()}

    assert names("requirements.in") <= names("requirements.txt")
