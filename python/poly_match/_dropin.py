"""The drop-in API: `Polygon`, the functions that take it, and the example used to measure every speed-up.

The types and functions come from the extension. It can't draw, so it is given the function that draws a
`Polygon` for notebooks. The example is 100 points and 1000 copies of one quarter circle, from NumPy's legacy
generator, whose stream is frozen: it is the same on every machine and in every version.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from poly_match._core import (
    Polygon,
    draw_polygons_with,
    find_all_close_polygons,
    find_close_polygons,
    main,
    select_best_polygon,
)
from poly_match._show.notebook import polygon_svg

__all__ = [
    "Polygon",
    "find_all_close_polygons",
    "find_close_polygons",
    "generate_example",
    "generate_one_polygon",
    "main",
    "select_best_polygon",
]

draw_polygons_with(polygon_svg)


def generate_one_polygon() -> Polygon:
    """Return ten vertices on the unit quarter circle.

    Returns
    -------
    Polygon
        x = 0, 0.1, ..., 0.9 and y = sqrt(1 - x²).
    """
    x = np.arange(0.0, 1.0, 0.1)
    return Polygon(x, np.sqrt(1.0 - x**2))


def generate_example() -> tuple[list[Polygon], list[npt.NDArray[np.float64]]]:
    """Return the polygons and points of the example.

    Returns
    -------
    polygons : list of Polygon
        1000 times the one polygon, moved by whole numbers in 0..99.
    points : list of ndarray
        100 points, arrays of shape (2,) whose coordinates are permutations of 0..99.
    """
    random = np.random.RandomState(6)
    xs = np.arange(0, 100)
    ys = np.arange(0, 100)
    random.shuffle(xs)
    random.shuffle(ys)
    points = [np.array([x, y], dtype=np.float64) for x, y in zip(xs, ys, strict=True)]
    one = generate_one_polygon()
    polygons = []
    for _ in range(1000):
        x = random.randint(0, 100)
        y = random.randint(0, 100)
        polygons.append(Polygon(one.x + x, one.y + y))
    return polygons, points
