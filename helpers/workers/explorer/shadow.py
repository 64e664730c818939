"""What an opcode is about to do: what it leaves on top of the stack, and what it touches.

Python code can't see the stack of a function that runs. So this follows it: it knows what the
common opcodes push and pop, and reads the variables that they will read a moment later, while no
other thread can run. What it can't know, such as what a function in C returns, is UNKNOWN, and
an opcode on something unknown is taken to touch anything that it could.
"""

from __future__ import annotations

import dis
import operator
import sys
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any, Callable

from helpers.workers.bytecode import NO, may_switch, touches

# What a step touches: (kind, name, whether it writes). Locals and the stack are private.
Access = tuple[str, str, bool]
Accesses = frozenset[Access]
NOTHING: Accesses = frozenset()
GLOBAL, CELL, ATTRIBUTE = "global", "cell", "attribute"
ITEM, SYNC, ANYTHING = "item", "sync", "anything"
_OBJECTS = (ATTRIBUTE, ITEM, ANYTHING)  # what C code may change behind our back

UNKNOWN = type("Unknown", (), {"__repr__": lambda self: "?"})()
_NULL = type("Null", (), {"__repr__": lambda self: "NULL"})()
_VERSION = sys.version_info[:2]
_SIMPLE = (int, float, str, bool, bytes, type(None))
_HARMLESS = (range, int, float, bool, str, abs, isinstance, type, id, object, repr, round, divmod)
_READERS = (len, list, tuple, sum, min, max, sorted, any, all, enumerate, zip, set, dict)
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
}


def conflict(some: Accesses, others: Accesses) -> bool:
    """Whether the order of two steps can matter: they touch the same thing, and one writes."""
    if not some or not others:
        return False
    for kind, name, writes in some:
        for other_kind, other_name, other_writes in others:
            if not (writes or other_writes):
                continue
            if kind == other_kind and name == other_name:
                return True
            if ANYTHING in (kind, other_kind) and kind in _OBJECTS and other_kind in _OBJECTS:
                return True
    return False


