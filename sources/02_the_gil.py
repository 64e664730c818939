# %% [markdown]
# # Chapter 2: Watch the GIL change hands
#
# Two threads, two cores, and still only one of them computes. In this chapter you see what stops
# the other one, when they take turns, what that costs, and what is left of it on a Python that
# was built without it.

# %% [markdown]
# ## What you will be able to do
#
# - explain what the GIL protects, and what it doesn't protect for you
# - read in a picture which thread runs, which waits for the GIL and which waits for a core
# - tell which work gains from threads and which doesn't, and check it on your machine
# - find the places in a function where another thread may come in between
# - decide whether a Python without the GIL would help you, and find what in your code it would break

# %% [markdown]
# ## What you need
#
# - Chapter 1: process, thread, core, concurrent, parallel. Necessary.
# - Functions and classes in Python. Necessary. C is not needed.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 110 minutes, exercises included. Classroom: 70 minutes, without the exercises and
# the Trys.
# Each section says how long it takes, and how long the sections have taken so far.

# %%
import dis
import hashlib
import inspect
import multiprocessing
import socket
import sys
import sysconfig
import time
from threading import Barrier, Event, Lock, Thread

from helpers.course import chapter, checks_gil, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction
from helpers.measure.verdict import WITH_GIL, Outcome, all_of, checked, needs_cores, untold
from helpers.workers.timeline import Recorder, gil_enabled

chapter.begin("2")

# %% [markdown]
# The next cell imports what this chapter measures and draws with. You don't need to know these:
# the code that matters stands in the cells below.

# %%
from helpers.draw import bytecode as draw_bytecode
from helpers.draw import convoy as draw_convoy
from helpers.draw import free_threading as draw_free_threading
from helpers.draw import gil as draw_gil
from helpers.draw import preemption as draw_preemption
from helpers.draw import refcount as draw_refcount
from helpers.draw import scaling as draw_scaling
from helpers.draw.compare import points
from helpers.draw.timeline import lanes
from helpers.labs.bytecode import bytecode_lab
from helpers.labs.convoy import convoy_lab
from helpers.labs.gil import contention_lab
from helpers.labs.side_by_side import side_by_side_lab
from helpers.measure import free_threading, gil, preemption, refcount, scaling
from helpers.measure.bytecode import Switch, listing
from helpers.measure.compare import compare
from helpers.measure.convoy import convoy
from helpers.measure.eval_breaker import look_ups
from helpers.measure.interpreters import find_interpreters
from helpers.measure.lost_updates import SHAPES, lost_updates
from helpers.measure.overlap import by_turns, in_parallel
from helpers.measure.timeline import State, timeline
from helpers.workers import free_threading as workers_free_threading
from helpers.workers import preemption as workers_preemption
from helpers.workers.convoy import serve_echo

# %% [markdown]
# ## 2.1 What the GIL is, and why it is there
#
# *14 minutes; 14 so far*
#
# Every object in **CPython**, the Python that you most likely run, carries a number: how many
# places refer to it. This is its **reference count**. When it falls to zero, nobody can reach the
# object any more, and CPython frees its memory at once.
#
# A new name for an object, a place in a list, an attribute: each adds one. You can ask for the count
# with `sys.getrefcount`. Trust differences only: what a call itself adds varies between versions
# ([glossary](https://docs.python.org/3/glossary.html#term-reference-count)).

# %%
guess_count = Prediction(
    "A list holds the same object twice. How many references does that add to the object?",
    ["none: a list holds copies", "one: it is one list", "two: one for each place"],
)
guess_count

# %%
basket = object()
before = sys.getrefcount(basket)

places = [basket, basket]
with_list = sys.getrefcount(basket)

places.clear()
after = sys.getrefcount(basket)

print("the list added:  ", with_list - before)
print("clear() left:    ", after - before)

# %%
guess_count.compare(
    "two: one for each place",
    {
        "none: a list holds copies": "A list holds references. Copies would need copy.copy.",
        "one: it is one list": "The list is one object, but each of its places is a reference.",
    },
)

# %% [markdown]
# **Look.** The count went up by two and came back. Nobody wrote code for that: CPython changes
# such counts all the time, in every thread.

# %%
claim(
    "2.1-refcount",
    "Each place that refers to an object adds one to its reference count, and gives it back.",
    with_list - before == 2 and after == before,
    f"+{with_list - before}, then {after - before}",
)

# %% [markdown]
# Adding one to a number in memory takes three steps: read it, add, write it back. Now let two
# threads do that to the same number at the same time. You can play it through with a count of your
# own. `time.sleep(0)` says "let somebody else run", just where it hurts; the `Barrier` lets both
# threads start at the same moment.


# %% tags=["nbval-ignore-output"]
class Thing:
    references = 0


def take(thing, times, start):
    start.wait()
    for _ in range(times):
        seen = thing.references  # read
        time.sleep(0)  # another thread may come in here
        thing.references = seen + 1  # add and write


