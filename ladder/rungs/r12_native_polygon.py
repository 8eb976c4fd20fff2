"""Rung 12: rung 9 from the library: its `Polygon`, and the same Python `area()` in a subclass.

Against rung 9: centers are compared two at a time, and exactly. The Python `select_best_polygon` was most
of the time before, so little changes: the ceiling is the same.
"""

import poly_match
import program

from ladder.rungs.r01_baseline import answers, generate_example
from ladder.rungs.r10_native_find import candidates, run, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "native Polygon"
ARITHMETIC = "numpy"
PROJECT = "poly_match"


class Polygon(poly_match.Polygon):
    _area = None
    area = program.Polygon.area  # in Python, as before


def prepare() -> tuple:
    return generate_example(Polygon)
