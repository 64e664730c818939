# %% [markdown]
# # Chapter 3: Start processes, feed them, and see them end
#
# A second process is a second Python, with a GIL of its own: it computes while yours does. For that it
# shares nothing with yours, has to be started, and can die without a word. In this chapter you
# start processes in every way there is, look at what they cost and at what they bring along, and
# learn to notice how they ended.

# %% [markdown]
# ## What you will be able to do
#
# - choose a start method, and say what a child has of its parent's under each
# - explain why a worker must be importable, and read the error when it isn't
# - start, watch and stop processes, and read their exit codes
# - find out where the exception of a child went
# - avoid the deadlock of a fork with threads
# - hand work to a pool, in the right chunks, and lose neither results nor exceptions
# - choose a queue, a pipe or shared memory, and make sure that nobody waits for ever

# %% [markdown]
# ## What you need
#
# - Chapter 1: process, thread, exit code, pickling. Necessary.
# - Chapter 2: the GIL, and what a lock is. Necessary for section 3.1.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 190 minutes, exercises included. Classroom: 120 minutes, without the exercises and
# the Trys.

# %%
import inspect
import multiprocessing
import os
import sys
import threading
from multiprocessing import connection, shared_memory

from helpers.course import chapter, checks_processes, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction
from helpers.measure.elsewhere import call
from helpers.measure.verdict import WITH_GIL, all_of, checked, needs_cores, untold
from helpers.workers import processes, sharing, start_methods

chapter.begin("3")

# %% [markdown]
# The next cell imports what this chapter measures and draws with. You don't need to know these:
# the code that matters stands in the cells below.

# %%
from helpers.draw import processes as draw_processes
from helpers.draw import start_methods as draw_start_methods
from helpers.draw.timeline import lanes
from helpers.labs.start_methods import start_method_lab
from helpers.measure import start_methods as measure_start_methods
from helpers.measure.creation import TELLS_MEMORY
from helpers.measure.overlap import by_turns, computing_at_once, in_parallel
from helpers.measure.processes import Ending, without_folders
from helpers.measure.start_methods import HAS_FORK, run_script, start_costs
from helpers.measure.timeline import State, timeline
from helpers.workers.gil import steps_for

# %% [markdown]
# ## 3.1 What multiprocessing is
#
# *12 minutes; 12 so far*
#
# The module `multiprocessing` starts processes that run your Python functions, and gives them ways
# to talk. The process that starts another one is its **parent**, the other one is the **child**. A
# child is used like a thread. Here is a function, and both of them running it:

# %%
print(inspect.getsource(processes.sum_of_squares))

# %%
spawn = multiprocessing.get_context("spawn")  # section 3.2 says what this is

for kind in (threading.Thread, spawn.Process):
    worker = kind(target=processes.sum_of_squares, args=(1000,), name="adder")
    worker.start()
    worker.join()
    print(f"{worker.name}: alive {worker.is_alive()}, daemon {worker.daemon}")

# %% [markdown]
# The same calls. But the child isn't in your Python: it is another one. Let a child change
# something that belongs to a whole interpreter, the switch interval from chapter 2, and let it say
# who it is. A child has no return value, so it sends its answer through a **pipe**: what goes in at
# the `sender` comes out at the `receiver`. Section 3.5 is about such ways.

# %%
print(inspect.getsource(processes.change_interpreter))

# %%
before = round(sys.getswitchinterval(), 3)
receiver, sender = spawn.Pipe(duplex=False)
child = spawn.Process(target=processes.change_interpreter, args=(sender,))
child.start()
sender.close()  # the child has its own end
said = receiver.recv()
child.join()
receiver.close()
after = round(sys.getswitchinterval(), 3)

print("switch interval in the child:", said["switch interval"])
print("switch interval here changed:", before != after)
print("another process:             ", said["process id"] != os.getpid())
print("started by this kernel:      ", said["parent's process id"] == os.getpid())

# %%
claim(
    "3.1-own-interpreter",
    "A child process has an interpreter of its own: what it sets there changes nothing here.",
    said["switch interval"] == 0.123
    and before == after != 0.123
    and said["process id"] != os.getpid(),
    f"switch interval {said['switch interval']} s in the child, {after} s here",
)

# %% [markdown]
# An interpreter of its own, so a GIL of its own? Two processes now start two threads each. All four
# threads do nothing but compute.

# %%
guess_four = Prediction(
    "Two processes with two threads each compute in Python. The machine has cores enough. How many "
    "threads compute at the same instant?",
    ["one", "two: one in each process", "four"],
)
guess_four

# %%
print(inspect.getsource(processes.compute_in_two_threads))


# %%
def two_processes(steps):
    start = spawn.Barrier(4)  # lets all four threads begin together
    receivers, children = [], []
    for name in ("process 1", "process 2"):
        receiver, sender = spawn.Pipe(duplex=False)
        arguments = (name, steps, start, sender)
        child = spawn.Process(target=processes.compute_in_two_threads, args=arguments)
        child.start()
        sender.close()
        receivers.append(receiver)
        children.append(child)
    found = [receiver.recv() for receiver in receivers]
    for child in children:
        child.join()
    return found


steps = steps_for("pure Python", 0.06)
found = two_processes(steps)
all_four = timeline(found[0] + found[1])
lanes(all_four, "Two processes with two threads each: green above green?")

# %%
three = all_four.at_once_ns(State.RUNNING, least=3)
if computing_at_once(all_four) < 0.05:
    happened = None  # one core, or a busy machine: nobody could have computed at once
elif three > 0.05 * all_four.at_once_ns(State.RUNNING, least=1):
    happened = "four"
else:
    happened = "two: one in each process" if all_four.gil else None
guess_four.compare(
    happened,
    {
        "one": "That would be so in one process. Each process has a GIL of its own.",
        "four": "Inside a process the GIL still lets one thread compute at a time.",
    },
)

# %% [markdown]
# **Look.** Take the two lanes of one process: with a GIL, there is never green above green; its
# threads take turns. Now take a lane of each process: green above green, if the machine had two cores
# to spare.
#
# **Explain.** "multiprocessing avoids the GIL" is a little too short. No process is without it (unless
# it runs on a free-threaded Python). But each process has its own, and nobody waits for another
# process's.

# %%
claim(
    "3.1-in-parallel",
    "Threads of two processes run Python code at the same instant.",
    in_parallel(all_four),
    needs=[needs_cores(2)],
    tolerance="5 %, more than the recording can be wrong",
)

# %%
claim(
    "3.1-still-a-gil",
    "Inside each of the processes, threads still take turns.",
    all_of([by_turns(timeline(recordings)) for recordings in found]),
    needs=[WITH_GIL],
    tolerance="5 %: where a turn ends is known to one beat, far shorter than a switch interval",
)

# %% [markdown]
# **Try.** Let each process compute three times as long (`two_processes(steps * 3)`). Does the picture change its
# pattern, or its length only?

# %% [markdown]
# ## 3.2 Three ways to start a process
#
# *38 minutes; 50 so far*
#
# How does a child come to be, and how does it get your function? There are three **start methods**
# ([documentation](https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods)):
#
# - **spawn** starts a fresh Python. It gets the function's *name* and the arguments, pickled, imports
#   the module in which the function stands, and calls it.
# - **fork** copies the running process, as it is at this moment. The copy goes on with the
#   function.
# - **forkserver** starts a fresh Python once, the **fork server**. It does nothing but fork: each
#   child is a copy of this server, and not of your process.
#
# Windows has spawn only. Which one do you get if you don't choose?

# %% tags=["nbval-ignore-output"]
print("on this system:", multiprocessing.get_all_start_methods())
print("the default:   ", measure_start_methods.default_method())

# %%
expected = "spawn"
if sys.platform not in ("win32", "darwin"):
    expected = "forkserver" if sys.version_info >= (3, 14) else "fork"
claim(
    "3.2-default",
    "The default is spawn on Windows and macOS; elsewhere it is forkserver since Python 3.14, and "
    "was fork before.",
    measure_start_methods.default_method() == expected,
    f"{measure_start_methods.default_method()} on {sys.platform}, Python {sys.version_info[:2]}",
)

