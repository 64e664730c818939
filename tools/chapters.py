"""Which chapters there are, and which of them a reader means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class UnknownChapter(Exception):
    """Nothing in `sources/` answers to this name."""


def find_chapters(root: Path, names: Sequence[str] = ()) -> list[Path]:
    """Return the sources of the chapters named, or of all chapters when none is named.

    A chapter is named by its number (`1`, `01`), its file name (`01_concurrency_basics`, with or
    without an ending) or the part after the number (`concurrency_basics`).

    Raises:
        UnknownChapter: a name fits no chapter; the message lists those there are.
    """
    sources = sorted((root / "sources").glob("[0-9][0-9]_*.py"))
    if not names:
        return sources
    chosen = {_find_one(name, sources) for name in names}
    return [source for source in sources if source in chosen]


def _find_one(name: str, sources: Sequence[Path]) -> Path:
    wanted = Path(name).name.removesuffix(".ipynb").removesuffix(".py")
    for source in sources:
        number, _, title = source.stem.partition("_")
        if wanted in (source.stem, title, number, number.lstrip("0")):
            return source
    known = ", ".join(source.stem for source in sources) or "none yet"
    raise UnknownChapter(f"there is no chapter {name!r}. Chapters: {known}.")
