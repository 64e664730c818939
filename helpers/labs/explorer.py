"""You are the scheduler: the stepper, and the lab that tries every schedule for you."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets

from helpers.draw import explorer as draw
from helpers.draw.picture import Picture, live
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.labs.style import heading
from helpers.measure import explorer as measure
from helpers.measure.explorer import SWITCHES, Exploration, Program, TextProgram, Trace
from helpers.workers.explorer import schedules
from helpers.workers.explorer.conductor import NAMES

_MOST_OPCODES = 200  # of one source line

EXAMPLES: dict[str, tuple[str, str, str]] = {
    "the article's counter": (
        """\
counter = 0

def increment():
    global counter
    counter += 1
""",
        "increment, increment",
        "counter",
    ),
    "a call between read and write": (
        """\
counter = 0

def increment():
    global counter
    value = counter
    value = int(value) + 1
    counter = value
""",
        "increment, increment",
        "counter",
    ),
    "check, then act": (
        """\
class Account:
    def __init__(self):
        self.balance = 100

account = Account()

def withdraw(amount):
    if account.balance >= amount:
        account.balance -= amount
""",
        "withdraw(70), withdraw(60)",
        "account.balance",
    ),
    "with a lock": (
        """\
from threading import Lock

counter = 0
lock = Lock()

def increment():
    global counter
    with lock:
        counter += 1
""",
        "increment, increment",
        "counter",
    ),
    "two locks": (
        """\
from threading import Lock

first, second = Lock(), Lock()

def one():
    with first:
        with second:
            pass

def other():
    with second:
        with first:
            pass
