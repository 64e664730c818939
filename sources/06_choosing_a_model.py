# %% [markdown]
# # Chapter 6: Choose a model for the work at hand
#
# You have met threads, processes, tasks of an event loop, and pools of all of them. Which one does your
# work need? There is no best model. There are a few questions, whose answers you can measure. In this
# chapter you ask them, and then let every model do the same work, and look who wins where, and why.

# %% [markdown]
# ## What you will be able to do
#
# - find out whether a task waits or computes, and whether its C code lets others compute
# - walk a decision tree, and check its advice by a measurement
# - use every model through one interface, so that to change the model is to change one line
# - compare models honestly: interleaved, repeated, start-up apart, with an interval
# - say what limits a speed-up, and from which size of a task on processes pay

# %% [markdown]
# ## What you need
#
# - Chapters 1 to 5: threads, processes, pools, asyncio. Necessary.
# - Chapter 2: the GIL, and who releases it. Necessary.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 110 minutes, exercises included. Classroom: 60 minutes, without the exercises and
# the Trys.

# %%
import asyncio
import contextlib
import inspect
import multiprocessing
import os
import threading
import time
import zlib
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from helpers.course import chapter, checks_choosing, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction
from helpers.measure import executors
from helpers.measure.executors import EXECUTORS, start
from helpers.measure.verdict import WITH_GIL, all_of, checked, needs_cores, untold
from helpers.workers.models_compared import blocks_in, hash_blocks
from helpers.workers.overlap import compute, loops_in

chapter.begin("6")

# %% [markdown]
# The next cell imports what this chapter measures and draws with. You don't need to know these:
# the code that matters stands in the cells below.

# %%
from helpers.draw import choosing as draw_choosing
from helpers.draw import crossover as draw_crossover
from helpers.draw import models_compared as draw_models
from helpers.draw.compare import points
from helpers.labs.choosing import advisor
from helpers.labs.models_compared import models_lab
from helpers.measure.choosing import ARTICLE_TREE, TREE, Advice, paths
from helpers.measure.compare import BUSY_CORES, compare
from helpers.measure.crossover import crossover
from helpers.measure.evidence import EVIDENCE
from helpers.measure.models_compared import KINDS, models_compared

# %% [markdown]
# ## 6.1 What kind of task is it?
#
# *25 minutes; 25 so far*
#
# "Is it CPU-bound or I/O-bound?" Everybody asks that first, and rightly. A task is **I/O-bound** if it
# spends its time waiting for something outside: a server, a disk, a person. It is **CPU-bound** if it
# spends its time on a core. You needn't guess which. Python has a clock on the wall, `perf_counter`,
# and one that runs only while this thread is on a core, `thread_time`.


# %%
def share_on_core(task):
    """Which part of the task's time its thread was on a core."""
    clock, core = time.perf_counter(), time.thread_time()
    task()
    return (time.thread_time() - core) / (time.perf_counter() - clock)


def fetch():
    time.sleep(0.03)  # stands for a server that takes its time


loops = loops_in(0.03)  # so many loops take 0.03 s of a core of this machine


def compute_squares():
    return compute(loops)


def fetch_and_compute():
    fetch()
    compute_squares()


# %% [markdown]
# Others may take the core away for a while, but nobody can give a task more of it than it uses. So
# the largest share of a few runs is the best.

# %% tags=["nbval-ignore-output"]
shares = {
    task.__name__: max(share_on_core(task) for _ in range(5))
    for task in (fetch, compute_squares, fetch_and_compute)
}
for name, share in shares.items():
    print(f"{name:>18}: {share:4.0%} of its time on a core")

# %%
claim(
    "6.1-share",
    "A task that waits is hardly ever on a core, compared with one that computes.",
    shares["fetch"] < 0.2 * shares["compute_squares"],
    ", ".join(f"{name} {share:.0%}" for name, share in shares.items()),
    tolerance="a fifth: waking up takes a moment, and a busy machine takes cores from computing",
)

