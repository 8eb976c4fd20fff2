"""shapely geometries as plain arrays.

The package does not need shapely: these functions run only when a caller passes its objects, and then it is
already imported. Missing and empty geometries keep their row.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._forms import parts
from poly_match._forms.faults import Faults
from poly_match._forms.numbers import XY, Doubles, Ragged, Rows, is_from, is_missing

Objects = npt.NDArray[np.object_]

MISSING, POINT, POLYGON, MULTIPOINT, MULTIPOLYGON, COLLECTION = -1, 0, 3, 4, 6, 7  # shapely's numbers
CACHED = 2048  # geometries
FEW_VERTICES = 32  # per polygon, on average
FEWER = 2  # polygons per point up to which all are looked at for a vertex that is not finite
# By shapely's number of a type: Point, LineString, LinearRing, Polygon, and the three that are Multi.
PARTS = np.array(
    [parts.POINT, parts.LINE, parts.LINE, parts.POLYGON, parts.POINT, parts.LINE, parts.POLYGON],
    dtype=np.intp,
)


def is_shapely(value: object) -> bool:
    """Return whether a value is a geometry of shapely, without importing it."""
    return type(value).__module__.startswith("shapely.") or is_from(value, "shapely")


def rows_of(value: Any) -> Rows:
    """Return the rows of one geometry: the members of a collection, or itself."""
    return list(value.geoms) if value.geom_type == "GeometryCollection" else [value]


def points_of(rows: Rows, argument: str, faults: Faults) -> XY:
    """Return x and y of Points; NaN where one is missing or empty."""
    import shapely  # type: ignore[import-untyped]

    objects = _objects_of(rows)
    if (plain := plain_points(objects)) is not None:
        return plain
    try:  # usually all are Points: two passes instead of five
        x, y = _xy_of(objects)
    except (TypeError, shapely.errors.GEOSException):  # no geometry; an empty Point
        objects = _geometries(objects, argument, faults, "a Point")
        objects[shapely.is_empty(objects)] = None
        x, y = _xy_of(objects)
    odd = np.flatnonzero(np.isnan(x))  # missing, or of another type
    types = shapely.get_type_id(objects[odd])
    for row in odd[(types != POINT) & (types != MISSING)].tolist():
        shape = objects[row]
        if shape.geom_type == "MultiPoint" and shapely.get_num_coordinates(shape) == 1:
            x[row], y[row] = shapely.get_coordinates(shape)[0]
        elif not shape.is_empty:
            faults.wrong_type(argument, row, "a Point", shape.geom_type)
    return x, y


def _xy_of(objects: Objects) -> XY:
    """Return the coordinates of Points: of some at a time, so that the cache still has them for y.

    A million take 75 ms instead of 105, and 90 with `shapely.get_coordinates`.
    """
    import shapely

    x, y = np.empty(len(objects)), np.empty(len(objects))
    for some in _cached(len(objects)):
        shapely.get_x(objects[some], out=x[some])
        shapely.get_y(objects[some], out=y[some])
    return x, y


def _cached(count: int) -> Iterator[slice]:
    """Yield slices of this many rows, so short that the cache has its geometries for several passes."""
    return (slice(first, first + CACHED) for first in range(0, count, CACHED))


def objects_in(polygons: Any) -> Objects | None:
    """Return the geometries of an array, list, frame or series; None for other forms."""
    if hasattr(polygons, "to_crs"):
        polygons = np.asarray(getattr(polygons, "geometry", polygons), dtype=object)
    if type(polygons) is list:
        if not polygons or not is_shapely(polygons[0]):
            return None
        return _objects_of(polygons)
    plain = type(polygons) is np.ndarray and polygons.dtype == object and polygons.ndim == 1
    return polygons if plain and len(polygons) and is_shapely(polygons[0]) else None


def match_plain(
    objects: Objects,
    rule: str,
    scores: npt.NDArray[Any] | None,
    x: Doubles,
    y: Doubles,
    out: npt.NDArray[np.int64],
) -> bool:
    """Match points with polygons that are read one by one, and return whether that was done.

    It is not where an index is cheaper, where a row is no polygon, and where one has a vertex that is not
    finite, to say which. To look for such a vertex takes as long as to read it: where points are few,
    polygons of very many are only looked at if their box holds one.
    """
    if not _reads_directly():
        return False
    is_thorough = FEWER * len(x) > len(objects)
    return _core.shapely_match(objects, "covers", rule, scores, x, y, out, is_thorough)


def plain_polygons(objects: Objects) -> Ragged | None:
    """Return the arrays of geometries that are Polygons and MultiPolygons, all of them finite; else None."""
    found = _core.shapely_polygons(objects) if _reads_directly() else None
    return None if found is None else (*found, None)


def plain_points(objects: Objects) -> XY | None:
    """Return x and y of geometries that are Points, NaN for missing and empty ones; None for others."""
    return _core.shapely_points(objects) if _reads_directly() else None


@cache
def _reads_directly() -> bool:
    """Return whether the extension can read shapely's geometries itself."""
    from shapely import lib

    interface = getattr(lib, "_C_API", None)
    return interface is not None and _core.use_shapely(lib.__file__, interface)


