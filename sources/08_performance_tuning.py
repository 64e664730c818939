# %% [markdown]
# # Chapter 8: Tune what you have chosen
#
# Threads, processes or tasks: you have chosen, and it works. How fast could it be? Tuning isn't a list
# of tricks. It is a question, asked again and again: what does my program spend its time on that
# isn't the work? In this chapter you count context switches, messages, copies and starts, compute from
# their costs what is best, and check it.

# %% [markdown]
# ## What you will be able to do
#
# - count context switches, and say which of them you caused
# - choose the size of a pool from what its tasks do
# - compute a good chunk size from two measured costs
# - batch tasks where there is no chunk size
# - keep large data out of messages
# - see threads that a library starts, and limit them
# - choose a start method by its price, and keep a pool warm
# - make a loop faster before you make it parallel, and check that its result is still right
# - let compiled code run in several threads at once
# - move the same functions to a cluster, and see what happens when one of its workers is killed

# %% [markdown]
# ## What you need
#
# - Chapter 2: the GIL and the switch interval. Necessary.
# - Chapter 3: start methods and pools. Necessary. Shared memory: helpful.
# - Chapter 4: thread pools. Necessary.
# - Chapter 6: executors. Helpful.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 195 minutes, exercises included. Classroom: 120 minutes, without the exercises and
# the Trys.

# %%
import inspect
import multiprocessing
import pickle
import subprocess
import sys
import threading
import time
from array import array
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import shared_memory

from helpers.course import chapter, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction
from helpers.measure.compare import compare
from helpers.measure.elsewhere import call
from helpers.measure.verdict import EVEN_CORES, WITH_GIL, Need, needs_cores
from helpers.workers import pickling, pool_size, pools, switches, warm_pools

chapter.begin("8")

# %% [markdown]
# The next cell imports what this chapter measures and draws with. You don't need to know these:
# the code that matters stands in the cells below.

# %%
from helpers.course import checks_batches, checks_warm_pools
from helpers.draw import chunks as draw_chunks
from helpers.draw import pool_size as draw_pool_size
from helpers.draw import start_methods as draw_start_methods
from helpers.draw import switches as draw_switches
from helpers.draw.compare import points
from helpers.labs.chunks import chunk_lab
from helpers.labs.pool_size import pool_size_lab
from helpers.labs.side_by_side import side_by_side_lab
from helpers.measure import chunks as measure_chunks
from helpers.measure import pool_size as measure_pool_size
from helpers.measure import switches as measure_switches
from helpers.measure.blas_threads import HAS_BLAS_THREADS, blas_threads, multiply
from helpers.measure.creation import TELLS_MEMORY
from helpers.measure.machine import usable_cores
from helpers.measure.start_methods import HAS_FORK, named, run_script, side_by_side, start_costs
from helpers.measure.switches import TELLS_SWITCHES
from helpers.workers.computing import compute, loops_in

# %% [markdown]
# ## 8.1 Fewer context switches, fewer messages
#
# *60 minutes; 60 so far*
#
# When a core stops running one thread and goes on with another, that is a **context switch**. The
# operating system counts them for each process, in two kinds. A **voluntary** switch: the thread had to
# wait, and left its core. An **involuntary** one: it could have gone on, but its core was given to
# somebody else.

# %%
print(inspect.getsource(switches.so_far))

# %% [markdown]
# Three loads, each in a fresh interpreter where no one else's threads are counted: one thread that
# computes, one that takes a hundred naps, and two that pass a number to and fro a hundred times.

# %%
TELLS = TELLS_SWITCHES.met()  # Windows doesn't count them

counted = {}
for load, amount in {"computing": 1_000_000, "sleeping": 100, "handing over": 100}.items():
    if TELLS:
        counted[load] = measure_switches.count(load, amount=amount)

# %% tags=["nbval-ignore-output"]
for load, found in counted.items():
    print(f"{load:13} {found.voluntary:4} voluntary, {found.involuntary:4} involuntary")

# %%
claim(
    "8.1-voluntary",
    "Whoever waits leaves the core: each nap is a voluntary switch, and so is each time that a "
    "thread waits for another one. Computing needs next to none.",
    counted["sleeping"].voluntary >= 100
    and counted["handing over"].voluntary >= 100
    and counted["computing"].voluntary < 50
    if TELLS
    else False,
    ", ".join(f"{load} {found.voluntary}" for load, found in counted.items()),
    needs=[TELLS_SWITCHES],
)

# %% [markdown]
# Those switches are the price of waiting, and waiting is what threads are for. Nothing to save there. Now
# threads that only compute. The same amount of computing is shared out among more and more of them.

# %%
guess_switches = Prediction(
    "One thread computes for a tenth of a second: a handful of voluntary switches. Now two "
    "threads do half of it each. How many voluntary switches?",
    ["a handful: nobody waits for anything", "twice as many", "many more: dozens"],
)
guess_switches

# %%
by_threads = measure_switches.sweep((1, 2, 8), seconds=0.1)
draw_switches.sweep(by_threads)

# %%
answers = guess_switches.answers
if by_threads:
    alone, two = by_threads[0].voluntary, by_threads[1].voluntary
    happened = 2 if two > alone + 10 else 1 if two > 1.5 * alone else 0
guess_switches.compare(
    answers[happened] if by_threads else None,
    {
        answers[0]: "They wait for the GIL, one for the other.",
        answers[1]: "Not the threads count, but how often the GIL changes hands.",
    },
)

# %%
claim(
    "8.1-gil-switches",
    "Two threads that only compute cause voluntary switches, which one thread doesn't: they wait "
    "for the GIL.",
    two > alone + 10 if by_threads else False,
    f"{alone} with one thread, {two} with two" if by_threads else "",
    needs=[TELLS_SWITCHES, WITH_GIL],
    tolerance="0.1 s holds twenty switch intervals of 5 ms; half as many switches would do",
)

# %% [markdown]
# **Look.** The more threads, the more switches. The voluntary ones are the waits for the GIL; the involuntary
# ones also depend on what else your machine does.
#
# And what do they cost? The heading of the article that this course checks is "reduce context switches". So let
# eight threads race against one, by turns, with the same computing to do.

# %%
loops = loops_in(0.03)


def one_thread():
    switches.in_threads(1, compute, loops)


