"""Rung 8: the polygon itself is C, but its center is handed over as a new array each time.

Against rung 7: the coordinates live in a C object that Python code can subclass, and `area()` stays the
NumPy one of the baseline, written in the subclass. The getter of `center` makes a NumPy array, because its
numbers are not an array and callers want one, and `find_close_polygons` uses that getter as everybody does:
100,000 arrays to read 100,000 pairs of numbers. The C is examples/extension/poly_match_c2_allocating.c,
what one writes next.
"""

import poly_match_c2_allocating as native
import program

from ladder.rungs.r01_baseline import answers, close_sets, generate_example, main, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "C Polygon, an array per polygon"
ARITHMETIC = "numpy"
PROJECT = "extension"
C_FILE = "poly_match_c2_allocating.c"


class Polygon(native.Polygon):
    _area = None
    area = program.Polygon.area  # in Python, as before


def prepare() -> tuple:
    return generate_example(Polygon)


def candidates(polygons: list, points: list) -> list:
    return close_sets(native.find_close_polygons, polygons, points)


def run(polygons: list, points: list) -> list:
    return main(polygons, points, native.find_close_polygons)
