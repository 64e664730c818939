"""The share of time in which the GIL is held, beside gilknocker's contention metric."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.child import answer
from benchmarks.table import Points, Row, missing
from helpers.measure.host import HostMeter
from helpers.measure.timeline import timeline
from helpers.measure.verdict import Outcome, Verdict, untold
from helpers.workers import gil as workers
from helpers.workers.timeline import gil_enabled

APART = 0.20
SECONDS = 0.5
# gilknocker asks for the GIL every millisecond, all the time: by default it rests in between.
POLLING_US, SAMPLING_US, SLEEPING_US = 1_000, 100_000, 1_000

Pairs = Mapping[str, tuple[list[float], list[float]]]


def rows(rounds: int) -> Iterator[Row]:
    """One row per load, how far apart the two are; and one for the order of the loads."""
    what, bound = "share of time in which the GIL is held", f"within {100 * APART:.0f} points"
    if not gil_enabled():
        yield missing(what, bound, "this interpreter has no GIL")
        return
    if not importlib.util.find_spec("gilknocker"):
        yield missing(what, bound, "gilknocker isn't installed")
        return
    meter = HostMeter()
    found: Pairs = {kind: (a, b) for kind, (a, b) in answer("share", rounds).items()}
    busy = meter.use().others
    for kind, (ours, theirs) in found.items():
        mine = Points(tuple(100 * share for share in ours), "%")
        peer = Points(tuple(100 * share for share in theirs), "%")
        yield Row(
            f"{what}: {kind}",
            str(mine),
            bound,
            verdict_within(mine.median - peer.median, busy),
            peer=f"gilknocker {peer}",
            ratio=f"{mine.median - peer.median:+.0f} points",
        )
    yield order(found)


def verdict_within(points_apart: float, busy: float | None) -> Verdict:
    evidence = f"{points_apart:+.0f} points apart"
    if abs(points_apart) <= 100 * APART:
        return Verdict(Outcome.HOLDS, evidence)
    if busy is not None and busy > 1:
        return untold(f"other work kept {busy:.1f} cores busy", evidence)
    return Verdict(Outcome.FAILS, evidence)


def order(found: Pairs) -> Row:
    """Do both rank the loads alike?

    Two loads are told apart by those whose ranges don't overlap; who can't tell them apart
    doesn't rank them.
    """
    contradictions = [
        f"{one} and {other}"
        for one, other in itertools.combinations(found, 2)
        if _sign(found[one][0], found[other][0]) * _sign(found[one][1], found[other][1]) < 0
    ]
    return Row(
        "order of the loads, by the share in which the GIL is held",
        _ranking({kind: ours for kind, (ours, _) in found.items()}),
        "the same order",
        Verdict(
            Outcome.FAILS if contradictions else Outcome.HOLDS,
            f"contradictions: {', '.join(contradictions) or 'none'}",
        ),
        peer=_ranking({kind: theirs for kind, (_, theirs) in found.items()}),
    )


def _sign(one: Sequence[float], other: Sequence[float]) -> int:
    """1 if all of one lies above all of the other, -1 if below, 0 if they overlap."""
    return (min(one) > max(other)) - (max(one) < min(other))


def _ranking(shares: Mapping[str, list[float]]) -> str:
    """The loads from least to most, "~" between two whose ranges overlap."""
    kinds = sorted(shares, key=lambda kind: statistics.median(shares[kind]))
    ranking = kinds[0]
    for before, kind in itertools.pairwise(kinds):
        ranking += f" {'<' if _sign(shares[before], shares[kind]) else '~'} {kind}"
    return ranking


def measure(rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """Both at once on each load, the loads in turn."""
    from gilknocker import KnockKnock

    found: dict[str, tuple[list[float], list[float]]] = {k: ([], []) for k in workers.LOADS}
    for _ in range(rounds):
        for kind, (ours, theirs) in found.items():
            knocker = KnockKnock(POLLING_US, SAMPLING_US, SLEEPING_US)
            knocker.start()
            recordings = workers.load(kind, SECONDS)
            knocker.stop()
            ours.append(timeline(recordings).gil_held_share)
            theirs.append(knocker.contention_metric)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))), flush=True)
    os._exit(0)  # gilknocker's thread aborts an interpreter that ends in the ordinary way
