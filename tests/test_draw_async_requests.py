"""The picture of requests, and what its sentence says."""

from __future__ import annotations

import pytest

from helpers.draw import async_requests as draw
from helpers.measure.async_requests import OUTCOMES, Crawl, Page

PAGES = tuple(
    Page(f"/page{number}", 0.0, 0.1 * number, 0.1 * number + 0.2, outcome)
    for number, outcome in enumerate(OUTCOMES)
)


def test_the_sentence_counts_each_outcome() -> None:
    picture = draw.crawl(Crawl(PAGES, 3, 2))
    assert picture.text == (
        "4 pages in 0.50 s: 1 ok, 1 error page, 1 timed out, 1 no connection. The longest wait "
        "for a turn was 0.30 s. The server had at most 2 in hand at once."
    )
    assert picture.png.startswith(b"\x89PNG")


def test_the_legend_names_what_occurs() -> None:
    figure = draw.waterfall(PAGES[:2], "Two pages").figure
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["waiting for its turn", "asked for: ok", "asked for: error page"]


@pytest.mark.parametrize("count", [1, 200])
def test_one_page_or_many_can_be_drawn(count: int) -> None:
    pages = [Page("/", 0.0, 0.0, 0.1, "ok")] * count
    assert draw.waterfall(pages, "Pages").png


def test_no_pages_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match=r"^pages "):
        draw.waterfall([], "Nothing")
