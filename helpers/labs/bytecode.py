"""The bytecode lab: type a function, see its opcodes and where a thread may lose the GIL."""

from __future__ import annotations

import sys
from typing import Any

import ipywidgets as widgets

from helpers.draw.bytecode import table
from helpers.draw.picture import Table
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice
from helpers.measure.bytecode import Listing, listing

EXAMPLES = {
    "the article's: a local variable": """\
def increment(n):
    n += 1
    return n
""",
    "a global counter": """\
counter = 0

def increment():
    global counter
    counter += 1
""",
    "an attribute": """\
class Counter:
    def increment(self):
        self.count += 1
""",
    "a call between read and write": """\
counter = 0

def increment():
    global counter
    value = counter
    print(value)
    counter = value + 1
""",
    "with a lock": """\
def increment():
    global counter
    with lock:
        value = counter
        print(value)
        counter = value + 1
""",
    "check, then act": """\
def withdraw(account, amount):
    if account.balance >= amount:
        account.log(amount)
        account.balance -= amount
""",
}


def bytecode_lab() -> Lab[Listing]:
    """The lab, with the article's function in its text field."""
    first = next(iter(EXAMPLES))
    source = widgets.Textarea(
        value=EXAMPLES[first],
        description="Function",
        rows=8,
        continuous_update=False,
        style={"description_width": "initial"},
        layout=widgets.Layout(width="36em"),
    )
    example = choice("Example", list(EXAMPLES), first)

    def put_example(change: dict[str, Any]) -> None:
        source.value = EXAMPLES[change["new"]]

    example.observe(put_example, names="value")
    return Lab(
        "Where may another thread get its turn?",
        {"example": example, "source": source},
        measure,
        draw,
    )


def measure(settings: Settings, job: Job) -> Listing:
    """List what stands in the text field, in a fresh process of this interpreter."""
    return listing(settings["source"], python=settings.get("python", sys.executable), stop=job.stop)


def draw(data: Listing, _: Settings) -> Table:
    """The table of opcodes."""
    return table(data)
