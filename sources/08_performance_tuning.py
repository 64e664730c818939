# %% [markdown]
# # Chapter 8: Tune what you chose
#
# You have chosen a model. This chapter makes it faster: first the code itself, then the way that
# work is handed out, at last the number of machines.

# %% [markdown]
# ## What you will be able to do
#
# - make a loop faster before you make it parallel, and check that its result is still right
# - let compiled code run in several threads at once
# - tell from the length of your tasks which way of handing them over pays
# - move the same functions to a cluster, and see what happens when one of its machines dies

# %% [markdown]
# ## What you need
#
# - Chapters 2 and 3: the GIL, processes and pools. Necessary.
# - Chapter 6: the executors. Helpful.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 75 minutes, exercises included. Classroom: 50 minutes without them.

# %%
import inspect
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Event, Thread

import numpy as np
import psutil

from helpers.course import chapter, checks_compiled, checks_task_costs, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction
from helpers.measure.verdict import WITH_GIL, all_of, checked, needs_cores, untold

chapter.begin("8")

# %% [markdown]
# The next cell imports what this chapter measures and draws with. You don't need to know these:
# the code that matters stands in the cells below.

# %%
from helpers.draw import compiled as draw_compiled
from helpers.draw import task_costs as draw_costs
from helpers.draw.cluster import workers as draw_workers
from helpers.draw.compare import points
from helpers.labs.compiled import compiled_lab
from helpers.labs.task_costs import task_costs_lab
from helpers.measure import compiled
from helpers.measure.cluster import ClusterExecutor, lanes_of, processes, start_here, task_stream
from helpers.measure.compare import compare
from helpers.measure.compiled import NUMBA, build_cython
from helpers.measure.executors import EXECUTORS, Kind, start
from helpers.measure.machine import usable_cores
from helpers.measure.task_costs import CLUSTER, forecast, task_costs
from helpers.workers.cluster import nap_and_square
from helpers.workers.compiled import longest_chain, pieces
from helpers.workers.task_costs import CALL, PROCESS_POOL, TASK, THREAD_POOL

# %% [markdown]
# ## 8.3 Faster code first: NumPy, numba, Cython
#
# *50 minutes; 50 so far*
#
# Four cores make a program at most four times as fast. Better code for one core often gives more
# than that, and costs no lock. So that comes first.
#
# **numba** is a compiler that works while your program runs: it turns a Python function into
# machine code, for the types of the arguments that you call it with. Where numba can't be
# installed, the next cell says so; then the cells below run as the Python that they are, and the
# claims about numba say that they can't be told.

# %% tags=["nbval-ignore-output"]
numba = compiled.numba()
print("numba", numba.__version__)

# %% [markdown]
# The sum of the first squares, four ways. The loop is the article's.


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
    "sum() with a generator is no other league than the loop.",
    sums.ratio("sum() with a generator", "a loop").between(0.4, 2.5),
    tolerance="which of the two is ahead differs between versions of CPython",
)

# %%
claim(
    "8.3-numpy",
    "NumPy adds the squares at least twice as fast as a Python loop.",
    sums.ratio("a loop", "NumPy").at_least(2),
    tolerance="usually it is many times; fetching fresh memory takes some of it",
)

# %% [markdown]
# **Look.** Each line of the axis is ten times the one before. NumPy is a line or more to the left of the
# loop. numba is so far to the left of it that it needs no more time than a few calls of a function.
#
# **Explain.** A Python loop looks up types and makes an object for each number. NumPy has one loop
# in C for a whole array. numba makes machine code of the loop itself.
#
# But no core adds all those numbers in the time of a few calls. Be suspicious of a gain that is too
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
print("floats: ", f"{in_floats(n):.9e}", "right to nine digits")
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
# function runs, do the beats go on? Only the first half of the call counts: what comes
# after its end doesn't.


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
# Now two threads, both in compiled code, each with half of the numbers.