# %% [markdown]
# A task that is on a core half of its time is **mixed**: it fetches something, then works on it. Many
# real ones are.
#
# ### The question that everybody forgets
#
# CPU-bound isn't the end. *Where* does the task compute? A library in C can release the GIL while it
# works, and then threads are enough. Does it? Let it work in this thread, and let another one
# count how often it gets a turn meanwhile.


# %%
def turns_of_others(call):
    """How often another thread, which naps for a millisecond each time, gets a turn meanwhile."""
    turns, stop = 0, threading.Event()

    def count():
        nonlocal turns
        while not stop.is_set():
            time.sleep(0.001)
            turns += 1

    counter = threading.Thread(target=count)
    counter.start()
    time.sleep(0.01)
    before = turns
    call()
    found = turns - before
    stop.set()
    counter.join()
    return found


# %%
guess_c = Prediction(
    "sum(range(3_000_000)) is a single call of C code, and so is zlib.compress of some megabytes. "
    "During which of them does another thread get a turn?",
    ["during both: it is C code", "during zlib.compress only", "during sum only", "during neither"],
)
guess_c

# %% tags=["nbval-ignore-output"]
noise = os.urandom(2_000_000)  # hard to compress: it takes a while
turns = {
    "sum": turns_of_others(lambda: sum(range(3_000_000))),
    "zlib": turns_of_others(lambda: zlib.compress(noise)),
}
print(turns)

# %%
free_in_sum, free_in_zlib = turns["sum"] > 3, turns["zlib"] > 3
guess_c.compare(
    {
        (True, True): "during both: it is C code",
        (False, True): "during zlib.compress only",
        (True, False): "during sum only",
        (False, False): "during neither",
    }[free_in_sum, free_in_zlib],
    {
        "during both: it is C code": "C code may release the GIL; it doesn't by itself. sum works "
        "on Python objects, so it must keep it. (Without a GIL it is both.)",
        "during neither": "zlib works on bytes of its own, and lets the GIL go meanwhile.",
    },
)

# %% [markdown]
# **Look.** The other thread wants a turn every millisecond. While `zlib` compresses it gets most of them. While
# `sum` adds it gets none until the call is over (the one or two you may see are those at its end).

# %%
claim(
    "6.1-releases",
    "zlib.compress lets other threads work meanwhile, sum over a range doesn't.",
    turns["zlib"] > 3 >= turns["sum"],
    f"turns of the other thread: {turns['zlib']} during zlib.compress, {turns['sum']} during sum",
    needs=[WITH_GIL],
    tolerance="3: a turn at the end of the call is let in, and perhaps one at its beginning",
)

# %% [markdown]
# **Explain.** The GIL guards Python's objects. C code that works on plain bytes or numbers can do without, and
# its author may say so; zlib's and hashlib's did
# ([C API](https://docs.python.org/3.13/c-api/init.html#releasing-the-gil-from-extension-code)). You can ask
# any library in this way.
#
# ### The article's tree
#
# Here is the decision tree of the article, in its own order:
#
# 1. Is the task CPU-bound? Yes: multiprocessing. No: go on.
# 2. Is it I/O-bound? Yes: are there many at once (1000+)? Yes: asyncio. No: threading.
#    Not I/O-bound: optimise a single thread.
# 3. Is it mixed? Yes: asyncio with `run_in_executor`.

# %%
guess_tree = Prediction(
    "It has five recommendations. Follow it with every possible answer. At how many of the "
    "five do you arrive?",
    ["two", "three", "four", "five"],
)
guess_tree


# %% [markdown]
# `ARTICLE_TREE` is this tree as data: each question says where each answer leads.


# %%
def arrivals(tree, place="work"):
    """The recommendations that some answers lead to."""
    here = tree[place]
    if isinstance(here, Advice):
        return [here.model]
    return [model for leads_to in here.answers.values() for model in arrivals(tree, leads_to)]


