"""Processes that talk: through queues, pipes and shared memory, rightly and wrongly."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing import shared_memory
from typing import Any

_PATIENCE_S = 20.0  # for what should come at once, on a machine that is very busy
_HANG_S = 0.7  # after the last word: who has not seen the end by then waits for ever


def produce(queue: Any, count: int) -> None:
    """Put so many numbers into the queue, then None: "that was all"."""
    for number in range(count):
        queue.put(number)
    queue.put(None)


def squares(numbers: Any, results: Any) -> None:
    """Take numbers until None comes; put their squares into the other queue, then None."""
    while (number := numbers.get()) is not None:
        results.put(number * number)
    results.put(None)


def work_off(tasks: Any, results: Any) -> None:
    """Take tasks from a JoinableQueue, for ever; report each one."""
    while True:
        number = tasks.get()
        results.put(number * number)
        tasks.task_done()


def put_bytes(queue: Any, size: int) -> None:
    """Put one large message into the queue, and end: if somebody takes it."""
    queue.put(bytes(size))


def double_all(array: Any, start: Any) -> None:
    """Double each element: read it, take a moment, write it. Nobody else is kept out."""
    start.wait(_PATIENCE_S)
    for place in range(len(array)):
        seen = array[place]
        time.sleep(1e-5)
        array[place] = seen * 2


def double_all_locked(array: Any, start: Any) -> None:
    """The same, with the lock of the array held from reading to writing."""
    start.wait(_PATIENCE_S)
    for place in range(len(array)):
        with array.get_lock():
            seen = array[place]
            time.sleep(1e-5)
            array[place] = seen * 2


def count_up(value: Any, times: int) -> None:
    """Add one to a shared number, so many times, with its lock held from reading to writing."""
    for _ in range(times):
        with value.get_lock():
            value.value += 1


def count_words(counts: Any, words: list[str]) -> None:
    """Count words in a dict that a manager keeps for all processes."""
    for word in words:
        counts[word] = counts.get(word, 0) + 1


# Pipes: who must close what before EOFError can come.

PLANS = (
    "nobody closes anything",
    "both start, then the parent closes both ends",
    "the sender starts, the parent closes its end, then the receiver starts",
    "a None at the end says so",
)
WORDS = ("Hello", "World", "from", "Pipe")


def send_words(connection: Any, last: bool) -> None:
    for word in WORDS:
        connection.send(word)
    if last:
        connection.send(None)
    connection.close()


def receive_words(connection: Any, told: Any) -> None:
    """Receive until the end, or a None; tell after the last word, and at the end how it ended."""
    received = 0
    while True:
        try:
            word = connection.recv()
        except EOFError:
            told.send("EOFError")
            return
        if word is None:
            told.send("None")
            return
        received += 1
        if received == len(WORDS):
            told.send("all words")


def pipe_ends(method: str, plan: str) -> str:
    """How the receiver learns of the end: "EOFError", "None", or "it waits for ever".

    method: a start method. plan: one of PLANS. Raises ValueError for another plan. A receiver that
    has all words, and waits on, is stopped.
    """
    if plan not in PLANS:
        raise ValueError(f"plan must be one of {list(PLANS)}, got {plan!r}")
    context: Any = multiprocessing.get_context(method)
    receiving, sending = context.Pipe(duplex=False)
    ear, mouth = context.Pipe(duplex=False)
    sender = context.Process(target=send_words, args=(sending, plan == PLANS[3]), daemon=True)
    receiver = context.Process(target=receive_words, args=(receiving, mouth), daemon=True)
    sender.start()
    if plan == PLANS[2]:
        sending.close()
    receiver.start()
    if plan == PLANS[1]:
        sending.close()
        receiving.close()
    try:
        if not ear.poll(_PATIENCE_S):
            return "nothing came"
        said = str(ear.recv())
        if said == "all words":
            said = str(ear.recv()) if ear.poll(_HANG_S) else "it waits for ever"
        return said
    finally:
        receiver.terminate()
        for child in (sender, receiver):
            child.join()


# How long a message takes.

KINDS = ("Pipe", "SimpleQueue", "Queue", "Manager().Queue", "SharedMemory", "Array")
SLOW_FROM = 1 << 20  # bytes: an Array would take seconds


def transfer_times(kind: str, sizes: list[int], repeats: list[int]) -> list[list[float]]:
    """Seconds from handing over so many bytes to hearing that the child has them, for each size.

    kind: one of KINDS. repeats: how often, for each size. The child is spawned. Sizes that would
    take an Array seconds have no values.
    Raises ValueError for another kind, no sizes, or a number below 1.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {list(KINDS)}, got {kind!r}")
    if not sizes or min(sizes) < 1:
        raise ValueError(f"sizes must be at least 1, got {sizes}")
    if len(repeats) != len(sizes) or min(repeats) < 1:
        raise ValueError(f"repeats must be at least 1 for each size, got {repeats}")
    wanted = [size for size in sizes if kind != "Array" or size <= SLOW_FROM]
    # The first message of each size isn't counted: the child starts, or memory is mapped.
    plan = [(size, times + 1) for size, times in zip(sizes, repeats) if size in wanted]
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    seconds: list[list[float]] = []
    with _Channel(kind, max(wanted, default=1), spawn, ours) as channel:
        child = spawn.Process(
            target=_acknowledge, args=(kind, channel.theirs, theirs, plan), daemon=True
        )
        child.start()
        for size, times in plan:
            payload = os.urandom(size)
            seconds.append([_send_one(channel, payload) for _ in range(times)][1:])
        child.join()
    return seconds + [[] for _ in range(len(sizes) - len(wanted))]


