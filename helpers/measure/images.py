"""Photos made smaller, by Pillow and NumPy.

It is no module of ``helpers.workers``, though a pool's processes import it: workers use the
standard library only, so that any Python on the machine can run them, and Pillow and NumPy are
installed for this one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

MOST_SIDE = 4000
_SMALL = (160, 120)


def shrink(path: str) -> list[float]:
    """Soften a photo, stretch its contrast, and write a small copy beside it.

    Returns the small one's width and height in pixels, and how bright (0 to 255) it is.
    """
    import numpy
    from PIL import Image, ImageFilter

    with Image.open(path) as photo:
        soft = photo.filter(ImageFilter.GaussianBlur(2))  # Pillow
    pixels = numpy.asarray(soft, dtype=numpy.float32)  # NumPy from here …
    darkest, brightest = pixels.min(), pixels.max()
    pixels = (pixels - darkest) * (255 / max(1.0, brightest - darkest))
    small = Image.fromarray(pixels.astype(numpy.uint8)).resize(_SMALL)  # … to here
    small.save(Path(path).with_suffix(".small.jpg"))
    return [*small.size, float(numpy.asarray(small).mean())]


def side_of(pixels: int) -> int:
    """How wide a photo of so many pixels is. Raises ValueError for none."""
    if pixels < 1:
        raise ValueError(f"pixels must be at least 1, got {pixels}")
    return round(math.sqrt(pixels * 4 / 3))


@contextmanager
def photos(count: int, side: int) -> Iterator[list[str]]:
    """Paths of so many photos, ``side`` pixels wide and three quarters as high; they end with it.

    Raises ValueError for no photos, or a side outside 16 to 4000.
    """
    import numpy
    from PIL import Image

    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    if not 16 <= side <= MOST_SIDE:
        raise ValueError(f"side must be 16 to {MOST_SIDE} pixels, got {side}")
    with TemporaryDirectory() as folder:
        paths = []
        for number in range(count):
            dice = numpy.random.default_rng(number)
            rough = dice.integers(40, 200, (12, 16, 3), dtype=numpy.uint8)
            path = Path(folder, f"photo{number}.jpg")
            Image.fromarray(rough).resize((side, side * 3 // 4)).save(path, quality=85)
            paths.append(str(path))
        yield paths
