"""What importing all of `helpers` adds to importing matplotlib and ipywidgets."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator

import helpers
from benchmarks.child import CLOCKS, seconds
from benchmarks.table import Points, Row, at_most
from helpers.measure.host import HostMeter

BASE = "import matplotlib, ipywidgets"
PEER = "matplotlib and ipywidgets"
BOUND_S = 0.5


def rows(rounds: int) -> Iterator[Row]:
    """Whole processes, in turn; the first two make the byte code and are not counted.

    ``import matplotlib`` by itself brings no figure yet; what that takes is counted as ours.
    """
    names = [m.name for m in pkgutil.walk_packages(helpers.__path__, "helpers.")]
    everything = f"{BASE}, {', '.join(names)}"
    seconds(BASE)
    seconds(everything)
    meter = HostMeter()
    base, whole = [], []
    for _ in range(rounds):
        base.append(seconds(BASE))
        whole.append(seconds(everything))
    busy = meter.use().others
    for clock, words in CLOCKS.items():
        peer = Points(tuple(taken[clock] for taken in base))
        added = Points(tuple(w[clock] - b[clock] for b, w in zip(base, whole, strict=True)))
        if not peer.median:
            continue  # Windows doesn't add up its children's time
        yield Row(
            f"import all {len(names)} modules of helpers, beside {PEER}, {words}",
            f"{added} more",
            f"adds at most {BOUND_S} s",
            at_most(added, BOUND_S, busy),
            peer=str(peer),
            ratio=f"{added.median / peer.median:.2f}",
        )
