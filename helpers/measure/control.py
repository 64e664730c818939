"""A control: how many cores does the machine give to bare processes, with nothing of ours in them?

A virtual machine's host may take a core away without a word. A speed-up that fails to come says
something about threads or processes only if bare processes beside it would have gained.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from contextlib import ExitStack
from typing import IO

_ROUNDS = 3
_SPIN_S = 0.1
_PROGRAM = f"""
import sys, time
print(flush=True)
for line in sys.stdin:
    turns, until = 0, time.perf_counter() + {_SPIN_S}
    while time.perf_counter() < until:
        for _ in range(1000): pass
        turns += 1
    print(turns, flush=True)
"""


def cores_at_once(processes: int = 2) -> float:
    """The work of so many bare processes at once, in units of what one of them does alone.

    Takes some tenths of a second. Raises ValueError for fewer than one process.
    """
    if processes < 1:
        raise ValueError(f"processes must be at least 1, got {processes}")
    command = [sys.executable, "-S", "-I", "-c", _PROGRAM]
    with ExitStack() as until_end:
        spinners = []
        for _ in range(processes):
            spinner = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            spinners.append((_pipe(spinner.stdin), _pipe(spinner.stdout)))
            # Leaving it closes its input, at which it ends, and waits for it.
            until_end.enter_context(spinner)
        for _, answers in spinners:
            answers.readline()  # it is up
        found = []
        for _ in range(_ROUNDS):
            [alone] = _spin(spinners[:1])
            found.append(sum(_spin(spinners)) / alone)
    return statistics.median(found)


def _spin(spinners: list[tuple[IO[str], IO[str]]]) -> list[int]:
    """Let them spin at once; how many turns each has made."""
    for orders, _ in spinners:
        orders.write("\n")
        orders.flush()
    return [int(answers.readline()) for _, answers in spinners]


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
