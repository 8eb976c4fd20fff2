"""Rung 15: both functions native, over native polygons; only the loop over the points is Python.

Against rung 14: the selection is native too. No Python code runs per polygon any more. What remains is what
the interface between the two functions costs: a list of candidates is made for each point, filled with
references, and read once.
"""

from poly_match import select_best_polygon

from ladder.rungs.r10_native_find import candidates
from ladder.rungs.r14_native_area import answers, prepare

__all__ = ["answers", "prepare", "run"]

NAME = "native area() and select"
ARITHMETIC = "exact"
PROJECT = "poly_match"


def run(polygons: list, points: list) -> list:
    return select_best_polygon(candidates(polygons, points))
