"""Is the chunk size that is computed beforehand near the best one that is measured?

For tasks of three lengths, so many of each that all together take some 10 ms of one core. With
far fewer, waking the processes up takes as long as the work, and one chunk does as well as ten;
with far more, every chunk size would do. Either way the best size would be so by chance.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.table import Row, missing
from helpers.measure import chunks
from helpers.measure.compare import BUSY_CORES
from helpers.measure.machine import usable_cores
from helpers.measure.verdict import Outcome, Verdict, checked, untold

TASKS = {2: 4_096, 10: 1_024, 100: 128}  # microseconds of a task: how many
PROCESSES = 2
FACTOR = 2.0


def rows(rounds: int) -> Iterator[Row]:
    """One row for each length of the tasks."""
    bound = f"within a factor of {FACTOR:g}"
    for task_us, tasks in TASKS.items():
        what = f"chunk size computed for {tasks} tasks of about {task_us} µs, {PROCESSES} processes"
        if usable_cores()[0] < PROCESSES:
            yield missing(what, bound, "it needs two cores")
            continue
        found = chunks.sweep(tasks, task_us, "growing", PROCESSES, rounds=max(rounds, 7))
        computed, best = found.best_predicted, found.best_measured
        yield Row(
            what,
            f"{computed} ({found.measured_s(computed) * 1e3:.3g} ms)",
            bound,
            verdict(found),
            peer=f"measured best {best} ({found.measured_s(best) * 1e3:.3g} ms)",
            ratio=f"{computed / best:.3g}",
        )


def verdict(found: chunks.ChunkSweep) -> Verdict:
    """A "no" must survive a busy host, and the two sizes must really differ in time."""
    computed, best = found.best_predicted, found.best_measured
    evidence = f"computed {computed}, measured {best}"
    if max(computed, best) <= FACTOR * min(computed, best):
        return Verdict(Outcome.HOLDS, evidence)
    busy = found.comparison.busy
    if busy is not None and busy > BUSY_CORES:
        return untold(f"other work kept {busy:.1f} cores busy", evidence)
    if found.comparison.ratio(str(computed), str(best)).low <= 1:
        return untold("both chunk sizes take equally long, as far as can be told", evidence)
    return checked(False, evidence)
