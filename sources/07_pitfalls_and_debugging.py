# %% [markdown]
# # Chapter 7: Find what goes wrong between threads
#
# Section 7.2: deadlocks.

# %%
import asyncio
import inspect
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from queue import Queue
from threading import Barrier, Event, Lock, RLock, Thread

from helpers.course import chapter, checks_deadlocks, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction

chapter.begin("7")

# %%
from helpers.draw import explorer as draw_explorer
from helpers.draw import fairness as draw_fairness
from helpers.draw import philosophers as draw_philosophers
from helpers.draw import wait_for as draw_wait_for
from helpers.labs.explorer import Stepper
from helpers.labs.philosophers import philosophers_lab
from helpers.labs.wait_for import LiveGraph
from helpers.measure import fairness, philosophers
from helpers.measure.explorer import DEADLOCK, THIS_GIL, Program, explore, replay
from helpers.measure.verdict import WITH_GIL, checked, untold
from helpers.measure.wait_for import graph
from helpers.workers import fairness as workers_fairness
from helpers.workers import philosophers as workers_philosophers
from helpers.workers.deadlocks import send_much
from helpers.workers.wait_for import watch

# %% [markdown]
# ## 7.2 Deadlocks
#
# *75 minutes; 75 so far*
#
# In a **deadlock**, threads wait for each other in a circle, so none of them can ever go on. The article
# has one, with two locks, and doesn't start it. Here it is as a program of its own, started.

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
with watch(globals()) as seen:
    threads = [Thread(target=one, name=one.__name__) for one in (thread1, thread2)]
    for thread in threads:
        thread.start()
    graphs = live.follow(seen, seconds=5)  # redraws when something changes, until a deadlock
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
    with watch(globals()) as seen:
        threads = [Thread(target=one, name=one.__name__) for one in functions]
        for thread in threads:
            thread.start()
        found = graph(seen.state())
        while not found.deadlock and any(thread.is_alive() for thread in threads):
            time.sleep(0.001)
            found = graph(seen.state())
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
    bank, seen = Bank(lock), []
    bank.move(10, lambda: seen.append(bank.total()))
    return seen[0], bank.total()


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
# ## Summary
#
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

# %% [markdown]
# ## Exercises

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
# ## What the article says and what you measured
#
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | its listing "may" deadlock, and starts no thread | started, it does, as each thread sleeps between its locks; without the sleep it is rare, and there | claims 7.2-article, 7.2-cycle, 7.2-loop, 7.2-explored | [Coffman et al., 1971](https://doi.org/10.1145/356586.356588) |
# | take locks in one order | right: no schedule deadlocks | claims 7.2-ordered, 7.2-philosophers | [threading](https://docs.python.org/3/library/threading.html#lock-objects) |
# | (nothing about timeouts) | they need a random pause, or there can be a livelock | claim 7.2-livelock | [Metcalfe, Boggs, 1976](https://doi.org/10.1145/360248.360253) |
# | RLock: a thread may take it several times | which spares it a wait for itself, not for others; and it sees what is half changed | claims 7.2-rlock, 7.2-rlocks | [RLock objects](https://docs.python.org/3/library/threading.html#rlock-objects) |
# | (nothing about waits without a lock) | pools, queues, `join` and an event loop deadlock too | claims 7.2-await, 7.2-pool, 7.2-queues, 7.2-join | [guidelines](https://docs.python.org/3/library/multiprocessing.html#joining-processes-that-use-queues) |

# %%
chapter.end("7")

# %% [markdown]
# ## Next
#
# Chapter 8.
