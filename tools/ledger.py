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
from helpers.measure.verdict import WITH_GIL

HOLDS = "holds"
FAILS = "does not hold"
UNTOLD = "can't be told here"
_WORST_FIRST = (FAILS, UNTOLD, HOLDS)
_NO_GIL = ", no GIL"

_INTRODUCTION = """\
# The course's claims

Each chapter checks what it claims on the computer it runs on. This is how the checks came out when
the tests last ran each chapter on each interpreter; `python3 course.py test` writes this file.
*Can't be told here* means that the measurement was too noisy, or that this computer or interpreter
lacks what it needs. An empty cell: that interpreter has not run the claim yet, or claims something
else there because it has a GIL, or none.
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
        interpreter=f"Python {version}" + ("" if record["gil"] else _NO_GIL),
    )


def _rank(entry: Entry) -> int:
    return _WORST_FIRST.index(entry.outcome)


def _natural(text: str) -> list[tuple[int, str]]:
    """Sort 1.2 before 1.10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", text)]


# Of one claim: the statement, and for each interpreter how the check came out there.
_Row = tuple[str, dict[str, str]]


def write_ledger(folder: Path, path: Path, chapters: Collection[str]) -> None:
    """Rewrite the tables of `chapters` in the file `path` and keep those of the others.

    A table has a column for each interpreter that ran the chapter. Those that don't run it this
    time keep what they said of claims that are still the same, and of those that only interpreters
    with a GIL make, or only those without, if this time the other kind ran.

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
        before = _read_table(sections.pop(chapter, ""))
        if own:
            sections[chapter] = _table(_updated(before, own))
    parts = [f"## Chapter {chapter}\n\n{sections[chapter]}" for chapter in sorted(sections)]
    text = "\n".join([_INTRODUCTION, *parts])
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _updated(before: Mapping[str, _Row], entries: list[Entry]) -> dict[str, _Row]:
    """The claims of this run, with what other interpreters said of the same statements."""
    ran_on = {entry.interpreter for entry in entries}
    rows: dict[str, _Row] = {}
    for entry in entries:
        name, statement = _cell(entry.id), _cell(entry.text)
        if name not in rows:
            told, outcomes = before.get(name, ("", {}))
            kept = outcomes if told == statement else {}
            rows[name] = statement, {on: said for on, said in kept.items() if on not in ran_on}
        said = f"{entry.outcome}: {entry.reason}" if entry.reason else entry.outcome
        rows[name][1][entry.interpreter] = _cell(said)
    # Without a GIL a chapter claims other things: what the other kind of interpreter said, stays.
    kinds = {_lacks_gil(on) for on in ran_on}
    for name, (statement, outcomes) in before.items():
        others = {on: said for on, said in outcomes.items() if _lacks_gil(on) not in kinds}
        if name not in rows and others:
            rows[name] = statement, others
    return dict(sorted(rows.items(), key=lambda row: _natural(row[0])))


def _lacks_gil(interpreter: str) -> bool:
    return interpreter.endswith(_NO_GIL)


def _read_sections(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    _, *parts = re.split(r"^## Chapter (.+)\n\n", path.read_text(encoding="utf-8"), flags=re.M)
    return {
        chapter: f"{text.strip()}\n" for chapter, text in zip(parts[::2], parts[1::2], strict=True)
    }


def _read_table(text: str) -> dict[str, _Row]:
    """What `_table` wrote; a table of another form counts as empty."""
    header, *lines = [_fields(line) for line in text.splitlines()] or [[]]
    if header[:2] != ["Claim", "Statement"] or not all(map(_is_interpreter, header[2:])):
        return {}
    rows: dict[str, _Row] = {}
    for name, statement, *outcomes in lines[1:]:  # below the line of dashes
        said = zip(header[2:], outcomes, strict=True)
        rows[name] = statement, {on: outcome for on, outcome in said if outcome}
    return rows


def _table(rows: Mapping[str, _Row]) -> str:
    columns = {on for _, outcomes in rows.values() for on in outcomes}
    header = ["Claim", "Statement", *sorted(columns, key=_natural)]
    lines = [header, ["---"] * len(header)]
    for name, (statement, outcomes) in rows.items():
        lines.append([name, statement, *(outcomes.get(on, "") for on in header[2:])])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _is_interpreter(column: str) -> bool:
    return re.fullmatch(r"Python \d+\.\d+(, no GIL)?", column) is not None


def _fields(line: str) -> list[str]:
    """The cells of a table's line; a bar inside a cell has a backslash before it."""
    return [field.strip() for field in re.split(r"(?<!\\)\|", line)[1:-1]]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def exceeded(folder: Path, bounds: Mapping[str, int]) -> list[str]:
    """Return a message for each chapter with more claims that can't be told than its bound.

    A chapter without a bound may have none. Claims about the GIL don't count on an interpreter that
    has none.

    Raises:
        ValueError: see `read_entries`.
    """
    untold: dict[str, list[str]] = {}
    for entry in read_entries(folder):
        if entry.outcome == UNTOLD and entry.reason != WITH_GIL.reason:
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