# %%
halves = pieces(1, numbers // 2, 2)


def in_two_threads(function):
    with ThreadPoolExecutor(2) as pool:
        return max(pool.map(function, *zip(*halves, strict=True)))


threaded = compare(
    {
        "one thread": lambda: chain(1, numbers // 2),
        "two threads": lambda: in_two_threads(chain),
        "two threads, nogil": lambda: in_two_threads(chain_nogil),
    }
)
points(threaded, "A second thread for compiled code")

# %% [markdown]
# Look inside: the same again, each thread recorded. Pure Python is there to compare with.

# %%
runs = [
    compiled.in_threads(language, 2, 20_000 if language == compiled.PYTHON else 600_000)
    for language in compiled.languages()
]
draw_compiled.thread_runs(runs)

# %% [markdown]
# **Look.** Two threads of Python, and two of compiled code: one runs, the other waits for the GIL.
# With `nogil=True` neither waits for the GIL, only, now and then, for a core.
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
# ([Cython](https://cython.readthedocs.io/en/latest/src/userguide/nogil.html)). And `long long` is an
# int64 again: you now know what to ask.
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
# **Look.** The number beside each bar says how many times as fast as plain Python it is. The hatched
# part is what so many cores would give, if none of them did anything else.
#
# **Explain.** The two gains multiply: compiled code is so many times as fast on each core, and there are
# so many cores. Threads alone gain next to nothing in Python with a GIL. And the order matters:
# compiling gave more than all your cores could, with no thread in it.

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
# A core more needs no new program; a computer more does: somebody must carry the tasks there. **Dask** has a
# **scheduler**, which hands tasks to **workers** on any number of machines, and a **client** in your program,
# which talks to the scheduler. All three talk over the network, even if it leads back to this
# computer. Here it does: this is what starts a cluster of two workers on your machine.

# %%
print(inspect.getsource(start_here))

# %% [markdown]
# To us it is one more executor, and so one line. `start` waits until its workers are there.

# %%
EXECUTORS["cluster"] = Kind(ClusterExecutor)

pools = {name: start(name, 2) for name in ("sequential", "threads", "processes", "cluster")}
cluster = pools["cluster"]

# %%
guess_lines = Prediction(
    "The very same function, on a cluster. What has to change in it?",
    ["nothing", "it needs Dask's decorator", "it must open a connection"],
)
guess_lines

# %%
firsts, lasts = zip(*pieces(1, 20_001, 8), strict=True)
found = {name: max(pool.map(longest_chain, firsts, lasts)) for name, pool in pools.items()}
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
draw_workers(stream, "The workers of a cluster, as their scheduler noted it")

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
# **Look.** Between the pieces of work there are gaps. In a gap, a worker has told the scheduler that it is
# done, and waits for the next task to arrive.
#
# **Explain.** Your function travels by its name, as to a process: every worker must be able to import it,
# in the same version. For a cluster of yours, start `dask scheduler` on one machine and `dask worker
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
costs = task_costs(cluster=cluster)
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
came = forecast(costs, {way: pools[name] for way, name in by_way.items()}, 10, 0.02, workers=2)
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
# Now with work that computes. Four tasks, small ones and larger ones, one after another, in two processes, and on
# the cluster.


# %%
def four(pool, size):
    return list(pool.map(longest_chain, [base] * 4, [base + size] * 4))


small, large = (
    compare(
        {name: partial(four, pools[name], size) for name in ("sequential", "processes", "cluster")}
    )
    for size in (2, 2_000)
)
points(large, "Four larger tasks, one after another and handed over")

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
    large.ratio("sequential", "cluster").at_least(1.2),
    needs=[needs_cores(2)],
    tolerance="a full gain would be 2, less the messages and what other programs use",
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
# **Look.** One lane breaks off. The other goes on, and does what the dead one had not finished.
#
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
for pool in pools.values():
    pool.shutdown()
del EXECUTORS["cluster"]
pools = cluster = futures = None

# %% [markdown]
# ## Summary
#
# - **Faster code first**: NumPy, numba or Cython often gain more than all cores together, without a thread.
# - A compiler works with **machine integers**: they **overflow** without a word. Ask how large a number can
#   get, and test against plain Python.
# - Compiled code keeps the GIL until you let it go: `nogil=True`, `with nogil`. Then speed-up
#   multiplies speed-up.
# - A gain that is too good is a question: maybe the work has gone.
# - Each way of handing a task over has its cost; a task has to work ten times as long to be worth it.
# - A **cluster** runs the same functions on more machines. Its tasks cost milliseconds; it does again what a
#   dead worker had not finished.

# %% [markdown]
# ## Exercises
#
# *About 20 minutes.* Write, run the cell, then run the check below it.

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
# task may hold several items. Say how many: so few that each of the `workers` can get a task, but
# otherwise the fewest with which handing over costs at most a tenth of the work.


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
# | the numba function returns the sum of ten million squares | it overflows int64 and returns another number | claims 8.3-overflow, 8.3-numba-overflow | [numba](https://numba.readthedocs.io/en/stable/proposals/integer-typing.html) |
# | numba is tens of times faster than Python here | the compiler has put a formula in the place of the loop; a real loop gains tens of times | claims 8.3-formula, 8.3-compiled | [LLVM](https://llvm.org/docs/Passes.html#indvars-canonicalize-induction-variables) |
# | `jit(nopython=True)` | has been the default of `jit` since numba 0.59 | §8.3 | [numba](https://github.com/numba/numba/issues/9247) |
# | compile, and be faster | and let go of the GIL, or one thread at a time runs compiled code | claims 8.3-waits, 8.3-nogil | [numba](https://numba.readthedocs.io/en/stable/user/jit.html#nogil) |
# | (leaves out) | what each way of handing over costs, and what lies beyond one machine | claims 8.3-cost-order, 8.3-killed | [Dask](https://distributed.dask.org/en/stable/resilience.html) |

# %%
chapter.end("8")

# %% [markdown]
# ## Next
#
# This is the last chapter. [Chapter 1](01_concurrency_basics.ipynb) has the words for all of it.
