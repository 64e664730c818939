"""What tasks are like, seen from outside, and the article's advice beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpers.draw.creation import in_seconds
from helpers.draw.picture import BLUE, INK, ORANGE, SERIES, Picture, Table, new_figure
from helpers.measure.compare import BUSY_CORES, Comparison
from helpers.measure.scenarios import Finding
from helpers.measure.task_profile import Profile
from helpers.measure.verdict import Outcome
from helpers.workers.timeline import gil_enabled

_AGREES = {Outcome.HOLDS: "yes", Outcome.FAILS: "no", Outcome.UNTOLD: "can't be told"}
# To hand over a task costs some 50 µs and more: ``helpers.measure.released`` measures it.
_SHORT_S = 200e-6
_COLUMNS = (
    "Job",
    "The article's choice",
    "Fastest here",
    "As good, or too close to tell",
    "Is its choice as good?",
    "A task, seen from outside",
)


def profiles(found: Mapping[str, Profile]) -> Picture:
    """Two bars for each task: the part in which it computed, the part in which the GIL was free.

    Raises ValueError for no tasks.
    """
    if not found:
        raise ValueError("found must hold at least one task's profile")
    names = list(found)
    figure = new_figure(
        "Who computes, and who lets the others run meanwhile", 2.1 + 0.7 * len(names)
    )
    axes = figure.axes[0]
    for row, name in enumerate(names):
        one = found[name]
        for shift, part, colour, hatch in (
            (-0.19, one.computing, BLUE, ""),
            (0.19, one.gil_free, ORANGE, "//"),
        ):
            axes.barh(row + shift, part * 100, 0.36, color=colour, hatch=hatch, edgecolor="white")
            axes.text(part * 100 + 1, row + shift, f"{part:.0%}", va="center", color=INK, size=11)
    axes.barh([0], [0], color=BLUE, label="computes")
    axes.barh(
        [0], [0], color=ORANGE, hatch="//", edgecolor="white", label="others could run Python"
    )
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=12)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 112)
    axes.set_xlabel("part of the task's time (percent)")
    parts = [
        f"{name} computes {one.computing:.0%} of its time, the GIL is free {one.gil_free:.0%}"
        for name, one in found.items()
    ]
    return Picture(figure, f"Seen from outside: {'; '.join(parts)}.")


def rates(found: Comparison, requests: int, title: str) -> Picture:
    """Requests a second: a dot for each round, and the median in words.

    requests: of each round. Raises ValueError for none.
    """
    if requests < 1:
        raise ValueError(f"requests must be at least 1, got {requests}")
    names = list(found.seconds)
    figure = new_figure(title, 1.5 + 0.6 * len(names))
    axes = figure.axes[0]
    most = max(requests / min(found.seconds[name]) for name in names)
    said = []
    for row, name in enumerate(names):
        colour, marker = SERIES[row % len(SERIES)]
        values = [requests / seconds for seconds in found.seconds[name]]
        axes.plot(values, [row] * len(values), marker, color=colour, alpha=0.8, markersize=7)
        middle = requests / found.median(name)
        axes.plot([middle, middle], [row - 0.28, row + 0.28], color=INK, linewidth=2.5)
        axes.text(max(values) + most * 0.02, row, f"{middle:,.0f}", va="center", color=INK, size=12)
        said.append(f"{name} {middle:,.0f}")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, most * 1.15)
    axes.set_xlabel("requests answered per second")
    return Picture(figure, f"Requests per second (medians): {', '.join(said)}.")


def table(findings: Sequence[Finding], start_s: float | None = None) -> Table:
    """One row for each job: the article's advice, what was fastest here, and what the task is like.

    start_s: seconds that the pool of processes took to start.
    """
    rows = [
        (
            one.scenario.name,
            one.scenario.article,
            f"{one.fastest} ({in_seconds(one.comparison.median(one.fastest))})",
            ", ".join(one.as_good[1:]) or "none",
            _agrees(one),
            in_words(one.profile),
        )
        for one in findings
    ]
    said = [_AGREES[one.advice_holds.outcome] for one in findings]
    counted = ", ".join(f"{answer}: {said.count(answer)}" for answer in _AGREES.values())
    text = (
        "Is the article's choice as good as the fastest here? "
        f"Of {len(findings)} measurements, {counted}. "
        "Behind a × stands how many times as long it took."
    )
    if start_s is not None:
        text += (
            f" Starting the pool of processes took {in_seconds(start_s)}; "
            "no time above includes it."
        )
    most = max((one.comparison.busy or 0.0 for one in findings), default=0.0)
    if most > BUSY_CORES:
        text += f" Other programs kept up to {most:.1f} cores busy meanwhile."
    return Table(text, _COLUMNS, rows)


def in_words(profile: Profile | None, gil: bool | None = None) -> str:
    """What a task is like, in the words that decide which model suits it.

    gil: whether there is one; that of this interpreter if not given. "" for no profile.
    """
    if profile is None:
        return ""
    if profile.waits:
        return f"waits {1 - profile.computing:.0%} of its time"
    if profile.seconds < _SHORT_S:
        return f"takes {profile.seconds * 1e6:.0f} µs: short beside handing it to a process"
    if not (gil_enabled() if gil is None else gil):
        return "computes, and there is no GIL"
    if profile.lets_go:
        return f"computes, {profile.gil_free:.0%} of it without the GIL"
    return f"computes, {1 - profile.gil_free:.0%} of it with the GIL"


def _agrees(one: Finding) -> str:
    answer = _AGREES[one.advice_holds.outcome]
    if one.scenario.model == one.fastest:
        return answer
    ratio = one.comparison.ratio(one.scenario.model, one.fastest)
    return f"{answer}: ×{ratio.middle:.2g}"
