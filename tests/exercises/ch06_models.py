"""Wrong answers to exercises 6.1 and 6.2."""

from __future__ import annotations

AS_THE_ARTICLE = """
def choose(share_on_core, library, releases, gil):
    if share_on_core >= 0.5:
        return "processes"
    return "asyncio" if library else "threads"
"""
FORGETS_FREE_THREADS = """
def choose(share_on_core, library, releases, gil):
    if share_on_core < 0.5:
        return "asyncio" if library else "threads"
    return "threads" if releases else "processes"
"""
ALWAYS_ASYNCIO = """
def choose(share_on_core, library, releases, gil):
    if share_on_core < 0.5:
        return "asyncio"
    return "threads" if releases or not gil else "processes"
"""
GIL_FIRST = """
def choose(share_on_core, library, releases, gil):
    if not gil:
        return "threads"
    if share_on_core < 0.5:
        return "asyncio" if library else "threads"
    return "threads" if releases else "processes"
"""
HALF_WAITS = """
def choose(share_on_core, library, releases, gil):
    if share_on_core <= 0.5:
        return "asyncio" if library else "threads"
    return "threads" if releases or not gil else "processes"
"""
OTHER_WORDS = """
def choose(share_on_core, library, releases, gil):
    return "multiprocessing"
"""
NO_START = """
def seconds_in_processes(tasks, task_s, cores, start_s, hand_over_s):
    return tasks * hand_over_s + -(-tasks // cores) * task_s
"""
ONE_HAND_OVER = """
def seconds_in_processes(tasks, task_s, cores, start_s, hand_over_s):
    return start_s + hand_over_s + -(-tasks // cores) * task_s
"""
HAND_OVER_DIVIDED = """
def seconds_in_processes(tasks, task_s, cores, start_s, hand_over_s):
    return start_s + -(-tasks // cores) * (task_s + hand_over_s)
"""
DIVIDED_EVENLY = """
def seconds_in_processes(tasks, task_s, cores, start_s, hand_over_s):
    return start_s + tasks * hand_over_s + max(1, tasks / cores) * task_s
"""
NOT_ONE_AT_LEAST = """
def seconds_in_processes(tasks, task_s, cores, start_s, hand_over_s):
    return start_s + tasks * hand_over_s + tasks / cores * task_s
"""
ROUNDED_DOWN = """
def seconds_in_processes(tasks, task_s, cores, start_s, hand_over_s):
    return start_s + tasks * hand_over_s + max(1, tasks // cores) * task_s
"""
ONE_AFTER_ANOTHER = """
def seconds_in_processes(tasks, task_s, cores, start_s, hand_over_s):
    return start_s + tasks * (hand_over_s + task_s)
"""

WRONG = {
    "6.1": [
        (AS_THE_ARTICLE, "lets other threads compute meanwhile"),
        (FORGETS_FREE_THREADS, "this Python has no GIL"),
        (ALWAYS_ASYNCIO, "there is no async library"),
        (GIL_FIRST, "It waits, and there is an async library"),
        (HALF_WAITS, "share_on_core=0.5"),
        (OTHER_WORDS, "must return one of"),
    ],
    "6.2": [
        (NO_START, "has to be started once"),
        (ONE_HAND_OVER, "Each task has to be handed over"),
        (HAND_OVER_DIVIDED, "Each task has to be handed over"),
        (DIVIDED_EVENLY, "A task can't be divided"),
        (NOT_ONE_AT_LEAST, "A task can't be divided"),
        (ROUNDED_DOWN, "A task can't be divided"),
        (ONE_AFTER_ANOTHER, "four of 1 s on four cores"),
    ],
}
