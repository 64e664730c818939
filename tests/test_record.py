"""`course.py record`: which records it makes, and what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from helpers.measure.records import FOLDER, load, machine_in_words, save
from tools import record
from tools.record import RECORDS, main


def test_every_record_can_be_made_again() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(RECORDS)


def test_all_are_made_or_those_that_are_named() -> None:
    made: list[str] = []
    records = {name: lambda name=name: made.append(name) for name in ("a", "b")}
    assert main([], records) == 0
    assert main(["b"], records) == 0
    assert made == ["a", "b", "b"]


def test_one_that_can_not_be_made_does_not_stop_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made: list[str] = []

    def impossible() -> None:
        raise RuntimeError("there is no such CPython here")

    assert main([], {"a": impossible, "b": lambda: made.append("b")}) == 1
    assert made == ["b"]
    assert "a stays as it is: there is no such CPython here" in capsys.readouterr().err


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nonsense"])
    assert "there is no record 'nonsense'" in capsys.readouterr().err


def test_a_busy_machine_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Busy:
        others = 1.5

    monkeypatch.setattr(record, "host_use", Busy)
    main([], {})
    assert "other work keeps 1.5 cores busy" in capsys.readouterr().err


def test_a_record_says_where_and_when(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    save(path, {"rows": [{"a": 1}, {"a": 2}], "one": {"b": "é"}})
    noted, said = load(path)
    assert noted["rows"] == [{"a": 1}, {"a": 2}]
    assert noted["one"] == {"b": "é"}
    assert re.fullmatch(r"recorded on \d+ cores?, \w+ \w+, \d{4}-\d\d-\d\d", said)
    assert machine_in_words() in said
    assert json.loads(path.read_text(encoding="utf-8")) == noted
    save(path, {}, busy=1.7)
    assert "(other work kept 1.7 of them busy)" in load(path)[1]
