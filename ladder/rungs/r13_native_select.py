"""Rung 13: the second function in C as well, over the same polygons with the same Python `area()`.

Against rung 12: `select_best_polygon` is the library's. It still calls the subclass's `area()`, because an
override is an override, but once for each candidate polygon of the whole call, where the loop in Python
calls it twice for each candidate of each point. That breaks through the ceiling of rung 12 without touching
the researchers' code.
"""

from poly_match import select_best_polygon

from ladder.rungs.r10_native_find import candidates
from ladder.rungs.r12_native_polygon import answers, prepare

__all__ = ["answers", "prepare", "run"]

NAME = "the same, and native select"
ARITHMETIC = "numpy"
PROJECT = "poly_match"


def run(polygons: list, points: list) -> list:
    return select_best_polygon(candidates(polygons, points))
