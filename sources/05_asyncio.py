# %% [markdown]
# # Chapter 5: Await many things at once
#
# One thread, one event loop, and as many waits as you like. In this half of the chapter the waits
# are real: pages from a web server, files, sockets, and calls that block.

# %% [markdown]
# ## What you will be able to do
#
# - fetch many pages at once, politely, and lose none of them to a bad one
# - say when asynchronous files pay, and when they only cost
# - let a quick producer wait for slow consumers
# - keep the event loop alive beside code that blocks or computes
# - say what a cancellation stops, and what it doesn't

# %% [markdown]
# ## What you need
#
# - Coroutines, tasks, `gather` and `asyncio.timeout`: sections 5.1 to 5.4. Necessary.
# - Threads, the GIL and the switch interval: chapter 2. Helpful.
# - Run the cells in order: each may use what those above it made.

# %% [markdown]
# ## Time
#
# Self-study: about 90 minutes, exercises included. Classroom: 55 minutes without them.

# %%
import asyncio
import contextlib
import inspect
import multiprocessing
import os
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import aiofiles
import aiohttp

from helpers.course import chapter, checks_async_io, exercises
from helpers.course.claims import claim
from helpers.course.predictions import Prediction

chapter.begin("5")

# %% [markdown]
# The next cell imports what sections 5.5 and 5.6 measure and draw with. You don't need to know these:
# the code that matters stands in the cells below.

# %%
from helpers.draw import blocking as draw_blocking
from helpers.draw import streams as draw_streams
from helpers.draw.compare import points
from helpers.labs.async_requests import requests_lab
from helpers.labs.scale import scale_lab
from helpers.measure import async_files, async_requests, blocking
from helpers.measure.async_files import CountingPool
from helpers.measure.creation import TELLS_MEMORY
from helpers.measure.loopback import loopback
from helpers.measure.verdict import WITH_GIL, checked, needs_cores, untold
from helpers.workers import overlap

# %% [markdown]
# ## 5.5 Real input and output
#
# *38 minutes; 38 so far*
#
# `asyncio.sleep` only pretended. Now something answers. `loopback` starts a small web server on this
# computer, in a process of its own, which ends with the `with` block. It needs no network, and each
# answer takes exactly as long as you say. The client is **aiohttp**: an asynchronous library for
# HTTP. A **session** keeps its connections open, so that the next request can use them again: make
# one for the whole program, not one for each page
# ([aiohttp](https://docs.aiohttp.org/en/stable/client_quickstart.html#make-a-request)).

# %%
guess_hand = Prediction(
    "One thread asks for eight pages with gather. Each answer takes 0.08 s. How many requests does "
    "the server have in hand at the same time?",
    ["one: there is one thread", "about as many as there are cores", "about eight"],
)
guess_hand


# %%
async def fetch(session, url):
    async with session.get(url) as response:
        return await response.read()


async def one_by_one(urls):
    async with aiohttp.ClientSession() as session:
        return [await fetch(session, url) for url in urls]


async def all_at_once(urls):
    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(fetch(session, url) for url in urls))


in_hand = {}
for way in (one_by_one, all_at_once):
    with loopback(latency_s=0.08) as server:
        pages = await way([f"{server.url}/page{number}" for number in range(1, 9)])
        in_hand[way.__name__] = server.served().most_at_once
    print(f"{way.__name__}: {len(pages)} pages, {sum(map(len, pages))} bytes")

# %%
together = in_hand["all_at_once"]
guess_hand.compare(
    guess_hand.answers[(together > 1) + (together > 4)],
    {
        "one: there is one thread": "A thread is needed to send and to read, not to wait.",
        "about as many as there are cores": "Cores compute. A wait needs none.",
    },
)

# %% [markdown]
# **Look.** The same pages, the same bytes. Only the number of requests that were under way at one
# moment differs, and the server counted it.
#
# **Explain.** An `await` that has to wait hands the thread back to the loop. The loop asks the
# operating system to watch all sockets, and goes on with whichever has something to read.

# %%
claim(
    "5.5-in-hand",
    "One thread with an event loop has many requests under way at once; one await after another "
    "has one.",
    in_hand["one_by_one"] == 1 and together > 4,
    f"one by one: {in_hand['one_by_one']}; gather: {together} of 8",
    tolerance="all eight, unless a busy machine holds some of them up for 0.08 s; more than half",
)

# %% [markdown]
# ### What the article's version gets wrong
#
# The article counts *bytes* with this function. Ask three pages of it: one of Latin letters, one of
# Chinese ones, both with 12,000 bytes, and one that the server answers with an error, status 500.


