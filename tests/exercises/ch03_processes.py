"""Wrong answers to chapter 3's exercises on processes, with the words that must refuse them."""

from __future__ import annotations

ONE_BY_ONE = """
def run_all(context, worker, arguments):
    codes = []
    for args in arguments:
        process = context.Process(target=worker, args=args)
        process.start()
        process.join()
        codes.append(process.exitcode)
    return codes
"""
NO_JOIN = """
def run_all(context, worker, arguments):
    children = [context.Process(target=worker, args=args) for args in arguments]
    for process in children:
        process.start()
    return [process.exitcode for process in children]
"""
CALLED = """
def run_all(context, worker, arguments):
    children = [context.Process(target=worker(*args)) for args in arguments]
    for process in children:
        process.start()
    for process in children:
        process.join()
    return [process.exitcode for process in children]
"""
OTHER_CONTEXT = """
def run_all(context, worker, arguments):
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=worker, args=args) for args in arguments]
    for process in children:
        process.start()
    for process in children:
        process.join()
    return [process.exitcode for process in children]
"""
WHAT_JOIN_RETURNS = """
def run_all(context, worker, arguments):
    children = [context.Process(target=worker, args=args) for args in arguments]
    for process in children:
        process.start()
    return [process.join() for process in children]
"""
ALL_WELL = """
def run_all(context, worker, arguments):
    children = [context.Process(target=worker, args=args) for args in arguments]
    for process in children:
        process.start()
    for process in children:
        process.join()
    return all(process.exitcode == 0 for process in children)
"""

ONLY_ASKED = """
def stop(process, patience):
    process.terminate()
    process.join(patience)
    return process.exitcode
"""
WAITS_FOR_EVER = """
def stop(process, patience):
    process.terminate()
    process.join()
    return process.exitcode
"""
KILLED_AT_ONCE = """
def stop(process, patience):
    process.kill()
    process.join()
    return process.exitcode
"""
NO_TIME = """
def stop(process, patience):
    process.terminate()
    process.kill()
    process.join()
    return process.exitcode
"""
NOTHING_RETURNED = """
def stop(process, patience):
    process.terminate()
    process.join(patience)
    if process.is_alive():
        process.kill()
        process.join()
"""

WRONG = {
    "3.1": [
        (ONE_BY_ONE, "one after another"),
        (NO_JOIN, "still running"),
        (CALLED, "without calling it"),
        (OTHER_CONTEXT, "use the context that you are given"),
        (WHAT_JOIN_RETURNS, "still running"),
        (ALL_WELL, "should be [0, 3, 0]"),
    ],
    "3.2": [
        (ONLY_ASKED, "kill() it"),
        (WAITS_FOR_EVER, "without a timeout"),
        (KILLED_AT_ONCE, "Nobody asked the child"),
        (NO_TIME, "Wait with join(patience)"),
        (NOTHING_RETURNED, "came back as None"),
    ],
}
