"""What is left is named, what a kernel and multiprocessing keep for themselves is not."""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context, shared_memory
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from helpers.measure.leftovers import belongings, left_since
from helpers.measure.segments import mapped_by, remove

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="seen on Linux only")
not_on_windows = pytest.mark.skipif(sys.platform == "win32", reason="not seen on Windows")


@contextmanager
def thread() -> Iterator[None]:
    go_on = threading.Event()
    left = threading.Thread(target=go_on.wait)
    left.start()
    yield
    go_on.set()
    left.join()


@contextmanager
def process(kind: Callable[..., BaseProcess]) -> Iterator[None]:
    left = kind(target=time.sleep, args=(60,))
    left.start()
    yield
    left.kill()
    left.join()


@contextmanager
def program() -> Iterator[None]:
    """Not multiprocessing's, so its ``active_children`` doesn't know it."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as left:
        yield
        left.kill()


@contextmanager
def segment() -> Iterator[None]:
    left = shared_memory.SharedMemory(create=True, size=1)
    yield
    left.close()
    left.unlink()


@contextmanager
def semaphore() -> Iterator[None]:
    left = get_context("spawn").Semaphore()
    yield
    del left


@contextmanager
def listener() -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 0)):
        yield


@contextmanager
def connection() -> Iterator[None]:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()),
    ):
        yield


KINDS = [
    pytest.param(thread, "threads: Thread-", id="thread"),
    pytest.param(
        lambda: process(get_context("spawn").Process), "processes: ", id="spawned process"
    ),
    pytest.param(
        lambda: process(get_context("forkserver").Process),
        "processes: ",
        id="fork server's",
        marks=on_linux,
    ),
    pytest.param(program, "processes: ", id="program"),
    pytest.param(segment, "shared memory: ", id="segment", marks=on_linux),
    pytest.param(semaphore, "shared memory: ", id="semaphore", marks=on_linux),
    pytest.param(listener, "sockets: port ", id="listener", marks=not_on_windows),
    pytest.param(connection, "sockets: from port ", id="connection", marks=not_on_windows),
]


@pytest.mark.parametrize(("make", "named"), KINDS)
def test_what_is_there_is_named_until_it_has_gone(
    make: Callable[[], AbstractContextManager[None]], named: str
) -> None:
    before = belongings()
    with make():
        left = left_since(before, patience=0)
        assert any(name.startswith(named) for name in left), left
    assert left_since(before, patience=10) == []


def test_a_task_is_named_unless_it_is_a_cell_that_waits_its_turn() -> None:
    async def look() -> list[str]:
        before = belongings()
        forgotten = asyncio.create_task(asyncio.sleep(60), name="forgotten")
        # ipykernel runs what it receives in coroutines of its own, told by their file.
        code = compile("async def cell(): pass", "/site-packages/ipykernel/kernelbase.py", "exec")
        names: dict[str, Callable[[], types.CoroutineType[None, None, None]]] = {}
        exec(code, names)
        cell = asyncio.create_task(names["cell"]())
        left = left_since(before, patience=0)
        forgotten.cancel()
        await cell
        return left

    assert asyncio.run(look()) == ["tasks: forgotten"]


@pytest.mark.parametrize(
    # JupyterLab may start a subshell at any time; zmq's thread comes with the first large message.
    ("name", "module"),
    [("SubshellThread", "ipykernel.subshell"), ("GarbageCollectorThread", "zmq.utils.garbage")],
)
def test_a_thread_of_the_kernels_own_is_not_named(name: str, module: str) -> None:
    before = belongings()
    go_on = threading.Event()
    kernels = type(name, (threading.Thread,), {"__module__": module})
    left = kernels(target=go_on.wait)
    left.start()
    try:
        assert left_since(before, patience=0) == []
    finally:
        go_on.set()
        left.join()


@on_linux
def test_a_segment_that_another_program_holds_is_not_ours() -> None:
    """Two courses open side by side must not blame each other."""
    code = (
        "import sys; from multiprocessing import get_context, shared_memory as s; "
        "m = s.SharedMemory(create=True, size=1); print(m.name, flush=True); "
        "sys.stdin.read(); m.close(); m.unlink()"
    )
    before = belongings()
    until, end = os.pipe()
    # The shell ends at once, and so the program is no child of ours.
    orphan = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} <&{until} &"
    with subprocess.Popen(
        ["sh", "-c", orphan], stdout=subprocess.PIPE, text=True, pass_fds=[until]
    ) as shell:
        os.close(until)
        shell.wait()
        assert shell.stdout is not None
        name = shell.stdout.readline().strip()
        try:
            assert Path("/dev/shm", name).exists()
            left = left_since(before, patience=0)
            assert not any(name in each for each in left), left
        finally:
            os.close(end)
            shell.stdout.read()  # ends when the program does


def test_patience_must_not_be_negative() -> None:
    with pytest.raises(ValueError, match=r"^patience must not be negative"):
        left_since(belongings(), patience=-1)


@on_linux
def test_a_semaphore_that_is_being_made_has_an_owner() -> None:
    """It is open before it is mapped, and whoever makes it may be killed in between."""
    path = Path("/dev/shm", f"sem.test-{os.getpid()}")
    with path.open("wb") as file:
        try:
            inode = os.fstat(file.fileno()).st_ino
            assert inode in mapped_by([os.getpid()])
            remove([inode])
            assert not path.exists()
        finally:
            path.unlink(missing_ok=True)
    assert inode not in mapped_by([os.getpid()])


@on_linux
def test_a_lock_that_numba_keeps_is_not_left_and_any_other_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = belongings()
    kept, other = get_context("spawn").RLock(), get_context("spawn").RLock()
    assert len(left_since(before, patience=0)) == 2
    module = types.ModuleType("parallel")
    module._backend_init_process_lock = kept  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "numba.np.ufunc.parallel", module)
    [left] = left_since(before, patience=0)
    assert "sem.mp-" in left
    del other
    assert left_since(before) == []
