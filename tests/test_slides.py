"""The same notebook shows as slides: the build gives each cell its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.notebooks import build


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("# %% [markdown]\n# # Chapter 1: See", "slide"),
        ("# %% [markdown]\n# ## 1.1 Process and thread\n#\n# Text.", "slide"),
        ("# %% [markdown]\n# ### Exercise 1.1", "subslide"),
        ("# %% [markdown]\n# #### Aside", "fragment"),
        ("# %% [markdown]\n# **Look.** There.", "fragment"),
        ("# %% [markdown]\n# Text.\n#\n# ## A heading further down", "fragment"),
        ("# %%\n# # a comment in code\nx = 1", "-"),
        ('# %% slideshow={"slide_type": "skip"}\nx = 1', "skip"),
        ('# %% [markdown] slideshow={"slide_type": "-"}\n# ## A heading', "-"),
    ],
)
def test_a_cell_below_prose(cell: str, wanted: str, tmp_path: Path) -> None:
    assert slide_types("# %% [markdown]\n# Prose.\n\n" + cell, tmp_path)[1] == wanted


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("# %%\nx = 1", "subslide"),
        ("# %% [markdown]\n# **Look.** There.", "subslide"),
        ("# %% [markdown]\n# ## 1.2 The next section", "slide"),
        ('# %% slideshow={"slide_type": "-"}\nx = 1', "-"),
    ],
)
def test_a_cell_below_code(cell: str, wanted: str, tmp_path: Path) -> None:
    """A prediction's outcome, in the cell below it, must not stand on the same slide."""
    assert slide_types("# %%\nguess\n\n" + cell, tmp_path) == ["-", wanted]


def slide_types(text: str, folder: Path) -> list[str]:
    source = folder / "01_tiny.py"
    source.write_text(text + "\n", encoding="utf-8")
    return [cell.metadata["slideshow"]["slide_type"] for cell in build(source).cells]
