"""Rung 10: rung 7's function from the library, over the same Python objects.

Against rung 7: where `center` is a `cached_property` or a plain attribute, the library finds the array in
the instance's dictionary by itself, checks that it holds two doubles and reads them in place: no attribute
protocol, no number object. It also compares exactly, whatever the rounding.
"""

from poly_match import find_close_polygons

from ladder.rungs.r01_baseline import answers, close_sets, main, prepare, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "native find, Python objects"
ARITHMETIC = "numpy"
PROJECT = "poly_match"


def candidates(polygons: list, points: list) -> list:
    return close_sets(find_close_polygons, polygons, points)


def run(polygons: list, points: list) -> list:
    return main(polygons, points, find_close_polygons)
