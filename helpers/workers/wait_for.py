"""Watch ordinary locks: who holds which, who waits for which, and in which line.

    with watch(globals()) as seen:          # locks of these globals are watched
        ...                                 # start threads; their code stays as it is
        if seen.until_deadlock(2.0):
            state = seen.state()            # plain dicts and lists
    # the threads that were deadlocked have been released

`helpers.measure.wait_for` makes a graph of the state.

A watched lock holds a real one and does what that does. It notes who has it, and while a thread
waits, it asks again every few milliseconds: so a waiting thread can be told to give up.
"""

from __future__ import annotations

import _thread
import linecache
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from threading import Thread
from types import FrameType
from typing import Any, Callable

_ASK_AGAIN_S = 0.01
_LOOK_AGAIN_S = 0.005
_DEPTH = 3  # such as bank.accounts[0].lock
_LONGEST = 1_000  # of a list that is looked into
_MOST_THINGS = 5_000  # that are looked at below one name: it may be a table of numbers
_NEUTRAL = {"builtins", "abc", "typing", "types"}  # a class made from these is one's own
_PLAIN = {"builtins"}
_RESCUE_S = 5.0  # for threads that are released one after another
_REAL_LOCK, _REAL_RLOCK = threading.Lock, threading.RLock
_LOCK_TYPES = (type(_REAL_LOCK()), type(_REAL_RLOCK()))

Place = dict[str, Any]  # {"function": .., "line": .., "source": ..}


class _Wait:
    """One thread waits for one lock."""

    def __init__(self, lock: WatchedLock, place: Place, timed: bool) -> None:
        self.lock = lock
        self.place = place
        self.timed = timed
        self.give_up = False


class WatchedLock:
    """Stands for a ``Lock`` or an ``RLock`` while it is watched."""

    def __init__(self, watch: Watch, real: Any, name: str) -> None:
        self._watch = watch
        self._real = real
        self._name = name
        self._owner: Thread | None = None
        self._count = 0
        self._place: Place = {}

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if timeout != -1 and (not blocking or timeout < 0):
            return bool(self._real.acquire(blocking, timeout))  # it says what is wrong with that
        # Straight through while it is free: only those who wait are asked to be patient.
        if self._real.acquire(False):
            self._taken(self._watch._place(sys._getframe(1)))
            return True
        if not blocking:
            return False
        return self._wait(timeout, self._watch._place(sys._getframe(1)))

    def release(self) -> None:
        # Before the real release: after it, the lock may be another thread's already.
        with self._watch._guard:
            before = self._owner, self._count
            self._count -= 1
            if self._count <= 0:
                self._owner, self._count = None, 0
        try:
            self._real.release()
        except RuntimeError:  # it wasn't taken, or it is another thread's RLock
            with self._watch._guard:
                self._owner, self._count = before
            raise

    def locked(self) -> bool:
        ask = getattr(self._real, "locked", None)  # an RLock can be asked since 3.14
        return bool(ask()) if ask else self._owner is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    # What threading.Condition asks of an RLock.

    def _is_owned(self) -> bool:
        return self._owner is threading.current_thread()

    def _release_save(self) -> int:
        count = self._count
        for _ in range(count):
            self.release()
        return count

    def _acquire_restore(self, count: int) -> None:
        for _ in range(count):
            self.acquire()

    def _taken(self, place: Place) -> None:
        me = threading.current_thread()
        with self._watch._guard:
            self._watch._waits.pop(me, None)
            self._count += 1
            if self._owner is not me:
                self._owner, self._place = me, place

    def _wait(self, timeout: float, place: Place) -> bool:
        me = threading.current_thread()
        wait = _Wait(self, place, timeout >= 0)
        until = time.monotonic() + timeout
        with self._watch._guard:
            self._watch._waits[me] = wait
        try:
            while not wait.give_up:
                patience = _ASK_AGAIN_S
                if wait.timed:
                    patience = max(0.0, min(patience, until - time.monotonic()))
                if self._real.acquire(timeout=patience):
                    self._taken(place)
                    return True
                if wait.timed and time.monotonic() >= until:
                    return False
            # A thread that ends with SystemExit, and no class made from it, ends silently:
            # https://docs.python.org/3/library/threading.html#threading.excepthook
            raise SystemExit(f"deadlock: gave up waiting for {self._watch._name_of(self)}")
        finally:
            with self._watch._guard:
                self._watch._waits.pop(me, None)

    def __repr__(self) -> str:
        return f"<watched {self._real!r}>"


