"""What is a real number here? Every numeric array becomes float64 or an exception that names the argument.

Text is never parsed, complex numbers are never truncated, objects are never guessed at; masked and missing
entries become NaN, which a point may be and a region may not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Offsets = npt.NDArray[np.int64]
XY = tuple[Doubles, Doubles]  # of points
Rows = Sequence[Any] | npt.NDArray[np.object_]  # one object each
Ragged = tuple[
    Doubles, Offsets, Offsets, Offsets | None
]  # coordinates, rings, polygons, regions: see `Regions`


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


def is_from(value: object, *libraries: str) -> bool:
    """Return whether an object's class is of a library, or derives from one, without importing it."""
    return any(base.__module__.partition(".")[0] in libraries for base in type(value).__mro__)


def is_missing(value: object) -> bool:
    """Return whether a value stands for a missing one: None, a NaN or pandas' NA."""
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ == "NAType"


def doubles_of(values: Any, argument: str) -> Doubles:
    """Return real numbers as aligned, native float64, without a copy when they are that already."""
    array = array_of(values, argument)
    if array.dtype == object and is_numeric_pandas(values):
        array = values.to_numpy(np.float64, na_value=np.nan)
    if not is_real(array):
        raise TypeError(f"{argument}: expected real numbers, got dtype {array.dtype}")
    doubles = np.asarray(array, dtype=np.float64)
    return doubles if doubles.flags.aligned else doubles.copy()


def is_numeric_pandas(values: Any) -> bool:
    """Return whether this is pandas and all columns are numeric, though some numbers may be missing."""
    if not is_from(values, "pandas") or not hasattr(values, "ndim"):
        return False
    dtypes = values.dtypes if values.ndim == 2 else [values.dtype]
    return all(dtype.kind in "biuf" for dtype in dtypes)


def pairs_of(rows: list[Any], argument: str) -> Doubles:
    """Return rows of two numbers as an (n, 2) array; a row that does not fit is looked for only then."""
    if not rows:
        return np.empty((0, 2))
    try:
        array = array_of(rows, argument)
    except ValueError:
        array = np.empty((0, 0))
    if array.ndim == 2 and array.shape[1] == 2 and is_real(array):
        return doubles_of(array, argument)
    for row, each in enumerate(rows):
        pair = doubles_of(each, f"{argument}[{row}]")
        if pair.shape != (2,):
            raise ValueError(f"{argument}[{row}]: expected two numbers, got shape {pair.shape}")
    # Every row alone is two real numbers, and together they have no common type: 2**63 beside -1, say.
    return np.array([doubles_of(each, argument) for each in rows])


def check_order(names: Sequence[object], argument: str) -> None:
    """Refuse two columns of coordinates whose names say that they come as (y, x)."""
    pair = tuple(str(name).lower() for name in names[:2])
    if pair in (("y", "x"), ("lat", "lon"), ("lat", "lng"), ("latitude", "longitude")):
        raise ValueError(f"{argument}: expected the columns (x, y) in this order, got ({', '.join(pair)})")
