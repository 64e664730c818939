"""Convert one file to another: compress it, or turn its lines of CSV into JSON."""

from __future__ import annotations

import csv
import gzip
import json
import sysconfig
from pathlib import Path


def compress(path: str) -> int:
    """Write the file beside itself as .gz; return the bytes that takes. zlib's C code does it."""
    packed = gzip.compress(Path(path).read_bytes(), compresslevel=6, mtime=0)
    Path(path + ".gz").write_bytes(packed)
    return len(packed)


def csv_to_json(path: str) -> int:
    """Write the table beside itself as .json; return its rows. Each row becomes Python objects."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines))
    Path(path + ".json").write_text(json.dumps(rows), encoding="utf-8")
    return len(rows)


def write_texts(folder: str, count: int, size: int) -> list[str]:
    """Real text to compress: the sources of Python's own library, in files of ``size`` bytes."""
    library = Path(sysconfig.get_path("stdlib"))
    text = b""
    for source in sorted(library.glob("*.py")):
        text += source.read_bytes()
        if len(text) >= count * size:
            break
    paths = [Path(folder, f"text{number}.txt") for number in range(count)]
    for number, path in enumerate(paths):
        start = number * size % max(1, len(text) - size)
        path.write_bytes(text[start : start + size])
    return [str(path) for path in paths]


def write_tables(folder: str, count: int, rows: int) -> list[str]:
    """Tables to convert, with so many rows each."""
    paths = [Path(folder, f"table{number}.csv") for number in range(count)]
    for number, path in enumerate(paths):
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["id", "name", "price"])
            table.writerows([row, f"thing {row * number}", row / 4] for row in range(rows))
    return [str(path) for path in paths]