# %%
async def fetch_url(session, url):  # as in the article
    async with session.get(url) as response:
        content = await response.text()
        return len(content)


async with aiohttp.ClientSession() as session:
    with loopback(latency_s=0.01, size=12_000) as server:
        latin = await fetch_url(session, f"{server.url}/?letter=x")
        chinese = await fetch_url(session, f"{server.url}/?letter=中")
        failed = await fetch_url(session, f"{server.url}/?status=500")
print(f"latin: {latin} bytes, chinese: {chinese} bytes, failed: {failed} bytes")

# %%
claim(
    "5.5-article-bytes",
    "The article's function counts characters, not bytes, and takes an error page for a success.",
    (latin, chinese) == (12_000, 4_000) and failed > 0,
    f"{latin}, {chinese} and, for the page with status 500, {failed}",
)

# %% [markdown]
# `text()` decodes: here three bytes make one character. And aiohttp raises nothing for a status of 400
# or more, unless you ask it to
# ([`raise_for_status`](https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientResponse.raise_for_status)).
#
# Now the article's `main`, with one bad address between two good ones. Nobody listens at port 1.

# %%
sizes, reason = None, None
with loopback(latency_s=0.01) as server:
    urls = [f"{server.url}/first", "http://127.0.0.1:1/", f"{server.url}/last"]
    async with aiohttp.ClientSession() as session:
        try:
            sizes = await asyncio.gather(*(fetch_url(session, url) for url in urls))
        except aiohttp.ClientError as error:
            reason = type(error).__name__
print("sizes:", sizes, "because of", reason)

# %%
claim(
    "5.5-one-bad",
    "With a bare gather, one bad address loses the results of all good ones.",
    sizes is None and reason is not None,
    f"got {sizes}; raised {reason}",
)

# %% [markdown]
# So a crawler handles errors *for each page*: what went wrong becomes a value, in its place in the
# list. It also sets a timeout. Without one, a server that never answers costs five minutes: aiohttp's
# default ([timeouts](https://docs.aiohttp.org/en/stable/client_quickstart.html#timeouts)).


# %%
async def fetch_size(session, url):
    try:
        async with session.get(url) as response:
            response.raise_for_status()
            return len(await response.read())
    except (aiohttp.ClientError, TimeoutError) as error:
        return error


with loopback(latency_s=0.01, size=12_000) as server:
    urls = [
        f"{server.url}/?letter=中",
        f"{server.url}/?status=500",
        "http://127.0.0.1:1/",
        f"{server.url}/?latency=30",
        f"{server.url}/last",
    ]
    timeout = aiohttp.ClientTimeout(total=0.5)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        outcomes = await asyncio.gather(*(fetch_size(session, url) for url in urls))
names = [one if isinstance(one, int) else type(one).__name__ for one in outcomes]

# %%
claim(
    "5.5-each-its-own",
    "Handled page by page, an error, a refusal and a timeout cost only themselves.",
    [isinstance(one, int) for one in outcomes] == [True, False, False, False, True]
    and outcomes[0] == outcomes[4] == 12_000,
    f"{names}",
)

# %% [markdown]
# ### Politely
#
# A thousand requests at once may bring a server down, or get you locked out. Two ways to hold back:
#
# - the session's own limit: `TCPConnector(limit=…)`, the number of connections, 100 by default
#   ([limits](https://docs.aiohttp.org/en/stable/client_advanced.html#limiting-connection-pool-size));
# - a **semaphore** around each request: a counter that lets so many in, and no more until one leaves.
#
# Both let two at a time through. But a timeout is set: 0.4 s for each page, and each answer takes
# 0.05 s. That should do.


# %%
async def fetch_many(urls, limit=100, at_once=100):
    turn = asyncio.Semaphore(at_once)
    connector = aiohttp.TCPConnector(limit=limit)
    timeout = aiohttp.ClientTimeout(total=0.4)

    async def one(session, url):
        async with turn:
            return await fetch_size(session, url)

    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        return await asyncio.gather(*(one(session, url) for url in urls))


most, timed_out = {}, {}
for name, hold_back in {"limit": {"limit": 2}, "semaphore": {"at_once": 2}}.items():
    with loopback(latency_s=0.05) as server:
        urls = [f"{server.url}/page{number}" for number in range(20)]
        found = await fetch_many(urls, **hold_back)
        most[name] = server.served().most_at_once
        timed_out[name] = sum(isinstance(one, TimeoutError) for one in found)

