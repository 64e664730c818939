"""The frame of every lab: run, stop, errors, redraw, and the kernel's interrupt."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from helpers.draw.picture import Picture, Table, new_figure
from helpers.labs.job import Job
from helpers.labs.panel import Lab, choice, number, several
from helpers.measure.elsewhere import Stopped, WorkerFailed

Measure = Callable[[dict[str, Any], Job], Any]


def draw(data: Any, settings: dict[str, Any]) -> Picture:
    if settings["shown"] == "nothing":
        raise ValueError("shown must be something")
    return Picture(new_figure("Lab", 1.0), f"{data} with {settings}")


def make(measure: Measure) -> Lab[Any]:
    return Lab(
        "count <things>",
        {
            "threads": number("threads", 2, 1, 8),
            "shown": choice("shown", ["all", "half", "nothing"], "all"),
        },
        measure,
        draw,
        view=("shown",),
    )


def said(lab: Lab[Any]) -> str:
    return unescape(re.sub("<.*?>", "", lab.status.value))


class Slow:
    """A measurement that goes on until it is let go or stopped."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.go = threading.Event()
        self.seen: list[dict[str, Any]] = []

    def __call__(self, settings: dict[str, Any], job: Job) -> str:
        self.seen.append(settings)
        job.progress(0.25)
        self.began.set()
        while not self.go.wait(0.005):
            job.check()
        return "data"


@pytest.fixture
def slow() -> Iterator[Slow]:
    before = set(threading.enumerate())
    measure = Slow()
    yield measure
    measure.go.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    assert set(threading.enumerate()) <= before


def test_a_run_gives_data_and_a_picture() -> None:
    lab = make(lambda settings, job: settings["threads"] * 10)
    assert said(lab) == "Set the controls and press Run."
    assert lab.picture is None
    assert lab.set(threads=3).run() is lab
    assert lab.data == 30
    assert lab.picture is not None
    assert lab.picture.text == "30 with {'threads': 3, 'shown': 'all'}"
    assert lab.picture.html == lab.image.value
    assert said(lab) == "Done."


def test_while_it_runs_only_stop_can_be_pressed(slow: Slow) -> None:
    lab = make(slow)
    buttons = lab.run_button, lab.stop_button
    assert [button.disabled for button in buttons] == [False, True]
    lab.run_button.click()
    assert slow.began.wait(10)
    assert lab.running
    assert [button.disabled for button in buttons] == [True, False]
    assert said(lab) == "Measuring …"
    assert lab.progress.value == 25
    assert lab.progress.layout.visibility == "visible"
    slow.go.set()
    lab.wait(10)
    assert [button.disabled for button in buttons] == [False, True]
    assert lab.progress.layout.visibility == "hidden"
    assert not lab.running


def test_a_second_start_does_nothing_while_one_runs(slow: Slow) -> None:
    lab = make(slow)
    lab.start()
    assert slow.began.wait(10)
    lab.start()
    slow.go.set()
    lab.wait(10)
    assert len(slow.seen) == 1


def test_stop_keeps_the_picture_of_the_run_before(slow: Slow) -> None:
    lab = make(slow)
    slow.go.set()
    first = lab.run().picture
    slow.go.clear()
    slow.began.clear()
    lab.start()
    assert slow.began.wait(10)
    lab.stop_button.click()
    lab.wait(10)
    assert said(lab).startswith("Stopped.")
    assert lab.picture is first
    assert lab.data == "data"
    assert not lab.run_button.disabled


def test_a_stop_that_comes_too_late_for_the_measurement_still_stops() -> None:
    lab: Lab[Any] = make(lambda settings, job: job.stop.set())
    lab.run()
    assert said(lab).startswith("Stopped.")
    assert lab.picture is None


