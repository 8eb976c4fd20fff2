"""shapely geometries as plain arrays.

The package does not need shapely: these functions run only when a caller passes its objects, and then it is
already imported. Missing and empty geometries keep their row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match._forms.faults import Faults
from poly_match._forms.numbers import XY, Ragged, Rows, is_from, is_missing

Objects = npt.NDArray[np.object_]

MISSING, POINT, POLYGON, MULTIPOINT, MULTIPOLYGON, COLLECTION = -1, 0, 3, 4, 6, 7  # shapely's numbers


def is_shapely(value: object) -> bool:
    """Return whether a value is a geometry of shapely, without importing it."""
    return is_from(value, "shapely")


def rows_of(value: Any) -> Rows:
    """Return the rows of one geometry: the members of a collection, or itself."""
    return list(value.geoms) if value.geom_type == "GeometryCollection" else [value]


def points_of(rows: Rows, argument: str, faults: Faults) -> XY:
    """Return x and y of Points; NaN where one is missing or empty."""
    import shapely  # type: ignore[import-untyped]

    objects = _objects_of(rows)
    try:  # usually all are Points: two passes instead of five
        x, y = shapely.get_x(objects), shapely.get_y(objects)
    except (TypeError, shapely.errors.GEOSException):  # no geometry; an empty Point
        objects = _geometries(objects, argument, faults, "a Point")
        objects[shapely.is_empty(objects)] = None
        x, y = shapely.get_x(objects), shapely.get_y(objects)
    odd = np.flatnonzero(np.isnan(x))  # missing, or of another type
    types = shapely.get_type_id(objects[odd])
    for row in odd[(types != POINT) & (types != MISSING)].tolist():
        shape = objects[row]
        if shape.geom_type == "MultiPoint" and shapely.get_num_coordinates(shape) == 1:
            x[row], y[row] = shapely.get_coordinates(shape)[0]
        elif not shape.is_empty:
            faults.wrong_type(argument, row, "a Point", shape.geom_type)
    return x, y


def regions_of(rows: Rows, argument: str, faults: Faults) -> Ragged:
    """Return the ragged arrays of Polygons, MultiPolygons and collections; a missing one has no vertices."""
    import shapely

    objects = _geometries(_objects_of(rows), argument, faults, "a Polygon or MultiPolygon")
    if not len(objects):
        return np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(1, np.int64), None
    types = shapely.get_type_id(objects)
    odd = np.flatnonzero((types != POLYGON) & (types != MULTIPOLYGON))
    for row, empty in zip(odd.tolist(), shapely.is_empty(objects[odd]).tolist(), strict=True):
        shape = objects[row]
        objects[row] = shapely.Polygon()
        if shape is None or empty:
            continue
        if types[row] != COLLECTION:
            faults.wrong_type(argument, row, "a Polygon or MultiPolygon", shape.geom_type)
            continue
        members, has_others = _members(shape)
        objects[row] = shapely.MultiPolygon(members)
        if has_others:
            faults.dropped.append(row)
    _, coords, offsets = shapely.to_ragged_array(objects, include_z=False)
    rings, parts, *geoms = (np.asarray(each, dtype=np.int64) for each in offsets)
    return coords, rings, parts, geoms[0] if geoms else None


def _members(collection: Any) -> tuple[list[Any], bool]:
    """Return the polygons in a collection, however deep, and whether there is anything else in it."""
    polygons, has_others, left = [], False, [collection]
    while left:
        shape = left.pop()
        if shape.geom_type == "Polygon":
            polygons.append(shape)
        elif shape.geom_type in ("MultiPolygon", "GeometryCollection"):
            left += reversed(shape.geoms)
        else:
            has_others |= not shape.is_empty
    return polygons, has_others


def _objects_of(rows: Rows) -> Objects:
    return rows if isinstance(rows, np.ndarray) else np.fromiter(rows, dtype=object, count=len(rows))


def _geometries(objects: Objects, argument: str, faults: Faults, expected: str) -> Objects:
    """Return a copy with None for what is missing and for what is no geometry of shapely."""
    import shapely

    objects = objects.copy()
    for row in np.flatnonzero(~shapely.is_valid_input(objects)).tolist():
        if not is_missing(objects[row]):
            faults.wrong_type(argument, row, expected, type(objects[row]).__name__)
        objects[row] = None
    return objects
