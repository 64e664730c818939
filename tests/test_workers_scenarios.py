"""The tasks of the six jobs, alone and in processes of every kind."""

from __future__ import annotations

import gzip
import json
import math
import multiprocessing
import sqlite3
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.measure.api_server import PATHS, served_apart
from helpers.measure.loopback import loopback
from helpers.workers import api_server, conversion, crawl, database, science, task_profile

METHODS = multiprocessing.get_all_start_methods()


@pytest.fixture
def sales(tmp_path: Path) -> str:
    path = str(tmp_path / "sales.db")
    database.fill(path, 500)
    return path


def test_a_page_is_as_large_as_the_server_sends_it() -> None:
    with loopback(latency_s=0, size=1234) as server:
        assert crawl.page(f"{server.url}/page1") == 1234
        assert server.served().requests == 1


def test_a_page_of_no_server_raises() -> None:
    with pytest.raises(OSError):  # noqa: PT011  the system words it
        crawl.page("http://127.0.0.1:9/page1")


def test_a_report_counts_and_adds_what_the_table_holds(sales: str) -> None:
    with closing(sqlite3.connect(sales)) as opened:
        rows = opened.execute("SELECT city, amount FROM sales").fetchall()
    assert len(rows) == 500
    chosen = [amount for city, amount in rows if city == "city 3" or amount % 7 == 3]
    assert database.report(sales, 3) == [
        len(chosen),
        sum(chosen),
        max(amount * amount % 97 for amount in chosen),
    ]


def test_a_look_up_finds_one_row(sales: str) -> None:
    assert database.lookup(sales, 1) == ["city 0", 0]
    assert database.lookup(sales, 53) == ["city 2", 52 * 31 % 997]


def test_a_second_writer_is_told_and_leaves_the_file_free(sales: str) -> None:
    assert "locked" in database.write_beside_a_writer(sales)
    with closing(sqlite3.connect(sales, timeout=0)) as later, later:
        later.execute("DELETE FROM sales WHERE id = 1")


@given(st.floats(-3, 3), st.floats(0.01, 2))
def test_an_area_is_near_that_of_many_more_strips(a: float, width: float) -> None:
    coarse, fine = (science.area((a, a + width, strips)) for strips in (2_000, 4_000))
    assert math.isclose(coarse, fine, abs_tol=1e-4)
    # Strips of one side and the other side of a point between add up to the whole.
    middle = a + width / 2
    halves = science.area((a, middle, 1_000)) + science.area((middle, a + width, 1_000))
    assert math.isclose(halves, coarse, abs_tol=1e-9)


def test_compressed_is_what_was_there(tmp_path: Path) -> None:
    [path, other] = conversion.write_texts(str(tmp_path), 2, 5_000)
    text = Path(path).read_bytes()
    assert len(text) == 5_000
    assert text != Path(other).read_bytes()
    size = conversion.compress(path)
    packed = Path(path + ".gz").read_bytes()
    assert size == len(packed) < 5_000
    assert gzip.decompress(packed) == text


def test_a_table_keeps_its_rows(tmp_path: Path) -> None:
    [_, path] = conversion.write_tables(str(tmp_path), 2, 3)
    assert conversion.csv_to_json(path) == 3
    assert json.loads(Path(path + ".json").read_text(encoding="utf-8")) == [
        {"id": "0", "name": "thing 0", "price": "0.0"},
        {"id": "1", "name": "thing 1", "price": "0.25"},
        {"id": "2", "name": "thing 2", "price": "0.5"},
    ]


@pytest.mark.parametrize("path", PATHS.values())
def test_a_crowd_counts_good_answers(path: str) -> None:
    with served_apart(0.001) as port:
        assert api_server.crowd(port, path, 3, 2) == 6
        assert api_server.crowd(port, "/nowhere", 2, 1) == 0


@pytest.mark.parametrize("method", METHODS)
def test_tasks_give_the_same_in_any_process(method: str, sales: str, tmp_path: Path) -> None:
    [text] = conversion.write_texts(str(tmp_path), 1, 2_000)
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        assert pool.submit(science.area, (0, 1, 100)).result() == science.area((0, 1, 100))
        assert pool.submit(database.report, sales, 1).result() == database.report(sales, 1)
        assert pool.submit(conversion.compress, text).result() == conversion.compress(text)
        seen = pool.submit(task_profile.look_at, time.sleep, [0.01], 0.02).result()
    assert seen["computing"] < 0.5


def test_a_look_tells_a_sleep_from_a_sum() -> None:
    asleep = task_profile.look_at(time.sleep, [0.02], 0.1)
    assert asleep["computing"] < 0.5
    assert asleep["beats"] > 0
    assert 0.02 <= asleep["seconds"] < 1
    adding = task_profile.look_at(science.area, [(0, 1, 20_000)], 0.05)
    assert 0 <= adding["free"] <= 1
    assert adding["computing"] > 0


def test_a_look_calls_once_at_least_and_puts_the_interval_back() -> None:
    calls: list[int] = []
    usual, running = sys.getswitchinterval(), threading.active_count()
    task_profile.look_at(calls.append, [1], 1e-9)
    assert len(calls) == 2  # the first one isn't timed
    with pytest.raises(ZeroDivisionError):
        task_profile.look_at(divmod, [1, 0], 0.01)
    fails_later = iter([1])
    with pytest.raises(StopIteration):
        task_profile.look_at(next, [fails_later], 0.01)
    assert sys.getswitchinterval() == pytest.approx(usual)
    assert threading.active_count() == running
