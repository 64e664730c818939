"""Another interpreter: what comes back from it, and that it is gone afterwards."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psutil
import pytest

from helpers.measure import elsewhere
from helpers.measure.elsewhere import Stopped, WorkerFailed, call
from helpers.measure.interpreters import Interpreter, find_interpreters
from helpers.measure.machine import machine
from helpers.measure.verdict import Outcome, checked
from helpers.workers import side_by_side
from helpers.workers.interpreters import identity
from helpers.workers.timeline import gil_enabled

ROOT = Path(__file__).resolve().parent.parent
posix = pytest.mark.skipif(os.name != "posix", reason="needs a shell")

ODD_WORKERS = '''
"""Workers that misbehave."""

import os
import subprocess
import sys
import threading
import time


def echo(value):
    return value


def everything(*values):
    return list(values)


def note(path):
    """Write down one's process id, then that of a child, before anything else happens."""
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    with open(path + ".part", "w") as file:
        file.write(f"{os.getpid()} {child.pid}")
    os.replace(path + ".part", path)


def hang(path):
    note(path)
    time.sleep(600)


def spin(path):
    note(path)
    while True:
        pass


def complain():
    raise KeyError("no such key")


def die(code):
    os._exit(code)


def leave():
    sys.exit(3)


def unspeakable():
    return {1, 2}


def talk():
    print("words on standard output")
    os.write(1, b"and from below\\n")
    return "said"


def large(size):
    return "x" * size


def loiter(path):
    note(path)
    threading.Thread(target=time.sleep, args=(600,)).start()
    return "done"


def where():
    return [sys.path[0], os.getcwd(), sys.executable]


def variable(name):
    return os.environ.get(name)


def interrupt_oneself():
    import signal

    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
    return "still here"


def die_of_an_interrupt():
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


def hang_with_a_semaphore(path):
    import multiprocessing

    semaphore = multiprocessing.get_context("spawn").Semaphore()
    tell(path, semaphore._semlock.name)
    time.sleep(600)


def hang_with_a_semaphore_that_no_tracker_knows(path):
    import _multiprocessing

    name = f"/mp-{os.getpid()}"
    semaphore = _multiprocessing.SemLock(0, 1, 1, name, False)
    tell(path, name)
    time.sleep(600)


def hang_with_the_segment(name, path):
    import mmap

    # As a file: SharedMemory would have the worker's own tracker remove it, before Python 3.13.
    with open(f"/dev/shm/{name}", "r+b") as file:
        segment = mmap.mmap(file.fileno(), 0)
    tell(path, name)
    time.sleep(600)


def tell(path, word):
    with open(path + ".part", "w") as file:
        file.write(word)
    os.replace(path + ".part", path)


def steps(count):
    from helpers.workers.progress import part_done

    for number in range(count):
        part_done((number + 1) / count)
    return count


def report_and_hang(path):
    from helpers.workers.progress import part_done

    note(path)
    part_done(0.25)
    time.sleep(600)


def killed_in_the_middle():
    import signal

    from helpers.workers.progress import part_done

    part_done(0.5)
    sys.stderr.write("my last words\\n")
    os.kill(os.getpid(), signal.SIGKILL)


def leave_an_orphan(path):
    """Its child holds all that it holds, and isn't its child any more when it has ended."""
    if os.fork() == 0:
        note(path)
        time.sleep(600)
        os._exit(0)
    while not os.path.exists(path):
        time.sleep(0.01)
    os._exit(5)


def complain_and_hang(path):
    sys.stderr.write("it waits for the other lock\\n")
    tell(path, "said")
    time.sleep(600)


def x_options():
    return sys._xoptions


class Worker:
    def method(self):
        return None
