# %% [markdown]
# # Chapter 4: Share memory between threads, and keep it whole
#
# Threads are the cheapest way to wait for many things at once. They share all memory, and that is
# both what makes them handy and what makes them dangerous. In this chapter you start them, end them
# properly, and hold them apart with locks and signals. You see in pictures who holds what, and who
# waits for it.

# %% [markdown]
# ## What you will be able to do
#
# - start threads, wait for them, and say what happens to them when the program ends
# - notice an exception that a thread raised
# - hand work to threads through a queue, and shut them down so that nobody waits for ever
# - choose among Lock, RLock, Semaphore, Event, Condition and Barrier, and read their pictures
# - build a bounded buffer and a lock for readers and writers
# - hand work to a thread pool, and collect results and errors without losing any
# - choose the number of workers from a measurement, with Little's law
# - tell which computing gains from threads even with a GIL

# %% [markdown]
# ## What you need
#
# - Chapter 1: thread, process, concurrent. Necessary.
# - Chapter 2: what the GIL protects and what it doesn't; lost updates. Necessary.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 210 minutes, exercises included. Classroom: 130 minutes, without the exercises and
# the Trys. Each section says how long it takes, and how long the sections have taken so far.

# %%
import inspect
import subprocess
import sys
import threading
import time
from collections import deque
from contextvars import ContextVar, copy_context
from functools import partial
from itertools import pairwise
from queue import Queue
from threading import Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore, Thread

from helpers.course import (
    chapter,
    checks_synchronisation,
    checks_thread_pools,
    checks_threads,
    exercises,
)
from helpers.course.claims import claim
from helpers.course.predictions import Prediction
from helpers.workers.watched import in_lanes, inside, pause, watched

chapter.begin("4")

# %% [markdown]
# The next cell imports what this chapter measures and draws with. You don't need to know these:
# the code that matters stands in the cells below.

# %%
from helpers.draw import released as draw_released
from helpers.draw import requests as draw_requests
from helpers.draw.compare import points
from helpers.draw.overlap import ways
from helpers.draw.synchronisation import queue as draw_queue
from helpers.draw.thread_pools import schedules
from helpers.draw.timeline import lanes
from helpers.labs.requests import throughput_lab
from helpers.labs.synchronisation import synchronisation_lab
from helpers.measure import released, requests
from helpers.measure.compare import compare
from helpers.measure.loopback import loopback
from helpers.measure.synchronisation import holding, waiting
from helpers.measure.thread_pools import schedule
from helpers.measure.threads import shut_down
from helpers.measure.timeline import State, timeline
from helpers.measure.verdict import EVEN_CORES, WITH_GIL, Outcome, all_of, needs_cores
from helpers.workers import threads as workers_threads
from helpers.workers import watched as workers_watched
from helpers.workers.timeline import Recorder

# %% [markdown]
# ## 4.1 What the module offers, and what threads share
#
# *10 minutes; 10 so far*
#
# The module `threading` starts threads (section 4.2) and holds them apart (section 4.3). A pool that
# does the starting for you is in `concurrent.futures` (section 4.4).
#
# Threads share the memory of their process. All of it? A function that several threads run has
# **local variables**. Let three threads run one function. Each adds to a local number and to a list
# that it was given, three times, and lets the others come in between.

# %%
guess_local = Prediction(
    "Three threads run one function at once. Each adds 1 to a local variable, three times. What "
    "does each thread find in it at the end?",
    ["9: there is one function, so one variable", "3: each call has its own", "it varies"],
)
guess_local


# %%
def count(shared, seen):
    mine = 0
    for _ in range(3):
        mine += 1
        shared.append("one more")
        time.sleep(0.001)  # the others come in here
    seen.append(mine)