# %% [markdown]
# So the same program behaves differently on your colleague's laptop, and after an upgrade
# ([What's New in 3.14](https://docs.python.org/3/whatsnew/3.14.html#multiprocessing)). If it matters,
# choose. And it does matter:

# %%
guess_global = Prediction(
    "A program changes a global variable, then starts a child. Under which start methods does the "
    "child see the change?",
    ["all three", "fork and forkserver", "only fork", "none"],
)
guess_global

# %% [markdown]
# The parent changes and opens several things, then starts a child that looks which of them it has. To
# fork is safe only where no other threads run, and a kernel has some. So the parent isn't this
# kernel: `call` runs the function `what_a_child_has` in a fresh Python.

# %%
print(inspect.getsource(start_methods.look))

# %%
print(inspect.getsource(start_methods.what_a_child_has))

# %%
has = {
    method: call(start_methods.what_a_child_has, method)
    for method in measure_start_methods.available()
}
draw_start_methods.inherited(has)

# %%
see_it = tuple(method for method, things in has.items() if things[start_methods.GLOBAL])
guess_global.compare(
    {("fork",): "only fork", ("fork", "forkserver"): "fork and forkserver"}.get(see_it),
    {
        "all three": "Spawn starts a fresh Python. It imports the module anew, and the variable "
        "has the value that the module gives it.",
        "fork and forkserver": "The fork server is forked, but it is a fresh Python too: it never "
        "ran your program.",
        "none": "Fork copies the process as it is, changed variables and all.",
    },
)

# %% [markdown]
# **Look.** Read the columns. The child of *fork* has everything, the open file too, but for the other
# threads. The child of *spawn* has nothing but the environment variable: every new program gets
# those. The child of *forkserver* hasn't even got that: the variable was set when the server ran
# already.
#
# Now look at the last two rows together. In the child of *fork* a lock is held by a thread that isn't
# there.

# %%
claim(
    "3.2-fork-copies",
    "A forked child has all of its parent's variables, modules, open files and held locks, and "
    "none of its other threads.",
    [name for name, there in has.get("fork", {}).items() if not there] == [start_methods.THREADS],
    f"missing: {[name for name, there in has.get('fork', {}).items() if not there]}",
    needs=[HAS_FORK],
)

# %%
claim(
    "3.2-spawn-fresh",
    "A spawned child has none of them, only the environment variables.",
    [name for name, there in has["spawn"].items() if there] == [start_methods.VARIABLE],
    f"there: {[name for name, there in has['spawn'].items() if there]}",
)

# %%
claim(
    "3.2-forkserver-fresh",
    "A child of the fork server has none of them, not even an environment variable set since the "
    "server was started.",
    not any(has.get("forkserver", {"": True}).values()),
    f"there: {[name for name, there in has.get('forkserver', {}).items() if there]}",
    needs=[HAS_FORK],
)

# %% [markdown]
# ### A fork at a bad moment
#
# A thread of the parent holds a lock, for a moment only. In this very moment the parent starts a
# child, which wants the same lock.

# %%
print(inspect.getsource(start_methods.take_the_lock))

# %%
print(inspect.getsource(start_methods.start_while_a_thread_holds_the_lock))

# %%
bad_moment = {
    method: call(start_methods.start_while_a_thread_holds_the_lock, method, patience)
    for method, patience in {"fork": 0.6, "spawn": 10, "forkserver": 10}.items()
    if method in measure_start_methods.available()
}
draw_start_methods.bad_moment(bad_moment)

# %% [markdown]
# **Look.** The forked child hangs. In the parent, the thread has let the lock go long ago. The child
# would have waited for ever; it was killed.
#
# **Explain.** The child has a *copy* of the lock, made while it was held. Who could release the copy?
# Only a copy of the thread, and fork copies no thread but the one that calls it. The lock needn't be
# yours: logging, a library in C, or a memory allocator may have one. Nothing goes wrong in a thousand
# runs, then one hangs. Since 3.12 Python warns when a process with several threads forks
# ([`os.fork`](https://docs.python.org/3/library/os.html#os.fork)); this is why 3.14 changed the
# default ([issue 84559](https://github.com/python/cpython/issues/84559)). You may never see it: it is a
# DeprecationWarning, which Python hides by default
# [unless a line of the main module causes it](https://docs.python.org/3/library/warnings.html#default-warning-filter),
# and here a line of multiprocessing does.

# %%
claim(
    "3.2-fork-deadlock",
    "A lock that another thread holds at the fork stays locked in the child, for ever; a child of "
    "spawn or forkserver has a new one.",
    bad_moment.get("fork", {}).get("said") == bad_moment["spawn"]["said"][:1]
    and [method for method, one in bad_moment.items() if one["killed"]] == ["fork"],
    "; ".join(
        f"{method} {'killed' if b['killed'] else 'ended'}" for method, b in bad_moment.items()
    ),
    needs=[HAS_FORK],
)

# %%
claim(
    "3.2-fork-warning",
    "Since Python 3.12 a fork with several threads gives a DeprecationWarning.",
    any("fork" in text for text in bad_moment.get("fork", {}).get("warnings", []))
    == (sys.version_info >= (3, 12)),
    f"{bad_moment.get('fork', {}).get('warnings')}",
    needs=[HAS_FORK],
)

# %% [markdown]
# ### Does fork copy the memory?
#
# "The child copies the memory of its parent" would make a fork expensive. Let a parent have 100 MB,
# fork it, and ask the child how much memory is its own, before and after it writes to every
# **page** (a piece of memory, 4096 bytes on many machines).

# %% tags=["nbval-ignore-output"]
if HAS_FORK.met():
    before_write, after_write = call(start_methods.copy_on_write, 100)
    print(before_write, after_write, sep="\n")

# %%
if HAS_FORK.met() and TELLS_MEMORY.met():
    own = before_write["unique"], after_write["unique"]
    verdict = checked(
        own[0] < 20e6 and own[1] > 90e6, f"{own[0] / 1e6:.1f} MB, then {own[1] / 1e6:.1f} MB"
    )
claim(
    "3.2-copy-on-write",
    "A forked child shares its parent's memory; a page is copied when one of them writes to it.",
    verdict if HAS_FORK.met() and TELLS_MEMORY.met() else False,
    needs=[HAS_FORK, TELLS_MEMORY],
)

# %% [markdown]
# **Explain.** This is **copy-on-write**. The bytes that only one process has are its *unique set size*
# (**USS**). CPython writes more than you think: a reference count is in the object itself, so
# looking at an object writes to its page (chapter 2).
#
# ### What a start costs
#
# A child of spawn or forkserver imports your *main module* again, as a module with another name
# (`__mp_main__`). So what that module imports at its top, the child imports too. Here is a main
# module for a measurement; it imports some big modules of the standard library.

# %%
heavy = measure_start_methods.HEAVY
print(measure_start_methods.main_module(heavy, "at the top", ["spawn"], rounds=7))

# %%
guess_main = Prediction(
    "Which children find these modules imported already when their own code begins?",
    ["only those of fork", "those of spawn and forkserver", "all", "none"],
)
guess_main

# %%
light = start_costs("nothing")
at_top = start_costs("at the top")
in_guard = start_costs("in the guard")
servers = [method for method in ["forkserver"] if HAS_FORK.met()]
preloaded = [start_costs("at the top", methods=servers, preload=True)] if servers else []
draw_start_methods.costs([light, at_top, in_guard, *preloaded])

# %%
have_them = {method for method, count in at_top.modules.items() if count == len(heavy)}
guess_main.compare(
    "all" if have_them == {"fork", "spawn", "forkserver"} else None,
    {
        "only those of fork": "Fork has them for nothing. The others import them once more, "
        "before your function is called.",
        "those of spawn and forkserver": "They do, because they import the main module. Fork has "
        "them too, as a copy.",
        "none": "They may not need them, but importing the main module imports them.",
    },
)

# %% [markdown]
# **Look.** Three groups: nothing imported, imported at the top, imported inside `if __name__ ==
# "__main__"`. Then the same with a fork server that has *preloaded* the modules:
# `set_forkserver_preload` names modules that the server imports once, and its forks have them. The
# time runs from `start` until the child has sent a word and has ended. The axis is logarithmic.

