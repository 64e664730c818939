"""The area under a curve, added up in Python: many small strips, one after another."""

from __future__ import annotations

import math
from collections.abc import Sequence


def area(piece: Sequence[float]) -> float:
    """The area under sin(x²) from a to b, in so many strips. piece: a, b and the strips.

    Each strip is as high as the curve in its middle: the midpoint rule.
    """
    a, b, strips = piece[0], piece[1], int(piece[2])
    width = (b - a) / strips
    total = 0.0
    for strip in range(strips):
        x = a + (strip + 0.5) * width
        total += math.sin(x * x)
    return total * width
