# %% [markdown]
# # Chapter 5: Await many things at once
#
# One thread, one event loop, and as many waits as you like. In this chapter you run coroutines one by
# one and together, look into the event loop while it works, and then let it do real work: pages from a
# web server, files, sockets, and calls that block.

# %% [markdown]
# ## What you will be able to do
#
# - say what a coroutine, a task and a future are, and what an `await` does
# - run coroutines together, with errors, timeouts and cancellation under control
# - read in a picture which task runs, which awaits, and which is ready and has to wait
# - write and close asynchronous context managers and generators
# - fetch many pages at once, politely, and lose none of them to a bad one
# - keep the event loop alive beside code that blocks or computes

# %% [markdown]
# ## What you need
#
# - Chapter 1: thread, process, concurrent. Necessary.
# - Chapter 2: the GIL and the switch interval. Helpful.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 195 minutes, exercises included. Classroom: 115 minutes, without the exercises and
# the Trys. Each section says how long it takes, and how long the sections have taken so far.

# %%
import asyncio
import contextlib
import gc
import logging
import subprocess
import sys
import threading
import time
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager

from helpers.course import chapter, checks_async_io, checks_coroutines, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction

chapter.begin("5")

# %% [markdown]
# The next cell imports what this chapter measures and draws with. You don't need to know these:
# the code that matters stands in the cells below.

# %%
from helpers.draw import blocking as draw_blocking
from helpers.draw import event_loop as draw_loop
from helpers.draw import streams as draw_streams
from helpers.draw.compare import points
from helpers.labs.async_requests import requests_lab
from helpers.labs.event_loop import event_loop_lab
from helpers.labs.scale import scale_lab
from helpers.measure import async_files, async_requests, blocking
from helpers.measure.async_files import CountingPool
from helpers.measure.creation import TELLS_MEMORY
from helpers.measure.event_loop import lateness, watch
from helpers.measure.loopback import loopback
from helpers.measure.timeline import State
from helpers.measure.verdict import WITH_GIL, checked, needs_cores, untold
from helpers.workers import computing
from helpers.workers.event_loop import block, compute

# %% [markdown]
# ## 5.1 What asyncio runs: coroutines, tasks, futures
#
# *14 minutes; 14 so far*
#
# A function that is defined with `async def` is a **coroutine function**. Where it says `await`, it can
# stop in the middle and go on later; meanwhile its thread does something else. What does a call of it
# do?

# %%
guess_call = Prediction(
    "hello is defined with async def, and its first line notes that it ran. You call hello(), and "
    "nothing else. Has it run?",
    ["yes, to the end", "yes, up to its first await", "no, not a line of it"],
)
guess_call


# %%
async def hello():
    notes.append("Hello")
    await asyncio.sleep(0.01)
    notes.append("World")
    return "Done"


notes = []
called = hello()
print("what the call gave:", type(called).__name__)
print("what has run:      ", notes)
after_call = list(notes)

# %%
guess_call.compare(
    "no, not a line of it" if not after_call else "yes, up to its first await",
    {
        "yes, to the end": "An ordinary function would. This call only makes a coroutine.",
        "yes, up to its first await": "So it is in JavaScript. Not here: nothing has begun.",
    },
)

# %% [markdown]
# **Look.** The call gave a **coroutine**: a function call that is ready to begin, and has not begun. To
# run it, `await` it.

# %%
result = await called
print(result, notes)

# %%
claim(
    "5.1-coroutine",
    "Calling a coroutine function runs nothing; awaiting what it gives runs it.",
    after_call == [] and notes == ["Hello", "World"] and result == "Done",
    f"after the call {after_call}, after the await {notes}",
)

# %% [markdown]
# If you forget the `await`, nothing happens, and Python says so when the coroutine is thrown away:

# %%
with warnings.catch_warnings(record=True) as complaints:
    warnings.simplefilter("always")
    hello()
    gc.collect()
forgotten = [str(one.message) for one in complaints if one.category is RuntimeWarning]
print(*forgotten)

# %%
claim(
    "5.1-forgotten",
    "A coroutine that nobody awaits leaves a RuntimeWarning, and nothing else.",
    forgotten == ["coroutine 'hello' was never awaited"],
    "; ".join(forgotten),
)

# %% [markdown]
# Who runs a coroutine while it waits for something? The **event loop**: it keeps a list of what is ready,
# takes the first, runs it up to its next wait, takes the next one. A **task** is a coroutine that the
# loop runs for you, beside whatever you do. A **future** is a result that isn't there yet: somebody will
# put it in, and whoever awaits the future goes on then. A task is a future too, whose result is what its
# coroutine returns.

# %%
loop = asyncio.get_running_loop()  # the kernel's: a notebook has one running already
promise = loop.create_future()


async def waits_for(future):
    return f"got {await future} in thread {threading.current_thread().name}"


task = asyncio.create_task(waits_for(promise))
await asyncio.sleep(0)  # let the loop go once through what is ready
print("begun, not done:", task.done())
promise.set_result("42")
print(await task)

# %%
claim(
    "5.1-future",
    "A task that awaits a future goes on when somebody has set its result, in the same thread.",
    task.result() == f"got 42 in thread {threading.current_thread().name}"
    and isinstance(task, asyncio.Future),
    task.result(),
)

# %% [markdown]
# **Explain.** One thread, so no two tasks run at the same instant, and none is interrupted between two
# `await`s: between them your code is alone
# ([docs](https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading)).
# That spares you most locks, not all: at each `await` somebody else may change what you have looked at.
#
# **Try.** Await `called` once more. A coroutine runs once; what does Python say? Then await `task` again:
# why does that work?

# %% [markdown]
# ## 5.2 Run coroutines: one by one, and together
#
# *34 minutes; 48 so far*
#
# In a script nobody has a loop running. `asyncio.run(main())` starts one, runs `main`, and ends it. What
# does it do in a notebook, where one is running already?

# %%
guess_run = Prediction(
    "A cell calls asyncio.run(hello()). What happens?",
    ["it works as in a script", "RuntimeError", "the cell waits for ever"],
)
guess_run

# %%
coroutine = hello()
try:
    asyncio.run(coroutine)
    in_a_cell = "it works as in a script"
except RuntimeError as error:
    in_a_cell = "RuntimeError"
    print("RuntimeError:", error)
coroutine.close()  # it never ran

# %%
guess_run.compare(
    in_a_cell,
    {
        "it works as in a script": "There it would. Here a loop is running, and loops don't nest.",
        "the cell waits for ever": "It would, if asyncio didn't look first.",
    },
)

# %% [markdown]
# So a cell says `await hello()`, and a script says `asyncio.run(hello())`. Here is such a script, run as
# a program of its own. Its last lines do what the article shows next: they ask for a loop after `run`
# has ended its own.

# %%
script = """
import asyncio

async def hello():
    await asyncio.sleep(0.01)
    return "Done"

print(asyncio.run(hello()))
try:
    asyncio.get_event_loop()
except RuntimeError as error:
    print("RuntimeError")
"""
ran = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True)
print(ran.stdout, end="")

# %%
claim(
    "5.2-run",
    "asyncio.run works where no loop is running, and raises RuntimeError where one is.",
    in_a_cell == "RuntimeError" and ran.stdout.startswith("Done"),
    f"in a cell {in_a_cell}, in a script {ran.stdout.split()}",
)

# %%
claim(
    "5.2-no-loop",
    "After asyncio.run there is no loop to get: get_event_loop raises RuntimeError.",
    ran.stdout.split() == ["Done", "RuntimeError"],
    f"{ran.stdout.split()}",
)

# %% [markdown]
# `get_event_loop` once made a loop if there was none. Since 3.14 it never does
# ([docs](https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.get_event_loop)). Inside a
# coroutine ask `asyncio.get_running_loop()`; outside, use `asyncio.run`.
#
# ### One by one, and together
#
# An `await` waits. Two `await`s in a row wait one after the other. `gather` makes a task of each
# coroutine, and awaits them all.


