"""Children: how they end, what they leave, and where their errors go."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from typing import Any

import pytest

from helpers.draw.processes import endings
from helpers.measure.processes import Ending, without_folders
from helpers.measure.timeline import timeline
from helpers.workers import processes as workers

METHODS = [
    m for m in ("fork", "spawn", "forkserver") if m in multiprocessing.get_all_start_methods()
]
PATIENCE_S = 30.0
posix = pytest.mark.skipif(os.name != "posix", reason="needs signals")


@pytest.fixture(params=METHODS)
def context(request: pytest.FixtureRequest) -> Any:
    return multiprocessing.get_context(request.param)


def ended(child: Any) -> int | None:
    child.join(PATIENCE_S)
    code: int | None = child.exitcode
    return code


def heard(receiver: Any) -> Any:
    """The next message; a child that died must not hang the test."""
    assert receiver.poll(PATIENCE_S), "the child said nothing"
    return receiver.recv()


def started(context: Any, target: Any, *args: Any) -> Any:
    child = context.Process(target=target, args=args, daemon=True)
    child.start()
    return child


@pytest.mark.parametrize(
    ("target", "argument", "code"),
    [
        (workers.sum_of_squares, 10, 0),
        (workers.leave, 3, 3),
        (workers.leave, "out of milk", 1),
        (workers.leave_as_child, 4, 4),
        (workers.leave_at_once, 5, 5),
    ],
)
def test_exit_codes(context: Any, target: Any, argument: Any, code: int) -> None:
    assert ended(started(context, target, argument)) == code


def test_leaving_as_a_child_is_refused_in_the_parent() -> None:
    with pytest.raises(RuntimeError, match="without calling it"):
        workers.leave_as_child(1)


def test_a_process_as_a_class_keeps_its_result_to_itself() -> None:
    child = workers.SquareSum(10)
    child.start()
    assert ended(child) == 0
    assert (child.name, child.result) == ("squares below 10", None)
    child.run()  # here, as an ordinary call
    assert child.result == workers.sum_of_squares(10)


def test_an_outcome_is_sent_value_or_exception(context: Any) -> None:
    for arguments, kind in (((1, 4), "returned"), ((1, 0), "raised")):
        receiver, sender = context.Pipe(duplex=False)
        child = started(context, workers.send_outcome, sender, workers.divide, *arguments)
        how, what = heard(receiver)
        assert how == kind
        assert what == 0.25 or isinstance(what, ZeroDivisionError)
        assert ended(child) == 0


def test_each_process_has_an_interpreter_of_its_own(context: Any) -> None:
    before = sys.getswitchinterval()
    receiver, sender = context.Pipe(duplex=False)
    child = started(context, workers.change_interpreter, sender)
    said = heard(receiver)
    assert ended(child) == 0
    assert said["process id"] == child.pid != os.getpid()
    assert said["switch interval"] == 0.123
    assert sys.getswitchinterval() == before


def test_two_threads_of_a_process_are_recorded(context: Any) -> None:
    receiver, sender = context.Pipe(duplex=False)
    start = context.Barrier(2)  # it must live until the child has it
    child = started(context, workers.compute_in_two_threads, "p", 10, start, sender)
    assert timeline(heard(receiver)).lanes == ("p, thread 1", "p, thread 2")
    assert ended(child) == 0


@posix
@pytest.mark.parametrize(
    ("target", "after_term", "said"),
    [
        (workers.unprepared, -signal.SIGTERM, []),
        (workers.polite, 0, ["tidied up"]),
        (workers.stubborn, None, []),
    ],
)
def test_what_terminate_does_depends_on_the_child(
    context: Any, target: Any, after_term: int | None, said: list[str]
) -> None:
    receiver, sender = context.Pipe(duplex=False)
    child = started(context, target, sender)
    sender.close()
    assert heard(receiver) == "ready"
    child.terminate()
    child.join(0.3 if after_term is None else PATIENCE_S)
    assert child.exitcode == after_term
    child.kill()
    child.join(PATIENCE_S)
    came = []
    while receiver.poll(0):
        try:
            came.append(receiver.recv())
        except EOFError:
            break
    assert came == said


@pytest.mark.parametrize(("daemon", "wanted"), [(True, "nothing"), (False, "finished my work")])
def test_a_parent_waits_for_children_that_are_no_daemons(daemon: bool, wanted: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    go, tell_go = spawn.Pipe(duplex=False)
    receiver, sender = spawn.Pipe(duplex=False)
    parent = spawn.Process(target=workers.have_a_child, args=(daemon, go, sender))
    parent.start()
    go.close()
    sender.close()
    if daemon:
        parent.join(PATIENCE_S)
    else:
        tell_go.send("go")
    tell_go.close()
    try:
        came = receiver.recv() if receiver.poll(PATIENCE_S) else "silence"
    except EOFError:
        came = "nothing"
    assert came == wanted
    assert ended(parent) == 0


def test_a_daemon_may_not_have_children() -> None:
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    child = started(spawn, workers.child_of_a_daemon, sender)
    assert heard(receiver) == "daemonic processes are not allowed to have children"
    assert ended(child) == 0


@posix
def test_the_errors_of_children_are_caught() -> None:
    spawn = multiprocessing.get_context("spawn")
    with workers.errors_of_children() as caught:
        ended(started(spawn, workers.divide, 1, 0))
    assert caught[0].endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (None, "still running"),
        (0, "no complaint"),
        (3, "a complaint"),
        pytest.param(-9, "ended by SIGKILL", marks=posix),
        (-1234, "ended by signal 1234"),
    ],
)
def test_what_an_exit_code_says(code: int | None, meaning: str) -> None:
    assert Ending("child", code).meaning == meaning


def test_endings_are_listed_with_remarks_if_there_are_any() -> None:
    plain = endings([Ending("a", 0), Ending("b", None)], "t")
    assert [list(row) for row in plain.rows] == [
        ["a", "0", "no complaint"],
        ["b", "None", "still running"],
    ]
    remarked = endings([Ending("a", 0, "late")], "t")
    assert [list(row) for row in remarked.rows] == [["a", "0", "no complaint", "late"]]
    with pytest.raises(ValueError, match=r"^found must hold"):
        endings([], "t")


def test_a_traceback_without_folders() -> None:
    assert without_folders('File "/home/me/x.py", line 1') == 'File "…/x.py", line 1'
    assert without_folders(r'File "C:\me\x.py", line 1') == 'File "…/x.py", line 1'
