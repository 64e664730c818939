"""Tools that look into other programs, log records of three senders, and runs of pytest."""

from __future__ import annotations

import logging
import logging.handlers
import multiprocessing
import os
import queue
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from helpers.measure import debugging
from helpers.measure.debugging import Look, asyncio_tree, py_spy_dump, run_pytest, running
from helpers.measure.interpreters import Found, Interpreter, find_interpreters
from helpers.measure.leftovers import belongings, left_since
from helpers.workers.debugging import log_from_a_process

PYTHON = sys.executable
WAITS = "import sys; print('ready'); sys.stdin.read(); import time; time.sleep(600)"


# A program that runs until the block ends


def test_a_program_runs_as_long_as_the_block() -> None:
    with running(WAITS) as pid:
        assert psutil.pid_exists(pid)
        assert psutil.Process(pid).ppid() == os.getpid()
    assert not psutil.pid_exists(pid)


def test_a_program_ends_with_the_block_that_raises() -> None:
    before = belongings()
    with pytest.raises(ZeroDivisionError), running(WAITS) as pid:
        _ = 1 / 0
    assert not psutil.pid_exists(pid)
    assert left_since(before) == []


def test_a_program_that_ends_too_early_says_why() -> None:
    before = belongings()
    with (
        pytest.raises(RuntimeError, match=r"before it was ready: (?s:.*)no such shop"),
        running("raise SystemExit('no such shop')"),
    ):
        raise AssertionError("not reached")
    assert left_since(before) == []


def test_a_program_that_says_something_else_is_not_ready() -> None:
    with pytest.raises(RuntimeError, match="before it was ready"), running("print('hello')"):
        raise AssertionError("not reached")


def test_a_program_that_is_never_ready_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debugging, "_PATIENCE_S", 0.3)
    before = belongings()
    with (
        pytest.raises(TimeoutError, match=r"not ready within 0\.3 s"),
        running("import time; time.sleep(600)"),
    ):
        raise AssertionError("not reached")
    assert left_since(before) == []


def test_an_interpreter_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError), running(WAITS, "/nowhere/python"):
        raise AssertionError("not reached")


# py-spy


def a_tool(folder: Path, name: str, script: str) -> None:
    """Put an executable of this name there, which runs the script."""
    path = folder / name
    path.write_text(f"#!{PYTHON}\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def no_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing on PATH but this folder, and nothing beside the interpreter."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return tmp_path


posix = pytest.mark.skipif(os.name == "nt", reason="its executables are no scripts")


@posix
def test_where_py_spy_is_missing_it_says_how_to_get_it(no_tools: Path) -> None:
    look = py_spy_dump(1)
    assert look.text == ""
    assert "pip install py-spy" in look.why_not
    assert str(look) == f"py-spy: {look.why_not}"


@posix
def test_what_py_spy_says_about_the_threads(no_tools: Path) -> None:
    a_tool(
        no_tools,
        "py-spy",
        r"""
import sys
assert sys.argv[1:] == ["dump", "--pid", "7"]
print("Process 7: python -c script\nPython v3.13\n")
print("Thread 7 (idle): 'sell'\n    \x1b[32msell\x1b[0m (x:\x1b[2m1\x1b[0m)")
""",
    )
    look = py_spy_dump(7)
    assert look.text == "Thread 7 (idle): 'sell'\n    sell (x:1)"
    assert str(look) == look.text


@posix
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Error: not a Python\\n   7: main\\n   8: start", "Error: not a Python"),
        ("Permission Denied: try sudo", "Permission Denied: try sudo"),
        ("", "it doesn't say why"),
    ],
)
def test_where_py_spy_may_not_look_it_says_why(no_tools: Path, words: str, reason: str) -> None:
    a_tool(no_tools, "py-spy", f'import sys; sys.stderr.write("{words}"); sys.exit(1)')
    look = py_spy_dump(7)
    assert look == Look("py-spy", "", f"it can't read another process here: {reason}")


@posix
def test_a_tool_that_gives_no_answer(no_tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debugging, "_PATIENCE_S", 0.2)
    a_tool(no_tools, "py-spy", "import time; time.sleep(600)")
    assert "no answer" in py_spy_dump(7).why_not


# asyncio's own

SHOP = """
import asyncio

async def serve():
    await asyncio.get_running_loop().create_future()

async def main():
    customer = asyncio.create_task(serve(), name="customer 1")
    await asyncio.sleep(0)
    print("ready")
    await customer

asyncio.run(main())
"""


def test_the_tree_names_tasks_and_functions_or_says_why_not() -> None:
    before = belongings()
    look = asyncio_tree(SHOP)
    if look.text:
        assert "customer 1" in look.text
        assert "serve <string>:5" in look.text
        # Where CPython is installed isn't shown.
        assert "/" not in look.text
    else:
        assert look.why_not
    assert left_since(before) == []


