"""The ledger of claims: which tables it rewrites, and when there is too little to tell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.measure.verdict import WITH_GIL
from tools.ledger import exceeded, excuse, read_entries, write_ledger

ROOT = Path(__file__).resolve().parent.parent


def claim(folder: Path, name: str, outcome: str = "holds", **more: object) -> None:
    """Do what a kernel does when a claim was checked."""
    record = {
        "chapter": "01",
        "id": name,
        "text": f"Statement {name}",
        "outcome": outcome,
        "reason": "" if outcome == "holds" else "too noisy",
        "evidence": "3.2 ms against 1.1 ms",
        "python": "3.11.7",
        "gil": True,
    } | more
    with (folder / "4711.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "claims"
    path.mkdir()
    return path


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "docs" / "claims.md"


def rows(ledger: Path) -> list[str]:
    lines = ledger.read_text(encoding="utf-8").splitlines()
    bodies = ("| Claim", "| ---")
    return [line for line in lines if line.startswith("| ") and not line.startswith(bodies)]


def header(ledger: Path) -> str:
    lines = ledger.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("| Claim"))


def test_a_table_lists_claims_by_id_without_evidence(folder: Path, ledger: Path) -> None:
    claim(folder, "1.10-late")
    claim(folder, "1.2-a", "can't be told here", gil=False, python="3.14.0")
    write_ledger(folder, ledger, {"01"})
    assert header(ledger) == "| Claim | Statement | Python 3.11 | Python 3.14, no GIL |"
    assert rows(ledger) == [
        "| 1.2-a | Statement 1.2-a |  | can't be told here: too noisy |",
        "| 1.10-late | Statement 1.10-late | holds |  |",
    ]
    assert " ms" not in ledger.read_text(encoding="utf-8")


def test_only_the_chapters_named_are_rewritten(folder: Path, ledger: Path) -> None:
    claim(folder, "1.1")
    claim(folder, "2.1", chapter="02")
    write_ledger(folder, ledger, {"01", "02"})
    before = ledger.read_text(encoding="utf-8")

    shutil.rmtree(folder)
    folder.mkdir()
    claim(folder, "1.1", "can't be told here")
    claim(folder, "2.1", "can't be told here", chapter="02")
    write_ledger(folder, ledger, {"02"})
    assert [row.split(" | ")[2] for row in rows(ledger)] == [
        "holds |",
        "can't be told here: too noisy |",
    ]

    write_ledger(folder, ledger, set())
    claim(folder, "1.1", "holds")
    assert ledger.read_text(encoding="utf-8") != before


def test_each_interpreter_keeps_its_column(folder: Path, ledger: Path) -> None:
    claim(folder, "1.1")
    claim(folder, "1.2")
    claim(folder, "1.3-goes")
    write_ledger(folder, ledger, {"01"})

    shutil.rmtree(folder)
    folder.mkdir()
    claim(folder, "1.1", "can't be told here", python="3.9.0")
    claim(folder, "1.2", text="Now it says something else", python="3.9.0")
    write_ledger(folder, ledger, {"01"})
    assert header(ledger) == "| Claim | Statement | Python 3.9 | Python 3.11 |"
    assert rows(ledger) == [
        "| 1.1 | Statement 1.1 | can't be told here: too noisy | holds |",
        "| 1.2 | Now it says something else | holds |  |",
    ]


def test_claims_that_only_one_kind_of_interpreter_makes_stay(folder: Path, ledger: Path) -> None:
    def run(*names: str, gil: bool) -> None:
        shutil.rmtree(folder)
        folder.mkdir()
        for name in names:
            claim(folder, name, gil=gil)
        write_ledger(folder, ledger, {"01"})

    run("1.1", "1.2-gil", "1.3-goes", gil=True)
    run("1.1", "1.2-free", gil=False)
    run("1.1", "1.2-gil", gil=True)
    assert header(ledger) == "| Claim | Statement | Python 3.11 | Python 3.11, no GIL |"
    assert rows(ledger) == [
        "| 1.1 | Statement 1.1 | holds | holds |",
        "| 1.2-free | Statement 1.2-free |  | holds |",
        "| 1.2-gil | Statement 1.2-gil | holds |  |",
    ]


def test_a_table_of_another_form_is_written_anew(folder: Path, ledger: Path) -> None:
    ledger.parent.mkdir()
    old = (
        "| Claim | Statement | Outcome | On |\n|---|---|---|---|\n| 1.1 | S | holds | Python 3.9 |"
    )
    ledger.write_text(f"## Chapter 01\n\n{old}\n", encoding="utf-8")
    claim(folder, "1.1")
    write_ledger(folder, ledger, {"01"})
    assert rows(ledger) == ["| 1.1 | Statement 1.1 | holds |"]


def test_writing_again_changes_nothing(folder: Path, ledger: Path) -> None:
    claim(folder, "1.1")
    claim(folder, "2.1", chapter="02")
    write_ledger(folder, ledger, {"01", "02"})
    before = ledger.read_bytes()
    write_ledger(folder, ledger, {"01"})
    write_ledger(folder, ledger, set())
    assert ledger.read_bytes() == before


def test_a_bar_or_line_break_does_not_break_the_table(folder: Path, ledger: Path) -> None:
    claim(folder, "1.1", text="a | b\nc")
    write_ledger(folder, ledger, {"01"})
    assert rows(ledger) == [r"| 1.1 | a \| b c | holds |"]
    write_ledger(folder, ledger, {"01"})
    assert rows(ledger) == [r"| 1.1 | a \| b c | holds |"]


def test_of_several_outcomes_the_worst_counts(folder: Path) -> None:
    for outcome in ("holds", "does not hold", "can't be told here"):
        claim(folder, "1.1", outcome)
    assert [entry.outcome for entry in read_entries(folder)] == ["does not hold"]


@pytest.mark.parametrize("line", ["{}", "junk", "[]", '{"outcome": "perhaps"}'])
def test_a_line_that_is_no_claim_is_named(line: str, folder: Path) -> None:
    (folder / "4711.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(ValueError, match=r"4711\.jsonl, line 1: not a claim"):
        read_entries(folder)


def test_too_many_untold_claims_are_named(folder: Path) -> None:
    for name in ("1.1", "1.2", "1.3"):
        claim(folder, name, "can't be told here")
    claim(folder, "1.4", "can't be told here", reason=WITH_GIL.reason, gil=False)
    claim(folder, "2.1", chapter="02")
    assert exceeded(folder, {"01": 3}) == []
    (complaint,) = exceeded(folder, {"01": 2})
    assert complaint.startswith("chapter 01: 3 claims can't be told here, at most 2 may: 1.1")
    assert len(exceeded(folder, {})) == 1


# The whole way: conftest.py at work in a small course of its own

CHAPTER = """\
# %%
import json
import os

