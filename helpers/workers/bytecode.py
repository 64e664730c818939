"""Read the opcodes of a function without running it, and say where a thread may lose the GIL.

A thread that holds the GIL gives it up when another one has asked for it, and it sees the
request only where the interpreter looks at its *eval breaker*. Where that is, is decided by
CPython's own source and changes with versions; the language promises nothing about it. Here:

- up to 3.9: between nearly any two opcodes;
- since 3.10: after calls and on jumps (https://github.com/python/cpython/pull/18334);
- since 3.11: after calls, on backward jumps and when a function starts or resumes, except after
  ``yield from`` and ``await`` (3.13 and later: the instructions of ``Python/bytecodes.c`` that
  check the eval breaker, https://github.com/python/cpython/pull/116817);
- in a free-threaded build: nothing is handed over, the other threads run all the time.

An opcode that runs something of the object at hand (a property, an ``__add__`` written in
Python) runs code that has such places of its own, and C code may release the GIL while it waits.
Such opcodes are marked "may". Left out is what can strike anywhere: a ``__del__`` that runs when
the last reference to an object goes, and the garbage collector.

`helpers.workers.eval_breaker` checks the rule on the interpreter at hand.
"""

from __future__ import annotations

import dis
import platform
import sys
import warnings
from types import CodeType
from typing import Any

from helpers.workers.timeline import gil_enabled

LONGEST = 10_000  # characters: more than anyone reads, less than makes a compiler sweat
YES, MAY, NO = "yes", "may", "no"