# %%
claim(
    "5.5-polite",
    "Both a limit of connections and a semaphore keep the number of requests at once down.",
    most == {"limit": 2, "semaphore": 2},
    f"the server had at most {most['limit']} and {most['semaphore']} in hand",
)

# %%
claim(
    "5.5-queue-counts",
    "A timeout for the whole request also counts the wait for a free connection. Behind a "
    "semaphore the clock starts when the page's turn has come.",
    timed_out["semaphore"] < timed_out["limit"],
    f"timed out: {timed_out['limit']} of 20 with the limit, {timed_out['semaphore']} with the "
    "semaphore",
)

# %% [markdown]
# **Explain.** Twenty pages, two at a time, 0.05 s each: the last ones wait longer for a connection than
# their whole timeout allows, though the server never was slow. `total` begins when you call `get`; it
# [includes the wait for a connection from the pool](https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientTimeout).
#
# The lab does what your cell did, with a server that is sometimes slow and sometimes fails, and draws
# each request: grey while it waits for its turn, then in colour until it ends. This is the function
# that it calls for each page.

# %%
print(inspect.getsource(async_requests.fetch))

# %%
requests_lab().run()

# %% [markdown]
# **Try.** In the lab, set the timeout to 50 ms. Which pages fail now? And why does the server have
# *more* in hand at once than you allow? (A timeout ends your wait, not the server's work.)

# %% [markdown]
# ### Files
#
# Each loop has a pool of threads to lend, its **default executor**. Who borrows from it? Give this
# loop one that counts how often it is handed something to do. (It is closed at the end of section 5.6.)

# %%
loop = asyncio.get_running_loop()
borrowed = CountingPool()  # a ThreadPoolExecutor; submit adds one to handed_over
loop.set_default_executor(borrowed)

# %% [markdown]
# Now the article's program on real files: read three at the same time, write three copies. **aiofiles**
# gives files the form that you know from aiohttp.


# %%
async def read_file(path):
    async with aiofiles.open(path, encoding="utf-8") as file:
        return await file.read()


async def write_file(path, content):
    async with aiofiles.open(path, "w", encoding="utf-8") as file:
        await file.write(content)


with tempfile.TemporaryDirectory() as name:
    paths = [Path(name, f"file{number}.txt") for number in (1, 2, 3)]
    for path in paths:
        path.write_text(f"I am {path.name}", encoding="utf-8")
    before = borrowed.handed_over
    contents = await asyncio.gather(*map(read_file, paths))
    to_read = borrowed.handed_over - before
    copies = [path.with_name(f"output_{path.name}") for path in paths]
    await asyncio.gather(*map(write_file, copies, contents))
    written = [copy.read_text(encoding="utf-8") for copy in copies]
print(written)
print("calls handed to threads, to read three files:", to_read)

# %% [markdown]
# **Look.** Nine calls for three files: open, read, close, each in a thread. So much for asynchronous
# files: the operating systems let a program wait for many sockets at once, but hardly for files, so
# aiofiles [borrows threads](https://github.com/Tinche/aiofiles), and `asyncio` itself has no files at
# all ([why](https://github.com/python/asyncio/issues/279)).

# %%
claim(
    "5.5-files-are-threads",
    "aiofiles runs in threads: open, read and close are a call for a thread each.",
    to_read == 9 and written == contents,
    f"{to_read} calls for 3 files",
)

# %% [markdown]
# Does that make it quick? Twenty small files, read in a plain loop, with `to_thread` (one call for
# each file: section 5.6 explains it), and with aiofiles.

# %%
files = async_files.reading(files=20, size=2_000)
points(files, "Reading twenty small files that were just written")

# %%
claim(
    "5.5-files-cost",
    "For small files that the system has in its memory, aiofiles takes longer than a plain loop.",
    files.ratio("aiofiles", "plain reading").at_least(1.5),
    tolerance="a hand-over to a thread costs several times what such a read does; 1.5 would do",
)

# %% [markdown]
# So why use it at all? Because not every file is quick. A network drive, a sleeping disk, a pipe: such
# a read may take seconds, and during a plain `read` the loop stands still. The cell makes such a file:
# the end of a pipe into which nobody writes for 0.15 s. And it counts how often *another task*
# gets its turn meanwhile.


# %%
def slow_file(seconds=0.15):
    """A file that has nothing to read for so long: the end of a pipe."""
    read_end, write_end = os.pipe()
    threading.Timer(seconds, lambda: (os.write(write_end, b"at last"), os.close(write_end))).start()
    return read_end


