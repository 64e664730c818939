"""How fast bytes get into shared memory, beside memcpy between two ordinary buffers."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory

from benchmarks.child import answer
from benchmarks.table import Points, Row, at_least
from helpers.measure.host import HostMeter

SIZE = 64 << 20
SHARE = 0.8


def rows(rounds: int) -> Iterator[Row]:
    """Bytes a second into a segment, as a part of memcpy's."""
    meter = HostMeter()
    found = answer("messages", rounds)
    busy = meter.use().others
    ours, peer = (
        Points(tuple(SIZE / seconds / 1e9 for seconds in found[name]), "GB/s")
        for name in ("shared", "memcpy")
    )
    share = Points(tuple(o / p for o, p in zip(ours.values, peer.values, strict=True)), "of it")
    yield Row(
        f"{SIZE >> 20} MiB into shared memory",
        str(ours),
        f"at least {SHARE:.0%} of memcpy",
        at_least(share, SHARE, busy),
        peer=f"memcpy {peer}",
        ratio=f"{share.median:.2f}",
    )


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of each way, in turn."""
    payload = os.urandom(1 << 20) * (SIZE >> 20)
    source = (ctypes.c_char * SIZE).from_buffer_copy(payload)
    target = (ctypes.c_char * SIZE)()
    found: dict[str, list[float]] = {"shared": [], "memcpy": []}
    segment = SharedMemory(create=True, size=SIZE)
    try:
        assert segment.buf is not None
        view = memoryview(segment.buf)
        for number in range(-1, rounds):  # the first round maps the pages
            began = time.perf_counter()
            view[:SIZE] = payload
            between = time.perf_counter()
            ctypes.memmove(target, source, SIZE)
            if number >= 0:
                found["shared"].append(between - began)
                found["memcpy"].append(time.perf_counter() - between)
        view.release()
    finally:
        segment.close()
        segment.unlink()
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
