# %% [markdown]
# # Chapter 6: Choose a model for the work at hand
#
# You have met threads, processes, tasks of an event loop, and pools of all of them. Which one does your
# work need? There is no best model. There are a few questions, whose answers you can measure. In this
# chapter you ask them, and then let every model do the same work, and see who wins where, and why.

# %% [markdown]
# ## What you will be able to do
#
# - find out whether a task waits or computes, and whether its C code lets others compute
# - walk a decision tree, and check its advice by a measurement
# - use every model through one interface, so that to change the model is to change one line
# - compare models honestly: interleaved, repeated, start-up apart, with an interval
# - say what limits a speed-up, and from which size of a task on processes pay
# - choose a model for six kinds of real work, and say why the usual advice fits or doesn't

# %% [markdown]
# ## What you need
#
# - Chapters 1 to 5: threads, processes, pools, asyncio. Necessary.
# - Chapter 2: the GIL, and who releases it. Necessary.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 175 minutes, exercises included. Classroom: 100 minutes, without the exercises and
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
from helpers.measure.verdict import EVEN_CORES, WITH_GIL, all_of, checked, needs_cores, untold
from helpers.workers.computing import compute, loops_in
from helpers.workers.models_compared import blocks_in, hash_blocks

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
from helpers.labs.side_by_side import side_by_side_lab
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
    "sum(range(3_000_000)) is a single call of C code, and so is zlib.compress of two megabytes. "
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
# **Look.** The other thread wants a turn every millisecond. While `zlib` compresses it gets many of them. While
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
# 2. Is it I/O-bound?
#    - Yes: are there many at once (1000+)? Yes: asyncio. No: threading.
#    - No: optimise a single thread.
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
draw_choosing.tree(ARTICLE_TREE, title="The article's tree: no answer leads to its last question")

# %% [markdown]
# And is what it reaches right? "CPU-bound: multiprocessing". Hashing is CPU-bound, and done in C.

# %%
print(inspect.getsource(hash_blocks))

# %% [markdown]
# Eight tasks that hash: one after another, in two threads, and in two processes. `compare` lets the
# three take turns, again and again; its first round, in which the pools start, doesn't count. In the picture
# a mark is a round, the black line the median, the pale bar the middle half of the rounds.

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

# %% [markdown]
# The card below divides within each round, as a slow moment hits all contenders of a round, and takes the
# median of these ratios. So it can differ a little from the ratio of the two medians. If it says *can't be told
# here*, this run is no evidence, as other programs had the cores; the text goes on with what an idle machine of
# two cores shows.

# %%
claim(
    "6.1-cpu-in-threads",
    "There is CPU-bound work that two threads do faster than one.",
    hashing.ratio("one after another", "two threads").at_least(1.2),
    needs=[needs_cores(2)],
    tolerance="two cores promise a factor of 2; 1.2 is far from none",
)

# %% [markdown]
# Where the two threads are ahead, "CPU-bound: multiprocessing" was wrong: the C code lets go of the GIL.
#
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
# Find advice that your machine doesn't confirm. (If it has one core, that is easy.) Why doesn't it?

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
# has more than one thing to do. The course's `start` makes a pool and waits until its workers are up.

# %%
with start("processes", workers=4) as pool:
    warm = []
    for _ in range(3):
        began = time.perf_counter()
        list(pool.map(compute, tasks))
        warm.append(time.perf_counter() - began)

# %% tags=["nbval-ignore-output"]
print(f"with the start {seconds['processes'] * 1e3:.0f} ms, without {min(warm) * 1e3:.0f} ms")

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
# With that, the benchmark is a loop. `EXECUTORS` holds the models that this Python has; `start` makes any of
# them, and returns the executor itself, so that no wrapper costs time.

# %%
results = {}
for name in EXECUTORS:
    with start(name, workers=2) as pool:
        results[name] = list(pool.map(compute, [10, 20, 30]))
print("different results:", len({tuple(found) for found in results.values()}))

# %% [markdown]
# A new executor is one line: how to make one for so many workers. `lanes=False` says that all its tasks run in
# one thread. (Chapter 8 adds a cluster like this.)

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
# are several rounds.

# %%
tasks = [loops_in(0.004)] * 4

with contextlib.ExitStack() as stack:  # closes all of them at its end
    pools = {name: stack.enter_context(start(name, workers=4)) for name in EXECUTORS}
    honest = compare(
        {name: lambda pool=pool: list(pool.map(compute, tasks)) for name, pool in pools.items()}
    )
points(honest, "Four tasks that compute in Python, by every model")

# %% [markdown]
# **Look.** Are processes ahead of the loop? With free cores they are, by less than there are cores: handing over
# costs something, too.
#
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
# and divides by "sequential". Every round is a point; the bar here is a 95 % interval for the median; what the
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
# **Look.** Take one panel after the other. A model at the dotted line has nothing left to gain; one at 1 has
# gained nothing at all. (The line is computed from medians: scatter can carry a model a little past it.) Is any
# model first in all panels?

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
    needs=[EVEN_CORES, WITH_GIL],
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
    needs=[EVEN_CORES],
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
            if name != "sequential"
        ]
    ),
    needs=[EVEN_CORES],
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
crossing = crossover()
draw_crossover.gains(crossing)

