"""What the GIL hid in Python code, and a small C module that brings it back."""

from __future__ import annotations

import importlib
import shlex
import subprocess
import sys
import sysconfig
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from helpers.workers.interpreters import identity
from helpers.workers.timeline import gil_enabled

THREADS = 4
_ENOUGH_S = 0.2  # for what a lock protects: nothing is to be waited for


def drain(iterator: Iterator[int], got: list[int], start: threading.Barrier) -> None:
    """Take what is left, until nothing is left."""
    start.wait()
    for number in iterator:
        got.append(number)


def drain_under_a_lock(
    iterator: Iterator[int], got: list[int], start: threading.Barrier, lock: threading.Lock
) -> None:
    """The same, but only one thread at a time asks the iterator."""
    start.wait()
    while True:
        with lock:
            number = next(iterator, None)
        if number is None:
            return
        got.append(number)


def shared_iterator(count: int, locked: bool) -> list[int]:
    """Threads empty one list iterator. Returns [numbers that they got, different ones of these]."""
    iterator = iter(list(range(count)))
    got: list[list[int]] = [[] for _ in range(THREADS)]
    start, lock = threading.Barrier(THREADS), threading.Lock()
    if locked:
        in_threads(lambda n: drain_under_a_lock(iterator, got[n], start, lock))
    else:
        in_threads(lambda n: drain(iterator, got[n], start))
    numbers = [number for row in got for number in row]
    return [len(numbers), len(set(numbers))]


def shared_list(times: int) -> int:
    """Threads append to one list, so many times each. Returns how long it is then."""
    items: list[int] = []
    start = threading.Barrier(THREADS)

    def fill() -> None:
        start.wait()
        for number in range(times):
            items.append(number)

    in_threads(lambda _: fill())
    return len(items)


def shared_counter(times: int) -> int:
    """Threads add one to a counter, so many times each. Returns what it has counted."""
    counter = 0
    start = threading.Barrier(THREADS)

    def count() -> None:
        nonlocal counter
        start.wait()
        for _ in range(times):
            counter += 1

    in_threads(lambda _: count())
    return counter


def in_threads(work: Callable[[int], None]) -> None:
    """Call it in THREADS threads, each with its number, and wait for all."""
    crowd = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()


def hidden_races(times: int, seconds: float) -> dict[str, Any]:
    """Do each of these again and again, for so many seconds at most, until something goes wrong.

    Returns what `identity` does, and of the last round, with ``times`` for each thread:
    ``{"counter": counted, "list": its length, "iterator": [got, different], "locked": the same}``.
    """
    right, briefly = THREADS * times, min(seconds, _ENOUGH_S)
    return {
        **identity(),
        "counter": until_wrong(lambda: shared_counter(times), right, seconds),
        "list": until_wrong(lambda: shared_list(times), right, briefly),
        "iterator": until_wrong(lambda: shared_iterator(right, False), [right, right], seconds),
        "locked": until_wrong(lambda: shared_iterator(right, True), [right, right], briefly),
    }


def until_wrong(do: Callable[[], Any], right: Any, seconds: float) -> Any:
    """What it returned at last: something else than what is right, or time was up."""
    until = time.monotonic() + seconds
    while True:
        found = do()
        if found != right or time.monotonic() > until:
            return found


# Two modules of one source. Only one says that it can do without the GIL.
# Source: https://docs.python.org/3/howto/free-threading-extensions.html
EXTENSION = """\
#include <Python.h>

static PyModuleDef_Slot slots[] = {
#ifdef DECLARES
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL}
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = NAME, .m_slots = slots
};

PyMODINIT_FUNC INIT(void) { return PyModuleDef_Init(&module); }
"""


def import_extension(folder: str, declares: bool) -> dict[str, Any]:
    """Compile the module into a folder and import it: ``{"before", "after", "warning"}``.

    before, after: whether there is a GIL. warning: what Python says at the import, or "".
    Raises RuntimeError where it can't be compiled: it takes a C compiler and Python's headers.
    """
    name = "it_declares" if declares else "it_says_nothing"
    compile_extension(Path(folder), name, declares)
    sys.path.insert(0, folder)
    before = gil_enabled()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        importlib.import_module(name)
    said = str(caught[0].message) if caught else ""
    return {"before": before, "after": gil_enabled(), "warning": said}


def compile_extension(folder: Path, name: str, declares: bool) -> None:
    """Make a module of EXTENSION, under this name, as a file in the folder."""
    source = folder / f"{name}.c"
    source.write_text(EXTENSION, encoding="utf-8")
    made = folder / (name + str(sysconfig.get_config_var("EXT_SUFFIX")))
    command = shlex.split(sysconfig.get_config_var("LDSHARED") or "cc -shared")
    command += ["-fPIC", "-O0", f'-DNAME="{name}"', f"-DINIT=PyInit_{name}"]
    command += ["-DDECLARES"] if declares else []
    command += [f"-I{sysconfig.get_path('include')}", str(source), "-o", str(made)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise RuntimeError(f"no C compiler: {error}") from None
    if done.returncode:
        raise RuntimeError(f"the C compiler says: {done.stderr.strip().splitlines()[-1]}")
