"""One column of numbers from any library: NumPy, pandas, Arrow, or a list."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from poly_match._forms import arrow, numbers
from poly_match._forms.numbers import Doubles

__all__ = ["doubles_in", "numbers_in"]


def numbers_in(column: Any, argument: str) -> npt.NDArray[Any]:
    """Return the numbers of a column as integers or floats: as floats if some are missing (NaN)."""
    if arrow.is_arrow(column) and not numbers.is_from(column, "pandas"):
        found = arrow.numbers_of(column, argument)
        if found is not None:
            return found
    return numbers.numbers_of(column, argument)


def doubles_in(column: Any, argument: str) -> Doubles:
    """Return the numbers of a column as aligned float64."""
    return numbers.doubles_of(numbers_in(column, argument), argument)
