# %% [markdown]
# # Chapter 1: See what runs at once
#
# Your computer does many things at a time. How does one Python program do that? In this chapter you
# start threads, processes and asyncio tasks, record what each of them does from moment to moment,
# and look at the recordings. At the end you have a table of Python's models of concurrency, filled
# with numbers from your own machine.

# %% [markdown]
# ## What you will be able to do
#
# - say what threads share and processes don't, and show it
# - read an exit code, and tell what a crash takes down with it
# - tell concurrent from parallel in a picture of who computes when
# - predict which work gets faster by which model, and why
# - compute with Amdahl's law how much faster a program can get at most

# %% [markdown]
# ## What you need
#
# - Functions and classes in Python. Necessary. You need not know anything about concurrency.
# - Run the cells in order: each may use what those above it made.
#
# Cards like the one below show what is true on *your* machine. A card with a claim comes out in one
# of three ways: it holds, it doesn't hold, or it can't be told here, and why.

# %% [markdown]
# ## Time
#
# Self-study: about 80 minutes, exercises included. Classroom: 55 minutes, without the exercises.
# Each section says how long it takes, and how long the sections have taken so far.

# %%
import asyncio
import inspect
import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

from helpers.course import chapter, checks_basics, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction
from helpers.workers import overlap, sharing

chapter.begin("1")

# %% [markdown]
# ## 1.1 What a process is, and what a thread is
#
# *20 minutes; 20 so far*
#
# A **process** is a running program. It has memory of its own, which no other process can read or
# change. The operating system gives each process a number, the **process id**.
#
# A **thread** is one line of work inside a process: one function call after another. The operating
# system decides which thread runs on which **core** (the part of a processor that runs a program),
# and for how long. Each process begins with one thread, the *main thread*, and can start more. They
# all live in the same memory.
#
# What runs your cells is a process too, the **kernel**. Has it got more threads than you have
# started?

# %% tags=["nbval-ignore-output"]
print("This kernel is process", os.getpid(), "with these threads:")
for thread in threading.enumerate():
    print(f"  {thread.native_id}  {thread.name}")

# %%
claim(
    "1.1-kernel-threads",
    "The kernel ran several threads before you started any.",
    threading.active_count() > 1,
    f"{threading.active_count()} threads",
)

# %% [markdown]
# The others carry messages between the kernel and this page. They matter for one thing that you will
# see all the time: the **start method** `spawn`. It starts a child process as a fresh Python. The
# other way, `fork`, copies the running process, but of its threads only the one that calls; a lock
# that another thread held at that moment stays locked in the copy for ever. So with several threads
# around, `fork` is
# [not safe](https://docs.python.org/3/library/os.html#os.fork), and this course always says `spawn`.
#
# A fresh Python knows nothing of the functions you type into a notebook. It can only import. So
# what is to run in a child stands in a file,
# [`helpers/workers/sharing.py`](../helpers/workers/sharing.py). Here is the function from it that
# you need now.

# %%
print(inspect.getsource(sharing.append))

# %%
guess_words = Prediction(
    'A list holds "kernel". A thread appends "thread" to it. Then a child process appends "process" '
    "to it. What is in the kernel's list?",
    ["kernel, thread, process", "kernel, thread", "kernel"],
)
guess_words

# %%
spawn = multiprocessing.get_context("spawn")
words = ["kernel"]

thread = threading.Thread(target=sharing.append, args=(words, "thread"))
thread.start()
thread.join()  # wait until it has ended

process = spawn.Process(target=sharing.append, args=(words, "process"))
process.start()
process.join()

words

# %%
guess_words.compare(
    ", ".join(words),
    {
        "kernel, thread, process": "The child did append, but to a list in its own memory.",
        "kernel": "True for the process. A thread uses the very same list, not a copy.",
    },
)

# %% [markdown]
# Did the child append at all? Ask it. A **pool** starts child processes, sends them calls, and
# brings back what the function returns. `submit` sends one call; `result` waits for its answer.