reached = arrivals(ARTICLE_TREE)
written = [node.model for node in ARTICLE_TREE.values() if isinstance(node, Advice)]
print("reached:", *reached, sep="\n  ")
print("written, not reached:", *(model for model in written if model not in reached))

# %%
guess_tree.compare(
    {2: "two", 3: "three", 4: "four", 5: "five"}[len(reached)],
    {"five": "Its third question, for mixed tasks, stands at the end. No answer leads there."},
)

# %%
claim(
    "6.1-dead-end",
    "In the article's tree no answer leads to its advice for mixed tasks.",
    set(written) - set(reached) == {"asyncio with run_in_executor"},
    f"{len(reached)} of {len(written)} recommendations are reached",
)

# %%
draw_choosing.tree(ARTICLE_TREE, title="The article's tree")

# %% [markdown]
# And is what it reaches right? "CPU-bound: multiprocessing". Hashing is CPU-bound, and done in C.

# %%
print(inspect.getsource(hash_blocks))

# %% [markdown]
# Eight tasks that hash: one after another, in two threads, and in two processes. `compare` lets the
# three take turns, again and again; its first round, in which the pools start, doesn't count.

# %%
spawn = multiprocessing.get_context("spawn")
blocks = [blocks_in(0.003)] * 8

with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2, spawn) as processes:
    hashing = compare(
        {
            "one after another": lambda: [hash_blocks(count) for count in blocks],
            "two threads": lambda: list(threads.map(hash_blocks, blocks)),
            "two processes": lambda: list(processes.map(hash_blocks, blocks)),
        }
    )
points(hashing, "CPU-bound, in C: who needs processes?")

# %%
claim(
    "6.1-cpu-in-threads",
    "There is CPU-bound work that two threads do faster than one.",
    hashing.ratio("one after another", "two threads").at_least(1.2),
    needs=[needs_cores(2)],
    tolerance="two cores promise a factor of 2; 1.2 is far from none",
)

# %% [markdown]
# ### A tree that asks more
#
# Here is one with the questions that the article leaves out. It isn't the last word either: it is the order
# in which to *measure*.

# %%
draw_choosing.tree(TREE)

# %%
ways = paths(TREE)
print(len(ways), "ways, the longest with", max(len(way.answers) for way in ways), "questions")

# %%
claim(
    "6.1-every-way",
    "Every way through this tree ends at advice that has a measurement, and all advice is reached.",
    {way.nodes[-1] for way in ways} == {k for k, node in TREE.items() if isinstance(node, Advice)}
    and all(way.advice.evidence in EVIDENCE for way in ways),
    f"{len(ways)} ways, {len(EVIDENCE)} measurements",
)

# %% [markdown]
# The **advisor** walks it with you. Answer the questions: the advice follows at once, and says which answers it
# follows from. *Run* makes the measurement on which the advice rests, here and now. On a machine of another kind, or under
# another Python, it may say no: then believe the measurement.

# %%
advisor().set(work="compute", code="in a Python loop over numbers").run()

# %% [markdown]
# **Try.** Answer for a program of your own, and press *Run*. Then set *Show* to see the way through the tree.
# Find an advice that your machine doesn't confirm. (If it has one core, that is easy.) Why doesn't it?

# %% [markdown]
# ## 6.2 The benchmark, made honest
#
# *35 minutes; 60 so far*
#
# The article measures each model once, with the pool being started inside the measurement. Here is its
# benchmark in short, with tasks of ten milliseconds.

# %%
guess_start = Prediction(
    "Four tasks that compute for 10 ms each; a pool of four processes is started for them. What "
    "takes the most time?",
    ["the computing", "handing over the tasks", "starting the processes"],
)
guess_start

# %% tags=["nbval-ignore-output"]
tasks = [loops_in(0.01)] * 4
seconds = {}

began = time.perf_counter()
for task in tasks:
    compute(task)
