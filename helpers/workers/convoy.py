"""A small request and reply by UDP, beside threads or processes that compute."""

from __future__ import annotations

import multiprocessing
import socket
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from helpers.workers.timeline import gil_enabled

LOCALHOST = "127.0.0.1"
PATIENCE_S = 0.2  # how long a child waits before it looks whether its parent is still there


def serve_echo(port: Connection) -> None:
    """Send every datagram back to its sender, until the parent process is gone.

    port: where to say on which port.
    """
    parent = multiprocessing.parent_process()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((LOCALHOST, 0))
        server.settimeout(PATIENCE_S)
        port.send(server.getsockname()[1])
        while parent is not None and parent.is_alive():
            try:
                request, sender = server.recvfrom(64)
                server.sendto(request, sender)
            except OSError:  # nothing came for a while, or the sender has closed its socket
                continue


def compute_in_process() -> None:
    """Compute until the parent process is gone."""
    parent = multiprocessing.parent_process()
    while parent is not None and parent.is_alive():
        count(1_000_000)


def compute_in_thread(done: threading.Event) -> None:
    while not done.is_set():
        count(1_000)


def count(steps: int) -> None:
    while steps:
        steps -= 1


def round_trips(port: int, seconds: float, most: int) -> dict[str, Any]:
    """Ask the echo server and wait for its reply, again and again.

    Returns gil, latencies_us (of each round trip, in order), seconds and lost (unanswered).
    """
    latencies_us: list[float] = []
    lost = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((LOCALHOST, port))
        client.settimeout(1.0)
        start = time.perf_counter()
        while time.perf_counter() - start < seconds and len(latencies_us) < most:
            request = str(len(latencies_us)).encode()
            asked = time.perf_counter_ns()
            try:
                client.send(request)
                while client.recv(64) != request:  # a late reply to an earlier request
                    pass
            except OSError:  # UDP promises nothing
                lost += 1
                continue
            latencies_us.append((time.perf_counter_ns() - asked) / 1e3)
        return {
            "gil": gil_enabled(),
            "latencies_us": latencies_us,
            "seconds": time.perf_counter() - start,
            "lost": lost,
        }


def converse(
    neighbours: int, kind: str, interval_s: float, seconds: float, most: int
) -> dict[str, Any]:
    """Talk to an echo server in another process, beside neighbours that compute.

    neighbours: how many. kind: "threads" of this process, or "processes".
    interval_s: the switch interval. seconds, most: the time and number of round trips to stop at.
    """
    sys.setswitchinterval(interval_s)
    fresh = multiprocessing.get_context("spawn")
    ours, theirs = fresh.Pipe()
    children = [fresh.Process(target=serve_echo, args=(theirs,), daemon=True)]
    threads: list[threading.Thread] = []
    done = threading.Event()
    if kind == "processes":
        children += [
            fresh.Process(target=compute_in_process, daemon=True) for _ in range(neighbours)
        ]
    else:
        threads = [
            threading.Thread(target=compute_in_thread, args=(done,)) for _ in range(neighbours)
        ]
    try:
        for child in children:
            child.start()
        if not ours.poll(20):
            raise TimeoutError("the echo server did not start")
        port = ours.recv()
        for thread in threads:
            thread.start()
        return round_trips(port, seconds, most)
    finally:
        done.set()
        for thread in threads:
            thread.join()
        for child in children:
            if child.pid is not None:  # it was started
                child.terminate()
                child.join()
        ours.close()
        theirs.close()
