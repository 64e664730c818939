"""Fetch one page with nothing but the standard library: the call blocks until the page is there."""

from __future__ import annotations

from urllib.parse import urlsplit

from helpers.workers.requests import get


def page(url: str) -> int:
    """The size of a page of the loopback server, in bytes. OSError if there is no answer."""
    parts = urlsplit(url)
    assert parts.port is not None
    _status, body = get(parts.port, parts.path)
    return len(body)