'''


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module ``helpers.workers.odd`` that other interpreters find too."""
    home = tmp_path / "home"
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "helpers" / "workers", home / "helpers" / "workers", ignore=skip)
    shutil.copy(ROOT / "helpers" / "__init__.py", home / "helpers")
    file = home / "helpers" / "workers" / "odd.py"
    file.write_text(ODD_WORKERS, encoding="utf-8")
    monkeypatch.setattr(elsewhere, "_HOME", home)
    spec = importlib.util.spec_from_file_location("helpers.workers.odd", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def noted(tmp_path: Path) -> Iterator[Path]:
    """Where a worker writes its process id and its child's. Neither may outlive the test."""
    path = tmp_path / "noted"
    yield path
    for pid in pids(path):
        if psutil.pid_exists(pid):
            psutil.Process(pid).kill()


def pids(path: Path) -> list[int]:
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def wait_until(happened: Callable[[], object], what: str) -> None:
    until = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < until, what
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """No process, or one that has ended and that nobody has asked about."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def assert_gone(path: Path) -> None:
    found = pids(path)
    assert len(found) == 2
    for pid in found:
        wait_until(partial(gone, pid), f"process {pid} is still there")


def test_a_result_comes_back() -> None:
    assert call(gil_enabled) == gil_enabled()


@pytest.mark.parametrize(
    "value", [None, True, 1.5, "naïve ✓", ["a", [1, 2]], {"a": {"b": [None]}}, 2**80]
)
def test_arguments_and_results_travel(value: Any, odd: ModuleType) -> None:
    assert call(odd.echo, value) == value


def test_arguments_keep_their_order(odd: ModuleType) -> None:
    assert call(odd.everything, 1, "two", [3]) == [1, "two", [3]]


def test_big_arguments_and_results_do_not_block(odd: ModuleType) -> None:
    size = 3_000_000  # far more than a pipe holds
    assert len(call(odd.large, size)) == size
    assert len(call(odd.echo, "y" * size)) == size


def test_what_a_worker_prints_does_not_spoil_its_result(odd: ModuleType) -> None:
    assert call(odd.talk) == "said"


def test_an_exception_comes_with_its_traceback(odd: ModuleType) -> None:
    with pytest.raises(WorkerFailed, match=r"complain raised KeyError: 'no such key'") as caught:
        call(odd.complain)
    assert "Traceback" in str(caught.value)
    assert "in complain" in str(caught.value)


@pytest.mark.parametrize(
    ("worker", "arguments", "said"),
    [
        ("die", (7,), "exit code 7 and no result"),
        ("leave", (), "exit code 3 and no result"),
        ("unspeakable", (), "not JSON serializable"),
    ],
)
def test_an_interpreter_that_ends_early_is_told(
    worker: str, arguments: tuple[Any, ...], said: str, odd: ModuleType
) -> None:
    with pytest.raises(WorkerFailed, match=said):
        call(getattr(odd, worker), *arguments)


@pytest.mark.parametrize("worker", ["spin", "loiter"])
def test_after_the_deadline_worker_and_child_are_gone(
    worker: str, odd: ModuleType, noted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the child holds the pipes open, so that their end never comes."""
    # The hour is over as soon as the worker has started, however slow the machine is.
    clock = SimpleNamespace(monotonic=lambda: 3600.5 if noted.exists() else 0.0)
    monkeypatch.setattr(elsewhere, "time", clock)
    with pytest.raises(TimeoutError, match=rf"^{worker} had not ended after 3600 s"):
        call(getattr(odd, worker), str(noted), deadline=3600)
    assert_gone(noted)


def test_a_stop_ends_worker_and_child(odd: ModuleType, noted: Path) -> None:
    stop = threading.Event()

    def press() -> None:
        wait_until(noted.exists, "the worker did not start")
        stop.set()

    reader = threading.Thread(target=press)
    reader.start()
    with pytest.raises(Stopped):
        call(odd.hang, str(noted), stop=stop)
    reader.join()
    assert_gone(noted)


@posix
def test_an_interrupt_of_the_whole_group_is_for_the_caller(odd: ModuleType) -> None:
    assert call(odd.interrupt_oneself) == "still here"


@posix
def test_an_interrupt_while_the_interpreter_starts_is_a_stop(odd: ModuleType) -> None:
    with pytest.raises(Stopped):
        call(odd.die_of_an_interrupt)


def stopped_once_it_tells(worker: Callable[..., Any], *args: object, path: Path) -> str:
    """What the worker has told before it was stopped."""
    stop = threading.Event()

    def press() -> None:
        wait_until(path.exists, "the worker did not start")
        stop.set()

    reader = threading.Thread(target=press)
    reader.start()
    with pytest.raises(Stopped):
        call(worker, *args, str(path), stop=stop)
    reader.join()
    return path.read_text()


on_linux = pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="seen on Linux only")


@on_linux
@pytest.mark.parametrize(
    "worker", ["hang_with_a_semaphore", "hang_with_a_semaphore_that_no_tracker_knows"]
)
def test_a_stop_removes_the_semaphores_of_the_worker(
    odd: ModuleType, tmp_path: Path, worker: str
) -> None:
    name = stopped_once_it_tells(getattr(odd, worker), path=tmp_path / "name")
    semaphore = Path(f"/dev/shm/sem.{name.removeprefix('/')}")
    wait_until(lambda: not semaphore.exists(), f"{semaphore} is still there")


@on_linux
def test_a_stop_leaves_alone_what_the_worker_shares_with_us(
    odd: ModuleType, tmp_path: Path
) -> None:
    ours = SharedMemory(create=True, size=1)
    try:
        stopped_once_it_tells(odd.hang_with_the_segment, ours.name, path=tmp_path / "name")
        SharedMemory(ours.name).close()
    finally:
        ours.close()
        ours.unlink()


@posix
def test_an_interrupt_ends_the_call_and_the_worker(odd: ModuleType, noted: Path) -> None:
    def press() -> None:
        wait_until(noted.exists, "the worker did not start")
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    reader = threading.Thread(target=press)
    reader.start()
    with pytest.raises(KeyboardInterrupt):
        call(odd.hang, str(noted))
    reader.join()
    assert_gone(noted)


def test_nothing_is_left_of_a_call(odd: ModuleType) -> None:
    before = {child.pid for child in psutil.Process().children()}
    threads = set(threading.enumerate())
    open_before = psutil.Process().num_fds() if os.name == "posix" else 0
    call(odd.echo, 1)
    with pytest.raises(WorkerFailed):
        call(odd.die, 1)
    assert {child.pid for child in psutil.Process().children()} <= before
    assert set(threading.enumerate()) <= threads
    assert (psutil.Process().num_fds() if os.name == "posix" else 0) == open_before


@pytest.mark.parametrize(
    "worker", [lambda: 1, len, os.getcwd, "gil_enabled", test_a_result_comes_back]
)
def test_what_another_interpreter_can_not_import_is_refused(worker: Any) -> None:
    with pytest.raises(TypeError, match=r"^worker must be a module-level function"):
        call(worker)


def test_a_method_and_an_inner_function_are_refused(odd: ModuleType) -> None:
    def inner() -> None: ...

    inner.__module__ = "helpers.workers.odd"
    for worker in (odd.Worker().method, inner):
        with pytest.raises(TypeError, match=r"^worker must be a module-level function"):
            call(worker)


def in_a_circle() -> list[Any]:
    circle: list[Any] = []
    circle.append(circle)
    return circle


@pytest.mark.parametrize("argument", [{1, 2}, object(), b"bytes", in_a_circle()])
def test_arguments_that_do_not_travel_are_refused(argument: Any, odd: ModuleType) -> None:
    with pytest.raises(TypeError, match=r"^args must be"):
        call(odd.echo, argument)


@pytest.mark.parametrize("deadline", [0, -1, float("nan")])
def test_a_deadline_must_be_positive(deadline: float, odd: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"^deadline must be positive"):
        call(odd.echo, 1, deadline=deadline)


def test_a_missing_interpreter_is_told(odd: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(WorkerFailed, match=r"python3\.99 can't be started"):
        call(odd.echo, 1, python=tmp_path / "python3.99")


@posix
@pytest.mark.parametrize(
    "rubbish",
    [
        *("", "rubbish", "[]", "3", "null", r"\377\376", "{}", "{{", r'{"result": 1'),
        *(r'{"progress": 0.5}', r'{"progress": "x"}', r'rubbish\n{"result": 1}\n'),
    ],
)
def test_a_program_that_is_no_python_is_told(rubbish: str, odd: ModuleType, tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nprintf '{rubbish}'\necho broken >&2\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(WorkerFailed, match=r"(?s)echo: .* exit code 0 and no result.*broken"):
        call(odd.echo, 1, python=program)


def test_variables_are_added_to_ones_own(odd: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_TEST_OWN", "own")
    assert call(odd.variable, "COURSE_TEST_ADDED", environment={"COURSE_TEST_ADDED": "1"}) == "1"
    assert call(odd.variable, "COURSE_TEST_OWN", environment={"COURSE_TEST_ADDED": "1"}) == "own"


def test_a_file_in_the_working_directory_stands_for_no_module(
    odd: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "subprocess.py").write_text("raise ImportError('the wrong one')")
    monkeypatch.chdir(tmp_path)
    assert call(odd.where) == [str(elsewhere._HOME), str(tmp_path), sys.executable]


@posix
def test_a_program_that_prints_for_ever_is_stopped(odd: ModuleType, tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec yes\n")
    program.chmod(0o755)
    with pytest.raises(TimeoutError, match=r"^echo had not ended after 0\.5 s"):
        call(odd.echo, 1, python=program, deadline=0.5)


def test_progress_is_told_in_order(odd: ModuleType) -> None:
    told: list[float] = []
    assert call(odd.steps, 4, progress=told.append) == 4
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_progress_that_nobody_listens_to_does_no_harm(odd: ModuleType) -> None:
    assert call(odd.steps, 3) == 3
    assert odd.steps(3) == 3


def test_who_hears_of_progress_may_stop_it(odd: ModuleType, noted: Path) -> None:
    def enough(_: float) -> None:
        raise Stopped("enough")

    with pytest.raises(Stopped, match="enough"):
        call(odd.report_and_hang, str(noted), progress=enough)
    assert_gone(noted)


@posix
def test_a_worker_that_is_killed_in_the_middle_is_told(odd: ModuleType) -> None:
    told: list[float] = []
    with pytest.raises(WorkerFailed, match=r"(?s)ended by SIGKILL.*no result.*my last words"):
        call(odd.killed_in_the_middle, progress=told.append)
    assert told == [0.5]


@posix
def test_an_orphan_that_holds_the_pipe_keeps_nobody_waiting(odd: ModuleType, noted: Path) -> None:
    with pytest.raises(WorkerFailed, match="exit code 5 and no result"):
        call(odd.leave_an_orphan, str(noted), deadline=3600)


def test_what_was_said_before_the_deadline_is_shown(
    odd: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    clock = SimpleNamespace(monotonic=lambda: 3600.5 if said.exists() else 0.0)
    monkeypatch.setattr(elsewhere, "time", clock)
    with pytest.raises(TimeoutError, match=r"(?s)^complain_and_hang .*waits for the other lock"):
        call(odd.complain_and_hang, str(said), deadline=3600)


def test_no_file_is_left_behind(
    odd: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    call(odd.echo, 1)
    with pytest.raises(TimeoutError):
        call(odd.hang, str(tmp_path / "noted"), deadline=0.01)
    assert list(folder.iterdir()) == []


def test_options_reach_the_interpreter(odd: ModuleType) -> None:
    assert call(odd.x_options, options=("-X", "dev", "-X", "course=1")) == {
        "dev": True,
        "course": "1",
    }
    with pytest.raises(TypeError, match=r"^options must be"):
        call(odd.x_options, options="-X dev")


@pytest.fixture
def another(tmp_path: Path) -> Path:
    """This interpreter under another name, in a folder with an odd one."""
    folder = tmp_path / "un été, 夏 and more"
    folder.mkdir()
    path = folder / "my python"
    path.symlink_to(os.path.realpath(sys.executable))
    return path


@posix
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_odd_names_of_interpreter_and_course_do_no_harm(
    locale: str, odd: ModuleType, another: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = another.parent / "the course"
    shutil.copytree(elsewhere._HOME, home)
    monkeypatch.setattr(elsewhere, "_HOME", home)
    monkeypatch.setenv("LC_ALL", locale)
    assert call(odd.echo, "夏", python=another) == "夏"


@posix
def test_what_is_set_for_this_interpreter_is_not_for_another(
    odd: ModuleType, another: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/no/such/folder")
    monkeypatch.setenv("COURSE_TEST_OWN", "own")
    assert call(odd.variable, "PYTHONPATH") == "/no/such/folder"
    assert call(odd.variable, "PYTHONPATH", python=another) is None
    assert call(odd.variable, "COURSE_TEST_OWN", python=another) == "own"
    wanted = {"PYTHONPATH": "/such/a/folder"}
    assert call(odd.variable, "PYTHONPATH", python=another, environment=wanted) == "/such/a/folder"


FOUND = find_interpreters().interpreters


@pytest.mark.parametrize("one", FOUND, ids=lambda one: one.label)
def test_an_experiment_runs_in_any_interpreter_that_is_new_enough(one: Interpreter) -> None:
    """Nothing is installed there; dataclasses come back as dicts."""
    if one.version < (3, 11):
        with pytest.raises(WorkerFailed, match=r"^machine raised .* need Python 3\.11 or newer"):
            call(machine, python=one.path)
    else:
        found = call(machine, python=one.path)
        assert found["version"] == list(one.version)
        assert found["gil"] is one.gil
        assert found["cores"] == machine().cores


def test_an_experiment_gets_arguments_and_gives_enums_by_value() -> None:
    assert call(checked, True, "seen") == {
        "outcome": Outcome.HOLDS.value,
        "evidence": "seen",
        "reason": "",
    }


@pytest.mark.parametrize("one", FOUND, ids=lambda one: one.label)
def test_a_worker_runs_in_any_interpreter(one: Interpreter) -> None:
    told: list[float] = []
    found = call(side_by_side.run, "threads", 3, python=one.path, progress=told.append)
    assert found["version"] == list(one.version)
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("one", [o for o in FOUND if o.free_threaded], ids=lambda one: one.label)
def test_the_gil_is_switched_by_variable_or_option(one: Interpreter) -> None:
    for setting, gil in (("1", True), ("0", False)):
        variable = {"PYTHON_GIL": setting}
        assert call(gil_enabled, python=one.path, environment=variable) is gil
        assert call(gil_enabled, python=one.path, options=("-X", f"gil={setting}")) is gil


@pytest.mark.parametrize("one", [o for o in FOUND if o.jit is not None], ids=lambda one: one.label)
def test_the_jit_is_switched_by_a_variable(one: Interpreter) -> None:
    for setting in (True, False):
        variable = {"PYTHON_JIT": str(int(setting))}
        assert call(identity, python=one.path, environment=variable)["jit"] is setting
