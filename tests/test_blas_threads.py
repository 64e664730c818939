"""NumPy's own threads, in this process and in children."""

from __future__ import annotations

import multiprocessing
import os
from typing import Any

import pytest

from helpers.measure.blas_threads import blas_threads, multiply

sees = pytest.mark.skipif(blas_threads() == 0, reason="threadpoolctl sees no BLAS")


@sees
def test_a_limit_holds_inside_and_not_after() -> None:
    before = blas_threads()
    assert multiply(8, 1, 1).threads == 1
    assert multiply(8, 1, None).threads == before == blas_threads()


@sees
def test_children_say_what_they_had() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(multiply, (8, 2, 1))
        pool.close()
        pool.join()
    assert found.threads == 1
    assert found.process != os.getpid()
    assert found.seconds > 0
    assert found.switches is None or found.switches >= 0


@pytest.mark.parametrize(
    ("name", "arguments"), [("size", (0, 1, 1)), ("times", (1, 0, 1)), ("threads", (1, 1, 0))]
)
def test_bad_arguments_are_named(name: str, arguments: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        multiply(*arguments)
