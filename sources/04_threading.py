# %% [markdown]
# # Chapter 4: Share work among threads

# %% [markdown]
# ## What you will be able to do
#
# - hand work to a thread pool, and collect results and errors without losing any
# - say what cancelling and a timeout do, and what they don't
# - recognise a pool that waits for itself, and avoid it
# - choose the number of workers from a measurement, with Little's law
# - tell which computing gains from threads even with a GIL

# %% [markdown]
# ## What you need
#
# - Chapter 1: thread, core, I/O-bound, CPU-bound. Chapter 2: the GIL, and who releases it. Necessary.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 65 minutes, exercises included. Classroom: 40 minutes, without the exercises and
# the Trys.

# %%
import hashlib
import io
import os
import tempfile
import threading
import time
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from contextlib import redirect_stderr
from functools import partial
from pathlib import Path
from urllib.error import HTTPError

import numpy as np

from helpers.course import chapter, checks_thread_pools, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction
from helpers.workers.timeline import Recorder

chapter.begin("4")

# %% [markdown]
# The next cell imports what this chapter measures and draws with. You don't need to know these:
# the code that matters stands in the cells below.

# %%
from helpers.draw import released as draw_released
from helpers.draw import requests as draw_requests
from helpers.draw.thread_pools import schedules
from helpers.labs.requests import throughput_lab
from helpers.measure import released, requests
from helpers.measure.compare import compare
from helpers.measure.loopback import loopback
from helpers.measure.thread_pools import schedule
from helpers.measure.verdict import WITH_GIL, Outcome, all_of, needs_cores

# %% [markdown]
# ## 4.4 ThreadPoolExecutor
#
# *45 minutes; 45 so far*
#
# A **thread pool** keeps a few threads, its **workers**. You give it **tasks**, calls of functions;
# they stand in a queue, and each worker takes the next one when it is free.
#
# The work here is what threads are mostly used for: fetching pages. The web server is ours and runs
# on your computer, in a process of its own. It really is asked over the network, but this network
# needs no cable, and it is as slow as we tell it to be: `latency_s` is the time until it answers.
# And it counts its requests, so that you can check what your program did.

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
# `CancelledError`, and so the demonstration ends.

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
print("stopped by us:", *[type(task.exception()).__name__ for task in tasks], sep="  ")

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


text = "\n".join(map(str, range(40_000))).encode()
numbers_in_c = np.random.default_rng(0).random(200_000)
numbers_in_python = numbers_in_c[:20_000].astype(object)  # each a Python object


def two_ways(work, pool):
    """Compare two calls of the same work, one after the other and at once."""
    return compare(
        {
            "one after another": lambda: [work(), work()],
            "in a pool": lambda: wait([pool.submit(work), pool.submit(work)]),
        }
    )


# %%
with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
    Path(folder, "file").write_bytes(bytes(6_000_000))
    kinds = {
        "adding in Python": adding,
        "hashing a file": partial(hash_file, Path(folder, "file")),
        "compressing": partial(zlib.compress, text),
        "NumPy, sorting numbers": partial(np.sort, numbers_in_c),
        "NumPy, sorting Python objects": partial(np.sort, numbers_in_python),
    }
    both = {kind: two_ways(work, pool) for kind, work in kinds.items()}

speed_ups = {kind: two.ratio("one after another", "in a pool") for kind, two in both.items()}
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
    needs=[WITH_GIL],
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
# A thread for each thing that waits is not the only way. Chapter 5, *asyncio* (in the making), lets
# one thread wait for all of them.
