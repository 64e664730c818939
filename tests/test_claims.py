"""A claim has three outcomes; a learner reads them, a test run fails on one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helpers.course import chapter
from helpers.course.cards import BAD, GOOD, NEUTRAL
from helpers.course.claims import ClaimFailed, claim
from helpers.measure.verdict import Need, Outcome, Verdict, checked, untold

NEVER = Need(lambda: False, "this machine has no wings")
ALWAYS = Need(lambda: True, "never said")
TEXT = "Two threads are no faster than one."


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_CLAIMS", "strict")


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSE_CLAIMS_LEDGER", str(tmp_path))
    return tmp_path


def lines(folder: Path) -> list[dict[str, Any]]:
    files = list(folder.glob("*.jsonl"))
    return [json.loads(line) for f in files for line in f.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("found", "kind", "said"),
    [
        (checked(True, "0.98"), GOOD, f"✔ Claim 2.3-cpu holds: {TEXT}\nMeasured: 0.98."),
        (checked(False, "0.5"), BAD, f"✘ Claim 2.3-cpu does not hold: {TEXT}\nMeasured: 0.5."),
        (
            untold("busy", "0.7"),
            NEUTRAL,
            f"? Claim 2.3-cpu can't be told here: {TEXT}\nWhy not: busy.\nMeasured: 0.7.",
        ),
    ],
)
def test_a_card_says_the_outcome_in_words(found: Verdict, kind: str, said: str) -> None:
    card = claim("2.3-cpu", TEXT, found).card
    assert (card.kind, card.text) == (kind, said)


def test_a_card_escapes_what_it_shows() -> None:
    shown = claim("2.3-cpu", "a < b", True, "<1>")._repr_mimebundle_()
    assert "a &lt; b" in shown["text/html"]
    assert "&lt;1&gt;" in shown["text/html"]
    assert shown["text/plain"] == "<Claim 2.3-cpu>"


def test_the_output_that_nbval_compares_is_the_same_for_every_outcome() -> None:
    made = {repr(claim("2.3-cpu", TEXT, found)) for found in (True, False, untold("busy"))}
    assert made == {"<Claim 2.3-cpu>"}


def test_a_tolerance_is_explained() -> None:
    made = claim("2.3-cpu", TEXT, True, "0.98", tolerance="a fifth off for a noisy host")
    assert made.card.text.endswith("Tolerance: a fifth off for a noisy host.")


def test_a_learner_goes_on_after_a_claim_that_does_not_hold() -> None:
    assert claim("2.3-cpu", TEXT, False, "0.5").verdict.outcome is Outcome.FAILS


@pytest.mark.usefixtures("strict")
def test_a_test_run_does_not() -> None:
    with pytest.raises(ClaimFailed, match=r"2\.3-cpu: Two threads are no faster than one\. 0\.5"):
        claim("2.3-cpu", TEXT, False, "0.5")
    assert claim("2.3-cpu", TEXT, True).verdict.outcome is Outcome.HOLDS
    assert claim("2.3-cpu", TEXT, untold("busy")).verdict.outcome is Outcome.UNTOLD


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("found", [True, False, checked(False, "0.5"), untold("busy", "0.5")])
def test_without_what_it_needs_a_claim_is_untold(found: Verdict | bool) -> None:
    made = claim("2.3-cpu", TEXT, found, needs=[ALWAYS, NEVER])
    assert made.verdict.outcome is Outcome.UNTOLD
    assert made.verdict.reason == "this machine has no wings"


def test_all_that_is_missing_is_named() -> None:
    other = Need(lambda: False, "nor fins")
    made = claim("2.3-cpu", TEXT, True, "0.98", needs=[NEVER, other])
    assert made.verdict == untold("this machine has no wings; nor fins", "0.98")
    assert claim("2.3-cpu", TEXT, True, "0.98", needs=[ALWAYS]).verdict == checked(True, "0.98")


@pytest.mark.parametrize("id", ["", "2.3", "cpu", "2.3-CPU", "12.3-cpu", "2-cpu", "2.3-"])
def test_an_id_of_another_form_is_refused(id: str) -> None:
    with pytest.raises(ValueError, match=r"^id must look like '2.3-contention', got "):
        claim(id, TEXT, True)


def test_other_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^text must be a sentence"):
        claim("2.3-cpu", "", True)
    for found in (1, None, "holds", Outcome.HOLDS):
        with pytest.raises(TypeError, match=r"^found must be a Verdict, True or False, got "):
            claim("2.3-cpu", TEXT, found)  # type: ignore[arg-type]


def test_every_outcome_goes_to_the_ledger(ledger: Path) -> None:
    claim("2.3-cpu", "naïve ✓\nline", True, "0.98")
    claim("1.2-io", TEXT, untold("busy", "0.7"))
    first, second = lines(ledger)
    assert (first["chapter"], first["id"], first["text"]) == ("02", "2.3-cpu", "naïve ✓\nline")
    assert (first["outcome"], first["reason"], first["evidence"]) == ("holds", "", "0.98")
    assert (second["chapter"], second["outcome"]) == ("01", "can't be told here")
    assert (second["reason"], second["evidence"]) == ("busy", "0.7")
    assert second["gil"] in (True, False)


@pytest.mark.usefixtures("strict")
def test_a_claim_that_fails_the_run_is_in_the_ledger_too(ledger: Path) -> None:
    with pytest.raises(ClaimFailed):
        claim("2.3-cpu", TEXT, False)
    assert [line["outcome"] for line in lines(ledger)] == ["does not hold"]


def test_a_cell_that_is_run_again_claims_again(ledger: Path) -> None:
    """That each id stands once in a chapter, tests/test_contract.py sees to."""
    for found in (False, True):
        claim("2.3-cpu", TEXT, found)
    assert [line["outcome"] for line in lines(ledger)] == ["does not hold", "holds"]


def test_without_a_ledger_nothing_is_written(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_CLAIMS_LEDGER")
    claim("2.3-cpu", TEXT, True)
    assert not list(ledger.iterdir())


# The first and the last cell of a chapter


def test_a_chapter_that_leaves_nothing_is_tidy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chapter, "left_since", lambda before: [])
    assert chapter.begin("1").heading == "Your machine"
    made = chapter.end("1")
    assert (made.id, made.verdict.outcome) == ("1.0-tidy", Outcome.HOLDS)


def test_what_a_chapter_leaves_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chapter, "left_since", lambda before: ["threads: a (1)", "tasks: b"])
    chapter.begin("2")
    made = chapter.end("2")
    assert made.verdict.outcome is Outcome.FAILS
    assert "threads: a (1); tasks: b" in made.card.text


def test_a_chapter_begins_before_it_ends() -> None:
    with pytest.raises(RuntimeError, match=r"begin\('9'\) must run first"):
        chapter.end("9")
    for name in ("", "10", "one", "²"):
        with pytest.raises(ValueError, match=r"^chapter must be one digit, got "):
            chapter.begin(name)
