"""The conductor: threads that run one at a time, each step when the schedule says so.

A *step* of a thread is one opcode of the program's own functions, with all that it calls. The
thread stops before its next opcode. There it decides, together with the schedule, who takes the
next step. If it is the thread itself, it just goes on; else it hands over: it releases the lock
that the other thread waits for, and waits for its own. So there is no thread that conducts: the
one that runs carries the baton.

A wait for a lock under control (see `controlled`) takes two steps. With the first the thread tries
and finds the lock taken. It can't be chosen until the lock is free; then it takes another step.
"""

from __future__ import annotations

import _thread
import ctypes
import sys
import threading
from types import CodeType
from typing import Any, Callable, NamedTuple, Protocol

from helpers.workers.bytecode import YES, may_switch
from helpers.workers.explorer.events import Events

MOST_THREADS = 4
NAMES = "ABCD"
# When may the baton change hands?
EVERY_OPCODE, THIS_GIL, BLOCKING = "every opcode", "where this GIL may switch", "blocking calls"
SWITCHES = (EVERY_OPCODE, THIS_GIL, BLOCKING)
# How a run can end. CUT: stopped after the schedule's last step, as asked for.
ENDED, EXCEPTION, DEADLOCK, CUT = "ended", "exception", "deadlock", "cut"
STUCK_S = 1.5  # without a step for so long, a thread is held up by something beyond our control


class Abandoned(BaseException):
    """Raised inside a thread under control to end it. Not for the program to catch."""


class Refused(Exception):
    """The program can't be explored. The message says why, for its author."""


class Unfit(Exception):
    """The schedule does not fit the program. The message says from which step on."""


class Run(NamedTuple):
    """One schedule, carried out.

    schedule: the number of the thread that took each step. enabled: for each step, one bit for
    each thread that could have been chosen. kind: ENDED, EXCEPTION, DEADLOCK or CUT.
    text: the outcome in words.
    """

    schedule: bytes
    enabled: bytes
    kind: str
    text: str


class Staged(Protocol):
    """What `program.Program` is to the conductor."""

    def set_up(self) -> list[Callable[[], object]]: ...
    def watched(self) -> list[CodeType]: ...
    def outcome(self) -> str: ...
    def name_of(self, thing: object) -> str: ...


class Recorder(Protocol):
    """Looks at every step. Slower; for the reduction and for traces."""

    def begin(self) -> None: ...
    def arrives(self, thread: int, frame: Any, offset: int) -> None: ...
    def departs(self, thread: int, frame: Any, offset: int) -> None: ...
    def blocks(self, thread: int, thing: object) -> None: ...
    def wakes(self, thread: int, thing: object) -> None: ...
    def ends(self, thread: int) -> None: ...
    def touches(self, thread: int, thing: object) -> None: ...
    def choose(self, enabled: int, going_on: int, position: int) -> int: ...


