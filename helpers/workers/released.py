"""Work in pieces: hashed one after another, or handed piece by piece to a pool of threads."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Executor


def digest(piece: bytes) -> bytes:
    """A fingerprint of the piece. hashlib releases the GIL for more than 2047 bytes at once.

    Source: https://docs.python.org/3/library/hashlib.html#hashlib.hash.update
    """
    return hashlib.sha256(piece).digest()


def one_after_another(pieces: Sequence[bytes]) -> list[bytes]:
    """Every piece in the thread that calls."""
    return [digest(piece) for piece in pieces]


def in_a_pool(pieces: Sequence[bytes], pool: Executor) -> list[bytes]:
    """Every piece as a task of its own. The same digests in the same order."""
    return list(pool.map(digest, pieces))
