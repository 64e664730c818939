"""Lab: faster code, more threads, or both."""

from __future__ import annotations

from helpers.draw.compiled import thread_runs
from helpers.draw.picture import Picture
from helpers.labs.job import Job
from helpers.labs.panel import Lab, Settings, choice, number
from helpers.measure.compiled import (
    KEEPS_GIL,
    MOST_THREADS,
    NO_GIL,
    NUMBA,
    PYTHON,
    ThreadRun,
    in_threads,
    languages,
)

# A run takes about a third of a second, whatever the language.
SIZES = {PYTHON: 30_000, KEEPS_GIL: 1_500_000, NO_GIL: 1_500_000}


def compiled_lab() -> Lab[ThreadRun]:
    """Controls for the language and the number of threads."""
    first = NO_GIL if NUMBA.met() else PYTHON
    return Lab(
        "Faster code, more threads, or both?",
        {
            "language": choice("Code", list(languages()), first),
            "threads": number("Threads", 2, 1, MOST_THREADS),
        },
        measure_compiled,
        draw_compiled,
    )


def measure_compiled(settings: Settings, job: Job) -> ThreadRun:
    job.progress(0.1)
    language = settings["language"]
    return in_threads(language, settings["threads"], SIZES[language], job.stop)


def draw_compiled(run: ThreadRun, _settings: Settings) -> Picture:
    return thread_runs([run])
