"""Sets the course up and runs it: `python3 course.py lab`, `test`, `execute`, `bench`, `record`.

This file only checks the Python version, in words that every Python understands, so that an old one
says what is wrong instead of showing a syntax error. The work is done in tools/launch.py.
"""

import sys

NEEDED = (3, 11)


def too_old(version):
    # type: (tuple[object, ...]) -> str | None
    """Return what to tell the reader when this Python is older than the course needs, else None."""
    if version[:2] >= NEEDED:
        return None
    return (
        "The course needs Python %s.%s or newer; this is Python %s.%s.%s (%s).\n"
        "Install a newer one from https://www.python.org/downloads/ and start course.py with it."
    ) % (NEEDED + tuple(version[:3]) + (sys.executable,))


if __name__ == "__main__":
    complaint = too_old(sys.version_info)
    if complaint:
        sys.exit("course.py: " + complaint)

    from tools.launch import main

    sys.exit(main(sys.argv[1:]))
