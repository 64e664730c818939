"""The area under a curve, added up by NumPy, and cut into pieces for several workers.

``area`` is here and not in ``helpers.workers``, because NumPy is no part of the standard library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

END = 10.0
# The integral of sin(x²) from 0 to 10: sqrt(pi / 2) times the Fresnel function S(10 sqrt(2 / pi)).
# Source: https://dlmf.nist.gov/7.2#E8
EXACT = 0.5836708999296233

Piece = tuple[float, float, int]


def area(piece: Sequence[float]) -> float:
    """What ``helpers.workers.science.area`` computes, in a few calls for all strips together."""
    import numpy

    a, b, strips = piece[0], piece[1], int(piece[2])
    width = (b - a) / strips
    x = a + (numpy.arange(strips) + 0.5) * width
    return float(numpy.sin(x * x).sum() * width)


def pieces(count: int, strips: int) -> list[Piece]:
    """The way from 0 to END, cut into so many pieces of so many strips each.

    Raises ValueError for less than one of either.
    """
    for name, value in (("count", count), ("strips", strips)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    step = END / count
    return [(number * step, (number + 1) * step, strips) for number in range(count)]


def total(areas: Sequence[float]) -> float:
    """The whole area, of the areas of the pieces."""
    return math.fsum(areas)
