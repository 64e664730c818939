"""The machine card at the top of each chapter."""

from __future__ import annotations

from helpers.course.cards import NEUTRAL, Card
from helpers.measure.machine import Machine, machine


def machine_card() -> Card:
    """Look at this interpreter and machine now, and show what the claims below depend on."""
    return card_of(machine())


def card_of(found: Machine) -> Card:
    """The card that shows these facts."""
    gil = "on" if found.gil else "off"
    cores = f"{found.cores} of {found.cores_installed} ({found.cores_limit})"
    return Card(
        NEUTRAL,
        "Your machine",
        rows=[
            ("Python", f"{found.implementation} {found.python}, built {found.build}"),
            ("GIL now", gil),
            ("System", found.system),
            ("Cores this process may use", cores),
            ("Default way to start a process", found.start_method),
            ("Other work on the machine just now", _busy(found)),
        ],
    )


def _busy(found: Machine) -> str:
    if found.others is None:
        return "this system doesn't tell"
    share = found.others / found.cores_installed
    word = "quiet" if share < 0.15 else "busy: timings will scatter" if share > 0.4 else "some"
    return f"{word} ({found.others:.1f} of {found.cores_installed} cores)"