async def count_beats(work):
    """How often another task gets its turn while the work is awaited."""
    beats = []

    async def beat():
        while True:
            await asyncio.sleep(0.005)
            beats.append(time.perf_counter())

    heart = asyncio.create_task(beat())
    await asyncio.sleep(0)  # lets the heart begin
    await work
    heart.cancel()
    return len(beats)


# %%
async def read_plainly(file):
    with open(file, "rb") as opened:
        return opened.read()


async def read_with_aiofiles(file):
    async with aiofiles.open(file, "rb") as opened:
        return await opened.read()


beats = {
    "plain": await count_beats(read_plainly(slow_file())),
    "aiofiles": await count_beats(read_with_aiofiles(slow_file())),
}

# %%
claim(
    "5.5-files-pay",
    "While a slow file is read plainly, no other task gets a turn; with aiofiles the others go on.",
    beats["plain"] == 0 and beats["aiofiles"] > 0,
    f"beats of another task: {beats['plain']} and {beats['aiofiles']}",
)

# %% [markdown]
# **Explain.** The verdict: aiofiles makes nothing faster. It keeps the loop alive, at the price of a
# hand-over for each call. Small local files in a script: read them plainly. A server whose other
# clients must not wait, and files that may be slow: use aiofiles, or one `to_thread` around the whole
# piece of file work, which costs one hand-over instead of three.
#
# ### A queue between quick and slow
#
# A **producer** makes items, **consumers** work on them, an `asyncio.Queue` lies between. Here the
# producer is quick: it only puts. Each of two consumers needs 10 ms for an item.

# %%
guess_queue = Prediction(
    "The producer puts 30 items into asyncio.Queue(), as fast as it can. How long does it get?",
    ["two or three: the consumers keep up", "about half of the items", "all 30 items"],
)
guess_queue


# %%
async def run_queue(maxsize):
    queue, lengths = asyncio.Queue(maxsize), []

    async def produce():
        for item in range(30):
            await queue.put(item)  # waits while the queue is full
            lengths.append((time.perf_counter(), queue.qsize()))

    async def consume():
        while True:
            await queue.get()
            lengths.append((time.perf_counter(), queue.qsize()))
            await asyncio.sleep(0.01)  # the work on the item
            queue.task_done()

    consumers = [asyncio.create_task(consume()) for _ in range(2)]
    await produce()
    await queue.join()  # until each item is done
    for consumer in consumers:
        consumer.cancel()
    await asyncio.wait(consumers)
    return lengths


# %%
queues = {"Queue()": await run_queue(0), "Queue(4)": await run_queue(4)}
draw_streams.queue_lengths(queues, "Items that wait in the queue")

# %%
longest = {name: max(length for _, length in lengths) for name, lengths in queues.items()}
grown = longest["Queue()"]
guess_queue.compare(
    guess_queue.answers[(grown > 5) + (grown > 25)],
    {
        "two or three: the consumers keep up": "They get no turn: put never has to wait.",
        "about half of the items": "That would need turns for the consumers in between.",
    },
)

# %% [markdown]
# **Look.** Without a size the queue jumps to its full length at once. With one, it stays at four, and
# the producer takes as long as the consumers do. The last item is done at about the same time.
#
# **Explain.** An `await` gives the loop a turn only if it has to wait, and a `put` into a queue without
# a limit never has to. With a limit, a full queue makes the producer wait: the slow side
# sets the pace. That is **back-pressure**. Without it the difference piles up in memory, until there
# is none left.

# %%
claim(
    "5.5-unbounded",
    "A queue without a size takes all that the producer has, before any consumer gets a turn.",
    grown == 30,
    f"{grown} of 30 items waited",
)

# %%
claim(
    "5.5-back-pressure",
    "A queue with a size makes the producer wait: it never holds more.",
    longest["Queue(4)"] == 4,
    f"at most {longest['Queue(4)']} items waited",
)

# %% [markdown]
# ### Streams: what lies below
#
# aiohttp stands on sockets. asyncio's own door to them is the **stream**: a reader and a writer for one
# connection. `start_server` calls your coroutine for each client; `open_connection` is the
# other end. Three clients ask at the same time here. The server thinks for a moment, then answers in
# capitals.


# %%
async def shout(reader, writer):
    while line := await reader.readline():  # b"" when the client has closed
        await asyncio.sleep(0.05)
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def ask(port, word):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{word}\n".encode())
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer.decode().strip()


async with await asyncio.start_server(shout, "127.0.0.1", 0) as server:
    port = server.sockets[0].getsockname()[1]
    answers = await asyncio.gather(*(ask(port, word) for word in ("one", "two", "three")))
print(answers)