# %%
with ProcessPoolExecutor(1, mp_context=spawn) as pool:
    in_child = pool.submit(sharing.append, words, "process").result()

print("the child's list: ", in_child)
print("the kernel's list:", words)

# %% [markdown]
# **Look.** Two lists. The child's has the new word, the kernel's hasn't.
#
# **Explain.** A thread gets a reference to your list. A process can't: your list is in the kernel's
# memory, where the child can't reach. So the list is turned into bytes, sent to the child, and made
# into a new list there. This is called *pickling*. The same happens to the result on its way back.
#
# So threads exchange data with no effort at all, and that is also their danger: two threads that
# change the same thing at the same time can spoil it. Chapter 4 is about that.

# %%
claim(
    "1.1-memory",
    "What a thread appends to a list is there for all threads of its process. What a child "
    "process appends is there for the child only.",
    words == ["kernel", "thread"] and in_child == ["kernel", "thread", "process"],
    f"kernel {words}, child {in_child}",
)

# %% [markdown]
# Who ran? Each thread has two numbers: Python's own (`ident`), and the operating system's (the
# *native* id), which tools such as a task manager show.

# %% tags=["nbval-ignore-output"]
with ThreadPoolExecutor(1) as pool:
    in_thread = pool.submit(sharing.identity).result()
with ProcessPoolExecutor(1, mp_context=spawn) as pool:
    in_process = pool.submit(sharing.identity).result()

here = sharing.identity()
for name, who in {"kernel": here, "a thread of it": in_thread, "a child": in_process}.items():
    print(f"{name:<15}", who)

# %%
claim(
    "1.1-ids",
    "A thread has the process id of its process and a thread id of its own. A child has a "
    "process id of its own.",
    in_thread["process id"] == here["process id"] != in_process["process id"]
    and len({who["native thread id"] for who in (here, in_thread, in_process)}) == 3,
    f"process ids {here['process id']}, {in_thread['process id']}, {in_process['process id']}",
)

# %% [markdown]
# ### What a crash takes down
#
# An exception can be caught. A *crash* can't: the operating system ends the process on the spot,
# for example because C code wrote where it must not. You can have that by hand: `sharing.die` sends
# its own process the signal SIGKILL. And what if a *thread* of the child does it?

# %% tags=["nbval-ignore-output"]
exit_codes = {}
for worker in (sharing.identity, sharing.die, sharing.die_in_a_thread):
    process = spawn.Process(target=worker)
    process.start()
    process.join()
    exit_codes[worker.__name__] = process.exitcode

exit_codes

# %% [markdown]
# **Look.** Three **exit codes**: what a process leaves behind for the one that started it. 0 means
# that it ended well; 1 that an exception ended it; a negative number names the signal that killed
# it (on Windows, which has no such signals, the number is positive;
# [`exitcode`](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.exitcode),
# [`os.kill`](https://docs.python.org/3/library/os.html#os.kill)). And this kernel lives on.
#
# **Explain.** Memory is the wall between processes, so a crash stops at it. Between the threads of
# one process there is no wall: the thread took its whole process along.

# %%
killed = -sharing.DEADLY if os.name == "posix" else sharing.DEADLY
claim(
    "1.1-crash",
    "A crash ends its process, from whichever thread it comes, and no other process.",
    exit_codes == {"identity": 0, "die": killed, "die_in_a_thread": killed}
    and os.getpid() == here["process id"],
    f"exit codes {exit_codes}; the kernel is still process {os.getpid()}",
)

# %% [markdown]
# But "a crash doesn't affect the others" is true of memory only. Whoever *waits* for the dead one
# may wait for ever: for its answer, or for a lock that it held. A `multiprocessing.Pool` does
# ([a known problem](https://github.com/python/cpython/issues/66587)); the pool of
# `concurrent.futures` that you have just used notices and raises `BrokenProcessPool`. Chapter 3
# shows both.

# %% [markdown]
# ### What one more costs
#
# There is a third kind of worker, the **asyncio task**: an `async` function that runs inside one
# thread and lets others have the thread at each `await`. Each kind has its price.

