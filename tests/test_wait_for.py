"""Watched locks, the wait-for graph of them, its picture, and the way out of a deadlock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Queue
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.draw import wait_for as draw
from helpers.labs.wait_for import LiveGraph
from helpers.measure.interpreters import Interpreter, find_interpreters
from helpers.measure.wait_for import Holding, Place, Thread, WaitForGraph, graph
from helpers.workers.wait_for import Watch, WatchedLock, watch

PATIENCE_S = 20.0
# A thread that gives up gets a SystemExit: pytest reports it, Python itself doesn't.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

# What the tests watch: globals, as in a notebook.
first = threading.Lock()
second = threading.Lock()
again = threading.RLock()
locks: list[Any] = []
box: Any = None
events: list[str] = []
meet = threading.Barrier(2, timeout=PATIENCE_S)
go_on = threading.Event()


class Box:
    def __init__(self) -> None:
        self.lock = threading.Lock()


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    events.clear()
    locks.clear()
    meet.reset()
    go_on.clear()
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert not left
    assert not first.locked()
    assert not second.locked()


def one() -> None:
    with first:
        meet.wait()
        with second:
            events.append("one")


def other() -> None:
    with second:
        meet.wait()
        with first:
            events.append("other")


def run(*functions: Callable[[], object]) -> WaitForGraph:
    """Until all have ended or there is a deadlock; the graph then. The threads have ended."""
    with watch(globals()) as seen:
        threads = start(*functions)
        found = graph(seen.state())
        while not found.deadlock and any(thread.is_alive() for thread in threads):
            time.sleep(0.001)
            found = graph(seen.state())
    for thread in threads:
        thread.join(PATIENCE_S)
    return found


def start(*functions: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=one, name=one.__name__) for one in functions]
    for thread in threads:
        thread.start()
    return threads


def wait_until(so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < until
        time.sleep(0.001)


# Deadlocks


def test_two_locks_make_a_cycle_with_the_lines_where_each_waits() -> None:
    found = run(one, other)
    assert found.deadlock
    assert found.steps == (("one", "second"), ("other", "first"))
    assert found.locks == ("first", "second")
    for name, holds, waits in (("one", "first", "second"), ("other", "second", "first")):
        thread = found.thread(name)
        assert thread.place is not None
        assert thread.place.source == f"with {waits}:"
        assert thread.place.function == name
        assert [holding.lock for holding in thread.holds] == [holds]
        assert thread.holds[0].place.source == f"with {holds}:"
        assert not thread.timed
        assert not thread.ended


def test_one_gives_up_and_the_other_goes_on() -> None:
    run(one, other)
    assert events in (["one"], ["other"])


def test_a_hundred_deadlocks_in_a_row_leave_no_thread() -> None:
    before = set(threading.enumerate())
    for _ in range(100):
        assert run(one, other).deadlock
    assert set(threading.enumerate()) == before
    assert len(events) == 100


@pytest.mark.parametrize("count", [3, 8])
def test_a_larger_circle(count: int) -> None:
    together = threading.Barrier(count, timeout=PATIENCE_S)
    locks.extend(threading.Lock() for _ in range(count))

    def seat(number: int) -> Callable[[], None]:
        def take() -> None:
            with locks[number]:
                together.wait()
                with locks[(number + 1) % count]:
                    events.append("ate")

        take.__name__ = f"seat {number}"
        return take

    with watch(globals()) as seen:
        threads = start(*map(seat, range(count)))
        assert seen.until_deadlock(PATIENCE_S)
        found = graph(seen.state())
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(found.cycle) == count
    assert found.steps[0] == ("seat 0", "locks[1]")
    assert len(events) == count - 1


def test_a_thread_that_takes_a_lock_twice_waits_for_itself() -> None:
    def greedy() -> None:
        with first, first:
            events.append("never")

    found = run(greedy)
    assert found.cycle == ("greedy",)
    assert found.deadlock
    assert events == []


def test_an_rlock_may_be_taken_twice_and_two_of_them_deadlock_all_the_same() -> None:
    def greedy() -> None:
        with again, again:
            events.append("twice")

    assert not run(greedy).deadlock
    assert events == ["twice"]

    with watch(globals()) as seen:
        locks[:] = [threading.RLock(), threading.RLock()]

        def left() -> None:
            with locks[0], locks[0]:
                meet.wait()
                with locks[1]:
                    pass

        def right() -> None:
            with locks[1]:
                meet.wait()
                with locks[0]:
                    pass

        threads = start(left, right)
        assert seen.until_deadlock(PATIENCE_S)
    for thread in threads:
        thread.join(PATIENCE_S)


def test_a_holder_that_has_ended_is_a_deadlock_without_a_cycle() -> None:
    def forgets() -> None:
        box.lock.acquire()
        go_on.set()

    def wants() -> None:
        go_on.wait(PATIENCE_S)
        with box.lock:
            pass

    with watch(globals()) as seen:
        globals()["box"] = Box()
        threads = start(forgets, wants)
        assert seen.until_deadlock(PATIENCE_S)
        found = graph(seen.state())
    for thread in threads:
        thread.join(PATIENCE_S)
    assert found.cycle == ()
    assert found.thread("forgets").ended
    assert found.thread("wants").waits_for == "box.lock"
    assert "nobody will release" in draw.describe(found)


def test_a_cycle_that_a_timeout_ends_is_no_deadlock() -> None:
    def patient(mine: str, others: str) -> Callable[[], None]:
        def take() -> None:
            with globals()[mine]:
                meet.wait()
                if globals()[others].acquire(timeout=0.2):
                    globals()[others].release()
                meet.wait()

        take.__name__ = mine
        return take

    with watch(globals()) as seen:
        threads = start(patient("first", "second"), patient("second", "first"))
        found = graph(seen.state())
        while not found.cycle and any(thread.is_alive() for thread in threads):
            found = graph(seen.state())
        for thread in threads:
            thread.join(PATIENCE_S)
    # On a machine that is very busy the cycle may not have been seen.
    assert not found.deadlock
    if found.cycle:
        assert found.thread("first").timed
        assert "timeout will end it" in draw.describe(found)


def test_locks_without_a_deadlock_are_seen_too() -> None:
    def holds() -> None:
        with first:
            go_on.wait(PATIENCE_S)

    def waits() -> None:
        with first:
            events.append("got it")

    with watch(globals()) as seen:
        threads = start(holds)
        wait_until(lambda: bool(seen.state()["threads"]))
        threads += start(waits)
        wait_until(lambda: len(seen.state()["threads"]) == 2)
        found = graph(seen.state())
        assert not seen.until_deadlock(0.02)
        assert seen.rescue() is None
        go_on.set()
        for thread in threads:
            thread.join(PATIENCE_S)
    assert found.cycle == ()
    assert not found.deadlock
    assert found.thread("waits").waits_for == "first"
    assert "There is no cycle" in draw.describe(found)
    assert events == ["got it"]


def test_a_deadlock_in_a_pool_reaches_the_future() -> None:
    with watch(globals()) as seen:
        with ThreadPoolExecutor(2) as pool:
            tasks = [pool.submit(one), pool.submit(other)]
            assert seen.until_deadlock(PATIENCE_S)
            while seen.rescue():
                time.sleep(0.001)
        errors = [task.exception() for task in tasks]
    assert sorted(type(error).__name__ for error in errors) == ["NoneType", "SystemExit"]


# A watched lock does what the real one does


def test_names_mean_after_the_block_what_they_meant_before() -> None:
    before = first, second, again, threading.Lock, threading.RLock
    with watch(globals()):
        assert isinstance(first, WatchedLock)
        assert isinstance(threading.Lock(), WatchedLock)
        assert type(threading.Event()._cond._lock) is not WatchedLock
    assert (first, second, again, threading.Lock, threading.RLock) == before
    with pytest.raises(ZeroDivisionError), watch(globals()):
        _ = 1 / 0
    assert (first, second, again, threading.Lock, threading.RLock) == before


def test_a_name_that_the_block_gives_to_something_else_keeps_it() -> None:
    mine = threading.Lock()
    scope: dict[str, Any] = {"lock": threading.Lock()}
    with watch(scope):
        scope["lock"] = mine
    assert scope["lock"] is mine


def test_locks_in_lists_dicts_and_own_objects_are_watched_and_given_back() -> None:
    class Reader(threading.Thread):
        pass

    def scope() -> dict[str, Any]:
        made = {"locks": [threading.Lock()], "table": {"a": threading.RLock()}, "own": Box()}
        return {**made, "deep": [Box(), [Box()]], "__name__": __name__}

    held = scope()
    before = scope_locks(held)
    reader, queue, pair = Reader(), Queue[int](), (threading.Lock(),)
    untouched = dict(vars(reader)), dict(vars(queue)), pair[0]
    with watch({**held, "reader": reader, "queue": queue, "pair": pair}) as seen:
        inside = scope_locks(held)
        assert all(isinstance(lock, WatchedLock) for lock in inside)
        names = [seen._name_of(lock) for lock in inside]
        assert (dict(vars(reader)), dict(vars(queue)), pair[0]) == untouched
    expected = ["locks[0]", "table['a']", "own.lock", "deep[0].lock", "deep[1][0].lock"]
    assert names == expected
    assert scope_locks(held) == before


def scope_locks(held: dict[str, Any]) -> list[Any]:
    deep = held["deep"]
    return [held["locks"][0], held["table"]["a"], held["own"].lock, deep[0].lock, deep[1][0].lock]


def test_a_table_of_numbers_is_not_looked_through_to_its_end() -> None:
    table = [[0] * 1000 for _ in range(1000)]
    scope: dict[str, Any] = {"table": table, "itself": [], "lock": threading.Lock()}
    scope["itself"].append(scope["itself"])
    with watch(scope) as seen:
        assert sum(1 for _ in seen._inside_of_all()) < 10_000
        assert isinstance(scope["lock"], WatchedLock)


def test_a_list_that_has_become_shorter_is_no_trouble() -> None:
    scope: dict[str, Any] = {"locks": [threading.Lock(), threading.Lock()]}
    with watch(scope):
        scope["locks"].pop()
    assert not isinstance(scope["locks"][0], WatchedLock)


def test_one_lock_with_two_names_is_one_lock() -> None:
    lock = threading.Lock()
    scope: dict[str, Any] = {"lock": lock, "same": lock, "locks": [lock]}
    with watch(scope):
        assert scope["lock"] is scope["same"] is scope["locks"][0]
    assert scope["lock"] is scope["same"] is scope["locks"][0] is lock


@pytest.mark.parametrize("kind", ["first", "again"])
def test_it_takes_and_releases_the_real_lock(kind: str) -> None:
    real = globals()[kind]
    with watch(globals()):
        lock = globals()[kind]
        assert lock.acquire()
        with ThreadPoolExecutor(1) as pool:
            assert not pool.submit(real.acquire, False).result()
            assert not pool.submit(lock.acquire, False).result()
            assert not pool.submit(lock.acquire, timeout=0.01).result()
        assert lock.locked()
        lock.release()
        assert not lock.locked()
        with pytest.raises(RuntimeError):
            lock.release()
    assert real.acquire(False)
    real.release()


def test_it_refuses_what_the_real_one_refuses() -> None:
    with watch(globals()):
        for lock in (first, again):
            for arguments in ((False, 1.0), (True, -2.0)):
                with pytest.raises(ValueError, match="timeout"):
                    lock.acquire(*arguments)
        assert not first.locked()


def test_a_lock_that_was_held_before_is_known_as_held() -> None:
    with first, watch(globals()):
        assert first.locked()
        assert not first.acquire(blocking=False)


def test_an_rlock_of_another_thread_cannot_be_released() -> None:
    with watch(globals()) as seen, again, ThreadPoolExecutor(1) as pool:
        with pytest.raises(RuntimeError):
            pool.submit(again.release).result()
        [held] = seen.state()["threads"]
        assert [hold["lock"] for hold in held["holds"]] == ["again"]


@pytest.mark.parametrize("kind", [threading.Lock, threading.RLock])
def test_a_condition_works_with_a_watched_lock(kind: Callable[[], Any]) -> None:
    with watch(globals()):
        locks.append(threading.RLock() if kind is threading.RLock else threading.Lock())
        changed = threading.Condition(locks[0])

        def waits() -> None:
            with changed:
                go_on.set()
                assert changed.wait(PATIENCE_S)
                events.append("woken")

        [thread] = start(waits)
        go_on.wait(PATIENCE_S)
        with changed:
            changed.notify()
        thread.join(PATIENCE_S)
    assert events == ["woken"]


def test_one_block_at_a_time() -> None:
    with watch(globals()), pytest.raises(RuntimeError, match="one block"), watch(globals()):
        pass
    with watch(globals()):
        pass


def test_a_deadlock_that_catches_everything_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpers.workers.wait_for._RESCUE_S", 0.1)
    enough = threading.Event()

    def stubborn() -> None:
        with first:
            while not enough.is_set():
                with suppress(SystemExit):
                    first.acquire(timeout=-1)

    def leave_it_stuck() -> None:
        with watch(globals()) as seen:
            watches.append(seen)
            threads.extend(start(stubborn))
            assert seen.until_deadlock(PATIENCE_S)

    watches: list[Watch] = []
    threads: list[threading.Thread] = []
    with pytest.raises(RuntimeError, match="could not be resolved"):
        leave_it_stuck()
    [seen], [thread] = watches, threads
    # Outside of the block it still waits with the stand-in: let it go.
    enough.set()
    until = time.monotonic() + PATIENCE_S
    while thread.is_alive() and time.monotonic() < until:
        seen.rescue()
        time.sleep(0.005)
    assert not thread.is_alive()


INTERPRETERS = find_interpreters().interpreters


@pytest.mark.parametrize("python", INTERPRETERS, ids=lambda one: one.label)
def test_a_deadlock_is_found_on_every_python(python: Interpreter) -> None:
    from helpers.measure.philosophers import dine

    found = dine(2, "left fork first", 10.0, reach_s=0.05, python=python.path)
    assert found.deadlock
    assert len(found.graph.cycle) == 2


# The graph


def state(*threads: dict[str, Any], cycle: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"threads": list(threads), "cycle": list(cycle), "deadlock": bool(cycle)}


def thread_state(name: str, waits_for: str | None = None, *holds: str) -> dict[str, Any]:
    place = {"function": "f", "line": 3, "source": f"with {waits_for}:"}
    return {
        "name": name,
        "ended": False,
        "waits_for": waits_for,
        "timed": False,
        "place": place if waits_for else None,
        "holds": [{"lock": lock, "place": place} for lock in holds],
    }


def test_two_threads_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^state must have threads of different names"):
        graph(state(thread_state("A"), thread_state("A")))


def test_an_unknown_thread_is_named() -> None:
    found = graph(state(thread_state("A", None, "x")))
    with pytest.raises(KeyError, match="no thread 'B'"):
        found.thread("B")


def test_a_place_without_source_is_its_line() -> None:
    assert str(Place("f", 7, "")) == "line 7"
    assert str(Place("f", 7, "with x:")) == "line 7: with x:"


def reachable(found: WaitForGraph, start_at: str) -> set[str]:
    holders = {hold.lock: one.name for one in found.threads for hold in one.holds}
    seen: set[str] = set()
    name = start_at
    while True:
        waits = found.thread(name).waits_for
        if waits not in holders or holders[waits] in seen:
            return seen
        name = holders[waits]
        seen.add(name)


@given(st.data())
def test_the_cycle_is_one_whenever_there_is_one(data: st.DataObject) -> None:
    """Against the definition: a thread that can be reached from itself."""
    names = "ABCDE"[: data.draw(st.integers(1, 5))]
    seen = Watch({})
    made = [seen._watched(threading.Lock(), f"lock {number}") for number in range(5)]
    crowd = {name: threading.Thread(name=name) for name in names}
    for lock in made:
        owner = data.draw(st.sampled_from([None, *names]))
        lock._owner = crowd[owner] if owner else None
        lock._place = {"function": "f", "line": 1, "source": "with it:"}
    from helpers.workers.wait_for import _Wait

    for name in names:
        wanted = data.draw(st.sampled_from([None, *made]))
        if wanted is not None:
            timed = data.draw(st.booleans())
            seen._waits[crowd[name]] = _Wait(
                wanted, {"function": "f", "line": 2, "source": ""}, timed
            )
    found = graph(seen.state())
    in_cycles = {one.name for one in found.threads if one.name in reachable(found, one.name)}
    assert set(found.cycle) <= in_cycles
    assert bool(found.cycle) == bool(in_cycles)
    for name, following in zip(found.cycle, (*found.cycle[1:], *found.cycle[:1]), strict=True):
        waits = found.thread(name).waits_for
        assert waits in [hold.lock for hold in found.thread(following).holds]


# The picture


def two() -> WaitForGraph:
    return graph(
        state(
            thread_state("thread1", "lock2", "lock1"),
            thread_state("thread2", "lock1", "lock2"),
            thread_state("thread3", "lock2"),
            cycle=("thread1", "thread2"),
        )
    )


def test_the_picture_says_who_waits_in_which_line() -> None:
    picture = draw.wait_for(two())
    assert "thread1 holds lock1 and waits for lock2 (line 3: with lock2:)" in picture.text
    assert "cycle: thread1 → thread2 → thread1. Nobody can go on." in picture.text
    words = [text.get_text() for text in picture.figure.axes[0].texts]
    assert "thread3\nline 3: with lock2:" in words
    assert {"lock1", "lock2"} <= set(words)
    assert picture.png.startswith(b"\x89PNG")


def test_arrows_of_the_cycle_are_thick() -> None:
    from matplotlib.patches import FancyArrowPatch

    patches = draw.wait_for(two()).figure.axes[0].patches
    widths = [one.get_linewidth() for one in patches if isinstance(one, FancyArrowPatch)]
    assert sorted(widths) == [1.6, 2.6, 2.6, 2.6, 2.6]


def test_nothing_held_is_a_picture_too() -> None:
    picture = draw.wait_for(graph(state()))
    assert picture.text == "No thread holds a lock or waits for one."
    assert picture.png


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_circles_of_every_size_fit_on_the_page(count: int) -> None:
    names = tuple(f"philosopher {number}" for number in range(count))
    place = Place("left_first", 29, "with forks[right]:")
    threads = tuple(
        Thread(
            name,
            f"forks[{(number + 1) % count}]",
            place,
            False,
            False,
            (Holding(f"forks[{number}]", place),),
        )
        for number, name in enumerate(names)
    )
    picture = draw.wait_for(WaitForGraph(threads, names, True))
    axes = picture.figure.axes[0]
    picture.figure.canvas.draw()
    frame = axes.get_window_extent()
    for text in axes.texts:
        box = text.get_window_extent()
        assert box.x0 >= frame.x0
        assert box.x1 <= frame.x1
    if count >= 2:
        _no_two_touch([text.get_window_extent() for text in axes.texts])


def _no_two_touch(boxes: list[Any]) -> None:
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(another) for another in boxes[place + 1 :])


# The panel


def test_the_panel_follows_to_the_deadlock() -> None:
    panel = LiveGraph()
    assert "No thread holds a lock" in panel.image.value
    with watch(globals()) as seen:
        threads = start(one, other)
        graphs = panel.follow(seen, PATIENCE_S)
    for thread in threads:
        thread.join(PATIENCE_S)
    assert graphs[-1].deadlock
    assert not any(found.deadlock for found in graphs[:-1])
    assert "Nobody can go on" in panel.image.value
    assert repr(panel) == "<Live: Who waits for whom?>"
    assert "Nobody can go on" in panel._repr_mimebundle_()["text/html"]


def test_the_panel_gives_up_after_its_time() -> None:
    with watch(globals()) as seen:
        assert LiveGraph().follow(seen, 0.01) == [WaitForGraph((), (), False)]
        with pytest.raises(ValueError, match=r"^seconds must be positive"):
            LiveGraph().follow(seen, 0)