def _send_one(channel: _Channel, payload: bytes) -> float:
    began = time.perf_counter()
    channel.hand_over(payload)
    if not channel.ours.poll(_PATIENCE_S):
        raise TimeoutError(f"{channel.kind}: no answer for {len(payload)} bytes")
    channel.ours.recv()
    return time.perf_counter() - began


class _Channel:
    """One way to hand bytes over. theirs: what the child needs of it."""

    def __init__(self, kind: str, size: int, spawn: Any, ours: Any) -> None:
        self.kind = kind
        self.ours = ours
        self.manager: Any = None
        self.segment: Any = None
        self.theirs: Any = None
        if kind == "SimpleQueue":
            self.theirs = spawn.SimpleQueue()
        elif kind == "Queue":
            self.theirs = spawn.Queue()
        elif kind == "Manager().Queue":
            self.manager = spawn.Manager()
            self.theirs = self.manager.Queue()
        elif kind == "SharedMemory":
            self.segment = shared_memory.SharedMemory(create=True, size=size)
            self.theirs = self.segment.name
        elif kind == "Array":
            self.theirs = spawn.Array("B", size)

    def hand_over(self, payload: bytes) -> None:
        if self.kind == "Pipe":
            self.ours.send(payload)
        elif self.kind == "SharedMemory":
            self.segment.buf[: len(payload)] = payload
            self.ours.send(None)
        elif self.kind == "Array":
            self.theirs[: len(payload)] = payload
            self.ours.send(None)
        else:
            self.theirs.put(payload)

    def __enter__(self) -> _Channel:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.kind == "SharedMemory":
            self.segment.close()
            self.segment.unlink()
        if self.manager is not None:
            self.manager.shutdown()
        if self.kind == "Queue":
            self.theirs.close()
            self.theirs.join_thread()


def _acknowledge(kind: str, channel: Any, answer: Any, plan: list[tuple[int, int]]) -> None:
    """Take each message, make bytes of it, and say so. plan: sizes, and how many of each."""
    segment: Any = shared_memory.SharedMemory(channel) if kind == "SharedMemory" else None
    for size in [size for size, times in plan for _ in range(times)]:
        if kind == "Pipe":
            taken = answer.recv()
        elif kind == "SharedMemory":
            answer.recv()
            taken = bytes(segment.buf[:size])
        elif kind == "Array":
            answer.recv()
            taken = bytes(channel[:size])
        else:
            taken = channel.get()
        answer.send(len(taken))
    if segment is not None:
        segment.close()