# %%
small, large = (crossing.gain(crossing.sizes_s[place]) for place in (0, -1))
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
# **Look.** The star is where the measured curve crosses 1. If there is none, processes didn't win at any size:
# other programs had the second core, or there is only one. The dashed curve knows nothing of these
# measurements: it is made of two numbers, what handing over an *empty* task costs each of the two pools.
#
# **Explain.** In threads a task of length *t* costs *t* and a hand-over; in two processes half of *t* and a
# longer hand-over. So they are equal where half of *t* pays for the difference.

# %%
equal_s, expected_s = crossing.measured_s, crossing.predicted_s
evidence_text = "; ".join(
    f"{word} {'none' if seconds is None else f'{seconds * 1e6:.0f} µs'}"
    for word, seconds in (("measured", equal_s), ("expected", expected_s))
)
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
# change where the figure says? Then `crossover(workers=4)`: is there a star, and where?

# %% [markdown]
# ### On other Pythons
#
# You have compared the models on one Python. With or without a GIL threads are not the same thing. The lab
# runs two threads of pure Python on the Pythons that you have; of those that you don't have it shows
# what was recorded.

# %%
side_by_side_lab("threads").set(rounds=5).run()

# %% [markdown]
# **Try.** Choose the experiment *models* and all Pythons that you have. For which of them would you still
# start processes?

# %% [markdown]
# ## 6.3 Six jobs, measured
#
# *60 minutes; 120 so far*
#
# The article closes its guide with a table: for each kind of job, the model to take.
#
# | job | the article recommends | its reason |
# |---|---|---|
# | web crawler | asyncio + aiohttp | many requests, highly concurrent |
# | image processing | multiprocessing | CPU-bound, must be parallel |
# | database work | threading | waits for I/O, moderately concurrent |
# | API server | asyncio (FastAPI) | highly concurrent, asynchronous I/O |
# | scientific computing | multiprocessing | CPU-bound, numeric |
# | file conversion | multiprocessing + Pool | batches, CPU-bound |
#
# It is easy to check. You will do each job, small but real, under every model that fits. Some jobs come
# in two kinds, so there will be nine measurements. For each, the article's choice counts as good if it
# takes at most a tenth longer than the fastest.

# %% [markdown]
# The next cell imports what only this section uses.

# %%
from collections import Counter
from functools import partial
from multiprocessing import get_context

import aiohttp
import aiosqlite
from aiohttp import web

from helpers.course import checks_scenarios
from helpers.draw import scenarios as draw_scenarios
from helpers.labs.scenarios import scenarios_lab
from helpers.measure import conversion as folders
from helpers.measure import crawl, database, images, science
from helpers.measure.apart import run_apart
from helpers.measure.loopback import loopback
from helpers.measure.machine import usable_cores
from helpers.measure.scenarios import SCENARIOS, Finding
from helpers.measure.task_profile import profile
from helpers.measure.verdict import Outcome
from helpers.workers import api_server as clients
from helpers.workers import conversion, task_profile
from helpers.workers import crawl as blocking_crawl
from helpers.workers import database as blocking_database
from helpers.workers import science as python_science
from helpers.workers.executors import begin

# %% [markdown]
# All jobs use the same pools, which are started once: one worker per core to compute (at least two, at
# most four here), and many threads that only wait. What it takes to start the processes is measured
# apart.

# %%
workers = max(2, min(4, usable_cores()[0]))
threads = ThreadPoolExecutor(workers)
waiting = ThreadPoolExecutor(24)
began = time.perf_counter()
# begin: so that an interrupt of the notebook doesn't break the pool, and it ends with the notebook.
processes = ProcessPoolExecutor(workers, get_context("spawn"), initializer=begin)
list(processes.map(time.sleep, [0.01] * workers))  # until they are up
start_s = time.perf_counter() - began
found, profiles = {}, {}

# %% [markdown]
# ### Look at the task first
#
# "CPU-bound" and "I/O-bound" are guesses about a task. Two numbers replace them. The **computing part**: for
# how much of its time does it have a core? The rest it waits. And the **GIL-free part**: for how much of
# its time could another thread run Python code, without the switch interval forcing the task to let go?
#
# The second is measured by a trick. The switch interval of chapter 2 is set so long that asking for the
# GIL is of no use. A second thread sleeps and wakes, again and again, beside the task: it **beats**. It can
# wake only while the task lets go of the GIL by itself. A silence longer than `HELD_NS` means that the task
# held it; shorter holds aren't seen. So it is `share_on_core` and `turns_of_others` of 6.1 in one.

# %%
print(inspect.getsource(task_profile.look_at))

# %% [markdown]
# The recorder is that of chapter 1's timelines. `profile` runs this three times, in a process of the pool,
# where no notebook's threads are in the way. Try it on three tasks that you know: a sleep, the area
# under a curve in Python, and the same in NumPy.

# %%
guess_profile = Prediction(
    "NumPy computes half a million sines. Can another thread run Python code meanwhile?",
    ["no: who computes holds the GIL", "yes, nearly all the time"],
)
guess_profile

# %%
known = {
    "sleep": profile(processes, time.sleep, 0.02),
    "Python": profile(processes, python_science.area, (0, 1, 50_000)),
    "NumPy": profile(processes, science.area, (0, 1, 500_000)),
}
draw_scenarios.profiles(known)

# %%
guess_profile.compare(
    guess_profile.answers[known["NumPy"].lets_go],
    {
        "no: who computes holds the GIL": "Python code does. NumPy's loops need no Python object.",
        "yes, nearly all the time": "That holds for loops over many numbers at once.",
    },
)