# %%
claim(
    "3.2-main-again",
    "A child of spawn or forkserver has what the main module imports at its top, and not what it "
    "imports inside the guard.",
    at_top.modules["spawn"] == len(heavy)
    and at_top.modules.get("forkserver", len(heavy)) == len(heavy)
    and in_guard.modules["spawn"] == 0 == in_guard.modules.get("forkserver", 0),
    f"at the top {dict(at_top.modules)}, in the guard {dict(in_guard.modules)}, of {len(heavy)}",
)

# %%
claim(
    "3.2-spawn-slower",
    "To start a fresh Python takes several times as long as to fork one.",
    light.comparison.ratio("spawn", "fork").at_least(3) if HAS_FORK.met() else False,
    needs=[HAS_FORK],
    tolerance="usually it is far more; 3 is left for machines where a fork is slow",
)

# %%
claim(
    "3.2-preload",
    "What the fork server has preloaded is memory that its children share.",
    preloaded[0].unique["forkserver"] < 0.7 * at_top.unique["spawn"]
    if preloaded and TELLS_MEMORY.met()
    else False,
    f"{preloaded[0].unique} against {dict(at_top.unique)}" if preloaded else "",
    needs=[HAS_FORK, TELLS_MEMORY],
)

# %% [markdown]
# **Explain.** So a slow start is often your own doing: the main module imports a lot at its top. Put
# into the guard what the children don't need, or let a fork server preload it. "forkserver is the
# middle way" is true only then. Without it, each of its children imports your main module as spawn's
# do, in most versions: from 3.13.8 and 3.14.1 on, the server imports the main module itself, as it was
# always meant to ([issue 126631](https://github.com/python/cpython/issues/126631)).
#
# In the lab you choose what the parent imports and holds. NumPy and Matplotlib take some seconds.

# %%
start_method_lab().run()

# %% [markdown]
# **Try.** Let the main module import NumPy and Matplotlib at the top, and compare the three. Then
# preload them. Then let the parent hold 500 MB: which start method gets slower, though no byte is
# copied? (A fork copies the *tables* that say where each page is.)
#
# ### Choose by context
#
# The article chooses with `set_start_method`. It acts on the whole program, libraries included,
# and can be done once.

# %%
print(inspect.getsource(start_methods.set_twice))
second_time = call(start_methods.set_twice)
print("the second time:", second_time)

# %%
claim(
    "3.2-set-twice",
    "The start method of a program can be set once.",
    second_time.startswith("RuntimeError"),
    second_time,
)

# %% [markdown]
# In a notebook that is a nuisance: run the cell again, and it raises. (Even `get_start_method()`
# fixes the default, just by asking.) Use a **context** instead. `get_context("spawn")` gives you an
# object with everything that the module has, `Process`, `Pool`, `Queue` and so on, for this start
# method. The rest of the program is left alone, and one program can use several.

# %%
print(inspect.getsource(start_methods.two_contexts))

# %%
well = call(start_methods.two_contexts)
claim(
    "3.2-contexts",
    "One program can start children by several start methods, through contexts.",
    set(well) == set(multiprocessing.get_all_start_methods()),
    f"ended well: {well}",
)

# %% [markdown]
# ### Why a worker must be importable
#
# A spawned child gets your function's name, and imports it. Where from, if the function stands in a
# cell?

# %%
guess_cell = Prediction(
    "A function is defined in a cell. A child of spawn is to run it. What happens?",
    [
        "it runs",
        "start() raises an error here",
        "the child dies, and nothing is raised here",
    ],
)
guess_cell


# %%
def greet(name):
    return f"Hello, {name}"


raised = None
with processes.errors_of_children() as errors:  # catches what the child writes to standard error
    child = spawn.Process(target=greet, args=("you",))
    try:
        child.start()
        child.join()
    except Exception as error:
        raised = error

print("raised here:", raised)
print("exit code of the child:", child.exitcode)

# %% tags=["nbval-ignore-output"]
print(
    without_folders(errors[0])
    or "This system doesn't hand a redirected standard error on to children."
)

# %%
answers = dict(zip(("runs", "raises", "dies"), guess_cell.answers, strict=True))
guess_cell.compare(
    answers["raises" if raised else "dies" if child.exitcode else "runs"],
    {
        answers["runs"]: "The child is a fresh Python. It has never seen this cell.",
        answers["raises"]: "The name alone can be pickled. It is the child that can't find it.",
    },
)

# %% [markdown]
# **Look.** The child died of `Can't get attribute 'greet'`, an AttributeError. Its traceback went to
# the child's standard error, which a notebook shows in some other place or not at all; here we caught
# it. Nothing was raised in the kernel. `join` waited for the end, and said nothing about it.
#
# The helper module that this chapter imports stands in a file. Compare:

# %%
child = spawn.Process(target=processes.sum_of_squares, args=(10,))
child.start()
child.join()
print("exit code of the child:", child.exitcode)

# %%
told = measure_start_methods.last_error(errors[0])
claim(
    "3.2-importable",
    "A function from a cell can't be found by a spawned child, which dies; join() raises nothing. "
    "A function from a module can.",
    raised is None and child.exitcode == 0 and (not told or "attribute 'greet'" in told),
    told or "this system doesn't hand a redirected standard error on",
)

# %% [markdown]
# What about a function without a name?

# %%
try:
    spawn.Process(target=lambda: None).start()
    raised_here = "nothing"
except Exception as error:
    raised_here = type(error).__name__
print("raised here:", raised_here)

# %%
claim(
    "3.2-lambda",
    "What can't be pickled, such as a lambda, is refused in the parent: start() raises.",
    raised_here != "nothing",
    raised_here,
)

# %% [markdown]
# And under the other start methods, and in a script? Here is a small program. We run it as a script
# in a file (`python script.py`), and without a file (`python -c`), which is what a notebook's
# cells are like.

# %%
PROGRAM = """
import multiprocessing

def greet(name):
    return f"Hello, {name}"

if __name__ == "__main__":
    context = multiprocessing.get_context("METHOD")
    child = context.Process(target=greet, args=("you",))
    child.start()
    child.join()
    print("exit code of the child:", child.exitcode)
"""
runs = {}
for method in measure_start_methods.available():
    for place in ("in a file", "in no file"):
        source = PROGRAM.replace("METHOD", method)
        runs[f"{method}, {place}"] = run_script(source, as_file=place == "in a file")

draw_start_methods.scripts(runs, "A function of the main module, as the target of a child")

# %%
died = [name for name, run in runs.items() if "child: 1" in run.output]
claim(
    "3.2-from-a-file",
    "A function of the main module can be a worker if the module is a file; if not, only fork can "
    "use it.",
    died == [name for name in runs if name.endswith("no file") and not name.startswith("fork,")],
    f"died: {died}",
)

# %% [markdown]
# **Explain.** Spawn and forkserver import the main module again, if it is a file, and find `greet`
# there. Fork needs to find nothing: the copy has it. So "it works on my machine" may mean fork, or
# a file. Workers in a module of their own work everywhere. That is why this course keeps them in
# `helpers/workers`.
#
# ### The guard
#
# Because the main module is imported again, everything outside `if __name__ == "__main__"` runs again
# too, in the child. Even the start of children. Here are two programs without the guard; the second
# begins as the article's listing does.

# %%
BODY = """
child = CONTEXT.Process(target=print)
child.start()
child.join()
print("exit code of the child:", child.exitcode)
"""
by_context = "import multiprocessing\nspawn = multiprocessing.get_context('spawn')\n"
by_setting = "import multiprocessing\nmultiprocessing.set_start_method('spawn')\n"

no_guard = {
    "with a context": run_script(by_context + BODY.replace("CONTEXT", "spawn")),
    "with set_start_method": run_script(by_setting + BODY.replace("CONTEXT", "multiprocessing")),
}
draw_start_methods.scripts(no_guard, "Without a guard, the child runs the main module too")

# %% [markdown]
# **Look.** Both children died while they imported the main module, before they ever came to their
# function. The first was about to start a child of its own, which would do the same; Python stops
# that. The second set the start method once more.

# %%
claim(
    "3.2-guard",
    "Without the guard a spawned child runs the main module's code too, and dies of it.",
    all("exit code of the child: 1" in run.output for run in no_guard.values()),
    "; ".join(run.last_error[:90] for run in no_guard.values()),
)