class Shadow:
    """The stacks of all functions of one run, followed opcode by opcode."""

    def __init__(self) -> None:
        self._stacks: dict[FrameType, list[Any]] = {}
        self._before: dict[FrameType, dis.Instruction] = {}
        self._callees: dict[FrameType, Any] = {}
        self._returned: tuple[FrameType | None, Any] = (None, UNKNOWN)

    def arrives(self, frame: FrameType, offset: int) -> dis.Instruction:
        """The function is stopped before this opcode: what came of the one before is known."""
        one = instruction(frame.f_code, offset)
        stack = self._stacks.setdefault(frame, [])
        before = self._before.get(frame)
        if one.opname == "PUSH_EXC_INFO":
            stack.clear()  # an exception has cut it down
        elif (
            before is not None
            and before.opname.startswith(("FOR_ITER", "SEND", "END_ASYNC"))
            and offset != _following(frame.f_code, before.offset)
        ):
            stack.clear()  # the end of a loop, done differently in each version
        caller, value = self._returned
        if caller is frame and before is not None and before.opname.startswith("CALL") and stack:
            stack[-1] = value
        self._returned = (None, UNKNOWN)
        return one

    def departs(self, frame: FrameType, offset: int) -> tuple[Accesses, Any]:
        """The opcode will be executed now. What it touches, and what it calls (or UNKNOWN)."""
        one = instruction(frame.f_code, offset)
        stack = self._stacks.setdefault(frame, [])
        self._before[frame] = one
        accesses = self._accesses(one, stack, frame)
        callee = self._execute(one, stack, frame)
        self._callees[frame] = callee
        return accesses, callee

    def top(self, frame: FrameType) -> Any:
        """The value on top of the function's stack: UNKNOWN if it can't be known or is none."""
        for value in reversed(self._stacks.get(frame, [])):
            if value is not _NULL:
                return value
        return UNKNOWN

    def _accesses(self, one: dis.Instruction, stack: list[Any], frame: FrameType) -> Accesses:
        name = one.opname
        what = touches(name, one.argrepr if name == "BINARY_OP" else "")
        said = str(one.argval)
        if "global" in what:
            return frozenset({(GLOBAL, said, "writes" in what)})
        if "closure" in what:
            return frozenset({(CELL, said, "writes" in what)})
        if "attribute" in what:
            return frozenset({(ATTRIBUTE, said, "writes" in what)})
        if "item" in what:
            return frozenset({(ITEM, "", "writes" in what)})
        if name.startswith("RETURN") and name != "RETURN_GENERATOR":
            return self._back_in_c(frame)
        if name.startswith(("CALL", "PRECALL", "JUMP", "RESUME", "LOAD_FAST", "STORE_FAST")):
            return NOTHING  # of a call, Step decides when it is known what was called
        if name in ("BINARY_OP", "COMPARE_OP", "CONTAINS_OP"):
            if all(type(value) in _SIMPLE for value in _last(stack, 2)):
                return NOTHING
            return frozenset({(ANYTHING, "", name == "BINARY_OP" and one.argrepr.endswith("="))})
        if name.startswith(("POP_JUMP", "TO_BOOL", "UNARY", "GET_ITER", "FORMAT", "CONVERT")):
            if all(type(value) in _SIMPLE for value in _last(stack, 1)):
                return NOTHING
            return frozenset({(ANYTHING, "", False)})
        if may_switch(name, one.arg or 0, _VERSION, True)[0] == NO:
            return NOTHING
        return frozenset({(ANYTHING, "", True)})

    def _back_in_c(self, frame: FrameType) -> Accesses:
        """A function that C code has called returns to C code, which may go on to touch things."""
        caller = frame.f_back
        if caller is None or caller not in self._stacks:
            return NOTHING
        before = self._before.get(caller)
        if before is None or not before.opname.startswith("CALL"):
            return NOTHING  # a property, say
        callee = self._callees.get(caller, UNKNOWN)
        if isinstance(callee, MethodType):
            callee = callee.__func__
        if isinstance(callee, (FunctionType, type)):
            return NOTHING
        return frozenset({(ANYTHING, "", True)})

    def _execute(self, one: dis.Instruction, stack: list[Any], frame: FrameType) -> Any:
        """Do to the shadow of the stack what the opcode does to the stack."""
        name, argument = one.opname, one.arg or 0
        if name == "LOAD_CONST":
            stack.append(one.argval)
        elif name == "LOAD_SMALL_INT":
            stack.append(argument)
        elif name in ("LOAD_GLOBAL", "LOAD_NAME"):
            value = _global(frame, one.argval)
            null = [_NULL] if name == "LOAD_GLOBAL" and _VERSION >= (3, 11) and argument & 1 else []
            stack += [value, *null] if _VERSION >= (3, 13) else [*null, value]
        elif name in ("LOAD_DEREF", "LOAD_CLASSDEREF"):
            stack.append(frame.f_locals.get(one.argval, UNKNOWN))
        elif name == "STORE_FAST_LOAD_FAST":
            value, (stored, loaded) = _pop(stack), one.argval
            stack.append(value if stored == loaded else frame.f_locals.get(loaded, UNKNOWN))
        elif name == "STORE_FAST_STORE_FAST":
            _drop(stack, 2)
        elif name.startswith("LOAD_FAST"):
            names = one.argval if isinstance(one.argval, tuple) else (one.argval,)
            stack += [frame.f_locals.get(each, UNKNOWN) for each in names]
        elif name == "PUSH_NULL":
            stack.append(_NULL)
        elif name == "PRECALL":
            pass  # of 3.11; CALL takes everything off the stack
        elif name == "COPY":
            stack.append(stack[-argument] if len(stack) >= argument else UNKNOWN)
        elif name == "SWAP":
            if len(stack) >= argument:
                stack[-1], stack[-argument] = stack[-argument], stack[-1]
        elif name in ("LOAD_ATTR", "LOAD_METHOD"):
            self._load_attribute(one, stack)
        elif name in ("BINARY_OP", "COMPARE_OP", "BINARY_SUBSCR"):
            right, left = _pop(stack), _pop(stack)
            stack.append(_computed(one, left, right))
        elif name.startswith(("RETURN_VALUE", "RETURN_CONST")):
            value = one.argval if name == "RETURN_CONST" else self.top(frame)
            self._returned = (frame.f_back, value)
        elif name in ("CALL", "CALL_FUNCTION", "CALL_KW"):
            return self._call(one, stack)
        else:
            _generic(one, stack)
        return UNKNOWN

    def _load_attribute(self, one: dis.Instruction, stack: list[Any]) -> None:
        thing = _pop(stack)
        method = one.opname == "LOAD_METHOD" or (_VERSION >= (3, 12) and (one.arg or 0) & 1)
        value = _attribute(thing, one.argval.split()[0] if one.argval else "")
        if not method:
            stack.append(value)
        elif _VERSION >= (3, 13):
            stack += [value, _NULL]
        else:
            stack += [_NULL, value]

    def _call(self, one: dis.Instruction, stack: list[Any]) -> Any:
        count = (one.arg or 0) + (1 if one.opname == "CALL_KW" else 0)
        _drop(stack, count)
        slots = [_pop(stack), _pop(stack)] if _VERSION >= (3, 11) else [_pop(stack)]
        stack.append(UNKNOWN)
        known = [slot for slot in slots if slot is not _NULL and slot is not UNKNOWN]
        return known[-1] if known else UNKNOWN


