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
# Self-study: about 270 minutes, exercises included: take it in several sittings. Classroom: 150 minutes,
# without the exercises and the Trys. Each section says how long it takes, and how long the sections have taken so far.

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

from helpers.course import chapter, checks_bugs, checks_deadlocks, checks_races, exercises
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
from helpers.labs.side_by_side import side_by_side_lab

# %%
from helpers.measure import races
from helpers.measure.compare import compare
from helpers.measure.explorer import (
    BLOCKING,
    DEADLOCK,
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
from helpers.measure.verdict import WITH_GIL, checked, needs_cores, untold
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
# Which Python loses how much of its updates? The lab runs some of these shapes on the Pythons that you have,
# with four threads, and shows what was recorded of others. Choose 3.9 and 3.10 in it, too: what has changed
# between them?

# %%
side_by_side_lab("races").set(rounds=5).run()

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
# ## 7.2 Deadlocks
#
# *75 minutes; 135 so far*
#
# In a **deadlock**, threads wait for each other in a circle, so none of them can ever go on. The article
# has one, with two locks, and doesn't start it. Here it is as a program of its own, started.

# %% [markdown]
# The next cell imports what only this section uses.

# %%
import random
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from queue import Queue
from threading import Event, RLock

from helpers.draw import fairness as draw_fairness
from helpers.draw import philosophers as draw_philosophers
from helpers.draw import wait_for as draw_wait_for
from helpers.labs.philosophers import philosophers_lab
from helpers.labs.wait_for import LiveGraph
from helpers.measure import fairness, philosophers
from helpers.measure.wait_for import graph
from helpers.workers import fairness as workers_fairness
from helpers.workers import philosophers as workers_philosophers
from helpers.workers.deadlocks import send_much
from helpers.workers.wait_for import watch

# %%
guess_two_locks = Prediction(
    "thread1 takes lock1, then lock2. thread2 takes lock2, then lock1. Between its two locks "
    "each sleeps for a tenth of a second. What happens?",
    ["both end", "one waits for ever", "both wait for ever"],
)
guess_two_locks

# %%
article = """
import sys, threading, time

lock1, lock2 = threading.Lock(), threading.Lock()

def say(text):
    sys.stdout.write(text + "\\n")  # in one piece: print writes the end of the line separately

def thread1():
    with lock1:
        say("Thread 1 acquired lock1")
        time.sleep(0.1)
        with lock2:
            say("Thread 1 acquired lock2")

def thread2():
    with lock2:
        say("Thread 2 acquired lock2")
        time.sleep(0.1)
        with lock1:
            say("Thread 2 acquired lock1")

threading.Thread(target=thread1).start()
threading.Thread(target=thread2).start()
"""

# %% [markdown]
# A program that hangs would take your notebook with it. So it runs in a **child process**, and we set it a
# deadline: half a second after its second line it is killed.


# %%
def run_script(script, lines, seconds):
    """Read so many lines of what a script prints; then give it so many seconds to end."""
    command = [sys.executable, "-u", "-c", script]  # -u: nothing is kept back
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        said = [child.stdout.readline().strip() for _ in range(lines)]
        try:
            child.wait(timeout=seconds)
            ended = True
        except subprocess.TimeoutExpired:
            child.kill()
            ended = False
        said += child.stdout.read().splitlines()
    return said, ended


said, ended = run_script(article, lines=2, seconds=0.5)
said.sort()  # either may be first
print(*said, "ended" if ended else "... killed after half a second", sep="\n")

# %%
guess_two_locks.compare(
    "both end" if ended else "both wait for ever" if len(said) == 2 else "one waits for ever",
    {
        "both end": "Each would have to let go of its first lock. It does so after its second.",
        "one waits for ever": "The other one would have had both locks, and released both.",
    },
)

# %%
claim(
    "7.2-article",
    "The article's two threads, started, stop for ever, each with one lock.",
    untold("one thread had both locks before the other one began: the machine is too busy")
    if ended
    else checked(
        said == ["Thread 1 acquired lock1", "Thread 2 acquired lock2"],
        f"{'; '.join(said)}; killed after 0.5 s",
    ),
)

# %% [markdown]
# ### Look inside: the wait-for graph
#
# The child was a black box. Now the same two functions run here, as ordinary code with ordinary locks:


# %%
def thread1():
    with lock1:
        time.sleep(0.3)
        with lock2:
            log.append("thread1 had both")


def thread2():
    with lock2:
        time.sleep(0.3)
        with lock1:
            log.append("thread2 had both")


lock1, lock2, log = Lock(), Lock(), []

# %% [markdown]
# `watch(globals())` is a context manager. Inside its block the locks among these globals are watched: each
# is replaced by a stand-in that holds the real lock, and notes who has it and who waits for it, in which
# line. The functions above don't change. The next cell shows an empty panel; keep an eye on it while the
# cell below it runs.

# %%
live = LiveGraph()
live

# %%
with watch(globals()) as watched:
    threads = [Thread(target=one, name=one.__name__) for one in (thread1, thread2)]
    for thread in threads:
        thread.start()
    graphs = live.follow(watched, seconds=5)  # redraws when something changes, until a deadlock
for thread in threads:
    thread.join()  # they end: see below

at_last = graphs[-1]
draw_wait_for.wait_for(at_last)

# %% [markdown]
# **Look.** Rounded boxes are threads, the others are locks. A dashed arrow says *waits for*, a solid one
# *is held by*. Follow the arrows from `thread1`: they lead back to it. In each thread's box stands the line
# in which it waits.
#
# This is a **wait-for graph**. A thread waits for one lock at a time, and a lock is held by one thread. So
# from each box at most one arrow leads on, and if the way comes back, then nobody on it can ever move: a cycle of
# such waits *is* a deadlock.

# %%
claim(
    "7.2-cycle",
    "In a deadlock each thread of a cycle waits for a lock that the next one holds.",
    at_last.deadlock
    and at_last.steps == (("thread1", "lock2"), ("thread2", "lock1"))
    and [one.place.source for one in at_last.threads] == ["with lock2:", "with lock1:"],
    "; ".join(f"{thread} waits for {lock}" for thread, lock in at_last.steps),
)

# %%
claim(
    "7.2-before",
    "At first nobody waited: the circle closes with the last wait.",
    checked(
        not any(one.waits_for for one in graphs[0].threads)
        and not any(one.cycle for one in graphs[:-1]),
        f"{len(graphs)} different graphs were drawn, and only the last one has a cycle",
    )
    if len(graphs) > 1
    else untold("the machine was so busy that the first look came after the deadlock"),
)

# %% [markdown]
# ### The way out
#
# Both threads have ended. How? At the end of its block, `watch` looked for a cycle and let one thread of it
# give up: its `acquire` raised `SystemExit`, which ends a thread
# [silently](https://docs.python.org/3/library/threading.html#threading.excepthook), and its `with` block
# released the lock that it held. The other thread got it and went on.

# %%
print("has run:", log)
print("threads that still live:", [thread.name for thread in threads if thread.is_alive()])
print("locks that are still held:", [lock.locked() for lock in (lock1, lock2)].count(True))

# %%
claim(
    "7.2-rescue",
    "If one thread of the cycle gives up and releases what it holds, the other one gets its lock.",
    log in (["thread1 had both"], ["thread2 had both"])
    and not any(thread.is_alive() for thread in threads)
    and not lock1.locked()
    and not lock2.locked(),
    f"{log}; nothing held, nobody alive",
)

# %% [markdown]
# That is fit for a lesson and for a search for the cause. It is no cure: the thread that gave up was in the
# middle of something. And it took the stand-ins, which ask for the lock again and again. A thread that waits
# in an ordinary `lock.acquire()` without a timeout can't be told by another one to stop.
#
# **Try.** Add a third lock and a third thread above, so that the cycle has three threads. Then let `thread3`
# wait for `lock1`, and hold nothing: is it part of the cycle?

# %% [markdown]
# Let us see whether the way out is reliable. `sure1` and `sure2` meet before they reach for their second
# lock, so each run is a deadlock.


# %%
def run_watched(*functions):
    """Run functions in threads until all have ended, or somebody waits for ever."""
    with watch(globals()) as watched:
        threads = [Thread(target=one, name=one.__name__) for one in functions]
        for thread in threads:
            thread.start()
        found = graph(watched.state())
        while not found.deadlock and any(thread.is_alive() for thread in threads):
            time.sleep(0.001)
            found = graph(watched.state())
    for thread in threads:
        thread.join()
    return found


def sure1():
    with lock1:
        meet.wait()
        with lock2:
            pass


# %%
def sure2():
    with lock2:
        meet.wait()
        with lock1:
            pass


before = threading.active_count()
meet = Barrier(2, timeout=30)
found = [run_watched(sure1, sure2).deadlock for _ in range(20)]
print("deadlocks:", sum(found), " threads left:", threading.active_count() - before)

# %%
claim(
    "7.2-twenty",
    "Twenty deadlocks in a row leave no thread behind.",
    found == [True] * 20 and threading.active_count() == before,
    f"{sum(found)} deadlocks, {threading.active_count() - before} threads left",
)

# %% [markdown]
# One more way to wait for ever needs no cycle: the thread that has the lock has ended and never released
# it. An exception between `acquire` and `release` does that. Here the graph has a dashed box:


# %%
def forgets():
    forgotten.acquire()
    took.set()  # and here it ends, by a return or an exception


def wants():
    took.wait()
    with forgotten:
        pass


forgotten, took = Lock(), Event()
orphaned = run_watched(forgets, wants)
draw_wait_for.wait_for(orphaned, "The one who has it has ended")

# %%
claim(
    "7.2-forgotten",
    "A lock whose holder has ended without releasing it blocks for ever, without any cycle.",
    orphaned.deadlock and not orphaned.cycle and orphaned.thread("forgets").ended,
    f"deadlock: {orphaned.deadlock}; cycle: {orphaned.cycle or 'none'}",
)

# %% [markdown]
# So write `with lock`, which releases whatever happens. An order of the locks would not have helped here.
#
# ### Without the sleep
#
# The `sleep` made the deadlock all but certain. Real code has none in that place. Here both threads go round
# without one, on ordinary locks, in a child process. (`with lock1, lock2` takes the one, then the other.) The
# child ends when both have stood still for 0.3 seconds, or after ten seconds.

# %%
loop = """
import threading, time

lock1, lock2, rounds = threading.Lock(), threading.Lock(), [0, 0]

def one_way():
    while True:
        with lock1, lock2:
            rounds[0] += 1

def other_way():
    while True:
        with lock2, lock1:
            rounds[1] += 1

for function in (one_way, other_way):
    threading.Thread(target=function, daemon=True).start()
began, before = time.monotonic(), None
while rounds != before and time.monotonic() < began + 10:
    before = list(rounds)
    time.sleep(0.3)
print("stuck" if rounds == before else "running", sum(rounds))
"""

# %%
guess_loop = Prediction(
    "How many rounds do they manage before they are stuck?",
    ["fewer than ten", "hundreds, or many more", "they are never stuck"],
)
guess_loop

# %%
[last_words], _ = run_script(loop, lines=1, seconds=30)
end_of_loop, count = last_words.split()
guess_loop.compare(
    "they are never stuck"
    if end_of_loop != "stuck"
    else "fewer than ten"
    if int(count) < 10
    else "hundreds, or many more",
    {
        "fewer than ten": "The gap between two locks is narrow, and both must be in it.",
        "they are never stuck": "So it looks for a while. Such a bug passes many tests.",
    },
)

# %%
claim(
    "7.2-loop",
    "Two threads that take two locks in opposite order, again and again, get stuck some time.",
    end_of_loop == "stuck",
    f"{end_of_loop} after {int(count):,} rounds",
)

# %% [markdown]
# How many rounds says little about the next time. You are the scheduler: the explorer runs one round of each
# under every schedule that can make a difference.


# %%
def quick1():
    with lock1, lock2:
        pass


def quick2():
    with lock2, lock1:
        pass


opposite = explore(Program([quick1, quick2]), reduced=True)
draw_explorer.endings(opposite, "Two threads, two locks, opposite order")

# %%
stuck = opposite.of(DEADLOCK)
again = {replay(Program([quick1, quick2]), stuck[0].schedule).text for _ in range(5)}
claim(
    "7.2-explored",
    "Some schedules end in a deadlock, and such a schedule does so each time it is replayed.",
    opposite.complete
    and [one.text for one in stuck] == ["deadlock: A waits for lock2, B waits for lock1"]
    and again == {stuck[0].text}
    and len(opposite.endings) == 2,
    f"{stuck[0].count} of {opposite.schedules} schedules that differ",
)

# %% [markdown]
# So a test that has passed a thousand times has shown nothing. What the explorer found, it can also show
# again: the schedule is a short text, and it is the bug report. Here it is, at its end. Step back, and watch
# the locks being taken.

# %%
stepper = Stepper(Program([quick1, quick2]))
stepper.load(stuck[0].schedule)
stepper.run_to_end()
stepper

# %% [markdown]
# **Try.** Step back until both locks are free, and go on with other choices. What is the last moment at which
# the deadlock can still be avoided?

# %% [markdown]
# The GIL doesn't let threads switch at every opcode (section 7.1). Does it keep them out of the gap? Here are
# only those switches that this version of CPython makes, first for one round of each, then for two rounds.


# %%
def twice1():
    for _ in range(2):
        with lock1, lock2:
            pass


def twice2():
    for _ in range(2):
        with lock2, lock1:
            pass


once = explore(Program([quick1, quick2]), switch=THIS_GIL)
twice = explore(Program([twice1, twice2]), switch=THIS_GIL, most=300)  # the simplest 300

# %%
claim(
    "7.2-gil",
    "The GIL is no cure: with two rounds of each, switches that it allows lead to the deadlock.",
    bool(twice.of(DEADLOCK)),
    f"one round: {len(once.of(DEADLOCK))} deadlocks in {once.schedules} schedules; two rounds: "
    f"{sum(one.count for one in twice.of(DEADLOCK))} in {twice.schedules}",
    needs=[WITH_GIL],
)

# %% [markdown]
# If your claim says 0 for one round: your version never switches between two `with`s that don't wait. But a
# thread that waited for a lock goes on right behind it, and then it is in the gap.
#
# ### Four conditions, and a cure for each
#
# A deadlock needs four things at once. Take away one, and there is none
# ([Coffman, Elphick, Shoshani, 1971](https://doi.org/10.1145/356586.356588)):
#
# | condition | in the two locks | take it away by |
# |---|---|---|
# | **mutual exclusion** | one thread at a time has a lock | sharing nothing: a queue, a copy, a result |
# | **hold and wait** | it keeps the first while it waits for the second | one lock for both, or all at once |
# | **no preemption** | nobody can take a lock from it | a timeout: it gives its own lock back |
# | **circular wait** | each waits for the other | an order of the locks |
#
# ### An order
#
# The article's cure is the last one: both threads take the locks in the same order.


# %%
def safe1():
    with lock1, lock2:
        pass


def safe2():
    with lock1, lock2:  # the same order
        pass


ordered = explore(Program([safe1, safe2]), reduced=True)
print("deadlocks:", len(ordered.of(DEADLOCK)), " search complete:", ordered.complete)

# %%
claim(
    "7.2-ordered",
    "With one order of the locks no schedule ends in a deadlock.",
    ordered.complete and not ordered.of(DEADLOCK),
    f"{ordered.schedules} schedules that differ, none with a deadlock",
)

# %% [markdown]
# Why does an order help, with any number of locks and threads? Look at the thread that holds the last lock
# of all that are held. What it waits for comes later in the order, so nobody holds it. It goes on.
#
# The order must be one for the whole program, and it is easily lost: `transfer(a, b)` takes *a*'s lock, then
# *b*'s, and somebody calls `transfer(b, a)`. Order by something that each thing has and keeps, such as
# an account's number. Exercise 7.4 does that.
#
# ### A timeout, and the livelock
#
# Without an order: wait for the second lock for a limited time. Who doesn't get it gives the first one back,
# rests, and tries again. In the next cell `meet` sees to it that the first attempt goes wrong.


# %%
def patient(mine, other):
    failures = 0
    while True:
        with mine:
            if failures == 0:
                meet.wait()  # both have their first lock now
            if other.acquire(timeout=0.02):
                other.release()
                break
        failures += 1
        time.sleep(random.uniform(0, 0.01 * 2**failures))
    attempts.append(failures + 1)


def patient1():
    patient(lock1, lock2)


def patient2():
    patient(lock2, lock1)


attempts = []
stayed = run_watched(patient1, patient2)
print("both had both locks:", len(attempts) == 2, " deadlock:", stayed.deadlock)

# %%
claim(
    "7.2-timeout",
    "Where the waits have a timeout, the cycle resolves itself: somebody lets go and tries again.",
    len(attempts) == 2 and max(attempts) >= 2 and not stayed.deadlock,
    f"attempts: {attempts}",
)

# %% [markdown]
# Note the `sleep`: its length is random. Why? Suppose that both rest equally long. Two threads that run in
# step show what can happen then. `in_step` stands for two equal machines: each thread takes its own lock,
# then each reaches for the other's, then the next round begins.


# %%
def give_way(mine, other, pause):
    """Take both locks. Returns in which round that was done, None if it never was."""
    done, failures, resting = None, 0, 0
    for number in range(ROUNDS):
        if resting:
            resting -= 1
            in_step.wait()
            in_step.wait()
            continue
        with mine:
            in_step.wait()  # each has taken its own lock
            has_both = other.acquire(blocking=False)
            if has_both:
                other.release()
            in_step.wait()  # each has tried
        if has_both:
            done, resting = number, ROUNDS  # it rests for the rest
        else:
            failures += 1
            resting = pause(failures)
    return done


# %%
def dance(pause):
    with ThreadPoolExecutor(2) as pool:
        tasks = [
            pool.submit(give_way, lock1, lock2, pause),
            pool.submit(give_way, lock2, lock1, pause),
        ]
    return [task.result() for task in tasks]


ROUNDS, in_step = 60, Barrier(2, timeout=30)

# %%
guess_livelock = Prediction(
    "Both give way and rest for one round after each failure. How many get both locks within "
    "60 rounds?",
    ["both", "one of them", "none"],
)
guess_livelock

# %%
pauses = {
    "again at once": lambda failures: 0,
    "after one round": lambda failures: 1,
    "after a random number of rounds": lambda failures: random.randrange(2**failures),
}
danced = {name: dance(pause) for name, pause in pauses.items()}
for name, rounds in danced.items():
    print(f"{name:32} got both locks: {sum(one is not None for one in rounds)} of 2")

# %%
guess_livelock.compare(
    ["none", "one of them", "both"][sum(one is not None for one in danced["after one round"])],
    {
        "both": "If they rested for different times. They do the same, at the same time.",
        "one of them": "One of them would have to be earlier. They are in step.",
    },
)

# %% [markdown]
# **Look.** Nobody was blocked, everybody was busy, and nothing got done: a **livelock**. It is what happens
# when two people meet in a corridor, and both step aside, to the same side, again and again. Only chance
# breaks the step. Here a thread rests for a random number of rounds, from a range that doubles with each
# failure: **exponential back-off**, as the first Ethernet had it
# ([Metcalfe, Boggs, 1976](https://doi.org/10.1145/360248.360253)).

# %%
claim(
    "7.2-livelock",
    "Two that give way in step never get both locks; a random rest lets both through.",
    danced["again at once"] == [None, None]
    and danced["after one round"] == [None, None]
    and None not in danced["after a random number of rounds"],
    f"rounds in which they had both: {danced}",
    tolerance="random rests may tie in all rounds, in less than one of ten thousand runs",
)

# %% [markdown]
# Two threads of yours seldom stay in step: the barrier made them. But the more there are that contend, and
# the more alike they are, the longer such a dance takes.
#
# ### What RLock hides
#
# A thread that takes a `Lock` twice waits for itself. An `RLock` lets it in (section 4.3), and so it is often
# called the cure for deadlocks. It has two traps. The first: between two threads it changes nothing.

# %%
lock3, lock4 = RLock(), RLock()


def nested(first, second):
    with first, first, second:  # the second time is fine
        pass


reentrant = explore(
    Program([lambda: nested(lock3, lock4), lambda: nested(lock4, lock3)], also=[nested]),
    reduced=True,
)
print(*[one.text for one in reentrant.of(DEADLOCK)])

# %%
claim(
    "7.2-rlocks",
    "Two RLocks in opposite order are a deadlock, as two Locks are.",
    reentrant.complete and len(reentrant.of(DEADLOCK)) == 1,
    f"{reentrant.schedules} schedules that differ; {[one.text for one in reentrant.of(DEADLOCK)]}",
)

# %% [markdown]
# The second trap is worse, as nothing stops. A lock says: *nobody looks while I change this*. With an
# `RLock` somebody may: the thread itself. Here money moves from *a* to *b*, and in the middle a function is
# called that somebody else wrote. It asks for the total.


# %%
class Bank:
    def __init__(self, lock):
        self.lock, self.a, self.b = lock, 100, 0

    def move(self, amount, when_changed):
        with self.lock:
            self.a -= amount
            when_changed()  # somebody else's code, under our lock
            self.b += amount

    def total(self):
        if not self.lock.acquire(timeout=0.1):
            return "waits for itself"
        try:
            return self.a + self.b
        finally:
            self.lock.release()


# %%
def look_inside(lock):
    bank, watched = Bank(lock), []
    bank.move(10, lambda: watched.append(bank.total()))
    return watched[0], bank.total()


inside = {"Lock": look_inside(Lock()), "RLock": look_inside(RLock())}
for kind, (during, after) in inside.items():
    print(f"{kind:5} total in the middle: {during}, afterwards: {after}")

# %%
claim(
    "7.2-rlock",
    "Who holds an RLock gets in again and sees what is half changed; a Lock keeps it out.",
    inside == {"Lock": ("waits for itself", 100), "RLock": (90, 100)},
    f"{inside}",
)

# %% [markdown]
# With a `Lock` this bug is found in the first test: the program hangs, and the graph shows a thread that waits
# for itself. With an `RLock` the total is wrong, and nobody notices. The rule for both: **never call
# somebody else's code while you hold a lock.** Change what must be changed, release, then tell.
#
# ### A lock held across an await
#
# Two tasks, one thread, one `threading.Lock`. Task *a* has the lock and awaits something. Task *b* wants it.

# %%
guess_await = Prediction(
    "a holds the lock and awaits asyncio.sleep for 10 ms. b says: with lock. What happens?",
    ["b waits for 10 ms, then both end", "nothing goes on, for ever", "RuntimeError"],
)
guess_await

# %%
across = """
import asyncio, threading

lock = threading.Lock()

async def worker(name):
    print(name, "wants the lock")
    with lock:
        print(name, "has the lock")
        await asyncio.sleep(0.01)
        print(name, "releases it")

async def main():
    await asyncio.gather(worker("a"), worker("b"))

asyncio.run(main())
"""
said_across, ended_across = run_script(across, lines=3, seconds=0.5)
print(*said_across, "ended" if ended_across else "... killed after half a second", sep="\n")

# %%
guess_await.compare(
    "b waits for 10 ms, then both end" if ended_across else "nothing goes on, for ever",
    {
        "b waits for 10 ms, then both end": "It would, if b had a thread of its own.",
        "RuntimeError": "Nobody checks. The lock knows nothing of tasks.",
    },
)

# %% [markdown]
# `with lock` blocks the *thread*, and the event loop runs in it. *a* will release the lock when its sleep is
# over, and the loop, which would tell it, waits for *a*. A cycle of two, with only one lock. An
# `asyncio.Lock` blocks the task alone:


# %%
async def worker(name, first, second):
    async with first:
        await asyncio.sleep(0.01)
        async with second:
            had_both.append(name)


had_both = []
lock_a, lock_b = asyncio.Lock(), asyncio.Lock()
await asyncio.gather(worker("a", lock_a, lock_b), worker("b", lock_a, lock_b))
print("one order:     ", had_both)

had_both = []
try:
    async with asyncio.timeout(0.2):
        await asyncio.gather(worker("a", lock_a, lock_b), worker("b", lock_b, lock_a))
except TimeoutError:
    print("opposite order:", had_both, "TimeoutError; locked:", lock_a.locked() or lock_b.locked())

# %%
claim(
    "7.2-await",
    "A threading.Lock held across an await stops the loop for good once a second task wants it.",
    not ended_across and said_across == ["a wants the lock", "a has the lock", "b wants the lock"],
    f"{'; '.join(said_across)}; {'ended' if ended_across else 'killed after 0.5 s'}",
)

# %%
claim(
    "7.2-asyncio-locks",
    "asyncio's locks in opposite order deadlock too; a timeout resolves it: it cancels the tasks, "
    "and they release their locks.",
    had_both == [] and not lock_a.locked() and not lock_b.locked(),
    f"had both: {had_both}; both locks are free again",
)

# %% [markdown]
# Tasks can be cancelled where they wait, threads can't. That is worth something: `asyncio.timeout` around
# what could hang costs one line.
#
# ### No lock in sight: a pool that waits for itself
#
# Not only locks are held. A task of a pool holds a worker. In section 4.4 two tasks waited for two others
# that no worker was left for. How far does a larger pool help? Here is a folder in a folder in a folder in a
# folder, and a function that adds up the sizes. Each folder is a task of the same pool.


# %%
def total_size(pool, folder):
    own, *inside = folder
    if not inside:
        return own
    parts = [pool.submit(total_size, pool, one) for one in inside]
    waiting.append(own)  # from here on this task keeps its worker, and waits
    total = own + sum(part.result() for part in parts)
    waiting.remove(own)
    return total


nested_folders = [10, [20, [30, [40]]]]  # the size of its own files, then the folders in it
guess_pool = Prediction(
    "Four folders, one inside the other. How many workers does it take, so that it ends?",
    ["1", "2", "3", "4", "no number is enough"],
)
guess_pool

# %%
fates = {}
for workers in (1, 2, 3, 4):
    waiting = []
    with ThreadPoolExecutor(workers) as pool:
        whole = pool.submit(total_size, pool, nested_folders)
        while not whole.done() and len(waiting) < workers:
            time.sleep(0.001)
        fates[workers] = "ended" if whole.done() else "stuck"
        pool.shutdown(wait=False, cancel_futures=True)  # whoever waits gets a CancelledError
    print(f"{workers} workers: {fates[workers]}")

# %%
enough = [str(workers) for workers, fate in fates.items() if fate == "ended"]
guess_pool.compare(
    enough[0] if enough else "no number is enough",
    {
        "1": "The task of the first folder waits for the second one, and keeps the only worker.",
        "2": "The first two folders have a worker each, and wait for the third one.",
        "3": "Three folders have something inside, so three tasks wait. That is all workers.",
    },
)

# %%
claim(
    "7.2-pool",
    "Tasks that wait for tasks of their own pool are stuck as soon as all its workers wait.",
    fates == {1: "stuck", 2: "stuck", 3: "stuck", 4: "ended"},
    f"{fates}; three of four tasks wait for another",
)

# %% [markdown]
# One folder deeper, and four workers are stuck. So no pool is large enough for all inputs, and the cure is
# another one: let no task wait for a task of its own pool. A task returns what is left to do, and the caller
# submits that and waits.
#
# ### No lock in sight: queue and join
#
# A full queue blocks who puts, an empty one who takes. Two threads with two queues, each with room for one:

# %%
guess_queues = Prediction(
    "The client puts all its questions, then takes all answers. Each queue has room for one. "
    "From how many questions on is that a deadlock?",
    ["2", "3", "4", "never"],
)
guess_queues


# %%
def client():
    for number in range(count):
        questions.put(number)  # all questions first ...
    for _ in range(count):
        answers.get()  # ... then all answers


def server():
    for _ in range(count):
        question = questions.get()
        answers.put(question)


def tables():
    global questions, answers
    questions, answers = Queue(1), Queue(1)


asked = {}
for count in (2, 3, 4):
    asked[count] = explore(Program([client, server], tables), reduced=True)
    ends = sorted(
        {one.text if one.kind == DEADLOCK else "both end" for one in asked[count].endings}
    )
    print(f"{count} questions:", *ends)

# %%
first_stuck = [str(count) for count, found in asked.items() if found.of(DEADLOCK)]
guess_queues.compare(
    first_stuck[0] if first_stuck else "never",
    {
        "2": "One is in the queue, and the server has taken the other.",
        "3": "One in each queue, and one in the server's hand: there is room for three.",
        "never": "Somebody would have to make room, and who could, waits for room.",
    },
)

# %%
claim(
    "7.2-queues",
    "Two bounded queues deadlock, under every schedule, if one message more comes than has room.",
    [bool(found.of(DEADLOCK)) for found in asked.values()] == [False, False, True]
    and all(found.complete for found in asked.values())
    and {one.kind for one in asked[4].endings} == {DEADLOCK},
    "; ".join(f"{count} questions: {sorted(found.texts)}" for count, found in asked.items()),
)

# %% [markdown]
# With three questions it works under every schedule, with four under none. Such a bug sleeps until the day
# when there is more to do.
#
# And `join`: a process that has put something on a `multiprocessing.Queue` doesn't end before somebody has
# taken it, if it is more than the pipe beneath it holds. Whoever waits for its end first waits for ever
# ([guidelines](https://docs.python.org/3/library/multiprocessing.html#joining-processes-that-use-queues)).

# %%
print(inspect.getsource(send_much))

# %%
context = get_context("spawn")
channel, done = context.Queue(), context.Event()
child = context.Process(target=send_much, args=(channel, done, 1_000_000))
child.start()
done.wait(30)  # it has put all, and has nothing else to do
child.join(timeout=0.3)
alive_before = child.is_alive()
received = channel.get()
child.join(timeout=30)
print("after put, it still lives:", alive_before, " after get:", child.is_alive())
channel.close()
channel = done = None  # they keep semaphores

# %%
claim(
    "7.2-join",
    "A process with an undelivered message doesn't end; it does when somebody takes the message.",
    alive_before and child.exitcode == 0 and len(received) == 1_000_000,
    f"alive after join(0.3): {alive_before}; then exit code {child.exitcode}",
)

# %% [markdown]
# ### The dining philosophers
#
# A round table, *N* philosophers, one fork between each two. To eat, one needs both forks beside one's
# plate. [Dijkstra's puzzle](https://www.cs.utexas.edu/~EWD/ewd03xx/EWD310.PDF) is the two locks with
# *N* of them: a philosopher is a thread, a fork is a lock.

# %%
forks = [Lock(), Lock(), Lock()]


def left_first(seat):
    with forks[seat], forks[(seat + 1) % len(forks)]:
        pass  # eat


def lower_first(seat):
    lower, higher = sorted([seat, (seat + 1) % len(forks)])
    with forks[lower], forks[higher]:
        pass  # eat


guess_philosophers = Prediction(
    "Three philosophers eat once each, and each takes the left fork first. Of all schedules that "
    "differ, how many end in a deadlock?",
    ["none", "a few", "most"],
)
guess_philosophers

# %%
dinners = {
    how.__name__: explore(Program([partial(how, seat) for seat in range(3)]), reduced=True)
    for how in (left_first, lower_first)
}
draw_explorer.endings(dinners["left_first"], "Three philosophers, each takes the left fork first")

# %%
share = (
    sum(one.count for one in dinners["left_first"].of(DEADLOCK)) / dinners["left_first"].schedules
)
guess_philosophers.compare(
    "none" if share == 0 else "a few" if share < 0.5 else "most",
    {
        "none": "If nobody gets the second fork before all have the first one, nobody ever does.",
        "most": "It takes all three in the gap between their forks. A quick one saves them.",
    },
)

# %%
draw_explorer.endings(
    dinners["lower_first"], "Three philosophers, the fork with the lower number first"
)

# %%
claim(
    "7.2-philosophers",
    "Three who take the left fork first can deadlock; three who take the lower number first "
    "don't, under any schedule.",
    len(dinners["left_first"].of(DEADLOCK)) == 1
    and not dinners["lower_first"].of(DEADLOCK)
    and all(one.complete for one in dinners.values()),
    "; ".join(
        f"{name}: {sum(end.count for end in one.of(DEADLOCK))} of {one.schedules} schedules"
        for name, one in dinners.items()
    ),
)

# %% [markdown]
# Is that a proof? For this program, and under these conditions:
#
# - It is about three threads that eat once each, with these bodies. Not about thirty, nor about code that
#   you add.
# - Each opcode of these functions, on this interpreter, is a step, and the locks are the explorer's own: it
#   knows of every wait. What C code does inside is one step.
# - The search was complete: no bound cut it short. If it had, it would say so.
# - It left out schedules which differ only in the order of steps that don't concern each other. That this
#   loses no ending is a theorem about the method
#   ([Flanagan, Godefroid, 2005](https://doi.org/10.1145/1040305.1040315)). That the explorer does it
#   rightly is only tested, against the full search on many small programs.
#
# For any *N*, the argument about the order above is the proof.
#
# Now real dinners, each in a child process, for half a second: with the two strategies and two more. Between
# the first fork and the second each philosopher pauses for 20 ms. A **waiter** lets all but one reach for
# forks. *Put back and retry* is the timeout with a random pause.

# %%
print(inspect.getsource(workers_philosophers.waiter))
print(inspect.getsource(workers_philosophers.put_back))

# %%
table = [philosophers.dine(5, strategy, reach_s=0.02) for strategy in philosophers.STRATEGIES]
draw_philosophers.strategies(table)

# %%
claim(
    "7.2-strategies",
    "Left fork first ends in a deadlock; with an order, a waiter, or a retry there is none.",
    table[0].deadlock
    and not any(one.deadlock for one in table[1:])
    and all(sum(one.meals) for one in table[1:]),
    "; ".join(f"{one.strategy}: {sum(one.meals)} meals" for one in table),
)

# %%
philosophers_lab().set(seats=5, strategy="left fork first", reach_s=0.02).run()

# %% [markdown]
# ### Starvation
#
# Nobody is deadlocked, and yet one waits and waits: **starvation**. A lock promises nothing about who is
# next ([docs](https://docs.python.org/3/library/threading.html#lock-objects)). Two threads want one lock
# again and again. While one waits for it, how many turns does the other one take?
#
# To compare: a lock with a queue. Who has to wait waits at a lock of its own, until the one before hands over.

# %%
print(inspect.getsource(workers_fairness.QueuedLock))

# %%
guess_starving = Prediction(
    "Each thread does next to nothing with the lock and takes it again at once. How many turns "
    "does the other one take, at most, while one waits?",
    ["one: they take turns", "a few", "a hundred or more"],
)
guess_starving

# %%
contests = [fairness.contest(lock) for lock in fairness.LOCKS]
draw_fairness.passed_over(contests)

# %%
plain, queued = contests
guess_starving.compare(
    None
    if not plain.waits
    else "a hundred or more"
    if plain.most >= 100
    else "a few"
    if plain.most > 1
    else "one: they take turns",
    {
        "one: they take turns": "Nobody arranges that: who comes first gets the lock.",
        "a few": "The one that has just released it runs already, and is there first.",
    },
)

# %% [markdown]
# **Look.** Each dot is one wait. Above, one thread waits while the other one comes and goes. Below, with the
# queue, nobody is passed over more than once. At the right stand the turns of both together. Compare them
# when your machine is idle: nearly every turn with the queue takes a switch from one thread to the other.

# %%
claim(
    "7.2-starvation",
    "While one waits for a plain lock, the other one may take it many times; with a queue, once.",
    checked(
        plain.most > 1 and queued.most <= 1,
        f"at most {plain.most:,} turns during one wait, with a queue {queued.most:,}",
    )
    if plain.waits
    else untold("the two never wanted the lock at the same time"),
)

# %% [markdown]
# **Explain.** A deadlock is a cycle of waits. What is held may be a lock, a worker of a pool, a place in a
# queue, the event loop's thread. So the question is always the same: *what does it hold while it waits, and
# who needs that?* A livelock is the same circle with everybody in motion. Starvation has no circle: there is
# always somebody who goes on, only it isn't you.
#
# **Try.** In the philosophers' lab set the pause between the forks to none. Is there still a deadlock?
# Run it a few times, and look at the lanes. Then give the explorer's table a fourth fork and a fourth seat.
# How many schedules does it take now?

# %% [markdown]
# ## 7.3 Debugging
#
# *45 minutes; 180 so far*
#
# A race or a deadlock shows under some schedules only, and seldom under the one that you get when you look.
# So don't stare at the code: let the program tell you who does what, where it stands, and under which
# schedule it fails.
#
# ### Who said that?
#
# The article sets up logging with `%(threadName)s` in each line. Three senders will log: a task in this
# notebook's event loop, a thread, and a process.

# %% [markdown]
# The next cell imports what only this section uses.

# %%
import io
import logging
import logging.handlers
import re
import traceback

from helpers.measure.debugging import asyncio_tree, py_spy_dump, run_pytest, running
from helpers.workers.debugging import log_from_a_process

# %%
guess_names = Prediction(
    "A task, a thread and a process each log a line. The line names the thread. How many different "
    "names do you see?",
    ["one", "two", "three"],
)
guess_names

# %% [markdown]
# Several threads may write to one log file, several processes may not
# ([cookbook](https://docs.python.org/3/howto/logging-cookbook.html#logging-to-a-single-file-from-multiple-processes)).
# So everybody puts their **records**, one for each line to come, on one queue, by a `QueueHandler`; one
# `QueueListener` takes them off and writes. The worker for the process:

# %%
print(inspect.getsource(log_from_a_process))

# %% [markdown]
# A record knows its thread and its process. Since Python 3.12 it knows its task as well
# ([docs](https://docs.python.org/3/library/logging.html#logrecord-attributes)); the filter below does it on any
# version.


# %%
class NameTheTask(logging.Filter):
    def filter(self, record):
        try:
            task = asyncio.current_task()
        except RuntimeError:  # no event loop in this thread
            task = None
        record.taskName = task.get_name() if task else None
        return True


class Keep(logging.Handler):
    """In place of the one that writes to a file: the records, as they come."""

    def emit(self, record):
        kept.append(record)


kept = []
records = get_context("spawn").Queue()
log = logging.getLogger("shop")  # one of our own: the root logger is the kernel's
log.setLevel(logging.DEBUG)
log.propagate = False
to_queue = logging.handlers.QueueHandler(records)
to_queue.addFilter(NameTheTask())
log.addHandler(to_queue)


# %%
def debug_thread():  # the article's
    log.debug(f"Thread ID: {threading.get_ident()}")


async def debug_task():
    log.debug("hello from a task")


listener = logging.handlers.QueueListener(records, Keep())
listener.start()
await asyncio.create_task(debug_task(), name="task 1")
thread = Thread(target=debug_thread, name="thread 1")
process = get_context("spawn").Process(target=log_from_a_process, args=(records,), name="process 1")
for sender in (thread, process):
    sender.start()
    sender.join()
listener.stop()  # after what is in the queue already
log.removeHandler(to_queue)
records.close()
records.join_thread()
records = to_queue = listener = process = None  # or the notebook would keep the queue

# %%
kept.sort(key=lambda record: record.created)  # from several processes they come as they come
article = logging.Formatter("%(threadName)s")
names = [article.format(record) for record in kept]
print("by the article's format:", *names, sep="\n   ")

all_three = logging.Formatter(
    "%(processName)-11s | %(threadName)-10s | %(taskName)s", defaults={"taskName": None}
)
lines = [all_three.format(record) for record in kept]
print("with all three names:", *lines, sep="\n   ")

# %%
different = len(set(names))
guess_names.compare(
    {1: "one", 2: "two", 3: "three"}[different],
    {
        "one": "The thread has a name of its own.",
        "three": "Each process has a MainThread, and a task runs in a thread of its loop.",
    },
)

# %% [markdown]
# **Look.** By the article's format, the task and the process are both `MainThread`: you would think that
# one of them spoke twice. With all three names there is no doubt.

# %%
claim(
    "7.3-thread-name",
    "The thread's name doesn't tell a task of the main thread from another process's main thread.",
    sorted(names) == ["MainThread", "MainThread", "thread 1"],
    f"{names}",
)

# %%
claim(
    "7.3-names",
    "Process, thread and task together name the sender, through one queue from all three.",
    [tuple(re.split(r" +\| ", line)) for line in lines]
    == [
        ("MainProcess", "MainThread", "task 1"),
        ("MainProcess", "thread 1", "None"),
        ("process 1", "MainThread", "None"),
    ],
    "; ".join(lines),
)

# %% [markdown]
# The article's thread logs its own number. The record has it already:

# %%
[of_the_thread] = [record for record in kept if record.threadName == "thread 1"]
claim(
    "7.3-ident",
    "A record carries the number of the thread that logged it, and the number of its process.",
    of_the_thread.getMessage() == f"Thread ID: {of_the_thread.thread}"
    and len({record.process for record in kept}) == 2,
    f"record.thread {of_the_thread.thread}, its message {of_the_thread.getMessage()!r}",
)

# %% [markdown]
# **Explain.** A record is made where somebody logs, and carries the names of that place with it. To log then
# means to put it on a queue, and nobody waits for a disk: good for an event loop, too
# ([cookbook](https://docs.python.org/3/howto/logging-cookbook.html#dealing-with-handlers-that-block)). And
# since names are what you will read, give your threads, processes and tasks names that say something.
#
# ### It hangs: where?
#
# Two threads take the same two locks in opposite order. The barrier makes sure that each holds its first
# one, so this program hangs for certain. Its last line prepares for that: if it still runs after half a
# second, **faulthandler** writes down where each thread stands, and ends it.

# %%
hang = """
import faulthandler
from threading import Barrier, Lock, Thread

stock_lock, price_lock = Lock(), Lock()
both_hold_one = Barrier(3)

def sell():
    with stock_lock:
        both_hold_one.wait()
        with price_lock:
            print("sold")

def reprice():
    with price_lock:
        both_hold_one.wait()
        with stock_lock:
            print("new price")

Thread(target=sell, name="sell").start()
Thread(target=reprice, name="reprice").start()
both_hold_one.wait()
faulthandler.dump_traceback_later(0.5, exit=True)
"""

# %% tags=["nbval-ignore-output"]
ended = subprocess.run([sys.executable, "-c", hang], capture_output=True, text=True, timeout=30)
print(re.sub(r'".*[/\\](\w+\.py)"', r'"\1"', ended.stderr))  # without the folders


# %%
def lines_at(places):
    """Each function with the line of the script where it stands, from (function, line number)."""
    return sorted((name, hang.splitlines()[int(number) - 1].strip()) for name, number in places)


places = re.findall(r'File "<string>", line (\d+) in (\w+)', ended.stderr)
stand_at = lines_at((name, number) for number, name in places)
for function, line in stand_at:
    print(f"{function} stands at: {line}")
print("exit code", ended.returncode)

# %%
claim(
    "7.3-hang",
    "faulthandler writes the line where each thread of a hanging program waits, and ends it.",
    stand_at == [("reprice", "with stock_lock:"), ("sell", "with price_lock:")]
    and ended.returncode == 1
    and not ended.stdout,
    f"{stand_at}",
)

# %% [markdown]
# **Look.** Each thread waits for the lock that the other one holds, and here are both lines. A thread of
# faulthandler's own did it
# ([docs](https://docs.python.org/3/library/faulthandler.html#dumping-the-tracebacks-after-a-timeout)): the hanging
# ones didn't have to do anything. In a test suite it is one setting, pytest's
# [`faulthandler_timeout`](https://docs.pytest.org/en/stable/how-to/failures.html#fault-handler).
#
# **Try.** Let `reprice` take its locks in the same order as `sell`, and make the barrier one of 1: then both
# can always go on. What does faulthandler write, and what is the exit code?
#
# ### Look into a thread of your own
#
# In a program that goes on running, or in a notebook, you can look yourself.
# [`sys._current_frames()`](https://docs.python.org/3/library/sys.html#sys._current_frames) gives for each
# thread the **frame** that it executes: a function call, with its line and its variables. Here two threads
# wait for a lock that the notebook holds.


# %%
def ship(order):
    with door:
        shipped.append(order)


def frame_in(thread, function):
    """The thread's frame in this function, as soon as it is there."""
    while True:
        for frame, _ in traceback.walk_stack(sys._current_frames()[thread.ident]):
            if frame.f_code is function.__code__:
                return frame
        time.sleep(0.001)  # on its way


# %%
door, shipped, seen = Lock(), [], []
workers = [Thread(target=ship, args=(f"order {n}",)) for n in (1, 2)]
with door:
    for worker in workers:
        worker.start()
        frame = frame_in(worker, ship)
        [place] = traceback.extract_stack(frame, limit=1)
        seen.append((place.line, frame.f_locals["order"]))
frame = None  # it keeps all of the thread's variables alive
for worker in workers:
    worker.join()
print(*seen, sep="\n")

# %%
claim(
    "7.3-frames",
    "The frame of a live thread tells the line where it stands and the values of its variables.",
    [order for _, order in seen] == ["order 1", "order 2"]
    and {line for line, _ in seen} == {"with door:"},
    f"{seen}",
)

# %% [markdown]
# ### A program that nobody prepared
#
# The same program, but without its last line: it hangs, and nobody has prepared for it. **py-spy** reads the
# memory of another process, and says where its threads stand. The system must let you look into another
# process: on macOS that takes root, on Linux mostly too unless it is a child of yours, in a container the right to
# `ptrace` ([py-spy](https://github.com/benfred/py-spy#when-do-you-need-to-run-as-sudo)). Where it can't be done,
# the next cell says why.

# %% tags=["nbval-ignore-output"]
not_prepared = hang.replace("faulthandler.dump_traceback_later(0.5, exit=True)", 'print("ready")')
with running(not_prepared) as pid:  # until the block ends
    spied = py_spy_dump(pid)
print(spied)

# %%
spied_at = lines_at(re.findall(r"(\w+) \(<string>:(\d+)\)", spied.text))
claim(
    "7.3-py-spy",
    "py-spy tells from outside where each thread of a hanging program stands.",
    checked(spied_at == stand_at, f"{spied_at}") if spied.text else untold(str(spied)),
)

# %% [markdown]
# ### What you forgot
#
# Now asyncio, and the article's own example: with debug mode on, it says, its `await asyncio.sleep(0.2)` "will
# be logged as a slow callback". In the script below this comes first. Then come three real mistakes: a call that
# blocks the loop, a coroutine that nobody awaits, a file that nobody closes.

# %%
guess_dev = Prediction(
    "How many of the three mistakes does Python complain about, if you run the script as usual?",
    ["none", "one", "two", "all three"],
)
guess_dev

# %%
forgetful = """
import asyncio, os, sys, time

async def save():
    pass

async def debug_coroutine():  # the article's
    loop = asyncio.get_running_loop()
    loop.slow_callback_duration = 0.1
    await asyncio.sleep(0.2)

async def main():
    await debug_coroutine()
    print("--- so far the article's", file=sys.stderr)
    time.sleep(0.2)
    forgotten = save()
    open(os.devnull)

asyncio.run(main())
"""


def complaints(text):
    return [word for word in ("never awaited", "unclosed file", "Executing") if word in text]


# %%
said = {}
for options in ((), ("-X", "dev")):
    command = [sys.executable, *options, "-c", forgetful]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30)
    said[options] = ran.stderr.split("--- so far the article's")