# %% [markdown]
# **Try.** Add the guard to both programs, so that everything but the import stands below it, and run
# the cell again.

# %% [markdown]
# ## 3.3 The class Process
#
# *26 minutes; 76 so far*
#
# The usual pattern: make the children, start them *all*, then wait for each.

# %%
children = [
    spawn.Process(target=processes.sum_of_squares, args=(100_000,), name=f"adder {number}")
    for number in range(3)
]
print("before the start:", [child.exitcode for child in children])

for child in children:
    child.start()
for child in children:
    child.join()

print("after their end: ", [child.exitcode for child in children])

# %% [markdown]
# What became of the three sums? Nothing: a `Process` throws away what its function returns. The
# article prints the result in the child; in a notebook that print is often lost. Send results through
# a pipe or a queue (section 3.5), or use a pool (3.4).
#
# ### A process as a class
#
# You may also derive a class from `Process` and write its method `run`, which is what the child
# does. The class must be importable too. `SpawnProcess` is the `Process` of the context `spawn`.

# %%
print(inspect.getsource(processes.SquareSum))

# %%
guess_result = Prediction(
    "`run` stores the sum in `self.result`. What is `worker.result` here, after `join`?",
    ["the sum", "None", "an AttributeError"],
)
guess_result

# %%
worker = processes.SquareSum(10)
worker.start()
worker.join()
print(f"{worker.name}: exit code {worker.exitcode}, result {worker.result}")

# %%
guess_result.compare(
    {None: "None", 285: "the sum"}.get(worker.result),
    {
        "the sum": "It was stored in the child's copy of the object.",
        "an AttributeError": "__init__ ran here and set it to None; run ran in the child.",
    },
)

# %%
claim(
    "3.3-subclass",
    "The object is pickled to the child; what run() stores in it stays there.",
    worker.exitcode == 0 and worker.result is None,
    f"exit code {worker.exitcode}, result {worker.result}",
)

# %% [markdown]
# `__init__` runs in the parent, `run` in the child, on a copy of the object. Keep the class for what
# has much to set up; a function as the target does for all else.
#
# ### Exit codes
#
# All that `Process` tells you about the end of a child is a number.

# %%
ways = {
    "returns": (processes.sum_of_squares, (10,)),
    "sys.exit(3)": (processes.leave, (3,)),
    'sys.exit("no such file")': (processes.leave, ("no such file",)),
    "raises ZeroDivisionError": (processes.divide, (1, 0)),
    "os._exit(7)": (processes.leave_at_once, (7,)),
    "is killed by a signal": (sharing.die, ()),
}
with processes.errors_of_children() as errors:
    children = [spawn.Process(target=target, args=args) for target, args in ways.values()]
    for child in children:
        child.start()
    for child in children:
        child.join()

codes = {way: child.exitcode for way, child in zip(ways, children, strict=True)}
endings = [Ending(way, code) for way, code in codes.items()]
draw_processes.endings(endings, "Six children, and what is left of them")

# %%
claim(
    "3.3-exit-codes",
    "0: it returned. 1: an exception, or sys.exit with a text. Another positive number: it chose "
    "this. Negative: the signal that ended it (on Windows, no signals).",
    list(codes.values())
    == [0, 3, 1, 1, 7, -sharing.DEADLY if os.name == "posix" else sharing.DEADLY],
    f"{codes}",
)

# %% [markdown]
# ### Where the exception went

# %% tags=["nbval-ignore-output"]
print(
    without_folders(errors[0])
    or "This system doesn't hand a redirected standard error on to children."
)

# %% [markdown]
# **Look.** Two of the six wrote something: the traceback of the ZeroDivisionError, and the text given
# to `sys.exit`. Both went to the child's standard error, and not to the parent. To the parent the
# two look alike: 1.
#
# **Explain.** An exception climbs up the calls of its own process, and ends at the child's outermost.
# If you want it in the parent, the child has to send it. That is what pools do for you. By hand:

# %%
print(inspect.getsource(processes.send_outcome))

# %%
receiver, sender = spawn.Pipe(duplex=False)
child = spawn.Process(target=processes.send_outcome, args=(sender, processes.divide, 1, 0))
child.start()
sender.close()
how, value = receiver.recv()
child.join()
receiver.close()

print(how, repr(value), "- exit code", child.exitcode)

# %%
claim(
    "3.3-exceptions",
    "An exception of a child ends in the child, with exit code 1. The parent gets it if the child "
    "sends it.",
    codes["raises ZeroDivisionError"] == 1
    and isinstance(value, ZeroDivisionError)
    and child.exitcode == 0,
    f"sent: {value!r}",
)

# %% [markdown]
# ### To stop a child
#
# `join(timeout)` waits at most so many seconds. It returns None in any case: ask `exitcode`
# or `is_alive()` afterwards. If the child goes on, there are two ways to end it:
#
# - `terminate()` sends the signal SIGTERM, "please end". A child can have a function for that (a
#   **handler**), or ignore it. If it does neither, it ends at once, and no `finally` block runs.
# - `kill()` sends SIGKILL. Nobody can handle or ignore that.
#
# On Windows both do the same: the process is gone.

# %%
guess_stop = Prediction(
    "A child works inside try … finally, and has no handler. You call terminate(). Does its "
    "finally block run?",
    ["yes", "no"],
)
guess_stop

# %%
print(inspect.getsource(processes.unprepared))
print(inspect.getsource(processes.polite))
print(inspect.getsource(processes.stubborn))


# %%
def stop_by(how, worker):
    receiver, sender = spawn.Pipe(duplex=False)
    child = spawn.Process(target=worker, args=(sender,))
    child.start()
    sender.close()
    receiver.recv()  # "ready": its handler is in place
    getattr(child, how)()
    child.join(0.4 if worker is processes.stubborn else 10)
    refused = child.is_alive()
    child.kill()
    child.join()
    with receiver:
        try:
            said = receiver.recv()
        except EOFError:  # it has ended without another word
            said = "not tidied up"
    return Ending(
        f"{worker.__name__}, {how}()", child.exitcode, said + refused * ", had to be killed"
    )


workers = (processes.unprepared, processes.polite, processes.stubborn)
stopped = [stop_by(how, worker) for worker in workers for how in ("terminate", "kill")]
draw_processes.endings(stopped, "Three characters, two ways to stop them")

# %%
tidy = [ending.child for ending in stopped if ending.remark.startswith("tidied")]
refused = [ending.child for ending in stopped if ending.remark.endswith("killed")]
guess_stop.compare(
    "yes" if "unprepared, terminate()" in tidy else "no",
    {"yes": "Without a handler, the operating system ends the process. Python isn't asked."},
)

# %%
signals = os.name == "posix"
claim(
    "3.3-terminate",
    "After terminate() only a child with a handler tidies up, and one that ignores the signal goes "
    "on; kill() ends each of them, and none tidies up. (On Windows terminate() is kill().)",
    tidy == ["polite, terminate()"] * signals and refused == ["stubborn, terminate()"] * signals,
    f"tidied up: {tidy}; went on: {refused}",
)

# %% [markdown]
# **Look.** The exit codes say what ended the child: the polite one chose its own.
#
# **Explain.** So `terminate()` isn't gentle by itself. If the child was writing to a queue, or held a
# lock, the queue may be broken and the lock is held for ever
# ([documentation](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.terminate)).
# Ask first, wait for a while, then kill: exercise 3.2.
#
# ### Daemon children
#
# What becomes of the children when the parent ends? Let the kernel start a parent, which starts a
# child, and ends while the child is still at work. The child ends its work when the kernel says so.

# %%
print(inspect.getsource(processes.have_a_child))
print(inspect.getsource(processes.finish_when_told))


# %%
def parent_with(daemon, patience):
    receiver, sender = spawn.Pipe(duplex=False)
    go_receiver, go = spawn.Pipe(duplex=False)
    parent = spawn.Process(target=processes.have_a_child, args=(daemon, go_receiver, sender))
    parent.start()
    sender.close()
    go_receiver.close()
    parent.join(patience)
    waits = parent.is_alive()
    with receiver, go:
        if waits:
            go.send("go")
        try:
            said = receiver.recv()
        except EOFError:
            said = "nothing"
    parent.join()
    return waits, said


