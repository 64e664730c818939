"""A dinner of philosophers: what each did, how much each got, and who waits for whom at its end."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw.picture import FAINT, GREEN, INK, PINK, VERMILION, Picture, Table, new_figure
from helpers.draw.wait_for import wait_for
from helpers.measure.philosophers import PHASES, Dinner
from helpers.workers.philosophers import EATS, HOLDS_ONE, HUNGRY, THINKS

# Colour and hatch: the hatch tells the phase without colour.
_LOOKS = {
    THINKS: (FAINT, "..."),
    HUNGRY: (PINK, "xxx"),
    HOLDS_ONE: (VERMILION, "///"),
    EATS: (GREEN, ""),
}


def dinner(found: Dinner) -> Picture:
    """One lane for each philosopher; at the right the meals, and the longest time of hunger."""
    from matplotlib.patches import Patch

    title = f"{found.seats} philosophers, {found.strategy}"
    title += ": deadlock" if found.deadlock else ""
    figure = new_figure(title, 1.9 + 0.42 * found.seats)
    axes = figure.axes[0]
    for phase in PHASES:
        colour, hatch = _LOOKS[phase]
        for seat in range(found.seats):
            bars = [
                (span.start_s, span.end_s - span.start_s)
                for span in found.spans
                if span.seat == seat and span.phase == phase
            ]
            axes.broken_barh(
                bars, (seat - 0.35, 0.7), facecolor=colour, edgecolor=INK, hatch=hatch, linewidth=0
            )
    for seat, meals in enumerate(found.meals):
        said = f"{_meals(meals)}, {found.longest_hunger_s(seat) * 1e3:.0f} ms"
        axes.annotate(
            said, (1.01, seat), xycoords=("axes fraction", "data"), va="center", fontsize=12
        )
    axes.set_yticks(range(found.seats), [f"seat {seat}" for seat in range(found.seats)])
    axes.set_ylim(found.seats - 0.5, -0.5)
    axes.set_xlim(0, max(found.seconds, 1e-3))
    axes.set_xlabel("time (seconds); at the right: meals, and the longest hunger")
    figure.legend(
        handles=[
            Patch(facecolor=colour, edgecolor=INK, hatch=hatch, linewidth=0.5, label=phase)
            for phase, (colour, hatch) in _LOOKS.items()
        ],
        loc="outside lower left",
        ncols=4,
        frameon=False,
        fontsize=12,
    )
    return Picture(figure, describe(found))


def dinner_or_deadlock(found: Dinner) -> Picture:
    """The wait-for graph of a dinner that ended in a deadlock, the lanes of another one."""
    if not found.deadlock:
        return dinner(found)
    title = f"{found.seats} philosophers, {found.strategy}: deadlock"
    return Picture(wait_for(found.graph, title).figure, describe(found))


def describe(found: Dinner) -> str:
    """Strategy, meals, the longest hunger, and whether it ended in a deadlock."""
    hunger = max(found.longest_hunger_s(seat) for seat in range(found.seats))
    least, most = min(found.meals), max(found.meals)
    end = (
        f"a deadlock after {found.seconds:.2f} s: each holds a fork and waits for the next one's"
        if found.deadlock
        else f"no deadlock in {found.seconds:.2f} s"
    )
    return (
        f"{found.seats} philosophers, {found.strategy}: {end}. "
        f"They had {_meals(sum(found.meals))}, between {least} and {most} each; "
        f"the longest hunger was {hunger * 1e3:.0f} ms."
    )


def strategies(dinners: Sequence[Dinner]) -> Table:
    """One row for each dinner: how it ended, meals, the longest hunger. ValueError for none."""
    if not dinners:
        raise ValueError("dinners must hold at least one dinner")
    rows = [
        (
            one.strategy,
            f"deadlock after {one.seconds * 1e3:.0f} ms" if one.deadlock else "nobody is stuck",
            f"{sum(one.meals)}",
            f"{min(one.meals)} to {max(one.meals)}",
            f"{max(one.longest_hunger_s(seat) for seat in range(one.seats)) * 1e3:.0f} ms",
        )
        for one in dinners
    ]
    columns = ("strategy", "its end", "meals", "each had", "longest hunger")
    said = [
        f"{one.strategy}: {'a deadlock' if one.deadlock else _meals(sum(one.meals))}"
        for one in dinners
    ]
    return Table(f"Dinners by strategy. {'; '.join(said)}.", columns, rows)


def _meals(count: int) -> str:
    return f"{count} {'meal' if count == 1 else 'meals'}"
