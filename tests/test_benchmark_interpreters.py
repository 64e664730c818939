"""The benchmark of other interpreters gives rows. What is measured decides no test."""

from __future__ import annotations

import pytest

from benchmarks import interpreters
from helpers.measure.interpreters import Found, Interpreter, find_interpreters
from helpers.measure.machine import usable_cores

OWN = find_interpreters().interpreters[0]


def test_every_interpreter_gets_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "find_interpreters", lambda: Found((OWN,), ()))
    finding, protocol, threads = interpreters.rows(1)
    assert finding.what.startswith("find 10 interpreters")
    assert OWN.label in protocol.what
    assert OWN.label in threads.what or usable_cores()[0] < 2


def test_the_bound_for_threads_depends_on_the_gil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "call", lambda *_, **__: [1.5])
    with_gil = interpreters._threads(Interpreter("/x", (3, 14, 0), False, True), 1)
    without = interpreters._threads(Interpreter("/x", (3, 14, 0), True, False), 1)
    assert (with_gil.bound, without.bound) == ("at most 1.05", "at least 1.8")
    assert with_gil.ours == without.ours == "1.5 cores (1.5 to 1.5)"
