"""The rule about switches, on this interpreter and on whichever others there are."""

from __future__ import annotations

import dis
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.workers import bytecode
from helpers.workers.bytecode import LONGEST, MAY, NO, YES, listing, may_switch, touches

VERSION = sys.version_info[:2]
# Opcodes that the compiler or the specializer uses inside, and dis never shows for plain code.
INTERNAL = ("INSTRUMENTED_", "JUMP", "ENTER_EXECUTOR", "ANNOTATIONS_PLACEHOLDER")


def answers(source: str) -> dict[str, str]:
    """Opcode to answer, with a GIL, for a text of one function."""
    code = compile(source, "<test>", "exec").co_consts[0]
    return {
        one.opname: may_switch(one.opname, one.arg or 0, VERSION, True)[0]
        for one in dis.get_instructions(code)
    }


def test_the_rule_knows_every_opcode_of_this_interpreter() -> None:
    unknown = [
        opcode
        for opcode in dis.opmap
        if "doesn't know" in may_switch(opcode, 0, VERSION, True)[1]
        and not opcode.startswith(INTERNAL)
        and "SUPER_" not in opcode  # pseudo-opcodes beside LOAD_SUPER_ATTR
    ]
    assert not unknown


def test_calls_and_loops_look_up_and_plain_steps_do_not() -> None:
    found = answers("def f(x):\n  global n\n  n += 1\n  while n: x.y(n)\n")
    assert found["LOAD_GLOBAL"] == found["STORE_GLOBAL"] == NO
    assert found["CALL"] == found["RESUME"] == YES
    assert found["BINARY_OP"] == found["POP_TOP"].replace(NO, MAY) == MAY
    assert any(answer == YES for opcode, answer in found.items() if "JUMP_BACKWARD" in opcode)


@pytest.mark.parametrize(
    ("opcode", "argument", "version", "gil", "expected"),
    [
        ("LOAD_FAST", 0, (3, 9), True, YES),
        ("LOAD_FAST", 0, (3, 10), True, NO),
        ("LOAD_FAST", 0, (3, 14), False, YES),
        ("INPLACE_ADD", 0, (3, 10), True, MAY),
        ("JUMP_ABSOLUTE", 0, (3, 10), True, YES),
        ("POP_JUMP_IF_FALSE", 0, (3, 10), True, YES),
        ("POP_JUMP_IF_FALSE", 0, (3, 12), True, MAY),
        ("POP_JUMP_IF_FALSE", 0, (3, 13), True, NO),
        ("POP_JUMP_BACKWARD_IF_TRUE", 0, (3, 11), True, YES),
        ("JUMP_BACKWARD_NO_INTERRUPT", 0, (3, 12), True, NO),
        ("RESUME", 0, (3, 12), True, YES),
        ("RESUME", 2, (3, 12), True, NO),
        ("RESUME", 5, (3, 13), True, YES),
        ("CALL_INTRINSIC_1", 0, (3, 12), True, MAY),
        ("LOAD_FAST_BORROW_LOAD_FAST_BORROW", 0, (3, 14), True, NO),
        ("BREW_COFFEE", 0, (3, 14), True, MAY),
    ],
)
def test_the_rule(
    opcode: str, argument: int, version: tuple[int, int], gil: bool, expected: str
) -> None:
    answer, why = may_switch(opcode, argument, version, gil)
    assert answer == expected
    assert bool(why) == (answer != NO)


def test_a_subscript_reads_an_item_whatever_the_opcode_is_called() -> None:
    found = listing("def f(d): return d[0]")["functions"][0]["opcodes"]
    assert [what for _, _, _, what, _, _ in found if what] == ["reads an item"]
    assert touches("BINARY_OP", "[]") == "reads an item"
    assert touches("BINARY_OP", "+") == ""


def test_functions_are_found_however_deep() -> None:
    source = """
class A:
    def b(self):
        def c(): return lambda: 1
        return [x for x in c]
async def d(x: "int") -> "str": await x
"""
    names = [function["name"] for function in listing(source)["functions"]]
    assert names[:2] == ["A.b", "A.b.c"]
    assert {"A.b.c.<lambda>", "d"} <= set(names)
    assert not [name for name in names if name == "A" or "annotate" in name]


def test_nothing_of_the_text_is_run() -> None:
    listing("1/0\ndef f(x=1/0): pass\n@undefined\nclass A(1/0):\n  def g(self): 1/0")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("x = 1", "no function"),
        ("class A: x = 1", "no function"),
        ("def f(:\n  pass", "line 1"),
        ("\n\ndef f():\npass", "line 4"),
        ("def f(): pass\0", "null"),
        ("#" * (LONGEST + 1), "too long"),
        ("def f(): return '\ud800'", "can't be compiled"),
        ("def f(): return " + "-" * 9000 + "1", "nested too deeply"),
        ("(" * 5000, "source is not Python"),
    ],
)
def test_bad_source_is_named(source: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"^source ") as raised:
        listing(source)
    assert words in str(raised.value)


WORDS = (
    "def f ( ) : \n \t lambda x , y = 1 ' \" \\ # \0 if for in while [ ] { } . += * ** not - @ "
    "async await yield class try: except: with as global nonlocal import from match case := "
    "f' é \ud800 0x 1e9999 9"
)


def outcome(source: str) -> str:
    """What the analyser says of a text: "listed", or its documented error."""
    try:
        return "listed" if listing(source)["functions"] else "nothing"
    except ValueError as error:
        return str(error)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(max_size=300) | st.lists(st.sampled_from(WORDS.split(" ")), max_size=80).map(" ".join)
)
def test_any_text_gives_a_listing_or_a_value_error(source: str) -> None:
    assert outcome(source).startswith(("listed", "source "))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, LONGEST // 4), st.sampled_from(["(", "[", "-", "not ", "lambda:", "a."]))
def test_deep_nesting_gives_a_listing_or_a_value_error(depth: int, piece: str) -> None:
    said = outcome("def f(): return " + piece * depth + "1")
    assert said.startswith(("listed", "source "))


def test_the_known_sets_do_not_contradict_each_other() -> None:
    inside = {opcode for opcodes in bytecode.INSIDE.values() for opcode in opcodes.split()}
    assert not inside & set(bytecode.QUIET.split())