""",
        "one, other",
        "",
    ),
}
ALL, DIFFERING = "every schedule", "those that differ"


class Stepper:
    """A panel in which the reader picks who takes the next step of a program.

    program: what is run; each step runs it anew up to there, on real threads.
    names: what each thread runs, if not the names of its functions.
    """

    def __init__(self, program: Program, names: tuple[str, ...] = ()) -> None:
        self.taken: list[int] = []
        self.ahead: list[int] = []
        self.trace: Trace | None = None
        self.picture: draw.Stage | None = None
        self._title = heading("<strong>Lab. You are the scheduler</strong>")
        self._choices = widgets.VBox()
        self.back = self._button("Back", self.step_back)
        self.forward = self._button("Forward", self.step_forward)
        self.reset = self._button("Reset", self.start_again)
        self.to_end = self._button("To the end", self.run_to_end)
        self.schedule = widgets.Text(
            description="Schedule",
            continuous_update=False,
            style={"description_width": "initial"},
            layout=widgets.Layout(width="26em"),
        )
        self.schedule.observe(self._pasted, names="value")
        self.status = widgets.HTML()
        self.image = widgets.HTML()
        self.opcode_buttons: list[widgets.Button] = []
        self.line_buttons: list[widgets.Button] = []
        self.panel = widgets.VBox(
            [
                self._title,
                self._choices,
                widgets.HBox([self.back, self.forward, self.reset, self.to_end]),
                self.schedule,
                self.status,
                self.image,
            ]
        )
        self.panel.add_class("course-panel").add_class("course-lab")
        self.open(program, names)

    def open(self, program: Program, names: tuple[str, ...] = (), schedule: str = "") -> None:
        """Show another program from its start, with a schedule ahead to step through."""
        self.program = program
        self._names = names or tuple(_name(one) for one in program.threads)
        self._sources = measure.source_lines(program)
        self.taken = []
        self.ahead = list(schedules.from_text(schedule, program.codes()))
        rows = []
        self.opcode_buttons, self.line_buttons = [], []
        for thread in range(len(program.threads)):
            opcode = self._button(f"{NAMES[thread]}: next opcode", lambda t=thread: self.step(t))
            line = self._button(f"{NAMES[thread]}: next line", lambda t=thread: self.step_line(t))
            self.opcode_buttons.append(opcode)
            self.line_buttons.append(line)
            rows.append(widgets.HBox([opcode, line]))
        self._choices.children = rows
        self._show()

    def step(self, thread: int) -> None:
        """The thread takes one step."""
        self._take(thread)
        self._show()

    def step_line(self, thread: int) -> None:
        """The thread takes steps until it comes to another line, waits or ends."""
        before = self._place(thread)
        for _ in range(_MOST_OPCODES):
            self._take(thread)
            self.trace = measure.trace(self.program, self._text())
            if self._place(thread) != before or thread not in self.trace.can_go_on:
                break
        self._show()

    def step_back(self) -> None:
        if self.taken:
            self.ahead.insert(0, self.taken.pop())
        self._show()

    def step_forward(self) -> None:
        """The next step of the schedule that is ahead."""
        if self.ahead:
            self.taken.append(self.ahead.pop(0))
        self._show()

    def start_again(self) -> None:
        self.ahead = self.taken + self.ahead
        self.taken = []
        self._show()

    def run_to_end(self) -> None:
        """All the steps ahead, and then each thread for as long as it can."""
        self.taken, self.ahead = self.taken + self.ahead, []
        self._show(to_end=True)

    def load(self, schedule: str) -> None:
        """Put a schedule ahead, from the start. ValueError if it doesn't fit the program."""
        measure.replay(self.program, schedule)
        self.taken = []
        self.ahead = list(schedules.from_text(schedule, self.program.codes()))
        self._show()

    def _take(self, thread: int) -> None:
        follows = self.ahead[:1] == [thread]
        self.ahead = self.ahead[1:] if follows else []
        self.taken.append(thread)

    def _text(self) -> str:
        return schedules.turns(bytes(self.taken))

    def _place(self, thread: int) -> tuple[str, int]:
        assert self.trace is not None
        view = self.trace.moments[-1].threads[thread]
        return view.function, view.line

    def _show(self, to_end: bool = False) -> None:
        try:
            self.trace = measure.trace(self.program, self._text(), cut=not to_end)
        except (ValueError, measure.Refused) as error:
            self._say(f"This doesn't work: {error}")
            return
        if to_end:
            self.taken = [step.thread for step in self.trace.steps]
        self.picture = draw.Stage(self.trace, self._sources, tuple(self.ahead), self._names)
        self.image.value = self.picture.html
        able = self.trace.can_go_on
        for thread, buttons in enumerate(zip(self.opcode_buttons, self.line_buttons, strict=True)):
            for button in buttons:
                button.disabled = thread not in able
        self.back.disabled = self.reset.disabled = not self.taken
        self.forward.disabled = not self.ahead
        self.to_end.disabled = not able
        with self.schedule.hold_trait_notifications():
            self._own_change = True
            self.schedule.value = self.trace.schedule
        self._own_change = False
        self._say(self._advice(able))

    def _advice(self, able: tuple[int, ...]) -> str:
        assert self.trace is not None
        if able:
            return f"Step {len(self.taken)}. Who takes the next one?"
        threads = self.trace.moments[-1].threads
        if any(thread.state != "over" for thread in threads):
            return f"Step {len(self.taken)}. Deadlock: nobody can go on. Back or Reset."
        final = measure.trace(self.program, self._text(), cut=False)
        return f"Step {len(self.taken)}. All threads are over. Outcome: {final.text}"

    def _pasted(self, change: dict[str, Any]) -> None:
        if getattr(self, "_own_change", False):
            return
        try:
            steps = schedules.from_text(change["new"], self.program.codes())
            measure.trace(self.program, change["new"])
        except (ValueError, measure.Refused) as error:
            self._say(f"This doesn't work: {error}")
            return
        self.taken, self.ahead = list(steps), []
        self._show()

    def _button(self, name: str, act: Any) -> widgets.Button:
        button = widgets.Button(description=name, layout=widgets.Layout(width="auto"))
        button.on_click(lambda _: act())
        return button

    def _say(self, text: str) -> None:
        self.status.value = f'<span role="status">{escape(text)}</span>'

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(self.panel._repr_mimebundle_(**options) or {})
        still = self.picture.html if self.picture else ""
        bundle["text/html"] = live(f"<p>Lab. You are the scheduler</p>{still}")
        bundle["text/plain"] = repr(self)
        return bundle

    def __repr__(self) -> str:
        return "<Lab: You are the scheduler>"


