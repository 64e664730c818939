"""Claims: what the text states, checked against what the cell above has just measured.

A claim comes out in one of three ways. A learner sees a card either way and the notebook goes
on. In the course's own tests (``COURSE_CLAIMS=strict``) a claim that does not hold raises, and
every outcome is written to the ledger (``COURSE_CLAIMS_LEDGER``, a folder).
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.course.cards import BAD, GOOD, NEUTRAL, Card
from helpers.draw.picture import live
from helpers.measure.verdict import Need, Outcome, Verdict, checked, untold
from helpers.workers.timeline import gil_enabled

_ID = re.compile(r"(\d)\.\d-[a-z0-9-]+")
_KINDS = {Outcome.HOLDS: GOOD, Outcome.FAILS: BAD, Outcome.UNTOLD: NEUTRAL}


class ClaimFailed(AssertionError):
    """A claim of the course does not hold on this machine (raised in the course's tests only)."""


@dataclass(frozen=True)
class Claim:
    """A statement with its verdict. Shows itself as a card."""

    id: str
    text: str
    verdict: Verdict
    tolerance: str = ""

    @property
    def card(self) -> Card:
        outcome = self.verdict.outcome
        mark = {Outcome.HOLDS: "✔", Outcome.FAILS: "✘", Outcome.UNTOLD: "?"}[outcome]
        reason = f"Why not: {self.verdict.reason}." if self.verdict.reason else ""
        evidence = f"Measured: {self.verdict.evidence}." if self.verdict.evidence else ""
        tolerance = f"Tolerance: {self.tolerance}." if self.tolerance else ""
        heading = f"{mark} Claim {self.id} {outcome.value}: {self.text}"
        return Card(_KINDS[outcome], heading, [reason, evidence, tolerance])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": live(self.card.html), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Claim {self.id}>"


def claim(
    id: str,
    text: str,
    found: Verdict | bool,
    evidence: str = "",
    *,
    needs: Sequence[Need] = (),
    tolerance: str = "",
) -> Claim:
    """Check one statement of the text.

    id: section, hyphen, a word: "2.3-contention". text: the statement, a full sentence.
    found: the verdict on a measurement (``ratio.at_least(..)`` and the like), or simply whether
    it is so; then ``evidence`` gives the measured values.
    needs: what must be there before it can be told, such as ``needs_cores(2)`` or ``WITH_GIL``.
    tolerance: for a claim about time, why its bound is where it is.

    Raises ValueError for an id of another form or an empty text, TypeError for ``found`` of
    another type, and ClaimFailed if the claim does not hold while ``COURSE_CLAIMS`` is
    ``strict``.
    """
    if not _ID.fullmatch(id):
        raise ValueError(f"id must look like '2.3-contention', got {id!r}")
    if not text:
        raise ValueError("text must be a sentence")
    made = Claim(id, text, _verdict(found, evidence, needs), tolerance)
    _write_to_ledger(made)
    if made.verdict.outcome is Outcome.FAILS and os.environ.get("COURSE_CLAIMS") == "strict":
        raise ClaimFailed(f"{id}: {text} {made.verdict.evidence}")
    return made


def _verdict(found: Verdict | bool, evidence: str, needs: Sequence[Need]) -> Verdict:
    if not isinstance(found, Verdict):
        if not isinstance(found, bool):
            raise TypeError(f"found must be a Verdict, True or False, got {found!r}")
        found = checked(found, evidence)
    missing = [need.reason for need in needs if not need.met()]
    if not missing and found.outcome is Outcome.FAILS:
        missing = [reason for need in needs if (reason := need.control())]
    return untold("; ".join(missing), found.evidence) if missing else found


def _write_to_ledger(made: Claim) -> None:
    folder = os.environ.get("COURSE_CLAIMS_LEDGER")
    if not folder:
        return
    line = {
        "chapter": f"{int(made.id[0]):02}",
        "id": made.id,
        "text": made.text,
        "outcome": made.verdict.outcome.value,
        "reason": made.verdict.reason,
        "evidence": made.verdict.evidence,
        "python": platform.python_version(),
        "gil": gil_enabled(),
    }
    with open(Path(folder) / f"{os.getpid()}.jsonl", "a", encoding="utf-8") as ledger:
        ledger.write(json.dumps(line, ensure_ascii=False) + "\n")