thing, start = Thing(), Barrier(2)
threads = [Thread(target=take, args=(thing, 2000, start)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("all 4000 references counted:", thing.references == 4000)

# %% [markdown]
# **Look.** References got lost. Both threads read the same number, both added one to it, both
# wrote the same result: two references, counted once. This is a **lost update**.
#
# **Explain.** For a real reference count that would be a disaster. The count reaches zero while
# somebody still uses the object, its memory is freed and used for something else, and the program
# crashes, or worse, goes on. So only one thread at a time may run Python code. The lock that sees to
# that is the **global interpreter lock**, the **GIL**: a *mutex* (a lock that one thread can hold at
# a time) around the whole interpreter
# ([glossary](https://docs.python.org/3/glossary.html#term-global-interpreter-lock)).
#
# But you lost updates with the GIL switched on? CPython's own counting, in C, never lets go of the
# GIL between its read and its write. Your `take` did, at `time.sleep(0)`. That is why your count
# broke and CPython's doesn't.

# %%
claim(
    "2.1-lost-update",
    "When two threads read, add and write without protection, updates get lost.",
    thing.references < 4000,
    f"{4000 - thing.references} of 4000 lost",
)

# %% [markdown]
# Why one lock for everything, and not one lock per object? Because taking a lock takes time,
# and CPython would have to take one for every count it changes. Measure it with the cheapest
# thing Python can do.


# %%
lock = Lock()


def count_up(times=50_000):
    thing = Thing()
    for _ in range(times):
        thing.references += 1


def count_up_under_a_lock(times=50_000):
    thing = Thing()
    for _ in range(times):
        with lock:
            thing.references += 1


per_object = compare({"no lock": count_up, "a lock each time": count_up_under_a_lock})
points(per_object, "A lock for each small step, even with nobody waiting for it")

# %%
claim(
    "2.1-lock-cost",
    "A lock taken for every small step slows a single thread down, though nobody waits for it.",
    per_object.ratio("a lock each time", "no lock").at_least(1.3),
    tolerance="any factor above 1 would do; 1.3 leaves room for noise",
)

# %% [markdown]
# **Explain.** That was a lock in Python code; in C it costs less, but there are many more counts
# than loops. Greg Stein's patches for Python 1.5 replaced the GIL by fine-grained locks; programs
# with one thread ran at least 30 % slower, and so the patches were not taken in
# ([Python FAQ](https://docs.python.org/3/faq/library.html#can-t-we-get-rid-of-the-global-interpreter-lock)).
#
# One lock has another advantage: it can't be taken in the wrong order. With many locks, two threads
# can each hold one and wait for the other's, for ever: a **deadlock**. The GIL spares CPython's own
# data that. It doesn't spare yours. Two threads, two locks of your own, opposite order; a timeout
# ends what would never end:


# %%
def take_both(one, other):
    with one:
        both_hold.wait()  # now each thread holds one lock
        got.append(other.acquire(timeout=0.1))
        both_hold.wait()  # nobody lets go before both have tried


first, second, both_hold, got = Lock(), Lock(), Barrier(2), []
threads = [Thread(target=take_both, args=pair) for pair in ((first, second), (second, first))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("got the other lock:", got)

# %%
claim(
    "2.1-deadlock",
    "The GIL doesn't keep your own threads from waiting for each other's locks.",
    got == [False, False],
    f"got the other lock: {got}; both attempts were stopped by their timeout",
)

# %% [markdown]
# Three things to keep apart:
#
# - The GIL belongs to CPython, one program that runs Python. The Python language doesn't mention
#   it, and some other Pythons have none.
# - The GIL protects the interpreter's own data. *Your* data is your own business: your `Thing`
#   lost updates with the GIL switched on.
# - It does not save your program from deadlock. Chapter 7 is about that.

# %%
print("You run:", sys.implementation.name)

# %% [markdown]
# **Try.** In the cell with `take`, put `with lock:` around the three steps, with one `lock = Lock()` for
# both threads, and run it again. What does it print now? Then take the lock out again and remove the
# `time.sleep(0)`: right now? Section 2.2 says why you can't rely on it.

# %% [markdown]
# ## 2.2 How the GIL changes hands
#
# *26 minutes; 40 so far*
#
# Two threads that only compute both want the GIL all the time. Let them, and record what each one
# does. The `Recorder` notes, inside each thread, when it was at work. Where there is a silence, it
# asks the operating system how long the thread was on a core, and how long it stood in the queue
# for one. What is neither was spent waiting for the GIL. (Linux tells the two apart. Elsewhere the
# picture says *waiting for the GIL or a core*.)

# %%
guess_turns = Prediction(
    "Two threads compute. How long does one keep the GIL before the other gets its turn?",
    ["some microseconds", "some milliseconds", "until it has finished"],
)
guess_turns


# %%
def spin(lane, seconds, start, recordings):
    with Recorder(lane) as recorder:
        start.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            sum(range(300))  # some work
            recorder.beat()  # "still at it"
    recordings.append(recorder.recording)


recordings, start = [], Barrier(2)
threads = [Thread(target=spin, args=(f"thread {n}", 0.1, start, recordings)) for n in (1, 2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

turns = timeline(sorted(recordings, key=lambda recording: recording["lane"]))
lanes(turns, "Two threads that compute: is there ever green above green?")

# %%
turn_ms = [wait.length_ns / 1e6 for wait in turns.of(State.WAITING_GIL, State.WAITING_UNKNOWN)]
middle = sorted(turn_ms)[len(turn_ms) // 2] if turn_ms else 0
answers = guess_turns.answers
happened = None if not turn_ms else answers[(middle > 0.5) + (middle > 50)]
guess_turns.compare(
    happened,
    {
        "some microseconds": "A change of hands takes time too. That often, nobody would get on.",
        "until it has finished": "Then one long computation would stop all other threads.",
    },
    untold="no thread had to wait for its turn. Without a GIL there are no turns",
)

# %% [markdown]
# **Look.** Read the picture from left to right. Green is a thread that runs. With a GIL there is one
# green piece at a time, and the other thread waits; without one, green lies above green. Your machine's other programs show up too:
# "waiting for a core" has nothing to do with Python.

# %%
if gil_enabled():
    found = claim(
        "2.2-turns",
        "With the GIL, two threads do not run Python code at the same time.",
        by_turns(turns),
        tolerance="5 %: where a turn ends is known to one beat, far shorter than a switch interval",
    )
else:
    found = claim(
        "2.2-together",
        "Without the GIL, two threads run Python code at the same time.",
        in_parallel(turns),
        needs=[needs_cores(2)],
        tolerance="5 %, more than the recording can be wrong",
    )
found

# %% [markdown]
# When does a thread let go? Two ways lead there.
#
# 1. It **waits for something**: for the network, a file, a lock, `time.sleep`. Then it releases
#    the GIL first, of its own accord. So does some C code that computes for long without touching
#    Python objects.
# 2. **Another thread asks.** A thread that wants the GIL waits one *switch interval*. If nobody has
#    let go by then, it sets a flag and waits on; the holder sees the flag and lets go
#    ([`ceval_gil.c`](https://github.com/python/cpython/blob/3.14/Python/ceval_gil.c),
#    [`sys.setswitchinterval`](https://docs.python.org/3/library/sys.html#sys.setswitchinterval)).

# %%
print("switch interval:", sys.getswitchinterval() * 1000, "ms")

# %% [markdown]
# You often read that a thread switches "after so many bytecodes". That was Python 2. Now a clock
# decides. You can tell the two apart: let the threads work with bytecodes that are cheap (adding
# small numbers), then with bytecodes that are far more expensive (multiplying big
# ones), and see what the length of a run follows. A run is what the *other* thread has to wait.

# %%
runs = gil.run_lengths(intervals_s=(1e-3, 5e-3, 20e-3), runs=8)
draw_gil.run_lengths(runs)

# %% [markdown]
# **Look.** Each faint mark is one run. The lines of both kinds lie close together, along the dashed
# one. The sentence below the picture says how many arithmetic operations fit into a run: those
# counts differ widely. The clock decides, not the count.
#
# A run can be a little longer than the interval: the waiter has to wake up, and the holder looks at
# the flag in certain places only.

# %%
claim(
    "2.2-interval",
    "How long a thread keeps the GIL follows the switch interval, whatever its bytecodes cost.",
    all_of([run.follows_interval() for run in runs]),
    needs=[WITH_GIL],
    tolerance="0.8 to 1.5 times the interval: waking up and noticing the flag come on top",
)

# %% [markdown]
# ### Where in your code?
#
# The holder sees the flag only where the interpreter looks for it; we say it **looks up** there.
# Between two such places nobody can come in. So it matters what your function looks like to the
# interpreter: it runs **bytecode**, small instructions that your source was compiled to. The kind of
# such an instruction is its **opcode**. The module `dis` shows them. Take the article's function
# first.


# %% tags=["nbval-ignore-output"]
def increment(n):
    n += 1
    return n


dis.dis(increment)

# %%
opcodes = [step.opname for step in dis.get_instructions(increment)]
claim(
    "2.2-binary-op",
    "There is no INPLACE_ADD in the bytecode of n += 1: since Python 3.11 it is BINARY_OP.",
    "BINARY_OP" in opcodes and "INPLACE_ADD" not in opcodes,
    ", ".join(opcodes),
)

# %% [markdown]
# **Look.** `n += 1` is several steps, as the article says. But `n` is a *local variable*. Each call
# has its own, no other thread can reach it, and so this function is safe whatever comes in between.
# What matters is a thing that threads share: a global, an attribute, an item.
#
# Now think of a counter that is shared. Ten threads execute `counter += 1` on it, a hundred thousand
# times each, without a lock.

# %%
guess_lost = Prediction(
    "Ten threads add one a hundred thousand times each, without a lock. How many get lost here?",
    ["none", "some, in each run another number", "all but what one thread added"],
)
guess_lost

# %% [markdown]
# The table says for each step whether it touches something that can be shared, and whether another
# thread may get its turn there. Nothing in it is executed.


# %%
counter_source = """
counter = 0

def increment():
    global counter
    counter += 1
"""
shared = listing(counter_source)
draw_bytecode.table(shared)

# %% [markdown]
# Is the table right about *your* Python? Interrupt two sample functions again and again from a second
# thread, as Ctrl-C would, and note at which opcode CPython noticed it. It looks for interruptions
# in the same places as for the flag.

# %%
noticed = [look_ups(sample, seconds=0.2) for sample in ("with a loop", "with calls")]
claim(
    "2.2-looks",
    "In two sample functions, CPython looks up only at opcodes where the table says yes or may.",
    all(one.times > 0 and not one.against_the_rule for one in noticed),
    f"{sum(one.times for one in noticed)} interruptions noticed, at "
    + ", ".join(sorted({op.opcode for one in noticed for op in one.opcodes if op.times})),
)

# %% [markdown]
# The table says: in between no other thread gets its turn. Now run it.

# %% tags=["nbval-ignore-output"]
counter = 0


def add_many(times, start):
    global counter
    start.wait()
    for _ in range(times):
        counter += 1


start = Barrier(10)
threads = [Thread(target=add_many, args=(100_000, start)) for _ in range(10)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("updates lost:", "none" if counter == 1_000_000 else "some")

# %%
guess_lost.compare(
    "none" if counter == 1_000_000 else "some, in each run another number",
    {
        "some, in each run another number": "So it was up to Python 3.9, so most "
        "texts still say, and so it is without the GIL. Here nothing can come in between.",
        "all but what one thread added": "Each thread would have to undo all that the others did.",
        "none": "That is what a Python with the GIL shows since 3.10. This one is another.",
    },
)

# %% [markdown]
# **Explain.** Since Python 3.10, a CPython with the GIL looks up only after calls, on backward jumps
# and when a function starts or resumes ([pull request
# 18334](https://github.com/python/cpython/pull/18334)). None of these lies between the reading and
# the writing in `counter += 1`. This is how CPython happens to work. The language promises nothing of the kind, and without the GIL it isn't so.
#
# Put a call between reading and writing, and the door is open: there the holder looks up.
# `time.sleep(0)` doesn't even wait for the flag, it gives the GIL away by itself. Run each shape on
# four threads:

# %% tags=["nbval-ignore-output"]
shapes = {"bare": 50_000, "call": 300_000, "sleep": 1_000, "lock": 1_000}
lost = {shape: lost_updates(shape, threads=4, times=times) for shape, times in shapes.items()}
for shape, found in lost.items():
    print(f"{SHAPES[shape]:35} lost: {'none' if found.lost == 0 else 'some'}")

# %%
if gil_enabled():
    found = claim(
        "2.2-bare",
        "With the GIL, a bare += loses nothing since Python 3.10, because no switch can come "
        "between its reading and its writing. CPython does so; the language doesn't promise it.",
        lost["bare"].lost == 0
        and counter == 1_000_000
        and shared.functions[0].gaps[0].switch is not Switch.YES,
        f"{lost['bare'].lost} lost of {lost['bare'].expected}, {1_000_000 - counter} of 1000000",
    )
else:
    found = claim(
        "2.2-bare-free",
        "Without the GIL, a bare += loses updates.",
        lost["bare"].lost + 1_000_000 - counter > 0,
        f"{lost['bare'].lost} lost of {lost['bare'].expected}, {1_000_000 - counter} of 1000000",
        needs=[needs_cores(2)],
    )
found

# %%
by_call = lost["call"]
claim(
    "2.2-call",
    "A call between reading and writing is enough to lose updates.",
    by_call.lost > 0,
    f"{by_call.lost} of {by_call.expected} lost",
)

# %%
claim(
    "2.2-lock",
    "With a switch point between reading and writing updates get lost, and a lock prevents it.",
    lost["sleep"].lost > 0 and lost["lock"].lost == 0,
    f"{lost['sleep'].lost} lost with time.sleep(0) in between, {lost['lock'].lost} under a lock",
)

# %% [markdown]
# Now your own function. Type it into the lab, or choose an example. Bad source gets a message.

# %%
bytecode_lab().run()

# %% [markdown]
# ### What the operating system does not do
#
# The article says that a thread also loses the GIL when the operating system takes it off its
# core. Try it. One thread, the *holder*, computes at the lowest priority on a core that three other
# programs want as well. The *other* thread gets another core, if you have two. This is what each of
# the two threads does (the rest is in [`helpers/workers/preemption.py`](../helpers/workers/preemption.py)):

# %%
print(inspect.getsource(workers_preemption.spin))

# %%
stalls = preemption.preemption(seconds=0.4)
draw_preemption.stalls(stalls)

# %% [markdown]
# **Look.** If there is a picture (it takes Linux), compare its two halves. Below, the holder waits for
# a core again and again. It isn't running, so it can't look up; and with a GIL, nearly all that time
# the other thread waits for the GIL, on a core that we left to it.
#
# **Explain.** The operating system knows nothing of the GIL. A thread that is taken off its core
# takes the GIL with it. So one busy core can hold up every thread of a Python program.

# %%
claim(
    "2.2-preemption",
    "While the holder of the GIL is off its core, the other threads go on waiting for the GIL.",
    stalls.other_waits(),
    needs=[WITH_GIL],
)

# %% [markdown]
# Is it really the GIL? Ask a Python that has none, if your machine has one. (Section 2.4 tells how
# to get one. The course looks for it on PATH, under pyenv, uv and other usual places.)

# %%
found_pythons = find_interpreters()
free_threaded = found_pythons.free_threaded
if free_threaded:
    free_verdict = preemption.preemption(seconds=0.4, python=free_threaded[0].path).other_runs()
else:
    free_verdict = untold("there is no free-threaded CPython on this machine")
claim(
    "2.2-preemption-free",
    "Without a GIL, the other thread runs on while a thread is off its core.",
    free_verdict,
)

# %% [markdown]
# **Try.** Set `sys.setswitchinterval(0.05)` in a cell above the picture with the two lanes, run that
# picture again, and set it back to `0.005`. How long are the green pieces? Then put
# `time.sleep(0)` into the loop of `spin`: how often do the threads change hands now? (Pieces below
# a tenth of a millisecond are too short for this recorder. Don't run the claim on that one.)

# %% [markdown]
# ## 2.3 What the GIL costs
#
# *24 minutes; 64 so far*
#
# First the work one after another, then the same work in two threads. `compare` runs both in turn,
# several rounds, so that a slow moment of your machine hits both.

# %%
guess_gain = Prediction(
    "Two threads instead of one after another: which work gets faster with a GIL?",
    [
        "counting in Python, hashing and waiting",
        "hashing and waiting, not counting in Python",
        "waiting only",
    ],
)
guess_gain


# %%
def one_after_another(work):
    work()
    work()


def in_two_threads(work):
    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def two_ways(work):
    """Seconds of both ways, in turn, round by round."""
    return compare(
        {
            "one after another": lambda: one_after_another(work),
            "in two threads": lambda: in_two_threads(work),
        }
    )


# %% [markdown]
# Now three kinds of work. Counting is Python code, from beginning to end. Hashing, which makes a
# short fingerprint of many bytes, is C code that works on bytes, not on Python objects: `hashlib`
# releases the GIL while it does, if there is enough to do
# ([documentation](https://docs.python.org/3/library/hashlib.html#hashlib.hash.update)). And waiting
# needs nothing at all.


# %%
def counting(times=200_000):
    while times > 0:
        times -= 1


megabytes = bytes(8_000_000)


def hashing():
    hashlib.sha256(megabytes).hexdigest()


def waiting():
    time.sleep(0.02)


cpu, c_code, io = two_ways(counting), two_ways(hashing), two_ways(waiting)
points(cpu, "Counting in Python")

# %%
points(c_code, "Hashing, in C")

# %%
points(io, "Waiting")

# %%
seen = {"counting": cpu, "hashing": c_code, "waiting": io}
asked = {
    work: both.ratio("in two threads", "one after another").at_most(0.9)
    for work, both in seen.items()
}
told = all(verdict.outcome is not Outcome.UNTOLD for verdict in asked.values())
faster = tuple(work for work, verdict in asked.items() if verdict.outcome is Outcome.HOLDS)
happened = {
    ("counting", "hashing", "waiting"): "counting in Python, hashing and waiting",
    ("hashing", "waiting"): "hashing and waiting, not counting in Python",
    ("waiting",): "waiting only",
}.get(faster)
guess_gain.compare(
    happened if told else None,
    {
        "counting in Python, hashing and waiting": "Counting needs the GIL at every step.",
        "waiting only": "So the article has it. But C code may let go of the GIL, and much does.",
        "hashing and waiting, not counting in Python": "This Python has no GIL, or one core.",
    },
)

# %% [markdown]
# **Look.** The dots are single runs, the black bar is the median, the middle one of all runs. In
# which pictures does the lower row lie left of the upper one?

# %%
ratio = cpu.ratio("in two threads", "one after another")
if gil_enabled():
    found = claim(
        "2.3-counting",
        "With the GIL, two threads of Python code are no faster than one after another.",
        ratio.at_least(0.8),
        tolerance="a gain would be 0.5; how much slower hand-overs make them differs by machine",
    )
else:
    found = claim(
        "2.3-counting-free",
        "Without the GIL, two threads of Python code are faster than one after another.",
        ratio.at_most(0.85),
        needs=[needs_cores(2)],
        tolerance="a full gain would be 0.5; much is left to memory and noise",
    )
found

# %%
claim(
    "2.3-hashing",
    "C code that releases the GIL gets faster in two threads, though it computes all the time.",
    c_code.ratio("in two threads", "one after another").at_most(0.85),
    needs=[needs_cores(2)],
    tolerance="a full gain would be 0.5; much is left to memory and noise",
)

# %%
claim(
    "2.3-waiting",
    "Two threads wait at the same time.",
    io.ratio("in two threads", "one after another").at_most(0.8),
    tolerance="0.5 plus what starting threads and waking up late may take",
)

# %% [markdown]
# How can that be, under one lock? Record two threads that hash. Blue is C code that has let go of the
# GIL.

# %%
hashers = gil.contention("hashing", threads=2, seconds=0.06)
draw_gil.contention(hashers)

# %%
claim(
    "2.3-parallel",
    "Two threads that hash are on a core at the same time, though there is one GIL.",
    hashers.in_parallel(),
    needs=[WITH_GIL, needs_cores(2)],
)

# %% [markdown]
# **Explain.** The question is never "does it compute or does it wait?" but "**does it need the GIL
# meanwhile?**" Hashing, compressing, much of NumPy, reading a file: they compute or wait without it.
#
# The article also says that threads may be *slower* than one after another. Look at the first
# picture: how far to the right of the upper row is the lower one? That much the hand-overs cost
# here; it differs from machine to machine. What you pay for everywhere is something else, and you
# will see it in a moment: everybody else who wants the GIL has to wait.
#
# The lab below runs one to eight threads in a fresh Python and records them. The plain code behind
# it is what you have just run, with a `Recorder` in each thread. Start with two threads of pure
# Python, then change one control at a time: hashing; eight threads; a switch interval of 10 µs.

# %%
contention_lab().run()

# %%
one, two = (gil.contention("pure Python", threads, seconds=0.06) for threads in (1, 2))
shares = f"waiting for the GIL: {one.gil_wait_share:.0%} alone, {two.gil_wait_share:.0%} with two"
if two.timeline.share_in(State.WAITING_CORE) > 0.2:
    verdict = untold("the threads stood in the queue for a core: other work had it", shares)
else:
    verdict = checked(one.gil_wait_share < 0.1 and two.gil_wait_share > 0.3, shares)
claim(
    "2.3-contention",
    "One thread alone hardly waits for the GIL; two spend much of their time on it.",
    verdict,
    needs=[WITH_GIL, needs_cores(2)],
    tolerance="two fair halves would be 50 %",
)

# %% [markdown]
# ### The convoy
#
# Here is the price that the speed-up doesn't show. A thread sends a small message to another program
# and waits for the reply, again and again. Waiting releases the GIL; so after the reply it needs the
# GIL back. If meanwhile a thread that computes has taken it, that one keeps it for a whole switch
# interval. On one machine nearly all round trips pay that, on another a few in a hundred; those few
# still take most of the time. This is the **convoy effect**: the fast ones queue behind the slow one.
#
# The other program is an *echo server*: it sends back what it gets. Its *port* is its address on
# your machine.

# The server runs in a process of its own, with a GIL of its own. So its code must stand in a module
# that a new process can import: `serve_echo` in
# [`helpers/workers/convoy.py`](../helpers/workers/convoy.py). The client is yours:


# %%
def ask(port, times):
    """Seconds of each round trip to the echo server."""
    seconds = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.settimeout(2)
        for _ in range(times):
            asked = time.perf_counter()
            client.send(b"anybody there?")
            client.recv(64)  # waits without the GIL, then needs it back
            seconds.append(time.perf_counter() - asked)
    return seconds


def compute(done):
    while not done.is_set():
        sum(range(1000))


# %% [markdown]
# First alone, then beside one thread that computes.

# %% tags=["nbval-ignore-output"]
spawn = multiprocessing.get_context("spawn")
ours, theirs = spawn.Pipe()
server = spawn.Process(target=serve_echo, args=(theirs,), daemon=True)
done = Event()
neighbour = Thread(target=compute, args=(done,), daemon=True)
try:
    server.start()
    port = ours.recv()
    alone = ask(port, 50)
    neighbour.start()
    beside = ask(port, 50)
finally:
    done.set()
    server.terminate()
    server.join()
    ours.close()
    theirs.close()
neighbour.join()
print(f"mean {sum(alone) / 50 * 1e3:.2f} ms alone, {sum(beside) / 50 * 1e3:.2f} ms beside a thread")

# %% [markdown]
# How much slower, and what helps? The same in four versions, each in a fresh Python: alone, beside
# a thread at two switch intervals, and beside a *process* that computes.

# %%
cases = [
    convoy(0, seconds=0.25),
    convoy(1, "threads", 5e-3, seconds=0.4),
    convoy(1, "threads", 1e-3, seconds=0.3),
    convoy(1, "processes", 5e-3, seconds=0.25),
]
draw_convoy.latencies(cases)

# %% [markdown]
# **Look.** The axis is logarithmic: each step to the right is ten times as long. Beside a thread the
# dots form groups: round trips that got the GIL back at once, and those that had to wait, about one
# interval or more. The number at the right counts all of them. A shorter interval moves the slow
# group to the left. Beside a process there is no slow group: another process has a GIL of its own.

# %%
quiet, at_5_ms, at_1_ms, process = cases
if gil_enabled():
    found = claim(
        "2.3-convoy",
        "Beside a thread that computes, round trips take several times as long on average; beside "
        "a process that computes they don't.",
        all_of([at_5_ms.slower_than(quiet).at_least(3), at_5_ms.slower_than(process).at_least(3)]),
        needs=[needs_cores(2)],
        tolerance="the interval is far longer than a round trip; 3 leaves room for machines where "
        "few of them have to wait",
    )
else:
    found = claim(
        "2.3-convoy-free",
        "Without the GIL there is no convoy: a thread that computes holds nobody up.",
        at_5_ms.slower_than(quiet).at_most(3),
        needs=[needs_cores(2)],
        tolerance="two busy threads share caches and cores with the rest of the machine",
    )
found

# %%
claim(
    "2.3-shorter-interval",
    "A shorter switch interval shortens the wait.",
    at_5_ms.slower_than(at_1_ms).at_least(1.5),
    needs=[WITH_GIL, needs_cores(2)],
    tolerance="the intervals differ by 5; waking up takes the same time in both",
)

# %%
convoy_lab().run()

# %% [markdown]
# **Explain.** Why not set the interval to a microsecond, then? Because each hand-over costs time as
# well, and during it nobody computes
# ([measured for 1 to 8 threads](https://github.com/r4victor/pbts13_gil)). The default is a compromise. If your program has a thread that
# must answer quickly, don't let another thread of it compute: give that work to a process.
#
# This is also why "asyncio is not affected by the GIL" is wrong: an event loop is one thread, and
# it queues in the same convoy (chapter 5 measures it).
#
# **Try.** In the contention lab, take pure Python, two threads, and go from 100 ms down to 10 µs.
# Watch hand-overs and speed-up. Then the convoy lab, two neighbours: how do the waits add up?

# %% [markdown]
# ## 2.4 Without the GIL
#
# *22 minutes; 86 so far*
#
# Since version 3.13 you can get a CPython that was built without the GIL, the **free-threaded**
# build ([PEP 703](https://peps.python.org/pep-0703/)). It was experimental then. Since 3.14 it is
# officially supported, beside the usual build, and whether it will become the default is not
# decided ([PEP 779](https://peps.python.org/pep-0779/)).

# %% tags=["nbval-ignore-output"]
print("built without the GIL:", bool(sysconfig.get_config_var("Py_GIL_DISABLED")))
print("runs with a GIL now:  ", gil_enabled())
print("on this machine:      ", *[one.label for one in found_pythons.interpreters], sep="\n  ")

# %% [markdown]
# Those are two questions. Even a free-threaded build switches the GIL on again, for the whole
# process, if you ask for it (`PYTHON_GIL=1`) or import an extension module (one written in C) that
# doesn't say it can do without ([how-to](https://docs.python.org/3/howto/free-threading-python.html)).
#
# Without the lock, something else must protect the reference counts. The build does several
# things at once:
#
# - **Biased counting**: the thread that made an object counts its own references without any
#   protection; the other threads share a second, slower count.
# - **Deferred counting**, for functions and modules that everybody uses all the time (since 3.14; 3.13
#   never frees these).
# - And what the article leaves out: a small lock in each object, which lists, dicts and other
#   containers use; another memory allocator; and a garbage collector that stops all threads.
#
# One more thing came to every build.

# %%
guess_immortal = Prediction(
    "A list refers to None a thousand times more. By how much does None's count grow here?",
    ["by a thousand", "not at all"],
)
guess_immortal

# %%
counted = {found_pythons.interpreters[0].label: refcount.growth()}
for other in found_pythons.interpreters[1:][-2:]:
    counted[other.label] = refcount.growth(python=other.path)
draw_refcount.growth(counted)

# %%
nothing, *_, ordinary = refcount.growth()
guess_immortal.compare(
    "not at all" if nothing.immortal else "by a thousand",
    {
        "by a thousand": "None is immortal since Python 3.12.",
        "not at all": "That is so since Python 3.12; this Python is older.",
    },
)

# %% [markdown]
# **Immortal objects**: since 3.12, `None`, small numbers and others live for ever, so nobody counts
# them at all ([PEP 683](https://peps.python.org/pep-0683/)). Without a GIL this spares many changes
# of counts that all threads share.

# %%
claim(
    "2.4-immortal",
    "Since Python 3.12 None is not counted any more; an ordinary object is.",
    nothing.immortal == (sys.version_info >= (3, 12)) and not ordinary.immortal,
    f"None grew by {nothing.after - nothing.before}, "
    f"a new object by {ordinary.after - ordinary.before}",
)

# %% [markdown]
# On a free-threaded Python you can see the two counts of biased counting in one object. Here the
# thread that made it takes a thousand references, another thread takes a hundred.

# %% tags=["nbval-ignore-output"]
split = refcount.split_count(python=free_threaded[0].path) if free_threaded else None
draw_refcount.split(split) if split else "no free-threaded CPython here whose counts can be read"

# %%
claim(
    "2.4-biased",
    "A free-threaded build counts the references of the object's own thread apart from all others.",
    checked(
        split.by_owner >= split.taken_by_owner and split.by_others >= split.taken_by_others,
        f"{split.by_owner} by its own thread, {split.by_others} by the others",
    )
    if split
    else untold("there is no free-threaded CPython on this machine whose counts can be read"),
)

# %% [markdown]
# Now the point of it all: the same Python code by one, two, and more threads, here and without the
# GIL. If your machine has no free-threaded CPython, the second line is a recorded run. It is drawn
# hollow and says where it comes from: don't compare its seconds with yours, only the shape.

# %%
scaled = scaling.with_and_without_gil()
draw_scaling.speed_up(scaled)

# %%
with_gil = next(one for one in scaled if one.gil)
claim(
    "2.4-with-gil",
    "With the GIL, Python code gains next to nothing from a second thread.",
    with_gil.speed_up(2).at_most(1.25),
    needs=[needs_cores(2)],
    tolerance="a full gain would be 2; a quarter above 1 is left to noise",
)

# %%
without_gil = next(one for one in scaled if not one.gil)
if without_gil.recorded:
    verdict = untold("there is no free-threaded CPython on this machine; the line is recorded")
else:
    verdict = without_gil.speed_up(2).at_least(1.15)
claim(
    "2.4-without-gil",
    "Without the GIL, two threads of Python code are clearly faster than one.",
    verdict,
    needs=[needs_cores(2)],
    tolerance="with a GIL it would be 1 at most; of a virtual machine's second core the host may "
    "give only a part",
)

# %% [markdown]
# **Look.** With the GIL the line stays near 1. Without it, it climbs.
#
# Nothing in the code changed. But is all your code ready for it?
#
# ### What the GIL hid
#
# Four threads share an *iterator* over a list: whoever is free takes the next number. It is a neat
# way to hand out work, and with the GIL it works.

# %%
guess_iterator = Prediction(
    "Four threads take numbers from one list iterator. Without the GIL, what do they get?",
    ["each number once", "some numbers more than once", "an exception"],
)
guess_iterator


# %% tags=["nbval-ignore-output"]
def take_all(iterator, mine, start):
    start.wait()
    for number in iterator:
        mine.append(number)


numbers, start, shares = iter(list(range(80_000))), Barrier(4), [[], [], [], []]
threads = [Thread(target=take_all, args=(numbers, mine, start)) for mine in shares]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("numbers handed out:", sum(len(mine) for mine in shares), "of", 80_000)

# %% [markdown]
# Now the same on both kinds of Python, beside three more things that threads may share. In the last
# row each `next` is under a lock; the code of all four is in
# [`helpers/workers/free_threading.py`](../helpers/workers/free_threading.py). Where your machine has
# no free-threaded CPython, the right column is a recorded run and says so.

# %%
shared_with, shared_without = free_threading.with_and_without_gil()
draw_free_threading.hidden_races([shared_with, shared_without])

# %%
twice = shared_without.got > shared_without.different
guess_iterator.compare(
    "some numbers more than once" if twice else None,
    {
        "each number once": "With the GIL, yes. An iterator has no lock of its own.",
        "an exception": "That would be kinder: nothing tells you.",
    },
    untold="nothing went wrong in this run; that proves nothing",
)

# %% [markdown]
# **Look.** Compare the two columns row by row. The *counter* of section 2.2 is wrong now: its luck
# is gone. The *list* is right. The *iterator* hands out numbers more than once; under a lock
# it doesn't.

# %%
if shared_without.recorded:
    verdict = untold("there is no free-threaded CPython on this machine; the column is recorded")
else:
    evidence = f"{shared_without.counted} of {shared_without.expected} counted"
    verdict = checked(shared_without.counted < shared_without.expected, evidence)
claim(
    "2.4-bare",
    "Without the GIL, a bare += on a shared counter loses updates.",
    verdict,
    needs=[needs_cores(2)],
)

# %%
claim(
    "2.4-list",
    "Lists keep every item that threads append at the same time, with the GIL or without.",
    all(one.appended == one.expected for one in (shared_with, shared_without)),
    f"{shared_with.appended} and {shared_without.appended} of {shared_with.expected} items",
)

# %%
told = f"{shared_without.got} handed out of {shared_without.expected}"
if shared_without.recorded:
    verdict = untold("there is no free-threaded CPython on this machine; the column is recorded")
elif not twice and shared_without.locked == (shared_without.expected,) * 2:
    verdict = untold("the threads did not get in each other's way this time", told)
else:
    verdict = checked(shared_without.locked == (shared_without.expected,) * 2, told)
claim(
    "2.4-iterator",
    "Without the GIL, threads that share a list iterator get items twice; a lock prevents it.",
    verdict,
    needs=[needs_cores(2)],
)

# %% [markdown]
# **Explain.** A list, a dict and a set each have a lock of their own in this build; one call
# of a method takes it. Two calls are still two calls: `if key not in cache: cache[key] = …` is a race
# as ever. An iterator has no lock: shared between threads it may give an element twice or skip one
# ([how-to](https://docs.python.org/3/howto/free-threading-python.html#iterators)). And that even
# one call is safe is how CPython does it now, not what the language promises
# ([how-to](https://docs.python.org/3/howto/free-threading-python.html#thread-safety)). So: a lock of
# your own around what belongs together, or a `queue.Queue` to hand out work (chapter 4).
#
# ### What switches the GIL back on
#
# An **extension module** is one written in C or another compiled language. Most were written when the
# GIL protected them. Here is a whole one. It does nothing; it is compiled twice, once
# with the line that declares that it can do without the GIL.

# %%
print(workers_free_threading.EXTENSION)

# %%
silent, declaring = free_threading.extensions()
draw_free_threading.extensions([silent, declaring])

# %%
switches = not silent.before and silent.after and not declaring.after
claim(
    "2.4-extension",
    "To import an extension module that says nothing switches the GIL on; one that declares "
    "that it can do without leaves it off.",
    untold("it takes a free-threaded CPython and a C compiler; the table is recorded")
    if silent.recorded
    else checked(switches, f"GIL after the imports: {silent.after}, {declaring.after}"),
)

# %% [markdown]
# One such module is enough, anywhere below what you import, and the whole process is back to one
# thread at a time. All that you get is a warning. So check `sys._is_gil_enabled()` *after* your
# imports. `PYTHON_GIL=0` keeps it off at your own risk: the module may crash
# ([how-to for extensions](https://docs.python.org/3/howto/free-threading-extensions.html)).
#
# ### What it costs, and when to choose it
#
# One thread by itself gets slower without the GIL: by about
# 40 % in 3.13 ([how-to for 3.13](https://docs.python.org/3.13/howto/free-threading-python.html)) and
# 5 to 10 % in 3.14
# ([What's New in 3.14](https://docs.python.org/3/whatsnew/3.14.html#free-threaded-mode-improvements)).
# The lab runs small experiments on the Pythons that you choose; what isn't on your machine
# is drawn hollow, as it was recorded. Who built an interpreter, and with which options, counts as
# well: compare those of one maker.

# %%
side_by_side_lab("one thread").set(rounds=7).run()

# %% [markdown]
# Three ways lead around the GIL. Choose by what your tasks share and by what you import:
#
# | | threads without the GIL | subinterpreters | processes |
# |---|---|---|---|
# | since | 3.13, supported since 3.14 | 3.14 ([PEP 734](https://peps.python.org/pep-0734/)) | always |
# | they share | every object; the locks are yours | next to nothing: most objects are copied | nothing: objects are pickled ([chapter 3](03_multiprocessing.ipynb)) |
# | extension modules | must declare that they need no GIL | must allow several interpreters ([how-to](https://docs.python.org/3/howto/isolating-extensions.html)) | any |
# | a crash ends | everything | everything | one process |
# | choose it for | Python code that computes on large data that all threads use | tasks that compute and exchange little, many of them | everything else that computes; isolation |
#
# If your tasks wait rather than compute, you need none of the three.
#
# **Try.** In the lab choose the experiments *models* and *start-up* and a 3.14: what do
# subinterpreters reach? Then *races*, with 3.9, 3.10 and a free-threaded one: which shape is safe
# in which? Then get a free-threaded Python, for instance with `uv python install 3.14t`, restart the
# kernel, and run this chapter again. The course finds it. Which claims change from "can't be
# told here"?

# %% [markdown]
# ## Summary
#
# - CPython counts the references to every object. The **GIL** lets one thread at a time run Python
#   code, so that these counts stay right. It protects the interpreter, not your data.
# - A thread gives the GIL up when it waits, and when another thread has asked for it and a **switch
#   interval** of time has passed. It looks for such a request only in certain places.
# - When the operating system takes the holder off its core, nobody gets the GIL.
# - Work gains from threads if it needs no GIL meanwhile: waiting, and C code that releases it.
# - A thread that computes makes all others wait for the GIL: the **convoy effect**.
# - A **free-threaded** Python has no GIL. Threads then compute in parallel, and races that the GIL
#   hid come out: counters, shared iterators. Lists and dicts have locks of their own. One
#   **extension module** that isn't ready brings the GIL back for all.

# %% [markdown]
# ## Exercises
#
# *About 25 minutes.* Write, run the cell, then run the check below it.
#

# %% [markdown]
# ### Exercise 2.1
#
# Take two such jobs, one after another or in a thread each, on two cores and with the GIL. Which
# pairs end sooner in threads? Write `True` or `False`.

# %% tags=["exercise"]
gains = {
    "a Python loop that adds a million squares": ...,
    "hashlib.sha256 of 10 MB": ...,
    "waiting for the answers of ten web servers": ...,
    "re.search in a text of 10 MB": ...,
    "zlib.compress of 10 MB": ...,
}

# %%
exercises.check("2.1", checks_gil.gains, gains)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# gains = {
#     "a Python loop that adds a million squares": False,
#     "hashlib.sha256 of 10 MB": True,
#     "waiting for the answers of ten web servers": True,
#     "re.search in a text of 10 MB": False,
#     "zlib.compress of 10 MB": True,
# }
# ```
#
# Being C code isn't enough: `re` keeps the GIL while it searches. Put your own candidates into
# the cell that compared one thread with two, and measure.
#
# </details>

# %% [markdown]
# ### Exercise 2.2
#
# Four threads call `increment` of one `Counter`. The number is in a box whose `value` is a
# property, so another thread gets its turn between each read and the next write. Make sure that
# no update is lost.


# %% tags=["exercise"]
class Counter:
    def __init__(self, box):
        self.box = box

    def increment(self):
        self.box.value += 1


# %%
exercises.check("2.2", checks_gil.counter, Counter)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# class Counter:
#     def __init__(self, box):
#         self.box = box
#         self.lock = Lock()
#
#     def increment(self):
#         with self.lock:
#             self.box.value += 1
# ```
#
# One lock for all calls, held from before the read until after the write.
#
# </details>

# %% [markdown]
# ### Exercise 2.3
#
# The function takes an amount and a fee from an account. Between the read of the balance and its
# write, `fee_of` is called, and another thread may come in. Change the function, without a lock,
# so that no opcode between the read and the write looks up. The lab above shows you where it does.


# %% tags=["exercise"]
def withdraw(account, amount, fee_of):
    balance = account["balance"]
    fee = fee_of(amount)
    account["balance"] = balance - amount - fee


# %%
exercises.check("2.3", checks_gil.straight_on, withdraw)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def withdraw(account, amount, fee_of):
#     fee = fee_of(amount)
#     account["balance"] -= amount + fee
# ```
#
# `account["balance"] -= amount + fee_of(amount)` is shorter and doesn't help: Python reads the
# left side first.
#
# </details>

# %% [markdown]
# ### Exercise 2.4
#
# `digest` takes a block of bytes and returns its hash; it releases the GIL. Split the blocks among
# `workers` threads, and return the list of digests in the order of the blocks.


# %% tags=["exercise"]
def digests(blocks, digest, workers):
    return ...


# %%
exercises.check("2.4", checks_gil.split_job, digests)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def digests(blocks, digest, workers):
#     found = [None] * len(blocks)
#
#     def work(first):
#         for place in range(first, len(blocks), workers):
#             found[place] = digest(blocks[place])
#
#     threads = [Thread(target=work, args=(first,)) for first in range(workers)]
#     for thread in threads:
#         thread.start()
#     for thread in threads:
#         thread.join()
#     return found
# ```
#
# Every thread writes to places of its own, so nothing can be lost.
#
# </details>

# %% [markdown]
# ## What the article says and what you measured
#
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | the GIL avoids deadlocks | among CPython's own locks, as there is one; your locks can deadlock all the same | claim 2.1-deadlock | [glossary](https://docs.python.org/3/glossary.html#term-global-interpreter-lock) |
# | a thread switches after a number of bytecodes | after an interval of time, once another thread has asked | claim 2.2-interval | [ceval_gil.c](https://github.com/python/cpython/blob/3.14/Python/ceval_gil.c) |
# | a thread that the system suspends loses the GIL | it keeps it, and everybody waits | claim 2.2-preemption | [ceval_gil.c](https://github.com/python/cpython/blob/3.14/Python/ceval_gil.c): only the holder lets go |
# | `n += 1` compiles to INPLACE_ADD | BINARY_OP, since 3.11 | claim 2.2-binary-op | [What's New in 3.11](https://docs.python.org/3/whatsnew/3.11.html#cpython-bytecode-changes) |
# | so `n += 1` is not atomic, and needs a lock | true as advice, but its `n` is local; and even on a shared counter CPython with the GIL loses nothing since 3.10. The language doesn't promise that, and without the GIL it isn't so | claim 2.2-bare | [pull request 18334](https://github.com/python/cpython/pull/18334) |
# | threads may be slower than one after another | for work in Python by what the hand-overs cost, on some machines hardly anything; what suffers on all is everybody else's latency | claims 2.3-counting, 2.3-convoy | [bpo-7946](https://bugs.python.org/issue7946), the convoy effect |
# | the GIL is released for I/O | and by C code that computes: hashing, compression, much of NumPy | claim 2.3-hashing | [hashlib](https://docs.python.org/3/library/hashlib.html) |
# | 3.13's build is experimental; the default will take years | officially supported since 3.14, still optional; the default isn't decided | §2.4 | [PEP 779](https://peps.python.org/pep-0779/) |
# | it rests on three techniques | also on locks in each container, another allocator and a collector that stops all threads | claims 2.4-biased, 2.4-list | [PEP 703](https://peps.python.org/pep-0703/) |
# | (nothing on what changes in your code) | races that the GIL hid come out; an extension module that isn't ready switches the GIL back on, for the whole process | claims 2.4-bare, 2.4-iterator, 2.4-extension | [how-to](https://docs.python.org/3/howto/free-threading-python.html) |

# %%
chapter.end("2")

# %% [markdown]
# ## Next
#
# Another process has a GIL of its own. [Chapter 3](03_multiprocessing.ipynb) starts processes, feeds
# them, and pays for it.
