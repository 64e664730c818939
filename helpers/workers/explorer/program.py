"""A program on the stage: threads, a set-up before each run, an outcome after it.

While it is explored, the names in its globals that stand for locks, queues, `threading` and so
on stand for what is under control, and afterwards for what they stood for before.
"""

from __future__ import annotations

import dis
from collections.abc import Sequence
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Callable

from helpers.workers.explorer import controlled
from helpers.workers.explorer.conductor import MOST_THREADS

Action = Callable[[], object]
_LONGEST = 200  # characters of an outcome
_PRIMITIVES = (
    controlled.Lock,
    controlled.RLock,
    controlled.Condition,
    controlled.Semaphore,
    controlled.Event,
    controlled.Barrier,
    controlled.Queue,
)


class Program:
    """threads: one function without arguments for each thread, written in Python, or a partial.

    set_up: called before each run; makes what the threads share, by ``global``.
    outcome: called after each run; its value's repr is the outcome. If not given, the outcome is
    the values of the globals that the threads assign.

    also: functions and classes that the threads use and that come from another module; the
    threads stop in that module's functions, too.

    Before each run the globals that the program's functions assign get back the values that they
    had at first. What the functions change in place (a list, an object) the set-up must make anew.

    Raises TypeError for what isn't a function written in Python, and ValueError unless there are
    1 to 4 threads.
    """

    def __init__(
        self,
        threads: Sequence[Action],
        set_up: Action | None = None,
        outcome: Action | None = None,
        also: Sequence[object] = (),
    ) -> None:
        if not 1 <= len(threads) <= MOST_THREADS:
            raise ValueError(f"threads must be 1 to {MOST_THREADS}, got {len(threads)}")
        for name, function in [("threads", one) for one in threads] + [
            (name, one) for name, one in (("set_up", set_up), ("outcome", outcome)) if one
        ]:
            if _function(function) is None:
                raise TypeError(f"{name} must be functions written in Python, got {function!r}")
        self.threads = list(threads)
        self._set_up = set_up
        self._outcome = outcome
        functions = [_function(action) for action in (*threads, set_up, outcome)]
        functions += [function for value in also for function in _functions_of(value)]
        self._scopes: list[dict[str, Any]] = []
        for found in functions:
            if found is not None and not _contains(self._scopes, found.__globals__):
                self._scopes.append(found.__globals__)
        self._watched = self._find_codes()
        self._codes = used = _reachable([*self.threads, *also], self._scopes)
        self._named = sorted({name for code in used for name in code.co_names})
        own = [one.__code__ for one in map(_function, (set_up, outcome)) if one is not None]
        self._assigned = sorted({name for code in {*used, *own} for name in _assigned(code)})
        self._before: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._swapped: list[tuple[dict[str, Any], str, Any]] = []
        self._swapped_in_classes: list[tuple[type, str, Any]] = []

    # What the conductor asks for

    def set_up(self) -> list[Action]:
        """Everything as at first; the threads' functions."""
        if not self._before:
            self._take_over()
        for scope, before in self._before:
            for name in self._assigned:
                if name in before:
                    scope[name] = before[name]
                else:
                    scope.pop(name, None)
        for scope, name, real in self._swapped:
            scope[name] = controlled.stand_for(real)
        for owner, name, real in self._swapped_in_classes:
            setattr(owner, name, controlled.stand_for(real))
        if self._set_up is not None:
            self._set_up()
        return self.threads

    def watched(self) -> list[CodeType]:
        """The code objects of all functions that the threads stop in, should they come there."""
        return self._watched

    def codes(self) -> list[CodeType]:
        """Of the threads' functions and of what they name: the program that a schedule is for."""
        return self._codes

    def outcome(self) -> str:
        if self._outcome is not None:
            return describe(self._outcome())
        shared = self.shared()
        assigned = {name: text for name, text in shared.items() if name in self._assigned}
        return ", ".join(f"{name} = {text}" for name, text in (assigned or shared).items())

    def name_of(self, thing: object) -> str:
        """What the program calls it: ``lock``, ``forks[1]``, ``account.lock``."""
        for scope in self._scopes:
            for name in self._named:
                if name in scope:
                    found = _path(scope[name], thing, name, 2)
                    if found:
                        return found
        return f"a {type(thing).__name__}"

    # What a trace shows

    def shared(self) -> dict[str, str]:
        """The globals that the program's functions use and that hold data, and their values."""
        found = {}
        for scope in self._scopes:
            for name in self._named:
                value = scope.get(name, self)
                if value is not self and _is_data(value) and not name.startswith("__"):
                    found[name] = describe(value)
        return found

    def clear(self) -> None:
        """Give every name in the program's globals its meaning back."""
        for scope, before in self._before:
            for name in {*self._assigned, *(one for _, one, _ in self._swapped)}:
                if name in before:
                    scope[name] = before[name]
                else:
                    scope.pop(name, None)
            for name in controlled.FUNCTIONS:
                if name not in before:
                    scope.pop(name, None)
        for owner, name, real in self._swapped_in_classes:
            setattr(owner, name, real)
        self._before, self._swapped, self._swapped_in_classes = [], [], []

    def _take_over(self) -> None:
        for scope in self._scopes:
            self._before.append((scope, dict(scope)))
            for name, value in list(scope.items()):
                if controlled.stand_for(value) is not None:
                    self._swapped.append((scope, name, value))
                if isinstance(value, type) and value.__module__ == scope.get("__name__"):
                    self._swapped_in_classes += [
                        (value, attribute, held)
                        for attribute, held in vars(value).items()
                        if not isinstance(held, type) and controlled.stand_for(held) is not None
                    ]
            for name, refuse in controlled.FUNCTIONS.items():
                scope.setdefault(name, refuse)

    def _find_codes(self) -> list[CodeType]:
        """Of every function, method and nested function that shares its globals with the threads.

        The set-up and the outcome aren't stopped in; that costs them nothing either way.
        """
        found: dict[CodeType, None] = {}
        for action in self.threads:
            function = _function(action)
            if function is not None:
                _add(found, function.__code__)
        for scope in self._scopes:
            for value in list(scope.values()):
                for function in _functions_of(value):
                    if function.__globals__ is scope:
                        _add(found, function.__code__)
        for other in (self._set_up, self._outcome):
            function = _function(other)
            if function is not None:
                found.pop(function.__code__, None)
        return list(found)