seconds["sequential"] = time.perf_counter() - began

began = time.perf_counter()
with ThreadPoolExecutor(4) as pool:
    list(pool.map(compute, tasks))
seconds["threads"] = time.perf_counter() - began

began = time.perf_counter()
with ProcessPoolExecutor(4, spawn) as pool:
    list(pool.map(compute, tasks))
seconds["processes"] = time.perf_counter() - began

print({name: f"{took * 1e3:.0f} ms" for name, took in seconds.items()})

# %% [markdown]
# Processes look hopeless. Now let the pool be up before the work comes, as it is in any program that
# has more than one thing to do.

# %%
with start("processes", workers=4) as pool:
    warm = []
    for _ in range(3):
        began = time.perf_counter()
        list(pool.map(compute, tasks))
        warm.append(time.perf_counter() - began)

# %%
guess_start.compare(
    "starting the processes" if seconds["processes"] > 2 * min(warm) else "the computing",
    {
        "the computing": "That is what remains when the pool is up. Look at the two times.",
        "handing over the tasks": "Four short messages. The end of this section measures one.",
    },
)

# %%
claim(
    "6.2-start-up",
    "For short work, most of what the article measures of processes is their start.",
    seconds["processes"] > 2 * min(warm),
    f"{seconds['processes'] * 1e3:.0f} ms with the start, {min(warm) * 1e3:.0f} ms without",
    tolerance="more than half of the time: that is what 'most' means",
)

# %% [markdown]
# ### One interface
#
# To compare models fairly they must do the same work, called in the same way. `concurrent.futures` has
# a word for "something that runs tasks": an **executor**. It has `submit`, which gives a future, `map`, and
# `shutdown`. Threads and processes have one, and since 3.14 subinterpreters
# ([docs](https://docs.python.org/3/library/concurrent.futures.html)). Two are missing. "One after another" is
# quickly written:

# %%
print(inspect.getsource(executors.SequentialExecutor.submit))

# %% [markdown]
# The other is an event loop in a thread. A coroutine function is awaited there; a plain function is called
# there, and so blocks the loop. The `_seats` are a semaphore for so many workers:

# %%
print(inspect.getsource(executors.AsyncioExecutor._run))

# %% [markdown]
# With that, the benchmark is a loop. `EXECUTORS` holds the models that this Python has; `start` makes one,
# waits until its workers are up, and returns the executor itself, so that no wrapper costs time.

# %%
results = {}
for name in EXECUTORS:
    with start(name, workers=2) as pool:
        results[name] = list(pool.map(compute, [10, 20, 30]))
print("different results:", len({tuple(found) for found in results.values()}))

# %% [markdown]
# A new executor is one line: how to make one for so many workers. (Chapter 8 adds a cluster like this.)

# %%
EXECUTORS["one thread"] = executors.Kind(lambda workers: ThreadPoolExecutor(1), lanes=False)

with start("one thread") as pool:
    results["one thread"] = list(pool.map(compute, [10, 20, 30]))
print(results["one thread"])

del EXECUTORS["one thread"]

# %%
claim(
    "6.2-same-interface",
    "Every model does the tasks through the same calls, with the same results in the same order.",
    len(results) >= 5 and all(found == [285, 2470, 8555] for found in results.values()),
    f"{', '.join(results)}: {results['sequential']}",
)

# %% [markdown]
# And this is the whole benchmark, made honest: the pools are up before, the contenders take turns, and there
# are many rounds.

# %%
tasks = [loops_in(0.004)] * 4

with contextlib.ExitStack() as stack:  # closes all of them at its end
    pools = {name: stack.enter_context(start(name, workers=4)) for name in EXECUTORS}
    honest = compare(
        {name: lambda pool=pool: list(pool.map(compute, tasks)) for name, pool in pools.items()}
    )
points(honest, "Four tasks that compute in Python, by every model")

# %% [markdown]
# But the same *function* isn't always the right one. An event loop needs something to await:

