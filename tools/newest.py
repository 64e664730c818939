"""Prints the path of another Python of the version named, with a GIL, or nothing if there is none.

`python -m tools.newest 3.14`
"""

from __future__ import annotations

import sys

from helpers.measure.interpreters import Interpreter, find_interpreters


def other(version: str, found: tuple[Interpreter, ...]) -> str:
    """The path of the newest of that version; "" if none is found or it is the one that runs."""
    own, *others = found
    if version == ".".join(map(str, own.version[:2])):
        return ""
    fitting = [
        one
        for one in others
        if version == ".".join(map(str, one.version[:2])) and not one.free_threaded
    ]
    return max(fitting, key=lambda one: one.version).path if fitting else ""


if __name__ == "__main__":
    print(other(sys.argv[1], find_interpreters().interpreters))