# %% [markdown]
# Two things about streams surprise everybody once. First: a connection carries **bytes**, not messages.
# One `read` may bring a part of what was written, or the end of one message with the beginning of the
# next. So say where a message ends: a line (`readline`), a known size (`readexactly`). Second: `write`
# never waits. It takes what you give it and sends when it can. `drain` is the place to wait.


# %%
async def send_a_million(reader, writer):
    writer.write(bytes(1_000_000))
    await writer.drain()
    writer.close()


async with await asyncio.start_server(send_a_million, "127.0.0.1", 0) as server:
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    first = len(await reader.read(1_000_000))
    rest = len(await reader.readexactly(1_000_000 - first))
    writer.close()
    await writer.wait_closed()

# %%
claim(
    "5.5-bytes-not-messages",
    "A read returns what has come so far, which may be a part of what was written at once.",
    0 < first < 1_000_000 and first + rest == 1_000_000,
    f"one write of 1,000,000 bytes; the first read brought {first:,}",
)


# %%
async def flood(reader, writer):
    for _ in range(200):
        writer.write(bytes(100_000))  # nobody reads it at the other end
    piled_up["bytes"] = writer.transport.get_write_buffer_size()
    try:
        await asyncio.wait_for(writer.drain(), 0.1)
        piled_up["drain"] = "went on"
    except TimeoutError:
        piled_up["drain"] = "waited until its timeout"
    writer.transport.abort()
    flooded.set()


piled_up, flooded = {}, asyncio.Event()
async with await asyncio.start_server(flood, "127.0.0.1", 0) as server:
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await flooded.wait()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()

# %%
claim(
    "5.5-drain",
    "write piles up what the other side doesn't read; drain waits for it: back-pressure again.",
    piled_up["bytes"] > 1_000_000 and piled_up["drain"] == "waited until its timeout",
    f"{piled_up['bytes']:,} of 20,000,000 bytes lay in memory; drain {piled_up['drain']}",
)

# %% [markdown]
# **Try.** In the cell with `run_queue`, give the producer some work of its own: `await
# asyncio.sleep(0.005)` before each `put`. How long does `Queue()` get now? And with 0.001?

# %% [markdown]
# ## 5.6 Code that blocks
#
# *26 minutes; 64 so far*
#
# A function that was written without asyncio in mind doesn't await: it **blocks**, and nothing else in
# its thread goes on until it returns. A database driver, a big computation, `time.sleep`. What becomes
# of the loop meanwhile? `pulse` is your `count_beats` again, which also notes when the beats came.

# %%
print(inspect.getsource(blocking.beat))

# %%
guess_beats = Prediction(
    "A coroutine calls time.sleep(0.2). Another task wants to run every 5 ms. How often does it, "
    "meanwhile?",
    ["about 40 times", "about 20 times: they take turns", "not at all"],
)
guess_beats

# %% [markdown]
# `asyncio.to_thread` calls a function in a thread of the default executor, and awaits its result.


# %%
def blocking_io():
    time.sleep(0.2)
    return "IO result"


async def called_directly():
    return blocking_io()


pulses = {
    "called directly": await blocking.pulse(called_directly()),
    "to_thread": await blocking.pulse(asyncio.to_thread(blocking_io)),
}
draw_blocking.pulses(pulses, "Does the loop live beside a call that blocks?")

# %%
direct, in_thread = pulses.values()
guess_beats.compare(
    guess_beats.answers[2 if direct.during == 0 else int(direct.during < 30)],
    {
        "about 40 times": "So it would be with await asyncio.sleep(0.2). time.sleep knows no loop.",
        "about 20 times: they take turns": "Threads do. Tasks change only where one awaits.",
    },
)

# %% [markdown]
# **Look.** Each mark is a beat. Beside the direct call there is a hole as long as the call. Beside
# `to_thread` the beats go on.

# %%
claim(
    "5.6-frozen",
    "While a coroutine calls something that blocks, no other task of its loop runs.",
    direct.during == 0,
    f"{direct.during} beats in {direct.end_s - direct.start_s:.2f} s",
)

# %%
claim(
    "5.6-to-thread",
    "With to_thread the loop goes on meanwhile.",
    in_thread.during >= 5,
    f"{in_thread.during} beats in {in_thread.end_s - in_thread.start_s:.2f} s",
    tolerance="40 would fit; 5 even on a machine that is busy with something else",
)

# %% [markdown]
# ### When it computes
#
# `run_in_executor` does the same with a pool that you choose. A pool of threads will do for a call that
# waits. For one that computes in Python you have two cores and one GIL (chapter 2). Compare a thread
# with a process. The work is this function, from a file that a child can import.

