"""Rung 2: the distances of one polygon to all the points in one NumPy call.

Against the baseline: NumPy is entered once per polygon, not once per polygon and point, and computes a
hundred distances each time. The loop that compares them with `max_dist` is still Python, over numbers taken
out of arrays one by one, and is now most of the time. The price: `find_close_polygons` no longer takes a
point, but its number and a table of distances that its callers must keep in step with the polygons.
Choosing among the candidates is still the loop of the baseline.
"""

import numpy as np

from ladder.rungs.r01_baseline import MAX_DIST, answers, prepare, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "NumPy, distances vectorized"
ARITHMETIC = "numpy"


def find_close_polygons(polygons: list, distances: list, point_number: int, max_dist: float) -> list:
    close = []
    for polygon, to_points in zip(polygons, distances, strict=True):
        if to_points[point_number] < max_dist:
            close.append(polygon)
    return close


def candidates(polygons: list, points: list) -> list:
    all_points = np.array(points)
    distances = [np.linalg.norm(polygon.center - all_points, axis=1) for polygon in polygons]
    polygon_sets = []
    for number, point in enumerate(points):
        close = find_close_polygons(polygons, distances, number, MAX_DIST)
        if close:
            polygon_sets.append((point, close))
    return polygon_sets


def run(polygons: list, points: list) -> list:
    return select_best_polygon(candidates(polygons, points))