# %%
async def fetch_data(name, seconds):
    events.append(f"{name} begins")
    await asyncio.sleep(seconds)
    events.append(f"{name} ends")
    return f"data {name}"


events = []
first = await fetch_data("a", 0.02)
second = await fetch_data("b", 0.01)
one_by_one = events

events = []
both = await asyncio.gather(fetch_data("a", 0.02), fetch_data("b", 0.01))
together = events
print("one by one:", ", ".join(one_by_one))
print("together:  ", ", ".join(together))
print("results:   ", both)

# %% [markdown]
# **Look.** Together, *b* begins before *a* has ended, and ends first. The results come in the order of the
# arguments all the same.

# %%
claim(
    "5.2-gather",
    "gather lets its coroutines wait at the same time, and keeps the order of their results.",
    one_by_one == ["a begins", "a ends", "b begins", "b ends"]
    and together == ["a begins", "b begins", "b ends", "a ends"]
    and both == ["data a", "data b"],
    f"together: {', '.join(together)}",
)

# %% [markdown]
# ### When one of them fails
#
# Three tasks; the second raises. With `gather`, what becomes of the third?

# %%
guess_fail = Prediction(
    "gather(good, bad, slow): bad raises at once. What becomes of slow?",
    ["it is cancelled", "it goes on, and nobody waits for it", "gather waits for it first"],
)
guess_fail


# %%
async def bad():
    await asyncio.sleep(0.005)
    raise ValueError("bad")


async def slow(name):
    try:
        await asyncio.sleep(0.3)
        fate[name] = "ended by itself"
    except asyncio.CancelledError:
        fate[name] = "cancelled"
        raise  # who swallows it can't be cancelled


fate = {}
third = asyncio.create_task(slow("in gather"))
try:
    await asyncio.gather(fetch_data("good", 0.001), bad(), third)
except ValueError as error:
    fate_at_once = dict(fate)
    print("gather raised:", error)
await asyncio.wait([third])  # gather didn't
print(fate)

# %%
guess_fail.compare(
    "it goes on, and nobody waits for it"
    if not fate_at_once and fate == {"in gather": "ended by itself"}
    else "it is cancelled",
    {
        "it is cancelled": "A TaskGroup does that. gather leaves the others alone.",
        "gather waits for it first": "It raises as soon as one has failed.",
    },
)

# %% [markdown]
# With `return_exceptions=True` gather waits for all, and an exception is a result like another. A
# **TaskGroup** (since 3.11) does what you mostly want: its block doesn't end before all its tasks have
# ended, and if one fails, it cancels the others. More than one may fail, so it raises an
# **ExceptionGroup**, which `except*` takes apart.

# %%
results = await asyncio.gather(fetch_data("good", 0.001), bad(), return_exceptions=True)
print([type(one).__name__ for one in results])

try:
    async with asyncio.TaskGroup() as group:
        group.create_task(bad())
        group.create_task(slow("in a group"))
except* ValueError as failures:
    print("the group raised:", failures.exceptions)
print(fate)

# %%
claim(
    "5.2-task-group",
    "When one task fails, gather leaves the others running; a TaskGroup cancels them.",
    fate == {"in gather": "ended by itself", "in a group": "cancelled"},
    f"{fate}",
)

# %%
claim(
    "5.2-exceptions-as-results",
    "With return_exceptions gather returns the exception in the place of the result.",
    results[0] == "data good" and isinstance(results[1], ValueError),
    f"{results}",
)

# %% [markdown]
# ### Keep what you start
#
# `create_task` starts a coroutine beside you. Keep what it returns: the loop itself has only weak
# references to its tasks
# ([docs](https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task)). Here is a task that
# awaits something which only itself refers to; CPython's garbage collector finds that nobody else does.


# %%
async def wait_for_nobody():
    await asyncio.get_running_loop().create_future()


destroyed = []
loop.set_exception_handler(lambda loop, context: destroyed.append(context["message"]))
lost = weakref.ref(asyncio.create_task(wait_for_nobody()))
kept = asyncio.create_task(wait_for_nobody())
await asyncio.sleep(0)  # both have begun
gc.collect()
loop.set_exception_handler(None)
print("the one nobody kept:", lost())
print("the one we kept:    ", "cancelled" if kept.cancelled() else "still waiting")
print(*destroyed)

kept.cancel()
_ = await asyncio.wait([kept])

# %%
claim(
    "5.2-keep",
    "A task that nobody refers to can be thrown away before it has ended.",
    lost() is None and destroyed == ["Task was destroyed but it is pending!"],
    "; ".join(destroyed),
)

# %% [markdown]
# ### As they come, and not for ever
#
# `wait` gives the finished and the unfinished ones; `as_completed` hands results out as they come.
# `timeout` cancels what stands in its block when the time is over.

# %%
tasks = {asyncio.create_task(fetch_data(name, s)) for name, s in (("x", 0.3), ("y", 0.001))}
done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
print("first:  ", [task.result() for task in done], "and", len(pending), "unfinished")
await asyncio.wait(pending)

delays = {"x": 0.03, "y": 0.001, "z": 0.015}
order = []
for one in asyncio.as_completed([fetch_data(*pair) for pair in delays.items()]):
    order.append(await one)
print("in turn:", order)

# %%
claim(
    "5.2-as-completed",
    "as_completed gives results in the order in which they come, wait the finished ones.",
    order == ["data y", "data z", "data x"] and [t.result() for t in done] == ["data y"],
    f"{order}",
)

# %% [markdown]
# To cancel a task means: at the `await` where it stands, a `CancelledError` is raised. It can tidy up, in
# a `finally`. `shield` keeps a cancellation from what is inside; that goes on, and somebody should wait
# for it.

# %%
fate = {}
try:
    async with asyncio.timeout(0.005):
        await slow("timed out")
except TimeoutError:
    print("TimeoutError")

inner = asyncio.create_task(slow("shielded"))
try:
    async with asyncio.timeout(0.005):
        await asyncio.shield(inner)
except TimeoutError:
    print("TimeoutError, and inner is", "done" if inner.done() else "still running")
await inner
print(fate)

# %%
claim(
    "5.2-cancel",
    "A timeout cancels what stands in its block; what is shielded goes on.",
    fate == {"timed out": "cancelled", "shielded": "ended by itself"},
    f"{fate}",
)

# %% [markdown]
# **Explain.** A cancellation is an exception that is raised inside the task, and the task decides: `slow`
# noted it and raised it again. Code that never awaits can't be cancelled, for there is no place where the
# exception could be raised.
#
# **Try.** In `slow`, leave the `raise` out, and run the TaskGroup cell again. The group believes that
# `slow` ended well. Then put a `time.sleep(0.3)` for the `asyncio.sleep(0.3)`: when does the timeout come?

# %% [markdown]
# ## 5.3 The event loop at work
#
# *22 minutes; 70 so far*
#
# Now look inside. `watch` runs a `main` of yours in a loop of its own, and notes for each task when it
# was **ready** for its next step, and when it took it. Three cooks share one kitchen: they can all wait for
# their pots at once, but only one of them can chop.

# %%
guess_block = Prediction(
    "Three tasks chop and await by turns. In the middle one of them calls time.sleep(0.1). What do "
    "the other two do meanwhile?",
    ["they go on: they are other tasks", "they wait, even if they are ready", "they are cancelled"],
)
guess_block


# %%
async def cook(chop_s, boil_s):
    for _ in range(3):
        compute(chop_s)  # chop: this needs the thread
        await asyncio.sleep(boil_s)  # boil: this needs nobody


async def kitchen():
    async with asyncio.TaskGroup() as group:
        group.create_task(cook(0.01, 0.04), name="rice")
        group.create_task(cook(0.01, 0.03), name="beans")
        group.create_task(cook(0.01, 0.02), name="salad")


cooking = watch(kitchen)
draw_loop.tasks(cooking, "Three tasks in one loop: one at a time runs, any number awaits")

# %% [markdown]
# **Look.** Never two green pieces above one another: one thread. Where a task shows stars, what it awaited
# is there, but somebody else is running. When nobody is ready, the loop sleeps until the next timer.

