"""Amdahl's law, and measurements under its names."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure import amdahl

shares = st.floats(0, 1)
workers = st.integers(1, 10_000)


@given(shares, workers)
def test_the_law_lies_between_one_and_both_limits(share: float, count: int) -> None:
    found = amdahl.law(share, count)
    assert 1 - 1e-9 <= found <= count + 1e-6
    assert share == 0 or found <= 1 / share * (1 + 1e-9)


@given(shares, workers)
def test_more_workers_and_less_serial_work_never_hurt(share: float, count: int) -> None:
    assert amdahl.law(share, count + 1) >= amdahl.law(share, count) - 1e-9
    assert amdahl.law(share / 2, count) >= amdahl.law(share, count) - 1e-9


def test_known_points() -> None:
    assert amdahl.law(0, 8) == 8
    assert amdahl.law(1, 8) == 1
    assert math.isclose(amdahl.law(0.5, 2), 4 / 3)


def test_speed_ups_are_measured_for_each_share_and_count() -> None:
    found = amdahl.speed_ups([0.0, 1.0], [2, 3], seconds=0.002)
    assert found.workers == (2, 3)
    for share in (0.0, 1.0):
        for count in (2, 3):
            assert found.of(share, count).low > 0
    with pytest.raises(KeyError):
        found.of(0.5, 2)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("serial_share", lambda: amdahl.law(1.1, 2)),
        ("serial_share", lambda: amdahl.law(float("nan"), 2)),
        ("workers", lambda: amdahl.law(0.5, 0)),
        ("serial_share", lambda: amdahl.speed_ups([-0.1])),
        ("serial_shares", lambda: amdahl.speed_ups([])),
        ("workers", lambda: amdahl.speed_ups([0.5], [1])),
        ("workers", lambda: amdahl.speed_ups([0.5], [amdahl.MOST + 1])),
        ("seconds", lambda: amdahl.speed_ups([0.5], [2], seconds=0)),
    ],
)
def test_bad_arguments_are_named(name: str, call: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        call()
