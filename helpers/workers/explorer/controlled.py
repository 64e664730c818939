"""Locks, conditions, events, queues: as in `threading` and `queue`, under the conductor's control.

Each operation happens in one step. Where the real one would wait, the thread shows as waiting
until it can go on. A wait with a timeout may end at any time: when, the schedule says.
"""

from __future__ import annotations

import heapq
import queue
import threading
import time
from collections import deque
from types import ModuleType, SimpleNamespace
from typing import Any, Callable, Optional

from helpers.workers.explorer.conductor import Actor, Refused, conductor, exploring

_Owner = Optional[object]
_OUTSIDE = SimpleNamespace(name="the set-up")  # who owns what the set-up has acquired


def _me() -> object:
    """The thread that runs: an Actor."""
    return conductor().running or _OUTSIDE


def _name(owner: _Owner) -> str:
    return owner.name if isinstance(owner, Actor) else "the set-up"


def _wait(ready: Callable[[], bool], thing: object, timeout: float | None = None) -> bool:
    timed = timeout is not None and timeout >= 0
    return ready() or conductor().wait(ready, thing, timed)


class Lock:
    def __init__(self) -> None:
        self._owner: _Owner = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        conductor().touch(self)
        if self._owner is not None and (
            not blocking or not _wait(lambda: self._owner is None, self, timeout)
        ):
            return False
        self._owner = _me()
        return True

    def release(self) -> None:
        conductor().touch(self)
        if self._owner is None:
            raise RuntimeError("release unlocked lock")
        self._owner = None

    def locked(self) -> bool:
        conductor().touch(self)
        return self._owner is not None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return "free" if self._owner is None else f"held by {_name(self._owner)}"


class RLock:
    def __init__(self) -> None:
        self._owner: _Owner = None
        self._count = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        conductor().touch(self)
        me = _me()
        if self._owner is not me:
            if self._owner is not None and (
                not blocking or not _wait(lambda: self._owner is None, self, timeout)
            ):
                return False
            self._owner = me
        self._count += 1
        return True

    def release(self) -> None:
        conductor().touch(self)
        if self._owner is not _me():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._owner = None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def __repr__(self) -> str:
        if self._owner is None:
            return "free"
        times = f", {self._count} times" if self._count > 1 else ""
        return f"held by {_name(self._owner)}{times}"


class Condition:
    def __init__(self, lock: Lock | RLock | None = None) -> None:
        self._lock = RLock() if lock is None else lock
        self._waiters: list[list[bool]] = []
        self.acquire, self.release = self._lock.acquire, self._lock.release

    def wait(self, timeout: float | None = None) -> bool:
        self._check("wait on")
        ticket = [False]
        self._waiters.append(ticket)
        owner, count = self._lock._owner, getattr(self._lock, "_count", 1)
        self._lock._owner = None
        if isinstance(self._lock, RLock):
            self._lock._count = 0
        conductor().touch(self._lock)
        told = _wait(lambda: ticket[0], self, timeout)
        if ticket in self._waiters:
            self._waiters.remove(ticket)
        conductor().touch(self._lock)
        _wait(lambda: self._lock._owner is None, self._lock)
        self._lock._owner = owner
        if isinstance(self._lock, RLock):
            self._lock._count = count
        return told

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        result = predicate()
        while not result:
            if not self.wait(timeout):
                return predicate()
            result = predicate()
        return result

    def notify(self, n: int = 1) -> None:
        self._check("notify on")
        conductor().touch(self)
        for ticket in self._waiters[:n]:
            ticket[0] = True
        del self._waiters[:n]

    def notify_all(self) -> None:
        self.notify(len(self._waiters))

    def _check(self, what: str) -> None:
        if self._lock._owner is not _me():
            raise RuntimeError(f"cannot {what} un-acquired lock")

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def __repr__(self) -> str:
        waiters = len(self._waiters)
        return f"lock {self._lock!r}" + (f", {waiters} waiting" if waiters else "")


