"""A control: how many cores does the machine give to bare processes, with nothing of ours in them?

A virtual machine's host may take a core away without a word, be slow to wake one up, or let one
be half as fast as the other. A speed-up that fails to come says something about threads or
processes only if bare processes beside it would have gained, with pieces of work as short as the
course's own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import IO

_ROUNDS = 30
_BURST_S = 0.005
_PROGRAM = """
import sys
print(flush=True)
for line in sys.stdin:
    for _ in range(int(line)): pass
    print(flush=True)
"""
_Spinner = tuple[IO[str], IO[str]]


def cores_at_once(processes: int = 2) -> float:
    """The work of so many bare processes at once, in units of what the quickest does alone.

    So two cores, one of them half as fast, count as one: what ran on the slow one can't be
    compared with what ran on the other.

    The work comes in bursts of some milliseconds, so that waking up counts, too. The lower
    quartile of the bursts is returned: a core that is slow for a quarter of the time spoils a
    comparison. Takes about a second. Raises ValueError for fewer than one process.
    """
    if processes < 1:
        raise ValueError(f"processes must be at least 1, got {processes}")
    command = [sys.executable, "-S", "-I", "-c", _PROGRAM]
    with ExitStack() as until_end:
        spinners: list[_Spinner] = []
        for _ in range(processes):
            spinner = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            spinners.append((_pipe(spinner.stdin), _pipe(spinner.stdout)))
            # Leaving it closes its input, at which it ends, and waits for it.
            until_end.enter_context(spinner)
        for _, answers in spinners:
            answers.readline()  # it is up
        loops = _loops_in_a_burst(spinners[:1])
        found = []
        for _ in range(_ROUNDS):
            alone = min(_spin([one], loops) for one in spinners)
            found.append(processes * alone / _spin(spinners, loops))
    return statistics.quantiles(found, n=4, method="inclusive")[0]


def _loops_in_a_burst(spinner: list[_Spinner]) -> int:
    """The quickest of some tries counts: one that was held up would make the bursts too short."""
    loops = 10_000
    while (seconds := min(_spin(spinner, loops) for _ in range(3))) < _BURST_S:
        loops = round(loops * min(10.0, 1.2 * _BURST_S / seconds))
    return loops


def _spin(spinners: list[_Spinner], loops: int) -> float:
    """Seconds until all of them, told at once, have done so many loops each."""
    began = time.perf_counter()
    for orders, _ in spinners:
        orders.write(f"{loops}\n")
        orders.flush()
    for _, answers in spinners:
        answers.readline()
    return time.perf_counter() - began


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
