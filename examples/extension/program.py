"""The program as it is before any C: for each point the smallest of the polygons around it.

Python and NumPy, 100 points and 1000 polygons. The modules of this folder replace `find_close_polygons`, and
the last two of them give `Polygon` a native base; everything else stays as it is here.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(eq=False)
class Polygon:
    x: np.ndarray
    y: np.ndarray
    _area: "float | None" = None

    @cached_property
    def center(self) -> np.ndarray:
        return np.array([self.x, self.y]).mean(axis=1)

    def area(self) -> float:
        if self._area is None:
            doubled = np.dot(self.x, np.roll(self.y, 1)) - np.dot(self.y, np.roll(self.x, 1))
            self._area = 0.5 * np.abs(doubled)
        return self._area


def find_close_polygons(polygons, point, max_dist):
    close = []
    for polygon in polygons:
        if np.linalg.norm(polygon.center - point) < max_dist:
            close.append(polygon)
    return close


def select_best_polygon(polygon_sets):
    best = []
    for point, polygons in polygon_sets:
        smallest = polygons[0]
        for polygon in polygons:
            if polygon.area() < smallest.area():
                smallest = polygon
        best.append((point, smallest))
    return best


def main(polygons, points, find=find_close_polygons):
    polygon_sets = []
    for point in points:
        close = find(polygons, point, 10.0)
        if close:
            polygon_sets.append((point, close))
    return select_best_polygon(polygon_sets)


def generate_example(polygon_type=Polygon):
    random = np.random.RandomState(6)
    xs, ys = np.arange(0.0, 100.0), np.arange(0.0, 100.0)
    random.shuffle(xs)
    random.shuffle(ys)
    points = [np.array(pair) for pair in np.column_stack((xs, ys))]
    x = np.arange(0.0, 1.0, 0.1)
    y = np.sqrt(1.0 - x**2)
    polygons = [polygon_type(x + random.randint(0, 100), y + random.randint(0, 100)) for _ in range(1000)]
    return polygons, points


if __name__ == "__main__":
    print(len(main(*generate_example())), "points have a polygon")