# %%
guess_cost = Prediction(
    "A child process starts, does nothing and ends. How many threads can do that in the same time?",
    ["about as many: both are started by the system", "some 30", "more than 100"],
)
guess_cost


# %% tags=["nbval-ignore-output"]
async def nothing():
    pass


began = time.perf_counter()
await asyncio.create_task(nothing())
after_task = time.perf_counter()

thread = threading.Thread(target=sharing.identity)
thread.start()
thread.join()
after_thread = time.perf_counter()

process = spawn.Process(target=sharing.identity)
process.start()
process.join()
after_process = time.perf_counter()

print(f"task    {(after_task - began) * 1e6:10.0f} µs")
print(f"thread  {(after_thread - after_task) * 1e6:10.0f} µs")
print(f"process {(after_process - after_thread) * 1e6:10.0f} µs")

# %% [markdown]
# One try proves little: something else may have happened at that moment. So let the kinds take
# turns, seven rounds of it, in a fresh Python where nothing else is going on. Each dot is a round;
# where a start is quick, the mean of many in a row. The black mark is the median.

# %%
from helpers.draw import creation as draw_creation
from helpers.measure import creation

starts = creation.start_costs()
draw_creation.start_dots(starts)

# %%
process_to_thread = starts.ratio("process (spawn)", "thread")
guess_cost.compare(
    "more than 100"
    if process_to_thread.middle > 100
    else "some 30"
    if process_to_thread.middle > 8
    else "about as many: both are started by the system",
    {
        "some 30": "A fork is in that region. A fresh Python has to start and import things.",
        "about as many: both are started by the system": "Both are, but a thread needs no new "
        "memory, and no new Python.",
    },
)

# %%
claim(
    "1.1-start-thread",
    "A thread costs at least three times as much time to start as an asyncio task.",
    starts.ratio("thread", "asyncio task").at_least(3),
    tolerance="a bound far below what is usual: the claim is about the order, not the factor",
)

# %%
claim(
    "1.1-start-process",
    "A fresh process costs at least ten times as much time to start as a thread.",
    process_to_thread.at_least(10),
    tolerance="a bound far below what is usual: the claim is about the order, not the factor",
)

# %% [markdown]
# And memory? For a task and a thread: make many, see how much the process grows, divide. For a
# process: what of its memory nobody else uses, so that its end would free it. The rest it shares
# with others: the program file, and after a `fork` all pages that neither side has changed yet.

# %%
memory = creation.memory_costs()
draw_creation.memory_bars(memory)

# %%
sizes = memory.least
claim(
    "1.1-memory-cost",
    "A process takes more memory than a thread, and a thread more than an asyncio task.",
    bool(sizes) and sizes["process (spawn)"] > sizes["thread"] > sizes["asyncio task"],
    str(memory),
    needs=[creation.TELLS_MEMORY],
)

# %% [markdown]
# **Try.** Start the process of the first try again with `multiprocessing.get_context("forkserver")`
# (not on Windows), twice. Why does the second one take less time? And let a child end by an
# exception: `spawn.Process(target=sharing.append)` lacks its arguments. Which exit code does it leave?

# %% [markdown]
# ## 1.2 Concurrent is not parallel
#
# *27 minutes; 47 so far*
#
# Two tasks are **concurrent** when one begins before the other has ended: both are *in progress*.
# They are **parallel** when at one and the same instant both *compute*, each on a core of its own.
# "Concurrency is about dealing with lots of things at once. Parallelism is about doing lots of
# things at once." ([The Go Blog on a talk by Rob Pike](https://go.dev/blog/waza-talk))
#
# What makes the difference is what a task does. Work that computes is **CPU-bound**: it needs a core
# all the time. Work that waits, for a network, a disk, a person, is **I/O-bound** (I/O: input and
# output): meanwhile it needs no core. Most work is a mix. Here is such a task, from
# [`helpers/workers/overlap.py`](../helpers/workers/overlap.py).