(plain_first, plain), (dev_first, dev) = said.values()
print("python:       ", complaints(plain))
print("python -X dev:", complaints(dev))

# %%
guess_dev.compare(
    guess_dev.answers[len(complaints(plain))],
    {
        "none": "A coroutine that nobody awaits is always worth a warning.",
        "two": "Nor does it mention the file: ResourceWarning is hidden by default.",
        "all three": "That takes -X dev.",
    },
)

# %% [markdown]
# **Look.** `-X dev`, Python's
# [development mode](https://docs.python.org/3/library/devmode.html), shows warnings that are hidden by
# default, `ResourceWarning` for one, and turns asyncio's debug mode on. So `loop.set_debug(True)`, as in
# the article, isn't needed.

# %%
claim(
    "7.3-dev",
    "Of the three mistakes, plain Python reports the coroutine only; -X dev reports all of them.",
    complaints(plain) == ["never awaited"] and len(complaints(dev)) == 3,
    f"plain {complaints(plain)}, dev {complaints(dev)}",
)


# %%
def steps_of(text):
    """The seconds in lines such as: Executing <Task …> took 0.251 seconds."""
    return [float(seconds) for seconds in re.findall(r"took (\S+) seconds", text)]


claim(
    "7.3-slow",
    "A step that keeps the loop's thread is logged as slow, an await of the same length isn't.",
    not any(step >= 0.2 for step in steps_of(dev_first))
    and any(step >= 0.2 for step in steps_of(dev)),
    f"during the await {steps_of(dev_first)} s, with time.sleep {steps_of(dev)} s",
    tolerance="a busy machine may make any step slow; one of the length of the sleep counts",
)

