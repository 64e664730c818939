"""The benchmark of the executor interface, on made-up numbers."""

from __future__ import annotations

import pytest

from benchmarks import executors
from helpers.measure.verdict import Outcome


class Host:
    """A meter on a host where others keep so many cores busy."""

    others = 0.0

    def use(self) -> Host:
        return self


@pytest.mark.parametrize(
    ("ours_s", "busy", "threads", "processes"),
    [
        (0.100, 0.0, Outcome.HOLDS, Outcome.HOLDS),
        (0.104, 0.0, Outcome.HOLDS, Outcome.FAILS),
        (0.106, 0.0, Outcome.FAILS, Outcome.FAILS),
        (0.106, 1.5, Outcome.UNTOLD, Outcome.UNTOLD),
    ],
)
def test_what_is_added_is_told(
    monkeypatch: pytest.MonkeyPatch,
    ours_s: float,
    busy: float,
    threads: Outcome,
    processes: Outcome,
) -> None:
    taken = {"ours": [ours_s] * 7, "bare": [0.1] * 7}
    monkeypatch.setattr(Host, "others", busy)
    monkeypatch.setattr(executors, "HostMeter", Host)
    monkeypatch.setattr(executors, "answer", lambda *_: {"threads": taken, "processes": taken})
    in_threads, in_processes = executors.rows(7)
    assert in_threads.peer == "ThreadPoolExecutor 100 µs (100 to 100)"
    assert in_threads.verdict.outcome is threads
    assert in_processes.ratio.startswith(f"{ours_s / 0.1:.2f} (")
    assert in_processes.verdict.outcome is processes


def test_both_do_the_same_rounds() -> None:
    found = executors.measure(2)
    assert set(found) == {"threads", "processes"}
    for taken in found.values():
        assert {name: len(values) for name, values in taken.items()} == {"ours": 2, "bare": 2}
