"""What threads share and processes don't: memory, a process id, and a violent end."""

from __future__ import annotations

import os
import signal
import threading

# SIGKILL can't be caught or ignored. Windows has no signals between processes: there os.kill
# ends the process, with the number as its exit code.
# Source: https://docs.python.org/3/library/os.html#os.kill
DEADLY = getattr(signal, "SIGKILL", signal.SIGTERM)


def append(words: list[str], word: str) -> list[str]:
    """Append a word to the list and return the list, as it looks from here."""
    words.append(word)
    return words


def identity() -> dict[str, int]:
    """Say who runs this: the process, and the thread by Python's and by the system's number."""
    return {
        "process id": os.getpid(),
        "thread ident": threading.get_ident(),
        "native thread id": threading.get_native_id(),
    }


def die() -> None:
    """Kill the process that this runs in."""
    os.kill(os.getpid(), DEADLY)


def die_in_a_thread() -> None:
    """Start a thread that sends the signal to itself, and wait for it."""
    thread = threading.Thread(target=_kill_this_thread)
    thread.start()
    thread.join()


def _kill_this_thread() -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.get_ident(), DEADLY)
    else:
        die()  # Windows can't send a signal to a thread
