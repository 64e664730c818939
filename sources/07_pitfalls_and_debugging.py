# %% [markdown]
# # Chapter 7: Find the bug that hides: you are the scheduler
#
# A program with threads can be wrong and still pass every test. Its bug needs a certain order of steps,
# and on the day of the test the order was another one. In this chapter you choose the order: which thread
# takes the next step, opcode by opcode, in real Python on your machine. So you find races and deadlocks
# on purpose, prove them mended, and learn what to do when a program hangs before your eyes.

# %% [markdown]
# ## What you will be able to do
#
# - find the schedule under which a small program goes wrong, or show that there is none
# - say which lines may be interrupted on your Python, and which can't be on any
# - recognise a race in threads, coroutines, processes and files
# - choose a fix, and know what it costs
# - break a deadlock, and order locks so that there is none
# - debug a program that hangs, and keep a race found in a test

# %% [markdown]
# ## What you need
#
# - Chapter 2: the GIL, bytecode, and where the interpreter looks up. Necessary.
# - Chapter 4: `Lock`, `Condition`, `queue.Queue`. Necessary.
# - Chapters 3 and 5: processes and coroutines. Helpful.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 190 minutes, exercises included. Classroom: 110 minutes, without the exercises and the
# Trys. Each section says how long it takes, and how long the sections have taken so far.

# %%
import asyncio
import functools
import inspect
import itertools
import math
import multiprocessing
import sys
import time
from collections import deque
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Barrier, Event, Lock, Thread

from helpers.course import chapter, checks_races, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction

chapter.begin("7")

# %% [markdown]
# The next cell imports what this chapter measures and draws with. You don't need to know these:
# the code that matters stands in the cells below.

# %%
from helpers.draw import explorer as draw_explorer
from helpers.draw import races as draw_races
from helpers.draw.compare import points
from helpers.labs.explorer import Stepper, explorer_lab
from helpers.labs.races import race_lab
from helpers.measure import races
from helpers.measure.compare import compare
from helpers.measure.explorer import (
    BLOCKING,
    EVERY_OPCODE,
    EXCEPTION,
    SWITCHES,
    THIS_GIL,
    Program,
    explore,
    explore_text,
    replay,
    source_lines,
    trace,
)
from helpers.measure.interpreters import find_interpreters
from helpers.measure.verdict import needs_cores
from helpers.workers.races import SHAPES, add_to_value
from helpers.workers.timeline import gil_enabled

# %% [markdown]
# ## 7.1 Races
#
# *60 minutes; 60 so far*
#
# Ten threads add 1 to one counter, 100,000 times each. `counter += 1` reads the counter, adds one, writes
# it back: three steps. Nothing says that no other thread may come in between.

# %%
guess_listing = Prediction(
    "Ten threads, 100,000 times counter += 1 each, no lock. What does the program print on your "
    "Python?",
    ["Got: 1000000", "Got: less, and another number each time", "Got: more than that"],
)
guess_listing

# %% tags=["nbval-ignore-output"]
counter = 0


def increment():
    global counter
    for _ in range(100_000):
        counter += 1