class Watch:
    """What the context manager `watch` gives: ask it for the state of the locks."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self._scope = scope
        self._guard = _REAL_LOCK()
        self._waits: dict[Thread, _Wait] = {}
        self._locks: list[WatchedLock] = []
        self._stand_ins: dict[int, WatchedLock] = {}  # by the id of the real lock
        self._swapped: list[tuple[Any, Any, Any, Any]] = []  # where, its key, before, stand-in

    def state(self) -> dict[str, Any]:
        """Who waits and who holds, now.

        Returns ``{"threads": [..], "cycle": [..], "deadlock": ..}``. Each thread that waits or
        holds is ``{"name", "ended", "waits_for", "timed", "place", "holds": [{"lock", "place"}]}``.
        The cycle names threads: each waits for a lock that the next one holds, and the last one
        for one that the first holds. It is a deadlock if none of these waits ends by a timeout,
        or if a thread waits for a lock whose holder has ended.
        """
        with self._guard:
            holders = {lock._owner for lock in self._locks if lock._owner is not None}
            threads = [self._thread(one) for one in sorted({*self._waits, *holders}, key=_name)]
            cycle = self._cycle()
            return {
                "threads": threads,
                "cycle": [thread.name for thread in cycle],
                "deadlock": bool(self._stuck()),
            }

    def until_deadlock(self, seconds: float) -> bool:
        """Wait for a deadlock, at most so many seconds. Returns whether there is one."""
        until = time.monotonic() + seconds
        while not self.state()["deadlock"]:
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_AGAIN_S)
        return True

    def rescue(self) -> str | None:
        """Let one thread of a deadlock give up. Returns its name, None without a deadlock.

        It gets a SystemExit where it waits, so its ``with`` blocks release what it had locked, and
        the others can go on.
        """
        with self._guard:
            stuck = self._stuck()
            if not stuck:
                return None
            self._waits[stuck[0]].give_up = True
            return stuck[0].name

    # Called by watched locks

    def _place(self, frame: FrameType | None) -> Place:
        """The line of the watched code that asks, even if it does so through a helper."""
        nearest = frame
        while frame is not None and frame.f_globals is not self._scope:
            frame = frame.f_back
        found = frame or nearest
        assert found is not None
        code, line = found.f_code, found.f_lineno
        return {
            "function": code.co_name,
            "line": line,
            "source": linecache.getline(code.co_filename, line).strip(),
        }

    def _name_of(self, lock: WatchedLock) -> str:
        """What the watched code calls it: ``lock1``, ``forks[2]``, ``account.lock``."""
        for name, value in list(self._scope.items()):
            if value is lock:
                return name
        for _, _, value, name in self._inside_of_all():
            if value is lock:
                return name
        return lock._name

    # Inside the guard

    def _stuck(self) -> list[Thread]:
        """Threads that will wait for ever: those of a cycle, or one whose lock nobody releases."""
        cycle = self._cycle()
        if cycle and self._for_ever(cycle):
            return cycle
        for thread, wait in self._waits.items():
            owner = wait.lock._owner
            if owner is not None and not owner.is_alive() and not wait.timed:
                return [thread]
        return []

    def _cycle(self) -> list[Thread]:
        """Threads that wait in a circle, [] if there are none; rather those without a timeout."""
        cycles = [self._way_back_to(thread) for thread in sorted(self._waits, key=_name)]
        found = [cycle for cycle in cycles if cycle]
        return next(filter(self._for_ever, found), found[0] if found else [])

    def _for_ever(self, cycle: list[Thread]) -> bool:
        return not any(self._waits[thread].timed for thread in cycle)

    def _way_back_to(self, start: Thread) -> list[Thread]:
        """The cycle that this thread is part of.

        Each thread waits for one lock at most and each lock has one owner: so from each thread
        there is one way to go.
        """
        way = [start]
        while way[-1] in self._waits:
            owner = self._waits[way[-1]].lock._owner
            if owner is start:
                return way
            if owner is None or owner in way:
                break
            way.append(owner)
        return []

    def _thread(self, thread: Thread) -> dict[str, Any]:
        wait = self._waits.get(thread)
        return {
            "name": thread.name,
            "ended": not thread.is_alive(),
            "waits_for": self._name_of(wait.lock) if wait else None,
            "timed": wait.timed if wait else False,
            "place": wait.place if wait else None,
            "holds": [
                {"lock": self._name_of(lock), "place": lock._place}
                for lock in self._locks
                if lock._owner is thread
            ],
        }

    # Putting watched locks in the place of others, and back

    def _begin(self) -> None:
        lock = self._factory(_REAL_LOCK, "a Lock")
        rlock = self._factory(_REAL_RLOCK, "an RLock")
        for name, value in list(self._scope.items()):
            if isinstance(value, _LOCK_TYPES):
                self._swap(self._scope, name, value, self._stand_in(value, name))
            elif value is _REAL_LOCK:
                self._swap(self._scope, name, value, lock)
            elif value is _REAL_RLOCK:
                self._swap(self._scope, name, value, rlock)
        for where, key, value, name in list(self._inside_of_all()):
            if isinstance(value, _LOCK_TYPES):
                self._swap(where, key, value, self._stand_in(value, name))
        _set_in_threading(lock, rlock)

    def _end(self) -> None:
        _set_in_threading(_REAL_LOCK, _REAL_RLOCK)
        for where, key, before, stand_in in self._swapped:
            with suppress(LookupError):  # the list is shorter by now, or the name is gone
                if where[key] is stand_in:
                    where[key] = before

    def _swap(self, where: Any, key: Any, before: Any, stand_in: Any) -> None:
        with suppress(TypeError):  # in a tuple it stays what it is
            where[key] = stand_in
            self._swapped.append((where, key, before, stand_in))

    def _inside_of_all(self) -> Iterator[tuple[Any, Any, Any, str]]:
        """What the globals hold: where it is, by which key, the thing, and what code calls it."""
        for name, value in list(self._scope.items()):
            if not name.startswith("_"):  # a notebook keeps what it has shown in such names
                things = _inside(value, name, self._scope.get("__name__"), _DEPTH)
                yield from islice(things, _MOST_THINGS)

    def _stand_in(self, real: Any, name: str) -> WatchedLock:
        """The same one for the same lock, by however many names it is known."""
        if id(real) not in self._stand_ins:
            self._stand_ins[id(real)] = self._watched(real, name)
        return self._stand_ins[id(real)]

    def _factory(self, real: Callable[[], Any], kind: str) -> Callable[[], Any]:
        def make() -> Any:
            caller = sys._getframe(1)
            # Threads, queues and events make locks too: those stay as they are.
            if caller.f_globals is not self._scope:
                return real()
            return self._watched(real(), f"{kind} of line {caller.f_lineno}")

        return make

    def _watched(self, real: Any, name: str) -> WatchedLock:
        lock = WatchedLock(self, real, name)
        with self._guard:
            self._locks.append(lock)
        return lock


def _set_in_threading(lock: Any, rlock: Any) -> None:
    threading.Lock, threading.RLock = lock, rlock


_one_at_a_time = _thread.allocate_lock()


@contextmanager
def watch(scope: dict[str, Any]) -> Iterator[Watch]:
    """Watch the locks that code with these globals uses, in whatever thread.

    scope: ``globals()``. Watched are the locks that are globals now, or are held by lists, dicts
    and objects of this code's own classes that are; and all that this code makes inside the block,
    as ``Lock()`` or ``threading.Lock()``, and the same for ``RLock``. A lock that only a tuple, a
    closure or a class with ``__slots__`` holds, and that was made before the block, isn't seen.

    At its end a deadlock is resolved: one thread of it after another gets a SystemExit where it
    waits, until the others can go on.

    Raises RuntimeError inside another such block, or if a deadlock can't be resolved.
    """
    if not _one_at_a_time.acquire(False):
        raise RuntimeError("only one block can watch locks at a time")
    try:
        seen = Watch(scope)
        seen._begin()
        try:
            yield seen
        finally:
            try:
                _resolve(seen)
            finally:
                seen._end()
    finally:
        _one_at_a_time.release()


def _resolve(seen: Watch) -> None:
    until = time.monotonic() + _RESCUE_S
    while seen.rescue():
        if time.monotonic() > until:
            raise RuntimeError("a deadlock could not be resolved: its threads catch SystemExit")
        time.sleep(_LOOK_AGAIN_S)


def _inside(value: Any, name: str, module: Any, depth: int) -> Iterator[tuple[Any, Any, Any, str]]:
    """What lists, tuples, dicts and objects of the module's own classes hold, and so on."""
    held: list[tuple[Any, Any, Any, str]]
    if isinstance(value, (list, tuple)) and len(value) <= _LONGEST:
        held = [(value, key, one, f"{name}[{key}]") for key, one in enumerate(value)]
    elif isinstance(value, dict) and len(value) <= _LONGEST:
        held = [(value, key, one, f"{name}[{key!r}]") for key, one in list(value.items())]
    elif _is_of(module, value):
        own = vars(value)
        held = [(own, key, one, f"{name}.{key}") for key, one in list(own.items())]
    else:
        return
    for one in held:
        yield one
        if depth > 1:
            yield from _inside(one[2], one[3], module, depth - 1)


def _is_of(module: Any, value: Any) -> bool:
    """Whether its class and all that this is made from are the module's own.

    A Thread or a Queue has locks too, and relies on them: those are left alone.
    """
    homes = {base.__module__ for base in type(value).__mro__}
    return hasattr(value, "__dict__") and homes - _NEUTRAL <= {module} and homes != _PLAIN


def _name(thread: Thread) -> str:
    return thread.name