def regions_of(rows: Rows, argument: str, faults: Faults) -> Ragged:
    """Return the ragged arrays of regions and collections of them; a missing one has no vertices."""
    import shapely

    objects = _objects_of(rows)
    try:
        types = shapely.get_type_id(objects)
        if len(objects) and ((types == POLYGON) | (types == MULTIPOLYGON)).all():  # as usual
            return polygons_of(objects)
    except TypeError:  # a row that is no geometry
        pass
    objects = _geometries(_objects_of(rows), argument, faults, faults.expected)
    if not len(objects):
        return parts.none()
    types = shapely.get_type_id(objects)
    odd = np.flatnonzero((types != POLYGON) & (types != MULTIPOLYGON))
    kinds = np.full(len(objects), parts.POLYGON, dtype=np.intp)
    if faults.takes_lines:
        known = odd[(types[odd] >= POINT) & (types[odd] < COLLECTION)]
        kinds[known] = PARTS[types[known]]
        odd = odd[(types[odd] < POINT) | (types[odd] >= COLLECTION)]
    for row, empty in zip(odd.tolist(), shapely.is_empty(objects[odd]).tolist(), strict=True):
        shape = objects[row]
        objects[row] = shapely.Polygon()
        if shape is None or empty:
            continue
        if types[row] != COLLECTION:
            faults.no_region(argument, row, shape.geom_type)
            continue
        kinds[row], objects[row], has_others = _members(shape, faults.takes_lines)
        if has_others:
            faults.dropped.append(row)
    surfaces, lines, points = (np.flatnonzero(kinds == kind) for kind in range(3))
    return parts.joined(
        [
            (surfaces, polygons_of(objects[surfaces])),
            (lines, _lines(objects[lines])),
            (points, _points(objects[points])),
        ]
    )


def polygons_of(objects: Objects) -> Ragged:
    """Return the arrays of Polygons and MultiPolygons.

    Their coordinates are copied in one pass, and only those of several rings are taken apart, for the sizes
    of the rings: `shapely.to_ragged_array` makes an object of each ring and takes six times as long for
    squares.
    """
    import shapely

    if not len(objects):
        return parts.none()
    each: list[Doubles] = []
    sizes, several = np.empty(len(objects), np.intp), np.empty(len(objects), bool)
    for some in _cached(len(objects)):
        sizes[some] = shapely.get_num_coordinates(objects[some])
        several[some] = shapely.get_num_interior_rings(objects[some]) > 0
        several[some] |= shapely.get_type_id(objects[some]) == MULTIPOLYGON
        if sizes[some].sum() <= FEW_VERTICES * len(objects[some]) and len(each) == some.start // CACHED:
            each.append(shapely.get_coordinates(objects[some]))
    if len(each) * CACHED < len(objects):  # long rings: what counts is that they are copied once
        each = [shapely.get_coordinates(objects)]
    coords = each[0] if len(each) == 1 else np.concatenate(each)
    if not several.any():
        return coords, parts.offsets_of(sizes), np.arange(len(objects) + 1), None, None
    polygons, owners = shapely.get_parts(objects[several], return_index=True)
    rings, polygon_of_ring = shapely.get_rings(polygons, return_index=True)
    polygon_counts = _one_or(several, np.bincount(owners, minlength=int(several.sum())))
    among_polygons = np.repeat(several, polygon_counts)
    ring_counts = _one_or(among_polygons, np.bincount(polygon_of_ring, minlength=len(polygons)))
    among_rings = np.repeat(among_polygons, ring_counts)
    ring_sizes = np.empty(len(among_rings), dtype=np.int64)
    ring_sizes[among_rings] = shapely.get_num_coordinates(rings)
    ring_sizes[~among_rings] = sizes[~several]
    geoms = None if (polygon_counts == 1).all() else parts.offsets_of(polygon_counts)
    return coords, parts.offsets_of(ring_sizes), parts.offsets_of(ring_counts), geoms, None


def _one_or(several: npt.NDArray[np.bool_], counts: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return 1 for each item, but the counts for those that are several."""
    ones = np.ones(len(several), dtype=np.intp)
    ones[several] = counts
    return ones


def _lines(objects: Objects) -> Ragged:
    import shapely

    each, owners = shapely.get_parts(objects, return_index=True)
    filled = ~shapely.is_empty(each)
    each, owners = each[filled], owners[filled]
    geoms = parts.offsets_of(np.bincount(owners, minlength=len(objects)))
    offsets = parts.offsets_of(shapely.get_num_coordinates(each))
    return parts.lines(shapely.get_coordinates(each), offsets, geoms)


def _points(objects: Objects) -> Ragged:
    """Return the arrays of Points and MultiPoints; what is empty has no coordinates."""
    import shapely

    counts = shapely.get_num_coordinates(objects)
    geoms = None if (counts == 1).all() else parts.offsets_of(counts)
    return parts.points(shapely.get_coordinates(objects), geoms)


def _members(collection: Any, takes_lines: bool) -> tuple[int, Any, bool]:
    """Return the members of a collection that are its region, however deep.

    That is their kind, one geometry of all of them, and whether there is anything else in it.
    """
    import shapely

    found: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    left = [collection]
    has_others = False
    while left:
        shape = left.pop()
        if shape.geom_type.startswith(("Multi", "GeometryCollection")):
            left += reversed(shape.geoms)
        elif shape.geom_type in ("Point", "LineString", "LinearRing", "Polygon"):
            kind = int(PARTS[shapely.get_type_id(shape)])
            if not shape.is_empty or kind == parts.POLYGON:
                found[kind].append(shape)
        else:
            has_others |= not shape.is_empty
    kind = parts.POLYGON
    if takes_lines and all(shape.is_empty for shape in found[parts.POLYGON]):
        kind = parts.LINE if found[parts.LINE] else parts.POINT
    make = (shapely.MultiPolygon, shapely.MultiLineString, shapely.MultiPoint)[kind]
    has_others |= any(found[other] for other in (parts.LINE, parts.POINT) if other != kind)
    return kind, make(found[kind]), has_others


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
