"""The picture of latencies, and its sentence."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.draw.convoy import describe, latencies
from helpers.measure.convoy import Convoy

ALONE = Convoy(0, "threads", 5e-3, (40.0,) * 99 + (900.0,), 0.01, 0, True, None)
BESIDE = Convoy(1, "threads", 5e-3, (5_300.0,) * 20, 0.12, 0, True, None)


def test_each_case_has_its_row_its_rate_and_its_words() -> None:
    picture = latencies([ALONE, BESIDE])
    axes = picture.figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [ALONE.name, BESIDE.name]
    assert [text.get_text() for text in axes.texts] == ["10,000/s", "167/s"]
    assert "alone 0.04 ms (one in a hundred over 0.04 ms; 10,000 round trips" in picture.text
    assert "beside 1 thread, 5 ms 5.3 ms" in picture.text
    assert picture.png


def test_many_round_trips_are_thinned_out() -> None:
    many = Convoy(0, "threads", 5e-3, (40.0,) * 50_000, 2.0, 0, True, None)
    dots = max(np.size(line.get_xdata()) for line in latencies([many]).figure.axes[0].lines)
    assert 300 <= dots <= 600


def test_a_case_without_a_reply_says_so() -> None:
    silent = Convoy(0, "threads", 5e-3, (), 1.0, 1, True, None)
    assert "alone: no reply" in describe([silent])
    assert latencies([silent]).png


def test_no_cases_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^cases must"):
        latencies([])