# %% [markdown]
# And *where* was the coroutine forgotten? A plain warning comes when it is thrown away, and names the line
# that runs then. Here that is a line of asyncio's own.

# %%
made = re.search(r'Coroutine created at.*File "<string>", line (\d+), in main', dev, re.DOTALL)
print("the plain warning names the script:", "<string>" in plain)
print("debug mode: made at", forgetful.splitlines()[int(made[1]) - 1].strip())

# %%
claim(
    "7.3-created",
    "Debug mode says where a coroutine that nobody awaited was made; the plain warning may not.",
    "<string>" not in plain and "save()" in forgetful.splitlines()[int(made[1]) - 1],
    f"made in line {made[1]}",
)

# %% [markdown]
# **Try.** Run a program of your own with `-X dev`. What does it complain about?
#
# ### A task that doesn't come back
#
# A task awaits `serve`, which awaits `find`, which awaits a future that nobody will ever set. `print_stack`
# shows where a task stands.

# %%
guess_stack = Prediction(
    "Which functions does print_stack show?", ["serve and find", "serve only", "find only"]
)
guess_stack


# %%
async def find():
    await asyncio.get_running_loop().create_future()


async def serve():
    await find()


customer = asyncio.create_task(serve(), name="customer 1")
await asyncio.sleep(0)  # let it begin
text = io.StringIO()
customer.print_stack(file=text)
shown = re.findall(r"line \d+, in (\w+)", text.getvalue())
print("print_stack shows:", shown)

