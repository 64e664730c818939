"""Threads that take tasks from a queue until it is shut down (Python 3.13 or later)."""

from __future__ import annotations

import queue
import threading
from typing import Any


def shut_down(workers: int, tasks: int) -> dict[str, Any]:
    """Let workers take tasks from a queue that is shut down while they do."""
    numbers: Any = queue.Queue()
    done: list[int] = []

    def work() -> None:
        while True:
            try:
                number = numbers.get()
            except queue.ShutDown:  # type: ignore[attr-defined]  # since Python 3.13
                return
            done.append(number)
            numbers.task_done()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for number in range(tasks):
        numbers.put(number)
    numbers.shutdown()
    numbers.join()
    for thread in threads:
        thread.join(5)
    return {"done": sorted(done), "ended": sum(not thread.is_alive() for thread in threads)}