assert "COURSE_CLAIMS" not in os.environ or os.environ["COURSE_CLAIMS"] == "strict"
if "COURSE_CLAIMS_LEDGER" in os.environ:
    record = {
        "chapter": "01",
        "id": "1.1",
        "text": "Statement",
        "outcome": "can't be told here",
        "reason": "too noisy",
        "python": "3.11.7",
        "gil": True,
    }
    with open(os.path.join(os.environ["COURSE_CLAIMS_LEDGER"], str(os.getpid())), "a") as file:
        file.write(json.dumps(record) + "\\n")

# %%
6 * 7
"""

PYPROJECT = """\
[tool.pytest.ini_options]
testpaths = ["tests", "notebooks"]
addopts = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=60"]

[tool.course.untold_at_most]
"""

UNIT_TEST = """\
import os


def test_that_unit_tests_see_no_ledger():
    assert "COURSE_CLAIMS_LEDGER" not in os.environ
"""


@pytest.mark.slow
def test_a_session_keeps_the_ledger(tmp_path: Path) -> None:
    for name in ("sources", "tests"):
        (tmp_path / name).mkdir()
    (tmp_path / "sources" / "01_tiny.py").write_text(CHAPTER, encoding="utf-8")
    (tmp_path / "tests" / "test_unit.py").write_text(UNIT_TEST, encoding="utf-8")
    shutil.copy(ROOT / "conftest.py", tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(PYPROJECT + '"01" = 1\n', encoding="utf-8")
    ledger = tmp_path / "docs" / "claims.md"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if "COURSE" not in name},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    assert run("tools.execute").returncode == 0

    part = run("pytest", "tests", "notebooks/01_tiny.ipynb::Cell 0")
    assert part.returncode == 0, part.stdout
    assert not ledger.exists() or not rows(ledger)

    whole = run("pytest")
    assert whole.returncode == 0, whole.stdout
    assert rows(ledger) == ["| 1.1 | Statement | can't be told here: too noisy |"]

    pyproject.write_text(PYPROJECT, encoding="utf-8")
    too_many = run("pytest")
    assert "chapter 01: 1 claims can't be told here, at most 0 may" in too_many.stdout
    # This machine may be busy just now; what then follows is tested below.
    assert too_many.returncode == (0 if "not counted" in too_many.stdout else 1)


def test_a_busy_or_small_machine_is_excused() -> None:
    assert excuse(2, 0.0) == excuse(64, None) == ""
    assert "one core" in excuse(1, 0.0)
    assert "1.5 cores busy" in excuse(2, 1.5)
