"""Geometry objects of shapely, wherever they come from, as plain arrays.

shapely is not needed by this package: the functions here run only when a caller hands over its objects, and
then it is imported already. Missing and empty geometries keep their row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match._numbers import Doubles

Objects = npt.NDArray[np.object_]
Offsets = npt.NDArray[np.int64]

POINT, POLYGON, MULTIPOLYGON = 0, 3, 6


def is_geometry(value: object) -> bool:
    """Return whether an object is a shapely geometry, without importing shapely."""
    return any(base.__module__.partition(".")[0] == "shapely" for base in type(value).__mro__)


def geometries_of(values: Any) -> Objects | None:
    """Return what holds geometries as a 1-D array of objects, or None when it does not.

    A GeoSeries or GeoDataFrame (anything with a `geometry` and a `crs`), an array of objects or a list
    counts when its first item that is not missing is a geometry, or when all are missing.
    """
    if hasattr(values, "geometry") and hasattr(values, "crs"):
        return np.asarray(values.geometry.values, dtype=object)
    if isinstance(values, (list, tuple)):
        first = next((value for value in values if not is_missing(value)), None)
        if not values or not (first is None or is_geometry(first)):
            return None
        objects = np.empty(len(values), dtype=object)
        objects[:] = values
        return objects
    if not hasattr(values, "__array__"):
        return None
    objects = np.asarray(values)
    if objects.dtype != object or objects.ndim != 1:
        return None
    first = next((value for value in objects if not is_missing(value)), None)
    return objects if first is None or is_geometry(first) else None


def is_missing(value: object) -> bool:
    """Return whether a value stands for a missing geometry: None, a NaN or pandas' NA."""
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ == "NAType"


def _checked(objects: Objects, argument: str, allowed: tuple[int, ...], expected: str) -> tuple[Objects, Any]:
    """Return the geometries with None for what is missing, and their types; another type is an error."""
    import shapely  # type: ignore[import-untyped]

    valid = shapely.is_valid_input(objects)
    if not valid.all():
        objects = objects.copy()
        for row in np.flatnonzero(~valid).tolist():
            if not is_missing(objects[row]):
                kind = type(objects[row]).__name__
                raise TypeError(f"{argument}[{row}]: expected {expected}, got {kind}")
            objects[row] = None
    types = shapely.get_type_id(objects)
    wrong = np.flatnonzero(~np.isin(types, (-1, *allowed)))
    if wrong.size:
        row = int(wrong[0])
        raise TypeError(f"{argument}[{row}]: expected {expected}, got {objects[row].geom_type}")
    return objects, types


def points_from_geometries(objects: Objects, argument: str) -> tuple[Doubles, Doubles]:
    """Return x and y of shapely Points; NaN where the point is missing or empty."""
    import shapely

    objects, _ = _checked(objects, argument, (POINT,), "a Point")
    empty = shapely.is_empty(objects)
    if empty.any():
        objects = objects.copy()
        objects[empty] = None
    return shapely.get_x(objects), shapely.get_y(objects)


def ragged_from_geometries(
    objects: Objects, argument: str
) -> tuple[Doubles, Offsets, Offsets, Offsets | None]:
    """Return the ragged arrays of shapely Polygons and MultiPolygons; missing ones have no vertices."""
    import shapely

    objects, types = _checked(objects, argument, (POLYGON, MULTIPOLYGON), "a Polygon or MultiPolygon")
    missing = types == -1
    if missing.any():
        objects = objects.copy()
        objects[missing] = shapely.Polygon()
    if not len(objects):
        return np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(1, np.int64), None
    _, coords, offsets = shapely.to_ragged_array(objects, include_z=False)
    rings, polygons, *geoms = (np.asarray(each, dtype=np.int64) for each in offsets)
    return coords, rings, polygons, geoms[0] if geoms else None
