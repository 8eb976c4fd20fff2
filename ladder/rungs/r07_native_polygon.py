"""Rung 7: the polygon itself is native, but its center is handed over as a new array each time.

Against rung 6: the coordinates live in a C object that Python code can subclass, and `area()` stays the
NumPy one of the baseline, written in the subclass. One detail is deliberately the naive one: the subclass's
`center` makes a new NumPy array at each access, as a first native class often does, because its numbers are
not an array and callers want one. An override is honoured, so the native loop has to make 100,000 arrays to
read 100,000 pairs of numbers. The rung after this one takes the override away; the difference is the price
of an allocation per polygon.
"""

import numpy as np
import poly_match

from ladder.rungs.r01_baseline import answers, example
from ladder.rungs.r06_native_find import candidates, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "native Polygon, allocating"
ARITHMETIC = "numpy"


class Polygon(poly_match.Polygon):
    _area = None

    def __init__(self, x, y):
        super().__init__(x, y)
        self._center = tuple(poly_match.Polygon.center.__get__(self).tolist())

    @property
    def center(self):
        return np.array(self._center)

    def area(self):
        if self._area is None:
            doubled = np.dot(self.x, np.roll(self.y, 1)) - np.dot(self.y, np.roll(self.x, 1))
            self._area = 0.5 * np.abs(doubled)
        return self._area


def prepare() -> tuple:
    return example(Polygon)


def run(polygons: list, points: list) -> list:
    return select_best_polygon(candidates(polygons, points))