# %%
guess_stack.compare(
    {("serve", "find"): "serve and find", ("serve",): "serve only"}.get(tuple(shown), "find only"),
    {
        "serve and find": "That is what you would want. Of a task that waits, it shows one frame.",
        "find only": "That would be the more useful one. It is the outermost.",
    },
)

# %% [markdown]
# Of a suspended task `print_stack` knows the outermost coroutine only
# ([docs](https://docs.python.org/3/library/asyncio-task.html#asyncio.Task.get_stack)). But each
# coroutine knows what it awaits: follow `cr_await` to the end. (From 3.14 on,
# [`asyncio.print_call_graph`](https://docs.python.org/3/library/asyncio-graph.html) does that for you.)


# %%
def chain(task):
    names, awaited = [], task.get_coro()
    while hasattr(awaited, "cr_code"):  # the future at the end has none
        names.append(awaited.cr_code.co_name)
        awaited = awaited.cr_await
    return names


print("it awaits:", " → ".join(chain(customer)))
followed = chain(customer)
customer.cancel()
_ = await asyncio.wait([customer])

# %%
claim(
    "7.3-stack",
    "print_stack shows one function of a task that waits; cr_await leads to the innermost.",
    shown == ["serve"] and followed == ["serve", "find"],
    f"print_stack {shown}, cr_await {followed}",
)

