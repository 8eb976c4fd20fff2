"""What is a real number here? Every numeric array becomes float64 or an exception that names the argument.

Text is never parsed, complex numbers are never truncated, objects are never guessed at; masked entries become
NaN, which a point may be and a region may not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]


def array_of(values: Any, argument: str) -> npt.NDArray[Any]:
    """Return `values` as an array of whatever type it has; a ragged nesting is an error with the name."""
    try:
        if hasattr(values, "filled") and hasattr(values, "mask"):  # numpy.ma
            return np.asarray(values.astype(np.float64).filled(np.nan))
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{argument}: expected numbers in rows of one length") from None


def is_real(array: npt.NDArray[Any]) -> bool:
    """Return whether the items are booleans, integers or floats; an empty list (float64) is fine as well."""
    return array.dtype.kind in "biuf"


def doubles_of(values: Any, argument: str) -> Doubles:
    """Return real numbers as aligned, native float64, without a copy when they are that already."""
    array = array_of(values, argument)
    if not is_real(array):
        raise TypeError(f"{argument}: expected real numbers, got dtype {array.dtype}")
    doubles = np.asarray(array, dtype=np.float64)
    return doubles if doubles.flags.aligned else doubles.copy()