# %%
print(inspect.getsource(overlap.task))

# %% [markdown]
# It computes (pure Python, adding up squares) and waits (a sleep stands for the network), and the
# `Recorder` notes when it did what. First: how much computing takes 30 ms on your machine? Then two
# such tasks, one after another. `partial` fills in arguments in advance: `mixed(name)` now means
# `overlap.task(name, steps=..., loops=...)`.

# %%
loops = overlap.loops_in(0.03)
names = ["task 1", "task 2"]
mixed = partial(overlap.task, steps=["compute", "wait"] * 3, loops=loops)

one_by_one = [mixed(name) for name in names]

# %% [markdown]
# Now the same two tasks in two threads. A pool of threads is used like a pool of processes; `map`
# calls the function for each name.

# %%
with ThreadPoolExecutor(2) as pool:
    in_threads = list(pool.map(mixed, names))

# %% [markdown]
# As two asyncio tasks: `task_async` is the same function, except that it says
# `await asyncio.sleep(...)` where the other says `time.sleep(...)`. `gather` starts both and waits
# for both.

# %%
tasks = [overlap.task_async(name, steps=["compute", "wait"] * 3, loops=loops) for name in names]
in_tasks = await asyncio.gather(*tasks)

# %% [markdown]
# And in two processes. `meet` runs first in each of them and waits until the other is there as well,
# so that the picture shows the tasks, not the start.


# %%
def two_processes():
    both_here = spawn.Barrier(2)
    return ProcessPoolExecutor(2, spawn, initializer=overlap.meet, initargs=(both_here,))


with two_processes() as pool:
    in_processes = list(pool.map(mixed, names))

# %%
guess_mixed = Prediction(
    "While one task waits, the other could go on. Which of these three let it?",
    ["all three", "asyncio tasks and processes", "threads and processes", "processes"],
)
guess_mixed

# %%
from helpers.draw.overlap import ways
from helpers.measure.overlap import in_progress_at_once, waits
from helpers.measure.timeline import State, timeline

mix = {
    "one after another": timeline(one_by_one),
    "threads": timeline(in_threads),
    "asyncio tasks": timeline(in_tasks),
    "processes": timeline(in_processes),
}
ways(mix, "The same two tasks, four ways")

# %%
together = [name for name, run in mix.items() if in_progress_at_once(run) > 0.05]
guess_mixed.compare(
    "all three" if len(together) == 3 else " and ".join(together),
    {
        "asyncio tasks and processes": "The GIL lets one thread compute at a time. But a thread "
        "that waits doesn't need it.",
        "threads and processes": "Asyncio has one thread only. That is enough: while one task "
        "waits, its thread runs the other.",
        "processes": "A wait needs no core and no GIL, so one process is enough.",
    },
)

# %% [markdown]
# **Look.** Solid is computing; white or yellow is a wait. At the top the second task begins when the
# first has ended. Below, a wait of one task lies above or below something of the other: that is all
# the time that was gained.
#
# Now look at the solid pieces. Are there instants with solid above solid? With asyncio tasks, never:
# there is one thread. With threads, the pieces are cut up: they take turns. With processes, yes, if
# you have two cores to spare. And **waiting for a core** is other programs at work on your machine.

# %%
claim(
    "1.2-one-by-one",
    "One after another, the second task begins when the first has ended.",
    in_progress_at_once(mix["one after another"]) == 0,
    f"both in progress for {in_progress_at_once(mix['one after another']):.0%} of the time",
)

# %%
shares = {name: in_progress_at_once(run) for name, run in mix.items()}
claim(
    "1.2-concurrent",
    "As threads, asyncio tasks or processes, the two tasks are in progress at the same time: they "
    "are concurrent.",
    min(shares["threads"], shares["asyncio tasks"], shares["processes"]) > 0.05,
    ", ".join(f"{name} {share:.0%} of the time" for name, share in shares.items()),
    tolerance="5 %, should the machine have held one of them up at the start",
)

