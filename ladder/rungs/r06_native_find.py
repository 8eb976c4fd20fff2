"""Rung 6: one function in C, the one the profile names. Everything else is the baseline's.

Against the baseline: `find_close_polygons` is native, and nothing else. The polygons are the same Python
objects. For each one the C loop asks for the attribute `center`, sees an array of two doubles, reads them
where they lie and compares exactly. What is left per polygon is that attribute look-up: no call of a Python
function, no temporary array, no number object. Callers notice nothing.
"""

from poly_match import find_close_polygons

from ladder.rungs.r01_baseline import MAX_DIST, answers, prepare, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "native find, Python objects"
ARITHMETIC = "numpy"


def candidates(polygons: list, points: list) -> list:
    polygon_sets = []
    for point in points:
        close = find_close_polygons(polygons, point, MAX_DIST)
        if close:
            polygon_sets.append((point, close))
    return polygon_sets


def run(polygons: list, points: list) -> list:
    return select_best_polygon(candidates(polygons, points))
