"""Rung 4: rung 3 by somebody who knows how NumPy works inside.

Against rung 3: `norm` over pairs of numbers makes a three-dimensional array and sums along its shortest
axis; the two coordinates apart need only plain matrices. And `where` writes the areas once instead of
repeating and overwriting them. What remains: the matrices are written to memory and read again at each
step, they grow with points times polygons, and every call begins with 2000 attribute look-ups and method
calls to turn the objects into arrays.
"""

import numpy as np

from ladder.rungs.r01_baseline import MAX_DIST, answers, prepare

__all__ = ["answers", "prepare", "run"]

NAME = "NumPy, vectorized with care"
ARITHMETIC = "numpy"


def best_positions(centers: np.ndarray, areas: np.ndarray, points: np.ndarray, max_dist: float) -> np.ndarray:
    dx = points[:, 0, np.newaxis] - centers[:, 0]
    dy = points[:, 1, np.newaxis] - centers[:, 1]
    ranked = np.where(np.sqrt(dx * dx + dy * dy) < max_dist, areas, np.inf)
    best = ranked.argmin(axis=1)
    best[np.isinf(ranked.min(axis=1))] = -1
    return best


def run(polygons: list, points: list) -> list:
    centers = np.array([polygon.center for polygon in polygons])
    areas = np.array([polygon.area() for polygon in polygons])
    best = best_positions(centers, areas, np.array(points), MAX_DIST)
    return [(points[i], polygons[best[i]]) for i in np.flatnonzero(best >= 0)]
