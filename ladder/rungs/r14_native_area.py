"""Rung 14: the native polygon as it comes, with its own `area()`; the selection is the Python loop again.

Against rung 12: calling `area()` runs C directly instead of a Python function, whose call alone costs more
than the answer it looks up. This area is the correctly rounded one, so all the areas that are equal up to
NumPy's rounding errors become equal, or differ by what the coordinates really say: the winners are other
polygons than those of the rungs before, and the same ones on every machine.
"""

from poly_match import Polygon

from ladder.rungs.r01_baseline import answers, generate_example
from ladder.rungs.r10_native_find import candidates, run, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "native area()"
ARITHMETIC = "exact"
PROJECT = "poly_match"


def prepare() -> tuple:
    return generate_example(Polygon)
