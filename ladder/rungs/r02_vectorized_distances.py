"""Rung 2: the distances of one point to all the polygons in a few NumPy calls.

Against the baseline: the centers are gathered into one (n, 2) array per call of `main`, and for each point
the distances come from whole-array operations. The cost of entering NumPy is now paid a few times per
point, not once per point and polygon. The price: `find_close_polygons` no longer takes polygons, but two
parallel structures that its callers must keep in step. Choosing among the candidates is still the loop of
the baseline.
"""

import numpy as np

from ladder.rungs.r01_baseline import MAX_DIST, answers, prepare, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "NumPy, distances vectorized"
ARITHMETIC = "numpy"


def find_close_polygons(polygons: list, centers: np.ndarray, point: np.ndarray, max_dist: float) -> list:
    distances = np.linalg.norm(centers - point, axis=1)
    return [polygons[i] for i in np.flatnonzero(distances < max_dist)]


def candidates(polygons: list, points: list) -> list:
    centers = np.array([polygon.center for polygon in polygons])
    polygon_sets = []
    for point in points:
        close = find_close_polygons(polygons, centers, point, MAX_DIST)
        if close:
            polygon_sets.append((point, close))
    return polygon_sets


def run(polygons: list, points: list) -> list:
    return select_best_polygon(candidates(polygons, points))