# %%
fates = {daemon: parent_with(daemon, patience=None if daemon else 0.5) for daemon in (True, False)}
for daemon, (waits, said) in fates.items():
    print(f"daemon={daemon}: the parent waits for it: {waits}; the child said: {said}")

# %%
claim(
    "3.3-daemon",
    "A parent that ends waits for its children; daemons it terminates.",
    fates == {True: (False, "nothing"), False: (True, "finished my work")},
    f"{fates}",
)

# %% [markdown]
# **Explain.** A **daemon** child is one that isn't waited for. It is ended with `terminate()`, in the
# middle of whatever it does. (A *Unix daemon* is something else: it outlives who started it.) A daemon
# may not start children, for nobody would end them:

# %%
receiver, sender = spawn.Pipe(duplex=False)
child = spawn.Process(target=processes.child_of_a_daemon, args=(sender,), daemon=True)
child.start()
sender.close()
with receiver:
    print(receiver.recv())
child.join()

# %% [markdown]
# ### Whoever ends first
#
# `join` waits for one child. With several, the first in your list may be the last to end, and you
# would learn late that another one died. Each process has a **sentinel**, an object of the operating
# system that becomes *ready* when the process ends. `connection.wait` takes several of them, and
# returns those that are ready. Pipes fit in as well.

# %%
go_receiver, go = spawn.Pipe(duplex=False)
children = {
    "waits for us": spawn.Process(target=processes.wait_for, args=(go_receiver,)),
    "crashes": spawn.Process(target=sharing.die),
    "sleeps a little": spawn.Process(target=processes.sleep, args=(0.1,)),
}
for child in children.values():
    child.start()
go_receiver.close()

names = {child.sentinel: name for name, child in children.items()}
order, dead = [], []
while names:
    for sentinel in connection.wait(list(names)):
        name = names.pop(sentinel)
        children[name].join()  # returns at once
        order.append(name)
        dead.append(children[name].exitcode is not None)
    if list(names.values()) == ["waits for us"]:
        go.send("go")
go.close()

print("first in the list:", next(iter(children)))
print("last to end:      ", order[-1])

# %%
claim(
    "3.3-sentinel",
    "connection.wait tells of the end of each child when it comes, in whatever order they were "
    "started.",
    sorted(order) == sorted(children) and all(dead) and order[-1] == "waits for us",
    f"{order}",
)

# %% [markdown]
# **Explain.** A loop of `join` over this list would have waited for the first child, for ever, and
# never have come to the crash.
#
# **Try.** Give `connection.wait` a `timeout=0.01`. What does it return when nobody has ended yet? Then
# add a pipe's receiver to the list, and let a child send something through it.

# %% [markdown]
# ## 3.4 Pools
#
# *34 minutes; 110 so far*
#
# To start a process for each small task costs more than most tasks. A **pool** starts a few processes
# once. Tasks stand in a queue; each process takes the next one when it is free, and sends the result back.

# %%
import pickle
import time
from array import array
from concurrent.futures import ProcessPoolExecutor, as_completed

from IPython.display import display
from ipywidgets import IntProgress

from helpers.course import checks_messages, checks_pools
from helpers.draw import messages as draw_messages
from helpers.draw import pools as draw_pools
from helpers.draw.compare import points
from helpers.labs.messages import messages_lab
from helpers.labs.pools import pool_lab
from helpers.measure import messages as measure_messages
from helpers.measure import pools as measure_pools
from helpers.measure.compare import compare
from helpers.workers import messages, pools

# %% [markdown]
# Sequential first, then in a pool of two. `pools.square` stands in
# [`helpers/workers/pools.py`](../helpers/workers/pools.py), because a spawned child must import it.

# %%
numbers = range(10)
in_a_row = [pools.square(n) for n in numbers]

with spawn.Pool(2) as pool:
    mapped = pool.map(pools.square, numbers)
    applied = pool.apply(pools.square, (10,))
    added = pool.starmap(pools.add, [(1, 2), (3, 4)])
    later = pool.map_async(pools.square, numbers)
    print("you can do other things meanwhile")
    from_later = later.get(timeout=30)

print(mapped)
print(applied, added, from_later == mapped)

# %%
claim(
    "3.4-map",
    "Pool.map gives what a loop gives, in the same order.",
    mapped == in_a_row == from_later and applied == 100 and added == [3, 7],
    f"{mapped}",
)

# %% [markdown]
# Leaving the `with` block *terminates* a `Pool`, whatever its processes are doing
# ([docs](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool.terminate)).
# Get your results inside it.
#
# `concurrent.futures` has a pool too. Its `map` and `submit` you know from chapter 1; its `with` block
# waits until all tasks have ended.

# %%
guess_late = Prediction(
    "Three tasks sleep 0.3, 0.1 and 0.2 s, in three processes. You take the results from map. "
    "Which do you get first?",
    ["that of 0.1 s: it ends first", "that of 0.3 s: it was given first", "all at the same moment"],
)
guess_late

# %%
with ProcessPoolExecutor(3, mp_context=spawn) as executor:
    list(executor.map(pools.nap, [0.0] * 3))  # the processes have started
    from_map = [seconds for seconds, _ in executor.map(pools.nap, [0.3, 0.1, 0.2])]
    futures = [executor.submit(pools.nap, seconds) for seconds in (0.3, 0.1, 0.2)]
    as_they_end = [future.result()[0] for future in as_completed(futures)]

print("map:         ", from_map)
print("as_completed:", len(as_they_end), "results, as they end")

# %%
guess_late.compare(
    "that of 0.3 s: it was given first" if from_map[0] == 0.3 else "that of 0.1 s: it ends first",
    {
        "that of 0.1 s: it ends first": "as_completed does that. map keeps the order.",
        "all at the same moment": "Pool.map gives them all at once; the executor's one by one.",
    },
)

# %% [markdown]
# ### What blocks, what keeps order, where an exception comes out
#
# There are ten ways to hand work over. Don't learn them by heart: ask them. Each is given two tasks, of
# which the first ends last, and then two tasks of which one raises.

# %%
with spawn.Pool(2) as pool, ProcessPoolExecutor(2, mp_context=spawn) as executor:
    tried = measure_pools.methods(pool, executor)
draw_pools.methods(tried)

# %%
by_name = {method.name: method for method in tried}
claim(
    "3.4-blocks",
    "Pool.map, starmap and apply come back when all is done; all other ways at once.",
    [method.name for method in tried if method.blocks]
    == ["Pool.map", "Pool.starmap", "Pool.apply"],
    ", ".join(method.name for method in tried if method.blocks),
)

# %%
claim(
    "3.4-order",
    "imap_unordered and as_completed give results as they end; all others in the order of the "
    "arguments.",
    [method.name for method in tried if method.order == "as they end"]
    == ["Pool.imap_unordered", "as_completed(submit)"],
    ", ".join(f"{method.name}: {method.order}" for method in tried if method.order),
)

# %%
claim(
    "3.4-errors",
    "An exception waits where the result would be: who never asks never sees it.",
    by_name["Pool.map"].error == "at the call"
    and by_name["Pool.map_async"].error == "at get()"
    and by_name["Executor.submit"].error == "at result()"
    and by_name["Executor.map"].error == "while you take the results",
    "; ".join(f"{method.name} {method.error}" for method in tried),
)

# %% [markdown]
# **Look.** Whatever comes back at once gives you a handle, and the exception is behind the handle.
#
# ### A pool at work
#
# Twelve tasks, the first six of them long. The pool has two processes. First each task is handed over by
# itself, then six at a time: that is the **chunk size**, the number of tasks in one message.

# %%
guess_chunks = Prediction(
    "The first six of twelve tasks are long. With a chunk size of 6, how are the long ones spread "
    "over the two processes?",
    ["three each", "all six on one of them", "it varies from run to run"],
)
guess_chunks

# %%
half_long = measure_pools.lengths(12, "the first half long")
one_by_one = measure_pools.work_through(half_long, 2, chunk=1)
draw_pools.pool_run(one_by_one, "Chunks of one: who is free takes the next task")

