# %% [markdown]
# # Chapter 1: See what runs at once
#
# Your computer does many things at a time. How does one Python program do that? In this chapter you
# start threads, processes and asyncio tasks, record what each of them does from moment to moment,
# and look at the recordings. At the end you have a table of Python's models of concurrency, filled
# with numbers from your own machine.
#
# The course follows the sections of a Chinese article on Python's processes and threads, checks what
# it says, and lists at the end of each chapter what came out otherwise.

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
# - Functions, classes and `with` blocks in Python. Necessary. You need not know anything about
#   concurrency.
# - Run the cells in order: each may use what those above it made.
#
# Cards like the one below show what is true on *your* machine. A card with a claim comes out in one
# of three ways: it holds, it doesn't hold, or it can't be told here, and why. *Measured* is what this
# run found, a *95 % interval* how far it may be off by chance, *tolerance* why the bound is where it
# is.

# %% [markdown]
# ## Time
#
# Self-study: about 80 minutes: 57 for the sections, 23 for the exercises. Classroom: 45 minutes,
# without the exercises and the Trys (three minutes each). Each section says how long it takes, and
# how long the sections have taken so far.

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
from helpers.workers import computing, executors, interpreters, overlap, sharing

chapter.begin("1")

# %% [markdown]
# ## 1.1 What a process is, and what a thread is
#
# *20 minutes; 20 so far*
#
# A **process** is a running program. It has memory of its own, which other processes can't read or
# change, unless it shares some on purpose (chapter 3) or lets a debugger in. The operating system
# gives each process a number, the **process id**.
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
# (A third, `forkserver`, forks from a small process kept for that.)
#
# A fresh Python knows nothing of the functions you type into a notebook. It can only import. So
# what is to run in a child stands in a file,
# [`helpers/workers/sharing.py`](../helpers/workers/sharing.py). Here is the function from it that
# you need now.

# %%
print(inspect.getsource(sharing.append))