def test_the_tree_takes_3_14(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Interpreter(sys.executable, (3, 13, 9), False, True)
    monkeypatch.setattr(debugging, "find_interpreters", lambda: Found((own,), ()))
    look = asyncio_tree(SHOP)
    assert look.text == ""
    assert "3.14" in look.why_not


def test_the_tree_reports_a_script_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    own = find_interpreters().interpreters[0]
    able = Interpreter(own.path, (3, 14, 0), False, True)
    monkeypatch.setattr(debugging, "find_interpreters", lambda: Found((able,), ()))
    with pytest.raises(RuntimeError, match="before it was ready"):
        asyncio_tree("raise SystemExit")


# Log records


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_process_logs_to_a_queue_under_its_own_names(method: str) -> None:
    context: Any = multiprocessing.get_context(method)
    records = context.Queue()
    process = context.Process(target=log_from_a_process, args=(records,), name="sender")
    process.start()
    record = records.get(timeout=60)
    process.join()
    records.close()
    records.join_thread()
    assert record.getMessage() == "hello from a process"
    assert (record.processName, record.threadName) == ("sender", "MainThread")
    assert record.process == process.pid
    assert process.exitcode == 0


def test_it_adds_to_the_handlers_that_are_there() -> None:
    """As a process does: here in this one, with a plain queue."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    records: queue.Queue[logging.LogRecord] = queue.Queue()
    try:
        log_from_a_process(records)
        assert len(root.handlers) == len(handlers) + 1
        assert root.level == logging.DEBUG
    finally:
        root.setLevel(level)
        for handler in set(root.handlers) - set(handlers):
            root.removeHandler(handler)
    assert records.get_nowait().threadName == threading.current_thread().name


# pytest in a folder of its own

THREE = """
import pytest

def test_right():
    pass

def test_wrong():
    assert 1 == 2, "one isn't two"

def test_left_out():
    pytest.skip("not today")
"""


def test_the_run_is_counted_with_reasons() -> None:
    run = run_pytest({"test_three.py": THREE})
    assert (run.passed, run.failed, run.skipped) == (1, 1, 1)
    assert any("test_wrong" in line and "one isn't two" in line for line in run.lines)
    assert any("not today" in line for line in run.lines)
    assert str(run).splitlines()[0] == "1 passed, 1 failed, 1 skipped"
    assert str(run).splitlines()[1:] == list(run.lines)


def test_files_may_import_each_other_and_helpers() -> None:
    files = {
        "shop.py": "STOCK = 3",
        "test_shop.py": "import shop, helpers\n\ndef test_stock():\n    assert shop.STOCK == 3",
    }
    run = run_pytest(files)
    assert (run.passed, run.failed, run.skipped, run.lines) == (1, 0, 0, ())


def test_a_long_reason_is_not_cut() -> None:
    reason = "because " * 30
    run = run_pytest({"test_it.py": f"def test_it():\n    assert False, {reason!r}"})
    assert reason.strip() in run.lines[0]


def test_it_reads_the_run_where_colours_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel sets this for the programs that it starts."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "")
    run = run_pytest({"test_three.py": THREE})
    assert (run.passed, run.failed, run.skipped) == (1, 1, 1)
    assert len(run.lines) == 2


@pytest.mark.parametrize("name", ["../test_it.py", "test it.py", "test_it", "", "/tmp/test_it.py"])
def test_files_have_plain_names(name: str) -> None:
    with pytest.raises(ValueError, match=r"^files must have plain names"):
        run_pytest({name: "def test(): pass"})


def test_what_pytest_cannot_run_is_reported() -> None:
    with pytest.raises(RuntimeError, match=r"could not run the tests(?s:.*)SyntaxError"):
        run_pytest({"test_it.py": "def test_it(: pass"})
    with pytest.raises(RuntimeError, match="could not run the tests"):
        run_pytest({"it.py": "STOCK = 3"})  # no test in it


def test_where_pytest_is_missing_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        debugging, "_PYTEST", debugging._PYTEST.replace("import pytest", "import pytest_of_nobody")
    )
    with pytest.raises(RuntimeError, match="No module named 'pytest_of_nobody'"):
        run_pytest({"test_three.py": THREE})


def test_no_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run_pytest({"test_three.py": THREE})
    assert list(tmp_path.iterdir()) == []


# A schedule that is kept in a test

STOCK = """
left = 2

def minus_one(number):
    return number - 1

def sell():
    global left
    left = minus_one(left)

def restock():
    global left
    left = 2
"""
KEPT = """
import pytest, stock
from helpers.measure.explorer import Program, explore, replay

PROGRAM = Program([stock.sell, stock.sell], stock.restock)

def test_every_schedule():
    for ending in explore(PROGRAM, reduced=True).endings:
        assert ending.text == "left = 0", f"<{ending.schedule}>"

def test_kept():
    try:
        ending = replay(PROGRAM, "SCHEDULE")
    except ValueError as why:
        pytest.skip(str(why))
    assert ending.text == "left = 0"
"""


def test_a_schedule_from_one_run_of_pytest_fails_in_the_next_and_not_on_mended_code() -> None:
    first = run_pytest({"stock.py": STOCK, "test_stock.py": KEPT})
    [schedule] = [line.split("<")[1].split(">")[0] for line in first.lines if "<" in line]
    kept = KEPT.replace("SCHEDULE", schedule)
    again = run_pytest({"stock.py": STOCK, "test_stock.py": kept})
    assert (again.passed, again.failed) == (0, 2)
    mended = "import threading\nlock = threading.Lock()\n" + STOCK.replace(
        "    left = minus", "    with lock:\n        left = minus"
    )
    after = run_pytest({"stock.py": mended, "test_stock.py": kept})
    assert (after.passed, after.failed, after.skipped) == (1, 0, 1)
    assert "made for another program" in after.lines[0]
