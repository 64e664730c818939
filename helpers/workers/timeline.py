"""The recorder: one thread, process or task notes what it does, and when.

A ``Recorder`` is used *inside* the thread, process or task it records:

    with Recorder("thread 1") as recorder:
        for chunk in range(100):
            work()
            recorder.beat()              # "still working"
        with recorder.sleeping():
            time.sleep(0.1)
    return recorder.recording            # plain lists and numbers

``beat`` only reads a clock, unless the clock shows that the thread was away for longer than
``patience_ns``. Then the recorder asks the system *why*: how much of the time the thread was on
a core, and how much it stood in the queue for one. What is neither was spent blocked, and for
Python code that means: waiting for the GIL. `helpers.measure.timeline` does that subtraction.

The clock is ``time.perf_counter_ns``, which is system-wide
(https://docs.python.org/3/library/time.html#time.perf_counter), so recordings of several
processes fit on one axis.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]
try:
    import ctypes

    # os.pread would let go of the GIL, and another thread would take it: looking would change
    # what is looked at. A function of a PyDLL is called with the GIL held.
    # Source: https://docs.python.org/3/library/ctypes.html#ctypes.PyDLL
    _pread = ctypes.PyDLL(None).pread
    _pread.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_long]
    _pread.restype = ctypes.c_ssize_t
    _Text = ctypes.c_char * 64
except (ImportError, OSError, TypeError, AttributeError):  # no ctypes, or Windows
    _pread = None  # type: ignore[assignment]

# What the code says that it is doing. Whether it really got a core is measured.
WORKING = "working"  # Python code: needs the GIL where there is one
RELEASED = "working in C, GIL released"
SLEEPING = "sleeping or I/O"
LOCKING = "waiting for a lock"
WAITING = "waiting for a signal"
AWAITING = "awaiting"

# (activity, start_ns, gap_ns, end_ns, cpu_ns, queue_ns or None, times_blocked or None):
# gap_ns is the last moment at which the lane was surely still at work.
Interval = tuple[str, int, int, int, int, Optional[int], Optional[int]]
# (name of the lock, start_ns, end_ns)
Hold = tuple[str, int, int]


class Recorder:
    """Records one lane of a timeline. Make it in the thread, process or task that it records.

    lane: the name that the lane has in the picture.
    patience_ns: a longer silence between two beats is looked into, in nanoseconds.
    """

    def __init__(self, lane: str, patience_ns: int = 100_000) -> None:
        if not lane:
            raise ValueError("lane must be a name, not an empty string")
        if patience_ns < 0:
            raise ValueError(f"patience_ns must not be negative, got {patience_ns}")
        self.lane = lane
        self.patience_ns = patience_ns
        self.recording: dict[str, Any] = {}
        self._intervals: list[Interval] = []
        self._holds: list[Hold] = []
        self._taken: list[tuple[str, int]] = []  # the locks it holds now, and since when
        self._activity = WORKING
        self._schedstat: int | None = None

    def __enter__(self) -> Recorder:
        self._schedstat = _open_schedstat()
        self._read_meters()
        self._last_beat = self._start = self._now
        return self

    def __exit__(self, *exception: object) -> None:
        self._close_interval()
        while self._taken:  # what it never gave back, it held until the end
            self._end_hold(self._taken[-1][0])
        if self._schedstat is not None:
            os.close(self._schedstat)
            self._schedstat = None
        self.recording = {
            "lane": self.lane,
            "pid": os.getpid(),
            "thread": threading.get_native_id(),
            "gil": gil_enabled(),
            "intervals": self._intervals,
            "holds": self._holds,
        }

    def beat(self) -> None:
        """Say "still at it". Cheap: call it every few dozen microseconds of work."""
        now = time.perf_counter_ns()
        if now - self._last_beat > self.patience_ns:
            self._close_interval()
        else:
            self._last_beat = now

    @contextmanager
    def doing(self, activity: str) -> Iterator[None]:
        """Record everything in the block as one activity, one of the constants above."""
        before = self._switch_to(activity)
        try:
            yield
        finally:
            self._switch_to(before)

    def sleeping(self) -> Any:
        """Around ``time.sleep`` or blocking I/O."""
        return self.doing(SLEEPING)

    def released(self) -> Any:
        """Around a call of C code that releases the GIL."""
        return self.doing(RELEASED)

    def awaiting(self) -> Any:
        """Around an ``await``."""
        return self.doing(AWAITING)

    @contextmanager
    def waiting(self, gives_back: str = "") -> Iterator[None]:
        """Around the ``wait`` of an event, a barrier or a condition: until another one signals.

        gives_back: the name of the lock that a condition lets go of while it waits.
        """
        held = [name for name, _ in self._taken if name == gives_back]
        for name in held:
            self._end_hold(name)
        try:
            with self.doing(WAITING):
                yield
        finally:
            self._taken += [(name, time.perf_counter_ns()) for name in held]

    @contextmanager
    def locked(self, lock: Any, name: str) -> Iterator[None]:
        """Take the lock, recording the wait for it; then record for how long it is held."""
        self.acquire(lock, name)
        try:
            yield
        finally:
            self.release(lock, name)

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Record the block as a hold of what no single lock stands for, such as reading."""
        self._taken.append((name, time.perf_counter_ns()))
        try:
            yield
        finally:
            self._end_hold(name)

    def acquire(self, lock: Any, name: str, *how: Any, **named: Any) -> bool:
        """``lock.acquire(*how, **named)``, recorded as a wait, and a hold if it is got.

        lock: takes False as its first argument, as all of ``threading`` do: "only if it is free".
        """
        # Nothing is noted before a free lock is taken: whoever is quick at that shall stay so.
        got = lock.acquire(False)
        if not got:
            with self.doing(LOCKING):
                got = lock.acquire(*how, **named)
        if got:
            self._taken.append((name, time.perf_counter_ns()))
        return bool(got)

    def release(self, lock: Any, name: str) -> None:
        """``lock.release()``, recorded as the end of the hold that this lane began last."""
        # Read the clock before the release: after it, another thread may hold the lock.
        self._end_hold(name)
        lock.release()

    def _end_hold(self, name: str) -> None:
        for place in reversed(range(len(self._taken))):
            if self._taken[place][0] == name:
                self._holds.append((*self._taken.pop(place), time.perf_counter_ns()))
                return

    def _switch_to(self, activity: str) -> str:
        before = self._activity
        self._close_interval()
        self._activity = activity
        return before

    def _close_interval(self) -> None:
        cpu, queue, blocked = self._cpu, self._queue, self._blocked
        self._read_meters()
        self._intervals.append(
            (
                self._activity,
                self._start,
                self._last_beat,
                self._now,
                self._cpu - cpu,
                _difference(self._queue, queue),
                _difference(self._blocked, blocked),
            )
        )
        self._last_beat = self._start = self._now

    def _read_meters(self) -> None:
        # All at one moment, as nearly as can be: a wait between two of these readings would
        # be counted on one side of the moment by this meter and on the other by that one.
        self._queue = _queued_ns(self._schedstat)
        self._blocked = _times_blocked()
        self._cpu = time.thread_time_ns()
        self._now = time.perf_counter_ns()


