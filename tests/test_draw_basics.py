"""The pictures of chapter 1 say in words what they show."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from helpers.draw import amdahl, creation, models, overlap
from helpers.draw.picture import Picture
from helpers.measure.amdahl import ALONE, SpeedUps, divided
from helpers.measure.compare import Comparison
from helpers.measure.creation import MemoryCosts
from helpers.measure.models import models as rows
from helpers.measure.overlap import MODELS, Run
from helpers.measure.timeline import Span, State, Timeline

STARTS = Comparison(
    {"asyncio task": (1e-5,) * 7, "thread": (1e-4,) * 7, "process (spawn)": (0.1,) * 7}, {}, 0.0
)
MEMORY = MemoryCosts({"thread": 15e3, "process (spawn)": 20e6}, {"process (spawn)": 12e6})


def run(*starts: int) -> Timeline:
    spans = tuple(
        Span(f"task {n}", State.RUNNING, start, start + 10**8) for n, start in enumerate(starts)
    )
    return Timeline(tuple(span.lane for span in spans), spans, True, True)


def outside(picture: Picture) -> list[str]:
    """The texts of a figure that its edge cuts off."""
    figure: Figure = picture.figure
    figure.draw_without_rendering()
    box = figure.bbox.padded(1)
    texts = [text for axes in figure.axes for text in axes.texts]
    if figure._suptitle is not None:  # type: ignore[attr-defined]
        texts.append(figure._suptitle)  # type: ignore[attr-defined]
    return [
        text.get_text()
        for text in texts
        if text.get_window_extent().x1 > box.x1 or text.get_window_extent().x0 < box.x0
    ]


def test_costs_are_named_cheapest_first() -> None:
    picture = creation.start_dots(STARTS)
    assert picture.text.endswith("asyncio task 10 µs, thread 100 µs, process (spawn) 100 ms.")
    assert not outside(picture)
    picture = creation.memory_bars(MEMORY)
    assert "thread 15 kB, process (spawn) 12 MB" in picture.text
    assert not outside(picture)


def test_no_memory_is_said_not_drawn() -> None:
    picture = creation.memory_bars(MemoryCosts({}, {}))
    assert "doesn't tell" in picture.text
    assert picture.png


def test_ways_are_drawn_to_one_scale() -> None:
    picture = overlap.ways({"one": run(0, 10**8), "both": run(0, 0)}, "Two ways")
    first, second = picture.figure.axes
    assert first.get_xlim() == second.get_xlim()
    assert picture.text.startswith("One: 0.20 s for 0.20 s of computing")
    assert "Both" not in picture.text
    assert "both: 0.10 s" in picture.text
    assert "100% of the computing time" in picture.text
    with pytest.raises(ValueError, match=r"^runs must"):
        overlap.ways({}, "None")


@pytest.mark.parametrize("model", MODELS)
def test_one_run_says_what_was_set(model: str) -> None:
    picture = overlap.one_run(Run(model, "CPU-bound", 2, run(0, 0)))
    assert picture.text.startswith(f"2 CPU-bound tasks, {model}")
    assert ("at most 2 at once" in picture.text) == (model != "one after another")
    assert not outside(picture)


def test_speed_ups_beside_what_the_law_allows() -> None:
    seconds = {ALONE: (1.0,) * 7, divided(0.5, 2): (0.8,) * 7}
    picture = amdahl.curves(SpeedUps((0.5,), (2,), 2, Comparison(seconds, {}, 0.0)))
    assert "2 processes, 50% serial: 1.25 (the law allows 1.33)" in picture.text
    assert not outside(picture)


def test_the_table_says_why_a_cell_is_not_measured() -> None:
    found = models.table(rows(STARTS, MEMORY, {"threads": run(0, 0), "processes": run(0, 0)}))
    by_name = {row[0]: row for row in found.rows}
    assert by_name["threading"][4:7] == ("100% of the time", "100 µs", "15 kB")
    assert by_name["multiprocessing"][1] == "processes (by spawn)"
    assert by_name["multiprocessing"][4:7] == ("100% of the time", "100 ms", "12 MB")
    assert by_name["asyncio"][4:7] == ("not told here", "10 µs", "not told here")
    assert by_name["concurrent.interpreters"][4:7] == ("needs Python 3.14",) * 3
