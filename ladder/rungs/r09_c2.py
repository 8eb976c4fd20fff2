"""Rung 9: the C loop reads the center where it is stored, and allocates nothing per polygon.

Against rung 8: not the getter, but two doubles of the C object. A polygon costs two loads, a few
multiplications and a comparison. The subclass still brings its own `area()`, in NumPy, and
`select_best_polygon` is still the Python loop: it has become most of the time. See the ceiling beside this
rung: no faster `find_close_polygons` can get below it. The C is examples/extension/poly_match_c2.c.
"""

import poly_match_c2 as native
import program

from ladder.rungs.r01_baseline import answers, close_sets, generate_example, main, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "C Polygon, no allocation"
ARITHMETIC = "numpy"
PROJECT = "extension"
C_FILE = "poly_match_c2.c"


class Polygon(native.Polygon):
    _area = None
    area = program.Polygon.area  # in Python, as before


def prepare() -> tuple:
    return generate_example(Polygon)


def candidates(polygons: list, points: list) -> list:
    return close_sets(native.find_close_polygons, polygons, points)


def run(polygons: list, points: list) -> list:
    return main(polygons, points, native.find_close_polygons)
