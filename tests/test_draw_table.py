"""A table says the same to the eye and to a screen reader."""

from __future__ import annotations

import pytest

from helpers.draw.picture import Shown, Table


def test_cells_are_headings_or_data_and_escaped() -> None:
    table = Table("Two rows.", ("opcode", "note"), (("A", "x < y"), ("B", "")))
    assert '<th scope="col"' in table.html
    assert table.html.count('<th scope="row"') == 2
    assert "x &lt; y" in table.html
    assert "<figcaption>Two rows.</figcaption>" in table.html
    assert repr(table) == "<Table>"
    shown: Shown = table
    assert shown.text == "Two rows."


def test_a_tint_brings_its_own_ink() -> None:
    table = Table("One row.", ("a",), (("1",),), ("#ffe8d6",))
    assert "background:#ffe8d6;color:#1a1a1a" in table.html
    assert "background" not in Table("One row.", ("a",), (("1",),)).html


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^rows must have 2 cells"):
        Table("", ("a", "b"), (("1",),))
    with pytest.raises(ValueError, match=r"^tints must be one per row \(1\)"):
        Table("", ("a",), (("1",),), ("", ""))