# %%
in_chunks = measure_pools.work_through(half_long, 2, chunk=6)
draw_pools.pool_run(in_chunks, "Chunks of six: one process gets all the long ones")

# %%
long_ones = {"chunks of 1": set(one_by_one.by[:6]), "chunks of 6": set(in_chunks.by[:6])}
guess_chunks.compare(
    "all six on one of them" if len(long_ones["chunks of 6"]) == 1 else "three each",
    {
        "three each": "So it is with chunks of one. Six at a time go to one process.",
        "it varies from run to run": "Which process it is varies. That it is one doesn't.",
    },
)

# %%
spread = len(long_ones["chunks of 1"]) == 2
claim(
    "3.4-chunks",
    "In chunks of six all long tasks go to one process; one by one they are spread over both.",
    checked(len(long_ones["chunks of 6"]) == 1, f"{long_ones}")
    if spread
    else untold("the other process got no core in all that time", f"{long_ones}"),
)

# %% [markdown]
# **Explain.** A large chunk saves messages and spreads the work badly; a small one the other way round.
# Which is better depends on how long a task is and how much the lengths differ. `Pool.map` makes about
# four chunks for each process by itself
# ([source](https://github.com/python/cpython/blob/3.14/Lib/multiprocessing/pool.py)), and
# `ProcessPoolExecutor.map` takes 1 unless you say otherwise
# ([docs](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.map)).
# Chapter 8 computes the best.

# %%
pool_lab().set(tasks=12, spread="one very long", workers=2, chunk=1).run()

# %% [markdown]
# ### Once for each process, not for each task
#
# What a task needs and what is slow to load, an **initializer** loads once for each process. And
# `maxtasksperchild` lets each process do only so many tasks: then a fresh one takes its place, which
# helps against memory that is never given back.

# %%
with spawn.Pool(2, initializer=pools.load, initargs=(1_000,)) as pool:
    loads = pool.map(pools.how_often_loaded, range(8), chunksize=1)
with spawn.Pool(1, maxtasksperchild=2) as pool:
    ids = pool.map(pools.process_id, range(6), chunksize=1)

print("loaded in each process:", sorted({times for _, times in loads}))
print("processes for 6 tasks: ", len(set(ids)))

# %%
claim(
    "3.4-initializer",
    "The initializer runs once for each process; with maxtasksperchild=2 six tasks take three "
    "processes.",
    {times for _, times in loads} == {1} and len(set(ids)) == 3,
    f"{len(loads)} tasks, loaded {sorted({times for _, times in loads})} times; "
    f"{len(set(ids))} processes",
)

# %% [markdown]
# Compare that with a `Process` for each task, as the article's table does:

# %%
children = [spawn.Process(target=pools.square, args=(n,)) for n in range(4)]
for child in children:
    child.start()
for child in children:
    child.join()
with spawn.Pool(2) as pool:
    pool_ids = set(pool.map(pools.process_id, range(4), chunksize=1))

print("processes started: one each", len({child.pid for child in children}), "- pool at most 2")

# %%
claim(
    "3.4-reuse",
    "A pool does any number of tasks with the processes it has.",
    len({child.pid for child in children}) == 4 and len(pool_ids) <= 2,
    f"4 tasks: 4 processes one by one, {len(pool_ids)} in the pool",
)

# %% [markdown]
# ### A worker that dies
#
# Now a task that ends its process on the spot. `Pool` starts a new process, and the result of the lost
# task never comes: `map` would wait for ever
# ([a known problem](https://github.com/python/cpython/issues/66587)). So ask with a timeout.

# %%
with spawn.Pool(1) as pool:
    lost = pool.apply_async(pools.die, (7,))
    alive = pool.apply_async(pools.square, (3,)).get(timeout=60)
    try:
        lost.get(timeout=0.5)
        silence = False
    except multiprocessing.TimeoutError:
        silence = True
print("the next task:", alive, "- the lost one:", "no word, stopped waiting" if silence else "?")

with ProcessPoolExecutor(1, mp_context=spawn) as executor:
    broken = type(executor.submit(pools.die, 7).exception(timeout=60)).__name__
print("the executor: ", broken)

# %%
claim(
    "3.4-death",
    "When a process dies, Pool says nothing about its task; ProcessPoolExecutor raises "
    "BrokenProcessPool.",
    silence and alive == 9 and broken == "BrokenProcessPool",
    f"Pool: silence after the next task had come; executor: {broken}",
)

# %% [markdown]
# ### Progress
#
# Results that come one by one can be counted. The bar follows while you watch.

# %%
bar = IntProgress(max=20, description="tasks")
display(bar)
handed_over, ended = [], []
with spawn.Pool(2) as pool:
    for _, end_ns in pool.imap_unordered(pools.nap, [0.01] * 20):
        bar.value += 1
        handed_over.append(time.perf_counter_ns())
        ended.append(end_ns)
print(bar.value, "of", bar.max)

# %%
claim(
    "3.4-progress",
    "imap_unordered hands out each result when it is there, so progress can be shown.",
    bar.value == 20 and handed_over[0] < max(ended),
    f"the first came {(max(ended) - handed_over[0]) / 1e6:.0f} ms before the last task ended",
)

# %% [markdown]
# **Try.** Put `pool.map` in the place of `imap_unordered`. When does the bar move now? Then in the lab
# find a chunk size that gives a balance of over 90 % for *growing* lengths, and one that spoils it.

# %% [markdown]
# ## 3.5 Talking to each other
#
# *36 minutes; 146 so far*
#
# Processes share nothing, so what one knows the other must be told. A **Queue** carries objects from any
# number of processes to any number: each is pickled, sent through a pipe, and unpickled. The article's
# producer and consumer, and a second queue that brings the results back:

# %%
print(inspect.getsource(messages.produce))
print(inspect.getsource(messages.squares))

# %%
numbers, results = spawn.Queue(), spawn.Queue()
producer = spawn.Process(target=messages.produce, args=(numbers, 5))
consumer = spawn.Process(target=messages.squares, args=(numbers, results))
producer.start()
consumer.start()

received = []
while (square := results.get(timeout=60)) is not None:
    received.append(square)

producer.join()
consumer.join()
print(received)

# %%
claim(
    "3.5-queue",
    "With one producer and one consumer a Queue keeps the order, and the None comes last.",
    received == [0, 1, 4, 9, 16],
    f"{received}",
)

# %% [markdown]
# **SimpleQueue** is a pipe with a lock, and nothing else. **JoinableQueue** counts what was taken *and
# reported*: its `join` waits until all tasks are done, not just fetched.

# %%
tasks, results = spawn.JoinableQueue(), spawn.SimpleQueue()
worker = spawn.Process(target=messages.work_off, args=(tasks, results), daemon=True)
worker.start()
for number in range(4):
    tasks.put(number)
tasks.join()  # returns when each task was reported with task_done
done = [results.get() for _ in range(4)]
worker.terminate()
worker.join()
tasks.close()
print(done)

# %%
claim(
    "3.5-joinable",
    "JoinableQueue.join waits until every task has been reported as done.",
    done == [0, 1, 4, 9],
    f"{done}",
)

# %% [markdown]
# ### Join first, and wait for ever
#
# A child puts one large message into a queue and ends. You join it, then take the message. What happens?

# %%
guess_join = Prediction(
    "join first, then get: the child has put 10 MB into the queue.",
    ["fine: the message waits in the queue", "the child doesn't end until somebody takes it"],
)
guess_join

# %%
queue = spawn.Queue()
child = spawn.Process(target=messages.put_bytes, args=(queue, 10_000_000))
child.start()
child.join(timeout=0.8)  # without the timeout: for ever
still_there = child.is_alive()

size = len(queue.get(timeout=60))
child.join(timeout=60)
print("after join with a timeout:", "still alive" if still_there else "ended")
print("after get:                ", "still alive" if child.is_alive() else "ended", size)

# %%
guess_join.compare(
    "the child doesn't end until somebody takes it"
    if still_there
    else "fine: the message waits in the queue",
    {
        "fine: the message waits in the queue": "A pipe holds little. The rest waits in the child, "
        "and the child waits for somebody to take it."
    },
)

