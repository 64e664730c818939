"""How many waits can go on at once, what they cost, and where each model gives up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from helpers.measure.elsewhere import WorkerFailed, call
from helpers.workers import scale as worker

KINDS = worker.KINDS
MOST = {"tasks": 20_000, "threads": 20_000, "processes": 200}
# Each step is about three times the one before.
COUNTS = (10, 30, 100, 300, 1_000, 3_000, 10_000, 20_000)
MEMORY = 2e9  # bytes
_GRACE_S = 20.0  # to end what was made, on a busy machine


@dataclass(frozen=True)
class Attempt:
    """One attempt to let ``count`` waits go on at once.

    reached: how many really waited together. seconds: from the first until all had ended, of
    which wait_s is the wait itself. memory: bytes that they took, None where the system doesn't
    tell. reason: why it was given up; "" if all waited.
    """

    kind: str
    count: int
    reached: int
    wait_s: float
    seconds: float
    memory: float | None
    reason: str

    @property
    def memory_each(self) -> float | None:
        """Bytes for one of them."""
        return None if self.memory is None or not self.reached else self.memory / self.reached


@dataclass(frozen=True)
class Scale:
    """The attempts, by kind, each with more waits than the one before; the last may have failed."""

    attempts: tuple[Attempt, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(attempt.kind for attempt in self.attempts))

    def of(self, kind: str) -> list[Attempt]:
        """The attempts of a kind, the one that was given up among them."""
        return [attempt for attempt in self.attempts if attempt.kind == kind]

    def largest(self, kind: str) -> Attempt:
        """The last attempt in which all waited, or else the one that was given up.

        KeyError for a kind that wasn't tried.
        """
        tried = self.of(kind)
        if not tried:
            raise KeyError(f"no attempts with {kind!r}; there are {list(self.kinds)}")
        return next((attempt for attempt in reversed(tried) if not attempt.reason), tried[-1])

    def gave_up(self, kind: str) -> Attempt | None:
        """The attempt that was given up, if there is one."""
        return next((attempt for attempt in self.of(kind) if attempt.reason), None)


def scale(
    most: Mapping[str, int] | None = None,
    wait_s: float = 0.1,
    deadline_s: float = 5.0,
    memory: float = MEMORY,
    counts: Sequence[int] = COUNTS,
    progress: Callable[[float], None] | None = None,
    stop: threading.Event | None = None,
) -> Scale:
    """Try each kind with more and more waits, each time in a fresh interpreter.

    most: kind to the most waits it is tried with; MOST if not given. A kind that gives up isn't
    tried with more. wait_s: for how long all wait together, in seconds (at most 10). deadline_s:
    for starting them (at most 60). memory: bytes that they may take. progress: called with the
    part done (0 to 1) before each attempt.

    Raises ValueError for what lies outside, and what ``elsewhere.call`` raises.
    """
    most = MOST if most is None else most
    _check(most, wait_s, deadline_s, memory, counts)
    plan = [(kind, count) for kind in most for count in counts if count <= most[kind]]
    attempts: list[Attempt] = []
    for number, (kind, count) in enumerate(plan):
        if progress is not None:
            progress(number / len(plan))
        if not (attempts and attempts[-1].kind == kind and attempts[-1].reason):
            attempts.append(attempt(kind, count, wait_s, deadline_s, memory, stop))
    return Scale(tuple(attempts))


def attempt(
    kind: str,
    count: int,
    wait_s: float,
    deadline_s: float,
    memory: float = MEMORY,
    stop: threading.Event | None = None,
) -> Attempt:
    """One attempt in a fresh interpreter. Arguments and errors as those of ``scale``."""
    _check({kind: count}, wait_s, deadline_s, memory, [count])
    patience_s = deadline_s + wait_s + _GRACE_S
    try:
        found = call(
            worker.wait_together,
            kind,
            count,
            wait_s,
            deadline_s,
            memory,
            deadline=patience_s,
            stop=stop,
        )
    except TimeoutError:
        reason = "it did not end and was stopped"
        return Attempt(kind, count, 0, wait_s, patience_s, None, reason)
    except WorkerFailed as error:
        # The system may end an interpreter that takes too much; its first line says how.
        reason = str(error).splitlines()[0]
        return Attempt(kind, count, 0, wait_s, 0.0, None, reason)
    return Attempt(
        kind, count, found["reached"], wait_s, found["seconds"], found["memory"], found["reason"]
    )


def _check(
    most: Mapping[str, int],
    wait_s: float,
    deadline_s: float,
    memory: float,
    counts: Sequence[int],
) -> None:
    if not most:
        raise ValueError("most must name at least one kind")
    for kind, count in most.items():
        if kind not in KINDS:
            raise ValueError(f"most must name some of {list(KINDS)}, got {kind!r}")
        if not 1 <= count <= MOST[kind]:
            raise ValueError(f"most must be 1 to {MOST[kind]:,} for {kind}, got {count}")
    if not counts or list(counts) != sorted(set(counts)) or counts[0] < 1:
        raise ValueError(f"counts must rise from 1 or more, got {list(counts)}")
    for name, value, highest in (("wait_s", wait_s, 10), ("deadline_s", deadline_s, 60)):
        if not 0 < value <= highest:
            raise ValueError(f"{name} must be above 0 and at most {highest}, got {value}")
    if not memory > 0:
        raise ValueError(f"memory must be positive, got {memory}")
