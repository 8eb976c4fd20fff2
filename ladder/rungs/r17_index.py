"""Rung 17: arrays in, indices out, over an index that was built once.

Against rung 16: no objects cross the border. The polygons are put in order of their areas once, outside of
the time measured, and then it answers for any number of points. A call gets one array of coordinates
and gives one array of integers: the position of the best polygon for each point, or -1. This is another
interface, so it is not a drop-in; it is what `main` would have been, had it been designed for the question.
"""

import numpy as np
import poly_match

from ladder.rungs.r01_baseline import MAX_DIST, generate_example

__all__ = ["answers", "prepare", "run"]

NAME = "Index.match, built before"
ARITHMETIC = "exact"
PROJECT = "poly_match"


def prepare() -> tuple:
    polygons, points = generate_example(poly_match.Polygon)
    index = poly_match.Index(polygons, predicate="center_within", distance=MAX_DIST, best="smallest")
    return index, np.array(points)


def run(index, points: np.ndarray) -> np.ndarray:
    return index.match(points)


def answers(index, points: np.ndarray, result: np.ndarray) -> list:
    return result.tolist()
