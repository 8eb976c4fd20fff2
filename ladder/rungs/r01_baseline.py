"""Rung 1: the program as a researcher writes it, Python objects that hold small NumPy arrays.

Every point is compared with every polygon's center in a Python loop: 100,000 calls of `np.linalg.norm` on
two numbers each. The arithmetic of one such call takes a nanosecond; looking up attributes, making the
difference array and going through NumPy's general machinery takes well over a microsecond. All the later
rungs attack that.

This file needs nothing but NumPy and Python 3.9, so that PyPy can run it too. An area is computed once per
polygon and kept, a center likewise: what is slow here is not the mathematics.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Optional

import numpy as np

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "baseline: Python + NumPy"
ARITHMETIC = "numpy"
MAX_DIST = 10.0


@dataclass(eq=False)
class Polygon:
    x: np.ndarray
    y: np.ndarray
    _area: Optional[float] = None  # noqa: UP045  (Python 3.9 has no `float | None`)

    @cached_property
    def center(self) -> np.ndarray:
        return np.array([self.x.mean(), self.y.mean()])

    def area(self) -> float:
        if self._area is None:
            doubled = np.dot(self.x, np.roll(self.y, 1)) - np.dot(self.y, np.roll(self.x, 1))
            self._area = 0.5 * np.abs(doubled)
        return self._area


def find_close_polygons(polygon_subset: list, point: np.ndarray, max_dist: float) -> list:
    """The polygons whose center is strictly closer to the point than `max_dist`."""
    close = []
    for polygon in polygon_subset:
        if np.linalg.norm(polygon.center - point) < max_dist:
            close.append(polygon)
    return close


def select_best_polygon(polygon_sets: list) -> list:
    """For each (point, candidates), the candidate with the smallest area; the first one on ties."""
    best = []
    for point, polygons in polygon_sets:
        smallest = polygons[0]
        for polygon in polygons:
            if polygon.area() < smallest.area():
                smallest = polygon
        best.append((point, smallest))
    return best


def candidates(polygons: list, points: list) -> list:
    polygon_sets = []
    for point in points:
        close = find_close_polygons(polygons, point, MAX_DIST)
        if close:
            polygon_sets.append((point, close))
    return polygon_sets


def main(polygons: list, points: list) -> list:
    return select_best_polygon(candidates(polygons, points))


def example(polygon_type: type) -> tuple:
    """100 points, and 1000 copies of one quarter circle moved by whole numbers: the example of the story."""
    rng = np.random.RandomState(6)
    xs = np.arange(0.0, 100.0)
    rng.shuffle(xs)
    ys = np.arange(0.0, 100.0)
    rng.shuffle(ys)
    points = [np.array([x, y]) for x, y in zip(xs, ys)]  # noqa: B905  (Python 3.9)
    x = np.arange(0.0, 1.0, 0.1)
    y = np.sqrt(1.0 - x**2)
    polygons = [polygon_type(x + rng.randint(0, 100), y + rng.randint(0, 100)) for _ in range(1000)]
    return polygons, points


def prepare() -> tuple:
    return example(Polygon)


def run(polygons: list, points: list) -> list:
    return main(polygons, points)


def answers(polygons: list, points: list, result: list) -> list:
    """One integer per point, from a list of (point, polygon) that holds the very objects that went in."""
    position = {id(polygon): i for i, polygon in enumerate(polygons)}
    winner = {id(point): position[id(polygon)] for point, polygon in result}
    return [winner.get(id(point), -1) for point in points]
