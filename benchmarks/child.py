"""Runs a part of a benchmark in a Python of its own, which ends with its deadline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

# A reader waits by the clock; CPU time bears a busy host.
CLOCKS = {"clock": "by the clock", "cpu": "by CPU time"}
ROOT = Path(__file__).resolve().parent.parent


class ChildFailed(RuntimeError):
    """The part did not come to its end; the message is the last thing it said."""


def seconds(code: str, deadline: float = 60.0) -> dict[str, float]:
    """How long a whole process takes for this code: "clock", and "cpu" (0 on Windows)."""
    began, before = time.perf_counter(), os.times()
    _run(["-c", code], deadline)
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return {"clock": time.perf_counter() - began, "cpu": cpu}


def answer(module: str, *arguments: object, deadline: float = 300.0) -> Any:
    """What ``python -m benchmarks.<module>`` prints, as JSON."""
    return json.loads(_run(["-m", f"benchmarks.{module}", *map(str, arguments)], deadline))


def answer_of(command: list[str], deadline: float = 300.0) -> Any:
    """The last line that a command prints, as JSON. For what another program has to start."""
    return json.loads(_run_command(command, deadline).splitlines()[-1])


def _run(arguments: list[str], deadline: float) -> str:
    return _run_command([sys.executable, *arguments], deadline)


def _run_command(command: list[str], deadline: float) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=deadline,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ChildFailed(f"it had not ended after {deadline:g} s") from None
    if done.returncode:
        raise ChildFailed((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return done.stdout
