"""The table of benchmarks, on made-up numbers. What is measured decides no test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import imports, recording, redraw, run, share
from benchmarks.child import ChildFailed, answer, seconds
from benchmarks.table import Points, Row, at_least, at_most, missing, render
from helpers.measure.verdict import Outcome, checked, untold

ROOT = Path(__file__).resolve().parent.parent
measured = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=9).map(lambda v: Points(tuple(v)))


def test_points_show_median_and_range() -> None:
    assert str(Points((0.3, 0.1, 0.2))) == "0.2 s (0.1 to 0.3)"
    assert str(Points((3.14159,), "%")) == "3.14 % (3.14 to 3.14)"
    with pytest.raises(ValueError, match=r"^values must hold at least one"):
        Points(())


@given(measured, st.floats(-1e3, 1e3), st.none() | st.floats(0, 4))
def test_a_bound_has_three_answers(points: Points, bound: float, busy: float | None) -> None:
    at_top, at_bottom = at_most(points, bound, busy), at_least(points, bound, busy)
    assert (at_top.outcome is Outcome.HOLDS) is (points.median <= bound)
    assert (at_bottom.outcome is Outcome.HOLDS) is (points.median >= bound)
    if at_top.outcome is Outcome.FAILS:
        assert min(points.values) > bound
    if at_bottom.outcome is Outcome.FAILS:
        assert max(points.values) < bound


def test_a_no_must_survive_a_busy_host_and_the_range() -> None:
    slow = Points((2.0, 2.1, 2.2))
    assert at_most(slow, 1, busy=0.0).outcome is Outcome.FAILS
    assert at_most(slow, 1, busy=None).outcome is Outcome.FAILS
    assert at_most(slow, 1, busy=1.4) == untold("other work kept 1.4 cores busy", str(slow))
    scattered = at_most(Points((0.9, 2.1, 2.2)), 1, busy=0.0)
    assert scattered.reason == "the measurements scatter over the bound"
    assert at_least(Points((5.0, 5.0)), 10, busy=0.0).evidence == "5 s (5 to 5)"


def test_the_table_has_one_line_per_row_and_straight_columns() -> None:
    rows = [
        Row("redraw", "140 ms", "at most 150 ms", checked(True, "")),
        Row("import", "0.7 s", "at most 0.5 s", checked(False, ""), peer="1 s", ratio="0.7"),
        missing("share", "the same order", "gilknocker isn't installed"),
    ]
    lines = render(rows).splitlines()
    assert len({len(line) for line in lines}) == 1
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["what", "this project", "peer", "ratio", "bound", "met?"]
    assert cells[2] == ["redraw", "140 ms", "", "", "at most 150 ms", "met"]
    assert cells[3] == ["import", "0.7 s", "1 s", "0.7", "at most 0.5 s", "NOT MET"]
    assert cells[4][-1] == "can't be told: gilknocker isn't installed"


class QuietHost:
    def use(self) -> QuietHost:
        return self

    others = 0.0


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the children would have answered, by module; a host at rest."""
    answers: dict[str, Any] = {}
    for module in (imports, recording, redraw, share):
        monkeypatch.setattr(module, "HostMeter", QuietHost)
        if module is not imports:
            monkeypatch.setattr(module, "answer", lambda name, rounds: answers[name])
    return answers


def test_imports_are_charged_with_what_they_add(
    faked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(code: str) -> dict[str, float]:
        ours = "helpers.workers.timeline" in code
        return {"clock": 1.3 if ours else 1.0, "cpu": 0.9 if ours else 0.3}

    monkeypatch.setattr(imports, "seconds", taken)
    clock, cpu = imports.rows(3)
    assert clock.ours == "0.3 s (0.3 to 0.3) more"
    assert (clock.peer, clock.ratio) == ("1 s (1 to 1)", "0.30")
    assert clock.verdict.outcome is Outcome.HOLDS
    assert cpu.verdict.outcome is Outcome.FAILS


def taken(values: list[float]) -> dict[str, list[float]]:
    return {"clock": values, "cpu": values}


def test_recording_is_charged_with_lost_throughput(faked: dict[str, Any]) -> None:
    faked["recording"] = {
        "plain": taken([1.0, 1.0, 1.0]),
        "recorded": taken([1.02, 1.02, 1.02]),
        "traced": taken([3.0, 3.0, 3.0]),
    }
    cost, beside, *by_cpu = recording.rows(3)
    assert cost.ours == "1.96 % (1.96 to 1.96)"
    assert cost.peer == "VizTracer 66.7 % (66.7 to 66.7)"
    assert cost.verdict.outcome is Outcome.HOLDS
    assert (beside.ours, beside.peer) == ("2 % more time", "200 % more time")
    assert beside.ratio == "100"
    assert beside.verdict.outcome is Outcome.HOLDS
    assert len(by_cpu) == 2


def test_recording_that_costs_too_much_is_told(faked: dict[str, Any]) -> None:
    faked["recording"] = {
        "plain": taken([1.0]),
        "recorded": taken([1.5]),
        "traced": taken([3.0]),
    }
    cost, beside, *_ = recording.rows(1)
    assert cost.verdict.outcome is Outcome.FAILS
    assert (beside.ratio, beside.verdict.outcome) == ("4", Outcome.FAILS)


def test_recording_that_costs_nothing_measurable_is_compared_with_its_bound(
    faked: dict[str, Any],
) -> None:
    faked["recording"] = {
        "plain": taken([1.0]),
        "recorded": taken([0.99]),
        "traced": taken([1.6]),
    }
    _, beside, *_ = recording.rows(1)
    assert (beside.ratio, beside.verdict.outcome) == ("more than 20", Outcome.HOLDS)


def test_without_viztracer_its_row_says_so(faked: dict[str, Any]) -> None:
    faked["recording"] = {
        "plain": taken([1.0]),
        "recorded": taken([1.01]),
        "traced": taken([]),
    }
    cost, beside, *_ = recording.rows(1)
    assert (cost.peer, cost.verdict.outcome) == ("", Outcome.HOLDS)
    assert beside.verdict.reason == "VizTracer isn't installed"


@pytest.fixture
def with_gilknocker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "gil_enabled", lambda: True)
    monkeypatch.setattr("benchmarks.share.importlib.util.find_spec", lambda name: object())


