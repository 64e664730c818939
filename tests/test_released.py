"""Pieces of work in a pool: hashed right either way, measured, drawn."""

from __future__ import annotations

import hashlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import released as draw
from helpers.measure import released
from helpers.measure.compare import Comparison, Ratio
from helpers.workers import released as work


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_both_ways_give_the_same_digests_in_the_same_order(pieces: list[bytes]) -> None:
    with ThreadPoolExecutor(2) as pool:
        assert work.in_a_pool(pieces, pool) == work.one_after_another(pieces)
    assert work.one_after_another(pieces) == [hashlib.sha256(one).digest() for one in pieces]


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_pieces_are_hashed_under_every_start_method(method: str) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        assert work.in_a_pool([b"a", b"b"], pool) == work.one_after_another([b"a", b"b"])


def test_every_size_is_measured_both_ways() -> None:
    done: list[float] = []
    found = released.by_piece([100, 50_000], done.append)
    assert found.sizes == (100, 50_000)
    assert done[-1] == 1.0
    for size in found.sizes:
        assert found.piece_s(size) > 0
        assert found.hand_over_s(size) > 0
        assert found.speed_up(size).middle > 0
    with pytest.raises(KeyError):
        found.speed_up(7)


@given(st.integers(1, 10_000_000))
def test_there_are_pieces_for_all_threads_and_not_too_many(size: int) -> None:
    assert released.THREADS <= released.count(size) <= 500


@pytest.mark.parametrize("sizes", [[], [0], [10**8]])
def test_bad_sizes_are_named(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match=r"^sizes must"):
        released.by_piece(sizes)


@pytest.mark.parametrize(
    ("size", "words"), [(250, "250 B"), (2_500, "2.5 kB"), (2_000_000, "2 MB")]
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert released.in_bytes(size) == words


def pieces(busy: float = 0.0) -> released.Pieces:
    seconds = {
        released.alone(250): (1e-3,) * 7,
        released.pooled(250): (10e-3,) * 7,
        released.alone(2_000_000): (4e-3,) * 7,
        released.pooled(2_000_000): (2e-3,) * 7,
    }
    return released.Pieces((250, 2_000_000), Comparison(seconds, {}, busy))


def test_the_sentence_gives_speed_up_and_times_of_a_piece() -> None:
    picture = draw.pieces(pieces())
    assert "250 B: speed-up 0.1 (a piece takes 2 µs alone, 20 µs in the pool)" in picture.text
    assert "2 MB: speed-up 2 (a piece takes 500 µs alone, 250 µs in the pool)" in picture.text
    assert "Other programs" not in picture.text
    assert picture.png.startswith(b"\x89PNG")
    [axes] = picture.figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["250 B", "2 MB"]


def test_a_busy_machine_is_named() -> None:
    assert "Other programs used 1.2 cores" in draw.pieces(pieces(busy=1.2)).text
    ratio = Ratio("a", "b", 1.0, 0.9, 1.1, busy=1.2)
    assert "Other programs used 1.2 cores" in draw.gains({"adding": ratio}, 2).text


def test_gains_have_a_row_for_each_kind_of_work() -> None:
    ratios = {"adding": Ratio("a", "b", 0.97, 0.9, 1.1, None), "hashing": _twice()}
    picture = draw.gains(ratios, 2)
    [axes] = picture.figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["adding", "hashing"]
    assert {"0.97", "1.90", "no gain", "a full gain"} <= {text.get_text() for text in axes.texts}
    assert picture.text == "Speed-up with 2 threads: adding 0.97, hashing 1.90."
    assert picture.png.startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"^speed_ups must"):
        draw.gains({}, 2)


def _twice() -> Ratio:
    return Ratio("a", "b", 1.9, 1.8, 2.0, 0.0)