shared, seen = [], []
threads = [Thread(target=count, args=(shared, seen)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

print("each thread's own variable:", seen)
print("in the list they all got:  ", len(shared))

# %%
guess_local.compare(
    "3: each call has its own" if seen == [3, 3, 3] else "it varies",
    {
        "9: there is one function, so one variable": "There is one function, but each call of it "
        "gets new local variables, in whichever thread.",
        "it varies": "That is what happens to a variable that all of them can reach.",
    },
)

# %% [markdown]
# **Look.** Three in each variable, nine in the list.
#
# **Explain.** A call's local variables belong to that call. What threads share are *objects*: those
# that a global name, an attribute or an argument leads to. `mine` held a number of its own in each
# call; `shared` held the same list in all three. So look for danger where two threads can reach
# one object, and at least one of them changes it.

# %%
claim(
    "4.1-locals",
    "Each thread has the local variables of its own calls; an object passed to several threads is "
    "one object.",
    seen == [3, 3, 3] and len(shared) == 9,
    f"local {seen}, shared {len(shared)}",
)

# %% [markdown]
# What do you gain? The article says that threads can't compute in parallel, and suit work that waits.
# The second half is right. (The first half isn't quite: chapter 2 showed C code that releases the GIL
# in parallel, and Pythons without a GIL; section 4.4 uses it.) So here are four waits, first one after
# another, then in a thread each. `pause` is `time.sleep`, and it stands for a network or a disk.


# %%
def fetch():
    pause(0.1)


def fetch_all():
    for _ in range(4):
        fetch()


one_by_one = timeline(in_lanes({"main": fetch_all}))
a_thread_each = timeline(in_lanes({f"thread {n}": fetch for n in (1, 2, 3, 4)}))
ways({"one after another": one_by_one, "a thread each": a_thread_each}, "Four waits, two ways")

# %% [markdown]
# `in_lanes` did what you did above: a thread for each function, `start` all, `join` all. Beside that it
# recorded them. This is all of it that matters:

# %%
print(inspect.getsource(workers_watched.in_lanes).partition('"""\n')[2])

# %%
together = a_thread_each.at_once_ns(State.SLEEPING, least=4) / 1e6
claim(
    "4.1-waits",
    "Four threads wait at the same time.",
    together > 0,
    f"all four waited at once for {together:.0f} ms",
)

# %% [markdown]
# **Try.** In `count`, put `global mine` in the first line and `mine = 0` in front of the threads,
# instead of in the function. What does `seen` hold now? Run it a few times.

# %% [markdown]
# ## 4.2 Threads from start to end
#
# *32 minutes; 42 so far*
#
# ### Start and join
#
# The article's first example. Three threads, each with a name and a time to sleep.


# %% tags=["nbval-ignore-output"]
def worker(name, delay):
    log.append(f"{name} starts")
    time.sleep(delay)
    log.append(f"{name} has finished")


log, threads = [], []
for i in range(3):
    thread = Thread(target=worker, args=(f"thread {i}", 0.05 * (i + 1)))
    threads.append(thread)
    thread.start()

for thread in threads:
    thread.join()
log.append("all have finished")
print(*log, sep="\n")

# %%
claim(
    "4.2-join",
    "What stands after the joins runs when all threads have ended.",
    log[-1] == "all have finished" and len(log) == 7,
    f"the last of {len(log)} lines: {log[-1]}",
)

# %% [markdown]
# You can write a class instead. `run` is what the thread does; what you put into `self` is there
# after the thread has ended, so this is one way to get a result back. Call `start`, not `run`: what
# is the difference?


# %%
class Square(Thread):
    def __init__(self, number):
        super().__init__(name=f"square of {number}")  # first, or start() raises
        self.number = number

    def run(self):
        self.result = self.number**2
        self.ran_in = threading.current_thread().name


started = Square(7)
started.start()
started.join()
called = Square(8)
called.run()
print(started.result, "computed in", started.ran_in)
print(called.result, "computed in", called.ran_in)

# %%
try:
    started.start()
except RuntimeError as error:
    print("a second start:", error)

# %%
claim(
    "4.2-start",
    "start() runs the work in a new thread; run() is an ordinary call, in the thread that calls.",
    started.ran_in == "square of 7" and called.ran_in == threading.current_thread().name,
    f"start: {started.ran_in}; run: {called.ran_in}",
)

# %% [markdown]
# A `Thread` can be started once. And nobody can stop it from outside: it ends when its function
# returns. What, then, does a `join` with a `timeout` do?

# %%
guess_timeout = Prediction(
    "thread.join(timeout=0.05), and the thread needs longer. What happens?",
    ["join raises TimeoutError", "join stops the thread", "join returns None, and that is all"],
)
guess_timeout

# %%
may_end = Event()
patient = Thread(target=may_end.wait)
patient.start()

returned = patient.join(timeout=0.05)
alive = patient.is_alive()
print("join returned:", returned)
print("still alive:  ", alive)

may_end.set()
patient.join()
print("at the end:   ", patient.is_alive())

# %%
guess_timeout.compare(
    "join returns None, and that is all" if returned is None and alive else "join stops the thread",
    {
        "join raises TimeoutError": "Many other calls with a timeout do. This one says nothing.",
        "join stops the thread": "Nothing can stop a thread from outside. It might hold a lock.",
    },
)

# %%
claim(
    "4.2-timeout",
    "join with a timeout returns None whether or not the thread has ended; is_alive tells.",
    returned is None and alive and not patient.is_alive(),
    f"returned {returned}, alive {alive}",
)

# %% [markdown]
# **Look.** `join` came back, and so did the program; the thread went on.
#
# So to end a thread you *ask* it: it looks at an `Event` from time to time, as above, or gets a
# message through a queue, as below.
#
# ### Daemon threads
#
# What if the main thread comes to its end first? By default Python waits for all other threads. A
# **daemon** thread is one that it doesn't wait for. Two scripts that differ in one word, each run as a
# program of its own:

# %%
script = """
import threading, time

def work():
    try:
        time.sleep(0.3)
        print("  work: done")
    finally:
        print("  work: cleaned up")

threading.Thread(target=work, daemon={daemon}).start()
print("  main: at its end")
"""
said = {}
for daemon in (False, True):
    command = [sys.executable, "-I", "-c", script.format(daemon=daemon)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30)
    said[daemon] = ran.stdout
    print(f"daemon={daemon}", ran.stdout, sep="\n", end="")

# %%
claim(
    "4.2-daemon",
    "A daemon thread is cut off when the main thread ends: not even its finally block runs.",
    "cleaned up" in said[False] and "cleaned up" not in said[True],
    f"not a daemon: {len(said[False].splitlines())} lines; daemon: {len(said[True].splitlines())}",
)

# %% [markdown]
# **Explain.** Cut off anywhere: with a file half written, a transaction open. The
# [documentation](https://docs.python.org/3/library/threading.html#thread-objects) says so, and advises
# ordinary threads that are asked to stop. The article's worker is a daemon, "so that the program can
# end". It can end without: wait for the end of this section.
#
# ### Exceptions

# %%
guess_raise = Prediction(
    "A thread raises ZeroDivisionError. Where does it come out?",
    ["at join(), in the thread that joins", "in start()", "nowhere in your code"],
)
guess_raise


# %%
def divide(number):
    return 12 // number


hook = threading.excepthook  # by default it prints a traceback
caught = []
threading.excepthook = caught.append
try:
    thread = Thread(target=divide, args=(0,), name="divider")
    thread.start()
    thread.join()
    print("join returned as ever")
finally:
    threading.excepthook = hook

for found in caught:
    print("the hook got:", found.exc_type.__name__, "from", found.thread.name)

# %%
kinds = [found.exc_type.__name__ for found in caught]
guess_raise.compare(
    "nowhere in your code" if kinds == ["ZeroDivisionError"] else None,
    {
        "at join(), in the thread that joins": "A pool's result() does that (section 4.4). join "
        "doesn't.",
        "in start()": "start returns when the thread has begun; it has not failed yet.",
    },
)

# %% [markdown]
# **Look.** `join` returned as ever. The exception ended the thread, and went to
# [`threading.excepthook`](https://docs.python.org/3/library/threading.html#threading.excepthook),
# which usually prints it. A program that nobody watches goes on as if nothing had happened.

# %%
claim(
    "4.2-exception",
    "An exception ends its thread and goes to threading.excepthook. join raises nothing.",
    kinds == ["ZeroDivisionError"] and not thread.is_alive(),
    f"the hook got {kinds}",
)
caught.clear()  # they refer to the thread and its exception

# %% [markdown]
# ### Data of one thread
#
# Sometimes each thread needs its own: a connection, a transaction. An attribute of a
# **`threading.local`** object is another one in each thread.

# %%
own = threading.local()
own.user = "main"
seen = {}


def serve(name):
    seen[name] = hasattr(own, "user")  # before it has set one
    own.user = name
    everyone.wait()  # now both have set theirs
    seen[name, "later"] = own.user


everyone = Barrier(2)
threads = [Thread(target=serve, args=(name,)) for name in ("Ada", "Ben")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("found one at first:", seen["Ada"], seen["Ben"])
print("each had its own:  ", seen["Ada", "later"], seen["Ben", "later"])
print("the main thread's: ", own.user)

# %%
claim(
    "4.2-local",
    "In a threading.local each thread sees the attributes that it has set itself, and no others.",
    not seen["Ada"]
    and [seen["Ada", "later"], seen["Ben", "later"], own.user] == ["Ada", "Ben", "main"],
    f"{seen}",
)

# %% [markdown]
# A thread that serves many requests, or a task of asyncio, needs more: data of one *request*. That is
# a **`ContextVar`** (chapter 5 has more of it). Does a new thread get what its starter had set?


# %%
def ask(answers):
    answers.append(request.get())


request = ContextVar("request", default="none")
token = request.set("request 7")
plain, handed_on = [], []
threads = [
    Thread(target=ask, args=(plain,)),
    Thread(target=copy_context().run, args=(ask, handed_on)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
request.reset(token)
print("with copy_context().run:", *handed_on)

# %% [markdown]
# **Explain.** Up to Python 3.13 a new thread starts with an empty context. Since 3.14 a flag decides,
# [`sys.flags.thread_inherit_context`](https://docs.python.org/3/library/sys.html#sys.flags): off by
# default with a GIL, on without. So hand the context on yourself, as the second thread got it:
# `copy_context().run` calls a function inside a copy. That is right on every version.

# %%
inherits = bool(getattr(sys.flags, "thread_inherit_context", False))
claim(
    "4.2-context",
    "A new thread has its starter's context variables only where thread_inherit_context is on; "
    "copy_context().run hands them on anywhere.",
    plain == ["request 7" if inherits else "none"] and handed_on == ["request 7"],
    f"plain {plain}, handed on {handed_on}; thread_inherit_context {inherits}",
)

# %% [markdown]
# ### A worker with a queue
#
# A `Queue` hands tasks from thread to thread, without any lock of yours. `get` waits until there is
# something. The queue counts the tasks that were put in; `task_done` reports one as finished; and
# `join` waits until all have been reported. Here is the article's worker, with the work as an argument.


# %%
class WorkerThread(Thread):
    def __init__(self, name, task_queue, handle):
        super().__init__(name=name, daemon=True)
        self.task_queue = task_queue
        self.handle = handle

    def run(self):
        while True:
            task = self.task_queue.get()
            if task is None:
                break
            self.handle(task)
            self.task_queue.task_done()


tasks, done = Queue(), []
worker = WorkerThread("worker 1", tasks, done.append)
worker.start()
for number in range(5):
    tasks.put(number)
tasks.join()  # all five are done
tasks.put(None)  # "that was all"
worker.join()
print("done:", done)

# %%
guess_join = Prediction(
    "All five tasks are done, the worker has ended. Somebody calls tasks.join() once more. Then?",
    ["it returns at once", "it waits for ever", "it raises: there is no worker any more"],
)
guess_join

# %% [markdown]
# Not in this thread, in case you are right: the one who tries it is a thread that we can free.

# %%
second = Thread(target=tasks.join)
second.start()
second.join(timeout=0.2)
stuck = second.is_alive()
print("the second join() still waits:", stuck)
print("tasks not reported:", tasks.unfinished_tasks)

tasks.task_done()  # report the None, too
second.join()
print("and now:", second.is_alive())

# %%
guess_join.compare(
    "it waits for ever" if stuck else "it returns at once",
    {
        "it returns at once": "It would, if every task had been reported. Which one hasn't?",
        "it raises: there is no worker any more": "A queue knows nothing of who takes from it.",
    },
)

# %% [markdown]
# **Look.** One task was never reported. The `None` is a task like any other: it was put in, and counted.

# %%
claim(
    "4.2-second-join",
    "The article's worker doesn't report the None, so a second join() of the queue waits for ever.",
    stuck and not second.is_alive(),
    "it still waited after 0.2 s, and ended when the None was reported",
)

# %% [markdown]
# It gets worse: let one task fail.

# %%
tasks, done = Queue(), []
threading.excepthook = caught.append  # no traceback, please
worker = WorkerThread("worker 1", tasks, lambda number: done.append(divide(number)))
worker.start()
for number in (1, 0, 3):
    tasks.put(number)

joiner = Thread(target=tasks.join)
joiner.start()
joiner.join(timeout=0.2)
stuck, worker_lives = joiner.is_alive(), worker.is_alive()
print(f"worker alive: {worker_lives}; done: {done}; join() still waits: {stuck}")

for _ in range(tasks.unfinished_tasks):
    tasks.task_done()  # free the joiner
joiner.join()
threading.excepthook = hook
caught.clear()

# %%
claim(
    "4.2-failed-task",
    "If a task raises, the article's worker dies, the tasks behind it stay, and join() never ends.",
    stuck and not worker_lives and done == [12],
    f"done {done}; join() still waited after 0.2 s and was freed",
)

# %% [markdown]
# Three rules make it right. Whatever was taken is reported, in a `finally`, the `None` included. What a
# task raises is caught and kept. And each worker gets a `None` of its own, after which no daemon is
# needed.


# %%
def work(tasks, handle, results, failures):
    while True:
        task = tasks.get()
        try:
            if task is None:
                return
            results.append(handle(task))
        except Exception as error:
            failures.append((task, error))
        finally:
            tasks.task_done()


def run_all(numbers, handle, workers):
    tasks, results, failures = Queue(), [], []
    threads = [Thread(target=work, args=(tasks, handle, results, failures)) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for task in [*numbers, *[None] * workers]:
        tasks.put(task)
    for thread in threads:
        thread.join()
    tasks.join()  # returns at once: everything has been reported
    return results, failures


# %%
results, failures = run_all([1, 0, 3, 4], divide, workers=3)
print("results: ", sorted(results))
print("failures:", [(task, type(error).__name__) for task, error in failures])

# %%
claim(
    "4.2-shutdown",
    "With every task reported and every exception kept, all tasks are handled and all threads end.",
    sorted(results) == [3, 4, 12] and [task for task, _ in failures] == [0],
    f"{len(results)} results, {len(failures)} failure, no thread left",
)

# %% [markdown]
# Since Python 3.13 there is a way without a `None`:
# [`Queue.shutdown`](https://docs.python.org/3/library/queue.html#queue.Queue.shutdown). From then on
# `put` raises `ShutDown`, and so does `get` once the queue is empty; whoever waits in `get` wakes up.

# %%
print(inspect.getsource(workers_threads.shut_down))

# %%
claim(
    "4.2-queue-shutdown",
    "Queue.shutdown() lets the tasks in the queue be handled, then wakes every worker that waits.",
    shut_down(workers=3, tasks=5),
)

# %% [markdown]
# **Try.** In `run_all`, put `[None]` instead of `[None] * workers`, and run it with `workers=1` first,
# then with 3. It won't end: interrupt the kernel (the square in the toolbar). Which threads are still
# there? `threading.enumerate()` tells. Restart the kernel afterwards.

# %% [markdown]
# ## 4.3 Hold threads apart, and let them meet
#
# *50 minutes; 92 so far*
#
# Six **primitives** (the simplest parts that everything else is built of) are in `threading`. Each
# answers another question: who may go on, and who waits?
#
# | | goes on | to be used for |
# |---|---|---|
# | `Lock`, `RLock` | one at a time | what must not be interrupted |
# | `Semaphore` | up to *n* at a time | *n* of something |
# | `Event` | all, once it is set | "it is ready", "please stop" |
# | `Condition` | when something is true | "there is an item" |
# | `Barrier` | all together | rounds |
#
# Below, `watched(Lock(), "till")` *is* that lock: it passes every call on. In a lane it notes beside that
# when the thread waited and when it held the lock. Here is one of its methods.

# %%
print(inspect.getsource(workers_watched.Watched.acquire))

# %% [markdown]
# ### Lock
#
# Chapter 2 lost updates, where a thread came in between a read and a write. The same hole is
# everywhere where you first check and then act. An account holds 100. Five threads withdraw 100 each.


# %%
class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = Lock()

    def withdraw(self, amount):
        if self.balance < amount:  # check
            return False
        time.sleep(0.05)  # something slow: a log, a database
        self.balance -= amount  # act
        return True

    def withdraw_locked(self, amount):
        with self.lock:
            return self.withdraw(amount)


# %%
def five_withdraw(withdraw):
    """How many of five threads were paid."""
    answers = []
    in_lanes({f"thread {n}": lambda: answers.append(withdraw(100)) for n in range(5)})
    return answers.count(True)


paid = {
    "without": five_withdraw(Account(100).withdraw),
    "with": five_withdraw(Account(100).withdraw_locked),
}
print("without a lock, more than one was paid:", paid["without"] > 1)
print("with a lock, were paid:                ", paid["with"])

# %%
claim(
    "4.3-check-then-act",
    "Without a lock several threads pass the check before one of them acts; with it, one does.",
    paid["without"] > 1 and paid["with"] == 1,
    f"paid {paid['without']} times without, {paid['with']} time with the lock",
)

# %% [markdown]
# A **Lock** can be held by one thread at a time. `with lock:` takes it, waits for it if need be, and
# gives it back however the block ends. Watch four customers at one till; each pays three times,
# one right after the other.

# %%
guess_next = Prediction(
    "A customer gives the lock back and wants it again at once. Three others have waited all the "
    "time. Who gets it next?",
    ["mostly one who waited", "mostly the one who just had it"],
)
guess_next

# %%
till = watched(Lock(), "till")


def pay():
    for _ in range(3):
        with till:
            pause(0.015)


customers = timeline(in_lanes({f"customer {n}": pay for n in (1, 2, 3, 4)}))
draw_queue(customers, "Four customers at one till (a Lock)")

# %%
order = [hold.lane for hold in customers.of(State.HOLDING_LOCK)]
again = sum(before == after for before, after in pairwise(order))
guess_next.compare(
    "mostly the one who just had it"
    if again > 6
    else "mostly one who waited"
    if again < 4
    else None,
    {
        "mostly one who waited": "A waiter has to wake up first. The one who runs is quicker.",
        "mostly the one who just had it": "So it is on many versions; this one hands the lock on.",
    },
    untold="in this run it went both ways",
)

# %% [markdown]
# **Look.** The thin blue bar is who holds the lock: never two at once. Below, the blue line says how
# many hold it, the dashed one how many wait.
#
# **Explain.** Which of the waiters comes next is
# [not defined](https://docs.python.org/3/library/threading.html#lock-objects). There is no queue that
# you can rely on, and a thread that takes the lock again and again can keep the others waiting
# (**starvation**). Python 3.14 has other locks than 3.13, and they hand over differently.

# %%
claim(
    "4.3-lock",
    "A Lock is held by one thread at a time, while all others wait.",
    holding(customers).most == 1 and len(order) == 12 and waiting(customers).most >= 1,
    f"{len(order)} holds, at most {holding(customers).most} at once; at most "
    f"{waiting(customers).most} waited",
)

# %% [markdown]
# What does it cost? The article locks in two ways, for each single step. There is a third way: count
# for yourself, and lock once. Two threads, in turn:


# %%
def acquire_release(steps):
    for _ in range(steps):
        lock.acquire()
        try:
            total[0] += 1
        finally:
            lock.release()


def with_lock(steps):
    for _ in range(steps):
        with lock:
            total[0] += 1


def local_sum(steps):
    mine = 0
    for _ in range(steps):
        mine += 1
    with lock:
        total[0] += mine


# %%
lock, total, STEPS = Lock(), [0], 20_000


def in_two_threads(count_up):
    total[0] = 0
    threads = [Thread(target=count_up, args=(STEPS,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total[0] == 2 * STEPS


costs = compare(
    {
        "acquire and release": lambda: in_two_threads(acquire_release),
        "with, for each step": lambda: in_two_threads(with_lock),
        "own sum, one lock": lambda: in_two_threads(local_sum),
    }
)
points(costs, "Counting to the same number, three ways to lock")

# %%
claim(
    "4.3-lock-cost",
    "Counting for oneself and locking once costs less than locking for each step.",
    costs.ratio("with, for each step", "own sum, one lock").at_least(1.5),
    tolerance="any factor above 1 would do; half is left to noise",
)

# %% [markdown]
# **Explain.** All three are right. The first two differ little, and which one is faster depends on
# the version and on who else wants the lock. Choose `with` because nobody can forget the release.
# Choose the third because the fastest lock is one that you don't take.
#
# ### RLock
#
# What if a function that holds the lock calls another one that takes it, too? The article's
# counter does. Here both kinds of lock do the same. The timeout is there to end what would never end.


# %%
def pay_and_print_receipt(lock, got):
    with lock:
        pause(0.02)
        got.append(lock.acquire(timeout=0.06))  # the same lock once more
        if got[-1]:
            pause(0.02)
            lock.release()


twice, found = {"Lock": [], "RLock": []}, {}
for kind, lock in {"Lock": Lock(), "RLock": RLock()}.items():
    pay = partial(pay_and_print_receipt, watched(lock, "till"), twice[kind])
    found[kind] = timeline(in_lanes({"thread 1": pay, "thread 2": pay}))
print(twice)
ways(found, "A Lock blocks the thread that holds it, an RLock doesn't")

# %% [markdown]
# **Look.** Above, each thread holds the lock and waits for it at the same time: for itself. Without
# the timeout it would wait for ever. Below, it goes on, and the other one still waits.
#
# **Explain.** An **RLock** (R for *reentrant*) remembers its owner and counts. It is free when the
# owner has given it back as often as it took it. So only the owner can give it back. And a Lock?


# %%
class Counter:
    def __init__(self):
        self.value = 0
        self.lock = RLock()

    def increment(self):
        with self.lock:
            self.value += 1
            self.double()  # takes the lock a second time

    def double(self):
        with self.lock:
            self.value *= 2


counter = Counter()
counter.increment()
print(counter.value)


# %%
def released_by_another(lock):
    def give_back():
        try:
            lock.release()
            outcome.append("released")
        except RuntimeError:
            outcome.append("RuntimeError")

    outcome = []
    lock.acquire()
    thread = Thread(target=give_back)
    thread.start()
    thread.join()
    return outcome[0]


by_another = {"Lock": released_by_another(Lock()), "RLock": released_by_another(RLock())}
print(by_another)

# %%
claim(
    "4.3-rlock",
    "A thread that holds a Lock can't take it again, one that holds an RLock can.",
    twice == {"Lock": [False, False], "RLock": [True, True]} and counter.value == 2,
    f"taken twice: {twice}; the Locks were freed by their timeout",
)

# %%
claim(
    "4.3-owner",
    "Any thread can release a Lock; only the one that holds an RLock can release it.",
    by_another == {"Lock": "released", "RLock": "RuntimeError"},
    f"{by_another}",
)

# %% [markdown]
# ### Semaphore
#
# A **Semaphore** is a number. `acquire` takes one off, and waits while it is zero; `release` adds one.
# `Semaphore(2)` lets two in at a time: two connections, two seats.

# %%
guess_stray = Prediction(
    "Semaphore(2). Somebody calls release() once too often. How many come in at once from then on?",
    ["2: it can't go above its start", "3", "none: release() raises"],
)
guess_stray


# %%
def sit():
    with seats:
        pause(0.05)


seats = watched(Semaphore(2), "seats")
two = timeline(in_lanes({f"guest {n}": sit for n in range(1, 7)}))
draw_queue(two, "Six guests, two seats (a Semaphore)")

# %% [markdown]
# Now the same with a stray `release`, for instance in a `finally` whose `acquire` never came.

# %%
seats = watched(Semaphore(2), "seats")
seats.release()  # nobody had taken it
three = timeline(in_lanes({f"guest {n}": sit for n in range(1, 7)}))

bounded = BoundedSemaphore(2)
try:
    bounded.release()
    refused = ""
except ValueError as error:
    refused = str(error)
print("BoundedSemaphore:", refused)
draw_queue(three, "Six guests, two seats, and one release too many")

# %%
guess_stray.compare(
    {2: "2: it can't go above its start", 3: "3"}.get(holding(three).most),
    {
        "2: it can't go above its start": "It is a plain number, and doesn't remember its start.",
        "none: release() raises": "A BoundedSemaphore's does.",
    },
)

# %%
claim(
    "4.3-semaphore",
    "A Semaphore(2) lets two in at once; after a stray release() three.",
    holding(two).most == 2 and holding(three).most == 3,
    f"at most {holding(two).most}, after the stray release {holding(three).most}",
)

# %%
claim(
    "4.3-bounded",
    "A BoundedSemaphore refuses a release() that nobody has a right to.",
    "too many times" in refused,
    f"ValueError: {refused}",
)

# %% [markdown]
# **Explain.** A bug that lets in one too many is hard to find. `BoundedSemaphore` finds it for you, so
# take that one unless you mean to let the number grow.
#
# ### Event
#
# An **Event** is a flag. `wait` waits until somebody has called `set`; then all go on, and so does
# everybody who comes later, until `clear`.

# %%
doors = watched(Event(), "doors")


def open_doors():
    pause(0.05)
    log.append("set")
    doors.set()


def enter():
    doors.wait()
    log.append("in")
    pause(0.03)


log = []
opened = timeline(in_lanes({"setter": open_doors, **{f"guest {n}": enter for n in (1, 2, 3)}}))
lanes(opened, "Three guests wait until the doors open (an Event)")

# %%
early = Event()
early.set()  # before anybody waits
set_first = early.wait(timeout=0.1)
early.clear()
cleared = early.wait(timeout=0.1)
print("set first, then wait:", set_first)
print("after clear:         ", cleared)

# %%
claim(
    "4.3-event",
    "Every waiter goes on after the event is set. One that was set before is not missed.",
    log == ["set", "in", "in", "in"] and set_first and not cleared,
    f"{', '.join(log)}; set first {set_first}, after clear {cleared}",
)

# %% [markdown]
# ### Condition
#
# An **Event** says "it happened". Often that isn't enough: *an item is there* may be true, then false
# again when somebody has taken it. A **Condition** is a lock with a waiting room. With the lock held,
# a thread looks at the data. If it isn't as needed, `wait` gives the lock back *and* waits, as one step,
# and takes the lock again before it returns. `notify` wakes one who waits, `notify_all` all.
#
# The article's example, with three consumers:

# %%
changed, shelf = watched(Condition(), "shelf"), []


def consumer():
    with changed:
        while len(shelf) == 0:
            changed.wait()
        shelf.pop()
    pause(0.02)


def producer():
    for number in range(3):
        pause(0.03)
        with changed:
            shelf.append(f"item {number}")
            changed.notify()


work_lanes = {"producer": producer, **{f"consumer {n}": consumer for n in (1, 2, 3)}}
one_by_one = timeline(in_lanes(work_lanes))
draw_queue(one_by_one, "Each signal lets one consumer go on (a Condition)")

# %% [markdown]
# **Look.** While they wait, the consumers don't hold the lock: else the producer could never put
# anything on the shelf.
#
# That example is right because of one word, `while`, and because of the list. First without the list: a
# `notify` with nobody there.

# %%
guess_lost = Prediction(
    "notify() is called first, wait() afterwards. Does the wait return?",
    ["yes, at once, as with an Event", "no, it waits for the next notify"],
)
guess_lost

# %%
ready, items = Condition(), []
with ready:
    ready.notify()  # nobody waits yet
with ready:
    woke = ready.wait(timeout=0.1)
print("woken by the notify before:", woke)

with ready:
    items.append("item")  # say it in the data, too
    ready.notify()
with ready:
    found_it = ready.wait_for(lambda: len(items) > 0, timeout=0.1)
print("found the item:            ", found_it)

# %%
guess_lost.compare(
    "yes, at once, as with an Event" if woke else "no, it waits for the next notify",
    {"yes, at once, as with an Event": "A Condition remembers nothing. The data must."},
)

# %%
claim(
    "4.3-lost-wake-up",
    "A notify that nobody waits for is lost. Who looks at the data first, as wait_for does, "
    "doesn't need it.",
    not woke and found_it,
    f"woken {woke} (ended by its timeout), found {found_it}",
)

# %% [markdown]
# Now `if` instead of `while`. Two consumers wait. One item comes, and `notify_all` wakes both. `Shop`
# counts who waits and who was woken, so that the producer waits for just that moment.


# %%
class Shop:
    def __init__(self):
        self.changed, self.items, self.got = Condition(), [], []
        self.waits = self.woken = 0

    def wait(self):
        self.waits += 1
        self.changed.wait(timeout=5)
        self.woken += 1

    def take_if(self):
        with self.changed:
            if not self.items:
                self.wait()
            self.take()

    def take_while(self):
        with self.changed:
            while not self.items:
                self.wait()
            self.take()

    def take(self):
        self.got.append(self.items.pop() if self.items else "IndexError")


# %%
def deliver(shop):
    for number, event in enumerate(("waits", "woken"), 1):
        while getattr(shop, event) < 2:  # both wait; then, both were woken
            time.sleep(0.001)
        with shop.changed:
            shop.items.append(f"item {number}")
            shop.changed.notify_all()


got = {}
for take in (Shop.take_if, Shop.take_while):
    shop = Shop()
    consumers = [Thread(target=take, args=(shop,)) for _ in range(2)]
    for thread in consumers:
        thread.start()
    deliver(shop)
    for thread in consumers:
        thread.join()
    got[take.__name__] = sorted(shop.got)
    print(take.__name__, "→", *got[take.__name__], sep="  ")

# %% [markdown]
# **Look.** With `if`, the second consumer was woken and took an item that the first had taken already:
# `pop` from an empty list, an `IndexError`. With `while` it looked again, and waited on.
#
# **Explain.** Between the `notify` and the moment when a woken thread has the lock again, others may
# change the data. So a condition is *always* checked in a loop. `wait_for` is that loop:
# `changed.wait_for(lambda: items)`
# ([documentation](https://docs.python.org/3/library/threading.html#condition-objects)).

# %%
claim(
    "4.3-while",
    "After notify_all an `if` lets a consumer go on though the item is gone; a `while` doesn't.",
    got == {"take_if": ["IndexError", "item 1"], "take_while": ["item 1", "item 2"]},
    f"{got}",
)

# %%
signal_waits = one_by_one.of(State.WAITING_SIGNAL)
gave_back = all(
    hold.end_ns <= wait.start_ns or hold.start_ns >= wait.end_ns
    for wait in signal_waits
    for hold in one_by_one.of(State.HOLDING_LOCK, lane=wait.lane)
)
claim(
    "4.3-condition",
    "Who waits in a Condition doesn't hold its lock; never do two hold it.",
    len(signal_waits) > 0 and gave_back and holding(one_by_one).most == 1 and shelf == [],
    f"{len(signal_waits)} waits, at most {holding(one_by_one).most} held the lock",
)

# %% [markdown]
# ### Barrier
#
# A **Barrier** for three opens when the third thread comes. Then all go on together, and it is ready
# for the next round.

# %%
meeting = watched(Barrier(3), "meeting")


def walk(seconds):
    for number in (1, 2):
        log.append(f"begins {number}")
        pause(seconds)
        log.append(f"ends {number}")
        meeting.wait()


log = []
speeds = {"fast": 0.01, "middling": 0.03, "slow": 0.06}
rounds = timeline(in_lanes({name: partial(walk, seconds) for name, seconds in speeds.items()}))
lanes(rounds, "All wait for the slowest, in each round (a Barrier)")

# %% [markdown]
# And if one never comes? Give the barrier a timeout. Then it *breaks*: all who wait get an exception,
# and so does everybody who comes later.

# %%
broken, outcomes = Barrier(3, timeout=0.1), []


def come():
    try:
        broken.wait()
        outcomes.append("through")
    except threading.BrokenBarrierError:
        outcomes.append("BrokenBarrierError")


in_lanes({"one": come, "two": come})  # and no third one
come()
print(*outcomes)

# %%
first_round, second_round = log[:6], log[6:]
claim(
    "4.3-barrier",
    "Nobody begins the second round before everybody has ended the first. If one doesn't come "
    "in time, all get BrokenBarrierError.",
    all(line.endswith("1") for line in first_round)
    and all(line.endswith("2") for line in second_round)
    and outcomes == ["BrokenBarrierError"] * 3,
    f"the log: {', '.join(log)}; then {', '.join(outcomes)}",
)

# %% [markdown]
# ### The lab
#
# The lab runs such scenes in a fresh Python: pick the primitive, the number of threads, and how long
# each holds it (or works, where there is nothing to hold).

# %%
synchronisation_lab().set(primitive="Semaphore", threads=5).run()

# %% [markdown]
# **Try.** In the lab, double the threads at a Lock: what happens to the time in all, and to the queue?
# Then the same at a Barrier. Which primitives make more threads take longer, and which don't?

# %% [markdown]
# ### Worked example: a bounded buffer
#
# A producer that is faster than its consumer fills the memory. A **bounded buffer** makes it wait: `put`
# waits while the buffer is full, `get` while it is empty. Two conditions, one lock. It is what
# `Queue(maxsize=...)` does.


# %%
class BoundedBuffer:
    def __init__(self, capacity):
        self.items, self.capacity, self.most = deque(), capacity, 0
        lock = Lock()
        self.not_full = watched(Condition(lock), "buffer")
        self.not_empty = watched(Condition(lock), "buffer")

    def put(self, item):
        with self.not_full:
            while len(self.items) >= self.capacity:
                self.not_full.wait()
            self.items.append(item)
            self.most = max(self.most, len(self.items))
            self.not_empty.notify()

    def get(self):
        with self.not_empty:
            while not self.items:
                self.not_empty.wait()
            item = self.items.popleft()
            self.not_full.notify()
            return item


# %%
buffer, received = BoundedBuffer(2), []


def produce():
    for number in range(8):
        buffer.put(number)  # as fast as it can


def consume():
    for _ in range(4):
        received.append(buffer.get())
        pause(0.02)


flow = timeline(in_lanes({"producer": produce, "consumer 1": consume, "consumer 2": consume}))
lanes(flow, "The producer waits whenever the buffer is full")

# %%
producer_waits = flow.of(State.WAITING_SIGNAL, lane="producer")
claim(
    "4.3-buffer",
    "The buffer never holds more than its capacity, loses nothing, and makes the producer wait.",
    buffer.most == 2 and sorted(received) == list(range(8)) and len(producer_waits) > 0,
    f"at most {buffer.most} inside, {len(received)} received, the producer waited "
    f"{len(producer_waits)} times",
)

# %% [markdown]
# ### Worked example: readers and writers
#
# Many may read at the same time, for reading changes nothing. Who writes must be alone. A reader also
# lets a waiting writer pass; else the readers could keep it out for ever.


# %%
class Readers:
    def __init__(self):
        self.changed = watched(Condition(), "readers and writers")
        self.readers = self.writers = self.writers_waiting = 0

    def read(self, action):
        with self.changed:
            self.changed.wait_for(lambda: not self.writers and not self.writers_waiting)
            self.readers += 1
        try:
            action()  # without the lock: others may read now
        finally:
            with self.changed:
                self.readers -= 1
                self.changed.notify_all()


# %%
class ReadersWriters(Readers):
    def write(self, action):
        with self.changed:
            self.writers_waiting += 1
            self.changed.wait_for(lambda: not self.writers and not self.readers)
            self.writers_waiting -= 1
            self.writers += 1
        try:
            action()
        finally:
            with self.changed:
                self.writers -= 1
                self.changed.notify_all()


# %%
book, seen = ReadersWriters(), []


def look():
    with inside("the book"):  # for the picture: no lock is held here
        seen.append((book.readers, book.writers))
        pause(0.04)
        seen.append((book.readers, book.writers))


def reader():
    for _ in range(2):
        book.read(look)


def writer():
    pause(0.02)  # the readers come first
    book.write(look)


pages = timeline(in_lanes({"reader 1": reader, "reader 2": reader, "writer": writer}))
draw_queue(pages, "Readers together, the writer alone (blue: inside)")

# %%
crowds = sorted(set(seen))
claim(
    "4.3-readers-writers",
    "Readers are inside together; a writer is always alone.",
    max(readers for readers, _ in seen) == 2
    and all(readers == 0 and writers == 1 for readers, writers in seen if writers),
    f"(readers, writers) seen inside: {crowds}",
)

# %% [markdown]
# **Try.** Take `and not self.writers_waiting` out of `read`, and give the readers ten rounds. When does
# the writer get its turn now? Then put an `if` for the first `while` in `BoundedBuffer`. Does
# anything go wrong with one producer? With three? Why is `if` still wrong?

# %% [markdown]
# ## 4.4 ThreadPoolExecutor
#
# *45 minutes; 137 so far*
#
# A **thread pool** keeps a few threads, its **workers**. You give it **tasks**, calls of functions;
# they stand in a queue, and each worker takes the next one when it is free.
#
# The work here is what threads are mostly used for: fetching pages. The web server is ours and runs
# on your computer, in a process of its own. It really is asked over the network, but this network
# needs no cable, and it is as slow as we tell it to be: `latency_s` is the time until it answers.
# And it counts its requests, so that you can check what your program did.

# %%
import hashlib
import io
import os
import tempfile
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from contextlib import redirect_stderr
from pathlib import Path
from urllib.error import HTTPError

import numpy as np

# %%
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # straight, by no proxy


def fetch(url):
    """The page's bytes. Raises HTTPError if the server answers with an error."""
    try:
        with opener.open(url, timeout=10) as response:
            return response.read()
    except HTTPError as error:
        error.close()  # it would keep the connection open
        raise


def download(url, folder):
    """Fetch a page and save it as a file in the folder. Returns its size in bytes."""
    page = fetch(url)
    Path(folder, url.rpartition("/")[2]).write_bytes(page)
    return len(page)


# %% [markdown]
# First one page after another.

# %%
pages = [f"/page{number}" for number in range(1, 9)]

with loopback(latency_s=0.05) as server, tempfile.TemporaryDirectory() as folder:
    sizes = [download(server.url + page, folder) for page in pages]
    one_by_one = server.served()

print(len(sizes), "pages,", sum(sizes), "bytes")
print("requests in hand at the same time, at most:", one_by_one.most_at_once)

# %%
guess_at_once = Prediction(
    "A pool of four threads fetches the same eight pages. How many requests does the server have "
    "in hand at the same time, at most?",
    ["1", "4", "8"],
)
guess_at_once

# %% [markdown]
# `submit` puts a call into the queue and returns at once. What it returns is a **future**: a handle
# on a result that may not be there yet. `result()` waits until it is. At the end of the `with` block
# the pool waits until all tasks have ended, and ends its threads.

# %% tags=["nbval-ignore-output"]
with loopback(latency_s=0.05) as server, tempfile.TemporaryDirectory() as folder:
    with ThreadPoolExecutor(max_workers=4) as pool:
        futures = [pool.submit(download, server.url + page, folder) for page in pages]
    files = sorted(path.name for path in Path(folder).iterdir())
    in_a_pool = server.served()

print(files)
print(sum(future.result() for future in futures), "bytes")
print("requests in hand at the same time, at most:", in_a_pool.most_at_once)

# %%
seen = str(in_a_pool.most_at_once)
guess_at_once.compare(
    seen if seen in guess_at_once.answers else None,
    {
        "1": "While one thread waits for its answer, the next one asks.",
        "8": "All eight were submitted at once, but four threads can't wait for eight answers.",
    },
)

# %%
claim(
    "4.4-at-once",
    "A pool of four threads has several requests under way, but never more than four.",
    one_by_one.most_at_once == 1 < in_a_pool.most_at_once <= 4
    and files == [page[1:] for page in pages],
    f"at most {one_by_one.most_at_once} one after another, {in_a_pool.most_at_once} in the pool",
)

# %% [markdown]
# ### Everything twice
#
# The article's example fetches five files in a pool of three threads: with `submit` and
# `as_completed`, then with `map`. It only pretends, with `time.sleep(2)`. Here it is with real
# downloads.

# %%
guess_twice = Prediction(
    "The article's program is to fetch five files. How many requests does the server get?",
    ["3", "5", "10"],
)
guess_twice

# %%
with loopback(latency_s=0.02) as server:
    urls = [f"{server.url}/file{i}" for i in range(5)]

    with ThreadPoolExecutor(max_workers=3) as executor:
        futures = [executor.submit(fetch, url) for url in urls]
        for future in as_completed(futures):  # in the order in which they are ready
            result = future.result()

    with ThreadPoolExecutor(max_workers=3) as executor:
        results = list(executor.map(fetch, urls))  # in the order of the addresses

    article = server.served()

print("requests:", article.requests)

# %%
guess_twice.compare(
    str(article.requests),
    {
        "3": "Three is the number of threads. Each takes the next file when it is free.",
        "5": "submit has fetched all five. Then map fetches all five again.",
    },
)

# %%
claim(
    "4.4-twice",
    "The article's listing downloads every file twice: submit and map are two ways to do the same.",
    article.requests == 2 * len(urls),
    f"{article.requests} requests for {len(urls)} files",
)

# %% [markdown]
# So use one of the two. Which? They differ in the order in which you get the results, and in what
# an error does.
#
# ### In which order?
#
# Five pages again, and page 1 takes longest. The server lets a request say how long it is to take:
# `?latency=0.3`. The `Recorder` notes when each task ran and on which thread; `used` notes when your
# loop got its result.

# %%
guess_order = Prediction(
    "Page 1, the slowest, is submitted first. With which of the two do you get a first result "
    "sooner?",
    ["as_completed", "map", "both at the same moment"],
)
guess_order

# %%
delays = {"page 1": 0.3, "page 2": 0.1, "page 3": 0.1, "page 4": 0.05, "page 5": 0.05}


def recorded(page):
    """Fetch a page that takes its time, and return the recording of it."""
    with Recorder(page) as recorder, recorder.sleeping():
        fetch(f"{server.url}/{page[-1]}?latency={delays[page]}")
    return recorder.recording


with loopback() as server, ThreadPoolExecutor(3) as pool:
    used = {}
    futures = [pool.submit(recorded, page) for page in delays]
    for future in as_completed(futures):
        used[future.result()["lane"]] = time.perf_counter_ns()
    ready = schedule([future.result() for future in futures], used)

    used, recordings = {}, []
    for recording in pool.map(recorded, delays):
        used[recording["lane"]] = time.perf_counter_ns()
        recordings.append(recording)
    in_order = schedule(recordings, used)

# %%
schedules({"as_completed": ready, "map": in_order}, "The same five pages, two orders of results")

# %%
first_s = [min(task.handed_s for task in run.tasks) for run in (ready, in_order)]
guess_order.compare(
    "both at the same moment"
    if abs(first_s[0] - first_s[1]) < 0.02
    else "as_completed"
    if first_s[0] < first_s[1]
    else "map",
    {
        "map": "map gives the results in the order of the pages, so it waits for page 1 first.",
        "both at the same moment": "The tasks run alike. What differs is what you wait for.",
    },
)

# %% [markdown]
# **Look.** The blue bars are the tasks, each with the number of its page: a thread that has finished
# one takes the next. The triangles are the results as your loop got them. Dotted: a result that was
# ready and had to wait.
#
# **Explain.** `as_completed` hands out futures as they become ready. `map` hands out results in the
# order of the arguments: what is ready waits behind what isn't.

# %%
page_1, page_2 = in_order.tasks[:2]
claim(
    "4.4-order",
    "map gives results in the order of the arguments, and holds back what is ready; as_completed "
    "gives them as they are ready.",
    in_order.handed_out == tuple(delays)
    and page_2.ended_s < page_1.ended_s <= page_2.handed_s
    and ready.handed_out[-1] == "page 1",
    f"as_completed: {', '.join(ready.handed_out)}; map: {', '.join(in_order.handed_out)}",
)

# %% [markdown]
# One more difference. `submit` takes one call. `map` takes all arguments at once, before you read the
# first result:

# %%
taken = []


def numbers():
    for number in range(1000):
        taken.append(number)
        yield number


with ThreadPoolExecutor(1) as pool:
    results = pool.map(str, numbers())
    at_first = len(taken)

print("arguments taken before the first result was read:", at_first)

# %%
claim(
    "4.4-map-eager",
    "map collects all arguments before it hands out the first result.",
    at_first == 1000,
    f"{at_first} of 1000",
)

# %% [markdown]
# A generator without end would fill the memory. Since Python 3.14 `map` has `buffersize`, the number
# of tasks that may be submitted ahead
# ([documentation](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.map)).
#
# **Try.** Make page 4 the slow one. What is held back now? Then give the pool five threads.

# %% [markdown]
# ### The error that nobody asked for
#
# Servers fail. This one does when told to: `?status=500`. `fetch` raises HTTPError then.

# %%
guess_silent = Prediction(
    "Three downloads are submitted, one of them fails, and the program asks for no result. "
    "What do you notice of the error?",
    ["a traceback in the output", "the end of the with block raises it", "nothing"],
)
guess_silent

# %%
good_bad_good = ["/good", "/bad?status=500&latency=0.2", "/fine"]
heard = io.StringIO()

with loopback(latency_s=0.01) as server, redirect_stderr(heard):
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(fetch, server.url + page) for page in good_bad_good]
    errors_served = server.served().errors

print("the block has ended; error output:", repr(heard.getvalue()))

# %%
guess_silent.compare(
    "nothing" if heard.getvalue() == "" else "a traceback in the output",
    {
        "a traceback in the output": "A thread of your own prints one. A pool keeps the exception "
        "for whoever asks.",
        "the end of the with block raises it": "It waits for the tasks. It doesn't look at what "
        "became of them.",
    },
)

# %%
kept = futures[1].exception()
claim(
    "4.4-silent",
    "An exception in a task stays in its future. If nobody asks for it, nobody learns of it.",
    errors_served == 1 and heard.getvalue() == "" and isinstance(kept, HTTPError),
    f"the server counts {errors_served} error, the output was empty, the future holds: {kept}",
)

# %% [markdown]
# **Explain.** The future keeps what the call returned or raised; `result()` returns the one and raises
# the other
# ([documentation](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.result)).
# A `submit` whose future you drop, or a `map` that you don't read, is a place where errors vanish.
#
# And `map`, when you do read it? The exception comes when its turn comes.

# %%
with loopback(latency_s=0.01) as server:
    lengths = []
    with ThreadPoolExecutor(3) as pool:
        try:
            for page in pool.map(fetch, [server.url + page for page in good_bad_good]):
                lengths.append(len(page))
        except HTTPError as error:
            print("after", len(lengths), "result:", error)
    fetched = server.served()

print("requests:", fetched.requests, " results:", len(lengths))

# %%
claim(
    "4.4-map-stops",
    "When one call of map raised, the results after it are lost, though they were fetched.",
    fetched.requests == 3 and fetched.errors == 1 and len(lengths) == 1,
    f"{fetched.requests - fetched.errors} pages were fetched, {len(lengths)} arrived",
)

# %% [markdown]
# So where a task may fail, take `submit`, remember which future belongs to what, and ask each one. A
# server that fails now and then, at random:

# %%
with loopback(latency_s=0.01, error_rate=0.3) as server, ThreadPoolExecutor(4) as pool:
    futures = {pool.submit(fetch, f"{server.url}/{number}"): number for number in range(20)}
    sizes, errors = {}, {}
    for future in as_completed(futures):
        number = futures[future]
        try:
            sizes[number] = len(future.result())
        except OSError as error:  # HTTPError is one; so are a lost connection and a timeout
            errors[number] = error
    counted = server.served()

print("pages and errors:", len(sizes) + len(errors))

# %%
claim(
    "4.4-every-error",
    "Ask each future, and no result and no error is lost.",
    len(sizes) + len(errors) == 20 and len(errors) == counted.errors,
    f"{len(sizes)} pages and {len(errors)} errors; the server counts {counted.errors} errors",
)

# %% [markdown]
# **Try.** Ask a failed page again, at most three times, and count what is still missing then. What
# does `except Exception` in the place of `except OSError` hide, if `fetch` has a typo?

# %% [markdown]
# ### Change your mind: cancel, and stop waiting

# %%
guess_cancel = Prediction(
    "Two threads, six downloads. When both threads are at work, the program calls cancel() on all "
    "six futures. How many requests does the server get?",
    ["none", "2", "6"],
)
guess_cancel

# %%
with loopback(latency_s=0.4) as server:
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(fetch, f"{server.url}/{number}") for number in range(6)]
        while server.served().requests < 2:
            time.sleep(0.01)
        cancelled = [future.cancel() for future in futures]
    after_cancel = server.served()

print(cancelled)
print(
    "requests:", after_cancel.requests, " pages:", sum(f.exception() is None for f in futures[:2])
)

# %%
guess_cancel.compare(
    {0: "none", 2: "2", 6: "6"}.get(after_cancel.requests),
    {
        "none": "Two tasks had begun. A thread can't be stopped from outside.",
        "6": "Four tasks were still in the queue. From there cancel() takes them out.",
    },
)

# %%
claim(
    "4.4-cancel",
    "cancel() takes a task out of the queue. One that has begun runs to its end.",
    cancelled == [False] * 2 + [True] * 4 and after_cancel.requests == 2,
    f"cancel() returned {cancelled}; {after_cancel.requests} requests",
)

# %% [markdown]
# `pool.shutdown(cancel_futures=True)` does that to all that are waiting. And a timeout?

# %%
guess_timeout = Prediction(
    "A download takes 0.3 s. result(timeout=0.05) gives up before. What becomes of the download?",
    ["it is cancelled", "it goes on to its end", "its thread is ended"],
)
guess_timeout

# %%
with loopback(latency_s=0.3) as server:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(fetch, f"{server.url}/slow")
        try:
            slow.result(timeout=0.05)
        except TimeoutError:
            print("no result so far; the task has ended:", slow.done())
    print("after the with block:", len(slow.result()), "bytes")

# %%
guess_timeout.compare(
    "it is cancelled" if slow.cancelled() else "it goes on to its end",
    {
        "it is cancelled": "The timeout is of your waiting, not of the task.",
        "its thread is ended": "Python has no way to end a thread from outside.",
    },
)

# %%
claim(
    "4.4-timeout",
    "A timeout of result() ends the waiting only. The task goes on, and the with block waits for "
    "it.",
    not slow.cancelled() and slow.exception() is None and len(slow.result()) == 2000,
    f"{len(slow.result())} bytes arrived after the timeout",
)

# %% [markdown]
# To end the *work*, the timeout must be where the waiting is: in the call that waits for the network.
# This server takes 20 seconds, and the block doesn't.

# %%
with loopback(latency_s=20) as server:
    began = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        given_up = pool.submit(opener.open, f"{server.url}/slow", timeout=0.1)
    block_s = time.perf_counter() - began

print("the task raised", type(given_up.exception()).__name__)

# %%
claim(
    "4.4-timeout-inside",
    "A timeout inside the task ends the task itself, and its thread is free again.",
    isinstance(given_up.exception(), TimeoutError) and block_s < 10,
    f"the block ended after {block_s:.2f} s",
    tolerance="0.1 s and a start, and far less than the 20 s that the answer takes",
)

# %% [markdown]
# **Explain.** A thread can't be stopped from outside
# ([documentation](https://docs.python.org/3/library/threading.html)): it may hold a lock, or be in the
# middle of a change. So give every call that waits a timeout, and a long loop an `Event` to look at.
#
# **Try.** Replace `timeout=0.1` by `timeout=None`, and predict how long the cell takes.

# %% [markdown]
# ### A pool that waits for itself
#
# A page has a link. The task that fetches the page gives the pool a second task, for the link, and
# waits for its result.

# %%
guess_deadlock = Prediction(
    "A pool of two threads runs two such tasks. What happens?",
    ["both end", "none ends", "the pool starts more threads"],
)
guess_deadlock


# %%
def with_link(page, pool):
    """The bytes of a page and of the page that it links to."""
    size = len(fetch(server.url + page))
    both_busy.wait()  # from now on both threads of the pool have a task
    link = pool.submit(fetch, f"{server.url}{page}/link")
    links.append(link)
    return size + len(link.result())  # waits, and keeps its thread


def state(future):
    names = {"cancelled": future.cancelled(), "ended": future.done(), "running": future.running()}
    return next((name for name, so in names.items() if so), "in the queue")


# %% [markdown]
# We wait for 0.6 seconds, then empty the queue. Whoever waits for a task that was in it gets a
# `CancelledError`, and so the demonstration ends. (The tasks in the queue are cancelled one by one. A thread
# that the first set free may be quick enough to take the second.)

# %%
both_busy, links = threading.Barrier(2, timeout=10), []
with loopback(latency_s=0.01) as server, ThreadPoolExecutor(2) as pool:
    try:
        tasks = [pool.submit(with_link, page, pool) for page in ("/a", "/b")]
        ended, stuck = wait(tasks, timeout=0.6)
        states = [state(future) for future in [*tasks, *links]]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # the way out

print("the tasks:", *states[:2], sep="  ")
print("the links:", *states[2:], sep="  ")
ends = [type(task.exception()).__name__ for task in tasks]
print("stopped by us, with a CancelledError:", "CancelledError" in ends)

# %%
guess_deadlock.compare(
    "both end" if len(ended) == 2 else "none ends" if not ended else None,
    {
        "both end": "So it would be with more threads than tasks that wait.",
        "the pool starts more threads": "It never has more than max_workers.",
    },
)

# %% [markdown]
# **Look.** Both tasks run, which means that they wait. Both links are in the queue.
#
# **Explain.** Each task holds a thread and waits for a link. Each link waits for a thread. That is a
# **deadlock**, and the documentation
# [warns of it](https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor). A larger
# pool only moves it: a hundred threads do that with a hundred such tasks.

# %%
claim(
    "4.4-deadlock",
    "When all workers wait for tasks that are still in their own pool's queue, none of them ends.",
    len(stuck) == 2 and states[2:] == ["in the queue"] * 2,
    f"tasks {states[:2]}, links {states[2:]}; stopped after 0.6 s",
)

# %% [markdown]
# A pool of their own for the links helps, since nobody in it waits for anybody:

# %%
links = []
with loopback(latency_s=0.01) as server:
    # for_links comes first, because with blocks end in reverse order: it must end last.
    with ThreadPoolExecutor(2) as for_links, ThreadPoolExecutor(2) as for_pages:
        tasks = [for_pages.submit(with_link, page, for_links) for page in ("/a", "/b")]
    sums = [task.result() for task in tasks]

print("bytes:", sums)

# %%
claim(
    "4.4-two-pools",
    "With a pool for the tasks that wait and another one for what they wait for, all tasks end.",
    sums == [4000, 4000],
    f"{sums} bytes",
)

# %% [markdown]
# Better still: let no task wait for another. The caller fetches the pages, then the links. Exercise
# 4.5 does that.
#
# **Try.** Give `for_pages` three threads, then pass it in the place of `for_links`. Why does it end
# now? How many such tasks would stop this pool? (With two threads the cell hangs until you restart
# the kernel: put the way out in first.)

# %% [markdown]
# ### How many workers?
#
# In any system that things enter and leave, the number inside is, on average, the rate at which they
# leave times the time that each spends inside. This is **Little's law**
# ([J. D. C. Little, 1961](https://doi.org/10.1287/opre.9.3.383)). For a pool:
#
# requests under way = answers a second × time of one answer
#
# A worker has one request under way at a time. So with *n* workers, the **throughput** (answers a
# second) is at most *n* / time of one answer.

# %%
guess_workers = Prediction(
    "An answer takes 10 ms. How many answers a second do eight workers get?",
    ["about 100", "more, but at most 800", "more than 800"],
)
guess_workers


# %% tags=["nbval-ignore-output"]
def answers_per_second(workers, requests=24):
    urls = [f"{server.url}/{number}" for number in range(requests)]
    began = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(fetch, urls))
    return requests / (time.perf_counter() - began)


with loopback(latency_s=0.01) as server:
    rates = {workers: answers_per_second(workers) for workers in (1, 2, 4, 8)}

for workers, rate in rates.items():
    print(f"workers: {workers}   answers a second: {rate:.0f}")

# %%
guess_workers.compare(
    "more than 800"
    if rates[8] > 800
    else "more, but at most 800"
    if rates[8] > 150
    else "about 100",
    {
        "about 100": "That is one worker. Eight wait for eight answers at the same time.",
        "more than 800": "Then an answer would have to come sooner than after 10 ms.",
    },
)

# %%
with loopback(latency_s=0.01) as server:
    few_and_many = compare(
        {
            "1 worker": partial(answers_per_second, 1, 8),
            "8 workers": partial(answers_per_second, 8, 8),
        }
    )

claim(
    "4.4-workers",
    "Eight workers get eight answers in a fraction of the time that one worker needs.",
    few_and_many.ratio("1 worker", "8 workers").at_least(2.5),
    tolerance="8 would be ideal; starting eight threads and making eight requests takes computing",
)

# %% [markdown]
# And thirty-two? The next cell does the same in a fresh Python, up to 32 workers, and notes the time
# of each request. The client is short:
# [`helpers/workers/requests.py`](../helpers/workers/requests.py).

# %%
swept = requests.throughput(workers=(1, 2, 4, 8, 16, 32), requests=48, latency_s=0.01)
draw_requests.throughput(swept)

# %% [markdown]
# **Look.** Left, the law is the dashed line. For a few workers the points lie on it: twice the
# workers, twice the answers. Further to the right they fall behind. The right half says whether the
# answers got slower. The sentence gives the product for the most workers: how many
# requests were really under way.
#
# **Explain.** The law itself always holds: see the product. Two things keep the points below the line.
# To make a request takes computing: open a connection, write, read, understand the answer. With a GIL
# one thread at a time does that, while the others wait; so an answer takes longer, or a worker gets
# to its next request later. And at the start and the end not all workers have something to do.

# %%
claim(
    "4.4-in-flight",
    "A pool never has more requests under way than it has workers, by Little's law and by the "
    "server's count.",
    all(
        point.in_flight <= point.workers + 1e-6 and point.most_at_once <= point.workers
        for point in swept.points
    ),
    "; ".join(
        f"{point.workers} workers: {point.in_flight:.1f} on average, {point.most_at_once} at most"
        for point in swept.points
    ),
)

# %% [markdown]
# So for I/O: workers = answers a second that you want × time of one answer. Measure that time under
# load, and stop where more workers only make the answers slower. The server may well set the limit
# before: ask what it allows.
#
# Without `max_workers`, a pool takes four more than you have cores, and at most 32
# ([documentation](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ThreadPoolExecutor)).
# Let every task wait, and count.

# %%
gate = threading.Event()
with ThreadPoolExecutor(thread_name_prefix="counted") as pool:
    for _ in range(40):
        pool.submit(gate.wait)
    counted = sum(thread.name.startswith("counted") for thread in threading.enumerate())
    gate.set()

cores = getattr(os, "process_cpu_count", os.cpu_count)()  # the former is new in Python 3.13
claim(
    "4.4-default",
    "A pool that isn't told how many threads to have takes four more than cores, and at most 32.",
    counted == min(32, (cores or 1) + 4),
    f"{counted} threads for 40 tasks; Python counts {cores} cores",
)

# %% [markdown]
# That number knows nothing of your server. The lab lets you choose one: how many requests for each
# number of workers; the latency; the **jitter**, by how much the latency varies; and how many answers
# are errors.

# %%
throughput_lab().set(requests=32).run()

# %% [markdown]
# **Try.** In the lab, 100 ms and 64 workers: do more than 16 pay here? And with 5 ms? Then let half of
# the answers be errors. An error is an answer too: which of the two lines is the one that you care
# for? Then jitter: what does it do to the highest dots, and to the mean?

# %% [markdown]
# ### Threads that compute
#
# With the GIL, the article says, threads can't compute in parallel. Chapter 2 has shown one
# exception: hashing. Here are five kinds of work, each done twice: one after the other, and in a pool
# of two threads.

# %%
guess_compute = Prediction(
    "Adding in Python, hashing a file, compressing, NumPy sorting numbers, NumPy sorting Python "
    "objects. With a GIL, which gain from a second thread?",
    ["none of them", "all but the first", "hashing, compressing and sorting numbers"],
)
guess_compute


# %%
def adding(times=100_000):
    total = 0
    for number in range(times):
        total += number
    return total


def hash_file(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


text = "\n".join(map(str, range(60_000))).encode()
numbers_in_c = np.random.default_rng(0).random(100_000)
numbers_in_python = numbers_in_c[:20_000].astype(object)  # each a Python object


# %%
def two_ways(kinds, pool):
    """Compare two calls of each work, one after the other and at once; all of it by turns."""
    contenders = {}
    for kind, work in kinds.items():
        contenders[f"{kind}, one after another"] = lambda work=work: [work(), work()]
        contenders[f"{kind}, in a pool"] = lambda work=work: wait(
            [pool.submit(work), pool.submit(work)]
        )
    return compare(contenders, repeats=11)


# %%
with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
    Path(folder, "file").write_bytes(bytes(12_000_000))
    # kind="stable" is the way to sort that gives a thread enough to do.
    kinds = {
        "adding in Python": adding,
        "hashing a file": partial(hash_file, Path(folder, "file")),
        "compressing": partial(zlib.compress, text),
        "NumPy, sorting numbers": partial(np.sort, numbers_in_c, kind="stable"),
        "NumPy, sorting Python objects": partial(np.sort, numbers_in_python),
    }
    both = two_ways(kinds, pool)

speed_ups = {kind: both.ratio(f"{kind}, one after another", f"{kind}, in a pool") for kind in kinds}
draw_released.gains(speed_ups, threads=2)

# %%
asked = {kind: ratio.at_least(1.15) for kind, ratio in speed_ups.items()}
told = all(verdict.outcome is not Outcome.UNTOLD for verdict in asked.values())
gained = tuple(kind for kind, verdict in asked.items() if verdict.outcome is Outcome.HOLDS)
guess_compute.compare(
    {
        (): "none of them",
        tuple(list(kinds)[1:]): "all but the first",
        tuple(list(kinds)[1:4]): "hashing, compressing and sorting numbers",
    }.get(gained)
    if told
    else None,
    {
        "none of them": "So the article has it. But the GIL is for Python code, and C code may "
        "release it.",
        "all but the first": "To compare two Python objects, NumPy has to run Python code.",
        "hashing, compressing and sorting numbers": "This machine has one core, or this Python "
        "no GIL.",
    },
    untold="other programs had the second core, or this Python has no GIL",
)

# %% [markdown]
# **Look.** Marks near 2 had both cores all the time; marks near 1 gained nothing.
#
# **Explain.** `hashlib` and `zlib` release the GIL while they work
# ([C API](https://docs.python.org/3.13/c-api/init.html#releasing-the-gil-from-extension-code)), and so
# does NumPy, but not where the elements are Python objects
# ([NumPy](https://numpy.org/doc/stable/reference/thread_safety.html)).

# %%
claim(
    "4.4-hash-files",
    "Two threads hash two files faster than one after the other.",
    speed_ups["hashing a file"].at_least(1.15),
    needs=[needs_cores(2)],
    tolerance="2 would be a full gain; much is left to memory and other programs",
)

# %%
claim(
    "4.4-compress",
    "Two threads compress faster than one after the other.",
    speed_ups["compressing"].at_least(1.15),
    needs=[needs_cores(2)],
    tolerance="2 would be a full gain; much is left to memory and other programs",
)

# %%
claim(
    "4.4-numpy",
    "Two threads sort NumPy's numbers faster than one after the other.",
    speed_ups["NumPy, sorting numbers"].at_least(1.15),
    needs=[needs_cores(2)],
    tolerance="2 would be a full gain; much is left to memory and other programs",
)

# %%
claim(
    "4.4-python-objects",
    "With the GIL, a second thread gains nothing in Python code, nor where C code works on Python "
    "objects.",
    all_of(
        [
            speed_ups["adding in Python"].at_most(1.25),
            speed_ups["NumPy, sorting Python objects"].at_most(1.25),
        ]
    ),
    needs=[EVEN_CORES, WITH_GIL],
    tolerance="2 would be a full gain; a quarter is left to noise",
)

# %% [markdown]
# Now split the same job into smaller pieces: first as large as above, in the end 250 bytes each, and
# each piece is a task.

# %%
guess_pieces = Prediction(
    "A pool of two threads hashes pieces of 250 bytes, each as a task. Against one after another?",
    ["nearly twice as fast", "about as fast", "several times slower"],
)
guess_pieces

# %%
by_size = released.by_piece(sizes=(250, 2_500, 25_000, 250_000, 2_000_000))
draw_released.pieces(by_size)

# %%
smallest = by_size.speed_up(250).middle
guess_pieces.compare(
    "several times slower"
    if smallest < 0.5
    else "about as fast"
    if smallest < 1.3
    else "nearly twice as fast",
    {
        "nearly twice as fast": "That needs pieces that take much longer than handing them over.",
        "about as fast": "Handing a task over takes longer than hashing 250 bytes.",
    },
)

# %% [markdown]
# **Look.** Where the line crosses 1, handing over costs as much as two threads gain. The sentence
# gives the times of one piece.
#
# **Explain.** For each task the pool makes a future, puts it into the queue, wakes a thread, and wakes
# you. Besides, `hashlib` keeps the GIL for less than 2048 bytes
# ([documentation](https://docs.python.org/3/library/hashlib.html#hashlib.hash.update)). So cut the work
# into few large pieces.

# %%
claim(
    "4.4-small-pieces",
    "To hand small pieces to a pool takes several times as long as to do them yourself.",
    by_size.comparison.ratio(released.pooled(250), released.alone(250)).at_least(2),
    tolerance="any factor above 1 would do; 2 is far from noise",
)

# %%
claim(
    "4.4-large-pieces",
    "With large pieces of the same work, the pool is faster.",
    by_size.speed_up(2_000_000).at_least(1.15),
    needs=[needs_cores(2)],
    tolerance="2 would be a full gain; much is left to memory and other programs",
)

# %% [markdown]
# How many workers for that? As many as cores: here nobody waits, so Little's law has nothing to give.
#
# **Try.** Add `sorted(text.split())` to the kinds. What do you expect? And put `ThreadPoolExecutor(8)`
# in the place of `(2)`: what changes, with two calls at a time?

# %% [markdown]
# ## Summary
#
# - Threads share objects. Local variables belong to a call. `threading.local` and `ContextVar` give
#   each thread, or each request, its own.
# - A thread is started once, ends by itself, and is asked to end, not stopped. `join` waits, and tells
#   neither a timeout nor an exception. A **daemon** thread is cut off at the program's end.
# - Workers at a `Queue`: report every task in a `finally`, keep every exception, one `None` for each
#   worker; or, since 3.13, `Queue.shutdown`.
# - **Lock**: one at a time; hold it from the check to the act. **RLock**: the owner may take it again.
#   **Semaphore**: up to *n*; take the bounded one. **Event**: a flag that is remembered. **Condition**: a
#   signal that isn't, so look at the data, in a loop. **Barrier**: all together, or none.
# - A pool's **workers** take **tasks** from a queue; a **future** is the handle on a result.
#   `as_completed` hands out what is ready, `map` keeps the order of the arguments. Use one of them.
# - An exception stays in its future until somebody asks. Ask every future.
# - `cancel()` reaches the queue only, and a timeout of `result()` ends the waiting only. A task that
#   is to end must have its own timeout.
# - A task that waits for another task of its own pool can stop the whole pool: a **deadlock**.
# - **Little's law**: requests under way = throughput × time of an answer. It tells how many workers
#   you need for I/O; for computing it is the number of cores.
# - Threads compute in parallel in C code that releases the GIL, if the pieces are large.

# %% [markdown]
# ## Exercises
#
# *About 30 minutes for the first three.* Write, run the cell, then run the check below it.

# %% [markdown]
# ### Exercise 4.1
#
# Two threads run the same function. Can one of them see what the other one changes? Write `True` or
# `False`.

# %% tags=["exercise"]
seen_by_the_other = {
    "n += 1, and n is a local variable": ...,
    "n += 1, and n is a global variable": ...,
    "words.append('x'), and words is an argument: the same list for both threads": ...,
    "words = words + ['x'], and words is that same argument": ...,
    "own.n = 1, and own is a threading.local()": ...,
}

# %%
exercises.check("4.1", checks_threads.shared, seen_by_the_other)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# seen_by_the_other = {
#     "n += 1, and n is a local variable": False,
#     "n += 1, and n is a global variable": True,
#     "words.append('x'), and words is an argument: the same list for both threads": True,
#     "words = words + ['x'], and words is that same argument": False,
#     "own.n = 1, and own is a threading.local()": False,
# }
# ```
#
# `append` changes the list that both have. `words + ['x']` makes a new list, and gives it to a local
# name.
#
# </details>

# %% [markdown]
# ### Exercise 4.2
#
# `tasks` is a queue that holds all tasks already. Write `drain`: it starts `workers` threads that take
# the tasks from the queue and call `handle(task)`, which may raise. When it returns, all tasks have
# been handled, all threads have ended, and `tasks.join()` would return at once. It returns two lists:
# the results, and the failures as pairs of task and exception, in any order.


# %% tags=["exercise"]
def drain(tasks, handle, workers):
    return ...


# %%
exercises.check("4.2", checks_threads.drain, drain)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def drain(tasks, handle, workers):
#     results, failures = [], []
#
#     def work():
#         while True:
#             task = tasks.get()
#             try:
#                 if task is None:
#                     return
#                 results.append(handle(task))
#             except Exception as error:
#                 failures.append((task, error))
#             finally:
#                 tasks.task_done()
#
#     threads = [Thread(target=work) for _ in range(workers)]
#     for thread in threads:
#         thread.start()
#     for _ in range(workers):
#         tasks.put(None)
#     for thread in threads:
#         thread.join()
#     return results, failures
# ```
#
# Nobody puts anything in later, so `get_nowait` until `queue.Empty` would do as well, without a `None`.
#
# </details>

# %% [markdown]
# ### Exercise 4.3
#
# A **latch** opens once, when a number of things have happened. Write it with a Condition.
# `count_down()` says that one more has happened. `wait(timeout)` waits until `count` have happened, and
# returns whether they have; after `timeout` seconds it gives up. Many threads may wait, and some may
# come when the latch is open already.


# %% tags=["exercise"]
class Latch:
    def __init__(self, count):
        self.count = count
        self.changed = Condition()

    def count_down(self): ...

    def wait(self, timeout): ...


# %%
exercises.check("4.3", checks_synchronisation.latch, Latch)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# class Latch:
#     def __init__(self, count):
#         self.count = count
#         self.changed = Condition()
#
#     def count_down(self):
#         with self.changed:
#             self.count -= 1
#             if self.count <= 0:
#                 self.changed.notify_all()
#
#     def wait(self, timeout):
#         with self.changed:
#             return self.changed.wait_for(lambda: self.count <= 0, timeout)
# ```
#
# `wait_for` looks at the count first, so a latch that is open already holds nobody up, and it looks
# again after each signal.
#
# </details>

# %% [markdown]
# ### Exercise 4.4: lose nothing
#
# Fetch all pages in a pool of `workers` threads, each page once. Return a dict: for each address the
# page, or the OSError that `fetch` raised for it.


# %% tags=["exercise"]
def fetch_all(urls, fetch, workers):
    return ...


# %%
exercises.check("4.4", checks_thread_pools.fetch_all, fetch_all)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def fetch_all(urls, fetch, workers):
#     found = {}
#     with ThreadPoolExecutor(workers) as pool:
#         futures = {pool.submit(fetch, url): url for url in urls}
#         for future in as_completed(futures):
#             try:
#                 found[futures[future]] = future.result()
#             except OSError as error:
#                 found[futures[future]] = error
#     return found
# ```
#
# The dict of futures remembers which one belongs to which address.
#
# </details>

# %% [markdown]
# ### Exercise 4.5: end the deadlock
#
# `files_of(folder)` lists a folder's files, `size_of(file)` takes a while and gives a file's size. The
# function below is to return the total of each folder. It hangs, whenever each thread of the pool
# has a folder. Rewrite it so that it works even with a pool of one thread, and still sizes the files
# of one folder at the same time where there are threads for it. Use the pool that you are given.


# %% tags=["exercise"]
def totals(pool, folders, files_of, size_of):
    def total(folder):
        futures = [pool.submit(size_of, file) for file in files_of(folder)]
        return sum(future.result() for future in futures)

    totals = {folder: pool.submit(total, folder) for folder in folders}
    return {folder: future.result() for folder, future in totals.items()}


# %%
exercises.check("4.5", checks_thread_pools.totals, totals)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def totals(pool, folders, files_of, size_of):
#     futures = {
#         folder: [pool.submit(size_of, file) for file in files_of(folder)] for folder in folders
#     }
#     return {
#         folder: sum(future.result() for future in sizes) for folder, sizes in futures.items()
#     }
# ```
#
# First submit everything, then wait; and only the caller waits. If `files_of` is slow as well, let
# the pool do it too: `pool.map(files_of, folders)`, before the first `size_of`.
#
# </details>

# %% [markdown]
# ## What the article says and what you measured
#
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | threads can't be truly parallel | not for Python code under the GIL; C code that releases it is, and so is all code without a GIL | §4.1, claims 2.3-hashing and 2.4-without-gil | [free-threading HOWTO](https://docs.python.org/3/howto/free-threading-python.html) |
# | the worker: `put(None)`, then `join` the thread | it works once; the None is never reported, so the queue's next `join` waits for ever | claim 4.2-second-join | [Queue.task_done](https://docs.python.org/3/library/queue.html#queue.Queue.task_done) |
# | its `handle` doesn't fail | when it does, the worker dies and `join` waits for ever | claim 4.2-failed-task | [threading.excepthook](https://docs.python.org/3/library/threading.html#threading.excepthook) |
# | the worker is a daemon | it is cut off anywhere, `finally` blocks included; ask it to stop | claim 4.2-daemon | [Thread objects](https://docs.python.org/3/library/threading.html#thread-objects) |
# | `acquire`/`release` or `with` for each step | right, and `with` can't forget; sums of one's own and one lock cost much less | claim 4.3-lock-cost | [Lock objects](https://docs.python.org/3/library/threading.html#lock-objects) |
# | RLock: a thread may take it several times | and only that thread may release it; anybody may release a Lock | claims 4.3-rlock, 4.3-owner | [RLock objects](https://docs.python.org/3/library/threading.html#rlock-objects) |
# | Semaphore limits the number | unless somebody releases once too often; BoundedSemaphore notices | claims 4.3-semaphore, 4.3-bounded | [Semaphore objects](https://docs.python.org/3/library/threading.html#semaphore-objects) |
# | Condition: `while`, `wait`, `notify`, without a reason | each part is needed: a signal without data is lost, an `if` takes what is gone | claims 4.3-lost-wake-up, 4.3-while | [Condition objects](https://docs.python.org/3/library/threading.html#condition-objects) |
# | (nothing about Barrier, excepthook, contexts, `Queue.shutdown`) | all in this chapter | claims 4.3-barrier, 4.2-exception, 4.2-context, 4.2-queue-shutdown | [threading](https://docs.python.org/3/library/threading.html) |
# | with the GIL, threads can't compute in parallel | C code that releases it does: hashing, compressing, much of NumPy; if the pieces are large | claims 4.4-hash-files, 4.4-compress, 4.4-numpy, 4.4-small-pieces | [NumPy](https://numpy.org/doc/stable/reference/thread_safety.html), [C API](https://docs.python.org/3.13/c-api/init.html#releasing-the-gil-from-extension-code) |
# | its example of a pool downloads five files | it downloads each of them twice, with submit and with map | claim 4.4-twice | the server's count in 4.4 (§4.4) |
# | map is for many tasks at once, submit for a single one | map takes all arguments before the first result, keeps their order, and stops at the first error | claims 4.4-order, 4.4-map-eager, 4.4-map-stops | [Executor.map](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.map) |
# | nothing about errors | one that nobody asks for is silent | claim 4.4-silent | [Future.result](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.result) |
# | nothing about timeouts and cancelling | both leave a running task alone | claims 4.4-cancel, 4.4-timeout | [Future.cancel](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.cancel) |
# | max_workers=3 and 10, without a reason | for I/O, throughput × time of an answer | claims 4.4-workers, 4.4-in-flight | [J. D. C. Little, 1961](https://doi.org/10.1287/opre.9.3.383) |

# %%
chapter.end("4")

# %% [markdown]
# ## Next
#
# Thousands of waits in one thread, with switches that your code chooses:
# [chapter 5](05_asyncio.ipynb).