# %%
print(inspect.getsource(overlap.compute))

# %%
spawn = multiprocessing.get_context("spawn")
loops = overlap.loops_in(0.25)  # that many take 0.25 s of one core


async def compute_in(pool):
    return await loop.run_in_executor(pool, overlap.compute, loops)


with ThreadPoolExecutor(1) as threads, ProcessPoolExecutor(1, mp_context=spawn) as processes:
    await loop.run_in_executor(processes, overlap.compute, 1)  # now its child is up
    computing = {
        "in a thread": await blocking.pulse(compute_in(threads)),
        "in a process": await blocking.pulse(compute_in(processes)),
    }
draw_blocking.pulses(computing, "Does the loop live beside a computation?")

# %%
claim(
    "5.6-gil",
    "Beside a computation in a thread the loop lives, but each of its turns comes late, as it has "
    "to wait for the GIL. Beside one in a process it doesn't.",
    computing["in a thread"].later_than(computing["in a process"], 2),
    needs=[WITH_GIL, needs_cores(2)],
    tolerance="the switch interval is several times what a timer is late by itself; 2 leaves room",
)

# %% [markdown]
# **Look.** Beside the thread, the beats lie further apart.
#
# **Explain.** "asyncio isn't affected by the GIL" is wrong: the loop is a thread, and after each wait it
# needs the GIL again, like every other (the convoy of chapter 2). With a process, it has a GIL for
# itself. What goes there and back is pickled, so send little.
#
# ### Close what you open
#
# The article makes its pools inside the call and never closes them. The thread has done its work, and
# stays.


# %%
def threads_named(name):
    return sum(thread.name.startswith(name) for thread in threading.enumerate())


careless = ThreadPoolExecutor(thread_name_prefix="careless")
await loop.run_in_executor(careless, blocking_io)
after_the_call = threads_named("careless")
careless.shutdown()
after_shutdown = threads_named("careless")

with ThreadPoolExecutor(thread_name_prefix="careful") as careful:
    await loop.run_in_executor(careful, blocking_io)
after_with = threads_named("careful")
print("threads left:", after_the_call, "then", after_shutdown, "with a with block:", after_with)

# %%
claim(
    "5.6-close",
    "A pool keeps its threads until it is shut down; a with block does that.",
    (after_the_call, after_shutdown, after_with) == (1, 0, 0),
    f"{after_the_call}, {after_shutdown} and {after_with}",
)

# %% [markdown]
# One pool for the whole program is the usual answer. A `with` inside a coroutine has a trap: at
# its end it *waits* for its threads, and that wait blocks. If the call came to its end, there is nothing
# to wait for. If it was given up, there is.


# %%
async def give_up_inside_with():
    with contextlib.suppress(TimeoutError), ThreadPoolExecutor(1) as pool:
        async with asyncio.timeout(0.05):
            await loop.run_in_executor(pool, blocking_io)


given_up = await blocking.pulse(give_up_inside_with())
draw_blocking.pulses({"give up, then leave the with": given_up}, "A hole where the pool is closed")

# %%
claim(
    "5.6-with-blocks",
    "Leaving a pool's with block while its thread still works stops the event loop.",
    given_up.longest_gap_s > 0.1,
    f"no beat for {given_up.longest_gap_s:.2f} s",
    tolerance="0.15 s of the call are left when its time is up; 0.1 leaves room for a late timer",
)

# %% [markdown]
# Nor is the default executor without end. Sixty calls that each wait 0.05 s: how many run at once?

# %%
crowd, guard = {"now": 0, "most": 0}, threading.Lock()


def visit():
    with guard:
        crowd["now"] += 1
        crowd["most"] = max(crowd["most"], crowd["now"])
    time.sleep(0.05)
    with guard:
        crowd["now"] -= 1


await asyncio.gather(*(asyncio.to_thread(visit) for _ in range(60)))
cores = getattr(os, "process_cpu_count", os.cpu_count)() or 1
places = min(32, cores + 4)

# %%
claim(
    "5.6-places",
    "The default executor has a thread per core and four more, 32 at most. Further calls wait.",
    2 <= crowd["most"] <= places,
    f"{crowd['most']} at once, for 60 calls; {cores} cores make {places} places",
)

# %% [markdown]
# That rule is [ThreadPoolExecutor's](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ThreadPoolExecutor).
# So one slow service, called with `to_thread`, can hold up everything else that needs a thread: give it
# a pool of its own.
#
# ### Cancelling doesn't stop a thread