# %%
claim(
    "5.3-one-at-a-time",
    "Of the tasks of one loop one at a time runs, and several await at once.",
    cooking.at_once_ns(State.RUNNING) == 0 and cooking.at_once_ns(State.AWAITING, least=3) > 0,
    f"two ran at once for {cooking.at_once_ns(State.RUNNING)} ns; three awaited at once for "
    f"{cooking.at_once_ns(State.AWAITING, least=3) / 1e6:.0f} ms",
)

# %% [markdown]
# What is in the loop's list are **callbacks**: plain functions. A task's step is one. You can put your own
# in: at the end of the list, or at a time.

# %%
calls = []
loop.call_later(0.01, calls.append, "later")
loop.call_soon(calls.append, "soon")
calls.append("now")
await asyncio.sleep(0.03)
print(calls)

# %%
claim(
    "5.3-callbacks",
    "call_soon runs after the code that runs now, call_later when its time has come.",
    calls == ["now", "soon", "later"],
    f"{calls}",
)

# %% [markdown]
# Now one cook falls asleep: `block` is `time.sleep`, which knows nothing of the loop.


# %%
async def sleepy():
    compute(0.01)
    block(0.1)  # time.sleep(0.1), noted
    await asyncio.sleep(0.02)


async def kitchen():
    async with asyncio.TaskGroup() as group:
        group.create_task(cook(0.01, 0.02), name="rice")
        group.create_task(cook(0.01, 0.02), name="beans")
        group.create_task(sleepy(), name="sleepy")


blocked = watch(kitchen)
draw_loop.tasks(blocked, "One task blocks: who is ready waits all the same")

# %%
[nap] = blocked.of(State.SLEEPING)
kept_waiting = [
    wait.lane for wait in blocked.of(State.READY) if wait.start_ns < nap.end_ns <= wait.end_ns
]
ran_meanwhile = [
    span.lane
    for span in blocked.of(State.RUNNING)
    if nap.start_ns < span.start_ns and span.end_ns < nap.end_ns
]
guess_block.compare(
    "they wait, even if they are ready"
    if not ran_meanwhile
    else "they go on: they are other tasks",
    {
        "they go on: they are other tasks": "Other threads would. These share one thread.",
        "they are cancelled": "Nobody cancels them. They are just late.",
    },
)

# %%
claim(
    "5.3-blocking",
    "While one task makes a blocking call, no other task of the loop takes a step.",
    not ran_meanwhile and sorted(kept_waiting) == ["beans", "rice"],
    f"steps meanwhile: {len(ran_meanwhile)}; ready and kept waiting: {', '.join(kept_waiting)}",
)

# %% [markdown]
# **Explain.** A loop can't take a task off the thread, as the operating system does with threads. This is
# **cooperative** multitasking: each task has to give way, at an `await` that really waits.
#
# ### Debug mode
#
# asyncio can tell you who took too long. The article says that `await asyncio.sleep(0.2)` is logged as a
# slow callback. Is it?


# %%
async def suspects():
    asyncio.get_running_loop().slow_callback_duration = 0.1  # seconds
    await asyncio.sleep(0.25)
    before = list(logged)
    time.sleep(0.25)
    await asyncio.sleep(0)
    return before


logged = []
handler = logging.Handler()
handler.emit = lambda record: logged.append(record.getMessage())
logger = logging.getLogger("asyncio")
logger.addHandler(handler)
logger.propagate = False  # or it would print them too

# %% tags=["nbval-ignore-output"]
with ThreadPoolExecutor(1) as pool:  # a thread has no loop yet
    before = pool.submit(lambda: asyncio.run(suspects(), debug=True)).result()
logger.removeHandler(handler)
logger.propagate = True


def steps_of(messages):
    """The seconds in messages such as: Executing <Task …> took 0.251 seconds."""
    return [float(said.split()[-2]) for said in messages if " took " in said]


print("slow steps, after the await:", steps_of(before), "and in all:", steps_of(logged))

# %%
claim(
    "5.3-debug",
    "Debug mode logs a step that keeps the thread, such as time.sleep. It doesn't log an await.",
    not any(step >= 0.25 for step in steps_of(before))
    and any(step >= 0.25 for step in steps_of(logged)),
    f"after the await {steps_of(before)}, in all {steps_of(logged)} s",
    tolerance="a busy machine may make any step slow; one of the length of the sleep counts",
)

# %% [markdown]
# ### Threads beside the loop
#
# The loop needs the GIL for each step, like any thread. So what does a thread that computes do to its
# timers? A task asks again and again to be woken after a millisecond; here is by how much it came too
# late, beside no such thread, one, and two.

# %%
late = lateness(most_threads=2, seconds=0.3)
draw_loop.lateness(late)

# %%
claim(
    "5.3-late",
    "With the GIL, a thread that computes makes the loop's timers late.",
    late.grows(),
    needs=[WITH_GIL],
    tolerance="half a switch interval would do: the thread may let go earlier, for work of its own",
)

# %% [markdown]
# The lab: tasks, the length of their steps, and who blocks.

# %%
event_loop_lab().set(tasks=4, compute_ms=5, blocks="one task, with time.sleep").run()

# %% [markdown]
# **Try.** Let a thread do the waiting. Then take eight tasks with steps of 20 ms, and nobody who blocks:
# how long does a task that is ready have to wait for its turn at most, and why?

# %% [markdown]
# ## 5.4 async with, async for
#
# *16 minutes; 86 so far*
#
# Opening a connection has to wait, and so has closing it. `async with` is a `with` whose beginning and end
# may await. `async for` awaits each item. The article writes classes for both, with `__aenter__`,
# `__aexit__`, `__aiter__` and `__anext__`:


# %%
class Resource:
    async def __aenter__(self):
        await asyncio.sleep(0.001)
        steps.append("acquired")
        return self

    async def __aexit__(self, kind, error, traceback):
        await asyncio.sleep(0.001)
        steps.append("released")

    async def query(self):
        steps.append("asked")
        return "result"


steps = []
async with Resource() as resource:
    answer = await resource.query()
print(answer, steps)

# %% [markdown]
# A generator is shorter. With `yield`, an `async def` is an **async generator**: a source for
# `async for`. The decorator `asynccontextmanager` makes an `async with` of one that yields once.


# %%
@asynccontextmanager
async def resource():
    steps.append("acquired")
    try:
        yield "the resource"
    finally:
        await asyncio.sleep(0.001)
        steps.append("released")


async def count_to(most):
    for number in range(1, most + 1):
        await asyncio.sleep(0.001)
        yield number


steps = []
with contextlib.suppress(ZeroDivisionError):
    async with resource():
        steps.append("used")
        1 / 0
print(steps)
print([number async for number in count_to(5) if number % 2])

# %%
claim(
    "5.4-with",
    "async with releases what it acquired, even if its block raises.",
    steps == ["acquired", "used", "released"],
    f"{steps}",
)

# %% [markdown]
# While an `async for` waits for its next item, do other tasks run? And does it fetch the next item while
# you still work on this one?

# %%
guess_ahead = Prediction(
    "async for takes items from count_to, and its body awaits too. Beside it, another task counts. "
    "What overlaps?",
    [
        "nothing: a loop is a loop",
        "the other task runs during the waits; items come one by one",
        "the next items are fetched in advance",
    ],
)
guess_ahead


# %%
async def source():
    for number in range(3):
        diary.append(f"fetch {number}")
        await asyncio.sleep(0.01)
        yield number


async def other():
    for _ in range(3):
        diary.append("other")
        await asyncio.sleep(0.012)


async def consume():
    async for number in source():
        diary.append(f"use {number}")
        await asyncio.sleep(0.01)


diary = []
await asyncio.gather(consume(), other())
own = [entry for entry in diary if entry != "other"]
print(own)
print("other ran in between:", diary[0] != "other" and diary[-1] != "other")