def eight_threads():
    switches.in_threads(8, compute, loops // 8)


cost_of_switches = compare({f.__name__: f for f in (one_thread, eight_threads)})
points(cost_of_switches, "The same computing by one thread and by eight")

# %%
claim(
    "8.1-switches-cheap",
    "With all their switches, eight threads need hardly longer than one for the same computing.",
    cost_of_switches.ratio("eight_threads", "one_thread").at_most(1.33),
    needs=[EVEN_CORES],
    tolerance="a third, for a noisy host; without a GIL they are faster",
)

# %% [markdown]
# **Explain.** Between threads that only compute, the GIL changes hands about once in 5 ms, the switch interval
# (chapter 2). That is rare: where the claim above holds, the switches are lost in the work. They name a price
# that is seldom the one you pay: count before you tune. What costs more is what comes with threads: making
# them, handing work over, and waiting in the wrong place.
#
# ### A thread for each task, or a pool
#
# Here is the article's listing, to the letter. `exec` runs it in a namespace of its own.

# %%
LISTING = """
from concurrent.futures import ThreadPoolExecutor

def bad_practice():
    for _ in range(100):
        t = threading.Thread(target=some_task)
        t.start()
        t.join()

def good_practice():
    with ThreadPoolExecutor(max_workers=10) as executor:
        executor.map(some_task, range(100))
"""
article = {}
exec(LISTING, article)
try:
    article["bad_practice"]()
except NameError as error:
    print("NameError:", error.name)

# %% [markdown]
# It lacks an import, and a task. Let us add both. Our task notes that it was done, and by whom.

# %%
done = []


def some_task():
    done.append(threading.current_thread().name)


# %%
guess_listing = Prediction(
    "Both functions are called, with the same task. How many tasks are done?",
    ["100 and 100", "100 and 10", "100 and 0", "an exception is raised"],
)
guess_listing

# %%
article.update(threading=threading, some_task=some_task)
article["bad_practice"]()
by_bad = len(done)
done.clear()
article["good_practice"]()
by_good = len(done)
print(f"bad practice: {by_bad} tasks done, good practice: {by_good}")

# %%
guess_listing.compare(
    f"{by_bad} and {by_good}",
    {
        "100 and 100": "The two call the task in different ways. Look at the arguments.",
        "100 and 10": "Ten is the number of threads, not of tasks.",
        "an exception is raised": "A hundred are, and nobody sees one of them.",
    },
)

# %% [markdown]
# `executor.map(some_task, range(100))` calls `some_task(0)`, `some_task(1)` and so on. Our task takes
# no argument. So each call raised a TypeError, and each exception lies where the result would be
# (chapter 4). The listing never takes a result.

# %%
with ThreadPoolExecutor(max_workers=10) as executor:
    results = executor.map(some_task, range(100))
    try:
        list(results)
        heard = "nothing"
    except TypeError as error:
        heard = type(error).__name__
print("whoever takes the results, hears:", heard)

# %%
claim(
    "8.1-unheard",
    "The article's good practice does none of its hundred tasks, and says nothing, if the task "
    "takes no argument as in its bad practice. Take the results, and you hear of it.",
    (by_bad, by_good, heard) == (100, 0, "TypeError"),
    f"{by_bad} and {by_good} done; taking the results raises {heard}",
)

# %% [markdown]
# Set right, the pool does them all. The task noted which thread did it. Count the threads:

# %%
done.clear()
article["bad_practice"]()
new_threads = len(set(done))
done.clear()
with ThreadPoolExecutor(max_workers=10) as executor:
    list(executor.map(lambda _: some_task(), range(100)))
print(f"a hundred tasks by {new_threads} threads; by at most ten: {len(set(done)) <= 10}")

# %%
claim(
    "8.1-bounded",
    "A pool never uses more threads than its size, however many tasks there are; without one "
    "there is a thread for each.",
    len(done) == 100 and len(set(done)) <= 10 and new_threads == 100,
    f"100 tasks: {new_threads} threads without a pool, {len(set(done))} with one",
)

# %% [markdown]
# Now a fair race. The task waits for 2 ms, as a request would. Is the first version slow because
# it *makes* thirty threads?

# %%
TASKS = 30


def request(_=None):
    time.sleep(0.002)


def one_at_a_time():
    for _ in range(TASKS):
        thread = threading.Thread(target=request)
        thread.start()
        thread.join()


def all_together():
    threads = [threading.Thread(target=request) for _ in range(TASKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def pool_of_ten():
    with ThreadPoolExecutor(max_workers=10) as executor:
        list(executor.map(request, range(TASKS)))


# %%
guess_race = Prediction(
    "Thirty tasks that wait. Which of the three functions is the quickest?",
    ["one_at_a_time", "all_together", "pool_of_ten"],
)
guess_race

# %%
race = compare({f.__name__: f for f in (one_at_a_time, all_together, pool_of_ten)})
points(race, "Thirty tasks of 2 ms: joining in the loop makes them slow")

# %%
guess_race.compare(
    min(race.seconds, key=race.median),
    {
        "one_at_a_time": "Each thread is joined before the next one starts: no two are ever at "
        "work.",
        "pool_of_ten": "It has ten at once. Thirty threads have thirty at once.",
    },
)

# %%
claim(
    "8.1-join-in-the-loop",
    "The article's first version is slow because it joins in the loop: as many new threads, all "
    "together, take a fraction of the time.",
    race.ratio("one_at_a_time", "all_together").at_least(3),
    tolerance="thirty at once could be thirty times as fast; a tenth of that would do",
)

# %% [markdown]
# So the article compares one after another with ten at once, and credits the pool. What does *reuse* bring?
# For that the tasks must do nothing, so that only their making counts. And the pool has started
# its threads before.


# %%
def nothing(_=None):
    pass


def a_thread_for_each(count=200):
    threads = [threading.Thread(target=nothing) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


with ThreadPoolExecutor(max_workers=10) as warm:
    list(warm.map(request, range(10)))
    reuse = compare(
        {
            "a thread for each": a_thread_for_each,
            "a warm pool": lambda: list(warm.map(nothing, range(200))),
        }
    )
points(reuse, "Tasks that do nothing: a new thread costs more than a warm one")

# %% tags=["nbval-ignore-output"]
saved_s = (reuse.median("a thread for each") - reuse.median("a warm pool")) / 200
print(f"saved for each task: {saved_s * 1e6:.0f} µs")

# %%
claim(
    "8.1-reuse",
    "To hand a task to a thread that is there costs less than to start one.",
    reuse.ratio("a thread for each", "a warm pool").at_least(1.1),
    tolerance="a tenth more is enough to be told from noise",
)

# %% [markdown]
# **Explain.** Reuse saves so many microseconds for each task. Set that beside the length of your tasks: for a
# request over a network it is next to nothing. A pool's other virtue matters more: it *bounds* how many are
# at once.
#
# ### The right size of a pool
#
# How many workers? Two things limit a pool. Each worker does one task at a time. And the cores can
# do only so much computing, however many workers there are. The pool is large enough when the cores are
# busy all the time. If a task waits three times as long as it computes, then a core needs four
# workers: one computes while three wait. In general
#
# > workers = cores × (1 + waiting / computing)
#
# (B. Goetz, *Java Concurrency in Practice*, 2006, section 8.2). For Python threads with a GIL, "cores" is 1.

# %%
guess_size = Prediction(
    "Each of 16 tasks waits 3 ms and computes 1 ms, in threads. Up to which size does a larger "
    "pool make a real difference?",
    ["1", "4", "16: one for each task"],
)
guess_size

# %%
print(inspect.getsource(pool_size.wait_and_compute))

# %%
sizes = measure_pool_size.sweep("threads", wait_ms=3, compute_ms=1, sizes=(1, 4, 16))
draw_pool_size.sizes(sizes)

# %%
guess_size.compare(
    {1: "1", 4: "4", 16: "16: one for each task"}.get(sizes.enough),
    {
        "1": "While one waits, others can compute.",
        "16: one for each task": "That would help if they only waited. They also compute, one at "
        "a time.",
    },
)

# %%
claim(
    "8.1-size-waiting",
    "Four workers are much faster than one if tasks mostly wait.",
    sizes.comparison.ratio("1", "4").at_least(2),
    tolerance="up to four times as fast is possible; half of it would do",
)

# %%
claim(
    "8.1-size-enough",
    "From cores × (1 + waiting / computing) on, more workers bring little: with a GIL, sixteen "
    "don't do what four times as many could.",
    sizes.comparison.ratio("16", "4").at_least(0.5),
    needs=[WITH_GIL],
    tolerance="1 would be no gain at all, 0.25 the gain of four times as many",
)

# %% [markdown]
# **Look.** The measured line follows the dashed one down, and both flatten out at the dotted line. And
# tasks that only compute? They need processes, and then the formula says: as many as there are cores. Ask
# for the cores that you may *use*; `os.cpu_count()` counts those of the machine.

# %%
cores, why = usable_cores()
few = min(cores, 4)
computing = measure_pool_size.sweep(
    "processes", wait_ms=0, compute_ms=1, sizes=(1, few, 2 * few), tasks=8
)
draw_pool_size.sizes(computing)

# %%
AT_MOST_4 = Need(lambda: usable_cores()[0] <= 4, "it starts more processes than you have cores")
claim(
    "8.1-size-computing",
    "If tasks only compute, twice as many processes as cores aren't faster than as many as cores.",
    computing.comparison.ratio(str(2 * few), str(few)).at_least(0.75),
    needs=[EVEN_CORES, AT_MOST_4],
    tolerance="1 would be no gain, 0.5 the gain of twice as many",
)

# %% [markdown]
# `ThreadPoolExecutor` doesn't know what your tasks do. Its default is the number of cores plus 4, at most 32
# ([docs](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ThreadPoolExecutor)):
# too many for computing, perhaps too few for waiting. In the lab, choose what your tasks do.

# %%
pool_size_lab().set(wait_ms=2, compute_ms=0, tasks=16).run()

# %% [markdown]
# ### The right chunk size
#
# A process pool sends its tasks as messages, and a message costs more than a small task. `chunksize` puts
# several tasks in one message (chapter 3). A thousand very small tasks:

# %%
spawn = multiprocessing.get_context("spawn")
numbers = range(1_000)

with spawn.Pool(2) as pool:
    by_chunk = compare(
        {
            "chunks of 1": lambda: pool.map(pools.square, numbers, chunksize=1),
            "chunks of 100": lambda: pool.map(pools.square, numbers, chunksize=100),
            "no pool at all": lambda: [pools.square(n) for n in numbers],
        }
    )
points(by_chunk, "Tiny tasks: each message costs more than its task")

# %%
claim(
    "8.1-chunks",
    "For tiny tasks, messages are all that counts: in chunks of 100 they are several times as "
    "fast as one by one.",
    by_chunk.ratio("chunks of 1", "chunks of 100").at_least(3),
    tolerance="a hundred times fewer messages; a factor of three is far from noise",
)

# %%
claim(
    "8.1-no-pool",
    "And a loop without a pool is faster than both: these tasks aren't worth a message at all.",
    by_chunk.ratio("chunks of 100", "no pool at all").at_least(1),
    tolerance="none is needed: it is several times as fast",
)

# %% [markdown]
# Now larger tasks, meant to take 50 µs on average, growing from the first to the last. A small chunk costs
# messages. A large one is unfair: near the end one process still has a chunk of long tasks, and the
# other has none. Somewhere between lies the best. You can compute it, from two costs that you can measure:
# what one message costs, and how long one task takes.

# %%
print(inspect.getsource(measure_chunks.predict))

# %%
guess_best = Prediction(
    "256 tasks of about 50 µs, two processes. Which chunk size is the best?",
    ["1", "2 to 64", "128: half of them for each process"],
)
guess_best

# %%
chunks = measure_chunks.sweep(tasks=256, task_us=50, spread="growing", processes=2)
draw_chunks.curve(chunks)

# %%
best = chunks.best_measured
small, between, half = guess_best.answers
guess_best.compare(
    small if best == 1 else between if best <= 64 else half if best == 128 else None,
    {
        small: "Then there is a message for each task, and it costs about as much as the task.",
        half: "The second half is the longer one. Who has the first half is done early, and waits.",
    },
)

# %%
claim(
    "8.1-predicted",
    "The chunk size that was computed beforehand takes at most twice as long as the best measured "
    "one.",
    chunks.comparison.ratio(str(chunks.best_predicted), str(chunks.best_measured)).at_most(2),
    tolerance="near its lowest point the curve is flat; chunks of 1 take many times as long",
)

# %% [markdown]
# **Look.** Both curves fall on the left, where messages count. Around the best they are flat: half or
# twice the chunk size makes little difference. On the right the computed one rises: a process works alone.
# Does the measured one follow?
#
# **Explain.** So you needn't find *the* best. Measure a message (time `pool.map` of a function that does
# nothing, with `chunksize=1`), measure a task, and put so many tasks into a chunk that the message is a small
# part of it. Then check that there are still several chunks for each process.

# %%
chunk_lab().set(tasks=100, task_us=100).run()

# %% [markdown]
# ### Batches by hand
#
# `map` of a `ThreadPoolExecutor` has a `chunksize` too. Does it help? Count the calls of `submit`, each of
# which puts one task into the threads' queue.


# %%
class Counting(ThreadPoolExecutor):
    submitted = 0

    def submit(self, *arguments, **named):
        self.submitted += 1
        return super().submit(*arguments, **named)


def square_all(batch):
    return [pools.square(n) for n in batch]


batches = [numbers[first : first + 100] for first in range(0, len(numbers), 100)]

with Counting(2) as executor:
    by_map = list(executor.map(pools.square, numbers, chunksize=100))
    with_chunksize = executor.submitted
with Counting(2) as executor:
    by_batches = [n for squares in executor.map(square_all, batches) for n in squares]
    with_batches = executor.submitted
print(f"with chunksize=100: {with_chunksize} tasks; with batches of 100: {with_batches}")

# %%
claim(
    "8.1-batches",
    "A thread pool's map ignores chunksize: it submits each item. A batch is one task for many "
    "items, and gives the same results.",
    (with_chunksize, with_batches) == (1_000, 10) and by_map == by_batches,
    f"{with_chunksize} and {with_batches} tasks for {len(numbers)} items",
)

# %% [markdown]
# The documentation [says so](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.map).
# To batch, let one task do a list of things. It works with every executor, with `submit`, and with queues.
# Exercise 8.1 asks for it.

# %%
with ThreadPoolExecutor(2) as executor:
    batching = compare(
        {
            "a task for each": lambda: list(executor.map(pools.square, numbers)),
            "batches of 100": lambda: list(executor.map(square_all, batches)),
        }
    )
points(batching, "A thousand squares in a thread pool: fewer, larger tasks are faster")

# %%
claim(
    "8.1-batches-faster",
    "Batches of small tasks are several times as fast.",
    batching.ratio("a task for each", "batches of 100").at_least(2),
    tolerance="a factor of ten and more is usual",
)

# %% [markdown]
# ### What you needn't send
#
# Eight tasks each need a part of one large table. How often does the table travel? This class counts how
# often it is pickled:

# %%
print(inspect.getsource(pickling.Table))

# %% [markdown]
# These are the tasks. The first gets the table as an argument. The second finds it where `keep` has put it. An
# **initializer** is a function that each process of a pool calls once, when it starts: `keep` is meant for one.

# %%
for function in (pickling.sum_with, pickling.keep, pickling.sum_kept):
    print(inspect.getsource(function))

# %%
guess_pickled = Prediction(
    "Eight tasks get the table as an argument that is the same for all: "
    "pool.map(partial(sum_with, table), range(8), chunksize=1). How often is the table pickled?",
    ["once", "twice: once for each process", "eight times"],
)
guess_pickled

# %%
table = pickling.Table(array("d", range(200_000)))
sent = {}

with spawn.Pool(2) as pool:
    pickling.Table.pickled = 0
    sums = pool.map(partial(pickling.sum_with, table), range(8), chunksize=1)
    sent["with each task"] = pickling.Table.pickled

    pickling.Table.pickled = 0
    pool.map(table.part, range(8), chunksize=1)  # a method of the table
    sent["as a method's object"] = pickling.Table.pickled

pickling.Table.pickled = 0
with spawn.Pool(2, initializer=pickling.keep, initargs=(table,)) as pool:
    sums_kept = pool.map(pickling.sum_kept, range(8), chunksize=1)
sent["by an initializer"] = pickling.Table.pickled

for way, times in sent.items():
    print(f"{way}: pickled {times} times")
print("the same sums:", sums == sums_kept)

# %%
guess_pickled.compare(
    {1: "once", 2: "twice: once for each process"}.get(sent["with each task"], "eight times"),
    {
        "once": "There is one table, but a message has to hold all that its task needs.",
        "twice: once for each process": "That is what an initializer does.",
    },
)

# %% [markdown]
# The function is a part of every message, and `partial` carries the table. A bound method, such as
# `table.part`, carries its object, which is harder to see. The initializer got the table once for each
# process. Always? Ask the start methods, in a fresh interpreter:

# %%
for_two = {
    method: call(pickling.pickled_for_the_initializer, method, 2)
    for method in multiprocessing.get_all_start_methods()
}
claim(
    "8.1-initializer-fork",
    "A forked process has what its initializer gets: nothing is pickled. By spawn and forkserver "
    "it is pickled once for each process.",
    all(times == (0 if method == "fork" else 2) for method, times in for_two.items()),
    f"for two processes: {for_two}",
)

# %% [markdown]
# **Shared memory** needs no pickling at all: what travels is a name (chapter 3).

# %%
print(inspect.getsource(pickling.sum_shared))

# %%
count = len(table.numbers)
segment = shared_memory.SharedMemory(create=True, size=8 * count)
segment.buf[: 8 * count] = memoryview(table.numbers).cast("B")
by_name = partial(pickling.sum_shared, segment.name, count)

# %%
pickling.Table.pickled = 0
with spawn.Pool(2, initializer=pickling.keep, initargs=(table,)) as pool:
    kept = pickling.Table.pickled
    sums_shared = pool.map(by_name, range(8), chunksize=1)
    sent["in shared memory"] = pickling.Table.pickled - kept
    sharing = compare(
        {
            "with each task": lambda: pool.map(partial(pickling.sum_with, table), range(8), 1),
            "by an initializer": lambda: pool.map(pickling.sum_kept, range(8), 1),
            "in shared memory": lambda: pool.map(by_name, range(8), 1),
        }
    )
segment.close()
segment.unlink()
points(sharing, f"Sending a table of {8 * count / 1e6:g} MB with each task is what takes long")

# %%
claim(
    "8.1-pickled",
    "An argument that is the same for all tasks is pickled with each message, and so is the "
    "object of a method; by an initializer once for each process; in shared memory never.",
    list(sent.values()) == [8, 8, 2, 0] and sums == sums_kept == sums_shared,
    f"{sent}",
)

# %%
claim(
    "8.1-initializer",
    "What isn't sent costs nothing: with the table in place already, the same sums take a "
    "fraction of the time.",
    sharing.ratio("with each task", "by an initializer").at_least(1.5),
    tolerance="half as much again is far from noise",
)

# %% [markdown]
# The way back counts as well. Two more tasks double a part of the table. One returns the doubled
# numbers, the other what you wanted to know of them.

# %%
print(inspect.getsource(pickling.doubled))
print(inspect.getsource(pickling.sum_doubled))

# %%
with spawn.Pool(2, initializer=pickling.keep, initargs=(table,)) as pool:
    returning = compare(
        {
            "whole parts": lambda: pool.map(pickling.doubled, range(8), 1),
            "their sums": lambda: pool.map(pickling.sum_doubled, range(8), 1),
        }
    )
points(returning, "What comes back: the doubled numbers, or their sums?")

# %%
pickling.keep(table)
back = {f.__name__: len(pickle.dumps(f(0))) for f in (pickling.doubled, pickling.sum_doubled)}
pickling.keep(None)
claim(
    "8.1-return-less",
    "A result travels too. Return what is asked for, not what it was computed from.",
    back["doubled"] > 1_000 * back["sum_doubled"],
    f"{back['doubled']} bytes for the doubled numbers, {back['sum_doubled']} for their sum",
)

# %% [markdown]
# ### Threads that you didn't start
#
# NumPy multiplies matrices with a library (**BLAS**) that has threads of its own, usually one for each
# core. Now put such a task into each process of a pool. How many threads want a core?

# %%
print(inspect.getsource(multiply))


# %%
def multiply_in_all(limit):
    return pool.starmap(multiply, [(200, 4, limit)] * few, chunksize=1)


with spawn.Pool(few) as pool:
    as_they_like, one_each = multiply_in_all(None), multiply_in_all(1)
    in_processes = compare(
        {
            "threads as they like": lambda: multiply_in_all(None),
            "one thread each": lambda: multiply_in_all(1),
        }
    )
points(
    in_processes, f"{few} process{'es' * (few > 1)}: one BLAS thread each, or as many as they like?"
)

# %%
threads = sum(one.threads for one in as_they_like)
limited = sum(one.threads for one in one_each)
claim(
    "8.1-blas-threads",
    "Each process of a pool has BLAS threads of its own, together more than there are cores. "
    "threadpool_limits makes it one each.",
    threads == few * blas_threads() > cores and limited == few,
    f"{threads} threads as they like, {limited} limited, {cores} cores",
    needs=[HAS_BLAS_THREADS, needs_cores(2)],
)

# %%
claim(
    "8.1-oversubscribed",
    "With one thread each, the processes of a full pool need no longer than with more threads "
    "than cores.",
    in_processes.ratio("threads as they like", "one thread each").at_least(0.8),
    needs=[HAS_BLAS_THREADS, needs_cores(2), AT_MOST_4],
    tolerance="a fifth for noise; on a busy machine, more threads take many times as long",
)

# %% [markdown]
# **Look.** This is **oversubscription**: more threads that compute than cores. Compare the two rows.
#
# **Explain.** The threads of one product wait for each other. If they can't all run, they wait for one
# whose core was taken. `threadpool_limits(1)` from [threadpoolctl](https://github.com/joblib/threadpoolctl)
# says how many a library may use, in this block. From outside, environment variables such as
# `OMP_NUM_THREADS` and `OPENBLAS_NUM_THREADS` do it, if they are set before the library is loaded. The rule:
# let the pool be parallel, or the library, but not both.
#
# **Try.** In `multiply_in_all` replace 200 by 50, then by 1000. Where do the library's own threads help, where do they
# hurt? And in the chunk lab: let all tasks have the same length. Why is the best chunk a large one now?

# %% [markdown]
# ## 8.2 The start method as a choice of price
#
# *25 minutes; 85 so far*
#
# The article's listing sets the start method three times in a row. Run as a program of its own it does this:

# %%
LISTING_82 = """
import multiprocessing as mp
mp.set_start_method('spawn')
mp.set_start_method('fork')
mp.set_start_method('forkserver')
"""
three_times = run_script(LISTING_82)
print("exit code", three_times.exit_code)
print(three_times.last_error)

# %%
claim(
    "8.2-three-times",
    "The article's listing fails at its second call: a program's start method is set once.",
    three_times.exit_code == 1 and three_times.last_error.startswith("RuntimeError"),
    three_times.last_error,
)

# %% [markdown]
# It shows three alternatives. Use `get_context(method)`, and you can choose for each pool (chapter 3).
# What do you choose by? First by what is *safe*: fork copies locks that nobody will release. Then by
# price, in time and memory for each worker. The price depends on the parent: what its main module imports, and
# what it holds. Here a light parent, and a heavy one that imports two large modules and holds 50 MB.

# %%
guess_heavy = Prediction(
    "The parent gets heavier: more imports, more memory. Whose time to start grows more?",
    ["fork's: it copies the parent", "spawn's: it imports all anew", "neither's"],
)
guess_heavy

# %%
forks = ["fork"] if HAS_FORK.met() else []
light = start_costs("nothing", methods=[*forks, "spawn"])
some = ("asyncio", "sqlite3")
heavy = start_costs("at the top", some, methods=[*forks, "spawn"], ballast_mb=50)
server = [method for method in ("forkserver",) if HAS_FORK.met()]
ready = [start_costs("at the top", some, server, preload=True, ballast_mb=50)] if server else []
draw_start_methods.costs([light, heavy, *ready])

# %%
grown = {m: heavy.comparison.median(m) - light.comparison.median(m) for m in light.methods}
by_fork, by_import, neither = guess_heavy.answers
noticed = 0.05 * light.comparison.median("spawn")
more = by_import if grown["spawn"] > grown.get("fork", 0) else by_fork
guess_heavy.compare(
    more if max(grown["spawn"], grown.get("fork", 0)) > noticed else neither,
    {
        by_fork: "It copies the tables that say where memory is, not the memory (chapter 3).",
        neither: "A fork has the imports for nothing. Spawn imports them again.",
    },
)

# %%
claim(
    "8.2-imports",
    "A child of spawn imports again what a heavy parent's main module imports at its top, and "
    "needs more memory of its own for it.",
    light.modules["spawn"] == 0 < heavy.modules["spawn"]
    and (not heavy.unique or heavy.unique["spawn"] > light.unique["spawn"] + 2e6),
    f"{heavy.modules['spawn']} modules imported again; its own memory: "
    + " and ".join(f"{one.unique['spawn'] / 1e6:.3g} MB" for one in (light, heavy) if one.unique),
    tolerance="2 MB: far less than these modules need, far more than two children differ",
)

# %%
claim(
    "8.2-heavy",
    "So a child of spawn starts later under the heavy parent.",
    side_by_side((light, "spawn"), (heavy, "spawn"))
    .ratio(named(heavy, "spawn"), named(light, "spawn"))
    .at_least(1.15),
    tolerance="the imports take time that no cache saves; 0.15 is left for noise",
)

# %%
claim(
    "8.2-fork",
    "A fork of the heavy parent starts several times faster than a spawn.",
    heavy.comparison.ratio("spawn", "fork").at_least(3) if HAS_FORK.met() else False,
    needs=[HAS_FORK],
    tolerance="a spawn starts a whole interpreter; 3 is left for machines where a fork is slow",
)

# %%
claim(
    "8.2-preload",
    "A fork server that has preloaded the imports of a heavy parent starts its children faster "
    "than spawn does.",
    side_by_side((heavy, "spawn"), (ready[0], "forkserver"))
    .ratio(named(heavy, "spawn"), named(ready[0], "forkserver"))
    .at_least(2)
    if ready
    else False,
    needs=[HAS_FORK],
    tolerance="such a child is forked; what is left is asking the server for it",
)

# %%
claim(
    "8.2-memory",
    "What a child of spawn imports is its own memory; what a fork server has preloaded, its "
    "children share.",
    ready[0].unique["forkserver"] < 0.7 * heavy.unique["spawn"]
    if ready and TELLS_MEMORY.met()
    else False,
    f"{ready[0].unique['forkserver'] / 1e6:.3g} against {heavy.unique['spawn'] / 1e6:.3g} MB"
    if ready and TELLS_MEMORY.met()
    else "",
    needs=[HAS_FORK, TELLS_MEMORY],
)

# %% [markdown]
# **Look.** Multiply the right side by the number of your workers: that is the memory of a pool.
#
# **Explain.** So the list to choose from is short.
#
# - *Fork* is the cheapest, where no other thread runs and nobody holds a lock (chapter 3).
# - *Forkserver* with `set_forkserver_preload` lies between it and spawn, and is safe as long as nothing that is preloaded
#   starts a thread
#   ([docs](https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods)).
# - *Spawn* works everywhere. Keep the main module light, and start rarely.
#
# ### Start rarely: a warm pool
#
# Whatever a start costs, you may pay it once. When does a pool start its processes?

# %%
guess_when = Prediction(
    "Pool(2) and ProcessPoolExecutor(2) have just been made, and no task was given. How many "
    "processes have they started?",
    ["two and two", "two and none", "none and none"],
)
guess_when


# %%
def children():
    return set(multiprocessing.active_children())


before = children()
with spawn.Pool(2) as pool:
    of_pool = len(children() - before)
with ProcessPoolExecutor(2, mp_context=spawn) as executor:
    of_executor = len(children() - before)
    executor.submit(warm_pools.process_id).result()
    after_one = len(children() - before)
print(f"Pool: {of_pool}, executor: {of_executor}, after its first task: {after_one}")

# %%
guess_when.compare(
    {(2, 2): "two and two", (2, 0): "two and none"}.get((of_pool, of_executor), "none and none"),
    {
        "two and two": "The executor starts a process when there is a task and nobody to do it.",
        "none and none": "Pool starts all of its processes at once.",
    },
)

# %%
claim(
    "8.2-on-demand",
    "Pool starts its processes when it is made; ProcessPoolExecutor (of spawn) when tasks need "
    "them.",
    (of_pool, of_executor, after_one) == (2, 0, 1),
    f"{of_pool}, {of_executor}, {after_one}",
)

# %% [markdown]
# So the first tasks of an executor are slow: they wait for a start. If you time them, you time the starts. To
# **warm** a pool is to let it start, and import, before the first task that counts. The next cell does three
# batches of tasks, each with a pool of its own; then three with one that stays.


# %%
def new_pool():
    with spawn.Pool(2) as pool:
        return pool.map(warm_pools.process_id, range(4), chunksize=1)


def three_new():
    return [new_pool() for _ in range(3)]


ids_new = set().union(*three_new())
with spawn.Pool(2) as kept_pool:
    kept_pool.map(warm_pools.process_id, range(4))
    ids_kept = set()
    for _ in range(3):
        ids_kept |= set(kept_pool.map(warm_pools.process_id, range(4), chunksize=1))
    keeping = compare(
        {
            "a new pool": new_pool,
            "the pool that is there": lambda: kept_pool.map(warm_pools.process_id, range(4), 1),
        }
    )
points(keeping, "Four tasks that do nothing: a new pool pays for its start")

# %%
claim(
    "8.2-warm",
    "A pool that is kept does all batches with the processes it has; new pools start new ones. To "
    "start them takes many times as long as the batch.",
    keeping.ratio("a new pool", "the pool that is there").at_least(5)
    if len(ids_kept) <= 2 < len(ids_new)
    else False,
    tolerance="starting two interpreters against eight small messages; 5 is far from noise",
)

# %% [markdown]
# ### Warm means ready
#
# A process that has started may still have to import what its tasks need. This task says whether it did:

# %%
print(inspect.getsource(warm_pools.parse))

# %%
with spawn.Pool(1) as pool:
    cold = [pool.apply(warm_pools.parse) for _ in range(3)]
with spawn.Pool(1, initializer=warm_pools.get_ready) as pool:
    primed = [pool.apply(warm_pools.parse) for _ in range(3)]

print("without an initializer: ready", [one["ready"] for one in cold])
print("with one:               ready", [one["ready"] for one in primed])

# %%
claim(
    "8.2-ready",
    "The first task in each process pays for the imports; an initializer pays before it comes.",
    [one["ready"] for one in cold] == [False, True, True] and all(one["ready"] for one in primed),
    f"until the module was there: {[round(one['seconds'] * 1e3, 2) for one in cold]} ms, with the "
    f"initializer {[round(one['seconds'] * 1e3, 2) for one in primed]} ms",
)

# %% [markdown]
# A pool that is kept has its price as well: its memory, and whatever its tasks leave behind there. That is
# what `maxtasksperchild` is for. It puts the price of a start back on every so many tasks:

# %%
with spawn.Pool(1, maxtasksperchild=2) as pool:
    ids = pool.map(warm_pools.process_id, range(6), chunksize=1)
with spawn.Pool(1) as pool:
    ids_forever = pool.map(warm_pools.process_id, range(6), chunksize=1)
print("processes for six tasks:", len(set(ids)), "and", len(set(ids_forever)))

# %%
claim(
    "8.2-recycling",
    "With maxtasksperchild=2 six tasks take three starts; without it one.",
    (len(set(ids)), len(set(ids_forever))) == (3, 1),
    f"{len(set(ids))} and {len(set(ids_forever))}",
)

# %% [markdown]
# **Try.** Let `new_pool` use `"fork"` and `"forkserver"` in a script of your own (a kernel has threads: don't
# fork it). Does a new pool for each batch become affordable? How long must a batch compute until nobody
# notices the start?

# %% [markdown]
# ### On other Pythons
#
# What a fresh interpreter costs differs from version to version, and between builds. With `-S` it starts
# without the packages that are installed. This is one start:

# %%
subprocess.run([sys.executable, "-S", "-c", "pass"]).returncode

# %% [markdown]
# The lab does that by turns, with every Python that you choose, and takes the time.

# %%
side_by_side_lab("start-up").set(rounds=3).run()

# %% [markdown]
# **Try.** Choose all Pythons that you have. Which one starts fastest? How much of the price of a process in a
# pool is that?

# %% [markdown]
# ## 8.3 Faster code first: NumPy, numba, Cython
#
# *50 minutes; 135 so far*
#
# Four cores make a program at most four times as fast. Better code for one core often gives more
# than that. So that comes first.
#
# **numba** is a compiler that works while your program runs: it turns a Python function into
# machine code, for the types of the arguments that you call it with. Where numba can't be
# installed, the cell that prints numba's version says so; then the cells below run as the Python that they
# are, and the claims about numba say that they can't be told.

# %% [markdown]
# The next cell imports what only this section uses.

# %%
from contextlib import suppress
from threading import Event, Thread

import numpy as np
import psutil

from helpers.course import checks_compiled, checks_task_costs
from helpers.draw import compiled as draw_compiled
from helpers.draw import task_costs as draw_costs
from helpers.draw.cluster import workers as draw_workers
from helpers.labs.compiled import compiled_lab
from helpers.labs.task_costs import task_costs_lab
from helpers.measure import compiled
from helpers.measure.cluster import ClusterExecutor, lanes_of, processes, start_here, task_stream
from helpers.measure.compiled import NUMBA, build_cython
from helpers.measure.executors import EXECUTORS, Kind, start
from helpers.measure.task_costs import CLUSTER, forecast, task_costs
from helpers.measure.verdict import all_of, checked, untold
from helpers.workers.cluster import nap_and_square
from helpers.workers.compiled import longest_chain, pieces
from helpers.workers.task_costs import CALL, PROCESS_POOL, TASK, THREAD_POOL

# %% tags=["nbval-ignore-output"]
numba = compiled.numba()
print("numba", numba.__version__)

# %% [markdown]
# The sum of the first squares, four ways. The loop is the article's. `njit` is what the article writes as
# `jit(nopython=True)`, which has been the default of `jit` since numba 0.59.


# %%
def with_a_loop(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


def with_sum(n):
    return sum(i * i for i in range(n))


def with_numpy(n):
    i = np.arange(n, dtype=np.int64)
    return int((i * i).sum())


with_numba = numba.njit(with_a_loop)  # njit: compile, or say why that can't be

# %% [markdown]
# numba compiles at the first call, when it sees the types. So time the first call apart.

# %%
took = []
for _ in range(6):
    began = time.perf_counter()
    with_numba(10)
    took.append(time.perf_counter() - began)
first_s, later_s = took[0], min(took[1:])

claim(
    "8.3-first-call",
    "The first call of a numba function compiles it; the later ones only run it.",
    first_s > 100 * later_s,
    f"first {first_s * 1e3:.3g} ms, later {later_s * 1e6:.3g} µs",
    needs=[NUMBA],
    tolerance="compiling takes tens of milliseconds at least, a call some microseconds",
)

# %%
guess_sum = Prediction(
    "Many squares. Which of these gains most over the loop?",
    ["sum() with a generator", "NumPy", "numba"],
)
guess_sum

# %%
size = 300_000
ways = {
    "a loop": with_a_loop,
    "sum() with a generator": with_sum,
    "NumPy": with_numpy,
    "numba": with_numba,
}
values = {name: way(size) for name, way in ways.items()}
sums = compare({name: partial(way, size) for name, way in ways.items()})
draw_compiled.times(sums, "The same squares, added up in four ways")

# %%
guess_sum.compare(
    min(ways, key=sums.median) if NUMBA.met() else None,
    {
        "sum() with a generator": "It is shorter to write. Each number is still a Python object.",
        "NumPy": "NumPy has to write all squares to memory before it can add them.",
    },
    untold="numba isn't installed here",
)

# %%
claim(
    "8.3-same-sum",
    "These squares have the same sum, whichever way they are added.",
    len(set(values.values())) == 1,
    f"{set(values.values())}",
)

# %%
claim(
    "8.3-generator",
    "Neither the loop nor sum() with a generator is several times as fast as the other.",
    sums.ratio("sum() with a generator", "a loop").between(0.4, 2.5),
    tolerance="which of the two is ahead differs between versions of CPython",
)

# %%
claim(
    "8.3-numpy",
    "NumPy adds the squares at least twice as fast as a Python loop.",
    sums.ratio("a loop", "NumPy").at_least(2),
    tolerance="usually it is more; fetching fresh memory takes some of it",
)

# %%
claim(
    "8.3-too-good",
    "numba's time is less than a hundredth of the loop's.",
    sums.ratio("a loop", "numba").at_least(100),
    needs=[NUMBA],
    tolerance="what it takes is a few calls of a function, so on any machine far less than that",
)

# %% [markdown]
# **Look.** Each line of the axis is ten times the one before. NumPy is several times as fast as the loop. How
# many lines is numba to the left of it?
#
# **Explain.** A Python loop looks up types and makes an object for each number. NumPy has one loop
# in C for a whole array. numba makes machine code of the function.
#
# But no core makes hundreds of thousands of additions in so little time. Be suspicious of a gain that is too
# good. If this were a loop, a million times as many numbers would take a million times as long:

# %%
near, far = (10**6, 10**12) if NUMBA.met() else (10, 10)  # Python itself would take a day
suspicious = compare(
    {
        "a million": lambda: [with_numba(near) for _ in range(1000)],
        "a million millions": lambda: [with_numba(far) for _ in range(1000)],
    }
)
claim(
    "8.3-formula",
    "For the compiled sum it makes no difference whether there are a million numbers or a million "
    "times as many: it isn't a loop any more.",
    suspicious.ratio("a million millions", "a million").at_most(3),
    needs=[NUMBA],
    tolerance="a loop would take a million times as long; 3 leaves room for noise",
)

# %% [markdown]
# **Explain.** The compiler behind numba, LLVM, knows the formula for such sums, $(n-1)n(2n-1)/6$,
# and put it in the place of the loop. "numba makes it tens of times faster" is no measurement
# of numba, then: nothing is left to be measured. Further down stands a loop for which there is no formula.
#
# ### Fast and wrong
#
# The article calls its compiled function with ten million. Try the same with NumPy's numbers, which are
# of the same kind as numba's.

# %%
guess_wrong = Prediction(
    "Ten million squares, in NumPy's or numba's integers. What do you get?",
    ["the same number as from Python", "an OverflowError", "another number, without a word"],
)
guess_wrong

# %%
n = 10**7
exact = (n - 1) * n * (2 * n - 1) // 6  # in Python's own integers, which grow as needed
wrong = with_numpy(n)
print("exact:", exact)
print("NumPy:", wrong)
print("bits that the exact sum needs:", exact.bit_length())

# %%
guess_wrong.compare(
    "another number, without a word" if wrong != exact else "the same number as from Python",
    {
        "the same number as from Python": "Python's integers grow. A machine's have 64 bits.",
        "an OverflowError": "Nobody checks: checking each addition would cost time.",
    },
)

# %% [markdown]
# **Look.** A wrong number, and no word about it. The sum needs more than the 63 bits that an `int64`, a
# **machine integer**, has beside its sign. What is carried beyond is lost: this is an
# **overflow**. NumPy and numba both go on without a word
# ([NumPy](https://numpy.org/doc/stable/user/basics.types.html#overflow-errors),
# [numba](https://numba.readthedocs.io/en/stable/proposals/integer-typing.html)).

# %%
as_int64 = (exact + 2**63) % 2**64 - 2**63  # the last 64 bits of the exact sum
claim(
    "8.3-overflow",
    "Ten million squares overflow an int64: NumPy returns what is left of the sum, without a word.",
    wrong == as_int64 != exact,
    f"{wrong} for {exact}",
)

# %%
claim(
    "8.3-numba-overflow",
    "The article's numba function returns that same wrong number.",
    with_numba(n) == as_int64,
    f"{with_numba(n) if NUMBA.met() else 'not run'}",
    needs=[NUMBA],
)

# %% [markdown]
# From where on? The formula tells, and both sides of the edge can be tried.

# %%
edge = next(n for n in range(3_000_000, 4_000_000) if (n - 1) * n * (2 * n - 1) // 6 >= 2**63)
print("the first n whose sum doesn't fit:", edge)
print("one number fewer:", with_numpy(edge - 1) == (edge - 2) * (edge - 1) * (2 * edge - 3) // 6)
print("at the edge:     ", with_numpy(edge) == (edge - 1) * edge * (2 * edge - 1) // 6)

# %% [markdown]
# The right ways: keep the machine's integers where they are large enough, and leave the rest to
# Python's; or take floating-point numbers, if you can do without the last digits; or think of the
# formula before the compiler does.


# %%
def in_blocks(n, block=10_000):
    """int64 within a block, Python's integers from block to block."""
    total = 0
    for first in range(0, n, block):
        i = np.arange(first, min(first + block, n), dtype=np.int64)
        total += int((i * i).sum())
    return total


def in_floats(n):
    i = np.arange(n, dtype=np.float64)
    return float((i * i).sum())


print("blocks: ", in_blocks(n), "right" if in_blocks(n) == exact else "wrong")
print("floats: ", f"{in_floats(n):.9e}", f"off by {in_floats(n) / exact - 1:.0e} of the sum")
print("formula:", exact)

# %%
claim(
    "8.3-right-ways",
    "Blocks of int64 added up by Python are exact; floats are right to twelve digits.",
    in_blocks(n) == exact and abs(in_floats(n) / exact - 1) < 1e-12,
    f"blocks {in_blocks(n) - exact:+d}, floats {in_floats(n) / exact - 1:+.1e} of the sum",
)

# %% [markdown]
# **Explain.** A block is safe if even its largest squares can't add up to 2⁶³: ten thousand numbers, each
# below 10¹⁴ when squared, stay below 10¹⁸. Whenever you compile, ask: how large can this number get? Then
# test against plain Python, at the largest size that you will use.
#
# **Try.** Set `block` to 1,000,000 in `in_blocks`. Is the sum still right? At which size does it break?
#
# ### Compiled, and in threads
#
# Here is a loop that no formula replaces, in plain Python.

# %%
print(inspect.getsource(longest_chain))

# %%
chain = numba.njit(longest_chain)
chain_nogil = numba.njit(nogil=True)(longest_chain)  # it lets go of the GIL while it runs
for compiled_chain in (chain, chain_nogil):
    print(compiled_chain(1, 1000) == longest_chain(1, 1000))

# %%
guess_threads = Prediction(
    "A thread runs compiled code. Can another thread run Python meanwhile?",
    ["yes: machine code needs no GIL", "no: the call keeps the GIL", "only with nogil=True"],
)
guess_threads

# %% [markdown]
# Another thread notes the time, sleeps for a millisecond, and so on: it beats. While the compiled
# function runs, do the beats go on? Only beats in the first half of the call are counted, so that
# none from after its end slips in.


# %%
def beats_during(function, *arguments):
    beats, leave = [], Event()

    def beat():
        while not leave.is_set():
            beats.append(time.perf_counter())
            time.sleep(0.001)

    thread = Thread(target=beat)
    thread.start()
    time.sleep(0.01)
    began = time.perf_counter()
    function(*arguments)
    middle = (began + time.perf_counter()) / 2
    leave.set()
    thread.join()
    return sum(began < moment < middle for moment in beats)


numbers = 800_000 if NUMBA.met() else 4_000
keeps = beats_during(chain, 1, numbers)
lets_go = beats_during(chain_nogil, 1, numbers)

# %%
answers = guess_threads.answers
guess_threads.compare(
    answers[2 if keeps < lets_go else 1 if lets_go == 0 else 0] if NUMBA.met() else None,
    {
        answers[0]: "It is called from Python, with the GIL. Somebody has to let go of it.",
        answers[1]: "That is what happens if you don't ask for more.",
    },
    untold="numba isn't installed here",
)

# %%
claim(
    "8.3-beats",
    "While a compiled function runs, no other thread runs Python, unless it was compiled with "
    "nogil=True.",
    keeps == 0 < lets_go,
    f"{keeps} beats during the call, {lets_go} with nogil=True",
    needs=[NUMBA, WITH_GIL],
)

# %% [markdown]
# Now two threads, both in compiled code, each with half of the work.

# %%
halves = pieces(1, numbers // 4, 2)


def in_two_threads(function):
    with ThreadPoolExecutor(2) as pool:
        return max(pool.map(function, *zip(*halves, strict=True)))


threaded = compare(
    {
        "one thread": lambda: chain(1, numbers // 4),
        "two threads": lambda: in_two_threads(chain),
        "two threads, nogil": lambda: in_two_threads(chain_nogil),
    }
)
points(threaded, "A second thread for compiled code")

# %% [markdown]
# Look inside: the same again, each thread recorded. Pure Python is there to compare with. Each thread does
# its half in several calls; between two calls the GIL can change hands.

# %%
runs = [
    compiled.in_threads(language, 2, 20_000 if language == compiled.PYTHON else 600_000)
    for language in compiled.languages()
]
draw_compiled.thread_runs(runs)

# %% [markdown]
# **Look.** Two threads of Python, and two of compiled code: one runs, the other waits for the GIL.
# With `nogil=True` hardly anybody waits for the GIL. What is left is waiting for a core, if other programs
# want it too.
#
# **Explain.** Who calls a compiled function has the GIL, and it stays taken until the function
# returns: not even the switch interval ends that, as machine code never looks up. `nogil=True`
# gives it back at the start and takes it again at the end. That is allowed because the function
# touches no Python object in between ([numba](https://numba.readthedocs.io/en/stable/user/jit.html#nogil)).

# %%
claim(
    "8.3-nogil",
    "Two threads gain nothing where the compiled function keeps the GIL, and much with nogil=True.",
    all_of(
        [
            threaded.ratio("two threads", "one thread").at_least(0.8),
            threaded.ratio("one thread", "two threads, nogil").at_least(1.3),
        ]
    ),
    needs=[NUMBA, WITH_GIL, needs_cores(2)],
    tolerance="a full gain would be 2; much is left to other programs on a second core",
)

# %% [markdown]
# ### Let numba make the threads
#
# With `parallel=True` numba splits a loop over `prange` among threads of its own. They add up or
# compare results for you (a **reduction**): numba sees that `longest` only ever takes the larger one.


# %%
@numba.njit(parallel=True)
def chain_everywhere(first, last):
    longest = 0
    for number in numba.prange(first, last):
        n = number
        steps = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        longest = max(longest, steps)
    return longest


began = time.perf_counter()
chain_everywhere(1, 100)
everywhere_s = time.perf_counter() - began

# %%
claim(
    "8.3-prange",
    "The loop split by prange finds the same longest chain as plain Python.",
    chain_everywhere(1, 5000) == longest_chain(1, 5000),
    f"{chain_everywhere(1, 5000)} steps; compiled in {everywhere_s:.2g} s",
    needs=[NUMBA],
)

# %% [markdown]
# **Explain.** It is the shortest way to all cores, and has its price: it takes longer to compile, and the
# threads that numba starts stay, asleep, until the process ends. Don't call such a function from
# several threads of your own unless you know which *threading layer* numba found: not each is safe
# for that ([numba](https://numba.readthedocs.io/en/stable/user/threading-layer.html)).
#
# ### Cython
#
# **Cython** compiles ahead of time: its language is Python with types of C, it becomes a C file, and
# your C compiler makes an extension module of that. In a notebook people write `%%cython`; here
# the steps are done one by one, and the result is removed again.

# %%
cython_source = """
# cython: cdivision=True, freethreading_compatible=True
def longest_chain(long long first, long long last):
    cdef long long start, n
    cdef long longest = 0, steps
    with nogil:
        for start in range(first, last):
            n = start
            steps = 0
            while n != 1:
                n = n // 2 if n % 2 == 0 else 3 * n + 1
                steps += 1
            if steps > longest:
                longest = steps
    return longest
"""
built = build_cython(cython_source)

# %%
if built.module:
    same = built.module.longest_chain(1, 5000) == longest_chain(1, 5000)
    verdict = checked(
        same, f"translated in {built.translated_s:.2g} s, compiled in {built.compiled_s:.2g} s"
    )
else:
    verdict = untold(built.why_not)
claim("8.3-cython", "Cython's module finds the same longest chain as plain Python.", verdict)

# %% [markdown]
# **Explain.** `with nogil` is what `nogil=True` is to numba: Cython refuses to compile Python objects inside
# ([Cython](https://cython.readthedocs.io/en/latest/src/userguide/nogil.html)). The first line of the source
# asks for C's division and says that the module needs no GIL. And `long long` is an int64 again.
#
# ### Speed-up times speed-up
#
# Now both. Each contender gets as many numbers as keep it busy for some milliseconds; what counts
# is numbers per second. All start at a million, where the chains are about equally long.

# %%
cores = usable_cores()[0]
threads = min(8, cores)
few, many = 1_000, (100_000 if NUMBA.met() else 1_000)
base = 1_000_000


def in_threads(function, count, threads):
    parts = pieces(base, base + count, threads)
    with ThreadPoolExecutor(threads) as pool:
        return max(pool.map(function, *zip(*parts, strict=True)))


contenders = {
    "Python": (few, lambda: longest_chain(base, base + few)),
    f"Python, {threads} threads": (few, lambda: in_threads(longest_chain, few, threads)),
    "numba": (many, lambda: chain(base, base + many)),
    f"numba nogil, {threads} threads": (many, lambda: in_threads(chain_nogil, many, threads)),
    "numba prange": (many, lambda: chain_everywhere(base, base + many)),
}
if built.module:
    contenders["Cython"] = (100_000, lambda: built.module.longest_chain(base, base + 100_000))
speeds = compare({name: run for name, (_, run) in contenders.items()})

# %%
counts = {name: count for name, (count, _) in contenders.items()}
both = f"numba nogil, {threads} threads"
one_core = {"Python": few / speeds.median("Python"), "numba": many / speeds.median("numba")}
draw_compiled.rates(
    speeds,
    counts,
    "Python",
    {
        f"Python, {threads} threads": threads * one_core["Python"],
        both: threads * one_core["numba"],
        "numba prange": cores * one_core["numba"],
    },
)

# %% [markdown]
# **Look.** The number in each bar says how many times as fast as plain Python it is. The hatching
# ends where so many cores would be, if none of them did anything else. How far does each bar reach into it?
#
# **Explain.** If nobody else uses the cores, the two gains multiply: compiled code is so many times as fast on
# each core, and there are so many cores. Threads alone gain next to nothing in Python with a GIL.

# %%
claim(
    "8.3-compiled",
    "Compiled, this loop is at least ten times as fast on one core as plain Python.",
    speeds.ratio("Python", "numba").at_least(10 * few / many),
    needs=[NUMBA],
    tolerance=f"the ratio is of runs with {few} and {many} numbers; ten times leaves room: tens "
    "are usual",
)

# %%
claim(
    "8.3-both",
    "Threads on top of the compiler multiply its gain, up to the number of cores.",
    all_of(
        [
            speeds.ratio("numba", both).at_least(1.3),
            speeds.ratio("numba", both).at_most(1.25 * threads),
        ]
    ),
    needs=[NUMBA, needs_cores(2)],
    tolerance="at least 1.3, as other programs use the cores too; a quarter above the limit for "
    "a core that was slow while it worked alone",
)

# %%
compiled_lab().run()

# %% [markdown]
# **Try.** In the lab take Python and go from one thread to eight; then `numba`, then `numba, nogil`.
# Where does the picture stop getting shorter, and which number on your machine card is that?
#
# ### Beyond one machine
#
# One more core needs no new program; one more computer does: somebody must carry the tasks there. **Dask** has a
# **scheduler**, which hands tasks to **workers** on any number of machines, and a **client** in your program,
# which talks to the scheduler. All three talk over the network, even if it leads back to this
# computer. Here it does: this is what starts a cluster of two workers on your machine.

# %%
print(inspect.getsource(start_here))

# %% [markdown]
# The course's `ClusterExecutor` makes it look like the executors of chapter 6, with the same `submit` and `map`,
# so to us it is one line. `start` waits until its workers are there.

# %%
EXECUTORS["cluster"] = Kind(ClusterExecutor)

running = {name: start(name, 2) for name in ("sequential", "threads", "processes", "cluster")}
cluster = running["cluster"]

# %%
guess_lines = Prediction(
    "The very same function, on a cluster. What has to change in it?",
    ["nothing", "it needs Dask's decorator", "it must open a connection"],
)
guess_lines

# %%
firsts, lasts = zip(*pieces(1, 20_001, 8), strict=True)
found = {name: max(pool.map(longest_chain, firsts, lasts)) for name, pool in running.items()}
for name, steps in found.items():
    print(f"{name}: {steps}")

# %%
guess_lines.compare(
    "nothing" if len(set(found.values())) == 1 else None,
    {
        "it needs Dask's decorator": "Dask has one, delayed, for other things. A function will do.",
        "it must open a connection": "The client and the workers have one. Your function has none.",
    },
)

# %% [markdown]
# The scheduler notes who did what when: its **task stream**. Here it is, as lanes.

# %%
with task_stream(cluster.client) as records:
    list(cluster.map(longest_chain, firsts, lasts))
stream = lanes_of(records)
draw_workers(stream, "Gaps: a worker waits for its next task")

# %%
claim(
    "8.3-same-function",
    "The same function gives the same result under every executor, the cluster among them.",
    len(set(found.values())) == 1,
    f"{found}",
)

# %%
computed = sum(phase["action"] == "compute" for r in records for phase in r["startstops"])
claim(
    "8.3-stream",
    "The task stream has each task once.",
    computed == len(firsts),
    f"{computed} computations for {len(firsts)} tasks, by {len(stream.lanes)} workers",
)

# %% [markdown]
# **Look.** Between the pieces of work there are gaps. In most of them, a worker has told the scheduler that it
# is done, and waits for the next task to arrive.
#
# **Explain.** A function from a module travels by its name, as to a process: every worker must be able to import
# it, in the same version. (One that you write in the notebook, Dask sends as code.) For a cluster of yours, start
# `dask scheduler` on one machine and `dask worker
# tcp://that-machine:8786` on the others, with this course installed; then set the environment
# variable `COURSE_SCHEDULER` to the address before you start Jupyter, and this chapter uses it
# ([Dask](https://docs.dask.org/en/stable/deploying-cli.html)). Only do so in a network that
# you trust: a scheduler runs what anybody sends it.
#
# ### What one task costs
#
# A gap is a cost. Measure it for every way that this course knows, with a task that does nothing:
# waited for one at a time, and, where that can be, many handed over together.

# %%
guess_cost = Prediction(
    "How many function calls fit into the time of one task on a cluster of this very machine?",
    ["about a hundred", "some thousands", "more than ten thousand"],
)
guess_cost

# %%
costs = task_costs(rounds=3, cluster=cluster)
draw_costs.costs(costs)

# %%
calls = costs.one(CLUSTER) / costs.one(CALL)
guess_cost.compare(
    guess_cost.answers[(calls > 1_000) + (calls > 10_000)],
    {
        "about a hundred": "That is about what an asyncio task costs.",
        "some thousands": "That is about what a task for a pool costs.",
    },
)

# %% [markdown]
# **Look.** Each line is ten times the one before: count them, from a call to a process. The ring shows what
# each task costs where many are handed over together: while one is on its way, the next is packed.

# %%
order = [CALL, TASK, THREAD_POOL, PROCESS_POOL, CLUSTER]
each = [costs.one(way) for way in order]
claim(
    "8.3-cost-order",
    "A call costs least, then a task of asyncio, of threads, of processes, and of a cluster.",
    each == sorted(each),
    ", ".join(f"{way} {seconds * 1e6:.3g} µs" for way, seconds in zip(order, each, strict=True)),
    tolerance="neighbours differ by several times",
)

# %% [markdown]
# **Explain.** What a way costs tells you how long a task must work to be worth it. If handing over may
# cost a tenth of the work, a task has to work for ten times the cost. From that you can foretell the
# speed-up, for tasks of each length: the next cell draws the forecast, and beside it what really happened
# at one length. (The line of the thread pool is right for tasks that wait or let go of the GIL.)

# %%
by_way = {THREAD_POOL: "threads", PROCESS_POOL: "processes", CLUSTER: "cluster"}
came = forecast(costs, {way: running[name] for way, name in by_way.items()}, 10, 0.02, workers=2)
draw_costs.forecast(costs, came, list(by_way))

# %%
claim(
    "8.3-foreseen",
    "The cost of a task foretells how long many tasks take.",
    came.within(2),
    tolerance="a factor of 2 either way: the cost itself changes with what else the machine does",
)

# %%
task_costs_lab(costs).run()

# %% [markdown]
# **Try.** In the lab, take 100 tasks and 16 workers. How long must a task be for 16 workers to do the work
# of 16? What keeps them from it when it is shorter?
#
# Now with work that computes. Two tasks, small ones and larger ones, one after another, in two processes, and on
# the cluster.


# %%
def both_of(pool, size):
    return list(pool.map(longest_chain, [base] * 2, [base + size] * 2))


small, large = (
    compare(
        {
            name: partial(both_of, running[name], size)
            for name in ("sequential", "processes", "cluster")
        }
    )
    for size in (2, 3_000)
)
points(large, "Two larger tasks: is the work long enough for a cluster?")

# %%
claim(
    "8.3-too-small",
    "For tiny tasks the messages cost more than the work: the cluster is slower than one core.",
    small.ratio("cluster", "sequential").at_least(3),
    tolerance="some microseconds of work against milliseconds of messages",
)

# %%
claim(
    "8.3-large-enough",
    "For larger tasks two workers of the cluster beat one core.",
    large.ratio("sequential", "cluster").at_least(1.1),
    needs=[needs_cores(2)],
    tolerance="a full gain would be 2, less the messages and what the host keeps of a second core",
)

# %% [markdown]
# **Explain.** On one machine a cluster does what a pool of processes does, and costs more. It pays when the pool
# can't follow: more cores than one machine has, more memory, and when a worker may fail.
#
# ### A worker dies
#
# A `ProcessPoolExecutor` gives up when one of its processes dies: chapter 3 showed it. With
# more machines that happens more often. So kill one in the middle of the work. (Only in a cluster that
# this chapter started: yours is not ours to kill.)

# %%
guess_dead = Prediction(
    "One of two workers is killed while it has tasks. What comes of the results?",
    ["an error, as with a process pool", "those of the dead worker are missing", "all are right"],
)
guess_dead

# %%
before = processes(cluster.client)
victim = next(iter(before.values()))
with task_stream(cluster.client) as records:
    futures = [cluster.submit(nap_and_square, n, 0.05) for n in range(20)]
    futures[3].result()  # the work has begun
    killed_ns = time.time_ns()
    if cluster.local:
        psutil.Process(victim).kill()
    squares = [future.result() for future in futures]
draw_workers(lanes_of(records), "One lane breaks off; what is left does the rest", killed_ns)

# %% [markdown]
# **Look.** One lane breaks off. The other worker does again what the dead one had not finished, and what it had
# finished as well, if its results were still only there. Add the tasks of the two in the caption: how many more
# than twenty are they?

# %%
right = squares == [n * n for n in range(20)]
guess_dead.compare(
    "all are right" if right and cluster.local else None,
    {
        "an error, as with a process pool": "The scheduler knows who had which task.",
        "those of the dead worker are missing": "What got lost is computed again.",
    },
    untold="the cluster isn't one that this chapter started",
)

# %%
claim(
    "8.3-killed",
    "A worker is killed in the middle of the work, and all results are right.",
    checked(
        right and victim not in processes(cluster.client).values(),
        f"{len(squares)} results, {squares[:4]} …; the killed worker is gone",
    )
    if cluster.local
    else untold("the cluster isn't one that this chapter started, so nobody was killed"),
)

# %% [markdown]
# Beside each worker of this cluster a **nanny** is watching, a part of Dask that starts a new worker in the
# place of a dead one. Give it some time.

# %%
with suppress(TimeoutError):
    cluster.client.wait_for_workers(2, timeout=20)
after = processes(cluster.client)
claim(
    "8.3-nanny",
    "A new worker takes the place of the dead one.",
    checked(victim not in after.values(), f"{len(after)} workers, the dead one isn't among them")
    if cluster.local and len(after) == 2
    else untold("no worker was killed, or the new one took longer than twenty seconds to start"),
)

# %% [markdown]
# **Explain.** The scheduler remembers of each task what it was, and so can have it done again
# ([Dask](https://distributed.dask.org/en/stable/resilience.html)). That is only right for tasks
# that can be done twice without harm. A task that sends an invoice is none of these. And a task that
# kills its worker each time is given up after some attempts.
#
# **Try.** Kill both workers. Do the results still come? Then stop the scheduler, `cluster.local.close()`, in the
# middle: who could remember the tasks now?
#
# The last cell ends the pools and the cluster.

# %%
for pool in running.values():
    pool.shutdown()
del EXECUTORS["cluster"]
running = cluster = futures = None

# %% [markdown]
# ## Summary
#
# - A **voluntary** context switch is a wait, an **involuntary** one a core taken away. Count them
#   (`getrusage`) before you fight them.
# - A pool **bounds** how many tasks are at once. That it **reuses** threads saves the start of one for each task.
#   Take its results, or its exceptions are lost.
# - Size of a pool: **cores × (1 + waiting / computing)**. With a GIL, a thread pool has one core.
# - Chunk size: large enough that the **message** is a small part of the chunk, small enough that each process
#   gets several. A thread pool's `map` ignores it: **batch** by hand.
# - What is the same for all tasks goes into an **initializer** or into **shared memory**. Return little.
# - **Oversubscription**: a library's threads times your processes. Limit one of the two.
# - Start methods differ in price for a **heavy** parent. Preload, keep the main module light, keep the
#   pool **warm** and its processes ready.
# - **Faster code first**: NumPy, numba or Cython often gain more than all cores together, without a thread.
# - A compiler works with **machine integers**: they **overflow** without a word. Ask how large a number can
#   get, and test against plain Python.
# - Compiled code keeps the GIL until you let it go: `nogil=True`, `with nogil`. Then speed-up
#   multiplies speed-up.
# - A gain that is too good is a question: maybe the work has gone.
# - Each way of handing a task over has its cost; a task has to work ten times as long to be worth it.
# - A **cluster** runs the same functions on more machines. A task costs more than one for a pool; what is lost
#   with a dead worker is done again, finished results included.

# %% [markdown]
# ## Exercises
#
# *About 60 minutes.* Write, run the cell, then run the check below it.

# %% [markdown]
# ### Exercise 8.1
#
# Write `map_in_batches`: apply `function` to each of the `items` (a list), in an executor, `size` items to
# each submitted task. Return the list of the results, in the order of the items. All batches are to be
# submitted before you wait for the first. The function `apply_to_all(function, batch)` is there already: it is
# importable, so processes can run it too.

# %%
from helpers.workers.chunks import apply_to_all

print(inspect.getsource(apply_to_all))


# %% tags=["exercise"]
def map_in_batches(executor, function, items, size):
    return ...


# %%
exercises.check("8.1", checks_batches.map_in_batches, map_in_batches)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def map_in_batches(executor, function, items, size):
#     futures = [
#         executor.submit(apply_to_all, function, items[first : first + size])
#         for first in range(0, len(items), size)
#     ]
#     return [result for future in futures for result in future.result()]
# ```
#
# The slice at the end is shorter if the items don't come out even, which is just right. From Python 3.12 on
# `itertools.batched(items, size)` makes the batches.
#
# </details>

# %% [markdown]
# ### Exercise 8.2
#
# Write a class `WarmPool`. Making one starts nothing. The first call of `map(function, items)` starts a pool of
# `workers` processes (by spawn); later calls use the same processes. `close()` ends them and waits until they
# have ended; it does no harm if there are none.


# %% tags=["exercise"]
class WarmPool:
    def __init__(self, workers):
        self.workers = workers

    def map(self, function, items):
        return ...

    def close(self): ...


# %%
exercises.check("8.2", checks_warm_pools.warm_pool, WarmPool, deadline=60)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# class WarmPool:
#     def __init__(self, workers):
#         self.workers = workers
#         self.pool = None
#
#     def map(self, function, items):
#         if self.pool is None:
#             self.pool = multiprocessing.get_context("spawn").Pool(self.workers)
#         return self.pool.map(function, items)
#
#     def close(self):
#         if self.pool is not None:
#             self.pool.close()
#             self.pool.join()
#             self.pool = None
# ```
#
# `close` of a `Pool` says that no more tasks will come; `join` waits for its processes. After `terminate`
# you would have to `join` as well.
#
# </details>

# %% [markdown]
# ### Exercise 8.3
#
# `block_sum(first, last)` is compiled: it adds the squares from `first` to `last` (excluded), fast, in int64.
# Too many large squares at once overflow it. Use it to get the exact sum of all squares below `n`,
# for `n` up to ten million, with at most 2,000 calls.


# %% tags=["exercise"]
def exact_sum(n, block_sum):
    return block_sum(0, n)


# %%
exercises.check("8.3", checks_compiled.exact_sum, exact_sum)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def exact_sum(n, block_sum):
#     block = 10_000
#     total = 0
#     for first in range(0, n, block):
#         total += block_sum(first, min(first + block, n))
#     return total
# ```
#
# Ten thousand squares below 10¹⁴ stay below 10¹⁸, and an int64 goes to 9·10¹⁸. The sum over the blocks
# is Python's, and can't overflow.
#
# </details>

# %% [markdown]
# ### Exercise 8.4
#
# You have `items` items. To work on one takes `item_s` seconds, to hand a task over costs `cost_s` seconds. A
# task may hold several items. Return the smallest number of items per task with which handing over costs at
# most a tenth of the work. But never so many that a worker gets no task, and at least 1.


# %% tags=["exercise"]
def items_per_task(items, item_s, cost_s, workers):
    return 1


# %%
exercises.check("8.4", checks_task_costs.items_per_task, items_per_task)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# import math
#
#
# def items_per_task(items, item_s, cost_s, workers):
#     enough = math.ceil(10 * cost_s / item_s)
#     most = items // workers
#     return max(1, min(enough, most))
# ```
#
# More in a task would cost less still, but then the last tasks are long, and workers without one wait.
#
# </details>

# %% [markdown]
# ## What the article says and what you measured
#
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | reduce context switches (the heading of 8.1) | a thread that waits must switch; those of computing threads come from the GIL, and cost little | claims 8.1-voluntary, 8.1-gil-switches, 8.1-switches-cheap | [getrusage(2)](https://man7.org/linux/man-pages/man2/getrusage.2.html) |
# | its listing of 8.1 | lacks `import threading` and the task; and with one task for both, the pool's calls all fail, unheard | claim 8.1-unheard | [Executor.map](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.map) |
# | a pool instead of many threads, for speed | its slow version joins in the loop; as many threads at once are as fast | claim 8.1-join-in-the-loop | [Thread.join](https://docs.python.org/3/library/threading.html#threading.Thread.join) |
# | a pool saves making threads | so it does: to hand a task over costs less than to start a thread | claim 8.1-reuse | [thread pools](https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor) |
# | `set_start_method` three times (8.2) | RuntimeError at the second; `get_context` is meant for that | claim 8.2-three-times | [get_context](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.get_context) |
# | spawn: safer but slow | as slow as your main module is heavy, and only when it starts | claims 8.2-imports, 8.2-heavy, 8.2-warm | [spawn and forkserver](https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods) |
# | forkserver: the middle way | between the two, if it preloads | claims 8.2-preload, 8.2-memory | [set_forkserver_preload](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.set_forkserver_preload) |
# | the numba function returns the sum of ten million squares | it overflows int64 and returns another number | claims 8.3-overflow, 8.3-numba-overflow | [numba](https://numba.readthedocs.io/en/stable/proposals/integer-typing.html) |
# | numba is tens of times faster than Python here | the compiler has put a formula in the place of the loop; a real loop gains tens of times | claims 8.3-formula, 8.3-compiled | [LLVM](https://llvm.org/docs/Passes.html#indvars-canonicalize-induction-variables) |
# | `jit(nopython=True)` | has been the default of `jit` since numba 0.59 | §8.3 | [numba](https://github.com/numba/numba/issues/9247) |
# | compile, and be faster | and let go of the GIL, or one thread at a time runs compiled code | claims 8.3-beats, 8.3-nogil | [numba](https://numba.readthedocs.io/en/stable/user/jit.html#nogil) |
# | (leaves out) | what each way of handing over costs, and what lies beyond one machine | claims 8.3-cost-order, 8.3-killed | [Dask](https://distributed.dask.org/en/stable/resilience.html) |

# %% [markdown]
# Pools own semaphores of the operating system, which go when nothing refers to the pools any more.

# %%
pool = kept_pool = executor = warm = results = segment = None

# %%
chapter.end("8")

# %% [markdown]
# ## Next
#
# This is the last chapter. Behind you lie the terms ([chapter 1](01_concurrency_basics.ipynb)), the GIL
# ([2](02_the_gil.ipynb)), processes ([3](03_multiprocessing.ipynb)), threads ([4](04_threading.ipynb)),
# asyncio ([5](05_asyncio.ipynb)), the choice between them ([6](06_choosing_a_model.ipynb)) and what goes wrong
# ([7](07_pitfalls_and_debugging.ipynb)). Before you lies a program of your own: measure it first.