def ten_threads(work):
    threads = [Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


ten_threads(increment)
without_lock = counter
print(f"Expected: 1000000, Got: {counter}")

# %%
guess_listing.compare(
    guess_listing.answers[0 if without_lock == 1_000_000 else 1],
    {
        "Got: 1000000": "So it is with the GIL. Your Python runs without it.",
        "Got: less, and another number each time": "So most texts say, and so it was up to "
        "Python 3.9. With the GIL, 3.10 and later lose nothing here. You will see why.",
        "Got: more than that": "An update can be lost. None is made twice.",
    },
)

# %%
if gil_enabled():
    found = claim(
        "7.1-listing",
        "With the GIL, CPython 3.10 and later lose no update in this listing.",
        without_lock == 1_000_000,
        f"{1_000_000 - without_lock:,} lost",
    )
else:
    found = claim(
        "7.1-listing-free",
        "Without the GIL, this listing loses updates.",
        without_lock < 1_000_000,
        f"{1_000_000 - without_lock:,} lost",
        needs=[needs_cores(2)],
    )
found

# %% [markdown]
# Now with a lock. `with lock:` lets one thread at a time into the three steps.

# %%
counter = 0
lock = Lock()


def safe_increment():
    global counter
    for _ in range(100_000):
        with lock:
            counter += 1


ten_threads(safe_increment)
print(f"With lock: {counter}")

# %%
claim(
    "7.1-lock",
    "Under one lock no update is lost, on any Python.",
    counter == 1_000_000,
    f"{counter:,} counted",
)

# %% [markdown]
# ### Is it luck?
#
# A **race condition**, or race, is a program whose result depends on the order in which threads take
# their steps, and some orders give a wrong result. That the program printed the right number shows one
# thing only: the orders that came up this time were good ones.
#
# So look at all of them. A **schedule** says which thread takes the first step, which the second, and so
# on. A step is one **opcode**, an instruction of Python's bytecode (chapter 2). The **explorer** runs your
# functions on real threads of this interpreter, one at a time, under every schedule there is. It needs
# small functions: one `+= 1` each, instead of 100,000.

# %%
guess_schedules = Prediction(
    "Two threads add 1 once each. A switch may come after every opcode. How many of all schedules "
    "lose one of the two updates?",
    ["none", "a few", "most"],
)
guess_schedules


# %%
def start_at_zero():
    global tally
    tally = 0


def add_one():
    global tally
    tally += 1


def result():
    return tally


two = Program([add_one, add_one], start_at_zero, result)
every = explore(two)
draw_explorer.endings(every, "Two threads, one += 1 each: what the tally is at the end", good="2")

# %%
guess_schedules.compare(
    "most",
    {
        "none": "The GIL keeps threads from running at once, not from taking turns.",
        "a few": "To be right, one thread must have written before the other reads. That is rare.",
    },
)

# %% [markdown]
# **Look.** Each bar is one outcome, with the number of schedules that lead to it. Only the bar with the
# tick is right. The sentence below gives a schedule for each: `A1 B6` means that thread A takes one step,
# then B takes six.
#
# You can check the number by hand. Two threads of *n* steps each can be mixed in "2n over n" ways:
# choose which *n* of the *2n* places are A's.

# %%
steps = every.steps // every.schedules // 2
wrong = every.ending("1")
claim(
    "7.1-count",
    "The explorer runs every schedule once: as many as there are ways to mix two rows of steps.",
    every.complete and every.schedules == math.comb(2 * steps, steps),
    f"{steps} steps each, {every.schedules} schedules, {math.comb(2 * steps, steps)} ways",
)

# %%
claim(
    "7.1-most",
    "With a switch possible at every opcode, most schedules of two += 1 lose an update.",
    every.texts == {"1", "2"} and wrong.count > every.schedules / 2,
    f"{wrong.count} of {every.schedules}",
)

# %% [markdown]
# Here is one of those that lose, stopped before its last turn. In the lanes, `r` reads something that both
# threads can reach, `w` writes it. A read first; then B did all of its work. What A has on its stack is out
# of date, and A is about to write it.

# %%
before_the_last_turn = wrong.turns.rsplit(" ", 1)[0]
draw_explorer.Stage(trace(two, before_the_last_turn), source_lines(two))

# %% [markdown]
# Now you. Press *A: next opcode* until A has read the tally, then let B do all of its work, then A the
# rest. Watch A's *top of stack*: that is the number A has read, and it doesn't change when B writes.

# %%
stepper = Stepper(two)
stepper

# %% [markdown]
# ### When may it switch?
#
# You are a free scheduler. Your Python's may be less free. There are three answers to the question where
# a thread can lose its turn, and each is true somewhere:
#
# - **at every opcode**: without the GIL (there the threads really run at once), and with it up to 3.9;
# - **where this GIL may switch**: since 3.10 the holder looks up only after a call, on a jump back (each
#   round of a loop), and when a function starts ([pull request 18334](https://github.com/python/cpython/pull/18334));
# - **at blocking calls** only: what a thread does of its own accord, such as to wait for a lock or to sleep.
#
# Three programs, which do the same thing:


# %%
def through_a_call():
    global tally
    tally = int(tally) + 1


def with_a_pause():
    global tally
    seen = tally
    time.sleep(0)
    tally = seen + 1


# %%
guess_gil = Prediction(
    "Which of the three can lose an update where this GIL may switch?",
    ["none of them", "with_a_pause only", "through_a_call and with_a_pause", "all three"],
)
guess_gil

# %%
by_program = {}
for work in (add_one, through_a_call, with_a_pause):
    pair = Program([work, work], start_at_zero, result)
    by_program[work.__name__] = {
        place: explore(pair, switch=place, most=2_000) for place in SWITCHES
    }
draw_explorer.switches(by_program, good="2")

# %%
guess_gil.compare(
    "through_a_call and with_a_pause",
    {
        "none of them": "The GIL may change hands after each call, and a call stands in between.",
        "with_a_pause only": "int() doesn't block, but the interpreter looks up after each call.",
        "all three": "Between the read and the write of a bare += nothing looks up.",
    },
)


# %%
def loses(name, switch):
    return "1" in by_program[name][switch].texts


claim(
    "7.1-bare",
    "A bare += 1 loses an update if threads may switch at every opcode, and none where the GIL of "
    "CPython 3.10 and later may switch.",
    loses("add_one", EVERY_OPCODE) and not loses("add_one", THIS_GIL),
    str({place: sorted(found.texts) for place, found in by_program["add_one"].items()}),
)

# %%
claim(
    "7.1-between",
    "With a call in between, this GIL may lose an update; with a blocking call, every Python may.",
    loses("through_a_call", THIS_GIL)
    and not loses("through_a_call", BLOCKING)
    and all(loses("with_a_pause", place) for place in SWITCHES),
    ", ".join(
        f"{name}: {[place for place in SWITCHES if loses(name, place)]}" for name in by_program
    ),
)

# %% [markdown]
# **Explain.** That is why the article's listing printed the right number on a Python with the GIL: in
# `counter += 1` nothing stands between the read and the write where this GIL could change hands. It isn't
# luck, and it isn't a promise either. The language doesn't say so, another version may look up elsewhere
# ([issue 134212](https://github.com/python/cpython/issues/134212)), and without the GIL it is wrong.
#
# ### What threads really do
#
# The explorer says what *can* happen. Does it happen? Four real threads, all started at once, and a short
# switch interval so that they are asked to let go often.


# %%
def lost_by(work, rounds):
    global tally
    tally = 0
    start = Barrier(4)

    def run():
        start.wait()
        for _ in range(rounds):
            work()

    threads = [Thread(target=run) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    return 4 * rounds - tally


lost_with_a_pause = lost_by(with_a_pause, 500)
print("with_a_pause loses updates:", lost_with_a_pause > 0)

# %% [markdown]
# The same for nine shapes of "read, add one, write back", on every CPython that is found on this machine.
# Versions that you don't have are there from a recorded run, and say so. This is what one round of each
# shape does:

# %%
for shape, (body, _) in SHAPES.items():
    print(f"{shape}:", *body.split("\n"), sep="\n    ")

# %%
measured = races.losses(find_interpreters().interpreters, seconds=0.02)
draw_races.table(races.with_recorded(measured))

# %%
claim(
    "7.1-predicted",
    "No CPython on this machine lost an update where the explorer finds no schedule that does.",
    not any(one.surprises for one in measured),
    "; ".join(
        f"{one.label}: {sum(lost > 0 for lost, _ in one.real.values())} of {len(one.real)} "
        f"shapes lost, {sum(one.predicted.values())} can"
        for one in measured
    ),
)

# %%
here = measured[0]
claim(
    "7.1-shapes",
    "On this Python, each shape that can lose updates did, and no other.",
    lost_with_a_pause > 0
    and all(here.predicted[shape] == (lost > 0) for shape, (lost, _) in here.real.items()),
    ", ".join(f"{shape}: {lost:,} of {made:,}" for shape, (lost, made) in here.real.items()),
    needs=[] if gil_enabled() else [needs_cores(2)],
)

# %% [markdown]
# **Look.** Read a row from left to right: one line of code, and what became of it from version to version.
# Calls, properties, loops and sleeps lose everywhere. What loses nothing on your Python may lose in the
# column beside it.
#
# How *much* is lost is another matter. It differs from run to run; let the lab show you how widely. The
# pale band is what the explorer says can come out.

# %%
race_lab().run()

# %% [markdown]
# **Try.** In the lab, put the race under a lock. Then take `counter += 1` without one, with each switch
# interval. Then a property with 10 rounds each: how often do you *see* that it is wrong? That is what a
# test sees.
#
# ### A schedule is a text
#
# The race came up under one schedule of many. That schedule is a short text; you can put it into a bug
# report or a test, and give it to somebody else.

# %%
again = {replay(two, wrong.schedule).text for _ in range(20)}
try:
    replay(two, "3.9:0000 A1 B9 A8")
    refused = ""
except ValueError as error:
    refused = str(error)
claim(
    "7.1-replay",
    "A replayed schedule has the same outcome every time; one from a version that compiles the "
    "function to other opcodes is refused.",
    again == {"1"} and "3.9" in refused,
    f"{wrong.schedule!r} gave {again} in 20 replays; refused: {refused}",
)

# %% [markdown]
# ### Check, then act
#
# `+= 1` is the smallest race. The one you will meet is this: look at something, decide, act on it. When
# you act, what you saw may be gone.

# %%
guess_account = Prediction(
    "An account holds 100. Two customers withdraw 70 and 60 at the same time; withdraw checks the "
    "balance first. What can be left?",
    ["30 or 40", "30, 40 or -30", "-30 only"],
)
guess_account


# %%
class Account:
    def __init__(self):
        self.balance = 100

    def withdraw(self, amount):
        if self.balance >= amount:  # check
            self.count_out(amount)
            self.balance -= amount  # act

    def count_out(self, amount):
        time.sleep(0.001)


# %%
def open_account():
    global account
    account = Account()


def first_customer():
    account.withdraw(70)


def second_customer():
    account.withdraw(60)


def left():
    return account.balance


at_the_bank = Program([first_customer, second_customer], open_account, left)
withdrawn = explore(at_the_bank, switch=THIS_GIL)
draw_explorer.endings(withdrawn, "Check, then act: the account is overdrawn")

# %%
guess_account.compare(
    "30, 40 or -30",
    {
        "30 or 40": "So it is if one is done before the other begins. Both may check first.",
        "-30 only": "That needs both to check before either takes the money.",
    },
)

# %% [markdown]
# The same with real threads, fifty accounts one after another:

# %%
overdrawn = 0
for _ in range(50):
    open_account()
    threads = [Thread(target=work) for work in (first_customer, second_customer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    overdrawn += account.balance < 0
print("accounts were overdrawn:", overdrawn > 0)

# %% [markdown]
# A lock must go around the check *and* the act. Each alone is not enough: it is what lies between them that
# others must not see.


# %%
class SafeAccount(Account):
    def __init__(self):
        super().__init__()
        self.lock = Lock()

    def withdraw(self, amount):
        with self.lock:
            super().withdraw(amount)


def open_account():
    global account
    account = SafeAccount()


safe_bank = Program([first_customer, second_customer], open_account, left)
safely = explore(safe_bank, reduced=True)
draw_explorer.endings(safely, "Under one lock: never overdrawn")

# %%
claim(
    "7.1-check-then-act",
    "Check-then-act overdraws the account under some schedules, and in real runs; under one lock "
    "it does under none.",
    withdrawn.texts == {"30", "40", "-30"}
    and overdrawn > 0
    and safely.complete
    and safely.texts == {"30", "40"},
    f"without {sorted(withdrawn.texts)}, {overdrawn} of 50 real accounts; "
    f"with {sorted(safely.texts)}",
)

# %% [markdown]
# ### How much was searched?
#
# The last search ran a handful of schedules, and that is a proof. How? Most schedules differ only by swaps
# that nobody notices: whether A or B is first to look at a variable of its own makes no difference. With
# `reduced=True` the explorer runs one of each kind that can make a difference (**partial-order reduction**).
# Otherwise a larger program has too many schedules, and the search stops at a bound. Then "no bug found"
# means just that: not found *yet*.


# %%
def add_under_lock():
    global tally
    with lock:
        tally += 1


three = Program([add_under_lock] * 3, start_at_zero, result)
bounded = explore(three, most=500)
differing = explore(three, reduced=True)
draw_explorer.endings(bounded)

# %%
claim(
    "7.1-bound",
    "A search that hit its bound doesn't claim to be complete; of three threads under a lock, "
    "those schedules that differ can all be run.",
    not bounded.complete and differing.complete and differing.texts == {"3"},
    f"bounded: {bounded.schedules} schedules, {sorted(bounded.texts)}; "
    f"reduced: {differing.schedules}, {sorted(differing.texts)}",
)

# %% [markdown]
# ### Made once, or twice
#
# Something is made when it is first needed: a **lazily made singleton**. "If there is none, make it" is
# check-then-act again. `functools.cache` does the same thing: look, miss, call, store.

# %%
made = []
settings = None


def get_settings():
    global settings
    if settings is None:
        settings = ["made"]
        made.append(1)
    return settings


def get_safely():
    if settings is None:  # quick, without the lock; perhaps out of date
        with lock:
            get_settings()  # looks again, now that nobody else is inside


# %%
def nothing_made():
    global made
    made = []


def how_many():
    return len(made)


lazily = explore(Program([get_settings] * 2, nothing_made, how_many), reduced=True)
checked_twice = explore(Program([get_safely] * 2, nothing_made, how_many), reduced=True)

# %%
calls, second = [], Event()


@functools.cache
def load():
    calls.append(1)
    if len(calls) > 1:
        second.set()
    second.wait(timeout=1)  # slow: meanwhile somebody else may call
    return "loaded"


threads = [Thread(target=load) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("loaded more than once:", len(calls) > 1)

# %%
claim(
    "7.1-singleton",
    "Two threads can both make the only one; a second look under the lock makes it once. "
    "functools.cache calls a function again that another thread is still running.",
    lazily.texts == {"1", "2"}
    and checked_twice.complete
    and checked_twice.texts == {"1"}
    and len(calls) > 1,
    f"made: {sorted(lazily.texts)}, with the lock: {sorted(checked_twice.texts)}; "
    f"4 threads called load {len(calls)} times",
)

# %% [markdown]
# **Explain.** The cache is safe: it never breaks. It just doesn't promise one call
# ([docs](https://docs.python.org/3/library/functools.html#functools.lru_cache)). A module is made once, under
# a lock of the import system: a global at the top of a module is the simplest singleton.
#
# ### While you iterate
#
# One thread goes through a dictionary, another puts something in.


# %%
def open_shop():
    global prices, total
    prices, total = {"tea": 3, "milk": 1}, 0


def add_up():
    global total
    for name in prices:
        total += prices[name]


def add_up_a_copy():
    global total
    for name in list(prices):  # one step, whoever else is at work
        total += prices[name]


# %%
def restock():
    prices["cake"] = 4


def sum_of_prices():
    return total


while_iterating = explore(Program([add_up, restock], open_shop, sum_of_prices), reduced=True)
over_a_copy = explore(Program([add_up_a_copy, restock], open_shop, sum_of_prices), reduced=True)
draw_explorer.endings(while_iterating, "One adds up, one restocks: three endings")

# %%
raised = while_iterating.of(EXCEPTION)
claim(
    "7.1-iterating",
    "A dictionary that grows while another thread goes through it raises RuntimeError under some "
    "schedules; going through a copy never does.",
    len(raised) == 1 and "RuntimeError" in raised[0].text and over_a_copy.texts == {"4", "8"},
    f"{sorted(while_iterating.texts)}; over a copy {sorted(over_a_copy.texts)}",
)

# %% [markdown]
# A list doesn't even raise: it skips an item, or shows one twice. That one call such as `list(prices)` is
# not interrupted holds for dicts and lists in CPython, without the GIL too
# ([thread safety guarantees](https://docs.python.org/3/library/threadsafety.html)).
#
# ### Not only threads
#
# A coroutine gives its turn away at each `await` that has to wait, and only there. So a race needs one
# between read and write.

# %%
guess_await = Prediction(
    "Ten coroutines read the balance, await asyncio.sleep(0), and write back one more. One "
    "thread, no parallelism. What is the balance?",
    ["10", "1", "another number each time"],
)
guess_await

# %%
balance, turn = 0, asyncio.Lock()


async def deposit():
    global balance
    seen = balance
    await asyncio.sleep(0)
    balance = seen + 1


async def deposit_in_turn():
    async with turn:
        await deposit()


await asyncio.gather(*(deposit() for _ in range(10)))
across_await = balance
balance = 0
await asyncio.gather(*(deposit_in_turn() for _ in range(10)))
print("across an await:      ", across_await)
print("under an asyncio.Lock:", balance)

# %%
guess_await.compare(
    "1",
    {
        "10": "One thread is no protection: all ten read before the first one writes.",
        "another number each time": "With threads, yes. The loop takes tasks in order, every time.",
    },
)

# %%
claim(
    "7.1-await",
    "Coroutines lose updates across an await, the same number each time, and none under an "
    "asyncio.Lock.",
    across_await == 1 and balance == 10,
    f"{across_await} of 10 without, {balance} with",
)

# %% [markdown]
# Processes share nothing, except what you give them to share. A `Value` is a number in shared memory. It
# comes with a lock, and `value.value += 1` takes it twice: once to read, once to write.

# %%
print(inspect.getsource(add_to_value))

# %%
context = multiprocessing.get_context("spawn")


def by_two_processes(times, locked):
    value, start = context.Value("i", 0), context.Barrier(2)
    arguments = (value, times, start, locked)
    pair = [context.Process(target=add_to_value, args=arguments) for _ in range(2)]
    for process in pair:
        process.start()
    for process in pair:
        process.join()
    return 2 * times - value.value


for times in (20_000, 80_000, 320_000):  # on a busy machine they may miss each other
    lost_in_processes = by_two_processes(times, locked=False)
    if lost_in_processes:
        break
lost_under_its_lock = by_two_processes(2_000, locked=True)
print("lost updates:              ", lost_in_processes > 0)
print("lost updates under its lock:", lost_under_its_lock > 0)

# %%
claim(
    "7.1-value",
    "Two processes lose updates of a Value that has a lock, unless they hold the lock across the "
    "whole update.",
    lost_in_processes > 0 and lost_under_its_lock == 0,
    f"{lost_in_processes:,} of {2 * times:,} lost; under get_lock() {lost_under_its_lock} of 4,000",
)

# %% [markdown]
# And a file is shared by everybody on the machine. Read, add one, write: the same three steps, and the GIL
# is released for each.


# %%
def count_visits(path, times, guard, start):
    start.wait()
    for _ in range(times):
        with guard:
            number = int(path.read_text() or 0)  # empty, if another has just begun to write
            path.write_text(str(number + 1))


def four_visitors(guards):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "visits"
        path.write_text("0")
        start = Barrier(len(guards))
        threads = [Thread(target=count_visits, args=(path, 100, one, start)) for one in guards]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return int(path.read_text() or 0)


# %%
one_lock = Lock()
with_four_locks = four_visitors([Lock(), Lock(), Lock(), Lock()])
with_one_lock = four_visitors([one_lock, one_lock, one_lock, one_lock])
print("four locks, counted right:", with_four_locks == 400)
print("one lock, counted right:  ", with_one_lock == 400)

# %%
claim(
    "7.1-file",
    "Threads that each hold a lock of their own count wrong in a file; with one lock for all, they "
    "count right.",
    with_four_locks != 400 and with_one_lock == 400,
    f"400 visits; with four locks {with_four_locks} counted, with one lock {with_one_lock}",
)

# %% [markdown]
# **Look.** Four locks were held, and nothing was protected. (In a file, a count can even come out too high:
# one writes "9" where another has just written "98", and both have opened the file already.) A lock protects
# only from those who take *the same* lock. For a file that other programs write, it must be a lock outside of
# yours: a lock file, or a database.
#
# ### Fixes, and what they cost
#
# Five ways out. Four threads count to 4 × 20,000 with each.
#
# - **A lock** around the update.
# - **A queue**: many threads put messages in, one thread owns the counter.
# - **Atomic building blocks**: `next(itertools.count())` and `deque.append` do their update in one step.
#   The deque promises it ([docs](https://docs.python.org/3/library/collections.html#collections.deque)); for
#   `count` CPython sees to it ([pull request 119268](https://github.com/python/cpython/pull/119268)).
# - **Confinement**: each thread counts for itself, and hands over one number at the end.
# - **Immutability**: what nobody changes can't be seen half changed. It comes below.

# %%
TIMES = 20_000


def four_threads(work):
    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def unprotected():
    global tally
    tally = 0

    def work():
        global tally
        for _ in range(TIMES):
            tally += 1

    four_threads(work)
    return tally


# %%
def with_lock():
    total, guard = [0], Lock()

    def work():
        for _ in range(TIMES):
            with guard:
                total[0] += 1

    four_threads(work)
    return total[0]


# %%
def with_queue():
    messages, total = SimpleQueue(), 0

    def work():
        for _ in range(TIMES):
            messages.put(1)
        messages.put(None)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(4):
        total += sum(iter(messages.get, None))
    for thread in threads:
        thread.join()
    return total


# %%
def with_count():
    numbers = itertools.count()

    def work():
        for _ in range(TIMES):
            next(numbers)

    four_threads(work)
    return next(numbers)


def with_deque():
    ticks = deque()

    def work():
        for _ in range(TIMES):
            ticks.append(1)

    four_threads(work)
    return len(ticks)


# %%
def confined():
    totals = []

    def work():
        own = 0
        for _ in range(TIMES):
            own += 1
        totals.append(own)

    four_threads(work)
    return sum(totals)


fixes = {
    "no protection": unprotected,
    "a lock": with_lock,
    "a queue": with_queue,
    "itertools.count": with_count,
    "deque.append": with_deque,
    "confinement": confined,
}
costs = compare(fixes)
points(costs, "Four threads count: what each kind of protection costs")

# %%
totals = {name: fix() for name, fix in fixes.items() if name != "no protection"}
claim(
    "7.1-fixes",
    "A lock, a queue, an atomic building block and confinement all count right.",
    set(totals.values()) == {4 * TIMES},
    str(totals),
)

# %%
claim(
    "7.1-costs",
    "To share nothing until the end costs less than to take a lock for each step.",
    costs.ratio("a lock", "confinement").at_least(1.5),
    tolerance="starting four threads is part of both, and the same; any factor above 1 would do",
)

# %% [markdown]
# **Look.** Each mark is one run, the black line is the middle one. What shares least costs least. A lock that
# four threads want all the time costs most: they don't only take it, they wait in line for it.
#
# Immutability is for what is read often and changed seldom, such as two rates that belong together. Change
# them in place, and a reader may see one old and one new. Make a new pair and swap it in, in one step, and
# every reader has one pair or the other.


# %%
def market_opens():
    global rates, pair_of_rates, seen
    rates, pair_of_rates, seen = [1, 1], (1, 1), None


def change_in_place():
    rates[0] = 2
    rates[1] = 2


def read_in_place():
    global seen
    seen = (rates[0], rates[1])


# %%
def swap():
    global pair_of_rates
    pair_of_rates = (2, 2)


def read_pair():
    global seen
    ours = pair_of_rates  # one look; then it is ours, whatever others do
    seen = (ours[0], ours[1])


def what_was_seen():
    return seen


in_place = explore(
    Program([change_in_place, read_in_place], market_opens, what_was_seen), reduced=True
)
swapped = explore(Program([swap, read_pair], market_opens, what_was_seen), reduced=True)
draw_explorer.endings(in_place, "Changed in place: what the reader can see")

# %%
claim(
    "7.1-immutable",
    "A pair that is changed in place can be seen half changed; an immutable pair that is swapped "
    "can't.",
    {"(1, 2)", "(2, 1)"} & in_place.texts != set() and swapped.texts == {"(1, 1)", "(2, 2)"},
    f"in place {sorted(in_place.texts)}; swapped {sorted(swapped.texts)}",
)

# %% [markdown]
# The price is the copy: the larger the thing, the more a change costs.

# %%
large, large_tuple = list(range(1_000)), tuple(range(1_000))


def change_items():
    for place in range(100):
        large[place] = -1


def make_new_tuples():
    ours = large_tuple
    for place in range(100):
        ours = (*ours[:place], -1, *ours[place + 1 :])


copies = compare({"change in place": change_items, "make a new tuple": make_new_tuples})
claim(
    "7.1-copies",
    "To change one item of a thousand costs more if all are copied for it.",
    copies.ratio("make a new tuple", "change in place").at_least(3),
    tolerance="a thousand items are copied instead of one written; 3 leaves room for noise",
)

# %% [markdown]
# ### Your own program
#
# The same explorer, for a program that you type. Run it, then choose an ending below the bars: its schedule
# opens in the stepper, and you can walk through it forward and back.

# %%
explorer_lab().run()

# %% [markdown]
# What can't be explored is refused, with a word why. The typed program runs in a process of its own, which is
# ended if it must be.

# %%
refusals = {}
for text in (
    "def work(: pass",
    "def work():\n    while True:\n        pass",
    "def work():\n    open('notes.txt').read()",
    "def work():\n    sum(range(10**12))",
):
    began = time.perf_counter()
    try:
        explore_text(text, ["work", "work"])
    except ValueError as error:
        refusals[str(error)] = time.perf_counter() - began
print(len(refusals), "refused")

# %%
claim(
    "7.1-refused",
    "A text that isn't Python, a loop without end, a file and long C code: each is refused with a "
    "reason.",
    len(refusals) == 4,
    "; ".join(f"{why} ({seconds:.1f} s)" for why, seconds in refusals.items()),
)

# %% [markdown]
# **Explain.** A race is not "threads at once". It is a gap between a look and an act, and somebody who comes
# in. Close the gap (a lock, one atomic step), or keep the others out of it (a queue, confinement), or leave
# nothing to be changed (immutability). And don't ask "did it go wrong?", which depends on luck. Ask "is there
# a schedule under which it does?".
#
# **Try.** In the explorer lab, take the example *a call between read and write* and the three answers to
# "a switch is possible at". Then *two locks*, and open the deadlock in the stepper: that is the next section.

# %% [markdown]
# ## Summary
#
# - A **race**: the result depends on the order of steps, and some orders are wrong. It needs a gap between a
#   look and an act.
# - A **schedule** is such an order. The **explorer** runs all of them, or one of each kind that differs; a
#   schedule is a text that can be replayed.
# - Where a thread can lose its turn depends on version and build: at every opcode, where this GIL looks up, or
#   at blocking calls. `counter += 1` loses nothing with the GIL since 3.10, and that is no promise.
# - Check-then-act, made-once, iterating while others change, an update across an `await`, a `Value`, a file:
#   the same race each time.
# - Fixes: one lock around look and act, a queue with one owner, an atomic building block, confinement,
#   immutability.

# %% [markdown]
# ## Exercises
#
# *About 30 minutes for the first three.* Write, run the cell, then run the check below it.

# %% [markdown]
# ### Exercise 7.1
#
# You are the scheduler. Three threads, A, B and C, run `add_slowly` once each:
#
# ```python
# def add_slowly():
#     global total
#     seen = total
#     total = seen + 1
# ```
#
# Write a schedule that loses *two* of the three updates: `total` is 1 at the end. The first line is two
# opcodes. Where your schedule ends, the thread whose turn it is goes on for as long as it can, then A if it
# still can, then B, then C.

# %% tags=["exercise"]
schedule = ...

# %%
exercises.check("7.1", checks_races.schedule, schedule)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# schedule = "A2 B2 C2"
# ```
#
# All three have read 0 before anyone writes. Then each writes 1, in whatever order.
#
# </details>

# %% [markdown]
# ### Exercise 7.2
#
# The office sells seats: never more than there are, and each seat once. `sell` returns the number of the seat,
# or None. Mend it. The explorer tries every schedule that makes a difference.


# %% tags=["exercise"]
class Office:
    def __init__(self, seats):
        self.left = seats

    def sell(self):
        if self.left == 0:
            return None
        seat = self.left
        self.left -= 1
        return seat


# %%
exercises.check("7.2", checks_races.office, Office)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# class Office:
#     def __init__(self, seats):
#         self.left = seats
#         self.lock = Lock()
#
#     def sell(self):
#         with self.lock:
#             if self.left == 0:
#                 return None
#             seat = self.left
#             self.left -= 1
#             return seat
# ```
#
# One lock per office, made with the office, and held from the look to the act. `with` releases it at each
# `return`.
#
# </details>

# %% [markdown]
# ### Exercise 7.3
#
# `Lazy(make)` holds something that is made when it is first asked for. Two threads that call `get` must get
# the same thing, and `make` must be called once. The threads call `get` often: one that finds the thing made
# should not take the lock.


# %% tags=["exercise"]
class Lazy:
    def __init__(self, make):
        self.make = make
        self.thing = None
        self.lock = Lock()

    def get(self):
        if self.thing is None:
            with self.lock:
                self.thing = self.make()
        return self.thing


# %%
exercises.check("7.3", checks_races.lazy, Lazy)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# class Lazy:
#     def __init__(self, make):
#         self.make = make
#         self.thing = None
#         self.lock = Lock()
#
#     def get(self):
#         if self.thing is None:
#             with self.lock:
#                 if self.thing is None:
#                     self.thing = self.make()
#         return self.thing
# ```
#
# The second look is the one that counts: between the first look and the lock, another thread may have made
# it.
#
# </details>

# %% [markdown]
# ## What the article says and what you measured
#
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | `counter += 1` isn't atomic, so the listing's result is uncertain | it is three steps; with the GIL CPython loses nothing here since 3.10, before that and without the GIL it does; the language promises nothing | claims 7.1-listing, 7.1-bare, 7.1-predicted | [pull request 18334](https://github.com/python/cpython/pull/18334), [issue 134212](https://github.com/python/cpython/issues/134212) |
# | the right way: use a lock | right, if it is one lock for all, around look *and* act; and there are cheaper ways | claims 7.1-lock, 7.1-file, 7.1-check-then-act, 7.1-costs | [threading](https://docs.python.org/3/library/threading.html#lock-objects) |
# | races are shown for threads | coroutines race across an `await`, processes on a `Value`, everybody on a file | claims 7.1-await, 7.1-value, 7.1-file | [asyncio](https://docs.python.org/3/library/asyncio-dev.html#concurrency-and-multithreading) |

# %%
chapter.end("7")

# %% [markdown]
# ## Next
#
# Your program is right. Now it should be fast: chapter 8, *tuning performance* (in the making).
