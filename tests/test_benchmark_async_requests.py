"""The benchmark of the fetcher, on made-up numbers. What is measured decides no test."""

from __future__ import annotations

import pytest

from benchmarks import async_requests
from helpers.measure.verdict import Outcome


class QuietHost:
    """A meter on a host at rest."""

    others = 0.0

    def use(self) -> QuietHost:
        return self


@pytest.mark.parametrize(("ours_s", "outcome"), [(0.26, Outcome.HOLDS), (0.5, Outcome.FAILS)])
def test_ours_is_told_as_a_share_of_the_bare_loop(
    monkeypatch: pytest.MonkeyPatch, ours_s: float, outcome: Outcome
) -> None:
    answers = {
        "ours": {"clock": [ours_s] * 3, "cpu": [ours_s] * 3},
        "bare": {"clock": [0.25] * 3, "cpu": [0.25] * 3},
    }
    monkeypatch.setattr(async_requests, "HostMeter", QuietHost)
    monkeypatch.setattr(async_requests, "answer", lambda *_: answers)
    for row in async_requests.rows(3):
        assert row.peer == "bare aiohttp 2 thousand a second (2 to 2)"
        assert row.ratio == f"{0.25 / ours_s:.2f}"
        assert row.verdict.outcome is outcome


def test_both_read_every_page() -> None:
    found = async_requests.measure(1)
    assert set(found) == {"ours", "bare"}
    assert all(len(values) == 1 for taken in found.values() for values in taken.values())
