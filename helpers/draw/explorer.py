"""Pictures of explorations: the endings as bars, and the stage between two steps."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.draw.picture import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    PINK,
    SKY,
    VERMILION,
    Picture,
    live,
    new_figure,
)
from helpers.measure.explorer import (
    BLOCKING,
    DEADLOCK,
    ENDED,
    EVERY_OPCODE,
    EXCEPTION,
    THIS_GIL,
    Ending,
    Exploration,
    Moment,
    ThreadView,
    Trace,
    TraceStep,
)
from helpers.workers.explorer.conductor import NAMES

_LOOKS = {ENDED: (BLUE, ""), EXCEPTION: (ORANGE, "//"), DEADLOCK: (VERMILION, "xx")}
_WHERE = {
    EVERY_OPCODE: "with a switch possible at every opcode",
    THIS_GIL: "with switches only where this version's GIL allows them",
    BLOCKING: "with switches only at blocking calls",
}
_MOST_BARS = 12
_LONGEST = 40  # characters of a bar's name
_THREADS = (BLUE, VERMILION, GREEN, PINK)
_TINTS = ("#d6e6f2", "#f8dfd0", "#d3ece4", "#f4e3ed")


def endings(found: Exploration, title: str = "", good: str | None = None) -> Picture:
    """A bar for each ending: how many of the schedules led to it, the simplest ending first.

    good: the text of the right ending, which is marked with a tick.
    """
    shown = found.endings[:_MOST_BARS]
    title = title or _title(found)
    figure = new_figure(title, 1.3 + 0.5 * max(2, len(shown)))
    axes = figure.axes[0]
    for row, ending in enumerate(shown):
        colour, hatch = _LOOKS[ending.kind]
        right = ending.text == good
        axes.barh(row, ending.count, color=GREEN if right else colour, hatch=hatch, edgecolor=INK)
        axes.annotate(
            f"{ending.count:,}" + (" ✔" if right else ""),
            (ending.count, row),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=12,
            color=INK,
        )
    axes.set_yticks(range(len(shown)), [_in_two_lines(ending.text) for ending in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlabel("schedules that differ" if found.reduced else "schedules")
    axes.set_xlim(0, 1.18 * max((ending.count for ending in shown), default=1))
    axes.locator_params(axis="x", integer=True, nbins=6)
    return Picture(figure, describe(found))


def describe(found: Exploration) -> str:
    """How many schedules, how complete, and each ending with its simplest schedule."""
    if found.complete and found.reduced:
        said = f"{found.schedules:,} schedules, one of each kind that can make a difference"
    elif found.complete:
        said = f"All {found.schedules:,} schedules"
    else:
        said = f"The simplest {found.schedules:,} schedules"
        if found.reduced:
            said = f"The first {found.schedules:,} of the schedules that differ"
    parts = [f"{said}, {_WHERE[found.switch]}."]
    for ending in found.endings[:_MOST_BARS]:
        what = {ENDED: "end with", EXCEPTION: "raise", DEADLOCK: "end in a"}[ending.kind]
        parts.append(
            f"{ending.count:,} {what} {_short(ending.text, 120)}, for instance {ending.turns}."
        )
    if len(found.endings) > _MOST_BARS:
        parts.append(f"{len(found.endings) - _MOST_BARS} more endings are not shown.")
    if not found.complete:
        parts.append(
            "The search was stopped there by its bound, so there may be other endings: this "
            "doesn't show that there are none."
        )
    return " ".join(parts)


@dataclass(frozen=True)
class Stage:
    """The program between two steps, as a lab shows it.

    trace: of the steps taken so far. sources: function name to its lines, each with its number.
    ahead: steps of a schedule that are still to come. names: what each thread runs.
    """

    trace: Trace
    sources: Mapping[str, Sequence[tuple[int, str]]]
    ahead: Sequence[int] = ()
    names: Sequence[str] = ()

    @property
    def text(self) -> str:
        """Where each thread is, and what is shared."""
        moment = self.trace.moments[-1]
        count = len(self.trace.steps)
        said = [f"After {count} {'step' if count == 1 else 'steps'}:"]
        said += [f"{NAMES[n]} {_where(thread)};" for n, thread in enumerate(moment.threads)]
        shared = ", ".join(f"{name} = {value}" for name, value in moment.shared)
        said.append(f"shared: {shared or 'nothing'}.")
        if self.trace.kind == DEADLOCK:
            said.append("Nobody can go on: a deadlock.")
        elif self.trace.kind == EXCEPTION:
            said.append(f"Raised: {self.trace.text}.")
        elif self.trace.kind == ENDED:
            said.append(f"Outcome: {self.trace.text}.")
        return " ".join(said)

    @property
    def html(self) -> str:
        moment = self.trace.moments[-1]
        before = self.trace.moments[-2] if len(self.trace.moments) > 1 else moment
        cards = "".join(self._card(n, thread) for n, thread in enumerate(moment.threads))
        return (
            '<figure style="margin:0"><div style="display:flex;flex-wrap:wrap;gap:0.6em">'
            f"{cards}{_shared(moment, before)}</div>"
            f"{self._lanes()}{self._listing(moment)}"
            f"<figcaption>{html.escape(self.text)}</figcaption></figure>"
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": live(self.html), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return "<Stage>"

    def _card(self, number: int, thread: ThreadView) -> str:
        name = f"{NAMES[number]}: {self.names[number]}" if self.names else NAMES[number]
        rows = [("is", _state(thread))]
        if thread.function and thread.state != "over":
            rows.append(
                (
                    "in" if thread.waits_for else "next",
                    f"{thread.opcode} {_short(thread.argument, 24)}",
                )
            )
            rows.append(("line", f"{thread.line} in {thread.function}"))
            rows.append(("top of stack", thread.top or "—"))
            rows.append(("locals", _pairs(thread.variables) or "—"))
        return _box(name, rows, _THREADS[number], _TINTS[number])

    def _lanes(self) -> str:
        """A row for each thread, a column for each step: what it did to shared things."""
        count = len(self.trace.moments[-1].threads)
        steps = self.trace.steps
        rows = []
        for number in range(count):
            cells = [_step_cell(step) if step.thread == number else _EMPTY for step in steps]
            cells += [
                _cell("·", "step to come", FAINT) if thread == number else _EMPTY
                for thread in self.ahead[:200]
            ]
            head = f'<th scope="row" style="{_HEAD}">{NAMES[number]}</th>'
            rows.append(f'<tr style="background:transparent">{head}{"".join(cells)}</tr>')
        return (
            '<div role="region" tabindex="0" aria-label="lanes: who took which step" '
            'style="overflow-x:auto;margin:0.5em 0"><table style="border-collapse:collapse">'
            f"{''.join(rows)}</table><div>▪ a step, r reads and w writes something shared, "
            "L a call or a lock, ▸ goes on after a wait, · a step to come</div></div>"
        )

    def _listing(self, moment: Moment) -> str:
        """The functions in which the threads are, with each thread at its line."""
        seen = dict.fromkeys(thread.function for thread in moment.threads if thread.function)
        parts = []
        for function in seen:
            lines = [
                _line(number, text, function, moment.threads)
                for number, text in self.sources.get(function, ())
            ]
            if lines:
                parts.append(f'<div style="flex:0 1 auto">{"".join(lines)}</div>')
        return (
            '<div style="display:flex;flex-wrap:wrap;gap:1.5em;font-family:var(--jp-code-font-'
            'family, monospace);font-size:0.95em;margin:0.3em 0;overflow-x:auto">'
            f"{''.join(parts)}</div>"
        )


def _title(found: Exploration) -> str:
    bad = [one for one in found.endings if one.kind != ENDED]
    if len(found.endings) == 1 and not bad:
        return "One outcome, whatever the schedule" if found.complete else "One outcome so far"
    count = len(found.endings)
    return f"{count} endings, depending on the schedule" if count > 1 else _kind(found.endings[0])


def _kind(ending: Ending) -> str:
    return {EXCEPTION: "It raises, whatever the schedule", DEADLOCK: "A deadlock"}[ending.kind]


def _short(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _in_two_lines(text: str) -> str:
    return "\n".join(textwrap.wrap(text, _LONGEST, max_lines=2, placeholder=" …")) or text


def _state(thread: ThreadView) -> str:
    return f"waiting for {thread.waits_for}" if thread.waits_for else thread.state


def _where(thread: ThreadView) -> str:
    if thread.state == "over":
        return "is over"
    if thread.waits_for:
        return f"waits for {thread.waits_for} in line {thread.line}"
    if not thread.function:
        return "hasn't started"
    top = f", with {_short(thread.top, 30)} on its stack" if thread.top else ""
    return f"is before {thread.opcode} {_short(thread.argument, 24)} in line {thread.line}{top}"


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} = {_short(value, 60)}" for name, value in pairs)


def _shared(moment: Moment, before: Moment) -> str:
    was = dict(before.shared)
    rows = [
        (name, _short(value, 60) + ("  ← changed" if was.get(name, value) != value else ""))
        for name, value in moment.shared
    ]
    return _box("shared", rows or [("", "nothing")], INK, "#f2f2f2")


def _box(name: str, rows: Sequence[tuple[str, str]], edge: str, tint: str) -> str:
    lines = "".join(
        '<tr style="background:transparent">'
        f'<th scope="row" style="text-align:left;padding:0 0.6em 0 0;color:{INK}">'
        f'{html.escape(key)}</th><td style="text-align:left;padding:0;color:{INK}">'
        f"{html.escape(value)}</td></tr>"
        for key, value in rows
    )
    return (
        f'<div style="border:1px solid {edge};border-left-width:0.5em;border-radius:4px;'
        f'background:{tint};color:{INK};padding:0.3em 0.7em;min-width:13em">'
        f"<strong>{html.escape(name)}</strong>"
        f'<table style="margin:0;border-collapse:collapse">{lines}</table></div>'
    )


_HEAD = "padding:0 0.6em 0 0;text-align:left"
_CELL = "width:1.1em;min-width:1.1em;text-align:center;padding:0;border:1px solid #888"
_EMPTY = '<td style="width:1.1em;min-width:1.1em;padding:0"></td>'


def _step_cell(step: TraceStep) -> str:
    sign = "▪"
    if step.opcode == "goes on":
        sign = "▸"
    elif step.opcode in ("BEFORE_WITH", "CALL_FUNCTION_EX"):
        sign = "L"
    elif step.touches.startswith("reads"):
        sign = "r"
    elif step.touches.startswith("writes"):
        sign = "w"
    elif step.touches:
        sign = "L"
    what = f"{step.opcode} {step.argument}, line {step.line}"
    return _cell(sign, what, _TINTS[step.thread])


def _cell(sign: str, what: str, tint: str) -> str:
    style = f"{_CELL};background:{tint};color:{INK}"
    return f'<td title="{html.escape(what)}" style="{style}">{sign}</td>'


def _line(number: int, text: str, function: str, threads: Sequence[ThreadView]) -> str:
    here = [
        NAMES[n]
        for n, thread in enumerate(threads)
        if thread.function == function and thread.line == number and thread.state != "over"
    ]
    marks = f"{''.join(here)}▸" if here else ""
    style = f"background:{SKY}40;" if here else ""
    return (
        f'<div style="white-space:pre;{style}"><span style="display:inline-block;width:3.5em;'
        f'font-weight:bold">{marks}</span>{number:>3} {html.escape(text)}</div>'
    )