# %%
claim(
    "6.3-profile",
    "A sleep waits, Python code computes and keeps the GIL, NumPy computes and lets it go.",
    known["sleep"].waits
    and not known["Python"].waits
    and not known["Python"].lets_go
    and known["NumPy"].lets_go,
    "; ".join(
        f"{name}: computes {one.computing:.0%}, GIL free {one.gil_free:.0%}"
        for name, one in known.items()
    ),
    needs=[WITH_GIL],
)

# %% [markdown]
# **Look.** The sleep has no blue bar. Python's orange bar is missing: nobody else runs. NumPy has both.
#
# **Explain.** NumPy's loop works on plain numbers in a block of memory. It touches no Python object, so it
# [lets go of the GIL](https://numpy.org/doc/stable/reference/thread_safety.html). "CPU-bound" is not one
# kind of work but two, and they need different models. Keep this in mind; the six jobs come now.
#
# ### A web crawler
#
# Twenty pages from a server on this computer, which takes 6 ms for each answer. The blocking way is
# one function; threads and processes call it too. The asynchronous way needs a library of its own.

# %%
print(inspect.getsource(blocking_crawl.page))

# %%
guess_crawl = Prediction(
    "Twenty pages at once: by how much does asyncio beat a pool of 24 threads?",
    ["five times as fast, or more", "twice as fast, or more", "less than that, or not at all"],
)
guess_crawl


# %%
async def page(session, url):
    async with session.get(url) as response:
        return len(await response.read())


async def all_pages(urls):
    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(page(session, url) for url in urls))


fetchers = {
    "sequential": lambda urls: [blocking_crawl.page(url) for url in urls],
    "threads": lambda urls: list(waiting.map(blocking_crawl.page, urls)),
    "processes": lambda urls: list(processes.map(blocking_crawl.page, urls)),
    "asyncio": lambda urls: run_apart(all_pages, urls),  # in an event loop of its own
}

# %%
with loopback(latency_s=0.006) as server:
    urls = crawl.addresses(server.url, 20)
    found["crawl"] = compare({name: partial(get_all, urls) for name, get_all in fetchers.items()})
    profiles["crawl"] = profile(processes, blocking_crawl.page, urls[0])
points(found["crawl"], "Twenty pages: who waits for many at once?")

# %%
beaten = found["crawl"].ratio("threads", "asyncio")
asked = [beaten.at_least(5).outcome, beaten.at_least(2).outcome]
happened = guess_crawl.answers[asked.index(Outcome.HOLDS) if Outcome.HOLDS in asked else 2]
guess_crawl.compare(
    None if Outcome.UNTOLD in asked else happened,
    {
        "five times as fast, or more": "Over one page at a time, yes. Threads wait at once too.",
        "twice as fast, or more": "A thread for each of twenty waits costs little.",
    },
)

# %% [markdown]
# The server counts how many requests it has in hand at the same moment. That explains the picture
# better than any time. (Eight pages, 80 ms each, so that the requests surely meet.)

# %%
at_once = {}
for name, get_all in fetchers.items():
    with loopback(latency_s=0.08) as server:
        get_all(crawl.addresses(server.url, 8))
        at_once[name] = server.served().most_at_once

# %%
claim(
    "6.3-crawl-at-once",
    "One request is in hand at a time, or one for each process; with threads and asyncio, many.",
    at_once["sequential"] == 1
    and at_once["processes"] <= workers < min(at_once["threads"], at_once["asyncio"]),
    f"most requests in hand at once, of 8: {at_once}",
)

# %%
claim(
    "6.3-crawl",
    "Threads and asyncio are both at least 2.5 times as fast as one page after another.",
    all_of(
        [found["crawl"].ratio("sequential", name).at_least(2.5) for name in ("threads", "asyncio")]
    ),
    tolerance="the waits alone would allow 20; opening connections costs a core its time",
)

# %% [markdown]
# **Look.** Two rows are far to the left. The server's counts say why: of these two, it had many pages in
# hand together.
#
# **Explain.** The article's reason is right: many requests, so wait for all at once. But threads do that as
# well, until there are more requests than you want threads (section 5.6 found no border at a thousand).
# Which of the two is a little ahead depends on what one request costs the processor in each library:
# all of aiohttp's work is done by one thread. What asyncio buys is thousands of waits without thousands of
# threads; its price is that everything on the way must await. Processes overlap waits too, but only one for
# each process.
#
# **Try.** Ask for 200 pages instead of 20. The pool has 24 threads: how many rounds do they need, and how many
# does asyncio?
#
# ### Image processing
#
# Photos are softened by Pillow, their contrast is stretched by NumPy, and a small copy is saved. The
# function stands in a module, as always when processes have to import it.

# %%
print(inspect.getsource(images.shrink))

# %%
guess_images = Prediction(
    "The article says processes: this computes. How do threads do in comparison?",
    ["clearly slower than processes: the GIL", "as fast as processes, or faster"],
)
guess_images


# %%
def three_models(task, items):
    return {
        "sequential": lambda: [task(item) for item in items],
        "threads": lambda: list(threads.map(task, items)),
        "processes": lambda: list(processes.map(task, items)),
    }