def gil_enabled() -> bool:
    """Whether this interpreter runs with a GIL now (always true before Python 3.13)."""
    ask = getattr(sys, "_is_gil_enabled", None)
    return True if ask is None else bool(ask())


def _difference(later: int | None, earlier: int | None) -> int | None:
    return None if later is None or earlier is None else later - earlier


def _open_schedstat() -> int | None:
    """Linux counts, per thread, the time spent ready to run but without a core.

    Source: https://docs.kernel.org/scheduler/sched-stats.html, "/proc/<pid>/schedstat".
    """
    if _pread is None:
        return None
    try:
        descriptor = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
    except OSError:
        return None
    # Time on a core, time in the queue, number of turns on a core. A kernel that doesn't count
    # says "0 0 0", and we are having a turn.
    counts = os.pread(descriptor, 64, 0).split()
    if len(counts) == 3 and int(counts[2]) > 0:
        return descriptor
    os.close(descriptor)
    return None


def _queued_ns(schedstat: int | None) -> int | None:
    if schedstat is None:
        return None
    text = _Text()
    _pread(schedstat, text, 64, 0)
    return int(text.value.split()[1])


def _times_blocked() -> int | None:
    """How often this thread gave its core up because it had to wait (Linux), not by force."""
    if resource is None or not hasattr(resource, "RUSAGE_THREAD"):
        return None
    return int(resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw)
