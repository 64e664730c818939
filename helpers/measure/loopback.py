"""A web server on this computer, for as long as a ``with`` block lasts."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from helpers.measure.elsewhere import Stopped, WorkerFailed, start_command
from helpers.workers.loopback import LOCALHOST

_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Served:
    """requests, and how many of them got an error; most_at_once: in hand at the same moment."""

    requests: int
    errors: int
    most_at_once: int


@dataclass(frozen=True)
class Loopback:
    """The server's port on 127.0.0.1, and its address: append a path such as "/page7"."""

    port: int

    @property
    def url(self) -> str:
        return f"http://{LOCALHOST}:{self.port}"

    def served(self) -> Served:
        """What the server has counted so far. OSError if it is gone."""
        connection = http.client.HTTPConnection(LOCALHOST, self.port, timeout=_PATIENCE_S)
        with contextlib.closing(connection):
            connection.request("GET", "/served", headers={"Connection": "close"})
            return Served(**json.loads(connection.getresponse().read()))


@contextmanager
def loopback(
    latency_s: float = 0.05,
    jitter_s: float = 0.0,
    error_rate: float = 0.0,
    size: int = 2000,
    seed: int = 0,
) -> Iterator[Loopback]:
    """A web server in a process of its own, which ends with the block, however that ends.

    latency_s, jitter_s: seconds that an answer takes, give or take up to so many (0 to 60).
    error_rate: the part of answers that are errors, status 503 (0 to 1). size: bytes of an
    answer (at most 100 MB). seed: of the dice for both. A request may ask for other values: see
    ``helpers.workers.loopback``.

    Raises ValueError for what lies outside, WorkerFailed if the server doesn't start, and Stopped
    if it was interrupted while it did.
    """
    for name, value, most in (
        ("latency_s", latency_s, 60.0),
        ("jitter_s", jitter_s, 60.0),
        ("error_rate", error_rate, 1.0),
        ("size", size, 100e6),
    ):
        if not 0 <= value <= most:
            raise ValueError(f"{name} must lie between 0 and {most:g}, got {value!r}")
    settings = {
        "latency_s": latency_s,
        "jitter_s": jitter_s,
        "error_rate": error_rate,
        "size": int(size),
        "seed": seed,
    }
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*start_command(sys.executable, "helpers.workers.loopback"), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            yield Loopback(_port(process, errors))
        finally:
            _end(process)


def _port(process: subprocess.Popen[bytes], errors: Any) -> int:
    """What the server says first. It says nothing if it dies before."""
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said:
        process.wait()
        if process.returncode == -signal.SIGINT:
            # An interrupt goes to the whole group of processes. The server ignores it, but not
            # yet while its interpreter starts.
            raise Stopped("the server was interrupted while it started")
        errors.seek(0)
        raise WorkerFailed(f"the server did not start: {errors.read().decode(errors='replace')}")
    return int(said)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The end of its standard input tells the server to end; what doesn't hear is killed."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    except BaseException:  # an interrupt while waiting: the server goes all the same
        process.kill()
        process.wait()
        raise