class Actor:
    """A thread under control."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = NAMES[number]
        self.baton = _thread.allocate_lock()
        self.baton.acquire()
        self.ident = 0
        self.function: Callable[[], object] = lambda: None
        self.reset()

    def reset(self) -> None:
        self.alive = True
        self.started = False
        self.arrived = False
        self.ready: Callable[[], bool] | None = None  # what it waits for, if it waits
        self.thing: object = None
        self.timed = False
        self.error: BaseException | None = None
        self.may_switch = False  # after the step before


Next = Callable[["Run | None"], "bytes | None"]


class Conductor:
    """Runs a program under one schedule after another, on the same threads.

    switch: one of SWITCHES. most_steps: a run that is longer is refused.
    recorder: looks at every step, if given. cut: end a run after the last step of its schedule.
    eager: take every thread to its first opcode before the first step.
    """

    def __init__(
        self,
        program: Staged,
        count: int,
        switch: str = EVERY_OPCODE,
        most_steps: int = 5_000,
        recorder: Recorder | None = None,
        cut: bool = False,
        eager: bool = False,
    ) -> None:
        self.program = program
        self.actors = [Actor(number) for number in range(count)]
        self.recorder = recorder
        self.schedule = bytearray()
        self.enabled = bytearray()
        self.running: Actor | None = None
        self._switch = switch
        self._most_steps = most_steps
        self._cut = cut
        self._eager = eager
        self._events = Events(self._step if recorder is None else self._recorded_step)
        self._ident = 0  # of the thread under control that runs now
        self._fresh = False  # it has been chosen, and hasn't come to its first opcode yet
        self._prefix = b""
        self._next: Next = lambda run: None
        self._alive = 0  # a bit for each thread
        self._waiting = 0  # how many wait for something
        self._abandon = False
        self._how: tuple[str, str] | None = None  # kind and text, if the run didn't end by itself
        self._problem: BaseException | None = None
        self._closing = False
        self._done = _thread.allocate_lock()
        self._runs = 0
        self._points: dict[CodeType, tuple[set[int], set[int]]] = {}

    def perform(self, next_schedule: Next) -> None:
        """Run one schedule after another.

        next_schedule: gets the run that has just ended (None at first), and returns the first
        steps of the next one, or None to stop. After these steps the same thread goes on for as
        long as it can.
        Raises Refused for a program that can't be explored, Unfit for a schedule that doesn't
        fit, and whatever the program's set-up raises.
        """
        global _current
        self._next = next_schedule
        self._events.start()
        threads = [
            threading.Thread(
                target=self._live, args=(actor,), name=f"explorer {actor.name}", daemon=True
            )
            for actor in self.actors
        ]
        self._done.acquire()
        with _one_at_a_time:
            _current = self
            try:
                for thread in threads:
                    thread.start()
                self._begin_first()
                self._wait(threads)
            finally:
                self._close(threads)
                _current = None
        if self._problem is not None:
            raise self._problem

    # What the primitives under control call, in the thread that runs

    def touch(self, thing: object) -> None:
        """The running thread reads or changes a thing that threads synchronise by."""
        if self.recorder is not None and self.running is not None:
            self.recorder.touches(self.running.number, thing)

    def wait(self, ready: Callable[[], bool], thing: object, timed: bool = False) -> bool:
        """Let the others run until it is ready. False if a timed wait was chosen before that.

        How long a timed wait lasts, only the schedule says.
        """
        actor = self.running
        if actor is None:
            raise Refused(f"{self.program.name_of(thing)} would keep the set-up waiting for ever")
        if self._abandon:
            raise Abandoned
        actor.ready, actor.thing, actor.timed = ready, thing, timed
        self._waiting += 1
        if self.recorder is not None:
            self.recorder.blocks(actor.number, thing)
        chosen = self._choose(-1)
        if chosen < 0:
            raise Abandoned
        if chosen != actor.number:
            self._hand_over(actor, self.actors[chosen])
        self._waiting -= 1
        actor.ready = actor.thing = None
        actor.may_switch = True
        if self.recorder is not None:
            self.recorder.wakes(actor.number, thing)
        return ready()

    def let_others(self) -> None:
        """The running thread gives the GIL away of its own accord."""
        if self.running is not None:
            self.running.may_switch = True

    def refuse(self, why: str) -> None:
        """End everything: the program does what can't be explored. Raises Abandoned or Refused."""
        if self.running is None:
            raise Refused(why)
        self._give_up(Refused(f"thread {self.running.name}: {why}"))
        raise Abandoned

    # The way of the baton

    def _live(self, actor: Actor) -> None:
        actor.ident = _thread.get_ident()
        actor.baton.acquire()
        while not self._closing:
            self._events.enter_thread()
            try:
                actor.function()
            except Abandoned:
                pass
            except BaseException as error:
                actor.error = error
            self._events.leave_thread()
            try:
                self._after(actor)
            except BaseException as error:  # of the set-up, the outcome or the search
                self._problem = self._problem or error
                self._finish()
            if not self._closing:
                actor.baton.acquire()

    def _after(self, actor: Actor) -> None:
        """The thread's function is over: who goes on?"""
        if self._closing:
            return
        actor.alive = False
        self._alive &= ~(1 << actor.number)
        if actor.ready is not None:
            self._waiting -= 1
            actor.ready = None
        if self.recorder is not None and not self._abandon:
            self.recorder.ends(actor.number)
        if self._alive and not self._abandon:
            other = self._next_to_go()
            if other is not None:
                self._wake(other)
                return
        # The run is over. Threads in the middle of something are unwound, one after another.
        for other in self.actors:
            if other.alive and other.started:
                self._wake(other)
                return
        self._run_ended()

    def _run_ended(self) -> None:
        self._ident, self.running = 0, None
        if self._problem is not None:
            self._finish()
            return
        kind, text = self._how or self._outcome()
        self._begin(Run(bytes(self.schedule), bytes(self.enabled), kind, text))

    def _outcome(self) -> tuple[str, str]:
        errors = [
            f"{actor.name}: {type(actor.error).__name__}: {actor.error}".rstrip(": ")
            for actor in self.actors
            if actor.error is not None
        ]
        if errors:
            return EXCEPTION, "; ".join(errors)
        return ENDED, self.program.outcome()

    def _begin_first(self) -> None:
        try:
            self._begin(None)
        except BaseException as error:
            self._problem = error
            self._finish()

    def _begin(self, run: Run | None) -> None:
        """Ask for the next schedule, put the program on the stage, wake the first thread."""
        prefix = self._next(run)
        if prefix is None:
            self._finish()
            return
        self._runs += 1
        self._prefix = prefix
        self.schedule, self.enabled = bytearray(), bytearray()
        self._alive, self._waiting = (1 << len(self.actors)) - 1, 0
        self._abandon, self._how = False, None
        for actor, function in zip(self.actors, self.program.set_up()):
            actor.reset()
            actor.function = function
        codes = self.program.watched()
        self._events.watch(codes)
        if self._switch == THIS_GIL:
            for code in codes:
                if code not in self._points:
                    self._points[code] = switch_points(code)
        if self.recorder is not None:
            self.recorder.begin()
        other = self._next_to_go()
        if other is None:
            self._run_ended()  # an empty schedule, cut at once
        else:
            self._wake(other)

    def _next_to_go(self) -> Actor | None:
        """Whose turn it is where no thread can simply go on; None if the run is over."""
        if self._eager:
            for actor in self.actors:
                if actor.alive and not actor.arrived:
                    return actor
        try:
            chosen = self._choose(-1)
        except Abandoned:
            return None
        return None if chosen < 0 else self.actors[chosen]

    def _choose(self, going_on: int) -> int:
        """Who takes the next step? -1 if nobody can: the run is over, and everybody unwinds.

        going_on: the thread that goes on if the schedule says nothing, -1 if it can't.
        """
        mask = self._alive
        if self._waiting:
            for actor in self.actors:
                if actor.ready is not None and not actor.timed and not actor.ready():
                    mask &= ~(1 << actor.number)
        position = len(self.schedule)
        if not mask:
            self._give_up(None, DEADLOCK, self._who_waits())
            return -1
        if position < len(self._prefix):
            chosen = self._prefix[position]
            if not mask >> chosen & 1:
                state = "waits" if self._alive >> chosen & 1 else "has ended"
                self._give_up(
                    Unfit(f"step {position + 1} is for thread {NAMES[chosen]}, which {state} there")
                )
                raise Abandoned
        elif self._cut:
            self._give_up(None, CUT, "")
            raise Abandoned
        elif self.recorder is not None:
            chosen = self.recorder.choose(mask, going_on, position)
            if chosen < 0:
                self._give_up(None, CUT, "")
                raise Abandoned
        elif going_on >= 0:
            chosen = going_on
        else:
            chosen = self._simplest(mask)
        if position >= self._most_steps:
            self._give_up(Refused(self._too_long(chosen)))
            raise Abandoned
        self.schedule.append(chosen)
        self.enabled.append(mask)
        return chosen

    def _simplest(self, mask: int) -> int:
        """The first thread that can go on, rather one whose wait is over than one timing out."""
        able = [actor for actor in self.actors if mask >> actor.number & 1]
        for actor in able:
            if actor.ready is None or actor.ready():
                return actor.number
        return able[0].number

    def _give_up(self, problem: BaseException | None, kind: str = "", text: str = "") -> None:
        """The run is over before its threads are: they unwind."""
        self._abandon = True
        if problem is not None:
            self._problem = self._problem or problem
        elif self._how is None:
            self._how = kind, text

    def _wake(self, other: Actor) -> None:
        self._ident, self.running = other.ident, other
        self._fresh = not other.started
        other.started = True
        other.baton.release()

    def _hand_over(self, actor: Actor, other: Actor) -> None:
        self._wake(other)
        actor.baton.acquire()
        if self._abandon:
            raise Abandoned

    def _step(self, code: CodeType, offset: int) -> None:
        """Called before each opcode of the program, in whichever thread executes it."""
        if _thread.get_ident() != self._ident:
            return
        if self._abandon:
            raise Abandoned
        actor = self.running
        assert actor is not None
        if self._eager and not actor.arrived:
            self._arrive(actor)
            return
        if self._fresh:
            self._fresh = False
        elif self._switch == EVERY_OPCODE or self._may_switch(actor, code, offset):
            chosen = self._choose(actor.number)
            if chosen != actor.number:
                self._hand_over(actor, self.actors[chosen])
        else:
            self._go_on(actor)
        if self._switch == THIS_GIL:
            actor.may_switch = offset in self._points[code][0]
        else:
            actor.may_switch = False

    def _recorded_step(self, code: CodeType, offset: int) -> None:
        if _thread.get_ident() != self._ident or self._abandon:
            self._step(code, offset)
            return
        actor, recorder = self.running, self.recorder
        assert actor is not None
        assert recorder is not None
        frame = sys._getframe(Events.depth)
        recorder.arrives(actor.number, frame, offset)
        self._step(code, offset)
        recorder.departs(actor.number, frame, offset)

    def _arrive(self, actor: Actor) -> None:
        """Eager: the thread is at its first opcode, and waits there for its first step."""
        actor.arrived = True
        self._fresh = False
        other = self._next_to_go()
        if other is None:
            raise Abandoned
        if other is not actor:
            self._hand_over(actor, other)

    def _may_switch(self, actor: Actor, code: CodeType, offset: int) -> bool:
        if actor.may_switch:
            return True
        return self._switch == THIS_GIL and offset in self._points[code][1]

    def _go_on(self, actor: Actor) -> None:
        """No switch is possible here: the thread itself takes the step."""
        position = len(self.schedule)
        if position < len(self._prefix) and self._prefix[position] != actor.number:
            self._give_up(
                Unfit(
                    f"step {position + 1} is for thread {NAMES[self._prefix[position]]}, but "
                    f"thread {actor.name} can't be interrupted there"
                )
            )
            raise Abandoned
        if self._cut and position >= len(self._prefix):
            self._give_up(None, CUT, "")
            raise Abandoned
        if position >= self._most_steps:
            self._give_up(Refused(self._too_long(actor.number)))
            raise Abandoned
        self.schedule.append(actor.number)
        self.enabled.append(1 << actor.number)

    def _who_waits(self) -> str:
        waits = [
            f"{actor.name} waits for {self.program.name_of(actor.thing)}"
            for actor in self.actors
            if actor.alive
        ]
        return "deadlock: " + ", ".join(waits)

    def _too_long(self, number: int) -> str:
        return (
            f"thread {NAMES[number]} had not ended after {self._most_steps:,} steps in all: "
            "is there an endless loop, or a loop that waits by looking again and again? Make the "
            "program smaller, or wait with an Event"
        )

    # Beginning and end, in the thread that called perform

    def _wait(self, threads: list[threading.Thread]) -> None:
        """Until all is done. Watches that something happens meanwhile."""
        before = (-1, -1)
        while not self._done.acquire(timeout=STUCK_S):
            now = (self._runs, len(self.schedule))
            if now == before and self.running is not None:
                self._problem = Refused(self._stuck())
                return
            before = now

    def _stuck(self) -> str:
        actor = self.running
        assert actor is not None
        frame = sys._current_frames().get(actor.ident)
        codes = set(self.program.watched())
        while frame is not None and frame.f_code not in codes:
            frame = frame.f_back
        where = f" in line {frame.f_lineno}" if frame is not None else ""
        return (
            f"thread {actor.name} has been held up{where} for {STUCK_S:g} s by a call that isn't "
            "under control: I/O, a sleep in C, or a lock made before the exploration"
        )

    def _finish(self) -> None:
        self._ident, self.running = 0, None
        self._closing = True
        if self._done.locked():
            self._done.release()

    def _close(self, threads: list[threading.Thread]) -> None:
        """End the threads, whatever happened: also after Ctrl-C, or with one held up in C."""
        self._closing = self._abandon = True
        for actor, thread in zip(self.actors, threads):
            if thread.ident is None:
                continue
            stuck = actor is self.running
            if stuck:
                # It ends as soon as the call that holds it up returns.
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(actor.ident), ctypes.py_object(Abandoned)
                )
            if actor.baton.locked():
                actor.baton.release()
            thread.join(0.5 if stuck else 5.0)
        self._ident, self.running = 0, None
        self._events.stop()


def switch_points(code: CodeType) -> tuple[set[int], set[int]]:
    """Offsets of opcodes after which, and before which, this version may hand the GIL over."""
    import dis

    after, before = set(), set()
    version = sys.version_info[:2]
    started = version == (3, 10)  # which has no RESUME, and looks as a function starts
    for one in dis.get_instructions(code):
        if started:
            before.add(one.offset)
        yes = may_switch(one.opname, one.arg or 0, version, True)[0] == YES
        started = yes and one.opname == "RESUME"
        if yes:
            after.add(one.offset)
    return after, before


_one_at_a_time = threading.Lock()
_current: Conductor | None = None


def exploring() -> bool:
    return _current is not None


def conductor() -> Conductor:
    """The conductor of the exploration that is going on. Refused if there is none."""
    if _current is None:
        raise Refused("this lock is under the explorer's control, and the exploration is over")
    return _current