# %%
never = mix["asyncio tasks"].at_once_ns(State.RUNNING)
claim(
    "1.2-asyncio-by-turns",
    "Asyncio tasks never compute at the same instant: concurrent, but not parallel.",
    never == 0,
    f"two computed at once for {never} ns, and {waits(mix['asyncio tasks']):.2f} s of waits",
)

# %% [markdown]
# **Explain.** A wait needs no core, so any number of waits fit into the same time. That is what
# concurrency gains, and one core is enough for it. Nothing was computed faster.
#
# ### Nothing but computing
#
# Now take the waits away.

# %%
guess_cpu = Prediction(
    "The tasks only compute. Which gets both done clearly sooner than one after another?",
    ["threads and processes", "only processes", "all three", "none"],
)
guess_cpu

# %%
steps = ["compute"] * 3
cpu_bound = partial(overlap.task, steps=steps, loops=loops)

cpu_runs = {"one after another": timeline([cpu_bound(name) for name in names])}

with ThreadPoolExecutor(2) as pool:
    cpu_runs["threads"] = timeline(pool.map(cpu_bound, names))

tasks = [overlap.task_async(name, steps=steps, loops=loops) for name in names]
cpu_runs["asyncio tasks"] = timeline(await asyncio.gather(*tasks))

with two_processes() as pool:
    cpu_runs["processes"] = timeline(pool.map(cpu_bound, names))

ways(cpu_runs, "Nothing but computing: is there ever solid above solid?")

# %%
from helpers.measure.overlap import CLEARLY, by_turns, computing_at_once, in_parallel

faster = [name for name, run in cpu_runs.items() if computing_at_once(run) >= CLEARLY]
guess_cpu.compare(
    {
        ("threads", "processes"): "threads and processes",
        ("processes",): "only processes",
    }.get(tuple(faster), "none"),
    {
        "threads and processes": "So it is without a GIL. With it, threads take turns.",
        "all three": "Asyncio tasks share one thread: it can't be in two places.",
        "none": "That is right where there is one core, or where other programs use the rest.",
        "only processes": "Your Python has no GIL, or your machine has no core to spare.",
    },
)

# %% [markdown]
# **Look.** The asyncio tasks didn't even take turns: without an `await` there is no place to do so.
# The threads took turns, and it gained nothing: the solid pieces of one lie exactly in the gaps of
# the other, as if on a single core.
#
# **Explain.** Most Pythons have a **GIL**, a lock that only one thread of a process can hold, and
# which a thread needs to run Python code. It belongs to the process, and each process has its own.
# Chapter 2 is about it. On a *free-threaded* Python, which has none, the threads run in parallel.

# %%
from helpers.measure.verdict import WITH_GIL, WITHOUT_GIL, needs_cores
from helpers.workers.timeline import gil_enabled

if gil_enabled():
    about_threads = claim(
        "1.2-threads-by-turns",
        "With the GIL, two threads never run Python code at the same instant.",
        by_turns(cpu_runs["threads"]),
        needs=[WITH_GIL],
        tolerance="5 %: the recording is a few dozen microseconds off at each turn",
    )
else:
    about_threads = claim(
        "1.2-threads-in-parallel",
        "Without the GIL, two threads run Python code at the same instant.",
        in_parallel(cpu_runs["threads"]),
        needs=[WITHOUT_GIL, needs_cores(2)],
        tolerance="5 %, more than the recording can be wrong",
    )
about_threads

# %%
claim(
    "1.2-processes-in-parallel",
    "Two processes run Python code at the same instant: they are parallel.",
    in_parallel(cpu_runs["processes"]),
    needs=[needs_cores(2)],
    tolerance="5 %, more than the recording can be wrong",
)

# %% [markdown]
# ### The lab
#
# The lab does what you did above, for one to eight tasks and workers. Each line is a task, with the
# thread or process that did it. *Workers* is how many tasks may be in hand at once.

# %%
from helpers.labs import overlap as overlap_lab

overlap_lab.lab().set(kind="mixed", model="threads", tasks=4, workers=2).run()