class Semaphore:
    def __init__(self, value: int = 1) -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._value = self._most = value

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        conductor().touch(self)
        if not self._value and (not blocking or not _wait(lambda: self._value > 0, self, timeout)):
            return False
        self._value -= 1
        return True

    def release(self, n: int = 1) -> None:
        conductor().touch(self)
        self._value += n

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"{self._value} left"


class BoundedSemaphore(Semaphore):
    def release(self, n: int = 1) -> None:
        conductor().touch(self)
        if self._value + n > self._most:
            raise ValueError("Semaphore released too many times")
        self._value += n


class Event:
    def __init__(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        conductor().touch(self)
        return self._flag

    def set(self) -> None:
        conductor().touch(self)
        self._flag = True

    def clear(self) -> None:
        conductor().touch(self)
        self._flag = False

    def wait(self, timeout: float | None = None) -> bool:
        conductor().touch(self)
        return _wait(lambda: self._flag, self, timeout)

    def __repr__(self) -> str:
        return "set" if self._flag else "not set"


class Barrier:
    def __init__(
        self, parties: int, action: Callable[[], object] | None = None, timeout: float | None = None
    ) -> None:
        if parties < 1:
            raise ValueError("parties must be >= 1")
        self.parties = parties
        self._action = action
        self._timeout = timeout
        self.n_waiting = 0
        self._round = 0
        self.broken = False

    def wait(self, timeout: float | None = None) -> int:
        conductor().touch(self)
        if self.broken:
            raise threading.BrokenBarrierError
        number, place = self._round, self.n_waiting
        self.n_waiting += 1
        if self.n_waiting == self.parties:
            if self._action is not None:
                self._action()
            self._round += 1
            self.n_waiting = 0
            return place
        patience = self._timeout if timeout is None else timeout
        passed = _wait(lambda: self._round != number or self.broken, self, patience)
        if self.broken or not passed:
            self.broken = True
            raise threading.BrokenBarrierError
        return place

    def abort(self) -> None:
        conductor().touch(self)
        self.broken = True

    def reset(self) -> None:
        conductor().touch(self)
        self.broken, self.n_waiting = False, 0
        self._round += 1

    def __repr__(self) -> str:
        return "broken" if self.broken else f"{self.n_waiting} of {self.parties} here"


class Queue:
    def __init__(self, maxsize: int = 0) -> None:
        self.maxsize = maxsize
        self.queue: Any = self._empty_store()
        self.unfinished_tasks = 0

    def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
        conductor().touch(self)
        if self._is_full() and not (block and _wait(lambda: not self._is_full(), self, timeout)):
            raise queue.Full
        self._store(item)
        self.unfinished_tasks += 1

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        conductor().touch(self)
        if not self.queue and not (block and _wait(lambda: bool(self.queue), self, timeout)):
            raise queue.Empty
        return self._take()

    def put_nowait(self, item: object) -> None:
        self.put(item, block=False)

    def get_nowait(self) -> Any:
        return self.get(block=False)

    def task_done(self) -> None:
        conductor().touch(self)
        if self.unfinished_tasks <= 0:
            raise ValueError("task_done() called too many times")
        self.unfinished_tasks -= 1

    def join(self) -> None:
        conductor().touch(self)
        _wait(lambda: not self.unfinished_tasks, self)

    def qsize(self) -> int:
        conductor().touch(self)
        return len(self.queue)

    def empty(self) -> bool:
        return not self.qsize()

    def full(self) -> bool:
        conductor().touch(self)
        return self._is_full()

    def _is_full(self) -> bool:
        return 0 < self.maxsize <= len(self.queue)

    def _empty_store(self) -> Any:
        return deque()

    def _store(self, item: object) -> None:
        self.queue.append(item)

    def _take(self) -> Any:
        return self.queue.popleft()

    def __repr__(self) -> str:
        return f"queue of {list(self.queue)!r}"


class LifoQueue(Queue):
    def _take(self) -> Any:
        return self.queue.pop()


class PriorityQueue(Queue):
    def _empty_store(self) -> Any:
        return []

    def _store(self, item: Any) -> None:
        heapq.heappush(self.queue, item)

    def _take(self) -> Any:
        return heapq.heappop(self.queue)


def sleep(_seconds: float) -> None:
    """Takes no time here; but it lets go of the GIL, and others may come in."""
    conductor().let_others()


def refuser(what: str) -> Callable[..., Any]:
    """Stands for a function that can't run under control."""

    def refuse(*_: object, **__: object) -> Any:
        refuse_to(f"{what} can't run under the explorer's control")

    return refuse


def refuse_to(why: str) -> None:
    """End the exploration, because the program does what can't be explored."""
    if exploring():
        conductor().refuse(why)
    raise Refused(why)


class Stand:
    """Stands for a module: some names replaced, the others as they are; or all refused."""

    def __init__(self, module: ModuleType | None, name: str, replaced: dict[str, object]) -> None:
        self.__dict__.update(replaced)
        self.__dict__["_module"] = module
        self.__dict__["__name__"] = name

    def __getattr__(self, name: str) -> Any:
        module = self.__dict__["_module"]
        if module is None:
            refuse_to(
                f"{self.__dict__['__name__']}.{name} does I/O or starts something: that can't run "
                "under the explorer's control"
            )
        return getattr(module, name)


_THREADING: dict[str, Any] = {
    "Lock": Lock,
    "RLock": RLock,
    "Condition": Condition,
    "Semaphore": Semaphore,
    "BoundedSemaphore": BoundedSemaphore,
    "Event": Event,
    "Barrier": Barrier,
    "Thread": refuser("a Thread (the explorer starts the threads itself)"),
    "Timer": refuser("a Timer"),
}
_QUEUE: dict[str, Any] = {
    "Queue": Queue,
    "SimpleQueue": Queue,
    "LifoQueue": LifoQueue,
    "PriorityQueue": PriorityQueue,
}
_TIME: dict[str, Any] = {"sleep": sleep}
_IO = (
    "asyncio concurrent concurrent.futures http http.client multiprocessing requests select "
    "selectors signal socket sqlite3 ssl subprocess urllib urllib.request aiohttp"
)
FUNCTIONS = {name: refuser(f"{name}() does I/O: it") for name in ("open", "input", "print")}
MODULES: dict[str, Stand] = {
    "threading": Stand(threading, "threading", _THREADING),
    "queue": Stand(queue, "queue", _QUEUE),
    "time": Stand(time, "time", _TIME),
    **{name: Stand(None, name, {}) for name in _IO.split()},
}
_REAL_LOCK, _REAL_RLOCK = type(threading.Lock()), type(threading.RLock())
_REAL_LOCKS = (_REAL_LOCK, _REAL_RLOCK)
_STANDS = {
    id(getattr(module, name)): stand
    for module, names in ((threading, _THREADING), (queue, _QUEUE), (time, _TIME))
    for name, stand in names.items()
}


def stand_for(value: Any) -> Any:
    """What takes the place of a value under control; None for a value that can stay.

    A module, class or function of `threading`, `queue` and `time` by its stand; a lock or the
    like, and a list of locks, by a new one, as free or as full as it would be when new.
    """
    if isinstance(value, ModuleType):
        return MODULES.get(value.__name__)
    if id(value) in _STANDS:
        return _STANDS[id(value)]
    kind = type(value)
    if kind is _REAL_LOCK:
        return Lock()
    if kind is _REAL_RLOCK:
        return RLock()
    if kind is threading.Condition:
        return Condition(RLock() if type(value._lock) is _REAL_RLOCK else Lock())
    if kind in (threading.Semaphore, threading.BoundedSemaphore):
        stand = _STANDS[id(kind)]
        return stand(getattr(value, "_initial_value", value._value))
    if kind is threading.Event:
        return Event()
    if kind is threading.Barrier:
        return Barrier(value.parties)
    if kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue):
        return _STANDS[id(kind)](value.maxsize)
    if kind is queue.SimpleQueue:
        return Queue()
    if kind in (list, tuple) and value and all(type(one) in _REAL_LOCKS for one in value):
        return kind(stand_for(one) for one in value)
    return None
