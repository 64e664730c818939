"""Gathers the outcomes of the chapters' claims into docs/claims.md.

While the notebooks are tested, each kernel appends one JSON line per checked claim to a file of its
own. What is written here has no timings, so that it changes only when an outcome does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers.measure.compare import BUSY_CORES

HOLDS = "holds"
FAILS = "does not hold"
UNTOLD = "can't be told here"
_WORST_FIRST = (FAILS, UNTOLD, HOLDS)

_INTRODUCTION = """\
# The course's claims

Each chapter checks what it claims on the computer it runs on. This is how the checks came out when
the tests last ran each chapter; `python3 course.py test` writes this file. *Can't be told here*
means that the measurement was too noisy, or that this computer or interpreter lacks what it needs.
"""


@dataclass(frozen=True)
class Entry:
    """The outcome of one claim on one interpreter."""

    chapter: str
    id: str
    text: str
    outcome: str
    reason: str
    interpreter: str


def read_entries(folder: Path) -> list[Entry]:
    """Return one entry per claim, sorted by chapter and id; of several outcomes the worst counts.

    Raises:
        ValueError: a line is not what a claim writes; the message names the file and line.
    """
    entries: dict[tuple[str, str], Entry] = {}
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                entry = _entry(json.loads(line))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path.name}, line {number}: not a claim ({error!r})") from error
            key = (entry.chapter, entry.id)
            if key not in entries or _rank(entry) < _rank(entries[key]):
                entries[key] = entry
    return sorted(entries.values(), key=lambda entry: (entry.chapter, _natural(entry.id)))


def _entry(record: Mapping[str, str]) -> Entry:
    if record["outcome"] not in _WORST_FIRST:
        raise ValueError(f"unknown outcome {record['outcome']!r}")
    version = ".".join(record["python"].split(".")[:2])
    return Entry(
        chapter=record["chapter"],
        id=record["id"],
        text=record["text"],
        outcome=record["outcome"],
        reason=record.get("reason") or "",
        interpreter=f"Python {version}" + ("" if record["gil"] else ", no GIL"),
    )


def _rank(entry: Entry) -> int:
    return _WORST_FIRST.index(entry.outcome)


def _natural(text: str) -> list[tuple[int, str]]:
    """Sort 1.2 before 1.10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", text)]


def write_ledger(folder: Path, path: Path, chapters: Collection[str]) -> None:
    """Rewrite the tables of `chapters` in the file `path` and keep those of the others.

    Args:
        folder: where the kernels wrote their lines.
        path: the Markdown file; made when missing.
        chapters: numbers ("01") of the chapters of which every cell was run.

    Raises:
        ValueError: see `read_entries`.
    """
    sections = _read_sections(path)
    entries = read_entries(folder)
    for chapter in chapters:
        own = [entry for entry in entries if entry.chapter == chapter]
        sections.pop(chapter, None)
        if own:
            sections[chapter] = _table(own)
    parts = [f"## Chapter {chapter}\n\n{sections[chapter]}" for chapter in sorted(sections)]
    text = "\n".join([_INTRODUCTION, *parts])
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _read_sections(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    _, *parts = re.split(r"^## Chapter (.+)\n\n", path.read_text(encoding="utf-8"), flags=re.M)
    return {
        chapter: f"{text.strip()}\n" for chapter, text in zip(parts[::2], parts[1::2], strict=True)
    }


def _table(entries: list[Entry]) -> str:
    rows = ["| Claim | Statement | Outcome | On | Reason |", "|---|---|---|---|---|"]
    for entry in entries:
        fields = (entry.id, entry.text, entry.outcome, entry.interpreter, entry.reason)
        rows.append(f"| {' | '.join(map(_cell, fields))} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def exceeded(folder: Path, bounds: Mapping[str, int]) -> list[str]:
    """Return a message for each chapter with more claims that can't be told than its bound.

    A chapter without a bound may have none.

    Raises:
        ValueError: see `read_entries`.
    """
    untold: dict[str, list[str]] = {}
    for entry in read_entries(folder):
        if entry.outcome == UNTOLD:
            untold.setdefault(entry.chapter, []).append(f"{entry.id} ({entry.reason})")
    return [
        f"chapter {chapter}: {len(ids)} claims can't be told here, at most "
        f"{bounds.get(chapter, 0)} may: {'; '.join(ids)}"
        for chapter, ids in untold.items()
        if len(ids) > bounds.get(chapter, 0)
    ]


def excuse(cores: int, others: float | None) -> str:
    """Return why this machine could not tell more, or "": the bounds are for a quiet one.

    Args:
        cores: how many this process may use.
        others: how many cores other work kept busy meanwhile, None where that is unknown.
    """
    if cores < 2:
        return "there is one core only"
    if others is not None and others > BUSY_CORES:
        return f"other work kept {others:.1f} cores busy"
    return ""