# %% [markdown]
# **Try.** Find settings where eight tasks take hardly longer than one. Find settings where more
# workers than two change nothing. Find one where asyncio beats threads, or say why there is none.

# %% [markdown]
# ### How much faster can it get?
#
# **Speed-up** is time before / time after: with a speed-up of 2, the work takes half the time. Few
# programs can be divided all through. Something must be read first, or put together at the end, and
# only one worker can do that. Call its part of the work the **serial share** *s*. The rest can be
# divided among *n* workers. Then the time left is *s* + (1 − *s*) / *n*, and the speed-up at most
#
# $$\frac{1}{s + \frac{1 - s}{n}}$$
#
# This is **Amdahl's law** ([G. M. Amdahl, 1967](https://doi.org/10.1145/1465482.1465560)). It is
# just that division, and it has teeth.

# %%
guess_amdahl = Prediction(
    "Half of a program is serial. What speed-up can a million workers give it?",
    ["about a million", "about half a million", "not quite 2"],
)
guess_amdahl


# %% tags=["nbval-ignore-output"]
def divide(pool, loops, serial_share, workers):
    overlap.compute(int(loops * serial_share))  # here, while the workers have nothing to do
    each = int(loops * (1 - serial_share) / workers)
    list(pool.map(overlap.compute, [each] * workers))


with two_processes() as pool:
    list(pool.map(overlap.compute, [1, 1]))  # both have started now
    began = time.perf_counter()
    overlap.compute(3 * loops)
    alone = time.perf_counter() - began
    began = time.perf_counter()
    divide(pool, 3 * loops, serial_share=0.5, workers=2)
    divided = time.perf_counter() - began

print(f"speed-up {alone / divided:.2f}; the law allows {1 / (0.5 + 0.5 / 2):.2f}")

# %% [markdown]
# One try proves little, so the next cell takes
# turns, seven rounds, for two serial shares and several numbers of processes. The lines are the
# law; a mark is what was measured, its bar the 95 % interval.

# %%
from helpers.draw import amdahl as draw_amdahl
from helpers.measure import amdahl

speed_ups = amdahl.speed_ups(serial_shares=(0.1, 0.5))
draw_amdahl.curves(speed_ups)

# %%
guess_amdahl.compare(
    "not quite 2" if amdahl.law(0.5, 1_000_000) < 2 else "about a million",
    {
        "about a million": "That would need every part of the program to be divisible.",
        "about half a million": "Half of the work shrinks to nothing. The other half stays, and "
        "takes half of the old time, whatever you do.",
    },
)

# %% [markdown]
# **Look.** The blue line, with little serial work, still rises; the other one is nearly flat: 2 is
# its limit. And the marks? Inside the grey area each process has a core. Beyond it they must share
# cores, and another process gains nothing. The number of cores is the second limit, and the
# law knows nothing of it.
#
# **Explain.** Marks lie below their line: sending work to another process takes time, the cores of a
# processor share its memory and its heat, and other programs want cores too. A mark above its
# line is noise; its bar says how much of that there was.

# %%
most = max(speed_ups.workers)
claim(
    "1.2-amdahl-limit",
    f"With half of the work serial, {most} processes don't reach a speed-up of 2.",
    speed_ups.of(0.5, most).at_most(2),
)

# %%
claim(
    "1.2-amdahl-gain",
    "With a tenth of the work serial, two processes on two cores are faster than one.",
    speed_ups.of(0.1, 2).at_least(1.1),
    needs=[needs_cores(2)],
    tolerance="the law allows 1.8; 1.1 is still a gain on a machine that has other things to do",
)

# %% [markdown]
# The same as a lab: choose the serial share. It tries all numbers of processes up to yours.

# %%
from helpers.labs import amdahl as amdahl_lab

amdahl_lab.lab()

# %% [markdown]
# **Try.** In the lab, compare 0 % with 5 % serial. By how much do the two *lines* differ at eight
# workers? That small share is what the last step of many programs looks like: collecting results.