# %%
waits = [0.02] * 4
with start("asyncio", workers=4) as pool:
    began = time.perf_counter()
    list(pool.map(time.sleep, waits))
    blocking_s = time.perf_counter() - began

    began = time.perf_counter()
    list(pool.map(asyncio.sleep, waits))
    awaiting_s = time.perf_counter() - began

# %%
claim(
    "6.2-blocks",
    "An event loop runs functions that block one after another; coroutines that await overlap.",
    blocking_s > 0.95 * sum(waits) and awaiting_s < blocking_s,
    f"time.sleep {blocking_s * 1e3:.0f} ms, asyncio.sleep {awaiting_s * 1e3:.0f} ms",
    tolerance="5 %: some systems' clocks let a sleep end a little early",
)

# %% [markdown]
# ### Every model, every kind of work
#
# Now all four kinds of work: waiting, computing in Python, half of each, and hashing, which is C code without
# the GIL. Eight tasks for four workers. `models_compared` does what the last benchmark does, for each kind,
# and divides by "sequential". Every round is a point; the bar is a 95 % interval for the median; what the
# start took stands beside the name.
#
# What can be expected at most? Four workers can't do more than four things at once. Those that compute need
# a core each, and a GIL that lets them. And handing a task over isn't divided among the workers: it is
# the serial part of **Amdahl's law** (chapter 1). The dotted line is what these allow together.

# %%
guess_mixed = Prediction(
    "Tasks that wait for half of their time and compute in Python for the other half. Which model "
    "finishes them first on this machine?",
    ["threads", "processes", "asyncio"],
)
guess_mixed

# %%
compared = dict(zip(KINDS, models_compared(KINDS, task_s=0.004), strict=True))
draw_models.speed_ups(list(compared.values()))

# %%
mixed = compared["mixed"]
first, second = sorted(guess_mixed.answers, key=mixed.comparison.median)[:2]
ratio = mixed.comparison.ratio(second, first)
clear = ratio.low > 1 and (ratio.busy or 0) <= BUSY_CORES
guess_mixed.compare(
    first if clear else None,
    {
        "threads": "While one waits another computes, but only one at a time computes.",
        "asyncio": "It overlaps the waits, as threads do, and computes one at a time as well.",
        "processes": "They overlap waits and computing, if the machine has the cores to spare.",
    },
    f"{first} and {second} are too close together, or other programs were in the way",
)

# %% [markdown]
# **Look.** Take one panel after the other. Who stands at the dotted line has nothing left to gain; who
# stands at 1 has gained nothing at all. No model is first in all panels.

# %%
claim(
    "6.2-waiting",
    "Threads, processes and asyncio all gain when tasks wait.",
    all_of(
        [
            compared["waiting"].speed_up(name).at_least(1.5)
            for name in ("threads", "processes", "asyncio")
        ]
    ),
    tolerance="four workers promise a factor of 4; 1.5 is far from none, on a busy machine too",
)

# %%
claim(
    "6.2-threads-compute",
    "With the GIL, threads gain nothing when tasks compute in Python.",
    compared["computing"].speed_up("threads").at_most(1.3),
    needs=[WITH_GIL],
    tolerance="0.3 for a noisy host; two cores would give a factor of 2",
)

# %%
claim(
    "6.2-processes-compute",
    "Processes gain when tasks compute in Python.",
    compared["computing"].speed_up("processes").at_least(1.2),
    needs=[needs_cores(2)],
    tolerance="two cores promise a factor of 2, less the handing over; 1.2 is far from none",
)

# %%
claim(
    "6.2-threads-hash",
    "Threads gain when tasks compute in C that releases the GIL.",
    compared["hashing"].speed_up("threads").at_least(1.2),
    needs=[needs_cores(2)],
    tolerance="two cores promise a factor of 2; 1.2 is far from none",
)

