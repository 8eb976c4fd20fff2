"""What comes in on the point side: every form of points a user may hold, as two strided arrays.

The engine reads x and y through strides, so an (n, 2) array is used where it lies. A list of points is rows,
a tuple is the two columns (x, y), always: two points in a tuple are not guessed at.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from poly_match._numbers import Doubles, array_of, doubles_of, is_real
from poly_match._shapely import geometries_of, is_geometry, points_from_geometries

FORMS = (
    "an (n, 2) array, a tuple (x, y) of 1-D arrays, a list of points (two numbers each), an array or list of "
    "shapely Points, or a GeoSeries"
)


def xy_of(points: Any) -> tuple[Doubles, Doubles]:
    """Return x and y as aligned float64 arrays of one length, as views where that is possible."""
    if type(points) is np.ndarray and points.dtype is _DOUBLE and points.ndim == 2 and points.shape[1] == 2:
        if not points.flags.aligned:
            points = points.copy()
        return points[:, 0], points[:, 1]
    if isinstance(points, tuple):
        return _plain_columns(points) or _from_columns(points)
    if is_geometry(points):
        raise TypeError("points: expected several, got one Point; put it in a list")
    objects = geometries_of(points)
    if objects is not None:
        return points_from_geometries(objects, "points")
    if isinstance(points, list):
        return _from_rows(points)
    if not hasattr(points, "__array__"):
        raise TypeError(f"points: expected {FORMS}; got {type(points).__name__}")
    return _split(doubles_of(points, "points"))


_DOUBLE = np.dtype(np.float64)


def _plain_columns(points: tuple[Any, ...]) -> tuple[Doubles, Doubles] | None:
    """Return the columns where nothing has to be done to them, as in most calls with few points."""
    if len(points) != 2:
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


def _split(array: Doubles) -> tuple[Doubles, Doubles]:
    if array.ndim != 2 or array.shape[1] != 2:
        hint = "; one point is [(x, y)]" if array.shape == (2,) else ""
        raise ValueError(f"points: expected shape (n, 2), got {array.shape}{hint}")
    return array[:, 0], array[:, 1]


def _from_columns(points: tuple[Any, ...]) -> tuple[Doubles, Doubles]:
    if len(points) != 2:
        raise ValueError(
            f"points: a tuple is the two arrays (x, y), got {len(points)} items; rows go in a list"
        )
    x, y = (doubles_of(column, f"points[{axis}]") for axis, column in enumerate(points))
    for axis, column in enumerate((x, y)):
        if column.ndim != 1:
            raise ValueError(
                f"points[{axis}]: a tuple is (x, y), two 1-D arrays; got shape {column.shape}"
                + ("; one point is [(x, y)]" if column.ndim == 0 else "")
            )
    if len(x) != len(y):
        raise ValueError(f"points: x has {len(x)} items and y has {len(y)}")
    return x, y


def _from_rows(points: list[Any]) -> tuple[Doubles, Doubles]:
    """Return the columns of a list of points; a row that does not fit is looked for only then."""
    if not points:
        return np.empty(0), np.empty(0)
    try:
        array = array_of(points, "points")
    except ValueError:
        array = np.empty((0, 0))
    if array.ndim == 2 and array.shape[1] == 2 and is_real(array):
        return _split(doubles_of(array, "points"))
    for row, point in enumerate(points):
        pair = doubles_of(point, f"points[{row}]")
        if pair.shape != (2,):
            raise ValueError(f"points[{row}]: expected two numbers, got shape {pair.shape}")
    # Every row alone is two real numbers, and together they have no common type: 2**63 beside -1, say.
    return _split(np.array([doubles_of(point, "points") for point in points]))
