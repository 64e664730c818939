"""Three answers to one question."""

from __future__ import annotations

import dataclasses

import pytest

from helpers.measure import verdict
from helpers.measure.verdict import (
    WITH_GIL,
    WITHOUT_GIL,
    Outcome,
    Verdict,
    checked,
    needs_cores,
    untold,
)
from helpers.workers.timeline import gil_enabled


def test_something_is_so_or_not_so() -> None:
    assert checked(True, "3 of 3") == Verdict(Outcome.HOLDS, "3 of 3")
    assert checked(False, "2 of 3") == Verdict(Outcome.FAILS, "2 of 3")


def test_what_is_untold_has_a_reason() -> None:
    assert untold("one core", "1.9") == Verdict(Outcome.UNTOLD, "1.9", "one core")
    with pytest.raises(ValueError, match=r"^reason must say why"):
        untold("")


def test_a_verdict_stands() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        checked(True, "").outcome = Outcome.FAILS  # type: ignore[misc]


@pytest.mark.parametrize(("cores", "met"), [(1, False), (2, True), (64, True)])
def test_cores_are_counted_when_it_is_asked(
    cores: int, met: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    need = needs_cores(2)
    monkeypatch.setattr(verdict, "usable_cores", lambda: (cores, "pinned"))
    assert need.met() is met
    assert need.reason == "it needs 2 cores, and this process has fewer"


def test_a_number_of_cores_is_at_least_one() -> None:
    with pytest.raises(ValueError, match=r"^count must be at least 1, got 0"):
        needs_cores(0)


def test_of_with_and_without_a_gil_one_is_met() -> None:
    assert WITH_GIL.met() is gil_enabled()
    assert WITHOUT_GIL.met() is not gil_enabled()