# %% [markdown]
# ## 1.3 Python's models side by side
#
# *10 minutes; 57 so far*
#
# | module | what runs | told apart by |
# |---|---|---|
# | `threading` | threads of one process | the operating system switches, at any moment |
# | `multiprocessing` | processes | memory of their own |
# | `asyncio` | tasks of one thread | your code switches, at `await` |
# | `concurrent.interpreters` | several Pythons in one process, one per thread | since Python 3.14 |
#
# `concurrent.futures`, which you have used for the pools, is no model of its own: it gives threads,
# processes and (since 3.14, as `InterpreterPoolExecutor`) interpreters the same handles.
#
# You often read that asyncio has nothing to do with the GIL. Test it: a task that computes and
# awaits by turns, beside a thread that computes.

# %%
guess_gil = Prediction(
    "Do the asyncio task and the thread beside it compute at the same instant?",
    ["yes, at once", "no, by turns"],
)
guess_gil

# %%
from helpers.draw.timeline import lanes

with ThreadPoolExecutor(1) as pool:
    thread = pool.submit(overlap.task, "thread", ["compute"] * 6, loops)
    task = await overlap.task_async("asyncio task", ["compute", "wait"] * 3, loops)
    side_by_side = timeline([task, thread.result()])

lanes(side_by_side, "An asyncio task beside a thread that computes")

# %%
guess_gil.compare(
    "yes, at once" if computing_at_once(side_by_side) >= CLEARLY else "no, by turns",
    {
        "yes, at once": "The event loop runs in a thread, and a thread needs the GIL.",
        "no, by turns": "So it is with a GIL. Your Python has none.",
    },
)

# %% [markdown]
# **Look.** Find the pieces where the asyncio task waits for the GIL. Each delays everything that
# this event loop has to do.
#
# **Explain.** Tasks of *one* event loop never fight for the GIL: they share a thread. But that
# thread needs the GIL like any other
# ([glossary](https://docs.python.org/3/glossary.html#term-global-interpreter-lock)). Each process has
# its own GIL, and since Python 3.12 each interpreter inside a process can have its own too
# ([docs](https://docs.python.org/3/library/concurrent.interpreters.html#concurrency-and-parallelism)).

# %%
claim(
    "1.3-asyncio-gil",
    "With the GIL, an event loop and another thread of its process never run Python code at the "
    "same instant.",
    by_turns(side_by_side),
    needs=[WITH_GIL],
    tolerance="5 %: the recording is a few dozen microseconds off at each turn",
)

# %% [markdown]
# And here is the table, with what this run has found. "Two tasks computed at once" comes from the
# CPU-bound tasks of section 1.2, the costs from section 1.1.

# %%
from helpers.draw.models import table
from helpers.measure.models import models
from helpers.measure.overlap import record

if overlap.has_interpreters():
    cpu_runs["subinterpreters"] = record("subinterpreters", "CPU-bound", 2, 2).timeline

table(models(starts, memory, cpu_runs))

# %% [markdown]
# So as a first rule, which chapter 6 refines: **many waits**: asyncio, if your libraries have
# `await`, else threads. **Computing in Python**: processes (or interpreters, or threads on a
# free-threaded Python), if the work is much longer than a start. **Neither**: leave the program as
# it is.
#
# **Try.** Give the thread above `["wait"] * 6` instead. Does the task still wait for the GIL?

# %% [markdown]
# ## Summary
#
# - A **process** has memory of its own; its **threads** share it. A crash takes a whole process
#   down, and only that one, but whoever waits for it may wait for ever.
# - Tasks are **concurrent** if they are in progress at the same time, **parallel** if they compute
#   at the same instant. Waits overlap on one core; computing needs a second one.
# - An asyncio task costs less than a thread, a thread less than a process, in time and in memory.
# - **Speed-up** is limited by the serial share (**Amdahl's law**) and by the number of cores.
# - The **GIL** makes threads compute by turns, and an event loop takes its turn like any thread.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1.1: start all, then wait
#
# Write `run_together`. It gets a list of functions, runs each in a thread of its own, all at the same
# time, and returns the list of their results, in the order of the functions. A thread drops what its
# function returns: store it where the caller can see it.


