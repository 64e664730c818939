"""The watched event loop: it notes every step, and changes nothing of what a program does."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.draw import event_loop as draw
from helpers.labs.event_loop import event_loop_lab
from helpers.measure import event_loop as measure
from helpers.measure.elsewhere import Stopped
from helpers.measure.event_loop import Lateness, timeline, watch
from helpers.measure.leftovers import belongings, left_since
from helpers.measure.timeline import State
from helpers.measure.verdict import Outcome
from helpers.workers import event_loop as workers

MS = 1_000_000


def lanes_of(found: dict[str, Any]) -> dict[str, Any]:
    return {lane["lane"]: lane for lane in found["lanes"]}


@settings(max_examples=20)
@given(waits=st.lists(st.integers(0, 4), min_size=1, max_size=5))
def test_every_step_is_noted(waits: list[int]) -> None:
    """A task that awaits n times takes n + 1 steps."""

    async def work(times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(0)

    async def main() -> None:
        names = [f"task {number}" for number in range(len(waits))]
        await asyncio.gather(
            *(asyncio.create_task(work(n), name=name) for n, name in zip(waits, names, strict=True))
        )

    found = lanes_of(workers.run(main))
    assert list(found) == ["main", *(f"task {number}" for number in range(len(waits)))]
    assert [len(found[f"task {n}"]["steps"]) for n in range(len(waits))] == [w + 1 for w in waits]


def test_steps_are_in_order_and_never_two_at_once() -> None:
    found = workers.scene(4, 0.001, 0.002, "nobody", 0.0)
    steps = sorted(step for lane in found["lanes"] for step in lane["steps"])
    assert all(ready <= start <= end for ready, start, end in steps)
    by_start = sorted((start, end) for _, start, end in steps)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(by_start))


def test_the_order_of_what_runs_is_as_in_an_ordinary_loop() -> None:
    async def main() -> list[str]:
        seen: list[str] = []

        async def work(name: str) -> None:
            for turn in range(3):
                seen.append(f"{name}{turn}")
                await asyncio.sleep(0)

        await asyncio.gather(*(work(name) for name in "abc"))
        return seen

    watched: list[list[str]] = []

    async def keep() -> None:
        watched.append(await main())

    workers.run(keep)
    assert watched == [asyncio.run(main())]


def test_an_exception_passes_through_unchanged() -> None:
    async def main() -> None:
        await asyncio.sleep(0)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        workers.run(main)


def test_a_cancellation_arrives_and_can_be_caught() -> None:
    seen: list[str] = []

    async def patient() -> None:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def main() -> None:
        task = asyncio.create_task(patient(), name="patient")
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    found = lanes_of(workers.run(main))
    assert seen == ["cancelled"]
    assert len(found["patient"]["steps"]) == 2


def test_what_main_leaves_running_is_cancelled() -> None:
    ended: list[str] = []

    async def straggler() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            ended.append("straggler")

    kept: list[Any] = []

    async def main() -> None:
        kept.append(asyncio.create_task(straggler(), name="straggler"))
        await asyncio.sleep(0)

    before = belongings()
    workers.run(main)
    assert ended == ["straggler"]
    assert left_since(before) == []


def test_one_that_takes_too_long_is_ended() -> None:
    async def main() -> None:
        await asyncio.sleep(600)

    with pytest.raises(TimeoutError, match=r"0\.05 s"):
        workers.run(main, most_s=0.05)


def test_a_blocking_call_is_noted_inside_its_step() -> None:
    found = lanes_of(workers.scene(2, 0.001, 0.001, "one task, with time.sleep", 0.02))
    [(start, end)] = found["task 1"]["blocks"]
    assert end - start >= 20 * MS
    assert any(step[1] <= start and end <= step[2] for step in found["task 1"]["steps"])
    assert found["task 2"]["blocks"] == []


def test_outside_a_watched_loop_block_only_sleeps() -> None:
    async def main() -> str:
        workers.block(0.001)
        return "slept"

    assert asyncio.run(main()) == "slept"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_scene_runs_in_a_child_process_too(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        found = pool.submit(workers.scene, 2, 0.001, 0.001, "nobody", 0.0).result(60)
    assert len(found["lanes"]) == 3


@pytest.mark.parametrize("blocks", workers.BLOCKS)
def test_a_scene_has_a_lane_for_each_task(blocks: str) -> None:
    found = measure.scene(3, 1, blocks)
    assert found.timeline.lanes == ("main", "task 1", "task 2", "task 3")
    assert found.timeline.at_once_ns(State.RUNNING) == 0
    assert bool(found.timeline.of(State.SLEEPING)) == (blocks == workers.BLOCKS[1])
    picture = draw.scene(found)
    assert picture.text.startswith("4 tasks over ")
    assert picture.png.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("tasks", (0, 5, "nobody")),
        ("tasks", (9, 5, "nobody")),
        ("compute_ms", (2, 0, "nobody")),
        ("blocks", (2, 5, "everybody")),
    ],
)
def test_bad_arguments_of_a_scene_are_named(name: str, arguments: tuple[int, int, str]) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be"):
        measure.scene(*arguments)


def test_bad_arguments_of_workers_are_named() -> None:
    with pytest.raises(ValueError, match=r"^blocks must be"):
        workers.scene(2, 0.001, 0.001, "everybody", 0.0)
    with pytest.raises(ValueError, match=r"^tasks must be"):
        workers.scene(0, 0.001, 0.001, "nobody", 0.0)
    with pytest.raises(ValueError, match=r"^threads must not"):
        workers.lateness(-1, 0.1, 0.001)
    for arguments, name in (((0, 0.1), "most_threads"), ((2, 0.0), "seconds")):
        with pytest.raises(ValueError, match=f"^{name} must be"):
            measure.lateness(*arguments)


def test_a_stop_ends_a_scene() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        measure.scene(8, 100, "nobody", stop)


def made(steps: list[list[int]], blocks: list[list[int]] | None = None) -> dict[str, Any]:
    return {"gil": True, "lanes": [{"lane": "t", "steps": steps, "blocks": blocks or []}]}


def seen(found: dict[str, Any]) -> list[tuple[State, int, int]]:
    return [(span.state, span.start_ns, span.end_ns) for span in timeline(found).spans]


def test_between_two_steps_a_task_awaits_then_is_ready() -> None:
    assert seen(made([[0, 2, 5], [8, 9, 12]])) == [
        (State.READY, 0, 2),
        (State.RUNNING, 2, 5),
        (State.AWAITING, 5, 8),
        (State.READY, 8, 9),
        (State.RUNNING, 9, 12),
    ]


def test_a_block_cuts_its_step() -> None:
    assert seen(made([[0, 0, 10]], [[3, 7]])) == [
        (State.RUNNING, 0, 3),
        (State.SLEEPING, 3, 7),
        (State.RUNNING, 7, 10),
    ]


def test_a_timer_that_was_due_during_the_step_before_is_no_wait() -> None:
    assert seen(made([[0, 0, 10], [4, 12, 13]]))[1:] == [
        (State.READY, 10, 12),
        (State.RUNNING, 12, 13),
    ]


def test_lanes_need_names_of_their_own() -> None:
    found = made([[0, 0, 1]])
    found["lanes"] *= 2
    with pytest.raises(ValueError, match=r"^found must have lanes of different names"):
        timeline(found)
    with pytest.raises(ValueError, match=r"^found must hold at least one lane"):
        timeline({"gil": True, "lanes": []})


def test_watch_runs_beside_a_running_loop() -> None:
    async def main() -> None:
        await asyncio.sleep(0.001)

    async def cell() -> tuple[str, ...]:
        return watch(main).lanes

    assert asyncio.run(cell()) == ("main",)


def late(alone: float, beside: float, busy: float | None = 0.0) -> Lateness:
    return Lateness(0.001, ((alone,) * 3, (beside,) * 3), gil=True, busy=busy)


def test_lateness_grows_or_not_or_can_not_be_told() -> None:
    assert late(0.0001, 0.005).grows().outcome is Outcome.HOLDS
    assert late(0.0001, 0.0002).grows().outcome is Outcome.FAILS
    assert late(0.0001, 0.0002, busy=1.0).grows().outcome is Outcome.UNTOLD


def test_lateness_is_measured_for_each_number_of_threads_and_drawn() -> None:
    found = measure.lateness(1, 0.05)
    assert [len(late_s) > 0 for late_s in found.late_s] == [True, True]
    picture = draw.lateness(found)
    assert picture.text.startswith("A timer of 1 ms comes too late by (medians): no thread ")
    assert picture.png.startswith(b"\x89PNG")


def test_the_sentence_of_one_task() -> None:
    found = timeline(made([[0, 2 * MS, 5 * MS]]))
    assert draw.describe(found) == (
        "1 task over 0.01 s: the loop ran 0.00 s of their code; a task that was ready waited 2 ms "
        "for its turn at most."
    )


def test_the_lab_measures_and_draws() -> None:
    lab = event_loop_lab().set(tasks=2, compute_ms=1, blocks="nobody").run()
    assert "Done." in lab.status.value
    assert lab.picture is not None
    assert lab.picture.text.startswith("3 tasks over ")
    assert [c.description for c in lab.controls.values()] == ["Tasks", "Each step", "Who blocks"]
