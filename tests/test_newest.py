"""Which other Python the continuous integration runs the notebooks on."""

from __future__ import annotations

import pytest

from helpers.measure.interpreters import Interpreter
from tools.newest import other

OWN = Interpreter("/own", (3, 11, 7), False, True)
OLD = Interpreter("/old", (3, 14, 0), False, True)
NEW = Interpreter("/new", (3, 14, 10), False, True)
FREE = Interpreter("/free", (3, 14, 11), True, False)


@pytest.mark.parametrize(
    ("found", "path"),
    [
        ((OWN,), ""),
        ((OWN, OLD, NEW), "/new"),
        ((OWN, FREE), ""),
        ((OLD, NEW), ""),
    ],
)
def test_the_newest_of_the_version_with_a_gil(found: tuple[Interpreter, ...], path: str) -> None:
    assert other("3.14", found) == path
