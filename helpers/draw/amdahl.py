"""Amdahl's curves, with what was measured on them or below."""

from __future__ import annotations

from helpers.draw.picture import FAINT, SERIES, Picture, new_figure
from helpers.measure.amdahl import SpeedUps, law


def curves(found: SpeedUps) -> Picture:
    """A curve for each serial share, and each measured speed-up with its 95 % interval."""
    most = max(8, *found.workers)
    figure = new_figure("The serial part sets the limit, and so do the cores", 5.2)
    axes = figure.axes[0]
    axes.axvspan(
        0.5,
        found.cores + 0.5,
        color=FAINT,
        alpha=0.4,
        linewidth=0,
        label=f"no more processes than cores ({found.cores})",
    )
    said = []
    steps = [1 + place / 10 for place in range(10 * (most - 1) + 1)]
    for number, share in enumerate(found.serial_shares):
        colour, marker = SERIES[number % len(SERIES)]
        curve = [law(share, step) for step in steps]
        axes.plot(steps, curve, color=colour, linewidth=2, label=f"law, {share:.0%} serial")
        axes.text(most + 0.1, curve[-1], f"{share:.0%} serial", color=colour, fontsize=12)
        for place, count in enumerate(found.workers):
            ratio = found.of(share, count)
            x = count + 0.12 * (number - (len(found.serial_shares) - 1) / 2)
            axes.plot([x, x], [ratio.low, ratio.high], color=colour, linewidth=2, alpha=0.6)
            label = f"measured, {share:.0%} serial" if place == 0 else None
            axes.plot(x, ratio.middle, marker, color=colour, markersize=9, label=label)
            said.append(
                f"{count} processes, {share:.0%} serial: {ratio.middle:.2f} "
                f"(the law allows {law(share, count):.2f})"
            )
    axes.set_xlim(0.5, most + 1.4)
    axes.set_xticks(range(1, most + 1))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("processes")
    axes.set_ylabel("speed-up")
    figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=12)
    return Picture(figure, f"Speed-ups measured: {'; '.join(said)}.")
