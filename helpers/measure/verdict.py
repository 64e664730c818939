"""Three answers to a question about a measurement: yes, no, and "can't be told here"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from helpers.measure.control import cores_at_once
from helpers.measure.machine import usable_cores
from helpers.workers.timeline import gil_enabled

# The part of its cores that a machine must give to bare processes to be evidence against a claim.
_GIVEN = 0.7


class Outcome(Enum):
    """The value is the wording on cards and in the ledger."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNTOLD = "can't be told here"


@dataclass(frozen=True)
class Verdict:
    """An outcome, the measured values it rests on, and for UNTOLD the reason."""

    outcome: Outcome
    evidence: str
    reason: str = ""

    def __post_init__(self) -> None:
        if self.outcome is Outcome.UNTOLD and not self.reason:
            raise ValueError("reason must say why it can't be told")


def checked(condition: bool, evidence: str) -> Verdict:
    """The verdict on something that is simply so or not so."""
    return Verdict(Outcome.HOLDS if condition else Outcome.FAILS, evidence)


def untold(reason: str, evidence: str = "") -> Verdict:
    """The verdict where this machine or interpreter can't answer."""
    return Verdict(Outcome.UNTOLD, evidence, reason)


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict on several: fails if one fails, holds if all hold, else can't be told.

    Raises ValueError for none.
    """
    if not verdicts:
        raise ValueError("verdicts must hold at least one")
    evidence = "; ".join(verdict.evidence for verdict in verdicts if verdict.evidence)
    for outcome in (Outcome.FAILS, Outcome.UNTOLD):
        for verdict in verdicts:
            if verdict.outcome is outcome:
                return Verdict(outcome, evidence, verdict.reason)
    return Verdict(Outcome.HOLDS, evidence)


@dataclass(frozen=True)
class Need:
    """What a claim needs before it can be told. ``met`` is asked when the claim is checked.

    control: asked if the claim then fails; says why the machine is no evidence just now, or "".
    """

    met: Callable[[], bool]
    reason: str
    control: Callable[[], str] = lambda: ""


def needs_cores(count: int) -> Need:
    """Needs so many cores for this process, and if the claim fails, the machine must give them.

    Raises ValueError below 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")

    return Need(
        lambda: usable_cores()[0] >= count,
        f"it needs {count} cores, and this process has fewer",
        lambda: _too_little(count),
    )


def _too_little(count: int) -> str:
    given = cores_at_once(count)
    if given >= _GIVEN * count:
        return ""
    return f"{count} bare processes got no more than {given:.2f} cores just now"


# For a claim that threads or processes gain nothing: on two cores, one of them slowed by the
# machine's host, they seem to gain or lose what is only the difference between the cores.
EVEN_CORES = Need(
    lambda: True,
    "it compares what ran on different cores",
    lambda: _too_little(min(2, usable_cores()[0])),
)

WITH_GIL = Need(gil_enabled, "it is about interpreters with a GIL, and this one runs without")
WITHOUT_GIL = Need(
    lambda: not gil_enabled(), "it is about free-threaded interpreters, and this one has a GIL"
)
