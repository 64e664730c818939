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
def test_slide_type(cell: str, wanted: str, tmp_path: Path) -> None:
    source = tmp_path / "01_tiny.py"
    source.write_text(cell + "\n", encoding="utf-8")
    [built] = build(source).cells
    assert built.metadata["slideshow"] == {"slide_type": wanted}