with images.photos(6, 400) as photos:
    models = three_models(images.shrink, photos)
    small = [run() for run in models.values()]
    print("the same pictures under each model:", small[0] == small[1] == small[2])
    found["images"] = compare(models)
    profiles["images"] = profile(processes, images.shrink, photos[0])

# %%
points(found["images"], "Photos: who gains, threads or processes?")

# %%
verdict = found["images"].ratio("threads", "processes").at_most(1.25)
guess_images.compare(
    {Outcome.HOLDS: guess_images.answers[1], Outcome.FAILS: guess_images.answers[0]}.get(
        verdict.outcome
    ),
    {guess_images.answers[0]: "Pillow and NumPy let go of the GIL while they compute."},
)

# %%
claim(
    "6.3-images-gil",
    "Processing a photo is computing, but most of it is done without the GIL.",
    not profiles["images"].waits and profiles["images"].lets_go,
    f"computes {profiles['images'].computing:.0%}, GIL free {profiles['images'].gil_free:.0%}",
)

# %%
claim(
    "6.3-images-threads",
    "Threads process photos faster than one thread does.",
    found["images"].ratio("sequential", "threads").at_least(1.15),
    needs=[needs_cores(2)],
    tolerance="two cores would allow 2; other programs use them, too",
)

# %% [markdown]
# **Look.** The same pictures, by any model. Compare the rows of threads and processes.
#
# **Explain.** The article's reason is right, this is computing; its conclusion doesn't follow. The work is
# done in C, by code that lets go of the GIL. Threads can then reach all cores, with no process to start and
# nothing to pickle. That isn't so of every function: here is one that keeps the GIL.

# %%
from PIL import Image, ImageFilter

picture = Image.effect_noise((320, 240), 50)
filters = {
    "GaussianBlur": profile(processes, picture.filter, ImageFilter.GaussianBlur(5)),
    "MedianFilter": profile(processes, picture.filter, ImageFilter.MedianFilter(5)),
}
draw_scenarios.profiles(filters)

# %%
claim(
    "6.3-images-median",
    "Two filters of one library: the blur lets go of the GIL, the median filter much less.",
    filters["GaussianBlur"].gil_free > filters["MedianFilter"].gil_free + 0.3,
    f"GIL free: {filters['GaussianBlur'].gil_free:.0%} and {filters['MedianFilter'].gil_free:.0%}",
    needs=[WITH_GIL],
)

# %% [markdown]
# So "does the library let go of the GIL?" is a question for each function, and each version. Ask it with
# `profile`.
#
# **Try.** Put `MedianFilter(5)` into a function of your own that opens a photo and filters it, and compare
# threads with processes again. (`three_models` can't send a function from a cell to a process: write it
# into a file beside this notebook, and import it.)
#
# ### Database work
#
# SQLite files with sales, and two kinds of question. A **report** looks at every row of 40,000. A **look-up**
# finds one row of 1,000 by its key. Each question opens a connection of its own.

# %%
print(blocking_database.REPORT)
print(blocking_database.LOOKUP)
print(inspect.getsource(blocking_database.report))

# %% [markdown]
# **aiosqlite** is a library that lets you `await` the same questions.


# %%
async def ask(path, question, value):
    async with aiosqlite.connect(path) as connection:
        [row] = await connection.execute_fetchall(question, (value,))
        return list(row)


async def all_reports(path, cities):
    question = blocking_database.REPORT
    return await asyncio.gather(*(ask(path, question, f"city {city}") for city in cities))


async def all_lookups(path, keys):
    return await asyncio.gather(*(ask(path, blocking_database.LOOKUP, key) for key in keys))


# %%
guess_database = Prediction(
    "The article's reason for threads is: database work waits for I/O. For how much of its time "
    "does a report on a local SQLite file wait?",
    ["nearly all of it", "about half", "hardly any"],
)
guess_database

# %%
with database.sales(60_000) as path:
    files, cities = [path] * 6, range(6)
    found["database: reports"] = compare(
        {
            "sequential": lambda: list(map(blocking_database.report, files, cities)),
            "threads": lambda: list(threads.map(blocking_database.report, files, cities)),
            "processes": lambda: list(processes.map(blocking_database.report, files, cities)),
            "asyncio": lambda: run_apart(all_reports, path, cities),
        }
    )
    profiles["database: reports"] = profile(processes, blocking_database.report, path, 1)
points(found["database: reports"], "Long questions: SQLite looks at every row")

# %%
waited = 1 - profiles["database: reports"].computing
guess_database.compare(
    guess_database.answers[(waited < 0.75) + (waited < 0.25)],
    {
        "nearly all of it": "So it is with a server across a network. This file is in memory.",
        "about half": "The system keeps a file that was just used in memory: nothing to wait for.",
    },
)

# %%
claim(
    "6.3-database-computes",
    "A report on a local SQLite file computes, and lets go of the GIL while it does.",
    not profiles["database: reports"].waits and profiles["database: reports"].lets_go,
    f"computes {profiles['database: reports'].computing:.0%}, "
    f"GIL free {profiles['database: reports'].gil_free:.0%}",
)

# %%
claim(
    "6.3-database-reports",
    "Threads get reports faster than one thread does.",
    found["database: reports"].ratio("sequential", "threads").at_least(1.15),
    needs=[needs_cores(2)],
    tolerance="two cores would allow 2; other programs use them, too",
)

# %% [markdown]
# Now the short questions: sixty look-ups.

