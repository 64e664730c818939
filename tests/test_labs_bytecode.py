"""The bytecode lab without a browser, and the sentences of its table."""

from __future__ import annotations

import pytest

from helpers.draw.bytecode import describe, table
from helpers.draw.picture import Table
from helpers.labs.bytecode import EXAMPLES, bytecode_lab
from helpers.measure.bytecode import Listing, listing
from helpers.workers.bytecode import may_switch


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_listed(example: str) -> None:
    lab = bytecode_lab().set(example=example)
    assert lab.settings["source"] == EXAMPLES[example]
    lab.run()
    assert "Done" in lab.status.value
    assert isinstance(lab.picture, Table)
    assert "opcodes, of which" in lab.picture.text


def test_the_article_s_function_touches_nothing_shared() -> None:
    lab = bytecode_lab().run()
    assert lab.picture is not None
    assert "0 touch shared things" in lab.picture.text
    assert "no switch can do harm" in lab.picture.text


@pytest.mark.parametrize("source", ["", "def f(:", "x = 1", "(" * 9_000])
def test_bad_source_gives_a_word_and_keeps_the_lab_usable(source: str) -> None:
    lab = bytecode_lab().set(source=source).run()
    assert "This didn&#x27;t work: source " in lab.status.value
    assert not lab.run_button.disabled
    lab.set(source="def f(): pass").run()
    assert "Done" in lab.status.value


def test_every_control_has_a_name() -> None:
    assert all(control.description for control in bytecode_lab().controls.values())


def test_the_table_says_each_answer_in_words_and_names_the_line() -> None:
    shown = table(listing("def f(x):\n    return len(x)\n"))
    assert {row[4] for row in shown.rows} >= {"yes", "no"}
    assert any(row[0] == "2: return len(x)" for row in shown.rows)
    assert all(row[1] for row in shown.rows)


def test_several_functions_have_a_row_each() -> None:
    shown = table(listing("def f(): pass\ndef g(): pass\n"))
    assert [row[1] for row in shown.rows if row[1].startswith("def ")] == ["def f", "def g"]


def test_a_very_long_listing_is_cut_and_says_so() -> None:
    shown = table(listing("def f(x):\n" + "    x.a = x.b\n" * 300))
    assert len(shown.rows) == 400
    assert "rows are left out" in shown.text


def test_without_the_gil_the_sentence_says_so() -> None:
    found = listing("def f():\n    global n\n    n += 1\n")
    without = Listing(found.python, False, found.source, found.functions)
    assert "without the GIL" in describe(without)
    assert "other threads run all the time" in describe(without)
    assert may_switch("LOAD_FAST", 0, (3, 14), False)[0] == "yes"
