from __future__ import annotations

from pathlib import Path

import pytest

from tools.chapters import UnknownChapter, find_chapters


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "sources").mkdir()
    for name in ("02_the_gil.py", "01_concurrency_basics.py", "notes.py"):
        (tmp_path / "sources" / name).touch()
    return tmp_path


def test_all_chapters_come_in_order(root: Path) -> None:
    names = [path.stem for path in find_chapters(root)]
    assert names == ["01_concurrency_basics", "02_the_gil"]


@pytest.mark.parametrize(
    "name", ["2", "02", "the_gil", "02_the_gil", "02_the_gil.py", "notebooks/02_the_gil.ipynb"]
)
def test_a_chapter_has_several_names(name: str, root: Path) -> None:
    assert [path.stem for path in find_chapters(root, [name, "2"])] == ["02_the_gil"]


@pytest.mark.parametrize("name", ["3", "gil", "notes", "", "0"])
def test_an_unknown_name_lists_the_chapters(name: str, root: Path) -> None:
    with pytest.raises(UnknownChapter, match="01_concurrency_basics, 02_the_gil"):
        find_chapters(root, [name])
