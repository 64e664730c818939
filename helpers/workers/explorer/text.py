"""Explore a source text, in an interpreter of its own.

`helpers.measure.elsewhere` calls these: whatever the text does, it can be ended from outside.
"""

from __future__ import annotations

import ast
import builtins
import faulthandler
import platform
import sys
import time
from collections.abc import Sequence
from functools import partial
from types import ModuleType
from typing import Any, Callable

from helpers.workers import bytecode
from helpers.workers.explorer import controlled, schedules
from helpers.workers.explorer.conductor import EVERY_OPCODE, STUCK_S, Refused, Unfit, exploring
from helpers.workers.explorer.program import Action, Program, describe
from helpers.workers.explorer.reduction import schedules_that_differ
from helpers.workers.explorer.search import Outcomes, every_schedule
from helpers.workers.explorer.tracing import trace
from helpers.workers.timeline import gil_enabled

FILE = "<your program>"
_IO = ("open", "socket.", "subprocess.", "os.system", "os.fork", "os.exec", "os.posix_spawn")


class TextProgram(Program):
    """A program whose whole text is executed before each run: that makes what is shared.

    threads: for each one the name of a function in it, or a call with plain arguments, such as
    ``withdraw(30)``. outcome: an expression; "" for the globals that the threads assign.
    Raises ValueError, with a message that begins with "source", "threads" or "outcome", and
    Refused for a text that does at once what can't be done under control.
    """

    def __init__(self, source: str, threads: Sequence[str], outcome: str = "") -> None:
        if isinstance(threads, str) or not all(isinstance(one, str) for one in threads):
            raise TypeError(f"threads must be a list of texts, got {threads!r}")
        self.source = source
        self._module = bytecode.compiled(source, FILE)
        self._scope: dict[str, Any] = {}
        self._texts = [one.strip() for one in threads]
        self._result = _expression(outcome.strip()) if outcome.strip() else None
        self._execute()
        super().__init__(self._actions())

    def set_up(self) -> list[Action]:
        _patience.renew()
        self._execute()
        return self._actions()

    def outcome(self) -> str:
        if self._result is None:
            return super().outcome()
        try:
            return describe(eval(self._result, self._scope))
        except Exception as error:
            raise ValueError(f"outcome raised {type(error).__name__}: {error}") from None

    def clear(self) -> None: ...

    def _execute(self) -> None:
        self._scope.clear()
        self._scope.update(__name__="your_program", __builtins__=_BUILTINS)
        try:
            exec(self._module, self._scope)
        except Exception as error:
            if isinstance(error, Refused):
                raise
            raise ValueError(f"source raised {type(error).__name__}: {error}") from None

    def _actions(self) -> list[Action]:
        return [_action(text, self._scope) for text in self._texts]


def explore_text(
    source: str,
    threads: list[str],
    outcome: str = "",
    reduced: bool = False,
    switch: str = EVERY_OPCODE,
    most: int = 20_000,
    most_steps: int = 5_000,
) -> dict[str, Any]:
    """Explore a text. Returns what ``told`` returns, or ``{"refused": why}``."""

    def run() -> dict[str, Any]:
        program = TextProgram(source, threads, outcome)
        if reduced:
            return told(schedules_that_differ(program, most, most_steps), program)
        return told(every_schedule(program, switch, most, most_steps), program)

    return _guarded(run)


def trace_text(
    source: str, threads: list[str], outcome: str, schedule: str, cut: bool, switch: str
) -> dict[str, Any]:
    """Trace one schedule of a text. Returns what ``trace`` returns, or ``{"refused": why}``."""

    def run() -> dict[str, Any]:
        program = TextProgram(source, threads, outcome)
        return trace(program, schedules.from_text(schedule, program.codes()), cut, switch)

    return _guarded(run)


def told(outcomes: Outcomes, program: Program) -> dict[str, Any]:
    """What was found, as JSON can carry it; the schedules as texts."""
    found = sorted(outcomes.found.values(), key=lambda one: (one.cost, one.text))
    return {
        "outcomes": [
            [one.kind, one.text, one.count, schedules.to_text(one.schedule, program.codes())]
            for one in found
        ],
        "schedules": outcomes.schedules,
        "steps": outcomes.steps,
        "complete": outcomes.complete,
        "python": platform.python_version(),
        "gil": gil_enabled(),
    }


def _guarded(run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    sys.addaudithook(_no_io)  # for good: this interpreter does nothing else
    _patience.begin()
    try:
        return run()
    except (ValueError, TypeError, Refused, Unfit) as error:
        return {"refused": str(error)}
    finally:
        _patience.end()


class _Patience:
    """Ends the interpreter when one run takes too long, even where C code never lets go of the GIL.

    `faulthandler` waits in a thread of its own, in C. It writes the line on standard error.
    """

    def __init__(self) -> None:
        self._until: float | None = None

    def begin(self) -> None:
        self._until = 0.0
        self.renew()

    def renew(self) -> None:
        now = time.monotonic()
        if self._until is not None and now > self._until:
            faulthandler.dump_traceback_later(STUCK_S, exit=True, file=2)
            self._until = now + STUCK_S / 5

    def end(self) -> None:
        self._until = None
        faulthandler.cancel_dump_traceback_later()


_patience = _Patience()


def _no_io(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what would do I/O, however the program came by it."""
    imports = event == "open" and str(arguments[0]).endswith((".py", ".pyc"))
    if exploring() and event.startswith(_IO) and not imports:
        controlled.refuse_to(f"{event} is I/O: that can't run under the explorer's control")


def _import(name: str, *arguments: Any) -> Any:
    return controlled.MODULES.get(name) or builtins.__import__(name, *arguments)


_BUILTINS = {**vars(builtins), **controlled.FUNCTIONS, "__import__": _import}


def _expression(text: str) -> Any:
    try:
        return compile(text, "<outcome>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"outcome is not an expression: {error}") from None


def _action(text: str, scope: dict[str, Any]) -> Action:
    try:
        tree: Any = ast.parse(text, mode="eval").body
        arguments = []
        if isinstance(tree, ast.Call):
            if tree.keywords:
                raise ValueError
            arguments = [ast.literal_eval(one) for one in tree.args]
            tree = tree.func
        if not isinstance(tree, ast.Name):
            raise ValueError
    except (SyntaxError, ValueError):
        raise ValueError(
            f"threads must be functions of the source, such as work or work(1), got {text!r}"
        ) from None
    function = scope.get(tree.id)
    if function is None or isinstance(function, ModuleType):
        raise ValueError(f"threads names {tree.id!r}, and the source has no such function")
    return partial(function, *arguments) if arguments else function