# %%
guess_words = Prediction(
    'A list holds "kernel". A thread appends "thread" to it. Then a child process appends '
    '"process" to it. What is in the list of the kernel?',
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
# Did the child append at all? Ask it. A **pool** starts child processes (or threads:
# `ThreadPoolExecutor`), sends them calls, and brings back what the function returns. `submit` sends
# one call; `result` waits for its answer.

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
# its own process the signal SIGKILL. And what if a signal is sent to one *thread* of the child?
# `sharing.die_in_a_thread` starts a thread that sends it to itself alone (where the system has
# signals for threads; Windows hasn't).

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
# that it ended well; a negative number names the signal that killed it (on Windows, which has no such
# signals, the number is positive;
# [`exitcode`](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.exitcode),
# [`os.kill`](https://docs.python.org/3/library/os.html#os.kill)). The third child's main thread was
# sent nothing, and is gone too. And this kernel lives on.
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
# ([a known problem](https://github.com/python/cpython/issues/66587); chapter 3 shows it). What of the
# pool that you have used above?

# %%
with ProcessPoolExecutor(1, mp_context=spawn) as pool:
    broken = type(pool.submit(sharing.die).exception()).__name__

claim(
    "1.1-broken-pool",
    "The pool of `concurrent.futures` notices that its child died, and raises BrokenProcessPool.",
    broken == "BrokenProcessPool",
    f"the waiter got {broken}",
)

# %% [markdown]
# ### What one more costs
#
# There is a third kind of worker, the **asyncio task**: a running `async` function. An **event loop**
# runs such tasks by turns in one thread; a task can let others go on where it says `await`. A
# notebook has a loop running, so a cell may use `await` directly; in a script that is a SyntaxError.
# Each kind of worker has its price.

# %%
guess_cost = Prediction(
    "A fresh Python starts as a child, does nothing and ends (spawn). How many threads can do that "
    "meanwhile?",
    ["fewer than 10", "10 to 100", "more than 100"],
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
# turns, round after round, in a fresh Python where nothing else is going on. Each dot is a round;
# where a start is quick, the mean of many in a row. The black mark is the **median**, the middle one
# of all.

# %%
from helpers.draw import creation as draw_creation
from helpers.measure import creation

starts = creation.start_costs()
draw_creation.start_dots(starts)

# %%
process_to_thread = starts.ratio("process (spawn)", "thread")
threads_meanwhile = process_to_thread.middle

why_not_more = "A fresh Python has to start and import things, a thread hasn't."
if "process (fork)" in starts.seconds:
    forked = starts.ratio("process (fork)", "thread").middle
    why_not_more += f" A fork, which hasn't either, took as long as {forked:.0f} threads."

guess_cost.compare(
    "fewer than 10"
    if threads_meanwhile < 10
    else "10 to 100"
    if threads_meanwhile <= 100
    else "more than 100",
    {
        "fewer than 10": "The system starts both, but a thread needs no new memory and no Python.",
        "10 to 100": why_not_more,
    },
)

# %%
claim(
    "1.1-start-thread",
    "An asyncio task takes less time to start than a thread.",
    starts.ratio("thread", "asyncio task").at_least(1.5),
    tolerance="any factor above 1 would do; half is left to noise",
)

# %%
claim(
    "1.1-start-process",
    "A thread takes less time to start than a fresh process.",
    process_to_thread.at_least(1.5),
    tolerance="any factor above 1 would do; half is left to noise",
)

# %% [markdown]
# And memory? For a task and a thread: make many, see how much the process grows, divide. For a
# process: what of its memory nobody else uses, so that its end would free it. The rest it shares
# with others: the program file, and after a `fork` all memory that neither side has changed yet.
#
# Linux tells all this. Elsewhere Python's standard library knows only the most that a process ever
# had, from which it can't be computed, and the next two cells say so.

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
# **Look.** Tasks come first, then threads, then processes, and one line further to the right is ten
# times as much.
#
# **Explain.** A task is an object. A thread needs a **stack** (memory for the calls it is in) and the
# operating system. A process needs memory of its own and, with `spawn`, a fresh Python.

# %% [markdown]
# **Try.** In the cell that prints three times, take `multiprocessing.get_context("forkserver")` instead
# of `spawn` (not on Windows), and run the cell twice. Why does the second run take less time? And let
# a child end by an exception: `spawn.Process(target=sharing.append)` lacks its arguments. Which exit
# code does it leave?

# %% [markdown]
# ## 1.2 Concurrent is not parallel
#
# *27 minutes; 47 so far*
#
# Two tasks are **concurrent** when each begins before the other has ended: both are *in progress*.
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
loops = computing.loops_in(0.03)
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
# And in two processes. `meet` runs first in each of them and waits at a **barrier**, which holds
# everybody until all are there. So the picture shows the tasks, not the start.


# %%
def two_processes():
    both_here = spawn.Barrier(2)
    return ProcessPoolExecutor(2, spawn, initializer=executors.meet, initargs=(both_here,))


with two_processes() as pool:
    in_processes = list(pool.map(mixed, names))

# %%
guess_mixed = Prediction(
    "Two threads, two asyncio tasks, two processes: while one task waits, the other could go on. "
    "Where does it?",
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
    {
        ("threads", "asyncio tasks", "processes"): "all three",
        ("asyncio tasks", "processes"): "asyncio tasks and processes",
        ("threads", "processes"): "threads and processes",
        ("processes",): "processes",
    }.get(tuple(together)),
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
# first has ended. Below, a wait of one task lies above or below something of the other. With threads
# and asyncio tasks that is all the time gained; processes also computed at once, if you have two
# cores to spare.
#
# Now look at the solid pieces. Are there instants with solid above solid? With asyncio tasks, never:
# there is one thread. With a GIL, the pieces of the threads are cut up: they take turns. Orange: it
# waits for the **GIL**, a lock that you meet in a moment. **Waiting for a core** is other programs at
# work on your machine. Linux tells the two apart. Elsewhere the picture says *waiting for the GIL or
# a core*. (On a *free-threaded* Python, which has no GIL, the threads look like the processes.)

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
    "The tasks only compute. Where will two of them compute at the same instant?",
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
from helpers.measure.overlap import by_turns, computed_at_once, in_parallel

guess_cpu.compare(
    {
        ("threads", "processes"): "threads and processes",
        ("processes",): "only processes",
        (): "none",
    }.get(computed_at_once(cpu_runs)),
    {
        "threads and processes": "So it is without a GIL. With it, threads take turns.",
        "all three": "Asyncio tasks share one thread: it can't be in two places.",
        "none": "That is right where there is one core, or where other programs use the rest.",
        "only processes": "Your Python has no GIL, or your machine has no core to spare.",
    },
)

# %% [markdown]
# **Look.** The asyncio tasks didn't even take turns: without an `await` there is no place to do so.
# With a GIL, the threads took turns: the solid pieces of one lie in the gaps of the other, as if on a
# single core. No two pieces ran at once, so nothing could be gained.
#
# **Explain.** Most Pythons have a **GIL** (global interpreter lock), a lock that only one thread can
# hold at a time, and which a thread needs to run Python code. There is one for each process (strictly:
# each interpreter, see 1.3). Chapter 2 is about it. On a free-threaded Python, which has none, the
# threads run in parallel.

# %%
without_await = in_progress_at_once(cpu_runs["asyncio tasks"])
claim(
    "1.2-no-await",
    "Tasks that never await run one after another.",
    without_await == 0,
    f"both in progress for {without_await:.0%} of the time",
)

# %%
from helpers.measure.verdict import WITH_GIL, WITHOUT_GIL, needs_cores
from helpers.workers.timeline import gil_enabled

if gil_enabled():
    about_threads = claim(
        "1.2-threads-by-turns",
        "With the GIL, two threads never run Python code at the same instant.",
        by_turns(cpu_runs["threads"]),
        needs=[WITH_GIL],
        tolerance="5 %: where a turn ends is known to one beat, far shorter than a switch interval",
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
# This is **Amdahl's law** ([G. M. Amdahl, 1967](https://doi.org/10.1145/1465482.1465560)). Below, the
# workers are processes.

# %%
guess_amdahl = Prediction(
    "Half of a program is serial. What speed-up can a million workers give it?",
    ["about a million", "about half a million", "not quite 2"],
)
guess_amdahl


# %% tags=["nbval-ignore-output"]
def divide(pool, loops, serial_share, workers):
    computing.compute(int(loops * serial_share))  # here, while the workers have nothing to do
    each = int(loops * (1 - serial_share) / workers)
    list(pool.map(computing.compute, [each] * workers))


with two_processes() as pool:
    list(pool.map(computing.compute, [1, 1]))  # both have started now
    clock = [time.perf_counter()]
    computing.compute(3 * loops)  # alone
    clock.append(time.perf_counter())
    divide(pool, 3 * loops, serial_share=0.5, workers=2)
    clock.append(time.perf_counter())
    computing.compute(3 * loops)  # alone once more: the first time may have been disturbed
    clock.append(time.perf_counter())

alone = min(clock[1] - clock[0], clock[3] - clock[2])
divided = clock[2] - clock[1]
print(f"speed-up {alone / divided:.2f}; the law expects at most {1 / (0.5 + 0.5 / 2):.2f}")

# %% [markdown]
# One try proves little: if the machine was busy with something else while one process computed alone,
# the speed-up comes out even above the law. So the next cell takes turns, many rounds, for two
# serial shares and several numbers of processes. The lines are the law; a mark is what was measured,
# its bar the 95 % interval.

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
# its limit. And the marks? Inside the grey area each process has a core (two of the system's cores
# may be halves of one real core; then the gain stays below the law). Beyond it they must share cores,
# and another process gains nothing. The number of cores is the second limit, and the law knows
# nothing of it.
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

amdahl_lab.lab().set(most=2).run()

# %% [markdown]
# **Try.** In the lab, compare 0 % with 5 % serial. By how much do the two *lines* differ at eight
# processes? That small share is what the last step of many programs looks like: collecting results.

# %% [markdown]
# ## 1.3 Python's models side by side
#
# *10 minutes; 57 so far*
#
# | module | what runs | what is special |
# |---|---|---|
# | `threading` | threads of one process | you don't choose when they switch |
# | `multiprocessing` | processes | memory of their own |
# | `asyncio` | tasks of one thread | your code says where they may switch: at `await` |
# | `concurrent.interpreters` | several interpreters in one process, each with a GIL of its own | since Python 3.14 |
#
# `concurrent.futures`, which you have used for the pools, is no model of its own: it gives threads,
# processes and (since 3.14, as `InterpreterPoolExecutor`) interpreters the same handles.
#
# You often read that asyncio has nothing to do with the GIL. Test it: a task that computes and
# awaits by turns, beside a thread that computes.

# %%
guess_gil = Prediction(
    "A task awaits and computes by turns, beside a thread that computes. What does the thread "
    "change for it?",
    [
        "nothing: asyncio has its own thread",
        "it computes later: it waits for the GIL",
        "it goes on only when the thread has ended",
    ],
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
FOR_THE_GIL = (State.WAITING_GIL, State.WAITING_UNKNOWN)
waited = side_by_side.share_in(*FOR_THE_GIL, lane="asyncio task")
at_once = computed_at_once({"side by side": side_by_side})
later = at_once == () and waited > 0.05

guess_gil.compare(
    "it computes later: it waits for the GIL"
    if later
    else "nothing: asyncio has its own thread"
    if at_once and not gil_enabled()
    else None,
    {
        "nothing: asyncio has its own thread": "It has, but a thread needs the GIL to run Python.",
        "it computes later: it waits for the GIL": "So it is with a GIL. Your Python has none.",
        "it goes on only when the thread has ended": "The thread has to let go of the GIL every "
        "few milliseconds, if another one wants it.",
    },
)

# %% [markdown]
# **Look.** With a GIL, find the pieces where the asyncio task waits for it. Each delays everything
# that this event loop has to do.
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
    tolerance="5 %: where a turn ends is known to one beat, far shorter than a switch interval",
)

# %% [markdown]
# And here is the table, with what this run has found. "Two tasks computed at once" comes from the
# CPU-bound tasks of section 1.2, the costs from section 1.1.

# %%
from helpers.draw.models import table
from helpers.measure.models import models
from helpers.measure.overlap import record

if interpreters.has_interpreters():
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
# - With a **GIL**, threads compute by turns, and an event loop takes its turn like any thread.

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
# | a process's crash does not affect other processes | it spares their memory; one that waits for the dead process gets an exception, or waits for ever | claims 1.1-crash and 1.1-broken-pool, chapter 3 | [CPython issue 66587](https://github.com/python/cpython/issues/66587) |
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