def _reachable(things: Sequence[Any], scopes: list[dict[str, Any]]) -> list[CodeType]:
    """The code of functions, classes and threads, and of what they name in their globals."""
    found: dict[CodeType, None] = {}
    waiting: list[Any] = [part for thing in things for part in _parts(thing)]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if not isinstance(value, (FunctionType, type)):
            value = type(value)  # an object: its methods
        if id(value) in seen:
            continue
        seen.add(id(value))
        for function in _functions_of(value):
            if not _contains(scopes, function.__globals__):
                continue  # of the standard library, say
            codes: dict[CodeType, None] = {}
            _add(codes, function.__code__)
            found.update(codes)
            for name in sorted({name for code in codes for name in code.co_names}):
                if name in function.__globals__:
                    waiting.append(function.__globals__[name])
    return list(found)


def _parts(action: Any) -> list[Any]:
    """A thread's function, and the objects that it brings along."""
    parts = []
    while isinstance(action, partial):
        parts += [*action.args, *action.keywords.values()]
        action = action.func
    if isinstance(action, MethodType):
        parts.append(action.__self__)
        action = action.__func__
    return [*parts, action]


def describe(value: object) -> str:
    """A short text for a value; of an object without a repr of its own, its attributes."""
    try:
        text = _text(value, 2)
    except Exception as error:
        text = f"<{type(value).__name__}: {type(error).__name__}>"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _text(value: Any, depth: int) -> str:
    if depth and type(value) in (list, tuple):
        inside = ", ".join(_text(one, depth - 1) for one in value)
        return f"[{inside}]" if type(value) is list else f"({inside})"
    if depth and type(value) is dict:
        inside = ", ".join(f"{key!r}: {_text(one, depth - 1)}" for key, one in value.items())
        return f"{{{inside}}}"
    if depth and _plain(value) and hasattr(value, "__dict__"):
        parts = ", ".join(f"{name}={_text(one, depth - 1)}" for name, one in vars(value).items())
        return f"{type(value).__name__}({parts})"
    if _plain(value):
        return f"a {type(value).__name__}"  # its address would differ from run to run
    return repr(value)


def _plain(value: object) -> bool:
    """Whether its repr would be the address only."""
    return getattr(type(value), "__repr__", None) is getattr(object, "__repr__", None)


def _function(action: Any) -> FunctionType | None:
    """The function behind a function, a method or a partial of one; None if there is none."""
    while isinstance(action, partial):
        action = action.func
    if isinstance(action, MethodType):
        action = action.__func__
    return action if isinstance(action, FunctionType) else None


def _functions_of(value: Any) -> list[FunctionType]:
    if isinstance(value, FunctionType):
        return [value, *_closed_over(value)]
    if not isinstance(value, type):
        return []
    found: list[FunctionType] = []
    for attribute in vars(value).values():
        if isinstance(attribute, property):
            found += [
                one
                for one in (attribute.fget, attribute.fset, attribute.fdel)
                if isinstance(one, FunctionType)
            ]
        inner = getattr(attribute, "__func__", attribute)  # of static and class methods
        if isinstance(inner, FunctionType):
            found.append(inner)
    return found


def _closed_over(function: FunctionType) -> list[FunctionType]:
    found = []
    for cell in function.__closure__ or ():
        try:
            if isinstance(cell.cell_contents, FunctionType):
                found.append(cell.cell_contents)
        except ValueError:  # an empty cell
            continue
    return found


def _add(found: dict[CodeType, None], code: CodeType) -> None:
    found[code] = None
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and constant not in found:
            _add(found, constant)


def _assigned(code: CodeType) -> set[str]:
    return {
        one.argval
        for one in dis.get_instructions(code)
        if one.opname in ("STORE_GLOBAL", "DELETE_GLOBAL")
    }


def _is_data(value: object) -> bool:
    return not isinstance(
        value, (type, ModuleType, FunctionType, MethodType, controlled.Stand)
    ) and not callable(value)


def _contains(scopes: list[dict[str, Any]], scope: dict[str, Any]) -> bool:
    return any(one is scope for one in scopes)


def _path(value: Any, thing: object, name: str, depth: int) -> str:
    if value is thing:
        return name
    if not depth or isinstance(value, (type, ModuleType, FunctionType, controlled.Stand)):
        return ""
    inside: list[tuple[str, Any]] = []
    if isinstance(value, (list, tuple)):
        inside = [(f"{name}[{place}]", one) for place, one in enumerate(value)]
    elif isinstance(value, dict):
        inside = [(f"{name}[{key!r}]", one) for key, one in value.items()]
    elif not isinstance(value, _PRIMITIVES) and hasattr(value, "__dict__"):
        inside = [(f"{name}.{key}", one) for key, one in vars(value).items()]
    elif isinstance(value, controlled.Condition):
        inside = [(f"{name}'s lock", value._lock)]
    for inner, one in inside:
        found = _path(one, thing, inner, depth - 1)
        if found:
            return found
    return ""
