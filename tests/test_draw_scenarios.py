"""Pictures of profiles and rates, and the table of the article's advice."""

from __future__ import annotations

import pytest

from helpers.draw import scenarios as draw
from helpers.measure.compare import Comparison
from helpers.measure.scenarios import SCENARIOS, Finding
from helpers.measure.task_profile import Profile

WAITS, HOLDS, LETS_GO = Profile(0.01, 0.1, 1.0), Profile(0.01, 1.0, 0.0), Profile(0.01, 0.9, 0.8)


def finding(job: str, profile: Profile | None = None, busy: float = 0.0, **s: float) -> Finding:
    seconds = {name: (one,) * 7 for name, one in s.items()}
    return Finding(SCENARIOS[job], 6, Comparison(seconds, {}, busy), profile)


def test_a_profile_is_two_bars_and_a_sentence() -> None:
    made = draw.profiles({"sleep": WAITS, "sum": HOLDS})
    axes = made.figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["sleep", "sum"]
    assert [text.get_text() for text in axes.texts] == ["10%", "100%", "100%", "0%"]
    assert "sleep computes 10% of its time, the GIL is free 100%" in made.text
    assert made.png.startswith(b"\x89PNG")


def test_no_profiles_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^found "):
        draw.profiles({})


def test_rates_are_requests_by_seconds() -> None:
    found = Comparison({"blocks": (0.2,) * 7, "awaits": (0.02,) * 7}, {}, 0.0)
    made = draw.rates(found, 16, "Requests")
    assert made.text == "Requests per second (medians): blocks 80, awaits 800."
    assert made.figure.axes[0].get_xlim()[1] > 800
    assert made.png.startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"^requests "):
        draw.rates(found, 0, "Requests")


def test_the_table_says_where_the_advice_holds() -> None:
    findings = [
        finding("images", LETS_GO, sequential=0.4, threads=0.2, processes=0.3),
        finding("science: Python", HOLDS, sequential=0.4, threads=0.4, processes=0.2),
        finding("files: gzip", LETS_GO, busy=1.5, sequential=0.4, threads=0.2, processes=0.3),
        finding("crawl", WAITS, sequential=0.4, threads=0.2, asyncio=0.205),
    ]
    made = draw.table(findings, start_s=0.5)
    assert "Of 4 measurements, yes: 2, no: 1, can't be told: 1." in made.text
    assert "0.5 s" in made.text or "500 ms" in made.text
    assert "1.5 cores" in made.text
    by_job = {row[0]: row for row in made.rows}
    assert by_job["images"][4] == "no: ×1.5"
    assert by_job["science: Python"][4] == "yes"
    assert by_job["crawl"][3] == "asyncio"
    assert by_job["crawl"][4] == "yes: ×1"
    assert by_job["crawl"][5] == "waits 90% of its time"


def test_a_quiet_table_says_nothing_of_others_or_the_start() -> None:
    text = draw.table([finding("images", sequential=0.4, processes=0.3)]).text
    assert "Other programs" not in text
    assert "To start" not in text


@pytest.mark.parametrize(
    ("task", "word"),
    [
        (Profile(0.01, 0.1, 1.0), "waits 90%"),
        (Profile(60e-6, 1.0, 0.9), "handing it to a process"),
        (Profile(0.01, 1.0, 0.9), "90% of it without the GIL"),
        (Profile(0.01, 0.9, 0.1), "90% of it with the GIL"),
    ],
)
def test_words_follows_the_profile(task: Profile, word: str) -> None:
    assert word in draw.in_words(task, gil=True)


def test_words_without_a_gil_or_a_profile() -> None:
    assert "no GIL" in draw.in_words(Profile(0.01, 1.0, 1.0), gil=False)
    assert draw.in_words(None) == ""
