"""What the machine gives to bare processes, and what that means for a claim that fails."""

from __future__ import annotations

import pytest

from helpers.course.claims import claim
from helpers.measure.control import cores_at_once
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.machine import usable_cores
from helpers.measure.verdict import EVEN_CORES, Need, Outcome, needs_cores

TWO_CORES = pytest.mark.skipif(usable_cores()[0] < 2, reason="it needs two cores")


def test_bare_processes_get_some_of_the_cores_and_end() -> None:
    before = belongings()
    # How much the machine gives isn't ours to say; one core goes to one process at least.
    assert 0.3 < cores_at_once(2) < 4
    assert left_since(before) == []


def test_one_process_is_its_own_measure() -> None:
    assert 0.3 < cores_at_once(1) < 3


def test_a_slow_core_is_no_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first process is twice as quick as the second; both need as long as the slower one."""
    quick: list[object] = []

    def spin(spinners: list[object], loops: int) -> float:
        quick[:] = quick or spinners[:1]
        return 0.01 if spinners == quick else 0.02

    monkeypatch.setattr("helpers.measure.control._spin", spin)
    assert cores_at_once(2) == pytest.approx(1)


def test_none_is_refused() -> None:
    with pytest.raises(ValueError, match="processes must be at least 1"):
        cores_at_once(0)


@TWO_CORES
@pytest.mark.parametrize("need", [needs_cores(2), EVEN_CORES])
@pytest.mark.parametrize(
    ("given", "holds", "outcome"),
    [
        (1.1, False, Outcome.UNTOLD),
        (1.9, False, Outcome.FAILS),
        (1.1, True, Outcome.HOLDS),
        (1.9, True, Outcome.HOLDS),
    ],
)
def test_a_failure_counts_where_bare_processes_get_their_cores(
    monkeypatch: pytest.MonkeyPatch, given: float, holds: bool, outcome: Outcome, need: Need
) -> None:
    monkeypatch.setattr("helpers.measure.verdict.cores_at_once", lambda count: given)
    made = claim("1.1-x", "Two are faster.", holds, "1.02", needs=[need])
    assert made.verdict.outcome is outcome
    assert ("2 bare processes got no more than 1.10 cores" in made.verdict.reason) is (
        outcome is Outcome.UNTOLD
    )
    assert made.verdict.evidence == "1.02"


def test_a_need_without_a_control_lets_a_failure_stand() -> None:
    made = claim("1.1-x", "It is so.", False, "no", needs=[needs_cores(1)])
    assert made.verdict.outcome in (Outcome.FAILS, Outcome.UNTOLD)
