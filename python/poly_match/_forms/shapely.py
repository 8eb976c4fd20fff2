"""shapely geometries as plain arrays.

The package does not need shapely: these functions run only when a caller passes its objects, and then it is
already imported. Missing and empty geometries keep their row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from poly_match._errors import type_error
from poly_match._forms.numbers import XY, Ragged, Rows, is_from, is_missing

Objects = npt.NDArray[np.object_]

POINT, POLYGON, MULTIPOLYGON = 0, 3, 6


def is_shapely(value: object) -> bool:
    """Return whether a value is a geometry of shapely, without importing it."""
    return is_from(value, "shapely")


def points_of(rows: Rows, argument: str) -> XY:
    """Return x and y of Points; NaN where one is missing or empty."""
    import shapely  # type: ignore[import-untyped]

    objects = _objects_of(rows)
    try:  # usually all are Points: two passes instead of five
        x, y = shapely.get_x(objects), shapely.get_y(objects)
    except (TypeError, shapely.errors.GEOSException):  # no geometry; an empty Point
        objects = _checked(objects, argument, (POINT,), "a Point")
        objects = _with(objects, shapely.is_empty(objects), None)
        return shapely.get_x(objects), shapely.get_y(objects)
    nowhere = np.flatnonzero(np.isnan(x))  # missing, or of another type
    if nowhere.size:
        _check_types(objects, nowhere, argument, (POINT,), "a Point")
    return x, y


def regions_of(rows: Rows, argument: str) -> Ragged:
    """Return the ragged arrays of Polygons and MultiPolygons; a missing one has no vertices."""
    import shapely

    objects = _checked(_objects_of(rows), argument, (POLYGON, MULTIPOLYGON), "a Polygon or MultiPolygon")
    objects = _with(objects, shapely.is_missing(objects), shapely.Polygon())
    if not len(objects):
        return np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(1, np.int64), None
    _, coords, offsets = shapely.to_ragged_array(objects, include_z=False)
    rings, polygons, *geoms = (np.asarray(each, dtype=np.int64) for each in offsets)
    return coords, rings, polygons, geoms[0] if geoms else None


def _with(objects: Objects, rows: npt.NDArray[np.bool_], value: object) -> Objects:
    """Return a copy with another value in some rows."""
    objects = objects.copy()
    objects[rows] = value
    return objects


def _objects_of(rows: Rows) -> Objects:
    return rows if isinstance(rows, np.ndarray) else np.fromiter(rows, dtype=object, count=len(rows))


def _checked(objects: Objects, argument: str, allowed: tuple[int, ...], expected: str) -> Objects:
    """Return the geometries, with None for missing ones; raise for other objects and types."""
    import shapely

    valid = shapely.is_valid_input(objects)
    if not valid.all():
        objects = objects.copy()
        for row in np.flatnonzero(~valid).tolist():
            if not is_missing(objects[row]):
                kind = type(objects[row]).__name__
                raise type_error(argument, f"expected {expected}, got {kind}", row=row)
            objects[row] = None
    _check_types(objects, np.arange(len(objects)), argument, allowed, expected)
    return objects


def _check_types(
    objects: Objects, rows: npt.NDArray[np.intp], argument: str, allowed: tuple[int, ...], expected: str
) -> None:
    """Raise if some rows hold geometries of another type."""
    import shapely

    wrong = rows[~np.isin(shapely.get_type_id(objects[rows]), (-1, *allowed))]
    if wrong.size:
        row = int(wrong[0])
        raise type_error(argument, f"expected {expected}, got {objects[row].geom_type}", row=row)