# %% [markdown]
# Python 3.14 does this from outside: `python -m asyncio ps PID` lists the tasks of a running program, and
# `pstree PID` draws who awaits whom
# ([What's New](https://docs.python.org/3/whatsnew/3.14.html#asyncio-introspection-capabilities)). The next cell
# starts a shop on a 3.14 or newer, if you have one, and looks into it. As with py-spy, the system must let
# you.

# %% tags=["nbval-ignore-output"]
shop = """
import asyncio

async def find():
    await asyncio.get_running_loop().create_future()

async def serve():
    await find()

async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(), name="customer 1")
        group.create_task(serve(), name="customer 2")
        await asyncio.sleep(0)  # both have begun
        print("ready")

asyncio.run(main())
"""
tree = asyncio_tree(shop)
print(tree)

# %%
in_the_tree = re.findall(r"\(T\) (customer \d)|(find) <string>", tree.text)
claim(
    "7.3-pstree",
    "From outside, asyncio pstree shows each task, down to the function in which it waits.",
    checked(
        [task or function for task, function in in_the_tree]
        == ["customer 1", "find", "customer 2", "find"],
        f"{in_the_tree}",
    )
    if tree.text
    else untold(str(tree)),
)

# %% [markdown]
# ### Find the race
#
# A shop sells its stock. Between the read of `in_stock` and the write stands a call, and there another thread may
# come in (section 7.1). Here is the test that everybody writes first: some threads sell, all at once; in the end
# nothing must be left.


