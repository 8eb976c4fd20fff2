"""Rung 10: the native polygon as it comes, with its own `area()`; the selection is the Python loop again.

Against rung 8: calling `area()` runs C directly instead of a Python function, whose call alone costs more
than the answer it looks up. This area is the correctly rounded one, so all the areas that are equal up to
NumPy's rounding errors become equal, or differ by what the coordinates really say: the winners are other
polygons than those of the rungs before, and the same ones on every machine.
"""

from poly_match import Polygon

from ladder.rungs.r01_baseline import answers, example
from ladder.rungs.r06_native_find import candidates, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "native area()"
ARITHMETIC = "exact"


def prepare() -> tuple:
    return example(Polygon)


def run(polygons: list, points: list) -> list:
    return select_best_polygon(candidates(polygons, points))
