"""The table of the models."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.draw.creation import in_seconds
from helpers.draw.picture import Table
from helpers.measure.creation import in_bytes
from helpers.measure.models import Model

_COLUMNS = (
    "Model",
    "What runs",
    "Memory shared?",
    "GIL",
    "Two tasks computed at once",
    "To start one",
    "One more takes",
    "Good for",
)


def table(models: Sequence[Model]) -> Table:
    """One row per model. What this run didn't measure says why."""
    rows = [
        (
            model.name,
            model.unit,
            model.memory_shared,
            model.gil,
            model.missing if model.at_once is None else f"{model.at_once:.0%} of the time",
            model.missing if model.start_s is None else in_seconds(model.start_s),
            model.missing if model.memory is None else in_bytes(model.memory),
            model.good_for,
        )
        for model in models
    ]
    return Table("The models. Times, sizes and shares are from this run.", _COLUMNS, tuple(rows))