# %%
def minus_one(number):
    return number - 1


def sell():
    global in_stock
    in_stock = minus_one(in_stock)


def trial(threads, times, start):
    """What is left after each thread has sold so many times; start: what they wait for."""
    global in_stock
    in_stock = threads * times

    def customer():
        start.wait()
        for _ in range(times):
            sell()

    customers = [Thread(target=customer) for _ in range(threads)]
    for each in customers:
        each.start()
    for each in customers:
        each.join()
    return in_stock


# %%
guess_usual = Prediction(
    "4 threads sell 50 times each, without a lock. How many of 100 such tests notice a lost sale?",
    ["none", "some", "most"],
)
guess_usual

# %%
usual = sum(trial(4, 50, Barrier(1)) != 0 for _ in range(100))  # a barrier of one lets all through

# %%
guess_usual.compare(
    "none" if usual == 0 else "some" if usual <= 50 else "most",
    {
        "some": "With so little to do, a thread may be done before the next one starts.",
        "most": "The code is wrong in all of them. To be wrong isn't to fail.",
    },
)

# %% [markdown]
# A **stress test** makes bad schedules likely. The threads start together, at a `Barrier`; they
# work longer; the **switch interval** (chapter 2) is a thousandth of the usual one or less, so that they take
# turns more often; and all that again and again.


# %%
def stress(rounds):
    """The number of the first round that loses a sale; None if none does."""
    usual_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # seconds
    try:
        for number in range(1, rounds + 1):
            if trial(4, 5_000, Barrier(4)) != 0:
                return number
        return None
    finally:
        sys.setswitchinterval(usual_interval)


lost_in_round = stress(500)

