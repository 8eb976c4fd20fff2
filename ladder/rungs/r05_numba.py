"""Rung 5: the plain double loop again, compiled by Numba.

Against rung 4: no matrices. The loop holds one point and one best polygon in registers, and looks at 16
bytes per polygon. It is native code from Python source; the first call compiles it, which takes a second or
more (seen in the average without `--warmup`). Numba does not know the program's classes, so as in rung 4
the objects are turned into arrays at each call, and now that takes most of the time.
"""

import numba
import numpy as np

from ladder.rungs.r01_baseline import MAX_DIST, answers, prepare

__all__ = ["answers", "prepare", "run"]

NAME = "Numba"
ARITHMETIC = "numpy"


@numba.njit
def best_positions(centers, areas, points, max_dist):
    best = np.full(len(points), -1)
    for i in range(len(points)):
        smallest = np.inf
        for j in range(len(centers)):
            dx = centers[j, 0] - points[i, 0]
            dy = centers[j, 1] - points[i, 1]
            if areas[j] < smallest and np.sqrt(dx * dx + dy * dy) < max_dist:
                smallest = areas[j]
                best[i] = j
    return best


def run(polygons: list, points: list) -> list:
    centers = np.array([polygon.center for polygon in polygons])
    areas = np.array([polygon.area() for polygon in polygons])
    best = best_positions(centers, areas, np.array(points), MAX_DIST)
    return [(points[i], polygons[best[i]]) for i in np.flatnonzero(best >= 0)]