# %%
with database.sales(1_000) as path:
    files, keys = [path] * 60, range(1, 61)
    found["database: look-ups"] = compare(
        {
            "sequential": lambda: list(map(blocking_database.lookup, files, keys)),
            "threads": lambda: list(threads.map(blocking_database.lookup, files, keys)),
            "processes": lambda: list(processes.map(blocking_database.lookup, files, keys)),
            "asyncio": lambda: run_apart(all_lookups, path, keys),
        }
    )
    profiles["database: look-ups"] = profile(processes, blocking_database.lookup, path, 1)
points(found["database: look-ups"], "Short questions: is it worth handing them over?")

# %%
claim(
    "6.3-database-lookups",
    "For short questions the plain loop is clearly quicker than processes and than aiosqlite.",
    all_of(
        [
            found["database: look-ups"].ratio(name, "sequential").at_least(1.5)
            for name in ("processes", "asyncio")
        ]
    ),
    tolerance="a message or a thread for each question; half as much again is claimed",
)

# %% [markdown]
# What does aiosqlite do, then? SQLite has no asynchronous interface. Ask each question in which thread it
# is answered: a function of Python's, called from within SQL, can tell.


# %%
async def which_threads(path, times):
    seen = set()
    async with aiosqlite.connect(path) as connection:
        await connection.create_function("thread_id", 0, threading.get_ident)
        for _ in range(times):
            [row] = await connection.execute_fetchall("SELECT thread_id()")
            seen.add(row[0])
    return seen


with database.sales(10) as path:
    answered_by = await which_threads(path, 10)
    told = blocking_database.write_beside_a_writer(path)
print("a second writer that doesn't wait is told:", told)

# %%
claim(
    "6.3-aiosqlite-thread",
    "aiosqlite hands each question of a connection to one thread, which isn't the event loop's.",
    len(answered_by) == 1 and threading.get_ident() not in answered_by,
    f"threads that answered 10 questions: {len(answered_by)}",
)

# %%
claim(
    "6.3-one-writer",
    "One connection may write to a SQLite file at a time, whatever the model.",
    "locked" in told,
    f"the second was told: {told}",
)

# %% [markdown]
# **Look.** Two pictures, two orders. Where are threads and aiosqlite with reports? With look-ups processes and
# aiosqlite are behind the loop.
#
# **Explain.** "Database work" isn't one kind of task. A report in SQLite computes in C without the GIL: threads
# can gain, for another reason than the article's. A look-up takes less time than it takes to hand it to a process;
# aiosqlite here even starts a thread for each question, as each opens a connection. And
# [aiosqlite](https://github.com/omnilib/aiosqlite) is a thread per connection behind an `await`: it keeps
# your event loop alive, no more. A database **server** is another matter: its answer crosses a network,
# so you wait, and it is the crawler again. Whether to take threads or asyncio there depends on the
# [driver](https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html).
#
# ### An API server
#
# An aiohttp server in this notebook's own event loop. Its handlers wait 8 ms, as if for a database. One
# blocks, one awaits, one leaves the blocking to a thread. Each counts how many requests it has in hand.

# %%
now, most = Counter(), Counter()


def counted(name, wait):
    async def handler(request):
        now[name] += 1
        most[name] = max(most[name], now[name])
        await wait()
        now[name] -= 1
        return web.Response(text="done")

    return handler


def ask_database():
    time.sleep(0.008)  # a driver that knows nothing of event loops


async def block():
    ask_database()


# %%
loop = asyncio.get_running_loop()
app = web.Application()
app.router.add_get("/blocks", counted("blocks", block))
app.router.add_get("/awaits", counted("awaits", lambda: asyncio.sleep(0.008)))
app.router.add_get(
    "/thread", counted("thread", lambda: loop.run_in_executor(waiting, ask_database))
)
runner = web.AppRunner(app, access_log=None)
await runner.setup()
await web.TCPSite(runner, "127.0.0.1", 0).start()
port = runner.addresses[0][1]

# %% [markdown]
# Sixteen clients ask at once. They live in another process, so that they don't take the server's turns.

# %%
print(inspect.getsource(clients.crowd))

# %%
guess_server = Prediction(
    "Sixteen clients ask the handler that blocks. How many requests does it have in hand at once?",
    ["16: all handlers are async def", "about 4", "1"],
)
guess_server

# %%
profiles["API server: its wait"] = profile(processes, time.sleep, 0.008)  # not the server's work


def ask_all(path):
    return processes.submit(clients.crowd, port, path, 16, 1).result()


found["API server"] = await loop.run_in_executor(
    waiting,
    compare,
    {
        "handler that blocks": lambda: ask_all("/blocks"),
        "handler that awaits": lambda: ask_all("/awaits"),
        "handler in threads": lambda: ask_all("/thread"),
    },
)
draw_scenarios.rates(found["API server"], 16, "Requests per second, 16 clients")

# %%
guess_server.compare(
    {1: "1", 16: "16: all handlers are async def"}.get(most["blocks"], "about 4"),
    {"16: all handlers are async def": "async def alone switches nothing: only an await does."},
)

# %%
claim(
    "6.3-server-in-hand",
    "A handler that blocks has one request in hand; one that awaits or uses a thread, several.",
    most["blocks"] == 1 and min(most["awaits"], most["thread"]) > 1,
    f"most at once: blocks {most['blocks']}, awaits {most['awaits']}, in threads {most['thread']}",
)