# %% tags=["exercise"]
def run_together(functions):
    # A thread for each function; start them all; wait for them all.
    return ...


# %%
exercises.check("1.1", checks_basics.together, run_together)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def run_together(functions):
#     results = [None] * len(functions)
#
#     def run(place):
#         results[place] = functions[place]()
#
#     threads = [threading.Thread(target=run, args=(place,)) for place in range(len(functions))]
#     for thread in threads:
#         thread.start()
#     for thread in threads:
#         thread.join()
#     return results
# ```
#
# One loop starts, a second one waits. `start` and `join` in the same loop would run the functions
# one after another.
#
# </details>

# %% [markdown]
# ### Exercise 1.2: count the time
#
# Two equal tasks, each of two steps, and each step takes one unit of time. How long do both take
# together: one after another; on one core, by turns; on two cores, in parallel? Draw it on paper.

# %% tags=["exercise"]
durations = {
    # one after another; one core, by turns; two cores, in parallel
    "compute, compute": (..., ..., ...),
    "compute, wait": (..., ..., ...),
    "wait, wait": (..., ..., ...),
}

# %%
exercises.check("1.2", checks_basics.durations, durations)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# durations = {
#     "compute, compute": (4, 4, 2),
#     "compute, wait": (4, 3, 2),
#     "wait, wait": (4, 2, 2),
# }
# ```
#
# "compute, wait" on one core: the first task computes; while it waits, the second computes; then
# the second waits. Three units.
#
# </details>

# %% [markdown]
# ### Exercise 1.3: Amdahl's law
#
# Write `speed_up` after the formula above. Then `limit`: the speed-up that no number of workers can
# pass when a fifth of the work is serial.


# %% tags=["exercise"]
def speed_up(serial_share, workers):
    return ...


limit = ...

# %%
exercises.check("1.3", checks_basics.amdahl, speed_up, limit)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def speed_up(serial_share, workers):
#     return 1 / (serial_share + (1 - serial_share) / workers)
#
#
# limit = 1 / 0.2
# ```
#
# With ever more workers the second part of the sum goes to nothing, and 1 / *s* is left.
#
# </details>

# %% [markdown]
# ## What the article says and what you measured
#
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | a process's crash does not affect other processes | it spares their memory; one that waits for the dead process may wait for ever | claim 1.1-crash, chapter 3 | [CPython issue 66587](https://github.com/python/cpython/issues/66587) |
# | threads: limited by the GIL | on a free-threaded Python threads compute in parallel | claims 1.2-threads-by-turns, 1.2-threads-in-parallel | [free-threading HOWTO](https://docs.python.org/3/howto/free-threading-python.html) |
# | asyncio: not affected by the GIL | its thread needs the GIL like any other | claim 1.3-asyncio-gil | [glossary](https://docs.python.org/3/glossary.html#term-global-interpreter-lock) |
# | concurrency gives the impression of simultaneity by fast switching | the gain comes from waits that overlap; switching between tasks that only compute gains nothing | claims 1.2-concurrent, 1.2-threads-by-turns | [The Go Blog](https://go.dev/blog/waza-talk) |
# | there are three models | four: since 3.14 also interpreters inside one process | the table in 1.3 | [concurrent.interpreters](https://docs.python.org/3/library/concurrent.interpreters.html) |
# | multiprocessing uses the most, asyncio very little (in words; some cells of the table are lost) | measured: see the pictures in 1.1 | claims 1.1-start-process, 1.1-memory-cost | [procfs, smaps_rollup](https://www.kernel.org/doc/Documentation/ABI/testing/procfs-smaps_rollup) |

# %%
chapter.end("1")

# %% [markdown]
# ## Next
#
# Why may only one thread run Python code at a time, and what can you do about it?
# [Chapter 2](02_the_gil.ipynb) watches the GIL change hands.