# %%
in_turn = own == ["fetch 0", "use 0", "fetch 1", "use 1", "fetch 2", "use 2"]
mixed = "other" in diary[1:-1]
guess_ahead.compare(
    "the other task runs during the waits; items come one by one"
    if in_turn and mixed
    else "nothing: a loop is a loop",
    {
        "nothing: a loop is a loop": "At each await the event loop is free for others.",
        "the next items are fetched in advance": "That takes another task, and a queue: 5.5.",
    },
)

# %%
claim(
    "5.4-for",
    "async for lets other tasks run while it waits, and fetches an item only when it is asked for.",
    in_turn and mixed,
    f"{diary}",
)

# %% [markdown]
# **Look.** *fetch* and *use* strictly by turns: `async for` is not parallel with itself.
#
# ### Close a generator that you leave early
#
# Leave an `async for` with `break`, and the generator stands at its `yield`. Its `finally` runs some time
# later, when the loop gets to it. `aclosing` closes it where you can see it.


# %%
async def rows(name):
    try:
        for number in range(10):
            yield number
    finally:
        await asyncio.sleep(0.001)
        closed.append(name)


closed = []
left = rows("left")
async for _ in left:
    break
right_after_break = list(closed)

async with aclosing(rows("closed")) as opened:
    async for _ in opened:
        break
after_aclosing = list(closed)
await left.aclose()
print("after break:   ", right_after_break)
print("after aclosing:", after_aclosing)

# %%
claim(
    "5.4-aclosing",
    "A break leaves an async generator open; aclosing has closed it at the end of its block.",
    right_after_break == [] and after_aclosing == ["closed"],
    f"after break {right_after_break}, after aclosing {after_aclosing}",
)

# %% [markdown]
# **Explain.** An ordinary generator is closed when nobody refers to it. An asynchronous one may have to
# await in its `finally`, and that needs the loop
# ([PEP 525](https://peps.python.org/pep-0525/#finalization)).
#
# **Try.** Delete the last name of `left` (`del left`) instead of closing it, and look at `closed` before
# and after an `await asyncio.sleep(0.01)`. Who closed it?

# %% [markdown]
# ## 5.5 Real input and output
#
# *38 minutes; 124 so far*
#
# `asyncio.sleep` only pretended. Now something answers. `loopback` starts a small web server on this
# computer, in a process of its own, which ends with the `with` block. It needs no network, and each
# answer takes exactly as long as you say. The client is **aiohttp**: an asynchronous library for
# HTTP. A **session** keeps its connections open, so that the next request can use them again: make
# one for the whole program, not one for each page
# ([aiohttp](https://docs.aiohttp.org/en/stable/client_quickstart.html#make-a-request)).

# %%
import inspect
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import aiofiles
import aiohttp

# %%
guess_hand = Prediction(
    "One thread asks for eight pages with gather. Each answer takes 0.08 s. How many requests does "
    "the server have in hand at the same time?",
    ["one: there is one thread", "about as many as there are cores", "about eight"],
)
guess_hand


# %%
async def fetch(session, url):
    async with session.get(url) as response:
        return await response.read()


async def one_by_one(urls):
    async with aiohttp.ClientSession() as session:
        return [await fetch(session, url) for url in urls]


async def all_at_once(urls):
    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(fetch(session, url) for url in urls))


in_hand = {}
for way in (one_by_one, all_at_once):
    with loopback(latency_s=0.08) as server:
        pages = await way([f"{server.url}/page{number}" for number in range(1, 9)])
        in_hand[way.__name__] = server.served().most_at_once
    print(f"{way.__name__}: {len(pages)} pages, {sum(map(len, pages))} bytes")

# %%
together = in_hand["all_at_once"]
guess_hand.compare(
    guess_hand.answers[(together > 1) + (together > 4)],
    {
        "one: there is one thread": "A thread is needed to send and to read, not to wait.",
        "about as many as there are cores": "Cores compute. A wait needs none.",
    },
)

# %% [markdown]
# **Look.** The same pages, the same bytes. Only the number of requests that were under way at one
# moment differs, and the server counted it.
#
# **Explain.** An `await` that has to wait hands the thread back to the loop. The loop asks the
# operating system to watch all sockets, and goes on with whichever has something to read.

# %%
claim(
    "5.5-in-hand",
    "One thread with an event loop has many requests under way at once; one await after another "
    "has one.",
    in_hand["one_by_one"] == 1 and together > 4,
    f"one by one: {in_hand['one_by_one']}; gather: {together} of 8",
    tolerance="all eight, unless a busy machine holds some of them up for 0.08 s; more than half",
)

# %% [markdown]
# ### What the article's version gets wrong
#
# The article counts *bytes* with this function. Ask three pages of it: one of Latin letters, one of
# Chinese ones, both with 12,000 bytes, and one that the server answers with an error, status 500.


# %%
async def fetch_url(session, url):  # as in the article
    async with session.get(url) as response:
        content = await response.text()
        return len(content)


async with aiohttp.ClientSession() as session:
    with loopback(latency_s=0.01, size=12_000) as server:
        latin = await fetch_url(session, f"{server.url}/?letter=x")
        chinese = await fetch_url(session, f"{server.url}/?letter=中")
        failed = await fetch_url(session, f"{server.url}/?status=500")
print(f"latin: {latin} bytes, chinese: {chinese} bytes, failed: {failed} bytes")

# %%
claim(
    "5.5-article-bytes",
    "The article's function counts characters, not bytes, and takes an error page for a success.",
    (latin, chinese) == (12_000, 4_000) and failed > 0,
    f"{latin}, {chinese} and, for the page with status 500, {failed}",
)

# %% [markdown]
# `text()` decodes: here three bytes make one character. And aiohttp raises nothing for a status of 400
# or more, unless you ask it to
# ([`raise_for_status`](https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientResponse.raise_for_status)).
#
# Now the article's `main`, with one bad address between two good ones. Nobody listens at port 1.

# %%
sizes, reason = None, None
with loopback(latency_s=0.01) as server:
    urls = [f"{server.url}/first", "http://127.0.0.1:1/", f"{server.url}/last"]
    async with aiohttp.ClientSession() as session:
        try:
            sizes = await asyncio.gather(*(fetch_url(session, url) for url in urls))
        except aiohttp.ClientError as error:
            reason = type(error).__name__
print("sizes:", sizes, "because of", reason)

# %%
claim(
    "5.5-one-bad",
    "With a bare gather, one bad address loses the results of all good ones.",
    sizes is None and reason is not None,
    f"got {sizes}; raised {reason}",
)

# %% [markdown]
# So a crawler handles errors *for each page*: what went wrong becomes a value, in its place in the
# list. It also sets a timeout. Without one, a server that never answers costs five minutes: aiohttp's
# default ([timeouts](https://docs.aiohttp.org/en/stable/client_quickstart.html#timeouts)).


# %%
async def fetch_size(session, url):
    try:
        async with session.get(url) as response:
            response.raise_for_status()
            return len(await response.read())
    except (aiohttp.ClientError, TimeoutError) as error:
        return error


with loopback(latency_s=0.01, size=12_000) as server:
    urls = [
        f"{server.url}/?letter=中",
        f"{server.url}/?status=500",
        "http://127.0.0.1:1/",
        f"{server.url}/?latency=30",
        f"{server.url}/last",
    ]
    timeout = aiohttp.ClientTimeout(total=0.5)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        outcomes = await asyncio.gather(*(fetch_size(session, url) for url in urls))
names = [one if isinstance(one, int) else type(one).__name__ for one in outcomes]

# %%
claim(
    "5.5-each-its-own",
    "Handled page by page, an error, a refusal and a timeout cost only themselves.",
    [isinstance(one, int) for one in outcomes] == [True, False, False, False, True]
    and outcomes[0] == outcomes[4] == 12_000,
    f"{names}",
)

# %% [markdown]
# ### Politely
#
# A thousand requests at once may bring a server down, or get you locked out. Two ways to hold back:
#
# - the session's own limit: `TCPConnector(limit=…)`, the number of connections, 100 by default
#   ([limits](https://docs.aiohttp.org/en/stable/client_advanced.html#limiting-connection-pool-size));
# - a **semaphore** around each request: a counter that lets so many in, and no more until one leaves.
#
# Both let two at a time through:


# %%
async def fetch_many(urls, seconds, limit=100, at_once=100):
    turn = asyncio.Semaphore(at_once)
    connector = aiohttp.TCPConnector(limit=limit)
    timeout = aiohttp.ClientTimeout(total=seconds)

    async def one(session, url):
        async with turn:
            return await fetch_size(session, url)

    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        return await asyncio.gather(*(one(session, url) for url in urls))


ways = {"limit": {"limit": 2}, "semaphore": {"at_once": 2}}
most = {}
for name, hold_back in ways.items():
    with loopback(latency_s=0.05) as server:
        await fetch_many([f"{server.url}/page{number}" for number in range(6)], 30, **hold_back)
        most[name] = server.served().most_at_once

# %%
claim(
    "5.5-polite",
    "Both a limit of connections and a semaphore keep the number of requests at once down.",
    most == {"limit": 2, "semaphore": 2},
    f"the server had at most {most['limit']} and {most['semaphore']} in hand",
)

# %% [markdown]
# Now a shorter timeout, 0.4 s for each page. Each answer takes 0.05 s, so that should do. Fetch twenty.

# %%
timed_out = {}
for name, hold_back in ways.items():
    with loopback(latency_s=0.05) as server:
        urls = [f"{server.url}/page{number}" for number in range(20)]
        found = await fetch_many(urls, 0.4, **hold_back)
        timed_out[name] = sum(isinstance(one, TimeoutError) for one in found)

# %%
claim(
    "5.5-queue-counts",
    "A timeout for the whole request also counts the wait for a free connection. Behind a "
    "semaphore the clock starts when the page's turn has come.",
    timed_out["semaphore"] < timed_out["limit"],
    f"timed out: {timed_out['limit']} of 20 with the limit, {timed_out['semaphore']} with the "
    "semaphore",
)

# %% [markdown]
# **Explain.** Twenty pages, two at a time, 0.05 s each: the last ones wait longer for a connection than
# their whole timeout allows, though the server never was slow. `total` begins when you call `get`; it
# [includes the wait for a connection from the pool](https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientTimeout).
#
# The lab does what your cell did, with a server that is sometimes slow and sometimes fails, and draws
# each request: grey while it waits for its turn, then in colour until it ends. This is the function
# that it calls for each page.

# %%
print(inspect.getsource(async_requests.fetch))

# %%
requests_lab().run()

# %% [markdown]
# **Try.** In the lab, set the timeout to 50 ms. Which pages fail now? And why does the server have
# *more* in hand at once than you allow? (A timeout ends your wait, not the server's work.)

# %% [markdown]
# ### Files
#
# Each loop has a pool of threads to lend, its **default executor**. Who borrows from it? Give this
# loop one that counts how often it is handed something to do. (It is closed at the end of section 5.6.)

# %%
loop = asyncio.get_running_loop()
borrowed = CountingPool()  # a ThreadPoolExecutor; submit adds one to handed_over
loop.set_default_executor(borrowed)

# %% [markdown]
# Now the article's program on real files: read three at the same time, write three copies. **aiofiles**
# gives files the form that you know from aiohttp.


# %%
async def read_file(path):
    async with aiofiles.open(path, encoding="utf-8") as file:
        return await file.read()


async def write_file(path, content):
    async with aiofiles.open(path, "w", encoding="utf-8") as file:
        await file.write(content)


with tempfile.TemporaryDirectory() as name:
    paths = [Path(name, f"file{number}.txt") for number in (1, 2, 3)]
    for path in paths:
        path.write_text(f"I am {path.name}", encoding="utf-8")
    before = borrowed.handed_over
    contents = await asyncio.gather(*map(read_file, paths))
    to_read = borrowed.handed_over - before
    copies = [path.with_name(f"output_{path.name}") for path in paths]
    await asyncio.gather(*map(write_file, copies, contents))
    written = [copy.read_text(encoding="utf-8") for copy in copies]
print(written)
print("calls handed to threads, to read three files:", to_read)

# %% [markdown]
# **Look.** Nine calls for three files: open, read, close, each in a thread. So much for asynchronous
# files: the operating systems let a program wait for many sockets at once, but hardly for files, so
# aiofiles [borrows threads](https://github.com/Tinche/aiofiles), and `asyncio` itself has no files at
# all ([why](https://github.com/python/asyncio/issues/279)).

# %%
claim(
    "5.5-files-are-threads",
    "aiofiles runs in threads: open, read and close are a call for a thread each.",
    to_read == 9 and written == contents,
    f"{to_read} calls for 3 files",
)

# %% [markdown]
# Does that make it quick? Twenty small files, read in a plain loop, with `to_thread` (one call for
# each file: section 5.6 explains it), and with aiofiles.

# %%
files = async_files.reading(files=20, size=2_000)
points(files, "Reading twenty small files that were just written")

# %%
claim(
    "5.5-files-cost",
    "For small files that the system has in its memory, aiofiles takes longer than a plain loop.",
    files.ratio("aiofiles", "plain reading").at_least(1.5),
    tolerance="a hand-over to a thread costs several times what such a read does; 1.5 would do",
)

# %% [markdown]
# So why use it at all? Because not every file is quick. A network drive, a sleeping disk, a pipe: such
# a read may take seconds, and during a plain `read` the loop stands still. The cell makes such a file:
# the end of a pipe into which nobody writes for 0.15 s. And it counts how often *another task*
# gets its turn meanwhile.


# %%
def slow_file(seconds=0.15):
    """A file that has nothing to read for so long: the end of a pipe."""
    read_end, write_end = os.pipe()
    threading.Timer(seconds, lambda: (os.write(write_end, b"at last"), os.close(write_end))).start()
    return read_end


async def count_beats(work):
    """How often another task gets its turn while the work is awaited."""
    beats = []

    async def beat():
        while True:
            await asyncio.sleep(0.005)
            beats.append(time.perf_counter())

    heart = asyncio.create_task(beat())
    await asyncio.sleep(0)  # lets the heart begin
    await work
    heart.cancel()
    return len(beats)


# %%
async def read_plainly(file):
    with open(file, "rb") as opened:
        return opened.read()


async def read_with_aiofiles(file):
    async with aiofiles.open(file, "rb") as opened:
        return await opened.read()


beats = {
    "plain": await count_beats(read_plainly(slow_file())),
    "aiofiles": await count_beats(read_with_aiofiles(slow_file())),
}

# %%
claim(
    "5.5-files-pay",
    "While a slow file is read plainly, no other task gets a turn; with aiofiles the others go on.",
    beats["plain"] == 0 and beats["aiofiles"] > 0,
    f"beats of another task: {beats['plain']} and {beats['aiofiles']}",
)

# %% [markdown]
# **Explain.** The verdict: aiofiles makes nothing faster. It keeps the loop alive, at the price of a
# hand-over for each call. Small local files in a script: read them plainly. A server whose other
# clients must not wait, and files that may be slow: use aiofiles, or one `to_thread` around the whole
# piece of file work, which costs one hand-over instead of three.
#
# ### A queue between quick and slow
#
# A **producer** makes items, **consumers** work on them, an `asyncio.Queue` lies between. Here the
# producer is quick: it only puts. Each of two consumers needs 10 ms for an item.

# %%
guess_queue = Prediction(
    "The producer puts 30 items into asyncio.Queue(), as fast as it can. How long does it get?",
    ["two or three: the consumers keep up", "about half of the items", "all 30 items"],
)
guess_queue


# %%
async def run_queue(maxsize):
    queue, lengths = asyncio.Queue(maxsize), []

    async def produce():
        for item in range(30):
            await queue.put(item)  # waits while the queue is full
            lengths.append((time.perf_counter(), queue.qsize()))

    async def consume():
        while True:
            await queue.get()
            lengths.append((time.perf_counter(), queue.qsize()))
            await asyncio.sleep(0.01)  # the work on the item
            queue.task_done()

    consumers = [asyncio.create_task(consume()) for _ in range(2)]
    await produce()
    await queue.join()  # until each item is done
    for consumer in consumers:
        consumer.cancel()
    await asyncio.wait(consumers)
    return lengths