# %%
claim(
    "6.2-asyncio-computes",
    "asyncio gains nothing when tasks compute, be it in Python or in C.",
    all_of([compared[kind].speed_up("asyncio").at_most(1.3) for kind in ("computing", "hashing")]),
    tolerance="0.3 for a noisy host",
)

# %%
claim(
    "6.2-limit",
    "No model gains more than workers, cores and GIL allow.",
    all_of(
        [
            one.speed_up(name).at_most(1.3 * one.ceiling(name))
            for one in compared.values()
            for name in one.models
        ]
    ),
    tolerance="0.3 of it for a noisy host",
)

# %% [markdown]
# **Explain.** "Can't be told here" on one of these cards isn't a failure: the interval reaches over the bound, or
# other programs had the cores. A benchmark that always has an answer doesn't measure. The lab gives you the
# number of tasks, their length and the workers.

# %%
models_lab().set(kind="computing", tasks=8, task_s=0.003, workers=2).run()

# %% [markdown]
# ### From which size on do processes pay?
#
# A process gives you a core, and takes a message each way for every task. So the shorter the tasks, the
# more of the gain is eaten. Somewhere the two are equal: that is the **crossover**.

# %%
guess_small = Prediction(
    "Pure Python again, but now in tasks of 30 µs. Two threads, which share a GIL, or two "
    "processes: who is faster?",
    ["the threads", "the processes", "they are about equal"],
)
guess_small

# %%
found = crossover()
draw_crossover.gains(found)

# %%
small, large = found.gain(found.sizes_s[0]), found.gain(found.sizes_s[-1])
happened = "they are about equal"
if small.high < 1 or small.low > 1:
    happened = "the threads" if small.high < 1 else "the processes"
guess_small.compare(
    happened,
    {
        "the processes": "They compute at once, but a message takes longer than such a task.",
        "they are about equal": "Handing over a task costs a process far more than a thread.",
    },
)

# %%
claim(
    "6.2-small-tasks",
    "For tiny tasks processes are slower than threads, though threads share a GIL.",
    small.at_most(1),
    tolerance="none: the whole interval must lie below equal",
)

# %%
claim(
    "6.2-large-tasks",
    "For tasks that are long enough processes are faster than threads.",
    large.at_least(1.2),
    needs=[needs_cores(2), WITH_GIL],
    tolerance="two cores promise a factor of 2; 1.2 is far from none",
)

# %% [markdown]
# **Look.** The star is where the measured curve crosses 1. The dashed curve knows nothing of these
# measurements: it is made of two numbers, what handing over an *empty* task costs each of the two pools.
#
# **Explain.** In threads a task of length *t* costs *t* and a hand-over; in two processes half of *t* and a
# longer hand-over. So they are equal where half of *t* pays for the difference.

# %%
equal_s, expected_s = found.measured_s, found.predicted_s
evidence_text = f"measured {equal_s}, expected {expected_s} (seconds)"
claim(
    "6.2-crossover",
    "Where processes begin to pay follows from what it costs to hand over an empty task.",
    checked(expected_s / 4 < equal_s < 4 * expected_s, evidence_text)
    if equal_s and expected_s and large.low > 1.2
    else untold("processes didn't clearly win at any size", evidence_text),
    needs=[needs_cores(2), WITH_GIL],
    tolerance="a factor of 4: a busy second core moves it, and the sizes stand a factor of 3 apart",
)

# %% [markdown]
# So "CPU-bound: processes" needs a size. Tasks below the crossover aren't lost for processes: hand over
# many of them in one message (`chunksize`, chapter 3), and the batch is long enough.
#
# **Try.** In the lab take tasks of 100 µs, computing, 32 of them. Who wins? Then go up in length. Does the order
# change where the figure says? Then `crossover(workers=4)`: where does the star go, and why?