# %%
claim(
    "6.3-server",
    "A handler that awaits serves at least twice as many requests a second as one that blocks.",
    found["API server"].ratio("handler that blocks", "handler that awaits").at_least(2),
    tolerance="the waits alone would allow 16; each connection costs the server's thread some time",
)

# %% [markdown]
# **Look.** One wait after another allows one request in 8 ms. Which rows have more in a second than that?
#
# **Explain.** "API server: asyncio" holds if the handlers await. One call that blocks, and all clients
# queue. The way out is the thread. FastAPI takes it by itself: a handler defined by plain `def`
# [runs in a pool of threads](https://fastapi.tiangolo.com/async/#path-operation-functions). So the advice
# isn't to write `async def` everywhere, but to write it only where you await.
#
# **Try.** Add a handler that computes, `python_science.area((0, 1, 50_000))`, instead of waiting. Does a thread
# help it? Does `loop.run_in_executor(processes, …)`? Then end the server.

# %%
await runner.cleanup()

# %% [markdown]
# ### Scientific computing
#
# The area under a curve, in six pieces. First in Python, strip by strip; then by NumPy, all strips of a
# piece at once.

# %%
print(inspect.getsource(python_science.area))
print(inspect.getsource(science.area))

# %%
guess_science = Prediction(
    "The same strips. Which is quicker?",
    ["Python in a process for each core", "NumPy in a single thread"],
)
guess_science

# %%
pieces = science.pieces(6, 60_000)
found["science: Python"] = compare(
    {
        **three_models(python_science.area, pieces),
        "NumPy, sequential": lambda: [science.area(piece) for piece in pieces],
    }
)
profiles["science: Python"] = profile(processes, python_science.area, pieces[0])
points(found["science: Python"], "The same strips: more workers, or better code?")

# %%
verdict = found["science: Python"].ratio("processes", "NumPy, sequential").at_least(1)
guess_science.compare(
    {Outcome.HOLDS: guess_science.answers[1], Outcome.FAILS: guess_science.answers[0]}.get(
        verdict.outcome
    ),
    {
        guess_science.answers[
            0
        ]: "More cores make it faster by their number; better code by far more."
    },
)

# %%
claim(
    "6.3-science-code-first",
    "NumPy on one core is at least three times as fast as Python in several processes.",
    found["science: Python"].ratio("processes", "NumPy, sequential").at_least(3),
    tolerance="for two to four processes; what is measured is far more",
)

# %%
claim(
    "6.3-science-processes",
    "Python code gains from processes and not from threads.",
    all_of(
        [
            found["science: Python"].ratio("sequential", "processes").at_least(1.15),
            found["science: Python"].ratio("sequential", "threads").at_most(1.15),
        ]
    ),
    needs=[needs_cores(2), WITH_GIL],
    tolerance="two cores would allow 2; handing over and other programs take their part",
)

# %% [markdown]
# Now a problem that is large enough for NumPy: half a million strips for each piece.

# %%
pieces = science.pieces(6, 500_000)
areas = [science.area(piece) for piece in pieces]
print("the right area, to nine digits:", abs(science.total(areas) - science.EXACT) < 1e-9)
found["science: NumPy"] = compare(three_models(science.area, pieces))
profiles["science: NumPy"] = profile(processes, science.area, pieces[0])

# %%
points(found["science: NumPy"], "More strips by NumPy: who gains now?")

# %%
claim(
    "6.3-science-threads",
    "NumPy gains from threads.",
    found["science: NumPy"].ratio("sequential", "threads").at_least(1.15),
    needs=[needs_cores(2)],
    tolerance="two cores would allow 2; the memory that both use sets a limit as well",
)

# %% [markdown]
# **Look.** In the first picture, compare the distance from "sequential" to "processes" with that to NumPy. In
# the second, threads with processes.
#
# **Explain.** The article's advice fits science in pure Python; but replace that first. With NumPy threads are
# enough. They also share the arrays, which processes would have to be sent: these pieces are
# three numbers each, but yours may be large (section 3.5).
#
# ### File conversion
#
# Two conversions: text files to gzip, and CSV tables to JSON.

# %%
print(inspect.getsource(conversion.compress))
print(inspect.getsource(conversion.csv_to_json))

# %%
guess_files = Prediction(
    "Both compute. Which of the two lets go of the GIL for most of its time?",
    ["both", "gzip only", "CSV to JSON only", "neither"],
)
guess_files

# %%
with folders.texts(6, 250_000) as texts:
    found["files: gzip"] = compare(three_models(conversion.compress, texts))
    profiles["files: gzip"] = profile(processes, conversion.compress, texts[0])

with folders.tables(6, 4_000) as tables:
    found["files: CSV to JSON"] = compare(three_models(conversion.csv_to_json, tables))
    profiles["files: CSV to JSON"] = profile(processes, conversion.csv_to_json, tables[0])

# %%
points(found["files: gzip"], "To gzip: who gains?")

# %%
points(found["files: CSV to JSON"], "CSV to JSON: who gains?")

# %%
letting = (profiles["files: gzip"].lets_go, profiles["files: CSV to JSON"].lets_go)
guess_files.compare(
    {(True, True): "both", (True, False): "gzip only", (False, True): "CSV to JSON only"}.get(
        letting, "neither"
    ),
    {
        "both": "The csv and json modules are written in C, but what they make are Python objects.",
        "neither": "zlib works on plain bytes, and needs no Python object for it.",
    },
)