# What an opcode does to things that other threads can reach. Locals and the stack are private.
TOUCHES = {
    "reads a global": "LOAD_GLOBAL LOAD_NAME LOAD_FROM_DICT_OR_GLOBALS",
    "writes a global": "STORE_GLOBAL DELETE_GLOBAL STORE_NAME DELETE_NAME",
    "reads an attribute": "LOAD_ATTR LOAD_METHOD LOAD_SUPER_ATTR LOAD_SPECIAL IMPORT_FROM "
    "BEFORE_WITH SETUP_WITH BEFORE_ASYNC_WITH SETUP_ASYNC_WITH",
    "writes an attribute": "STORE_ATTR DELETE_ATTR",
    "reads an item": "BINARY_SUBSCR BINARY_SLICE CONTAINS_OP FOR_ITER UNPACK_SEQUENCE UNPACK_EX "
    "GET_LEN MATCH_KEYS LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE",
    "writes an item": "STORE_SUBSCR DELETE_SUBSCR STORE_SLICE",
    "reads a closure variable": "LOAD_DEREF LOAD_CLASSDEREF LOAD_FROM_DICT_OR_DEREF",
    "writes a closure variable": "STORE_DEREF DELETE_DEREF",
    "reads the imported modules": "IMPORT_NAME IMPORT_STAR",
    "whatever the function touches": "CALL CALL_KW CALL_FUNCTION CALL_FUNCTION_KW "
    "CALL_FUNCTION_EX CALL_METHOD",
}
# What else may run inside an opcode, if the object at hand has it.
INSIDE = {
    "a property, a __getattr__ or a descriptor": "LOAD_ATTR LOAD_METHOD LOAD_SUPER_ATTR "
    "LOAD_SPECIAL MATCH_CLASS IMPORT_FROM",
    "a property or a __setattr__": "STORE_ATTR DELETE_ATTR",
    "a __getitem__, __contains__ or the like": "BINARY_SUBSCR BINARY_SLICE CONTAINS_OP GET_LEN "
    "MATCH_KEYS",
    "a __setitem__ or __delitem__": "STORE_SUBSCR DELETE_SUBSCR STORE_SLICE",
    "an __add__, an __eq__ or the like": "BINARY_OP COMPARE_OP UNARY_INVERT UNARY_NEGATIVE "
    "UNARY_POSITIVE",
    "a __bool__ or __len__": "UNARY_NOT TO_BOOL",
    "an iterator or a generator": "GET_ITER FOR_ITER UNPACK_SEQUENCE UNPACK_EX LIST_EXTEND "
    "SET_UPDATE DICT_UPDATE DICT_MERGE GET_YIELD_FROM_ITER SEND YIELD_FROM GET_AITER GET_ANEXT "
    "GET_AWAITABLE END_ASYNC_FOR CLEANUP_THROW",
    "a __format__ or __str__": "FORMAT_VALUE FORMAT_SIMPLE FORMAT_WITH_SPEC CONVERT_VALUE",
    "a __hash__ or __eq__": "BUILD_MAP BUILD_SET MAP_ADD SET_ADD BUILD_CONST_KEY_MAP "
    "COPY_DICT_WITHOUT_KEYS",
    "an __enter__ or __exit__": "BEFORE_WITH SETUP_WITH BEFORE_ASYNC_WITH "
    "SETUP_ASYNC_WITH WITH_EXCEPT_START",
    "the imported module": "IMPORT_NAME IMPORT_STAR",
    "an exception's __init__": "RAISE_VARARGS",
    "what the intrinsic calls": "CALL_INTRINSIC_1 CALL_INTRINSIC_2 PRINT_EXPR",
}
# Nothing but the function's own variables and stack, a plain dict of globals, or a jump ahead.
QUIET = (
    "LOAD_GLOBAL LOAD_NAME LOAD_FROM_DICT_OR_GLOBALS STORE_GLOBAL DELETE_GLOBAL STORE_NAME "
    "DELETE_NAME LOAD_DEREF LOAD_CLASSDEREF LOAD_FROM_DICT_OR_DEREF STORE_DEREF DELETE_DEREF "
    "LOAD_CONST LOAD_SMALL_INT LOAD_COMMON_CONSTANT LOAD_LOCALS LOAD_CLOSURE LOAD_BUILD_CLASS "
    "LOAD_ASSERTION_ERROR DELETE_FAST RETURN_VALUE RETURN_CONST RETURN_GENERATOR YIELD_VALUE "
    "POP_TOP POP_BLOCK POP_EXCEPT POP_ITER PUSH_NULL PUSH_EXC_INFO COPY SWAP NOP NOT_TAKEN "
    "DUP_TOP DUP_TOP_TWO ROT_TWO ROT_THREE ROT_FOUR ROT_N EXTENDED_ARG KW_NAMES CACHE "
    "BUILD_TUPLE BUILD_LIST BUILD_SLICE BUILD_STRING BUILD_TEMPLATE BUILD_INTERPOLATION "
    "LIST_APPEND LIST_TO_TUPLE MAKE_CELL MAKE_FUNCTION SET_FUNCTION_ATTRIBUTE COPY_FREE_VARS "
    "JUMP_FORWARD JUMP_BACKWARD_NO_INTERRUPT POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE IS_OP "
    "POP_JUMP_FORWARD_IF_NONE POP_JUMP_FORWARD_IF_NOT_NONE END_FOR END_SEND CHECK_EXC_MATCH "
    "CHECK_EG_MATCH PREP_RERAISE_STAR JUMP_IF_NOT_EXC_MATCH RERAISE MATCH_MAPPING "
    "MATCH_SEQUENCE SETUP_FINALLY SETUP_CLEANUP SETUP_ANNOTATIONS GEN_START ASYNC_GEN_WRAP "
    "INTERPRETER_EXIT EXIT_INIT_CHECK RESERVED"
)
_TOUCHES = {opcode: what for what, opcodes in TOUCHES.items() for opcode in opcodes.split()}
_QUIET = set(QUIET.split())
_INSIDE = {opcode: what for what, opcodes in INSIDE.items() for opcode in opcodes.split()}


def listing(source: str) -> dict[str, Any]:
    """Compile a source text, without running it, and list the opcodes of its functions.

    Returns ``{"python": "3.13.0", "gil": True, "functions": [..]}``; each function is what
    ``function_listing`` returns. Raises ValueError for a text that has no opcodes to list.
    """
    gil = gil_enabled()
    functions = [function_listing(code, name, gil) for name, code in _functions(compiled(source))]
    if not functions:
        raise ValueError("source has no function in it: begin with a line like def increment(n):")
    return {"python": platform.python_version(), "gil": gil, "functions": functions}


