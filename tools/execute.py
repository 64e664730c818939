"""Builds the notebooks from their sources and executes them: `python -m tools.execute`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.chapters import UnknownChapter, find_chapters
from tools.notebooks import (
    ExecutionFailed,
    SourceError,
    build,
    clean,
    differences,
    execute,
    folders_shown,
    not_executed,
    notebook_path,
    write,
)

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Execute or check chapters; return 0, 1 for a failure or 2 for an unknown chapter."""
    parser = argparse.ArgumentParser(prog="course.py execute", description=__doc__)
    parser.add_argument("chapters", nargs="*", help="numbers or names; all when none is given")
    parser.add_argument(
        "--check", action="store_true", help="only say whether the notebooks match their sources"
    )
    options = parser.parse_args(arguments)
    try:
        sources = find_chapters(root, options.chapters)
    except UnknownChapter as error:
        print(error, file=sys.stderr)
        return 2
    if options.check:
        return _check(sources)
    return _execute_all(sources, root)


def _check(sources: Sequence[Path]) -> int:
    failed = False
    for source in sources:
        path = notebook_path(source)
        problems = differences(source, path) or not_executed(path)
        failed = failed or bool(problems)
        for problem in problems:
            print(f"{path.name}: {problem}", file=sys.stderr)
    if failed:
        print("Run `python3 course.py execute` and commit the result.", file=sys.stderr)
    return int(failed)


def _execute_all(sources: Sequence[Path], root: Path) -> int:
    start = time.perf_counter()
    failures = 0
    for source in sources:
        began = time.perf_counter()
        try:
            _execute_one(source, root)
        except (SourceError, ExecutionFailed) as error:
            failures += 1
            print(f"{source.stem}: FAILED, notebook left as it was.\n{error}", file=sys.stderr)
        else:
            print(f"{source.stem}: {time.perf_counter() - began:.1f} s", flush=True)
    print(f"{len(sources)} chapters, {failures} failed, {time.perf_counter() - start:.1f} s")
    return int(failures > 0)


def _execute_one(source: Path, root: Path) -> None:
    path = notebook_path(source)
    path.parent.mkdir(exist_ok=True)
    notebook = build(source)
    execute(notebook, source.stem, path.parent)
    clean(notebook, root)
    if shown := folders_shown(notebook, root):
        raise ExecutionFailed(f"{source.stem}: {'; '.join(shown)}. Print something else there.")
    write(notebook, path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