# %%
claim(
    "6.3-files-gil",
    "Compressing lets go of the GIL, converting CSV to JSON doesn't.",
    letting == (True, False),
    f"GIL free: {profiles['files: gzip'].gil_free:.0%}, "
    f"{profiles['files: CSV to JSON'].gil_free:.0%}",
    needs=[WITH_GIL],
)

# %%
claim(
    "6.3-files",
    "Compressing gains from threads; CSV to JSON gains from processes.",
    all_of(
        [
            found["files: gzip"].ratio("sequential", "threads").at_least(1.15),
            found["files: CSV to JSON"].ratio("sequential", "processes").at_least(1.15),
        ]
    ),
    needs=[needs_cores(2)],
    tolerance="two cores would allow 2; handing over and other programs take their part",
)

# %% [markdown]
# **Look.** In which of the two pictures do threads move away from "sequential"?
#
# **Explain.** One row of the article's table, two different answers. Whether C code does the work doesn't decide
# it. What decides is whether that code makes or touches Python objects.
#
# ### The article's table, beside yours
#
# Each row stands for what you have just measured. "As good" means: takes at most a tenth longer than the
# fastest. Where other programs disturbed, it says that it can't be told. Before you look:

# %%
guess_table = Prediction(
    "Nine measurements. For how many of them is the article's choice as good as the fastest?",
    ["eight or nine", "five to seven", "four or fewer"],
)
guess_table

# %%
findings = [
    Finding(SCENARIOS[name], SCENARIOS[name].tasks, found[name], profiles.get(name))
    for name in found
]
draw_scenarios.table(findings, start_s)

# %%
said = [one.advice_holds.outcome for one in findings]
good, undecided = said.count(Outcome.HOLDS), said.count(Outcome.UNTOLD)
fits = [least <= good and good + undecided <= most for least, most in ((8, 9), (5, 7), (0, 4))]
guess_table.compare(
    guess_table.answers[fits.index(True)] if any(fits) else None,
    {"eight or nine": "Its reasons hold more often than its conclusions."},
    "too many rows are undecided. Run the chapter again when the machine has less to do",
)

# %%
draw_scenarios.profiles(profiles)

# %% [markdown]
# **Look.** Does any row of the table say "no"? Read its last column. In the picture, find the tasks with two long
# bars: they compute, and let others run. For these threads are enough, unless a task is very short.
#
# **Explain.** The article sorts jobs by name and takes "CPU-bound" for "processes". Your measurements sort tasks by
# four questions, in this order:
#
# 1. Is a task so short that handing it over costs as much? Then make it larger, or don't hand it over.
# 2. Does it wait? Then many must wait at once: asyncio where there is a library that awaits, else threads.
# 3. Does it compute and let go of the GIL (or is there none)? Then threads, one for each core.
# 4. Does it compute and hold the GIL? First look for better code. Then processes, or subinterpreters.

# %%
computing = {
    name: profiles[name].lets_go
    for name in ("images", "science: Python", "science: NumPy", "files: gzip", "files: CSV to JSON")
}
claim(
    "6.3-two-kinds",
    "Of five tasks that the article calls CPU-bound, three let go of the GIL, and two hold it.",
    sorted(name for name, lets_go in computing.items() if not lets_go)
    == ["files: CSV to JSON", "science: Python"],
    ", ".join(f"{name}: {profiles[name].gil_free:.0%} free" for name in computing),
    needs=[WITH_GIL],
)

# %% [markdown]
# The lab does any of these jobs again, with as many tasks, of a size and for as many workers as you like.

# %%
lab = scenarios_lab().set(name="files: gzip", tasks=4, scale=0.25).run()
lab

# %% [markdown]
# **Try.** Take "database: look-ups" and make the tasks fewer and more. Does the order change? Take "files:
# CSV to JSON" at a quarter of the size: when do processes stop paying? Then "crawl" with 60 tasks: who
# is ahead now, and by how much?
#
# Finally, shut the pools down.

# %%
for pool in (threads, waiting, processes):
    pool.shutdown()
processes = None  # a pool of processes that is kept keeps its semaphores

# %% [markdown]
# ## Summary
#
# - **Measure** before you choose: time on a core against time by the clock, turns of another thread.
# - Waiting: **asyncio** if there is a library for it, else **threads**; for tens either will do (§5.6: for a
#   thousand, too).
# - Computing in C that **releases the GIL** (zlib, SQLite, much of Pillow and NumPy): threads. Nothing is sent.
#   In a Python loop over numbers: compile it first.
# - Computing in Python: threads on a **free-threaded** build; else subinterpreters or **processes**, if
#   a task is long enough and its data travels cheaply.
# - A task that does both needs both: an event loop, or threads, and a **pool** for the computing.
# - An **executor** is the interface that all models share. Choose late: to change it is to change one line.
# - An honest comparison **interleaves**, **repeats**, keeps the **start-up** apart, gives an **interval**,
#   and says when it can't tell.
# - A speed-up is limited by workers, by cores, by the GIL, and by what is done serially, such as handing over.
# - Jobs have names, tasks have properties: how long one takes, for how much of that it **computes**, and for
#   how much of it the **GIL is free**. Measure these first.
# - Very short tasks: a loop. Handing over costs more than the work.
# - An `async def` that blocks stops the whole server. aiosqlite is a thread behind an `await`.