def function_listing(code: CodeType, name: str, gil: bool) -> dict[str, Any]:
    """The opcodes of one code object: ``{"name": .., "line": .., "opcodes": [..]}``.

    An opcode is ``[line or None, name, argument, what it touches, YES, MAY or NO, why]``.
    """
    lines = dict(dis.findlinestarts(code))
    line = None
    opcodes = []
    for instruction in dis.get_instructions(code):
        line = lines.get(instruction.offset, line)
        opcode, argument = instruction.opname, _argument(instruction)
        switch, why = may_switch(opcode, instruction.arg or 0, sys.version_info[:2], gil)
        opcodes.append([line, opcode, argument, touches(opcode, argument), switch, why])
    return {"name": name, "line": code.co_firstlineno, "opcodes": opcodes}


def touches(opcode: str, argument: str) -> str:
    """What the opcode does to things that other threads may reach too; "" for private things."""
    if opcode == "BINARY_OP" and argument == "[]":  # since 3.14, instead of BINARY_SUBSCR
        return "reads an item"
    return _TOUCHES.get(opcode, "")


def may_switch(opcode: str, argument: int, version: tuple[int, ...], gil: bool) -> tuple[str, str]:
    """Whether another thread may get its turn at this opcode (YES, MAY or NO), and why."""
    if not gil:
        return YES, "no GIL: other threads run meanwhile"
    if version < (3, 10):
        return YES, "this version looks up between nearly any two opcodes"
    if opcode.startswith(("CALL", "PRECALL")) and "INTRINSIC" not in opcode:
        return YES, "looks up after the call, or as the called function starts"
    if opcode == "RESUME":
        # The lowest two bits: 0 start, 1 after yield, 2 after yield from, 3 after await.
        start = argument & 3 < 2
        return (YES, "looks up as the function starts or resumes") if start else (NO, "")
    if opcode in ("JUMP_BACKWARD", "JUMP_ABSOLUTE") or "JUMP_BACKWARD_IF" in opcode:
        return YES, "looks up on a jump back"
    if "JUMP_IF_" in opcode and version == (3, 10):
        return YES, "looks up when it jumps"
    if opcode in _INSIDE or opcode.startswith(("BINARY_", "INPLACE_")):
        what = _INSIDE.get(opcode, _INSIDE["BINARY_OP"])
        return MAY, f"if it runs {what}"
    if "JUMP" in opcode and opcode.endswith(("TRUE", "FALSE", "OR_POP")):
        # From 3.13 on, TO_BOOL has made a bool of it before.
        return (NO, "") if version >= (3, 13) else (MAY, "if it runs a __bool__ or __len__")
    if opcode in _QUIET or opcode.startswith(("LOAD_FAST", "STORE_FAST")):
        return NO, ""
    return MAY, "this course doesn't know this opcode"


def _argument(instruction: dis.Instruction) -> str:
    """As ``dis`` prints it, without what it says about an empty place on the stack."""
    text = instruction.argrepr.replace("NULL + ", "").replace(" + NULL|self", "")
    text = text.replace(" + NULL", "")
    return text if text or instruction.arg is None else str(instruction.arg)


def compiled(source: str, file: str = "<your function>") -> CodeType:
    """Compile a text that a reader has typed. ValueError, with its line, for one with an error."""
    if not source.strip():
        raise ValueError("source is empty: write a function")
    if len(source) > LONGEST:
        raise ValueError(f"source is too long: {len(source)} characters, {LONGEST} at most")
    if "\0" in source:
        raise ValueError("source has a null character in it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as an odd escape in a string
            return compile(source, file, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise ValueError(f"source is not Python: line {error.lineno}: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise ValueError("source is nested too deeply for this Python") from None
    except ValueError as error:  # such as half a surrogate pair
        raise ValueError(f"source can't be compiled: {error}") from None


def _functions(module: CodeType) -> list[tuple[str, CodeType]]:
    """All functions in it, however deep, by dotted name, in the order of their first lines."""
    found = []
    waiting = [("", module)]
    while waiting:
        outer, code = waiting.pop()
        for inner in code.co_consts:
            if not isinstance(inner, CodeType):
                continue
            hidden = inner.co_name == "__annotate__" or inner.co_name.startswith("<generic")
            name = outer if hidden else f"{outer}.{inner.co_name}".lstrip(".")
            waiting.append((name, inner))
            # A class body isn't a function: its variables aren't fast locals.
            if inner.co_flags & 0x01 and not hidden:  # inspect.CO_OPTIMIZED
                found.append((name, inner))
    return sorted(found, key=lambda item: item[1].co_firstlineno)