# %%
queues = {"Queue()": await run_queue(0), "Queue(4)": await run_queue(4)}
draw_streams.queue_lengths(queues, "Items that wait in the queue")

# %%
longest = {name: max(length for _, length in lengths) for name, lengths in queues.items()}
grown = longest["Queue()"]
guess_queue.compare(
    guess_queue.answers[(grown > 5) + (grown > 25)],
    {
        "two or three: the consumers keep up": "They get no turn: put never has to wait.",
        "about half of the items": "That would need turns for the consumers in between.",
    },
)

# %% [markdown]
# **Look.** Without a size the queue jumps to its full length at once. With one, it stays at four, and
# the producer takes as long as the consumers do. The last item is done at about the same time.
#
# **Explain.** An `await` gives the loop a turn only if it has to wait, and a `put` into a queue without
# a limit never has to. With a limit, a full queue makes the producer wait: the slow side
# sets the pace. That is **back-pressure**. Without it the difference piles up in memory, until there
# is none left.

# %%
claim(
    "5.5-unbounded",
    "A queue without a size takes all that the producer has, before any consumer gets a turn.",
    grown == 30,
    f"{grown} of 30 items waited",
)

# %%
claim(
    "5.5-back-pressure",
    "A queue with a size makes the producer wait: it never holds more.",
    longest["Queue(4)"] == 4,
    f"at most {longest['Queue(4)']} items waited",
)

# %% [markdown]
# ### Streams: what lies below
#
# aiohttp stands on sockets. asyncio's own door to them is the **stream**: a reader and a writer for one
# connection. `start_server` calls your coroutine for each client; `open_connection` is the
# other end. Three clients ask at the same time here. The server thinks for a moment, then answers in
# capitals.


# %%
async def shout(reader, writer):
    while line := await reader.readline():  # b"" when the client has closed
        await asyncio.sleep(0.05)
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def ask(port, word):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{word}\n".encode())
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer.decode().strip()


async with await asyncio.start_server(shout, "127.0.0.1", 0) as server:
    port = server.sockets[0].getsockname()[1]
    answers = await asyncio.gather(*(ask(port, word) for word in ("one", "two", "three")))
print(answers)

# %% [markdown]
# Two things about streams surprise everybody once. First: a connection carries **bytes**, not messages.
# One `read` may bring a part of what was written, or the end of one message with the beginning of the
# next. So say where a message ends: a line (`readline`), a known size (`readexactly`). Second: `write`
# never waits. It takes what you give it and sends when it can. `drain` is the place to wait.


# %%
async def send_a_million(reader, writer):
    writer.write(bytes(1_000_000))
    await writer.drain()
    writer.close()


async with await asyncio.start_server(send_a_million, "127.0.0.1", 0) as server:
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    first = len(await reader.read(1_000_000))
    rest = len(await reader.readexactly(1_000_000 - first))
    writer.close()
    await writer.wait_closed()

# %%
claim(
    "5.5-bytes-not-messages",
    "A read returns what has come so far, which may be a part of what was written at once.",
    0 < first < 1_000_000 and first + rest == 1_000_000,
    f"one write of 1,000,000 bytes; the first read brought {first:,}",
)


# %%
async def flood(reader, writer):
    for _ in range(200):
        writer.write(bytes(100_000))  # nobody reads it at the other end
    piled_up["bytes"] = writer.transport.get_write_buffer_size()
    try:
        await asyncio.wait_for(writer.drain(), 0.1)
        piled_up["drain"] = "went on"
    except TimeoutError:
        piled_up["drain"] = "waited until its timeout"
    writer.transport.abort()
    flooded.set()


piled_up, flooded = {}, asyncio.Event()
async with await asyncio.start_server(flood, "127.0.0.1", 0) as server:
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await flooded.wait()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()

# %%
claim(
    "5.5-drain",
    "write piles up what the other side doesn't read; drain waits for it: back-pressure again.",
    piled_up["bytes"] > 1_000_000 and piled_up["drain"] == "waited until its timeout",
    f"{piled_up['bytes']:,} of 20,000,000 bytes lay in memory; drain {piled_up['drain']}",
)

# %% [markdown]
# **Try.** In the cell with `run_queue`, give the producer some work of its own: `await
# asyncio.sleep(0.005)` before each `put`. How long does `Queue()` get now? And with 0.001?

# %% [markdown]
# ## 5.6 Code that blocks
#
# *26 minutes; 150 so far*
#
# A function that was written without asyncio in mind doesn't await: it **blocks**, and nothing else in
# its thread goes on until it returns. A database driver, a big computation, `time.sleep`. What becomes
# of the loop meanwhile? `pulse` is your `count_beats` again, which also notes when the beats came.

# %%
print(inspect.getsource(blocking.beat))

# %%
guess_beats = Prediction(
    "A coroutine calls time.sleep(0.2). Another task wants to run every 5 ms. How often does it, "
    "meanwhile?",
    ["about 40 times", "about 20 times: they take turns", "not at all"],
)
guess_beats

# %% [markdown]
# `asyncio.to_thread` calls a function in a thread of the default executor, and awaits its result.


# %%
def blocking_io():
    time.sleep(0.2)
    return "IO result"


async def called_directly():
    return blocking_io()


pulses = {
    "called directly": await blocking.pulse(called_directly()),
    "to_thread": await blocking.pulse(asyncio.to_thread(blocking_io)),
}
draw_blocking.pulses(pulses, "Does the loop live beside a call that blocks?")

# %%
direct, in_thread = pulses.values()
guess_beats.compare(
    guess_beats.answers[2 if direct.during == 0 else int(direct.during < 30)],
    {
        "about 40 times": "So it would be with await asyncio.sleep(0.2). time.sleep knows no loop.",
        "about 20 times: they take turns": "Threads do. Tasks change only where one awaits.",
    },
)

# %% [markdown]
# **Look.** Each mark is a beat. Beside the direct call there is a hole as long as the call. Beside
# `to_thread` the beats go on.

# %%
claim(
    "5.6-frozen",
    "While a coroutine calls something that blocks, no other task of its loop runs.",
    direct.during == 0,
    f"{direct.during} beats in {direct.end_s - direct.start_s:.2f} s",
)

# %%
claim(
    "5.6-to-thread",
    "With to_thread the loop goes on meanwhile.",
    in_thread.during >= 5,
    f"{in_thread.during} beats in {in_thread.end_s - in_thread.start_s:.2f} s",
    tolerance="40 would fit; 5 even on a machine that is busy with something else",
)

# %% [markdown]
# ### When it computes
#
# `run_in_executor` does the same with a pool that you choose. A pool of threads will do for a call that
# waits. For one that computes in Python you have two cores and one GIL (chapter 2). Compare a thread
# with a process. The work is this function, from a file that a child can import.

# %%
print(inspect.getsource(computing.compute))

# %%
spawn = multiprocessing.get_context("spawn")
loops = computing.loops_in(0.25)  # that many take 0.25 s of one core


async def compute_in(pool):
    return await loop.run_in_executor(pool, computing.compute, loops)


with ThreadPoolExecutor(1) as threads, ProcessPoolExecutor(1, mp_context=spawn) as processes:
    await loop.run_in_executor(processes, computing.compute, 1)  # now its child is up
    both_ways = {
        "in a thread": await blocking.pulse(compute_in(threads)),
        "in a process": await blocking.pulse(compute_in(processes)),
    }
draw_blocking.pulses(both_ways, "Does the loop live beside a computation?")

# %%
claim(
    "5.6-gil",
    "Beside a computation in a thread the loop lives, but each of its turns comes late, as it has "
    "to wait for the GIL. Beside one in a process it doesn't.",
    both_ways["in a thread"].later_than(both_ways["in a process"], 2),
    needs=[WITH_GIL, needs_cores(2)],
    tolerance="the switch interval is several times what a timer is late by itself; 2 leaves room",
)

