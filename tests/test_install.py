"""`helpers` is installed: it imports from any folder, in this process and in children."""

from __future__ import annotations

import subprocess
import sys
from multiprocessing import get_all_start_methods
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

IN_A_CHILD = """\
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor


def imported() -> str:
    import helpers.workers

    return helpers.workers.__name__


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        print(pool.submit(imported).result())
"""


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_helpers_import_from_another_folder(tmp_path: Path) -> None:
    found = run(tmp_path, "-c", "import helpers.workers; print(helpers.workers.__file__)")
    assert Path(found) == ROOT / "helpers" / "workers" / "__init__.py"


@pytest.mark.parametrize("method", get_all_start_methods())
def test_helpers_import_in_children(method: str, tmp_path: Path) -> None:
    script = tmp_path / "in_a_child.py"
    script.write_text(IN_A_CHILD, encoding="utf-8")
    assert run(tmp_path, str(script), method) == "helpers.workers"
