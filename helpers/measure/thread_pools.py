"""Which thread of a pool did which task and when, and when its result was handed out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    """One task of a pool. Seconds since the first task of the pool began.

    worker: 1 for the thread that was the first to have a task, 2 for the second, and so on.
    handed_s: when who asked for it got the result; None if nobody did.
    """

    name: str
    worker: int
    began_s: float
    ended_s: float
    handed_s: float | None


@dataclass(frozen=True)
class Schedule:
    """The tasks of a pool, in the order in which they were submitted."""

    tasks: tuple[Task, ...]

    @property
    def workers(self) -> int:
        """How many threads had a task."""
        return len({task.worker for task in self.tasks})

    @property
    def length_s(self) -> float:
        """Until the last task had ended and the last result was handed out."""
        return max(max(task.ended_s, task.handed_s or 0) for task in self.tasks)

    @property
    def handed_out(self) -> tuple[str, ...]:
        """The names of the tasks in the order in which their results were handed out."""
        asked = [(task.handed_s, task.name) for task in self.tasks if task.handed_s is not None]
        return tuple(name for _, name in sorted(asked))

    def held_back_s(self, name: str) -> float:
        """How long a result was there before it was handed out.

        KeyError for an unknown task, ValueError for one whose result nobody asked for.
        """
        for task in self.tasks:
            if task.name == name:
                if task.handed_s is None:
                    raise ValueError(f"name {name!r} is of a task whose result nobody asked for")
                return task.handed_s - task.ended_s
        raise KeyError(f"no task {name!r}; there are {[task.name for task in self.tasks]}")


def schedule(
    recordings: Iterable[Mapping[str, Any]], handed_ns: Mapping[str, int] | None = None
) -> Schedule:
    """Put the recordings of a pool's tasks together.

    recordings: one finished ``Recorder.recording`` for each task, in the order of submission; the
    lane is the task's name. handed_ns: task to the ``time.perf_counter_ns()`` at which its result
    was handed out.

    Raises ValueError if there is no recording, one isn't finished, two have the same lane, or
    handed_ns names another task.
    """
    recordings = list(recordings)
    if not recordings or not all(recordings):
        raise ValueError("recordings must hold at least one, and only finished ones")
    names = [recording["lane"] for recording in recordings]
    if len(set(names)) != len(names):
        raise ValueError(f"recordings must have lanes of different names, got {names}")
    if unknown := set(handed_ns or {}) - set(names):
        raise ValueError(f"handed_ns must name tasks among {names}, got {sorted(unknown)}")
    began = {recording["lane"]: recording["intervals"][0][1] for recording in recordings}
    in_time = sorted(recordings, key=lambda recording: began[recording["lane"]])
    threads = list(dict.fromkeys(recording["thread"] for recording in in_time))
    start = min(began.values())
    return Schedule(
        tuple(
            Task(
                recording["lane"],
                threads.index(recording["thread"]) + 1,
                (began[recording["lane"]] - start) / 1e9,
                (recording["intervals"][-1][3] - start) / 1e9,
                (handed_ns[recording["lane"]] - start) / 1e9
                if handed_ns and recording["lane"] in handed_ns
                else None,
            )
            for recording in recordings
        )
    )