# %% [markdown]
# **Look.** Beside the thread, the beats lie further apart.
#
# **Explain.** "asyncio isn't affected by the GIL" is wrong: the loop is a thread, and after each wait it
# needs the GIL again, like every other (the convoy of chapter 2). With a process, it has a GIL for
# itself. What goes there and back is pickled, so send little.
#
# ### Close what you open
#
# The article makes its pools inside the call and never closes them. The thread has done its work, and
# stays.


# %%
def threads_named(name):
    return sum(thread.name.startswith(name) for thread in threading.enumerate())


careless = ThreadPoolExecutor(thread_name_prefix="careless")
await loop.run_in_executor(careless, blocking_io)
after_the_call = threads_named("careless")
careless.shutdown()
after_shutdown = threads_named("careless")

with ThreadPoolExecutor(thread_name_prefix="careful") as careful:
    await loop.run_in_executor(careful, blocking_io)
after_with = threads_named("careful")
print("threads left:", after_the_call, "then", after_shutdown, "with a with block:", after_with)

# %%
claim(
    "5.6-close",
    "A pool keeps its threads until it is shut down; a with block does that.",
    (after_the_call, after_shutdown, after_with) == (1, 0, 0),
    f"{after_the_call}, {after_shutdown} and {after_with}",
)

# %% [markdown]
# One pool for the whole program is the usual answer. A `with` inside a coroutine has a trap: at
# its end it *waits* for its threads, and that wait blocks. If the call came to its end, there is nothing
# to wait for. If it was given up, there is.


# %%
async def give_up_inside_with():
    with contextlib.suppress(TimeoutError), ThreadPoolExecutor(1) as pool:
        async with asyncio.timeout(0.05):
            await loop.run_in_executor(pool, blocking_io)


given_up = await blocking.pulse(give_up_inside_with())
draw_blocking.pulses({"give up, then leave the with": given_up}, "A hole where the pool is closed")

# %%
claim(
    "5.6-with-blocks",
    "Leaving a pool's with block while its thread still works stops the event loop.",
    given_up.longest_gap_s > 0.1,
    f"no beat for {given_up.longest_gap_s:.2f} s",
    tolerance="0.15 s of the call are left when its time is up; 0.1 leaves room for a late timer",
)

# %% [markdown]
# Nor is the default executor without end. Sixty calls that each wait 0.05 s: how many run at once?

# %%
crowd, guard = {"now": 0, "most": 0}, threading.Lock()


def visit():
    with guard:
        crowd["now"] += 1
        crowd["most"] = max(crowd["most"], crowd["now"])
    time.sleep(0.05)
    with guard:
        crowd["now"] -= 1


await asyncio.gather(*(asyncio.to_thread(visit) for _ in range(60)))
cores = getattr(os, "process_cpu_count", os.cpu_count)() or 1
places = min(32, cores + 4)

# %%
claim(
    "5.6-places",
    "The default executor has a thread per core and four more, 32 at most. Further calls wait.",
    2 <= crowd["most"] <= places,
    f"{crowd['most']} at once, for 60 calls; {cores} cores make {places} places",
)

# %% [markdown]
# That rule is [ThreadPoolExecutor's](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ThreadPoolExecutor).
# So one slow service, called with `to_thread`, can hold up everything else that needs a thread: give it
# a pool of its own.
#
# ### Cancelling doesn't stop a thread

# %%
guess_cancel = Prediction(
    "asyncio.timeout gives a call in a thread 0.05 s; it needs 0.3 s. What becomes of it?",
    ["an exception is raised inside it", "it is killed", "it goes on to its end"],
)
guess_cancel

# %%
finished = threading.Event()


def stubborn():
    time.sleep(0.3)
    finished.set()


try:
    async with asyncio.timeout(0.05):
        await asyncio.to_thread(stubborn)
except TimeoutError:
    finished_at_timeout = finished.is_set()
finished_later = await asyncio.to_thread(finished.wait, 5)
print("finished when the time was up:", finished_at_timeout, "and later:", finished_later)

# %%
guess_cancel.compare(
    "it goes on to its end" if finished_later else None,
    {
        "an exception is raised inside it": "In the coroutine that awaits it, yes. Not there.",
        "it is killed": "Python has no way to end a thread from outside.",
    },
)

# %%
claim(
    "5.6-cancel",
    "A timeout ends the wait for a thread, not the thread.",
    not finished_at_timeout and finished_later,
    f"finished when the time was up: {finished_at_timeout}; finished in the end: {finished_later}",
)

# %% [markdown]
# **Explain.** A cancellation is an exception at an `await`. The function in the thread has none. So it
# goes on, keeps its place in the pool, and does whatever it does: writes the file, sends the money. It
# has to be *told*, and it has to look: an `Event` is enough.


# %%
def polite(stop, steps):
    for step in range(100):
        if stop.wait(0.01):  # a wait that can be cut short
            return
        steps.append(step)


async def call_with_stop(seconds, steps):
    stop = threading.Event()
    try:
        async with asyncio.timeout(seconds):
            await asyncio.to_thread(polite, stop, steps)
    finally:
        stop.set()  # however this ends: done, timed out, cancelled


steps = []
with contextlib.suppress(TimeoutError):
    await call_with_stop(0.1, steps)
await asyncio.sleep(0.1)
when_told = len(steps)
await asyncio.sleep(0.1)

# %%
claim(
    "5.6-told",
    "A function in a thread stops early if it looks at an event, and somebody sets it.",
    len(steps) == when_told < 100,
    f"{when_told} of 100 steps, and {len(steps)} a while later",
)

# %% [markdown]
# A process can be killed, but a call in a pool of processes can't be cancelled once it runs either
# ([`Future.cancel`](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.cancel)).
#
# ### How many can wait at once?
#
# "More than a thousand: asyncio." Is there such a border? The lab lets more and more of them wait
# together, each time in a fresh Python: as tasks, as threads, as processes. It stops where a kind takes
# too long, takes too much memory, or where the system refuses. The first run is a quick one.

# %%
guess_thousand = Prediction(
    "A thousand threads that all wait at the same time, on your machine?",
    ["can't be done", "can be done, in many seconds", "can be done, in about a second"],
)
guess_thousand

# %%
lab = scale_lab().run()
lab

# %%
found = lab.data
thousand = found.largest("threads")
done = thousand.reached == 1000 and not thousand.reason
guess_thousand.compare(
    guess_thousand.answers[1 + (thousand.seconds < 3) if done else 0],
    {
        "can't be done": "A thread costs memory and time to start, but little of both.",
        "can be done, in many seconds": "Starting one takes a fraction of a millisecond.",
    },
)

# %%
claim(
    "5.6-thousand",
    "A thousand threads can wait at once.",
    checked(done, f"{thousand.reached} threads in {thousand.seconds:.2f} s")
    if not (gave_up := found.gave_up("threads"))
    else untold(f"the lab gave up at {gave_up.reached} threads: {gave_up.reason}"),
)

# %%
each = {kind: found.largest(kind).memory_each or 0 for kind in found.kinds}
claim(
    "5.6-memory",
    "A wait takes more memory as a thread than as a task, and far more as a process.",
    each["tasks"] < each["threads"] < each["processes"],
    ", ".join(f"{kind} {size / 1000:,.1f} kB each" for kind, size in each.items()),
    needs=[TELLS_MEMORY],
)

# %% [markdown]
# **Explain.** There is no border, there are three slopes. Tasks are the cheapest by far; threads carry a
# thousand waits without trouble, and some thousands with some. What decides is often something else:
# whether there is an asynchronous library for what you wait for, and whether your code
# can bear a switch anywhere (threads) or wants it at an `await` only (tasks).
#
# **Try.** Run the lab up to 20,000, with processes up to 100, and look for the cross. Then let each wait
# take 1 s. What changes, and what doesn't?
#
# At last, give back what this section borrowed. The loop gets a fresh pool, which has no threads
# until somebody uses it.

# %%
borrowed.shutdown()
loop.set_default_executor(ThreadPoolExecutor())

