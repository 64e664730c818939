"""The picture of throughput and Little's law, and what its sentence says."""

from __future__ import annotations

import pytest

from helpers.draw.requests import describe, throughput
from helpers.measure.requests import Point, Throughput


def point(workers: int, rate: float, latency_s: float, failed: int = 0, lost: int = 0) -> Point:
    return Point(workers, 20 / rate, (latency_s,) * 20, failed, lost, 20 - lost, failed, workers)


def found(*points: Point) -> Throughput:
    return Throughput(0.01, 0.0, 0.0, points)


CLEAN = found(point(1, 100, 0.01), point(8, 500, 0.012))


def test_the_sentence_gives_rate_times_time_and_what_the_law_hoped_for() -> None:
    said = describe(CLEAN)
    assert "1 worker: 100 answers a second × 10 ms = 1.0 requests under way" in said
    assert "8 workers: 500 answers a second × 12 ms = 6.0 requests under way" in said
    assert "the law alone would give 800" in said
    assert said.endswith("No answer was an error.")


def test_errors_are_told_as_client_and_server_count_them() -> None:
    said = describe(found(point(1, 100, 0.01, failed=3), point(2, 150, 0.01, failed=2, lost=1)))
    assert "Errors: 5 answers in all (the server counts 5), 1 requests got no answer." in said


def test_good_answers_are_drawn_apart_only_if_there_are_others() -> None:
    assert "measured, without errors" not in _labels(CLEAN)
    with_errors = found(point(1, 100, 0.01, failed=5), point(2, 190, 0.01))
    assert "measured, without errors" in _labels(with_errors)


def _labels(data: Throughput) -> list[str]:
    return [text.get_text() for text in throughput(data).figure.legends[0].get_texts()]


@pytest.mark.parametrize(
    "data",
    [
        CLEAN,
        found(point(1, 100, 0.01)),
        found(point(1, 100, 0.01, failed=20), point(2, 200, 0.01, failed=20)),
        found(point(1, 1, 1.0), point(64, 2000, 0.03)),
    ],
)
def test_it_renders_with_every_number_of_workers(data: Throughput) -> None:
    picture = throughput(data)
    assert picture.png.startswith(b"\x89PNG")
    for axes in picture.figure.axes:
        ticks = [label.get_text() for label in axes.get_xticklabels()]
        assert ticks == [str(point.workers) for point in data.points]
    rate, time = picture.figure.axes
    assert "second" in rate.get_ylabel()
    assert "milliseconds" in time.get_ylabel()
