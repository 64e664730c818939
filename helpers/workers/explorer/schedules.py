"""Schedules as short texts that can be copied, kept in a test and pasted in again.

``3.13:5f2a A4 B5 A1`` says: made on CPython 3.13 for a program whose bytecode has this mark;
thread A takes four steps, then B five, then A one.
"""

from __future__ import annotations

import dis
import re
import sys
import zlib
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from types import CodeType

from helpers.workers.explorer.conductor import MOST_THREADS, NAMES

_HEAD = re.compile(r"(\d+\.\d+):([0-9a-f]{4})")
_TURN = re.compile(r"([A-D])(\d{0,5})")
_LONGEST = 100_000  # steps


def version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def mark(codes: Iterable[CodeType]) -> str:
    """Four hexadecimal digits, the same for the same opcodes with the same arguments."""
    return _mark(tuple(codes))


@lru_cache(maxsize=100)
def _mark(codes: tuple[CodeType, ...]) -> str:
    text = "\n".join(
        f"{one.opname} {one.arg if one.opname != 'LOAD_CONST' else ''}"
        for code in codes
        for one in dis.get_instructions(code)
    )
    return f"{zlib.crc32(text.encode()) & 0xFFFF:04x}"


def turns(schedule: bytes) -> str:
    """Without version and mark: ``A4 B5 A1``."""
    return " ".join(f"{NAMES[thread]}{len(list(steps))}" for thread, steps in groupby(schedule))


def to_text(schedule: bytes, codes: Iterable[CodeType]) -> str:
    return f"{version()}:{mark(codes)} {turns(schedule)}".strip()


def from_text(text: str, codes: Iterable[CodeType]) -> bytes:
    """The schedule that the text stands for.

    Without version and mark it is taken as it is. Raises ValueError for a text of another form,
    and for one that was made for other bytecode.
    """
    words = text.split()
    if words:
        head = _HEAD.fullmatch(words[0])
        if head is not None:
            words.pop(0)
            _check(head[1], head[2], mark(codes))
    schedule = bytearray()
    for word in words:
        turn = _TURN.fullmatch(word)
        if turn is None:
            raise ValueError(
                f"schedule must be turns like A4 B5 (thread and steps), got {word[:20]!r}"
            )
        schedule += bytes((NAMES.index(turn[1]),)) * int(turn[2] or 1)
        if len(schedule) > _LONGEST:
            raise ValueError(f"schedule must have at most {_LONGEST:,} steps")
    return bytes(schedule)


def _check(made_on: str, made_for: str, own: str) -> None:
    if made_for == own:
        return
    if made_on != version():
        raise ValueError(
            f"schedule was made on CPython {made_on}, which compiles this program to other opcodes "
            f"than {version()} does: its steps don't apply here. Explore the program on this "
            "version to get one"
        )
    raise ValueError(
        "schedule was made for another program: the functions have changed since. Explore again to "
        "get one for these"
    )


assert len(NAMES) == MOST_THREADS