# %%
claim(
    "7.3-stress",
    "Started together, switched often and repeated, the threads lose a sale sooner or later.",
    lost_in_round is not None,
    f"the usual test noticed it {usual} times of 100, the stress test in round {lost_in_round}",
    tolerance="500 rounds; where one of ten loses, all of them go well once in 10^22 runs",
)

# %% [markdown]
# ### Keep it found
#
# A stress test is a lottery: run it again, and it is another round. The explorer (section 7.1) doesn't draw lots.
# It tries every schedule that can make a difference, and hands you one that loses a sale.


# %%
def refill():
    global in_stock
    in_stock = 2


program = Program([sell, sell], refill)
found = explore(program, reduced=True)
draw_explorer.endings(
    found, "Two sales, a stock of two: some schedules lose one", good="in_stock = 0"
)

# %%
lost = found.ending("in_stock = 1")
again = {replay(program, lost.schedule).text for _ in range(50)}
print("replayed 50 times:", *again)

# %%
claim(
    "7.3-replay",
    "Replayed, a schedule gives the same ending every time.",
    again == {"in_stock = 1"} and found.texts == {"in_stock = 0", "in_stock = 1"},
    f"{lost.schedule}: {again}",
)

# %% [markdown]
# That makes a test which doesn't depend on luck. It goes into a file, beside the module under test, and
# pytest runs it.

# %%
stock = "in_stock = 2\n\n" + "\n\n".join(map(inspect.getsource, (minus_one, sell, refill)))
test_every = """
import pytest, stock
from helpers.measure.explorer import Program, explore, replay

PROGRAM = Program([stock.sell, stock.sell], stock.refill)

def test_every_schedule():
    found = explore(PROGRAM, reduced=True)
    assert found.complete
    for ending in found.endings:
        assert ending.text == "in_stock = 0", ending.schedule
"""

# %% tags=["nbval-ignore-output"]
first_run = run_pytest({"stock.py": stock, "test_stock.py": test_every})
print(first_run)

# %% [markdown]
# **Look.** The reason in the last line is the schedule: version, a mark of the code, and whose turn it is for how
# many steps. Copy it into a test of its own, as the next cell does. From now on this test fails for this
# reason every time, and in no time, until somebody mends the code.

# %%
schedule = re.search(r"\d\.\d+:\w{4}( [A-D]\d*)+", first_run.lines[0])[0]
test_kept = f"""
def test_the_schedule_that_lost_a_sale():
    try:
        ending = replay(PROGRAM, "{schedule}")
    except ValueError as why:  # another version, or other code
        pytest.skip(str(why))
    assert ending.text == "in_stock = 0"
"""
second_run = run_pytest({"stock.py": stock, "test_stock.py": test_every + test_kept})
mended = "from threading import Lock\n\nlock = Lock()\n" + stock.replace(
    "    in_stock = minus_one(in_stock)", "    with lock:\n        in_stock = minus_one(in_stock)"
)
third_run = run_pytest({"stock.py": mended, "test_stock.py": test_every + test_kept})
print("before:", str(second_run).splitlines()[0])
print("mended:", str(third_run).splitlines()[0])

# %%
claim(
    "7.3-kept",
    "A test that replays the schedule fails as long as the race is there. On the mended code it "
    "says that the schedule no longer applies, and the search under every schedule passes.",
    (second_run.passed, second_run.failed) == (0, 2)
    and (third_run.passed, third_run.failed, third_run.skipped) == (1, 0, 1),
    "; ".join(third_run.lines),
)

# %% [markdown]
# **Explain.** A schedule is made of steps of one program, compiled by one version. Change either, and it
# means nothing: then `replay` raises a `ValueError` that says so, rather than run something else. So
# keep both tests: the one that shows the bug to whoever has to mend it, and the one that proves it mended.
#
# **Try.** In the mended module, put only the write under the lock, with `number = minus_one(in_stock)` before it.
# What does each of the two tests say? Then let `minus_one` call `time.sleep(0)`, and look how many rounds the
# stress test needs.

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
# - A **deadlock** is a cycle of waits. The **wait-for graph** shows it, with the lines.
# - It needs mutual exclusion, hold and wait, no preemption, and a circular wait. An order of the locks takes
#   away the last one, for any number of threads.
# - Who gives way and retries in step with others is in a **livelock**. A random, growing pause breaks the step.
# - An `RLock` only helps a thread against itself, and lets it see what is half changed. Call nobody else's
#   code under a lock.
# - No `threading.Lock` across an `await`; no task that waits for its own pool; no `join` before the queue is
#   drained.
# - A test that passes shows little. The explorer shows all schedules of a small program, and replays one.
# - **Starvation**: a lock promises no order.
# - A thread's name isn't enough: log **process, thread and task**. A `QueueHandler` for everybody who logs, one
#   `QueueListener` that writes.
# - A program that hangs: **faulthandler** if you prepared it, `sys._current_frames` from within, **py-spy**
#   from outside.
# - `-X dev` finds coroutines that nobody awaits, files that nobody closes, and steps that block the loop.
# - `Task.print_stack` shows the outermost coroutine; `cr_await`, or `python -m asyncio pstree`, the
#   innermost.
# - A **stress test** makes a race likely: a barrier, a small switch interval, many rounds.
# - A **schedule** makes it certain: keep it in a test, beside one that tries all of them.

# %% [markdown]
# ## Exercises
#
# *About 30 minutes for the first three, 15 for the next two.* Write, run the cell, then run the check below it.

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
# ### Exercise 7.4: hold them all
#
# Accounts have a `number` and a `lock`. Write `hold(*accounts)`, a context manager that takes all their locks,
# and releases them, whatever happens in its block. Two threads with the same accounts in another order must
# never deadlock. The same account may be given twice.

# %% tags=["exercise"]
from contextlib import contextmanager


@contextmanager
def hold(*accounts):
    for account in accounts:
        account.lock.acquire()
    yield
    for account in accounts:
        account.lock.release()


# %%
exercises.check("7.4", checks_deadlocks.hold, hold)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# from contextlib import ExitStack, contextmanager
#
#
# @contextmanager
# def hold(*accounts):
#     with ExitStack() as stack:
#         for account in sorted(set(accounts), key=lambda one: one.number):
#             stack.enter_context(account.lock)
#         yield
# ```
#
# A set, so that none is taken twice; sorted, so that all threads take them in one order; an `ExitStack`,
# which releases what has been taken even if the block raises.
#
# </details>

# %% [markdown]
# ### Exercise 7.5: find the cycle
#
# `waits_for` says for which lock a thread waits, `held_by` which thread has a lock; both are dicts of names.
# A thread that doesn't wait, and a lock that is free, isn't in them. Write `find_cycle`: it returns the threads
# of a cycle, each one followed by the holder of what it waits for, or `[]` if there is none.


# %% tags=["exercise"]
def find_cycle(waits_for, held_by):
    return []


# %%
exercises.check("7.5", checks_deadlocks.find_cycle, find_cycle)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def find_cycle(waits_for, held_by):
#     for thread in waits_for:
#         way = [thread]
#         while way[-1] in waits_for:
#             holder = held_by.get(waits_for[way[-1]])
#             if holder == thread:
#                 return way
#             if holder is None or holder in way:
#                 break
#             way.append(holder)
#     return []
# ```
#
# `holder in way` matters: a thread may wait for one that is in a cycle, and not be part of it. Without that
# line the search would go round for ever.
#
# </details>

# %% [markdown]
# ### Eight programs, eight bugs
#
# *About 60 minutes.* Eight short programs, each with a bug of another kind. In each, name the bug (`bug`
# is one of the kinds below, word for word) and mend the code; the names of classes and methods stay. Threads are
# checked by the explorer of section 7.1: your program has to end well under every schedule that can make a
# difference, with switches at any opcode, as on a free-threaded build.

# %%
for kind in sorted(checks_bugs.KINDS):
    print(f"{kind}: {checks_bugs.KINDS[kind]}")

# %% [markdown]
# ### Exercise 7.6
#
# Players of a game choose nicknames. Each name goes to one player; `take` says whether the player has got it.

# %% tags=["exercise"]
bug = ...  # one of the kinds above


class Nicknames:
    def __init__(self):
        self.players = {}

    def take(self, name, player):
        if name in self.players:
            return False
        self.players[name] = player
        return True


# %%
exercises.check("7.6", checks_bugs.nicknames, bug, Nicknames, deadline=60)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# bug = "check then act"
#
#
# class Nicknames:
#     def __init__(self):
#         self.players = {}
#         self.lock = threading.Lock()
#
#     def take(self, name, player):
#         with self.lock:
#             if name in self.players:
#                 return False
#             self.players[name] = player
#             return True
# ```
#
# The look and the act have to be one step: nobody may come in between. `setdefault` is such a step of the dict's
# own: `return self.players.setdefault(name, player) == player` is right as well.
#
# </details>

# %% [markdown]
# ### Exercise 7.7
#
# `move` moves money from one account to another, and holds both locks while both balances change. One
# thread moves from the first account to the second, another one from the second to the first.

# %% tags=["exercise"]
bug = ...  # one of the kinds above


class Account:
    def __init__(self, number, balance):
        self.number, self.balance = number, balance
        self.lock = threading.Lock()


def move(source, target, amount):
    with source.lock, target.lock:
        source.balance -= amount
        target.balance += amount


