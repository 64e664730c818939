# %% [markdown]
# # Chapter 6: Choose a model that fits the job
#
# Threads, processes or tasks? Rules of thumb answer by the name of the job: "images: processes". This
# chapter answers by measuring, and then asks what the rule should have asked.

# %% [markdown]
# ## What you will be able to do
#
# - tell by two measurements what a task is like: does it wait, and does it let go of the GIL
# - run one job under every model that fits, and compare them honestly
# - choose a model for six kinds of real work, and say why the usual advice fits or doesn't

# %% [markdown]
# ## What you need
#
# - Chapter 2: the GIL, and C code that releases it. Necessary.
# - Chapters 3 to 5: pools of processes and threads, coroutines. Necessary.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 85 minutes, exercises included. Classroom: 50 minutes, without the exercises and the
# Trys.

# %%
import asyncio
import inspect
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import aiohttp
import aiosqlite
from aiohttp import web

from helpers.course import chapter, checks_scenarios, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction

chapter.begin("6")

# %% [markdown]
# The next cell imports what this chapter measures and draws with. You don't need to know these:
# the code that matters stands in the cells below.

# %%
from helpers.draw import scenarios as draw_scenarios
from helpers.draw.compare import points
from helpers.labs.scenarios import scenarios_lab
from helpers.measure import conversion as folders
from helpers.measure import crawl, database, images, science
from helpers.measure.apart import run_apart
from helpers.measure.compare import compare
from helpers.measure.loopback import loopback
from helpers.measure.machine import usable_cores
from helpers.measure.scenarios import SCENARIOS, Finding
from helpers.measure.task_profile import profile
from helpers.measure.verdict import WITH_GIL, Outcome, all_of, needs_cores
from helpers.workers import api_server as clients
from helpers.workers import conversion, task_profile
from helpers.workers import crawl as blocking_crawl
from helpers.workers import database as blocking_database
from helpers.workers import science as python_science

# %% [markdown]
# ## 6.3 Six jobs, measured
#
# *60 minutes; 60 so far*
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

# %%
guess_table = Prediction(
    "Nine measurements. For how many of them is the article's choice as good as the fastest?",
    ["eight or nine", "five to seven", "four or fewer"],
)
guess_table

# %% [markdown]
# All jobs use the same pools, which are started once: one worker per core to compute (at least two, at
# most four here), and many threads that only wait. What it takes to start the processes is measured
# apart.

# %%
workers = max(2, min(4, usable_cores()[0]))
threads = ThreadPoolExecutor(workers)
waiting = ThreadPoolExecutor(24)
began = time.perf_counter()
processes = ProcessPoolExecutor(workers, get_context("spawn"))
list(processes.map(time.sleep, [0.01] * workers))  # until they are up
start_s = time.perf_counter() - began
found, profiles = {}, {}

# %% [markdown]
# ### Look at the task first
#
# "CPU-bound" and "I/O-bound" are guesses about a task. Two numbers replace them. The **computing part**: for
# how much of its time does it have a core? The rest it waits. And the **GIL-free part**: for how much of
# its time could another thread run Python code, though nobody forces the task to make room?
#
# The second is measured by a trick. The switch interval of chapter 2 is set so long that asking for the
# GIL is of no use. A second thread sleeps and wakes, again and again, beside the task: it **beats**. It can
# wake only while the task lets go of the GIL by itself. A long silence means that the task held it.

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
# Twenty pages from a server on this computer, which takes its time for each answer. The blocking way is
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
    found["crawl"] = compare({name: partial(fetch, urls) for name, fetch in fetchers.items()})
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
# better than any time.

# %%
at_once = {}
for name, fetch in fetchers.items():
    with loopback(latency_s=0.08) as server:
        fetch(crawl.addresses(server.url, 12))
        at_once[name] = server.served().most_at_once

