"""A small SQLite database of sales, and two kinds of question to it: a short and a long one.

Each question opens a connection of its own: SQLite's connections stay in the thread that opened
them. Source: https://docs.python.org/3/library/sqlite3.html#sqlite3.connect (check_same_thread)
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

CITIES = 50
REPORT = (
    "SELECT count(*), total(amount), max(amount * amount % 97) FROM sales WHERE city = ? "
    "OR amount % 7 = 3"
)
LOOKUP = "SELECT city, amount FROM sales WHERE id = ?"


def fill(path: str, rows: int) -> None:
    """Make a new database file with so many sales."""
    sales = ((f"city {number % CITIES}", number * 31 % 997) for number in range(rows))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, city TEXT, amount INTEGER)")
        database.executemany("INSERT INTO sales (city, amount) VALUES (?, ?)", sales)


def report(path: str, city: int) -> list[float]:
    """A long question: SQLite has to look at every row."""
    with closing(sqlite3.connect(path)) as database:
        return list(database.execute(REPORT, (f"city {city}",)).fetchone())


def lookup(path: str, key: int) -> list[object]:
    """A short question: SQLite finds one row by its key."""
    with closing(sqlite3.connect(path)) as database:
        return list(database.execute(LOOKUP, (key,)).fetchone())


def write_beside_a_writer(path: str) -> str:
    """What the second of two writers is told, if it doesn't wait for the first ("" for nothing)."""
    with closing(sqlite3.connect(path, isolation_level=None)) as first:
        first.execute("BEGIN IMMEDIATE")  # from here on it may write, until its commit
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as second:
            try:
                second.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                return str(error)
    return ""
