"""Which model for which work: the questions to ask, as data, and the way through them.

``TREE`` is the only place that knows them. The figure, the advisor and the tests read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ROOT = "work"
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Question:
    """A fork of the tree.

    topic: what is asked about; a topic may be asked about at several forks, and has the same
    answers there. label: the question in two or three words. answers: what one may answer, and
    the node to which that leads.
    """

    topic: str
    label: str
    text: str
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Advice:
    """An end of the tree. evidence: the name of the measurement behind it, in measure.evidence."""

    model: str
    reason: str
    evidence: str


Tree = Mapping[str, Question | Advice]


@dataclass(frozen=True)
class Path:
    """A way from the root to an advice. nodes: keys, the advice's last. answers: by topic."""

    nodes: tuple[str, ...]
    answers: Mapping[str, str]
    advice: Advice


_LIBRARY = "Is there an async library for what they wait for?"

TREE: Tree = {
    ROOT: Question(
        "work",
        "The tasks mostly",
        "What do the tasks do, most of the time?",
        {"wait": "library", "compute": "code", "both": "both", "I don't know": "profile"},
    ),
    "profile": Advice(
        "measure first",
        "Compare the time on a core with the time by the clock: what waits needs hardly any core.",
        "share",
    ),
    "library": Question("library", "Async library", _LIBRARY, {YES: "many", NO: "threads"}),
    "threads": Advice(
        "threads",
        "A thread that waits needs neither a core nor the GIL. A pool says how many may wait.",
        "waiting",
    ),
    "many": Question(
        "many",
        "Waits at once",
        "How many wait at once?",
        {"up to hundreds": "either", "thousands": "asyncio"},
    ),
    "either": Advice(
        "asyncio or threads",
        "Both let them wait together. Take what the rest of your program is written in.",
        "either",
    ),
    "asyncio": Advice(
        "asyncio",
        "One more wait costs a task little memory and time, and a thread much more of both.",
        "many",
    ),
    "code": Question(
        "code",
        "They compute",
        "Where are they when they compute?",
        {
            "in C code that releases the GIL": "released",
            "in a Python loop over numbers": "compile",
            "in other code, Python or C": "machines",
        },
    ),
    "released": Advice(
        "threads",
        "While the C code runs, other threads have the GIL; and nothing has to be pickled.",
        "hashing",
    ),
    "compile": Advice(
        "compile it first",
        "NumPy, numba or Cython may gain more than all your cores together (mind the range of "
        "their integers). Then ask again: they may release the GIL.",
        "compile",
    ),
    "machines": Question(
        "machines", "One machine is enough", "Is one machine enough?", {YES: "GIL", NO: "cluster"}
    ),
    "cluster": Advice(
        "a cluster",
        "The same functions through the same interface (chapter 8). First see what all cores of "
        "this machine give.",
        "cores",
    ),
    "GIL": Question(
        "GIL",
        "Python",
        "Which Python runs it?",
        {"one with a GIL": "length", "a free-threaded one": "free threads"},
    ),
    "free threads": Advice(
        "threads",
        "Without a GIL they compute at the same time, and share their data without pickling.",
        "free threads",
    ),
    "length": Question(
        "length",
        "One task takes",
        "How long does one task compute?",
        {"some milliseconds or more": "data", "less": "batches"},
    ),
    "batches": Advice(
        "processes, many tasks to a message",
        "A message costs more than such a task. Hand over batches: map with a chunksize.",
        "batches",
    ),
    "data": Question(
        "data",
        "Data travels cheaply",
        "Do arguments and results travel cheaply?",
        {"yes, they are small": "version", "no, they are large": "shared memory"},
    ),
    "shared memory": Advice(
        "processes with shared memory",
        "Let the processes look into the same memory and send its name: what is pickled is copied "
        "several times.",
        "large data",
    ),
    "version": Question(
        "version",
        "Version",
        "Which version of Python?",
        {"3.13 or older": "processes", "3.14 or newer": "interpreters"},
    ),
    "processes": Advice(
        "processes", "Each has a GIL of its own, so they compute at the same time.", "computing"
    ),
    "interpreters": Advice(
        "subinterpreters",
        "Each has a GIL of its own in one process. Not every module can be imported there; then "
        "take processes.",
        "interpreters",
    ),
    "both": Question("library", "Async library", _LIBRARY, {YES: "loop and pool", NO: "two pools"}),
    "loop and pool": Advice(
        "asyncio, with a pool of processes",
        "The event loop waits, run_in_executor hands the computing over: in the loop it would stop "
        "everything else. (Threads will do for C code that releases the GIL.)",
        "loop and pool",
    ),
    "two pools": Advice(
        "threads that wait, processes that compute",
        "Each pool has the size that its work needs: many threads, as many processes as cores.",
        "two pools",
    ),
}

# As 6.3 of the article gives it. Its third question stands there, but no answer leads to it.
ARTICLE_TREE: Tree = {
    ROOT: Question("cpu", "CPU-bound", "Is the task CPU-bound?", {YES: "processes", NO: "io"}),
    "processes": Advice("multiprocessing", "CPU-bound", ""),
    "io": Question("io", "I/O-bound", "Is the task I/O-bound?", {YES: "many", NO: "single"}),
    "many": Question(
        "many", "Waits at once", "Are there many at once (1000+)?", {YES: "asyncio", NO: "threads"}
    ),
    "asyncio": Advice("asyncio", "many waits", ""),
    "threads": Advice("threading", "some waits", ""),
    "single": Advice("optimise a single thread", "neither", ""),
    "mixed": Question("mixed", "Mixed", "Is it mixed?", {YES: "loop and pool"}),
    "loop and pool": Advice("asyncio with run_in_executor", "mixed", ""),
}


def advise(answers: Mapping[str, str], tree: Tree = TREE) -> Path:
    """Follow the answers (by topic) to an advice. Those to questions that aren't asked are unused.

    Raises ValueError if a question that is asked has no answer, or one that it doesn't know.
    """
    nodes = [ROOT]
    given: dict[str, str] = {}
    while isinstance(node := tree[nodes[-1]], Question):
        answer = answers.get(node.topic, "")
        if answer not in node.answers:
            raise ValueError(
                f"answers must say {node.topic!r}, one of {list(node.answers)}, got {answer!r}"
            )
        given[node.topic] = answer
        nodes.append(node.answers[answer])
    return Path(tuple(nodes), given, node)


def paths(tree: Tree = TREE) -> tuple[Path, ...]:
    """Every way from the root to an advice, in the order of the answers."""
    return tuple(_paths(tree, (ROOT,), {}))


def _paths(tree: Tree, nodes: tuple[str, ...], given: Mapping[str, str]) -> Iterator[Path]:
    node = tree[nodes[-1]]
    if isinstance(node, Advice):
        yield Path(nodes, given, node)
        return
    for answer, key in node.answers.items():
        yield from _paths(tree, (*nodes, key), {**given, node.topic: answer})


def topics(tree: Tree = TREE) -> dict[str, Question]:
    """Each topic with the first question about it, in the order of the tree."""
    found: dict[str, Question] = {}
    for node in tree.values():
        if isinstance(node, Question):
            found.setdefault(node.topic, node)
    return found