# %%
claim(
    "6.3-crawl-at-once",
    "One request is in hand at a time, or one for each process; with threads and asyncio, many.",
    at_once["sequential"] == 1
    and at_once["processes"] <= workers < min(at_once["threads"], at_once["asyncio"]),
    f"most requests in hand at once, of 12: {at_once}",
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
# threads; its price is that everything on the way must await. Processes are wasted on waiting.
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


with images.photos(6, 400) as paths:
    models = three_models(images.shrink, paths)
    small = [run() for run in models.values()]
    print("the same pictures under each model:", small[0] == small[1] == small[2])
    found["images"] = compare(models)
    profiles["images"] = profile(processes, images.shrink, paths[0])

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
    "To process a photo is computing, but most of it is done without the GIL.",
    not profiles["images"].waits and profiles["images"].lets_go,
    f"computes {profiles['images'].computing:.0%}, GIL free {profiles['images'].gil_free:.0%}",
)

# %%
claim(
    "6.3-images-threads",
    "Threads process photos faster than one thread does.",
    found["images"].ratio("sequential", "threads").at_least(1.15),
    needs=[needs_cores(2)],
    tolerance="two cores would allow 2; some of the work holds the GIL, and others use the cores",
)

# %% [markdown]
# **Look.** The same pictures, by any model. Compare the rows of threads and processes.
#
# **Explain.** The article's reason is right, this is computing; its conclusion doesn't follow. The work is
# done in C, by code that lets go of the GIL. Threads then reach all cores, with no process to start and
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
# A SQLite file with 40,000 sales, and two kinds of question. A **report** looks at every row. A **look-up** finds
# one row by its key. Each question opens a connection of its own.

# %%
print(blocking_database.REPORT)
print(blocking_database.LOOKUP)
print(inspect.getsource(blocking_database.report))

# %% [markdown]
# **aiosqlite** gives the same questions an `await`.


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
with database.sales(40_000) as path:
    paths, cities = [path] * 6, range(6)
    found["database: reports"] = compare(
        {
            "sequential": lambda: list(map(blocking_database.report, paths, cities)),
            "threads": lambda: list(threads.map(blocking_database.report, paths, cities)),
            "processes": lambda: list(processes.map(blocking_database.report, paths, cities)),
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
    tolerance="two cores would allow 2; to open a connection takes the GIL, others use the cores",
)

# %% [markdown]
# Now the short questions: sixty look-ups.

# %%
with database.sales(1_000) as path:
    paths, keys = [path] * 60, range(1, 61)
    found["database: look-ups"] = compare(
        {
            "sequential": lambda: list(map(blocking_database.lookup, paths, keys)),
            "threads": lambda: list(threads.map(blocking_database.lookup, paths, keys)),
            "processes": lambda: list(processes.map(blocking_database.lookup, paths, keys)),
            "asyncio": lambda: run_apart(all_lookups, path, keys),
        }
    )
    profiles["database: look-ups"] = profile(processes, blocking_database.lookup, path, 1)
points(found["database: look-ups"], "Short questions: what does handing over cost?")

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
    tolerance="handing over costs several times what asking does; half as much again is claimed",
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
# **Look.** Two pictures, two orders. With reports, threads and aiosqlite are close. With look-ups the loop is
# ahead, and everyone who hands over is behind.
#
# **Explain.** "Database work" is no kind of task. A report in SQLite computes in C without the GIL: threads gain,
# for another reason than the article's. A look-up is over before it could be handed over. And
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
profiles["API server"] = profile(processes, time.sleep, 0.008)  # all that a handler does


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
# **Look.** The first row can't pass one request for each wait, one after another. The others can.
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
    ["Python in several processes", "NumPy in a single thread"],
)
guess_science

# %%
pieces = science.pieces(6, 30_000)
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
    "NumPy on one core is at least three times as fast as Python in all processes.",
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
# Now a problem that is large enough for NumPy: three hundred thousand strips for each piece.