def of_call(callee: Any) -> Accesses:
    """What a call touches that ran no function of the program and no lock under control."""
    if any(callee is one for one in _HARMLESS):
        return NOTHING
    if any(callee is one for one in _READERS):
        return frozenset({(ANYTHING, "", False)})
    return frozenset({(ANYTHING, "", True)})


def is_call(one: dis.Instruction) -> bool:
    name = one.opname
    return name.startswith(("CALL", "BEFORE_WITH", "WITH_EXCEPT_START")) and "INTRINSIC" not in name


_instructions: dict[CodeType, dict[int, dis.Instruction]] = {}


def instruction(code: CodeType, offset: int) -> dis.Instruction:
    if code not in _instructions:
        if len(_instructions) > 1_000:  # a source that is edited makes new ones all the time
            _instructions.clear()
        _instructions[code] = {one.offset: one for one in dis.get_instructions(code)}
    return _instructions[code][offset]


def _following(code: CodeType, offset: int) -> int:
    later = [other for other in _instructions[code] if other > offset]
    return min(later, default=-1)


def _global(frame: FrameType, name: str) -> Any:
    if name in frame.f_globals:
        return frame.f_globals[name]
    builtins = frame.f_builtins
    return builtins.get(name, UNKNOWN)


def _attribute(thing: Any, name: str) -> Any:
    """The attribute, if looking at it runs no code of the program."""
    if thing is UNKNOWN or thing is _NULL:
        return UNKNOWN
    own = getattr(thing, "__dict__", {})
    if isinstance(own, dict) and name in own:
        return own[name]
    kind = type(thing)
    if _own_names(kind) & {"__getattr__", "__getattribute__"}:
        return UNKNOWN
    for base in kind.__mro__:
        if name in vars(base):
            found = vars(base)[name]
            plain = isinstance(found, (FunctionType, int, str, float)) or type(found).__name__ in (
                "method_descriptor",
                "builtin_function_or_method",
            )
            return getattr(thing, name) if plain else UNKNOWN
    return UNKNOWN


def _own_names(kind: type) -> set[str]:
    return {name for base in kind.__mro__ if base is not object for name in vars(base)}


def _computed(one: dis.Instruction, left: Any, right: Any) -> Any:
    sign = "[]" if one.opname == "BINARY_SUBSCR" else one.argrepr
    try:
        if sign == "[]":
            kept = type(left) in (list, tuple, dict, str) and type(right) in _SIMPLE
            return left[right] if kept else UNKNOWN
        if not (type(left) in _SIMPLE and type(right) in _SIMPLE):
            return UNKNOWN
        if one.opname == "COMPARE_OP":
            sign = sign.replace("bool(", "").rstrip(")")
            return _COMPARISONS[sign](left, right)
        if type(left) in (str, bytes) and sign != "+":
            return UNKNOWN
        return _OPERATORS[sign.rstrip("=")](left, right)
    except Exception:  # the opcode itself will raise it
        return UNKNOWN


def _generic(one: dis.Instruction, stack: list[Any]) -> None:
    """By its effect on the depth alone."""
    pops_only = one.opname.startswith(("STORE", "POP", "DELETE", "JUMP", "RESUME", "NOP", "NOT_T"))
    try:
        effect = dis.stack_effect(one.opcode, one.arg, jump=False)
    except ValueError:
        stack.clear()
        return
    if effect < 0:
        _drop(stack, -effect)
    stack += [UNKNOWN] * effect
    if not pops_only and effect <= 0 and stack:
        stack[-1] = UNKNOWN


def _pop(stack: list[Any]) -> Any:
    return stack.pop() if stack else UNKNOWN


def _drop(stack: list[Any], count: int) -> None:
    del stack[max(0, len(stack) - count) :]


def _last(stack: list[Any], count: int) -> list[Any]:
    values = stack[-count:]
    return values if len(values) == count else [UNKNOWN]