# %%
guess_cancel = Prediction(
    "asyncio.timeout gives a call in a thread 0.05 s; it needs 0.3 s. What becomes of it?",
    ["an exception is raised inside it", "it is killed", "it goes on to its end"],
)
guess_cancel

# %%
finished = threading.Event()


def stubborn():
    time.sleep(0.3)
    finished.set()


try:
    async with asyncio.timeout(0.05):
        await asyncio.to_thread(stubborn)
except TimeoutError:
    finished_at_timeout = finished.is_set()
finished_later = await asyncio.to_thread(finished.wait, 5)
print("finished when the time was up:", finished_at_timeout, "and later:", finished_later)

# %%
guess_cancel.compare(
    "it goes on to its end" if finished_later else None,
    {
        "an exception is raised inside it": "In the coroutine that awaits it, yes. Not there.",
        "it is killed": "Python has no way to end a thread from outside.",
    },
)

# %%
claim(
    "5.6-cancel",
    "A timeout ends the wait for a thread, not the thread.",
    not finished_at_timeout and finished_later,
    f"finished when the time was up: {finished_at_timeout}; finished in the end: {finished_later}",
)

# %% [markdown]
# **Explain.** A cancellation is an exception at an `await`. The function in the thread has none. So it
# goes on, keeps its place in the pool, and does whatever it does: writes the file, sends the money. It
# has to be *told*, and it has to look: an `Event` is enough.


# %%
def polite(stop, steps):
    for step in range(100):
        if stop.wait(0.01):  # a wait that can be cut short
            return
        steps.append(step)


async def call_with_stop(seconds, steps):
    stop = threading.Event()
    try:
        async with asyncio.timeout(seconds):
            await asyncio.to_thread(polite, stop, steps)
    finally:
        stop.set()  # however this ends: done, timed out, cancelled


steps = []
with contextlib.suppress(TimeoutError):
    await call_with_stop(0.1, steps)
await asyncio.sleep(0.1)
when_told = len(steps)
await asyncio.sleep(0.1)

# %%
claim(
    "5.6-told",
    "A function in a thread stops early if it looks at an event, and somebody sets it.",
    len(steps) == when_told < 100,
    f"{when_told} of 100 steps, and {len(steps)} a while later",
)

# %% [markdown]
# A process can be killed, but a call in a pool of processes can't be cancelled once it runs either
# ([`Future.cancel`](https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.cancel)).
#
# ### How many can wait at once?
#
# "More than a thousand: asyncio." Is there such a border? The lab lets more and more of them wait
# together, each time in a fresh Python: as tasks, as threads, as processes. It stops where a kind takes
# too long, takes too much memory, or where the system refuses. The first run is a quick one.

# %%
guess_thousand = Prediction(
    "A thousand threads that all wait at the same time, on your machine?",
    ["can't be done", "can be done, in many seconds", "can be done, in about a second"],
)
guess_thousand

# %%
lab = scale_lab().run()
lab

# %%
found = lab.data
thousand = found.largest("threads")
done = thousand.reached == 1000 and not thousand.reason
guess_thousand.compare(
    guess_thousand.answers[1 + (thousand.seconds < 3) if done else 0],
    {
        "can't be done": "A thread costs memory and time to start, but little of both.",
        "can be done, in many seconds": "Starting one takes a fraction of a millisecond.",
    },
)

# %%
claim(
    "5.6-thousand",
    "A thousand threads can wait at once.",
    checked(done, f"{thousand.reached} threads in {thousand.seconds:.2f} s")
    if not (gave_up := found.gave_up("threads"))
    else untold(f"the lab gave up at {gave_up.reached} threads: {gave_up.reason}"),
)

# %%
each = {kind: found.largest(kind).memory_each or 0 for kind in found.kinds}
claim(
    "5.6-memory",
    "A wait takes more memory as a thread than as a task, and far more as a process.",
    each["tasks"] < each["threads"] < each["processes"],
    ", ".join(f"{kind} {size / 1000:,.1f} kB each" for kind, size in each.items()),
    needs=[TELLS_MEMORY],
)

# %% [markdown]
# **Explain.** There is no border, there are three slopes. Tasks are the cheapest by far; threads carry a
# thousand waits without trouble, and some thousands with some. What decides is often something else:
# whether there is an asynchronous library for what you wait for, and whether your code
# can bear a switch anywhere (threads) or wants it at an `await` only (tasks).
#
# **Try.** Run the lab up to 20,000, with processes up to 100, and look for the cross. Then let each wait
# take 1 s. What changes, and what doesn't?
#
# At last, give back what this section borrowed. The loop gets a fresh pool, which has no threads
# until somebody uses it.