# %%
pieces = science.pieces(6, 300_000)
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
# **Explain.** The article's advice fits science in pure Python, which is the first thing to get rid of. In
# NumPy, threads do. They also share the arrays, which processes would have to be sent: these pieces are
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
with folders.texts(6, 250_000) as paths:
    found["files: gzip"] = compare(three_models(conversion.compress, paths))
    profiles["files: gzip"] = profile(processes, conversion.compress, paths[0])

with folders.tables(6, 6_000) as paths:
    found["files: CSV to JSON"] = compare(three_models(conversion.csv_to_json, paths))
    profiles["files: CSV to JSON"] = profile(processes, conversion.csv_to_json, paths[0])

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
    "To compress lets go of the GIL, to make JSON of CSV doesn't.",
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
# Each row stands for what you have just measured. "As good" is who takes at most a tenth longer than the
# fastest. Where other programs disturbed, it says that it can't be told.

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
# **Look.** In the table, go through the rows that say "no", and read the last column. In the picture, find
# the tasks with two long bars: they compute, and let others run. For these, threads are enough.
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
# CSV to JSON" at a quarter of the size: when do processes stop to pay? Then "crawl" with 60 tasks: who
# is ahead now, and by how much?
#
# At last, end the pools.

# %%
for pool in (threads, waiting, processes):
    pool.shutdown()
processes = None  # a pool of processes that is kept keeps its semaphores

# %% [markdown]
# ## Summary
#
# - Jobs have names, tasks have properties: how long one takes, for how much of that it **computes**, and for
#   how much of it the **GIL is free**. Measure these first.
# - Many waits: asyncio or threads. They get the same done; tasks cost less each, and need a library that awaits.
# - Computing that lets go of the GIL (Pillow, NumPy, zlib, SQLite): **threads**. Nothing is sent, nothing
#   is started.
# - Computing in Python objects: **better code** first, then **processes**.
# - Very short tasks: a loop. Handing over costs more than the work.
# - An `async def` that blocks stops the whole server. aiosqlite is a thread behind an `await`.

# %% [markdown]
# ## Exercises
#
# *About 25 minutes.* Write, run the cell, then run the check below it.

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
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | crawler: asyncio, for many requests | good; threads do as well for tens or hundreds | claims 6.3-crawl-at-once, 6.3-crawl | §6.3 |
# | image processing: multiprocessing, as it is CPU-bound | it is, but Pillow and NumPy let go of the GIL: threads do, function by function | claims 6.3-images-gil, 6.3-images-threads, 6.3-images-median | [NumPy](https://numpy.org/doc/stable/reference/thread_safety.html) |
# | database work: threading, as it waits | a local SQLite file computes, without the GIL; short questions are best asked in a loop; for a server it depends on the driver | claims 6.3-database-computes, 6.3-database-lookups | [SQLAlchemy](https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html) |
# | (left out) aiosqlite | one thread for each connection; and one writer at a time for a file | claims 6.3-aiosqlite-thread, 6.3-one-writer | [aiosqlite](https://github.com/omnilib/aiosqlite), [SQLite](https://www.sqlite.org/lockingv3.html) |
# | API server: asyncio (FastAPI) | if its handlers await; FastAPI runs plain functions in threads | claims 6.3-server-in-hand, 6.3-server | [FastAPI](https://fastapi.tiangolo.com/async/#path-operation-functions) |
# | scientific computing: multiprocessing | for pure Python; NumPy first, then threads | claims 6.3-science-code-first, 6.3-science-threads | [NumPy](https://numpy.org/doc/stable/reference/thread_safety.html) |
# | file conversion: multiprocessing + Pool | for what is made of Python objects; compressing lets go of the GIL | claims 6.3-files-gil, 6.3-files | [zlibmodule.c](https://github.com/python/cpython/blob/3.14/Modules/zlibmodule.c) |

# %%
chapter.end("6")

# %% [markdown]
# ## Next
#
# The model is chosen. Chapter 7, *pitfalls and debugging* (in the making), is about what goes wrong then.