# %%
claim(
    "3.5-drain",
    "A process that has put much into a queue ends only when it has been taken out.",
    still_there and not child.is_alive() and size == 10_000_000,
    "alive after 0.8 s of join, which was stopped; ended after get",
    tolerance="a child that had not started by then would look the same; it is the end that counts",
)

# %% [markdown]
# **Look.** `put` only hands the object to a thread of the child; that thread writes it into the pipe, and
# the child doesn't end before it is through
# ([docs](https://docs.python.org/3/library/multiprocessing.html#joining-processes-that-use-queues)).
# So: take first, then join.
#
# ### When does a pipe end?
#
# A **Pipe** has two ends; `recv` waits for the next object. When nobody can send any more, it raises
# `EOFError`. In the article's program that never comes. Here are four ways to close the ends, under each
# start method. A receiver that has all words and goes on waiting is stopped.

# %%
print(inspect.getsource(messages.send_words))
print(inspect.getsource(messages.receive_words))

# %%
ends = measure_messages.pipe_ends()
draw_messages.pipe_ends(ends)

# %%
nobody, both_after, sender_first, sentinel = measure_messages.PLANS
claim(
    "3.5-pipe-hangs",
    "As long as any process has the sending end open, the receiver waits: its own copy is enough.",
    {ends.ends[nobody, method] for method in ends.methods} == {"it waits for ever"},
    ", ".join(f"{method}: {ends.ends[nobody, method]}" for method in ends.methods),
)

# %%
claim(
    "3.5-pipe-ends",
    "Start the sender, close your copy of its end, then start the receiver: that ends under each "
    "start method. So does a None.",
    {ends.ends[sender_first, method] for method in ends.methods} == {"EOFError"}
    and {ends.ends[sentinel, method] for method in ends.methods} == {"None"},
    ", ".join(f"{method}: {ends.ends[sender_first, method]}" for method in ends.methods),
)

# %% [markdown]
# **Explain.** An end counts as open while *any* process has it. The parent has both. Under fork a child
# has whatever was open when it was forked; under spawn and forkserver only what it was given. That is why
# closing both ends after both have started is enough for those, and not for fork:

# %%
claim(
    "3.5-pipe-fork",
    "When the parent closes its ends after both have started, the receiver still waits under fork, "
    "and not under spawn.",
    all(
        ends.ends[both_after, method] == ("it waits for ever" if method == "fork" else "EOFError")
        for method in ends.methods
    ),
    ", ".join(f"{method}: {ends.ends[both_after, method]}" for method in ends.methods),
)

# %% [markdown]
# ### Values that are shared
#
# `Value` and `Array` lie in memory that several processes can reach. Reading one and writing it back are
# two steps, as always. Two processes double each of 100 numbers. Without the lock, whether they meet is
# a matter of chance, so they get ten tries.

# %%
print(inspect.getsource(messages.double_all))