# %%
exercises.check("7.7", checks_bugs.transfer, bug, move, Account, deadline=60)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# bug = "lock order"
#
#
# class Account:
#     def __init__(self, number, balance):
#         self.number, self.balance = number, balance
#         self.lock = threading.Lock()
#
#
# def move(source, target, amount):
#     first, second = source, target
#     if target.number < source.number:
#         first, second = target, source
#     with first.lock, second.lock:
#         source.balance -= amount
#         target.balance += amount
# ```
#
# Whatever the direction, the account with the smaller number is locked first. So nobody can hold the
# larger one and wait for the smaller.
#
# </details>

# %% [markdown]
# ### Exercise 7.8
#
# Two threads `put` something into the box, two threads `take` something out. `take` waits while the box
# is empty.

# %% tags=["exercise"]
bug = ...  # one of the kinds above


class Box:
    def __init__(self):
        self.things = []
        self.changed = threading.Condition()

    def put(self, thing):
        with self.changed:
            self.things.append(thing)
            self.changed.notify_all()

    def take(self):
        with self.changed:
            if not self.things:
                self.changed.wait()
            return self.things.pop()


# %%
exercises.check("7.8", checks_bugs.box, bug, Box, deadline=60)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# bug = "if instead of while"
#
#
# class Box:
#     def __init__(self):
#         self.things = []
#         self.changed = threading.Condition()
#
#     def put(self, thing):
#         with self.changed:
#             self.things.append(thing)
#             self.changed.notify_all()
#
#     def take(self):
#         with self.changed:
#             while not self.things:
#                 self.changed.wait()
#             return self.things.pop()
# ```
#
# To be woken means: look again. `notify_all` wakes both takers, and the first takes the thing.
#
# </details>

# %% [markdown]
# ### Exercise 7.9
#
# Threads `wait` until somebody has opened the gate; whoever comes later goes right through. `is_open` says
# whether it is open, and has to stay.

# %% tags=["exercise"]
bug = ...  # one of the kinds above


class Gate:
    def __init__(self):
        self.is_open = False
        self.changed = threading.Condition()

    def open(self):
        self.is_open = True
        with self.changed:
            self.changed.notify_all()

    def wait(self):
        while not self.is_open:
            with self.changed:
                self.changed.wait()


# %%
exercises.check("7.9", checks_bugs.gate, bug, Gate, deadline=60)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# bug = "lost wake-up"
#
#
# class Gate:
#     def __init__(self):
#         self.is_open = False
#         self.changed = threading.Condition()
#
#     def open(self):
#         with self.changed:
#             self.is_open = True
#             self.changed.notify_all()
#
#     def wait(self):
#         with self.changed:
#             while not self.is_open:
#                 self.changed.wait()
# ```
#
# Look and wait under one lock, and change what is looked at under the same one: between the look and the
# wait nobody can open the gate. (`threading.Event` is just this class.)
#
# </details>

# %% [markdown]
# ### Exercise 7.10
#
# The settings are loaded when somebody first asks for one, and only once. Whoever comes later finds them there,
# and is spared the lock. `loads` counts how often they were loaded, and has to stay.

# %% tags=["exercise"]
bug = ...  # one of the kinds above


class Settings:
    def __init__(self):
        self.values, self.loads = None, 0
        self.lock = threading.Lock()

    def get(self, name):
        if self.values is None:
            with self.lock:
                if self.values is None:
                    self.loads += 1
                    self.values = {}
                    self.values["colour"] = "blue"
        return self.values[name]


# %%
exercises.check("7.10", checks_bugs.settings, bug, Settings, deadline=60)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# bug = "published too early"
#
#
# class Settings:
#     def __init__(self):
#         self.values, self.loads = None, 0
#         self.lock = threading.Lock()
#
#     def get(self, name):
#         if self.values is None:
#             with self.lock:
#                 if self.values is None:
#                     self.loads += 1
#                     values = {}
#                     values["colour"] = "blue"
#                     self.values = values
#         return self.values[name]
# ```
#
# First complete, then published: the assignment to `self.values` comes last. Other threads see it or don't see
# it; there is no half of it. To take the lock for every `get` is right as well, and simpler.
#
# </details>

# %% [markdown]
# ### Exercise 7.11
#
# One printer: whoever uses it does so alone. A `job` may raise an exception, which `use` hands on.

# %% tags=["exercise"]
bug = ...  # one of the kinds above


class Printer:
    def __init__(self):
        self.lock = threading.Lock()

    def use(self, job):
        self.lock.acquire()
        result = job()
        self.lock.release()
        return result


# %%
exercises.check("7.11", checks_bugs.printer, bug, Printer, deadline=60)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# bug = "not released after an error"
#
#
# class Printer:
#     def __init__(self):
#         self.lock = threading.Lock()
#
#     def use(self, job):
#         with self.lock:
#             return job()
# ```
#
# `with` releases the lock however its block ends.
#
# </details>

# %% [markdown]
# ### Exercise 7.12
#
# A wallet with 100 in it, used by the tasks of an event loop. `ask_bank` takes its time. The wallet must never be
# overdrawn.

# %% tags=["exercise"]
bug = ...  # one of the kinds above


class Wallet:
    def __init__(self):
        self.balance = 100

    async def pay(self, amount, ask_bank):
        if self.balance < amount:
            return False
        await ask_bank()
        self.balance -= amount
        return True


# %%
exercises.check("7.12", checks_bugs.wallet, bug, Wallet)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# bug = "race across an await"
#
#
# class Wallet:
#     def __init__(self):
#         self.balance = 100
#         self.lock = asyncio.Lock()
#
#     async def pay(self, amount, ask_bank):
#         async with self.lock:
#             if self.balance < amount:
#                 return False
#             await ask_bank()
#             self.balance -= amount
#             return True
# ```
#
# An asyncio lock may be held across an `await`: a task that waits for it lets the loop go on. To look at the
# balance again after the `await`, or to take the money before it, is right as well.
#
# </details>

# %% [markdown]
# ### Exercise 7.13
#
# `load` reads a list of things from a slow disk: an ordinary function, and not yours to change. `report`
# is called in an event loop, and other tasks want to go on meanwhile.

# %% tags=["exercise"]
bug = ...  # one of the kinds above


async def report(load):
    things = load()
    return len(things)


# %%
exercises.check("7.13", checks_bugs.report, bug, report)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# bug = "blocking call in a coroutine"
#
#
# async def report(load):
#     things = await asyncio.to_thread(load)
#     return len(things)
# ```
#
# `to_thread` calls it in a thread, and the loop runs the other tasks meanwhile.
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
# | its listing "may" deadlock, and starts no thread | started, it does, as each thread sleeps between its locks; without the sleep it is rare, and there | claims 7.2-article, 7.2-cycle, 7.2-loop, 7.2-explored | [Coffman et al., 1971](https://doi.org/10.1145/356586.356588) |
# | take locks in one order | right: no schedule deadlocks | claims 7.2-ordered, 7.2-philosophers | [threading](https://docs.python.org/3/library/threading.html#lock-objects) |
# | (nothing about timeouts) | they need a random pause, or there can be a livelock | claim 7.2-livelock | [Metcalfe, Boggs, 1976](https://doi.org/10.1145/360248.360253) |
# | RLock: a thread may take it several times | which spares it a wait for itself, not for others; and it sees what is half changed | claims 7.2-rlock, 7.2-rlocks | [RLock objects](https://docs.python.org/3/library/threading.html#rlock-objects) |
# | (nothing about waits without a lock) | pools, queues, `join` and an event loop deadlock too | claims 7.2-await, 7.2-pool, 7.2-queues, 7.2-join | [guidelines](https://docs.python.org/3/library/multiprocessing.html#joining-processes-that-use-queues) |
# | `%(threadName)s` in the log tells who speaks | tasks and other processes are all `MainThread`; log process, thread and task | claims 7.3-thread-name, 7.3-names | [LogRecord attributes](https://docs.python.org/3/library/logging.html#logrecord-attributes) |
# | a thread logs its own number | each record carries it already | claim 7.3-ident | [LogRecord attributes](https://docs.python.org/3/library/logging.html#logrecord-attributes) |
# | `await asyncio.sleep(0.2)` is logged as a slow callback | an await isn't; a step that keeps the thread is, such as `time.sleep(0.2)` | claim 7.3-slow | [debug mode](https://docs.python.org/3/library/asyncio-dev.html#debug-mode) |
# | `loop.set_debug(True)` in a coroutine | `-X dev` turns it on from the start, and shows ResourceWarnings as well | claim 7.3-dev | [development mode](https://docs.python.org/3/library/devmode.html) |
# | logs and debug mode are what there is | a hang is read from its stacks, from within and from outside | claims 7.3-hang, 7.3-frames, 7.3-py-spy, 7.3-pstree | [faulthandler](https://docs.python.org/3/library/faulthandler.html) |
# | nothing on how to find a race | a stress test finds it by luck, a search of the schedules for certain; the schedule it finds goes into a test | claims 7.3-stress, 7.3-replay, 7.3-kept | §7.3 |

# %%
chapter.end("7")

# %% [markdown]
# ## Next
#
# Your program is right. Now it should be fast: [chapter 8](08_performance_tuning.ipynb), *tuning performance*.
