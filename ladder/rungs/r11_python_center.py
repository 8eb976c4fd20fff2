"""Rung 11: a native polygon whose `center` a subclass overrides with a Python property.

Against rung 12: an override is honoured, so the native loop calls Python code 100,000 times, and each call
makes an array. This is not the price of an allocation (that is rung 8): most of it is what calling a Python
function costs, and turning a tuple of Python numbers into an array. A native object with a detour through
Python is slower than a plain Python object.
"""

import numpy as np
import poly_match

from ladder.rungs import r12_native_polygon as native
from ladder.rungs.r01_baseline import answers, generate_example
from ladder.rungs.r10_native_find import candidates, run, select_best_polygon

__all__ = ["answers", "candidates", "prepare", "run", "select_best_polygon"]

NAME = "Polygon, center overridden in Python"
ARITHMETIC = "numpy"
PROJECT = "poly_match"


class Polygon(native.Polygon):
    def __init__(self, x, y):
        super().__init__(x, y)
        self._center = tuple(poly_match.Polygon.center.__get__(self).tolist())

    @property
    def center(self):
        return np.array(self._center)


def prepare() -> tuple:
    return generate_example(Polygon)