# %% [markdown]
# ## Summary
#
# - **Measure** before you choose: time on a core against time by the clock, turns of another thread.
# - Waiting: **asyncio** if there is a library for it, else **threads**; for some hundreds either will do.
# - Computing in C that **releases the GIL**: threads. In a Python loop over numbers: compile it first.
# - Computing in Python: threads on a **free-threaded** build; else subinterpreters or **processes**, if
#   a task is long enough and its data travels cheaply.
# - A task that does both needs both: an event loop, or threads, and a **pool** for the computing.
# - An **executor** is the interface that all models share. Choose late: to change it is to change one line.
# - An honest comparison **interleaves**, **repeats**, keeps the **start-up** apart, gives an **interval**,
#   and says when it can't tell.
# - A speed-up is limited by workers, by cores, by the GIL, and by what is done serially. Handing over is.

# %% [markdown]
# ## Exercises
#
# *About 30 minutes.* Write, run the cell, then run the check below it.

# %% [markdown]
# ### Exercise 6.1
#
# Write `choose`, which returns `"asyncio"`, `"threads"` or `"processes"`. `share_on_core` is what you measured in
# 6.1, from 0 to 1; a task below 0.5 counts as one that waits. `library`: there is an async library for what it
# waits for. `releases`: it computes in C code that releases the GIL. `gil`: this Python has a GIL.


# %% tags=["exercise"]
def choose(share_on_core, library, releases, gil):
    return ...


# %%
exercises.check("6.1", checks_choosing.choose, choose)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def choose(share_on_core, library, releases, gil):
#     if share_on_core < 0.5:
#         return "asyncio" if library else "threads"
#     return "threads" if releases or not gil else "processes"
# ```
#
# Processes are what remains: computing, with a GIL that nobody lets go.
#
# </details>

# %% [markdown]
# ### Exercise 6.2
#
# You have `tasks` tasks, each of which computes for `task_s` seconds. Write `seconds_in_processes`: how long do they
# take in a pool with as many processes as there are `cores`, which is started for them? `start_s`: to start the
# pool. `hand_over_s`: to hand over one task; this isn't done in parallel. A task can't be divided.


# %% tags=["exercise"]
def seconds_in_processes(tasks, task_s, cores, start_s, hand_over_s):
    return ...


# %%
exercises.check("6.2", checks_choosing.seconds_in_processes, seconds_in_processes)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def seconds_in_processes(tasks, task_s, cores, start_s, hand_over_s):
#     rounds = -(-tasks // cores)
#     return start_s + tasks * hand_over_s + rounds * task_s
# ```
#
# `-(-a // b)` divides and rounds up, as `math.ceil(a / b)` does. Five tasks on four cores take two rounds.
#
# </details>

# %% [markdown]
# ## What the article says and what you measured
#
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | CPU-bound: multiprocessing | not if it computes in C that releases the GIL; nor without a GIL; nor in tiny tasks | claims 6.1-cpu-in-threads, 6.2-threads-hash, 6.2-small-tasks | [releasing the GIL](https://docs.python.org/3.13/c-api/init.html#releasing-the-gil-from-extension-code) |
# | mixed: asyncio with `run_in_executor` | right, but no answer in its tree leads there | claim 6.1-dead-end | §6.1 |
# | each time measured once | single rounds scatter widely; many, interleaved, give an interval | the points of each round in §6.2 | [timeit](https://docs.python.org/3/library/timeit.html#timeit.Timer.repeat) |
# | the pool is started inside the measurement | for short work that is most of what is measured | claim 6.2-start-up | §6.2 |
# | its benchmark has no asyncio for CPU-bound work, no process for I/O | asyncio gains nothing from computing; processes gain from waiting too | claims 6.2-asyncio-computes, 6.2-waiting | §6.2 |

# %% [markdown]
# Closed pools keep some semaphores of the operating system until nothing refers to them any more.

# %%
pool = pools = threads = processes = stack = None

# %%
chapter.end("6")

# %% [markdown]
# ## Next
#
# Concurrent programs go wrong in ways of their own. Chapter 7, *pitfalls and debugging* (in the making), is
# about finding out why.