# %% [markdown]
# ## Summary
#
# - Calling a **coroutine** function runs nothing. `await` runs it; a **task** runs it beside you; a **future**
#   is a result to come. One thread, one event loop, one step at a time.
# - `gather` lets the others run when one fails, a **TaskGroup** cancels them. Keep the tasks that you make.
# - A **cancellation** is an exception at an `await`. `timeout` uses it, `shield` keeps it off.
# - The loop can't interrupt a step: a call that blocks, or computes, makes every task late.
# - `async with` and `async for` await at their edges. Close an async generator that you leave early.
# - One thread can have many requests under way. Make **one session**; handle errors **for each page**;
#   set a **timeout**; hold back with a **semaphore**, outside the timeout.
# - aiofiles borrows threads. It keeps the loop alive beside slow files; small local ones it makes slower.
# - **Back-pressure**: a queue with a size, and `drain` after `write`, let the slow side set the pace.
# - A stream carries bytes, not messages: say where a message ends.
# - Code that **blocks** stops the whole loop. Waiting goes to a thread (`to_thread`), computing to a
#   process (`run_in_executor`), and pools are closed.
# - A **cancellation** ends the wait, not the thread: tell the thread with an event.
# - Tasks, threads and processes differ in what one more wait costs, not in whether it can be done.

# %% [markdown]
# ## Exercises
#
# *About 45 minutes.* Write, run the cell, then run the check below it.

# %% [markdown]
# ### Exercise 5.1
#
# In which order do these lines come? `main` runs by `asyncio.run(main())`.
#
# ```python
# async def work(name):
#     print(name, 1)
#     await asyncio.sleep(0)
#     print(name, 2)
#
#
# async def main():
#     print("main 1")
#     tasks = [asyncio.create_task(work("a")), asyncio.create_task(work("b"))]
#     print("main 2")
#     await asyncio.gather(*tasks)
# ```

# %% tags=["exercise"]
lines = ...  # a list of six texts: "main 1", "a 1", …

# %%
exercises.check("5.1", checks_coroutines.order, lines)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# lines = ["main 1", "main 2", "a 1", "b 1", "a 2", "b 2"]
# ```
#
# `create_task` runs nothing yet. `main` gives the thread away at its `await`; then each task runs up to
# its own.
#
# </details>

# %% [markdown]
# ### Exercise 5.2
#
# `functions` are coroutine functions without arguments; each asks another server. Start all at once. Return
# the first result that comes; pass over those that raise `OSError`. Return `None` if all fail. When you
# return, no task may be running any more.


# %% tags=["exercise"]
async def first_good(functions):
    return ...


# %%
exercises.check("5.2", checks_coroutines.first_good, first_good)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# async def first_good(functions):
#     tasks = [asyncio.create_task(function()) for function in functions]
#     try:
#         for next_one in asyncio.as_completed(tasks):
#             try:
#                 return await next_one
#             except OSError:
#                 continue
#         return None
#     finally:
#         for task in tasks:
#             task.cancel()
#         await asyncio.gather(*tasks, return_exceptions=True)
# ```
#
# `cancel` only asks. The `gather` waits until each has ended.
#
# </details>

# %% [markdown]
# ### Exercise 5.3
#
# Write the async generator `batches`: it takes items from `source`, an async iterator, and yields them in
# lists of `size`. The last list may be shorter. A batch is handed out as soon as it is full.


# %% tags=["exercise"]
async def batches(source, size):
    return ...


# %%
exercises.check("5.3", checks_coroutines.batches, batches)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# async def batches(source, size):
#     batch = []
#     async for item in source:
#         batch.append(item)
#         if len(batch) == size:
#             yield batch
#             batch = []
#     if batch:
#         yield batch
# ```
#
# A new list for each batch: who got the last one may still be working on it.
#
# </details>

# %% [markdown]
# ### Exercise 5.4
#
# `fetch(url)` is a coroutine function that returns a page's content, or raises `ValueError`. Fetch all
# `urls`, at most `most` at the same time. Return a list in the order of the addresses, with the
# content of each page, or, where it failed, the exception.


# %% tags=["exercise"]
async def fetch_politely(urls, fetch, most):
    return ...


# %%
exercises.check("5.4", checks_async_io.fetch_politely, fetch_politely)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# async def fetch_politely(urls, fetch, most):
#     turn = asyncio.Semaphore(most)
#
#     async def one(url):
#         async with turn:
#             return await fetch(url)
#
#     return await asyncio.gather(*map(one, urls), return_exceptions=True)
# ```
#
# `gather` keeps the order, whoever comes first. The semaphore is made once; each page holds it while it
# is fetched.
#
# </details>

# %% [markdown]
# ### Exercise 5.5
#
# `read(stop)` is an ordinary function: it blocks until a device has answered, and returns the answer.
# If the `threading.Event` that you hand it is set, it returns early. Read without stopping the event loop.
# Return the answer, or `None` if it hasn't come after so many `seconds`; then the device must not go on
# being read.


# %% tags=["exercise"]
async def read_in_time(read, seconds):
    return ...


# %%
exercises.check("5.5", checks_async_io.read_in_time, read_in_time)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# async def read_in_time(read, seconds):
#     stop = threading.Event()
#     try:
#         async with asyncio.timeout(seconds):
#             return await asyncio.to_thread(read, stop)
#     except TimeoutError:
#         return None
#     finally:
#         stop.set()
# ```
#
# `finally` also covers what the exercise doesn't test: that somebody cancels *you*.
#
# </details>

# %% [markdown]
# ## What the article says and what you measured
#
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | `gather` over three fetches, without errors | when one fails, the others go on unattended; a TaskGroup cancels them | claim 5.2-task-group | [TaskGroup](https://docs.python.org/3/library/asyncio-task.html#asyncio.TaskGroup) |
# | `asyncio.run`, then `get_event_loop` as a low-level way | it raises RuntimeError; in a notebook already `asyncio.run` does | claims 5.2-run, 5.2-no-loop | [get_event_loop](https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.get_event_loop) |
# | `create_task`, and nothing about keeping the task | one that nobody refers to may be thrown away | claim 5.2-keep | [create_task](https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task) |
# | (7.3) `asyncio.sleep(0.2)` is logged as a slow callback | an await isn't; `time.sleep` is | claim 5.3-debug | [debug mode](https://docs.python.org/3/library/asyncio-dev.html#debug-mode) |
# | an async iterator, left alone | left early, it must be closed | claim 5.4-aclosing | [PEP 525](https://peps.python.org/pep-0525/#finalization) |
# | `len(await response.text())` is the number of bytes | of characters; `read()` gives bytes | claim 5.5-article-bytes | [aiohttp](https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientResponse.text) |
# | fetched is fetched | a page with status 500 counts too, unless you call `raise_for_status` | claim 5.5-article-bytes | [aiohttp](https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientResponse.raise_for_status) |
# | `gather` over all addresses | one bad one loses all results; handle errors page by page | claims 5.5-one-bad, 5.5-each-its-own | [gather](https://docs.python.org/3/library/asyncio-task.html#asyncio.gather) |
# | no limit, no timeout | a semaphore, and a timeout that starts behind it | claims 5.5-polite, 5.5-queue-counts | [timeouts](https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientTimeout) |
# | aiofiles makes files asynchronous | it runs them in threads: slower for small files, good for slow ones | claims 5.5-files-are-threads, 5.5-files-cost, 5.5-files-pay | [aiofiles](https://github.com/Tinche/aiofiles) |
# | `run_in_executor(ThreadPoolExecutor(), …)` | such a pool is never closed; keep one, and close it | claim 5.6-close | [run_in_executor](https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.run_in_executor) |
# | asyncio isn't affected by the GIL | a thread that computes makes each turn of the loop late | claim 5.6-gil | [glossary](https://docs.python.org/3/glossary.html#term-global-interpreter-lock) |
# | over 1,000 waits: asyncio | no border; a thousand threads can wait as well, for more memory | claims 5.6-thousand, 5.6-memory | §5.6 |

# %%
chapter.end("5")

# %% [markdown]
# ## Next
#
# You have now met all models. [Chapter 6](06_choosing_a_model.ipynb), *choosing a model*, asks which one a job
# needs.
