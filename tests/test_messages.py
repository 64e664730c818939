"""Processes that talk: queues, pipes, shared memory, and how long their messages take."""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import pytest

from helpers.draw import messages as draw
from helpers.labs.messages import messages_lab
from helpers.measure import messages as measure
from helpers.measure.elsewhere import Stopped
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.messages import PipeEnds, Transfers
from helpers.workers import messages as workers

METHODS = [
    m for m in ("fork", "spawn", "forkserver") if m in multiprocessing.get_all_start_methods()
]
PATIENCE_S = 60.0


@pytest.fixture(params=METHODS)
def context(request: pytest.FixtureRequest) -> Any:
    return multiprocessing.get_context(request.param)


def run(context: Any, target: Any, *args: Any) -> Any:
    child = context.Process(target=target, args=args, daemon=True)
    child.start()
    return child


def test_numbers_go_round(context: Any) -> None:
    numbers, results = context.Queue(), context.Queue()
    children = [
        run(context, workers.produce, numbers, 4),
        run(context, workers.squares, numbers, results),
    ]
    received = []
    while (square := results.get(timeout=PATIENCE_S)) is not None:
        received.append(square)
    for child in children:
        child.join(PATIENCE_S)
    assert received == [0, 1, 4, 9]
    assert [child.exitcode for child in children] == [0, 0]


def test_tasks_are_reported(context: Any) -> None:
    tasks, results = context.JoinableQueue(), context.SimpleQueue()
    child = run(context, workers.work_off, tasks, results)
    for number in range(3):
        tasks.put(number)
    tasks.join()
    assert [results.get() for _ in range(3)] == [0, 1, 4]
    child.terminate()
    child.join(PATIENCE_S)


def test_with_the_lock_no_doubling_is_lost(context: Any) -> None:
    array, start = context.Array("i", [1] * 20), context.Barrier(2)
    children = [run(context, workers.double_all_locked, array, start) for _ in range(2)]
    for child in children:
        child.join(PATIENCE_S)
    assert list(array) == [4] * 20


def test_without_the_lock_each_element_is_doubled_once_or_twice(context: Any) -> None:
    array, start = context.Array("i", [1] * 20), context.Barrier(2)
    children = [run(context, workers.double_all, array, start) for _ in range(2)]
    for child in children:
        child.join(PATIENCE_S)
    assert set(array) <= {2, 4}


def test_no_addition_is_lost(context: Any) -> None:
    total = context.Value("i", 0)
    children = [run(context, workers.count_up, total, 300) for _ in range(2)]
    for child in children:
        child.join(PATIENCE_S)
    assert total.value == 600


def test_words_are_counted() -> None:
    counts: dict[str, int] = {}
    workers.count_words(counts, ["tea", "milk", "tea"])
    assert counts == {"tea": 2, "milk": 1}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("plan", range(4))
def test_how_a_pipe_ends(method: str, plan: int) -> None:
    before = belongings()
    ended = workers.pipe_ends(method, workers.PLANS[plan])
    after_both = "it waits for ever" if method == "fork" else "EOFError"
    assert ended == ["it waits for ever", after_both, "EOFError", "None"][plan]
    assert left_since(before, patience=10) == []


def test_an_unknown_plan_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^plan must be one of"):
        workers.pipe_ends("spawn", "hope")


@pytest.mark.parametrize("kind", workers.KINDS)
def test_each_kind_carries_each_size(kind: str) -> None:
    before = belongings()
    found = workers.transfer_times(kind, [1, 3_000, 100_000], [2, 1, 1])
    assert [len(seconds) for seconds in found] == [2, 1, 1]
    assert all(second > 0 for seconds in found for second in seconds)
    assert left_since(before, patience=10) == []


def test_sizes_that_an_array_would_take_seconds_for_are_left_out() -> None:
    sizes = [10, workers.SLOW_FROM + 1]
    assert [len(s) for s in workers.transfer_times("Array", sizes, [1, 1])] == [1, 0]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("kind", ("Post", [1], [1])),
        ("sizes", ("Pipe", [], [])),
        ("sizes", ("Pipe", [0], [1])),
        ("repeats", ("Pipe", [1], [0])),
        ("repeats", ("Pipe", [1], [1, 2])),
    ],
)
def test_bad_arguments_of_transfers_are_named(name: str, arguments: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} must"):
        workers.transfer_times(*arguments)


def test_transfers_are_measured_with_progress() -> None:
    done: list[float] = []
    found = measure.transfers([64, 1], ["Pipe", "SharedMemory"], progress=done.append)
    assert found.kinds() == ["Pipe", "SharedMemory"]
    assert found.sizes("Pipe") == [1, 64]
    assert found.throughput("Pipe", 64) == pytest.approx(64 / found.latency_s("Pipe", 64))
    assert done == sorted(done)


def test_bad_sizes_and_kinds_are_named() -> None:
    with pytest.raises(ValueError, match=r"^sizes must lie between"):
        measure.transfers([measure.SIZES[-1] + 1])
    with pytest.raises(ValueError, match=r"^kinds must be some of"):
        measure.transfers([1], ["Post"])


def test_a_stop_ends_a_transfer() -> None:
    stop = threading.Event()
    stop.set()
    before = belongings()
    with pytest.raises(Stopped):
        measure.transfers(stop=stop)
    assert left_since(before, patience=10) == []


def test_numpy_on_both_sides_of_shared_memory() -> None:
    segment = SharedMemory(create=True, size=8 * 4)
    try:
        numbers = measure.as_array(segment, 4)
        numbers[:] = 3
        child = run(multiprocessing.get_context("spawn"), measure.double_in_place, segment.name, 4)
        child.join(PATIENCE_S)
        assert child.exitcode == 0
        assert numbers.tolist() == [6.0] * 4
        del numbers
    finally:
        segment.close()
        segment.unlink()


def some() -> Transfers:
    return Transfers({("Pipe", 1): (2e-6,), ("Pipe", 1 << 20): (1e-3,), ("Queue", 1): (4e-6,)})


def test_the_quickest_is_read_off() -> None:
    assert some().quickest(1) == "Pipe"
    assert (
        draw.describe(some()) == "The quickest here (medians): 1 B Pipe (2 µs), 1 MiB Pipe (1 ms)."
    )


@pytest.mark.parametrize("what", [draw.LATENCY, draw.THROUGHPUT])
def test_transfers_are_drawn(what: str) -> None:
    picture = draw.transfers(some(), what)
    [axes] = picture.figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1 B", "1 MiB"]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert picture.png.startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"^what must be"):
        draw.transfers(some(), "colour")


def test_the_table_of_pipes_has_a_column_for_each_method() -> None:
    found = PipeEnds({("a", "fork"): "None", ("a", "spawn"): "EOFError"}, ("fork", "spawn"))
    table = draw.pipe_ends(found)
    assert table.columns == ("", "fork", "spawn")
    assert table.rows == [("a", "None", "EOFError")]


def test_the_lab_measures_and_redraws() -> None:
    lab = messages_lab().set(kinds=("Pipe",), largest=measure.SIZES[2]).run()
    assert "Done." in lab.status.value
    first = lab.picture
    lab.set(what=draw.THROUGHPUT)
    assert lab.picture is not first
    assert [c.description for c in lab.controls.values()] == ["Ways", "Up to", "Show"]
