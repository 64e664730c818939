"""A small web server for this computer only: as slow and as unreliable as you tell it to be.

It stands in for the web, so that a chapter needs no network and the same thing happens each time.
`helpers.measure.loopback` starts it in a process of its own. Each answer takes ``latency_s``
seconds, give or take up to ``jitter_s``, in which the server waits and doesn't compute: meanwhile
it serves others. Some answers, at random, are errors (status 503).

A request may ask for something else than the rest gets:
``/page7?latency=0.2&status=500&size=100&letter=x`` waits 0.2 s, then sends status 500 and 100
bytes of x. ``/served`` answers at once with what was served so far, as JSON, and isn't counted.
"""

from __future__ import annotations

import asyncio
import http
import json
import random
import signal
import sys
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

LOCALHOST = "127.0.0.1"
_BACKLOG = 4096  # that many may knock at the same moment


class Server:
    """Serves, and counts what it serves."""

    def __init__(
        self, latency_s: float, jitter_s: float, error_rate: float, size: int, seed: int
    ) -> None:
        self.latency_s = latency_s
        self.jitter_s = jitter_s
        self.error_rate = error_rate
        self.size = size
        self._dice = random.Random(seed)
        self.requests = self.errors = self.at_once = self.most_at_once = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: request and answer by turns, until one side has had enough."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                status, body = await self._answer(head)
                close = "connection: close" in head.lower()
                writer.write(_response(status, body, close))
                await writer.drain()
                if close:
                    break
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # the client has gone, or speaks something else than HTTP
        finally:
            writer.close()

    async def _answer(self, head: str) -> tuple[int, bytes]:
        """Status and body for a request, after its latency."""
        words = head.split(" ", 2)
        if len(words) < 3 or words[0] != "GET":
            return 405, b"only GET is served here"
        target = urlsplit(words[1])
        if target.path == "/served":
            return 200, json.dumps(self.served()).encode()
        try:
            wish = _wish(target.query)
        except ValueError:
            return 400, b"latency, status and size must be numbers that make sense"
        self.requests += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            late = self._dice.uniform(-self.jitter_s, self.jitter_s)
            await asyncio.sleep(max(0.0, wish.get("latency", self.latency_s + late)))
        finally:
            self.at_once -= 1
        failed = self._dice.random() < self.error_rate
        status = wish.get("status", 503 if failed else 200)
        if status >= 400:
            self.errors += 1
            return status, b"this is an error page"
        letter = wish.get("letter", "x")
        return status, (letter * (wish.get("size", self.size) // len(letter.encode()))).encode()

    def served(self) -> dict[str, int]:
        """Requests and errors so far, and the most requests that were in hand at once."""
        return {
            "requests": self.requests,
            "errors": self.errors,
            "most_at_once": self.most_at_once,
        }


def _wish(query: str) -> dict[str, Any]:
    """What a request asks for. ValueError if it makes no sense."""
    kinds = {"latency": float, "status": int, "size": int, "letter": str}
    given = parse_qs(query)
    wish: dict[str, Any] = {
        name: kind(given[name][0]) for name, kind in kinds.items() if name in given
    }
    if not 200 <= wish.get("status", 200) <= 599 or not 0 <= wish.get("latency", 0) <= 60:
        raise ValueError(query)
    return wish


def _response(status: int, body: bytes, close: bool) -> bytes:
    reason = http.HTTPStatus(status).phrase if status in set(http.HTTPStatus) else "Unknown"
    lines = [
        f"HTTP/1.1 {status} {reason}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close" if close else "Connection: keep-alive",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def serve(settings: dict[str, Any]) -> None:
    """Serve on a free port, which is written to standard output, until standard input ends.

    settings: the arguments of Server.
    """
    server = Server(**settings)
    over = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait_for_the_end() -> None:
        sys.stdin.buffer.read()  # ends when who started this server ends or says so
        loop.call_soon_threadsafe(over.set)

    listening = await asyncio.start_server(server.converse, LOCALHOST, 0, backlog=_BACKLOG)
    sys.stdout.write(f"{listening.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=wait_for_the_end, daemon=True).start()
    await over.wait()
    listening.close()


def main() -> None:
    """The door from the command line: settings as JSON in the last argument."""
    # "Interrupt the kernel" reaches the kernel's children too. Who started this decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve(json.loads(sys.argv[-1])))