# %%
def doubled_by_two(worker):
    array, start = spawn.Array("i", [1] * 100), spawn.Barrier(2)
    children = [spawn.Process(target=worker, args=(array, start)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return list(array)


for _ in range(10):
    unlocked = doubled_by_two(messages.double_all)
    if set(unlocked) != {4}:
        break
locked = doubled_by_two(messages.double_all_locked)
print("with the lock held from reading to writing:", set(locked))
print("without: all of them 4?", set(unlocked) == {4})

# %%
claim(
    "3.5-lost",
    "Doubling without the lock loses updates; with the lock it doesn't.",
    set(locked) == {4} and 2 in unlocked,
    f"without: {unlocked.count(2)} of 100 were doubled once only; with: {locked.count(2)}",
)

# %% [markdown]
# The article takes the lock for its `Value` and forgets it for its `Array`. Each single access is locked
# by itself; what stands between two of them isn't. So `value.value += 1`, which reads and then writes,
# needs the lock as well.

# %%
print(inspect.getsource(messages.count_up))

total = spawn.Value("i", 0)
children = [spawn.Process(target=messages.count_up, args=(total, 2_000)) for _ in range(2)]
for child in children:
    child.start()
for child in children:
    child.join()
print(total.value)

# %%
claim(
    "3.5-value",
    "With get_lock() held, two processes lose none of their additions to a Value.",
    total.value == 4_000,
    f"{total.value} of 4000",
)

# %% [markdown]
# ### Bytes that are shared
#
# `SharedMemory` is a piece of memory with a name, without a lock and without types. NumPy can look into it
# from both sides, and nothing is copied. Each side must `close` it, and one of them, in the end, `unlink`
# it.

# %%
print(inspect.getsource(measure_messages.double_in_place))

# %%
segment = shared_memory.SharedMemory(create=True, size=8 * 1_000)
numbers = measure_messages.as_array(segment, 1_000)
numbers[:] = 21

child = spawn.Process(target=measure_messages.double_in_place, args=(segment.name, 1_000))
child.start()
child.join()
total = int(numbers.sum())

del numbers  # as long as an array looks into it, it can't be closed
segment.close()
segment.unlink()
print(total, "after the child, exit code", child.exitcode)

# %%
claim(
    "3.5-shared-memory",
    "What a child writes into shared memory is there for the parent, though nothing was sent.",
    total == 42_000 and child.exitcode == 0,
    f"sum {total}",
)

# %% [markdown]
# A **Manager** is a process that keeps ordinary objects for all others, who each have a **proxy**. It is the
# most convenient, and each access is a message.

# %%
with spawn.Manager() as manager:
    counts = manager.dict()
    child = spawn.Process(target=messages.count_words, args=(counts, ["tea", "milk", "tea"]))
    child.start()
    child.join()
    print(dict(counts))
    counted = dict(counts)

# %%
claim(
    "3.5-manager",
    "A manager's dict is changed by a child and read by the parent.",
    counted == {"tea": 2, "milk": 1},
    f"{counted}",
)

# %% [markdown]
# ### What pickling costs
#
# Whatever goes through a queue or a pipe is turned into bytes and back. Half a million numbers: as a list
# each of them is an object of its own; as an `array` they are one piece of memory.

# %%
as_list = list(range(500_000))
as_array = array("q", as_list)

pickling = compare(
    {
        "a list of numbers": lambda: pickle.loads(pickle.dumps(as_list)),
        "an array of them": lambda: pickle.loads(pickle.dumps(as_array)),
    }
)
points(pickling, "Pickle and unpickle half a million numbers")

# %%
claim(
    "3.5-pickling",
    "A list of numbers takes several times as long to pickle as an array of the same numbers.",
    pickling.ratio("a list of numbers", "an array of them").at_least(2),
    tolerance="any factor above 1 would do; 2 is far from noise",
)

# %% [markdown]
# ### Which is fastest?
#
# The article's table says: shared memory. For which size? Each way carries messages from 1 byte to 16 MiB
# to a child, which makes bytes of them and answers. What you see is the time until the answer.

# %%
guess_fast = Prediction(
    "A message of 1 MiB: which way takes the longest?",
    ["a Queue: it pickles", "Manager().Queue: one more process", "an Array: shared memory"],
)
guess_fast

# %%
transfers = measure_messages.transfers()
draw_messages.transfers(transfers)

# %%
slowest = max(transfers.kinds(), key=lambda kind: transfers.latency_s(kind, 1 << 20))
guess_fast.compare(
    {"Queue": "a Queue: it pickles", "Array": "an Array: shared memory"}.get(
        slowest, "Manager().Queue: one more process" if slowest.startswith("Manager") else None
    ),
    {
        "a Queue: it pickles": "To pickle bytes is to copy them, which is quick.",
        "Manager().Queue: one more process": "One more copy, and one more wake-up. Not the worst.",
    },
)

# %%
array_s, pipe_s = (transfers.latency_s(kind, 1 << 20) for kind in ("Array", "Pipe"))
claim(
    "3.5-array-slow",
    "To move a mebibyte through an Array takes several times as long as through a Pipe, though the "
    "Array is shared memory.",
    array_s > 3 * pipe_s,
    f"Array {array_s * 1e3:.3g} ms, Pipe {pipe_s * 1e3:.3g} ms (medians of 15)",
    tolerance="any factor above 1 would do; a factor of 3 is far from noise",
)

# %% [markdown]
# **Look.** On the left the lines are flat: for a small message what counts is waking the other process. On
# the right they rise: what counts is copying. An `Array` makes a Python number of each element, which is
# slower than any pipe. Shared memory shows its strength where the other side needs no copy at all.

# %%
messages_lab().set(largest=1 << 16).run()

# %% [markdown]
# **Try.** Let two children count the same long list of words in one manager's dict. Does it lose any? Each
# access is safe, and `count_words` makes two for each word. Then in the lab go up to 64 MiB, and look at
# the bytes a second. From which size on is shared memory the quickest on your machine? Does your program
# send such messages?

# %% [markdown]
# ## Summary
#
# - Each process has an interpreter and a **GIL of its own**. Threads in it still share that one.
# - **spawn** starts a fresh Python, **fork** copies the process without its other threads,
#   **forkserver** forks a fresh Python. The default depends on system and version: choose, with
#   `get_context`.
# - A lock held at the **fork** stays locked in the child. Memory is **copied on write**.
# - A worker must be **importable**, and starting children belongs inside the **guard**. The main
#   module is imported again in each child, with all that it imports at its top.
# - `join` tells nothing: look at the **exit code**. An exception stays in the child unless it sends
#   it.
# - `terminate` asks, `kill` doesn't. **Daemons** are terminated when their parent ends.
# - `connection.wait` on **sentinels** tells whoever ends first.
# - A **pool** reuses its processes. `map` blocks and keeps order, `imap_unordered` and `as_completed` give
#   results as they come; an exception waits where the result would be. A small **chunk** spreads work, a
#   large one saves messages.
# - When a worker dies, `Pool` is silent, `ProcessPoolExecutor` raises.
# - A **Queue** must be emptied before its writers are joined. A **Pipe** ends when *all* copies of its sending
#   end are closed. Shared memory needs a **lock** from reading to writing, and an `unlink`.

# %% [markdown]
# ## Exercises
#
# *About 40 minutes.* Write, run the cell, then run the check below it.

# %% [markdown]
# ### Exercise 3.1
#
# Write `run_all`. For each tuple in `arguments` a child runs `worker` with these arguments. All of
# them are to run at the same time. Return the list of their exit codes, in the order of `arguments`.
# The caller chooses the start method: `context` is what `get_context` returned.


# %% tags=["exercise"]
def run_all(context, worker, arguments):
    return ...


# %%
exercises.check("3.1", checks_processes.run_all, run_all)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def run_all(context, worker, arguments):
#     children = [context.Process(target=worker, args=args) for args in arguments]
#     for child in children:
#         child.start()
#     for child in children:
#         child.join()
#     return [child.exitcode for child in children]
# ```
#
# Three loops: with `start` and `join` in one, each child would wait for the one before.
#
# </details>

# %% [markdown]
# ### Exercise 3.2
#
# Write `stop`, which ends a running child in any case. A child that handles SIGTERM gets `patience`
# seconds to tidy up. Only one that is still there after that is killed. Return its exit code.


# %% tags=["exercise"]
def stop(process, patience):
    return ...


# %%
exercises.check("3.2", checks_processes.stop, stop, deadline=30)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def stop(process, patience):
#     process.terminate()
#     process.join(patience)
#     if process.is_alive():
#         process.kill()
#         process.join()
#     return process.exitcode
# ```
#
# After `kill` the child still needs a moment to end, so join it before you ask for its exit code.
#
# </details>

# %% [markdown]
# ### Exercise 3.3
#
# Write `try_all`: call `worker(task)` for each task, in the processes of `pool` (a `multiprocessing.Pool`),
# all at the same time as far as there are processes. Return a list in the order of the tasks: the result,
# or, where the worker raised, the exception.


# %% tags=["exercise"]
def try_all(pool, worker, tasks):
    return ...


# %%
exercises.check("3.3", checks_pools.try_all, try_all, deadline=60)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def try_all(pool, worker, tasks):
#     handles = [pool.apply_async(worker, (task,)) for task in tasks]
#     found = []
#     for handle in handles:
#         try:
#             found.append(handle.get())
#         except Exception as error:
#             found.append(error)
#     return found
# ```
#
# `map` raises the first exception, and the results of all other tasks are gone.
#
# </details>

# %% [markdown]
# ### Exercise 3.4
#
# `receive_all(connection)` gets the receiving end of a pipe, and returns the list of all that is sent
# until the sender has closed its end. `send_all(connection, things)` gets the sending end: it sends each
# thing, and then makes sure that the receiver doesn't wait for ever. (The two run in the same process
# here, in two threads, so nobody has a copy of an end.)


# %% tags=["exercise"]
def receive_all(connection):
    return ...


def send_all(connection, things):
    return ...


# %%
exercises.check("3.4", checks_messages.pipe, receive_all, send_all)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def receive_all(connection):
#     received = []
#     while True:
#         try:
#             received.append(connection.recv())
#         except EOFError:
#             return received
#
#
# def send_all(connection, things):
#     for thing in things:
#         connection.send(thing)
#     connection.close()
# ```
#
# A `None` as the last message would do as well, if `None` can't be one of the things. Here it can.
#
# </details>

# %% [markdown]
# ## What the article says and what you measured
#
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | multiprocessing avoids the GIL completely | each process has a GIL of its own, and its threads share it | claims 3.1-in-parallel, 3.1-still-a-gil | [glossary](https://docs.python.org/3/glossary.html#term-global-interpreter-lock) |
# | fork is the default on Unix | spawn on macOS since 3.8; forkserver elsewhere since 3.14 | claim 3.2-default | [contexts and start methods](https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods) |
# | a forked child copies its parent's memory | page by page, when one of them writes; and of the threads only the one that forks | claims 3.2-copy-on-write, 3.2-fork-copies | [fork(2)](https://man7.org/linux/man-pages/man2/fork.2.html) |
# | fork "may have problems" | a lock held by another thread stays locked in the child, which hangs | claim 3.2-fork-deadlock | [os.fork](https://docs.python.org/3/library/os.html#os.fork) |
# | forkserver is the middle way | its children import the main module like spawn's, unless the server has preloaded what that needs (or is that of 3.13.8, 3.14.1 or later) | claims 3.2-main-again, 3.2-preload | [set_forkserver_preload](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.set_forkserver_preload) |
# | call `set_start_method` at the beginning | once in a program, and inside the guard; `get_context` has neither trap | claims 3.2-set-twice, 3.2-guard, 3.2-contexts | [get_context](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.get_context) |
# | its three calls of `set_start_method` in a row (8.2) | the second one raises RuntimeError | claim 3.2-set-twice | [set_start_method](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.set_start_method) |
# | `p.join()`, then "All processes completed" | they have ended, and may all have failed: in a cell, under spawn, they do | claims 3.2-importable, 3.3-exit-codes | [exitcode](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.exitcode) |
# | Pool.map, apply and so on, without errors | an exception comes where the result would; a dead worker is silence | claims 3.4-errors, 3.4-death | [CPython issue 66587](https://github.com/python/cpython/issues/66587) |
# | the pool defaults to the number of cores | since 3.13 to the number that this process may use | the machine card above | [Pool](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool) |
# | its Pipe program | it never ends, under any start method: nobody closes the sending end | claims 3.5-pipe-hangs, 3.5-pipe-ends | [connections](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.recv) |
# | Array without its lock | updates get lost | claim 3.5-lost | [synchronized](https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Array) |
# | Queue: put, join, get in any order | join before get waits for ever, if the message is large | claim 3.5-drain | [guidelines](https://docs.python.org/3/library/multiprocessing.html#joining-processes-that-use-queues) |
# | shared memory is the fastest | it depends on the size, and an Array, which is shared memory, is the slowest for large ones | claim 3.5-array-slow | [shared_memory](https://docs.python.org/3/library/multiprocessing.shared_memory.html) |

# %% [markdown]
# Queues, pools and what they gave own semaphores of the operating system. Those go when nothing refers
# to their owners any more.

# %%
results = tasks = queue = pool = executor = later = lost = total = None

# %%
chapter.end("3")

# %% [markdown]
# ## Next
#
# Threads share everything, which is their strength and their danger.
# [Chapter 4](04_threading.ipynb) is about both.
