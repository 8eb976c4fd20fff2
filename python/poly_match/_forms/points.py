"""Points in every supported form, as two strided arrays.

The engine reads x and y through strides, so an (n, 2) array is not copied. A list is always rows of points,
a tuple the two columns (x, y): two plain pairs in a tuple may be either, and are an error.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._errors import type_error, value_error
from poly_match._forms import arrow
from poly_match._forms.column import doubles_in
from poly_match._forms.faults import Faults
from poly_match._forms.file_rows import FileRows
from poly_match._forms.numbers import (
    XY,
    Doubles,
    check_order,
    double_of,
    doubles_of,
    is_number,
    is_numeric_pandas,
    pairs_of,
)
from poly_match._forms.shapely import is_shapely, plain_points
from poly_match._forms.table import WORDS, array_in, geometry_in

FORMS = (
    "an (n, 2) array, a tuple (x, y) of 1-D arrays, a list of points (two numbers each), a table of two "
    f"numeric columns (x, y), or Points as {WORDS}"
)

Number = float | Decimal | np.floating[Any] | np.integer[Any] | None  # None: missing

ONE_POINT = "one point is [(x, y)]"


def xy_of(points: Any) -> XY:
    """Return x and y as aligned float64 arrays of one length, as views if possible."""
    if (plain := _plain(points)) is not None:
        return plain
    faults = Faults()
    found = read_points(points, faults)
    faults.check()
    return found


def read_points(points: Any, faults: Faults) -> XY:
    """Return x and y, and NaN for rows that are no points, which are noted."""
    if isinstance(points, FileRows):
        return points.x, points.y
    if (plain := _plain(points)) is not None:
        return plain
    if isinstance(points, tuple):
        return _from_columns(points)
    points = array_in(points)
    if is_numeric_pandas(points):
        if points.ndim == 2:
            check_order(points.columns, "points")
        return _split(doubles_of(points, "points"))
    held = geometry_in(points, "points")
    if held is not None:
        form, rows = held
        return form.points(rows, "points", faults)
    if isinstance(points, np.ndarray) and points.dtype == object and points.ndim == 1:
        points = list(points)
    if isinstance(points, list):
        if len(points) == 2 and all(map(is_number, points)):
            raise value_error("points", f"expected shape (n, 2), got two numbers; {ONE_POINT}")
        return _split(pairs_of(points, "points", faults))
    if not hasattr(points, "__array__"):
        raise type_error("points", f"expected {FORMS}; got {type(points).__name__}")
    return _split(doubles_of(points, "points"))


def point_of(x: Any, y: Any) -> tuple[float, float]:
    """Return the two numbers of one point as floats."""
    for argument, value in (("x", x), ("y", y)):
        if _has_items(value):
            raise type_error(
                argument,
                f"expected one number, got {type(value).__name__}; arrays go in a tuple: match((x, y))",
            )
    return double_of(x, "x"), double_of(y, "y")


def _has_items(value: Any) -> bool:
    """Return whether this is an array, a list, a column or a table, and not a single value."""
    if isinstance(value, (str, bytes)):
        return False
    dimensions = getattr(value, "ndim", None)
    if isinstance(dimensions, int):
        return dimensions > 0
    return hasattr(value, "__len__") or hasattr(value, "__iter__") or arrow.is_arrow(value)


def are_bad(x: Doubles, y: Doubles) -> npt.NDArray[np.bool_]:
    """Return which points have a coordinate that is missing or not finite: they match nothing."""
    return ~(np.isfinite(x) & np.isfinite(y))


_DOUBLE, _OBJECT = np.dtype(np.float64), np.dtype(object)


def _plain(points: Any) -> XY | None:
    """Return x and y of plain numbers, at once, since most calls are for few points; None for other forms."""
    kind = type(points)
    if kind is list:
        return _core.plain_points(points)
    if kind is np.ndarray:
        if points.dtype is _DOUBLE and points.ndim == 2 and points.shape[1] == 2:
            if not points.flags.aligned:
                points = points.copy()
            return points[:, 0], points[:, 1]
        if points.dtype is _OBJECT and points.ndim == 1 and len(points) and is_shapely(points[0]):
            return plain_points(points)
        return None
    if kind is not tuple or len(points) != 2:
        return None
    x, y = points
    plain = (
        type(x) is type(y) is np.ndarray
        and x.dtype is y.dtype is _DOUBLE
        and x.ndim == y.ndim == 1
        and len(x) == len(y)
        and x.flags.aligned
        and y.flags.aligned
    )
    return (x, y) if plain else None


def _split(array: Doubles) -> XY:
    if array.shape == (0,):
        array = array.reshape(0, 2)
    if array.ndim != 2 or array.shape[1] != 2:
        hint = f"; {ONE_POINT}" if array.shape == (2,) else ""
        raise value_error("points", f"expected shape (n, 2), got {array.shape}{hint}")
    return array[:, 0], array[:, 1]


def _from_columns(points: tuple[Any, ...]) -> XY:
    if len(points) != 2:
        raise value_error(
            "points", f"a tuple is the two arrays (x, y), got {len(points)} items; rows go in a list"
        )
    if all(map(is_number, points)):
        raise value_error("points", f"a tuple is the two arrays (x, y), got two numbers; {ONE_POINT}")
    if all(type(each) in (tuple, list) and len(each) == 2 and all(map(is_number, each)) for each in points):
        (a, b), (c, d) = points
        raise value_error(
            "points",
            f"two pairs in a tuple may be two points or the columns (x, y): write points as [({a}, {b}), "
            f"({c}, {d})], or (x, y) as two arrays: (np.array([{a}, {b}]), np.array([{c}, {d}]))",
        )
    x, y = (doubles_in(column, f"points[{axis}]") for axis, column in enumerate(points))
    for axis, column in enumerate((x, y)):
        if column.ndim != 1:
            raise value_error(
                f"points[{axis}]",
                f"a tuple is (x, y), two 1-D arrays; got shape {column.shape}"
                + (f"; {ONE_POINT}" if column.ndim == 0 else ""),
            )
    if len(x) != len(y):
        raise value_error("points", f"x has {len(x)} items and y has {len(y)}")
    return x, y