# %% [markdown]
# ## Exercises
#
# *About 55 minutes.* Write, run the cell, then run the check below it.

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
# ### Exercise 6.3
#
# A mixed job: `fetch(url)` is a coroutine function, `work(page)` is an ordinary function that computes.
# Fetch all pages at the same time. As soon as a page is there, let `pool`, an executor, do its work,
# while the loop goes on. Return the results in the order of the addresses.


# %% tags=["exercise"]
async def fetch_and_work(urls, fetch, work, pool):
    return ...


# %%
exercises.check("6.3", checks_scenarios.fetch_and_work, fetch_and_work)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# async def fetch_and_work(urls, fetch, work, pool):
#     loop = asyncio.get_running_loop()
#
#     async def one(url):
#         page = await fetch(url)
#         return await loop.run_in_executor(pool, work, page)
#
#     return await asyncio.gather(*map(one, urls))
# ```
#
# Each page has a task of its own, so none waits for the slowest page before its work begins.
#
# </details>

# %% [markdown]
# ### Exercise 6.4
#
# Opening a connection costs more than a look-up, and a connection must stay in the thread that opened it.
# Look up all `keys` in a pool of `workers` threads. `connect()` opens a connection; it has
# `look_up(key)` and `close()`. Open at most one for each thread, and close each in the end. Return the
# answers in the order of the keys. `close` may be called from any thread.


# %% tags=["exercise"]
def look_up_all(keys, connect, workers):
    return ...


# %%
exercises.check("6.4", checks_scenarios.look_up_all, look_up_all)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def look_up_all(keys, connect, workers):
#     mine, opened = threading.local(), []
#
#     def start():
#         mine.connection = connect()
#         opened.append(mine.connection)
#
#     def look_up(key):
#         return mine.connection.look_up(key)
#
#     try:
#         with ThreadPoolExecutor(workers, initializer=start) as pool:
#             return list(pool.map(look_up, keys))
#     finally:
#         for connection in opened:
#             connection.close()
# ```
#
# The initializer runs once in each thread of the pool; a `threading.local` has other contents in each.
#
# </details>

# %% [markdown]
# ## What the article says and what you measured
#
# | the article | what is so | shown by (if this run could tell) | source |
# |---|---|---|---|
# | CPU-bound: multiprocessing | not if it computes in C that releases the GIL; nor without a GIL; nor in tiny tasks | claims 6.1-cpu-in-threads, 6.2-threads-hash, 6.2-small-tasks | [releasing the GIL](https://docs.python.org/3.13/c-api/init.html#releasing-the-gil-from-extension-code) |
# | mixed: asyncio with `run_in_executor` | right, but no answer in its tree leads there | claim 6.1-dead-end | §6.1 |
# | each time measured once | single rounds scatter widely; many, interleaved, give an interval | the points of each round in §6.2 | [timeit](https://docs.python.org/3/library/timeit.html#timeit.Timer.repeat) |
# | the pool is started inside the measurement | for short work that is most of what is measured | claim 6.2-start-up | §6.2 |
# | its benchmark has no asyncio for CPU-bound work, no process for I/O | asyncio gains nothing from computing; processes gain from waiting too | claims 6.2-asyncio-computes, 6.2-waiting | §6.2 |
# | crawler: asyncio, for many requests | good; threads do as well for tens, and §5.6 found no border at a thousand | claims 6.3-crawl-at-once, 6.3-crawl | §6.3 |
# | image processing: multiprocessing, as it is CPU-bound | it is, but Pillow and NumPy let go of the GIL: threads do, function by function | claims 6.3-images-gil, 6.3-images-threads, 6.3-images-median | [NumPy](https://numpy.org/doc/stable/reference/thread_safety.html) |
# | database work: threading, as it waits | a local SQLite file computes, without the GIL; short questions are best asked in a loop; for a server it depends on the driver | claims 6.3-database-computes, 6.3-database-lookups | [SQLAlchemy](https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html) |
# | (left out) aiosqlite | one thread for each connection; and one writer at a time for a file | claims 6.3-aiosqlite-thread, 6.3-one-writer | [aiosqlite](https://github.com/omnilib/aiosqlite), [SQLite](https://www.sqlite.org/lockingv3.html) |
# | API server: asyncio (FastAPI) | if its handlers await; FastAPI runs plain functions in threads | claims 6.3-server-in-hand, 6.3-server | [FastAPI](https://fastapi.tiangolo.com/async/#path-operation-functions) |
# | scientific computing: multiprocessing | for pure Python; NumPy first, then threads | claims 6.3-science-code-first, 6.3-science-threads | [NumPy](https://numpy.org/doc/stable/reference/thread_safety.html) |
# | file conversion: multiprocessing + Pool | for what is made of Python objects; compressing lets go of the GIL | claims 6.3-files-gil, 6.3-files | [zlibmodule.c](https://github.com/python/cpython/blob/3.14/Modules/zlibmodule.c) |

# %% [markdown]
# Closed pools keep some semaphores of the operating system until nothing refers to them any more.

# %%
pool = pools = threads = processes = stack = None

# %%
chapter.end("6")

# %% [markdown]
# ## Next
#
# Concurrent programs go wrong in ways of their own. [Chapter 7](07_pitfalls_and_debugging.ipynb),
# *pitfalls and debugging*, is about finding out why.
