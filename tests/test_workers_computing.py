"""A piece of computing can be of any size, and importing it costs a child process nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.workers import computing

ROOT = Path(__file__).resolve().parent.parent


@given(st.integers(0, 300))
def test_compute_adds_up_squares(loops: int) -> None:
    assert computing.compute(loops) == sum(number * number for number in range(loops))


@given(st.floats(1e-4, 0.2))
def test_more_time_means_more_loops(seconds: float) -> None:
    assert computing.loops_in(seconds) >= 1


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_loops_in_refuses_what_is_no_time(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"^seconds must be positive"):
        computing.loops_in(seconds)


# What the processes of a pool import, and children whose start is timed.
LIGHT = ("chunks", "computing", "executors", "memory", "pickling", "pool_size", "pools")


@pytest.mark.parametrize("module", [*LIGHT, "start_costs", "warm_pools"])
def test_what_a_child_imports_costs_it_little(module: str) -> None:
    """asyncio alone takes longer to import than Python to start: it would be in every figure."""
    code = f"import helpers.workers.{module}, sys; print('asyncio' in sys.modules)"
    run = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True)
    assert run.stdout.split() == [b"False"], run.stderr.decode()