class ExplorerLab(Lab[Exploration]):
    """Type a program, explore it, and open any ending's schedule in the stepper below."""

    def __init__(self) -> None:
        first = next(iter(EXAMPLES))
        source, threads, outcome = EXAMPLES[first]
        example = choice("Example", list(EXAMPLES), first)
        controls: dict[str, widgets.ValueWidget] = {
            "example": example,
            "switch": choice("A switch is possible at", list(SWITCHES), SWITCHES[0]),
            "search": choice("Search", [ALL, DIFFERING], ALL),
            "most": number("Schedules, at most", 5_000, 1, 50_000),
            "threads": _text("Threads", threads),
            "outcome": _text("Outcome", outcome),
            "source": widgets.Textarea(
                value=source,
                description="Program",
                rows=12,
                continuous_update=False,
                style={"description_width": "initial"},
                layout=widgets.Layout(width="36em"),
            ),
        }
        self.ending = choice("Open in the stepper", [("nothing yet", "")], "")
        self.ending.observe(self._open, names="value")
        self.stepper: Stepper | None = None
        self._stepper_box = widgets.VBox()
        super().__init__("Try every schedule", controls, measure_program, draw_endings)
        example.observe(self._put_example, names="value")
        self.panel.children = (*self.panel.children, self.ending, self._stepper_box)

    def _put_example(self, change: dict[str, Any]) -> None:
        source, threads, outcome = EXAMPLES[change["new"]]
        self.set(source=source, threads=threads, outcome=outcome)

    def _redraw(self) -> None:
        super()._redraw()
        if self.data is not None:
            listed = [(f"{one.text}: {one.turns}", one.schedule) for one in self.data.endings]
            self.ending.options = [("choose an ending", ""), *listed]
            self.ending.value = ""

    def _open(self, change: dict[str, Any]) -> None:
        if not change["new"]:
            return
        settings = self._measured_with
        threads = _threads(settings["threads"])
        try:
            program = TextProgram(settings["source"], threads, settings["outcome"])
            if self.stepper is None:
                self.stepper = Stepper(program, tuple(threads))
                self._stepper_box.children = [self.stepper.panel]
            self.stepper.open(program, tuple(threads), change["new"])
        except (ValueError, measure.Refused) as error:
            self._say(f"This can't be opened: {error}")


def explorer_lab() -> ExplorerLab:
    """The lab, with the article's counter in it."""
    return ExplorerLab()


def measure_program(settings: Settings, job: Job) -> Exploration:
    job.progress(0.1)
    return measure.explore_text(
        settings["source"],
        _threads(settings["threads"]),
        settings["outcome"],
        reduced=settings["search"] == DIFFERING,
        switch=settings["switch"],
        most=settings["most"],
        stop=job.stop,
    )


def draw_endings(found: Exploration, _: Settings) -> Picture:
    return draw.endings(found)


def _threads(text: str) -> list[str]:
    """Split at the commas that are not inside a call's parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _text(name: str, value: str) -> widgets.Text:
    return widgets.Text(
        value=value,
        description=name,
        continuous_update=False,
        style={"description_width": "initial"},
    )


def _name(action: Any) -> str:
    while hasattr(action, "func"):
        arguments = ", ".join(repr(one) for one in action.args)
        return f"{_name(action.func)}({arguments})"
    return str(getattr(action, "__name__", action))
