"""A listing of opcodes as a table, with the way from read to write put into words."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.draw.picture import FAINT, Table
from helpers.measure.bytecode import Function, Gap, Listing, Opcode, Switch

COLUMNS = ("line", "opcode", "argument", "shared things", "another thread's turn?", "because")
LEGEND = (
    "yes: CPython looks here whether another thread wants the GIL; may: only if the object at "
    "hand runs code of its own here, or waits. This is what this CPython does, not what the "
    "language promises; and the table knows nothing of locks."
)
_TINTS = {Switch.YES: "#fbd9c0", Switch.MAY: "#fdf3cf", Switch.NO: ""}
_MOST_ROWS = 400  # a page that long is still drawn at once
_MOST_GAPS = 4


def table(listing: Listing) -> Table:
    """One row per opcode, a heading row per function where there are several."""
    rows: list[tuple[str, ...]] = []
    tints: list[str] = []
    for function in listing.functions:
        if len(listing.functions) > 1:
            rows.append((str(function.line), f"def {function.name}", "", "", "", ""))
            tints.append(FAINT)
        for opcode, line in _with_lines(function, listing.source.splitlines()):
            rows.append(_row(opcode, line))
            tints.append(_TINTS[opcode.switch])
    left_out = len(rows) - _MOST_ROWS
    more = f" The last {left_out} rows are left out." if left_out > 0 else ""
    return Table(
        f"{describe(listing)}{more} {LEGEND}",
        COLUMNS,
        tuple(rows[:_MOST_ROWS]),
        tuple(tints[:_MOST_ROWS]),
        heading=1,
    )


def describe(listing: Listing) -> str:
    """What the table shows: how many opcodes, where a switch may come, and what lies between
    a read and a write of the same thing."""
    opcodes = [opcode for function in listing.functions for opcode in function.opcodes]
    counts = {switch: sum(opcode.switch is switch for opcode in opcodes) for switch in Switch}
    names = ", ".join(function.name for function in listing.functions[:3])
    more = " and others" if len(listing.functions) > 3 else ""
    build = "with the GIL" if listing.gil else "without the GIL"
    shared = sum(bool(opcode.touches) for opcode in opcodes)
    said = [
        f"{names}{more} on CPython {listing.python} {build}: {len(opcodes)} opcodes, of which "
        f"{shared} touch shared things. Another thread may get its turn at {counts[Switch.YES]} "
        f"of them (yes), and perhaps at {counts[Switch.MAY]} more (may)."
    ]
    if not shared:
        return said[0] + " It works on its own variables only, so no switch can do harm."
    gaps = [gap for function in listing.functions for gap in function.gaps]
    said += [_say(gap, listing) for gap in gaps[:_MOST_GAPS]]
    return " ".join(said)


def _say(gap: Gap, listing: Listing) -> str:
    """One sentence: what is read, what is written, and what may come between."""
    name = f"{gap.name} ({gap.kind})" if gap.name else gap.kind.capitalize()
    way = f"{name} is read in line {gap.read_line} and written in line {gap.write_line}; in between"
    at = ", ".join(dict.fromkeys(opcode.name for opcode in gap.at))
    if not listing.gil:
        return f"{way} other threads run all the time."
    if gap.switch is Switch.YES:
        return f"{way} another thread may get its turn, at {at}."
    if gap.switch is Switch.MAY:
        return (
            f"{way} no other thread gets its turn as long as {at} runs no code of its own: with "
            "plain numbers and attributes it runs none."
        )
    return f"{way} no other thread gets its turn."


def _with_lines(function: Function, source: list[str]) -> Iterator[tuple[Opcode, str]]:
    """Each opcode with its line number, and the line itself where it changes."""
    before = None
    for opcode in function.opcodes:
        line = opcode.line
        text = "" if line is None else str(line)
        if line != before and line is not None and line <= len(source):
            text = f"{line}: {source[line - 1].strip()}"
        before = line
        yield opcode, text


def _row(opcode: Opcode, line: str) -> tuple[str, ...]:
    return (line, opcode.name, opcode.argument, opcode.touches, opcode.switch.value, opcode.why)
