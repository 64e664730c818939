"""Wrong answers to exercises 3.3 and 3.4."""

from __future__ import annotations

MAP_RAISES = """
def try_all(pool, worker, tasks):
    return pool.map(worker, tasks)
"""
ONE_BY_ONE = """
def try_all(pool, worker, tasks):
    found = []
    for task in tasks:
        try:
            found.append(pool.apply_async(worker, (task,)).get())
        except Exception as error:
            found.append(error)
    return found
"""
LEFT_OUT = """
def try_all(pool, worker, tasks):
    handles = [pool.apply_async(worker, (task,)) for task in tasks]
    found = []
    for handle in handles:
        try:
            found.append(handle.get())
        except Exception:
            pass
    return found
"""
HANDLES = """
def try_all(pool, worker, tasks):
    return [pool.apply_async(worker, (task,)) for task in tasks]
"""
HERE = """
def try_all(pool, worker, tasks):
    found = []
    for task in tasks:
        try:
            found.append(worker(task))
        except Exception as error:
            found.append(error)
    return found
"""
RECEIVE = """
def receive_all(connection):
    received = []
    while True:
        try:
            received.append(connection.recv())
        except EOFError:
            return received


"""
NEVER_CLOSED = (
    RECEIVE
    + """
def send_all(connection, things):
    for thing in things:
        connection.send(thing)
"""
)
SENTINEL = """
def receive_all(connection):
    received = []
    while (thing := connection.recv()) is not None:
        received.append(thing)
    return received


def send_all(connection, things):
    for thing in things:
        connection.send(thing)
    connection.send(None)
    connection.close()
"""
NOT_CAUGHT = """
def receive_all(connection):
    received = []
    while True:
        received.append(connection.recv())


def send_all(connection, things):
    for thing in things:
        connection.send(thing)
    connection.close()
"""
ALL_IN_ONE = (
    RECEIVE
    + """
def send_all(connection, things):
    connection.send(things)
    connection.close()
"""
)

WRONG = {
    "3.3": [
        (MAP_RAISES, "were lost with it"),
        (ONE_BY_ONE, "First hand all over"),
        (LEFT_OUT, "has its place too"),
        (HANDLES, "holds handles"),
        (HERE, "The pool was never asked"),
    ],
    "3.4": [
        (NEVER_CLOSED, "must close its end"),
        (SENTINEL, "None was one of the things"),
        (NOT_CAUGHT, "Catch it"),
        (ALL_IN_ONE, "Sent were"),
    ],
}
