"""Rung 7: one function in C, the one the profile names, translated line by line.

Against the baseline: `find_close_polygons` is C, and nothing else. The polygons are the same Python
objects. For each one the loop gets the attribute `center`, reads its two numbers and compares. Callers
notice nothing. The C is examples/extension/poly_match_c1.c, what one writes first.
"""

from poly_match_c1 import find_close_polygons

from ladder.rungs.r01_baseline import answers, close_sets, main, prepare, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "C, line by line"
ARITHMETIC = "numpy"
PROJECT = "extension"
C_FILE = "poly_match_c1.c"


def candidates(polygons: list, points: list) -> list:
    return close_sets(find_close_polygons, polygons, points)


def run(polygons: list, points: list) -> list:
    return main(polygons, points, find_close_polygons)