@pytest.mark.usefixtures("with_gilknocker")
def test_shares_are_compared_load_by_load_and_in_order(faked: dict[str, Any]) -> None:
    faked["share"] = {
        "idle": [[0.0, 0.01], [0.0, 0.0]],
        "hashing": [[0.2, 0.3], [0.5, 0.6]],
        "one spinner": [[0.97, 1.0], [0.9, 0.95]],
        "two spinners": [[0.96, 0.99], [0.93, 0.97]],
    }
    *loads, order = share.rows(2)
    assert [row.verdict.outcome for row in loads] == [
        Outcome.HOLDS,
        Outcome.FAILS,
        Outcome.HOLDS,
        Outcome.HOLDS,
    ]
    assert loads[1].ratio == "-30 points"
    assert order.ours == "idle < hashing < two spinners ~ one spinner"
    assert order.peer == "idle < hashing < one spinner ~ two spinners"
    assert order.verdict.outcome is Outcome.HOLDS


@pytest.mark.usefixtures("with_gilknocker")
def test_another_order_is_told(faked: dict[str, Any]) -> None:
    faked["share"] = {"a": [[0.5, 0.52], [0.3, 0.32]], "b": [[0.4, 0.42], [0.35, 0.36]]}
    *_, order = share.rows(2)
    assert order.verdict == checked(False, "contradictions: a and b")


def test_without_gil_or_peer_the_share_is_untold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "gil_enabled", lambda: False)
    (row,) = share.rows(1)
    assert row.verdict.reason == "this interpreter has no GIL"
    monkeypatch.setattr(share, "gil_enabled", lambda: True)
    monkeypatch.setattr("benchmarks.share.importlib.util.find_spec", lambda name: None)
    (row,) = share.rows(1)
    assert row.verdict.reason == "gilknocker isn't installed"


def test_a_busy_host_excuses_points_far_apart() -> None:
    assert share.verdict_within(-30, busy=0.1).outcome is Outcome.FAILS
    assert share.verdict_within(-30, busy=1.5).outcome is Outcome.UNTOLD
    assert share.verdict_within(-19, busy=1.5).outcome is Outcome.HOLDS


def test_a_redraw_is_told_for_each_part_that_can_be_shown(faked: dict[str, Any]) -> None:
    faked["redraw"] = {"the whole run": [0.2, 0.21], "the first 20 ms": [0.1, 0.12]}
    whole, part = redraw.rows(2)
    assert (whole.ours, whole.verdict.outcome) == ("205 ms (200 to 210)", Outcome.FAILS)
    assert (part.ours, part.verdict.outcome) == ("110 ms (100 to 120)", Outcome.HOLDS)


# The script


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    def good(rounds: int) -> Iterator[Row]:
        yield Row(f"{rounds} rounds", "1", "at most 2", checked(True, ""))

    def bad(rounds: int) -> Iterator[Row]:
        yield Row("half", "1", "at most 2", checked(True, ""))
        raise ChildFailed("it fell over")

    monkeypatch.setattr(run, "BENCHMARKS", {"good": (good, 5), "bad": (bad, 5)})


@pytest.mark.usefixtures("two")
def test_the_script_prints_the_table_and_goes_on_after_a_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run.main(["bad", "good"]) == 1
    said = capsys.readouterr().out
    assert "| half " in said
    assert "it fell over" in said
    assert "| 5 rounds " in said
    assert "Other work on the machine meanwhile:" in said
    assert run.main(["good", "--rounds", "2"]) == 0
    assert "| 2 rounds " in capsys.readouterr().out


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("arguments", [["nothing"], ["--rounds", "0"], ["good", "nothing"]])
def test_a_wrong_command_line_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run.main(arguments)
    assert caught.value.code == 2


def test_the_script_starts_as_a_file() -> None:
    said = subprocess.run(
        [sys.executable, "benchmarks/run.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(name in said.stdout for name in run.BENCHMARKS)


def test_children_are_timed_and_their_failures_told() -> None:
    found = seconds("pass")
    assert found["clock"] > 0
    assert found["cpu"] >= 0
    with pytest.raises(ChildFailed, match="ZeroDivisionError"):
        seconds("1 // 0")
    with pytest.raises(ChildFailed, match="had not ended after"):
        seconds("import time; time.sleep(600)", deadline=0.5)
    with pytest.raises(ChildFailed, match="No module named"):
        answer("nonesuch")


def test_what_is_measured_has_the_form_that_is_told() -> None:
    found = recording.measure(1)
    assert set(found) == {"plain", "recorded", "traced"}
    assert all(len(found["recorded"][clock]) == 1 for clock in ("clock", "cpu"))
    redrawn = redraw.measure(1)
    assert redrawn
    assert all(len(values) == 1 for values in redrawn.values())