# %%
borrowed.shutdown()
loop.set_default_executor(ThreadPoolExecutor())

# %% [markdown]
# ## Summary
#
# - One thread can have many requests under way. Make **one session**; handle errors **for each page**;
#   set a **timeout**; hold back with a **semaphore**, outside the timeout.
# - aiofiles borrows threads. It keeps the loop alive beside slow files; small local ones it makes slower.
# - **Back-pressure**: a queue with a size, and `drain` after `write`, let the slow side set the pace.
# - A stream carries bytes, not messages: say where a message ends.
# - Code that **blocks** stops the whole loop. Waiting goes to a thread (`to_thread`), computing to a
#   process (`run_in_executor`), and pools are closed.
# - A **cancellation** ends the wait, not the thread: tell the thread with an event.
# - Tasks, threads and processes differ in what one more wait costs, not in whether it can be done.

# %% [markdown]
# ## Exercises
#
# *About 20 minutes.* Write, run the cell, then run the check below it.

# %% [markdown]
# ### Exercise 5.4
#
# `fetch(url)` is a coroutine function that returns a page's content, or raises `ValueError`. Fetch all
# `urls`, at most `most` at the same time. Return a list in the order of the addresses, with the
# content of each page, or, where it failed, the exception.


# %% tags=["exercise"]
async def fetch_politely(urls, fetch, most):
    return ...


# %%
exercises.check("5.4", checks_async_io.fetch_politely, fetch_politely)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# async def fetch_politely(urls, fetch, most):
#     turn = asyncio.Semaphore(most)
#
#     async def one(url):
#         async with turn:
#             return await fetch(url)
#
#     return await asyncio.gather(*map(one, urls), return_exceptions=True)
# ```
#
# `gather` keeps the order, whoever comes first. The semaphore is made once; each page holds it while it
# is fetched.
#
# </details>

# %% [markdown]
# ### Exercise 5.5
#
# `read(stop)` is an ordinary function: it blocks until a device has answered, and returns the answer.
# If the `threading.Event` that you hand it is set, it returns early. Read without stopping the event loop.
# Return the answer, or `None` if it hasn't come after so many `seconds`; then the device must not go on
# being read.


# %% tags=["exercise"]
async def read_in_time(read, seconds):
    return ...


# %%
exercises.check("5.5", checks_async_io.read_in_time, read_in_time)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# async def read_in_time(read, seconds):
#     stop = threading.Event()
#     try:
#         async with asyncio.timeout(seconds):
#             return await asyncio.to_thread(read, stop)
#     except TimeoutError:
#         return None
#     finally:
#         stop.set()
# ```
#
# `finally` also covers what the exercise doesn't test: that somebody cancels *you*.
#
# </details>

# %% [markdown]
# ## What the article says and what you measured
#
# | the article | what is so | shown by | source |
# |---|---|---|---|
# | `len(await response.text())` is the number of bytes | of characters; `read()` gives bytes | claim 5.5-article-bytes | [aiohttp](https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientResponse.text) |
# | fetched is fetched | a page with status 500 counts too, unless you call `raise_for_status` | claim 5.5-article-bytes | [aiohttp](https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientResponse.raise_for_status) |
# | `gather` over all addresses | one bad one loses all results; handle errors page by page | claims 5.5-one-bad, 5.5-each-its-own | [gather](https://docs.python.org/3/library/asyncio-task.html#asyncio.gather) |
# | no limit, no timeout | a semaphore, and a timeout that starts behind it | claims 5.5-polite, 5.5-queue-counts | [timeouts](https://docs.aiohttp.org/en/stable/client_reference.html#aiohttp.ClientTimeout) |
# | aiofiles makes files asynchronous | it runs them in threads: slower for small files, good for slow ones | claims 5.5-files-are-threads, 5.5-files-cost, 5.5-files-pay | [aiofiles](https://github.com/Tinche/aiofiles) |
# | `run_in_executor(ThreadPoolExecutor(), …)` | such a pool is never closed; keep one, and close it | claim 5.6-close | [run_in_executor](https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.run_in_executor) |
# | asyncio isn't affected by the GIL | a thread that computes makes each turn of the loop late | claim 5.6-gil | [glossary](https://docs.python.org/3/glossary.html#term-global-interpreter-lock) |
# | over 1,000 waits: asyncio | no border; a thousand threads can wait as well, for more memory | claims 5.6-thousand, 5.6-memory | §5.6 |

# %%
chapter.end("5")

# %% [markdown]
# ## Next
#
# You have now met all models. Chapter 6, *choosing a model* (in the making), asks which one a job needs.
