"""Speed-ups of the models on each kind of work, beside the limits they can't pass."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw.creation import in_seconds
from helpers.draw.picture import FAINT, INK, Picture, new_figure, series_of
from helpers.measure.compare import BUSY_CORES
from helpers.measure.executors import SEQUENTIAL
from helpers.measure.models_compared import COMPUTING, HASHING, MIXED, WAITING, Compared

_TITLES = {
    COMPUTING: "computing in Python",
    WAITING: "waiting",
    MIXED: "half waiting, half computing",
    HASHING: "hashing: C without the GIL",
}
# A model keeps its colour and marker from panel to panel.
_LIMIT = "the limit (cores, workers, GIL, handing over)"


def speed_ups(found: Sequence[Compared]) -> Picture:
    """A panel for each kind of work, a row for each model: every round, interval and limit.

    Raises ValueError if found is empty.
    """
    if not found:
        raise ValueError("found must hold at least one kind of work")
    columns = min(2, len(found))
    rows = -(-len(found) // columns)
    models = [name for name in found[0].models if name != SEQUENTIAL]
    series = series_of(models)
    height = 1.3 + rows * (1.1 + 0.55 * len(models))
    figure = new_figure("How many times as fast as one after another?", height, columns, rows)
    highest = max(
        value for one in found for m in models for value in (one.limit(m), *_by_round(one, m))
    )
    for number, axes in enumerate(figure.axes):
        if number >= len(found):
            axes.set_visible(False)
            continue
        one = found[number]
        axes.set_title(_TITLES[one.kind], loc="left")
        axes.axvline(1, color=FAINT, linewidth=1.5)
        for row, name in enumerate(models):
            colour, marker = series[row]
            ratio, limit = one.speed_up(name), one.limit(name)
            each = _by_round(one, name)
            axes.plot(each, [row] * len(each), marker, color=colour, alpha=0.45, markersize=5)
            axes.plot([ratio.low, ratio.high], [row, row], color=colour, linewidth=9, alpha=0.3)
            axes.plot(ratio.middle, row, marker, color=colour, markersize=10)
            label = _LIMIT if number == row == 0 else None
            axes.plot([limit] * 2, [row - 0.36, row + 0.36], ":", color=INK, lw=2, label=label)
        axes.set_ylim(len(models) - 0.5, -0.6)
        axes.set_xlim(0, 1.08 * highest)
        labels = [f"{name}\nstart {in_seconds(one.comparison.start_up[name])}" for name in models]
        axes.set_yticks(range(len(models)), labels if number % columns == 0 else [""] * len(models))
        if number >= len(found) - columns:
            axes.set_xlabel("speed-up (times)")
    figure.legend(loc="outside lower left", frameon=False, fontsize=12)
    return Picture(figure, describe(found))


def _by_round(found: Compared, model: str) -> list[float]:
    """The speed-up in each round."""
    base, taken = found.comparison.seconds[SEQUENTIAL], found.comparison.seconds[model]
    return [alone / together for alone, together in zip(base, taken, strict=True)]


def describe(found: Sequence[Compared]) -> str:
    """The speed-up of each model on each kind of work, and whether others were in the way."""
    said = []
    for one in found:
        models = [name for name in one.models if name != SEQUENTIAL]
        each = [
            f"{name} {one.speed_up(name).middle:.2f} of {one.limit(name):.2f}" for name in models
        ]
        said.append(f"{one.kind}: {', '.join(each)}")
    first = found[0]
    text = (
        f"Speed-up of {first.tasks} tasks of {in_seconds(first.task_s)} with {first.workers} "
        f"workers, of what the limit allows. {'; '.join(said)}."
    )
    busy = max((one.comparison.busy or 0.0) for one in found)
    if busy > BUSY_CORES:
        text += f" Other programs kept {busy:.1f} cores busy meanwhile."
    return text