def test_stop_before_any_run_does_nothing() -> None:
    lab = make(lambda settings, job: 1)
    lab.stop()
    assert lab.run().data == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("threads must be odd"), "This didn't work: threads must be odd"),
        (WorkerFailed("f raised X\nTraceback:\n..."), "This didn't work: f raised X"),
        (TimeoutError("f had not ended"), "This didn't work: f had not ended"),
        (ValueError(), "This didn't work: ValueError"),
        (TypeError("a < b"), "This didn't work: a < b"),
        (Stopped("stopped"), "Stopped."),
    ],
)
def test_an_error_is_told_in_words(error: Exception, words: str) -> None:
    def fail(settings: dict[str, Any], job: Job) -> None:
        raise error

    lab = make(fail).run()
    assert said(lab).startswith(words)
    assert "Traceback" not in said(lab)
    assert not lab.run_button.disabled
    assert lab.data is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_that_nobody_foresaw_is_told_and_seen() -> None:
    uncaught: list[Any] = []
    threading.excepthook, before = uncaught.append, threading.excepthook
    try:
        lab = make(lambda settings, job: 1 // 0).run()
    finally:
        threading.excepthook = before
    assert said(lab).startswith("This didn't work: ZeroDivisionError: ")
    assert [error.exc_type for error in uncaught] == [ZeroDivisionError]
    assert not lab.run_button.disabled


def test_a_view_control_redraws_at_once_without_measuring(slow: Slow) -> None:
    slow.go.set()
    lab = make(slow).set(threads=2).run()
    lab.set(shown="half")
    assert lab.picture is not None
    assert lab.picture.text == "data with {'threads': 2, 'shown': 'half'}"
    assert len(slow.seen) == 1


def test_data_are_drawn_with_the_settings_they_were_measured_with(slow: Slow) -> None:
    slow.go.set()
    lab = make(slow).set(threads=2).run()
    lab.set(threads=8, shown="half")
    assert lab.picture is not None
    assert lab.picture.text == "data with {'threads': 2, 'shown': 'half'}"


def test_a_control_set_during_a_run_is_for_the_next(slow: Slow) -> None:
    lab = make(slow)
    lab.start()
    assert slow.began.wait(10)
    lab.set(threads=8)
    slow.go.set()
    lab.wait(10)
    assert lab.picture is not None
    assert lab.picture.text == "data with {'threads': 2, 'shown': 'all'}"


def test_a_view_changed_during_a_run_does_not_say_that_it_is_done(slow: Slow) -> None:
    slow.go.set()
    lab = make(slow).run()
    slow.go.clear()
    slow.began.clear()
    lab.start()
    assert slow.began.wait(10)
    lab.set(shown="half")
    assert said(lab) == "Measuring …"
    lab.stop()
    lab.wait(10)


def test_a_view_that_can_not_be_drawn_is_told() -> None:
    lab = make(lambda settings, job: 1).run()
    picture = lab.picture
    lab.set(shown="nothing")
    assert said(lab) == "This can't be drawn: shown must be something"
    assert lab.picture is picture
    lab.set(shown="half")
    assert said(lab) == "Done."


def test_a_view_without_data_draws_nothing() -> None:
    lab = make(lambda settings, job: 1).set(shown="half")
    assert lab.picture is None
    assert said(lab) == "Set the controls and press Run."


def test_names_that_do_not_exist_are_refused() -> None:
    lab = make(lambda settings, job: 1)
    with pytest.raises(ValueError, match=r"^no control 'nothreads'; there are \['threads', 'sho"):
        lab.set(nothreads=1)
    with pytest.raises(ValueError, match=r"^view names 'colour', which is not among"):
        Lab("x", {}, lambda settings, job: 1, draw, view=("colour",))


def test_waiting_has_an_end(slow: Slow) -> None:
    lab = make(slow)
    lab.start()
    with pytest.raises(TimeoutError, match=r"^the lab had not ended after 0.01 s"):
        lab.wait(0.01)
    lab.stop()
    lab.wait(10)


def test_an_interrupt_of_run_stops_the_measurement(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Ctrl-C does while a cell waits for ``lab.run()``."""
    lab = make(slow)
    wait, calls = lab.wait, []

    def interrupted(seconds: float | None = None) -> None:
        calls.append(seconds)
        if len(calls) == 1:
            raise KeyboardInterrupt
        wait(seconds)

    monkeypatch.setattr(lab, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lab.run()
    assert not lab.running
    assert said(lab).startswith("Stopped.")


def test_progress_stays_between_its_ends_and_stops() -> None:
    seen: list[float] = []
    job = Job(seen.append)
    for done in (-1, 0.5, 7):
        job.progress(done)
    assert seen == [0, 0.5, 1]
    job.stop.set()
    with pytest.raises(Stopped):
        job.progress(0.6)
    assert len(seen) == 3


def test_a_lab_can_show_a_table() -> None:
    table = Table("One row.", ("a",), (("1",),))
    lab: Lab[int] = Lab("x", {}, lambda settings, job: 1, lambda data, settings: table)
    assert lab.run().image.value == table.html


def test_a_stored_notebook_shows_title_and_picture() -> None:
    lab = make(lambda settings, job: 1)
    assert "<img" not in lab._repr_mimebundle_()["text/html"]
    bundle = lab.run()._repr_mimebundle_()
    assert "count &lt;things&gt;" in bundle["text/html"]
    assert "<img alt=" in bundle["text/html"]
    assert bundle["text/plain"] == "<Lab: count <things>>"
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_controls_have_names_and_bounds() -> None:
    field = number("threads", 2, 1, 8)
    assert field.description == "threads"
    field.value = 99
    assert field.value == 8
    listed = choice("kind of work", {"pure Python": 1, "hashing": 2}, 2)
    assert (listed.description, listed.value) == ("kind of work", 2)
    assert choice("n", [1, 2], 1).options == (1, 2)
    many = several("kinds", {"pure Python": 1, "hashing": 2, "waiting": 3}, [3, 1])
    assert (many.description, many.value) == ("kinds", (3, 1))
    many.value = ()
    assert many.value == ()


# A real kernel

CELLS = {
    "a lab": """
import asyncio, pathlib, threading, time
from helpers.draw.picture import Picture, new_figure
from helpers.labs.panel import Lab
loop = asyncio.get_running_loop()
def measure(settings, job):
    (folder / "began").touch()
    # Not once it has ended: the next lab would seem to be under way.
    idle = lambda: lab.running and (folder / "idle").touch()
    loop.call_soon_threadsafe(loop.call_later, 0.1, idle)
    while True:
        job.check()
        time.sleep(0.01)
lab = Lab("x", {}, measure, lambda data, settings: Picture(new_figure("x"), "x"))
threads = set(threading.enumerate())
""",
    "its state": """
until = time.monotonic() + 2
while lab.running and time.monotonic() < until:
    time.sleep(0.01)
print(lab.running, "Stopped." in lab.status.value, set(threading.enumerate()) <= threads)
for file in folder.iterdir():
    file.unlink()
""",
}


class Kernel:
    """A kernel in a process of its own, as JupyterLab starts it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manager = KernelManager()
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def end(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def send(self, code: str) -> str:
        return str(self.client.execute(code))

    def finish(self, cell: str) -> list[str]:
        """Wait for the cell to end; what it printed, and the name of its exception."""
        said = []
        while True:
            message = self.client.get_iopub_msg(timeout=30)
            if message["parent_header"].get("msg_id") != cell:
                continue
            content = message["content"]
            if message["msg_type"] == "stream":
                said.append(content["text"].strip())
            if message["msg_type"] == "error":
                said.append(content["ename"])
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return said

    def run(self, code: str) -> list[str]:
        return self.finish(self.send(code))

    def interrupt_when(self, file: str) -> None:
        """Interrupt once the lab has made this file: a cell that asked would keep it busy."""
        until = time.monotonic() + 30
        while not (self.folder / file).exists():
            assert time.monotonic() < until, "the lab did not start"
            time.sleep(0.01)
        self.manager.interrupt_kernel()
        time.sleep(0.1)  # the signal and the next cell travel on two roads


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp("kernel"))
    assert kernel.run(f"{CELLS['a lab']}\nfolder = pathlib.Path({str(kernel.folder)!r})") == []
    yield kernel
    kernel.end()


STARTS = {
    "in a cell": "lab.start()",
    "in an awaiting cell": "await asyncio.sleep(0); lab.start(); await asyncio.sleep(0.05)",
    "between two cells": "asyncio.get_running_loop().call_later(0.05, lab.start); None",
    "from a thread": "threading.Timer(0.05, lab.start).start()",
    "by the button": "asyncio.get_running_loop().call_later(0.05, lab.run_button.click); None",
}


@pytest.mark.parametrize("start", STARTS)
def test_interrupting_the_kernel_stops_a_lab(start: str, kernel: Kernel) -> None:
    assert kernel.run(STARTS[start]) == []
    kernel.interrupt_when("idle")
    assert kernel.run(CELLS["its state"]) == ["False True True"]
    assert kernel.manager.is_alive()


def test_interrupting_a_cell_that_runs_a_lab_stops_both(kernel: Kernel) -> None:
    cell = kernel.send("lab.run()")
    kernel.interrupt_when("began")
    assert kernel.finish(cell) == ["KeyboardInterrupt"]
    assert kernel.run(CELLS["its state"]) == ["False True True"]


def test_interrupting_a_cell_that_awaits_beside_a_lab_stops_both(kernel: Kernel) -> None:
    cell = kernel.send("lab.start(); await asyncio.sleep(600)")
    kernel.interrupt_when("idle")
    assert kernel.finish(cell) == ["CancelledError"]
    assert kernel.run(CELLS["its state"]) == ["False True True"]


def test_an_interrupt_without_a_lab_leaves_the_kernel_alive(kernel: Kernel) -> None:
    kernel.manager.interrupt_kernel()
    time.sleep(0.1)
    assert kernel.run("print(1 + 1)") == ["2"]
    assert kernel.run("raise KeyError") == ["KeyError"]
