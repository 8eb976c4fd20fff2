"""GeoJSON mappings, and objects that have a `__geo_interface__`.

Geometries and Features are one row each, a FeatureCollection is several. z is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from poly_match._errors import InputError, type_error, value_error
from poly_match._forms.faults import Faults
from poly_match._forms.numbers import XY, Doubles, Offsets, Ragged, Rows, doubles_of, is_missing, pair_of

COLLECTION = "GeometryCollection"
KINDS = (
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    COLLECTION,
)


def is_geojson(value: object) -> bool:
    """Return whether a value is a GeoJSON mapping, or has one."""
    return (isinstance(value, Mapping) and "type" in value) or hasattr(value, "__geo_interface__")


def rows_of(value: Any, argument: str) -> Rows:
    """Return the rows of one GeoJSON object: the members of a collection, or itself."""
    mapping = _mapping_of(value)
    kind = mapping.get("type")
    if kind == "FeatureCollection":
        return _items(mapping.get("features"), "the features of a FeatureCollection", argument, None)
    if kind == COLLECTION:
        return _items(mapping.get("geometries"), "the geometries of a collection", argument, None)
    return [mapping]


def points_of(rows: Rows, argument: str, faults: Faults) -> XY:
    """Return x and y of Points; NaN where one is missing or empty."""
    pairs = np.full((len(rows), 2), np.nan)
    for row, value in enumerate(rows):
        try:
            geometry = _geometry_of(value, argument, row, "a Point")
            position = _position_of(geometry, argument, row)
            if position is None:
                faults.wrong_type(argument, row, "a Point", geometry["type"])
            elif len(position):
                pairs[row] = pair_of(position[:2], argument, row)
        except InputError as error:
            faults.note(row, error)
    return pairs[:, 0], pairs[:, 1]


def _position_of(geometry: Mapping[str, Any], argument: str, row: int) -> Rows | None:
    """Return the position of a Point or of a MultiPoint of one, () of what is empty, None of others."""
    if not geometry or _is_empty(geometry, argument, row):
        return ()
    if geometry["type"] == "Point":
        return _coordinates_of(geometry, argument, row)
    if geometry["type"] != "MultiPoint":
        return None
    positions = _coordinates_of(geometry, argument, row)
    return _items(positions[0], "a position", argument, row) if len(positions) == 1 else None


def regions_of(rows: Rows, argument: str, faults: Faults) -> Ragged:
    """Return the ragged arrays of regions and collections of them; a missing one has no vertices."""
    rings: list[Doubles] = []
    polygons, geoms, kinds = [0], [0], bytearray()
    for row, value in enumerate(rows):
        try:
            found = Found([], [], [], False)
            geometry = _geometry_of(value, argument, row, faults.expected)
            if geometry and not _is_empty(geometry, argument, row):
                found = _parts_of(geometry, faults.takes_lines, argument, row)
                if found.has_others and geometry["type"] == COLLECTION:
                    faults.dropped.append(row)
                elif found.has_others:
                    faults.no_region(argument, row, geometry["type"])
        except InputError as error:
            faults.note(row, error)
            found = Found([], [], [], False)
        for kind, each in enumerate((found.polygons, found.lines, found.points)):
            for part in each:
                rings += part
                polygons.append(len(rings))
                kinds.append(kind)
        geoms.append(len(polygons) - 1)
    ends = np.cumsum([0, *map(len, rings)])
    coords = np.concatenate([np.empty((0, 2)), *rings])
    return (
        coords,
        ends,
        _offsets(polygons),
        _offsets(geoms),
        np.array(kinds, np.uint8) if any(kinds) else None,
    )


class Found(NamedTuple):
    """The parts of a geometry, each as its rings, and whether there is anything in it that is no part."""

    polygons: list[list[Doubles]]
    lines: list[list[Doubles]]
    points: list[list[Doubles]]
    has_others: bool


def _parts_of(geometry: Mapping[str, Any], takes_lines: bool, argument: str, row: int) -> Found:
    """Return what is a geometry's region: its polygons; where it has none its lines, else its points."""
    polygons: list[list[Doubles]] = []
    lines: list[list[Doubles]] = []
    points: list[list[Doubles]] = []
    has_others, left = False, [geometry]
    while left:
        each = left.pop()
        kind = each["type"]
        if kind == COLLECTION:
            left += reversed(_members_of(each, argument, row))
            continue
        coordinates = _coordinates_of(each, argument, row)
        listed = coordinates if kind.startswith("Multi") else [coordinates]
        if kind.endswith("Polygon"):
            for part in listed:
                rings = _items(part, "the rings", argument, row)
                polygons.append([_ring_of(ring, argument, row) for ring in rings])
        elif not takes_lines:
            has_others |= not _is_empty(each, argument, row)
        else:
            to = points if kind.endswith("Point") else lines
            for part in listed:
                if len(_items(part, "the positions", argument, row)):
                    to.append([_ring_of([part] if to is points else part, argument, row)])
    if not takes_lines or any(len(ring) for polygon in polygons for ring in polygon):
        return Found(polygons, [], [], has_others or bool(lines or points))
    return Found([], lines, [], bool(points)) if lines else Found([], [], points, False)


def _is_empty(geometry: Mapping[str, Any], argument: str, row: int) -> bool:
    """Return whether there is no position in a geometry."""
    left: list[Any] = [geometry]
    while left:
        each = left.pop()
        if isinstance(each, Mapping):
            inside = _members_of if each["type"] == COLLECTION else _coordinates_of
            left += inside(each, argument, row)
        elif isinstance(each, (list, tuple, np.ndarray)):
            left += each
        else:
            return False
    return True


def _offsets(values: list[int]) -> Offsets:
    return np.array(values, dtype=np.int64)


def _mapping_of(value: Any) -> Mapping[str, Any]:
    mapping = value if isinstance(value, Mapping) else getattr(value, "__geo_interface__", None)
    return mapping if isinstance(mapping, Mapping) else {}


def _geometry_of(
    value: Any, argument: str, row: int, expected: str = "a GeoJSON geometry"
) -> Mapping[str, Any]:
    """Return the geometry of a row, an empty mapping where it is missing."""
    if is_missing(value):
        return {}
    mapping = _mapping_of(value)
    if mapping.get("type") == "Feature":
        if mapping.get("geometry") is None:
            return {}
        mapping = _mapping_of(mapping["geometry"])
    if mapping.get("type") not in KINDS:
        kind = mapping.get("type")
        got = kind if isinstance(kind, str) else type(value).__name__
        raise type_error(argument, f"expected {expected}, got {got}", row)
    return mapping


def _members_of(collection: Mapping[str, Any], argument: str, row: int) -> list[Mapping[str, Any]]:
    members = _items(collection.get("geometries"), f"the geometries of a {COLLECTION}", argument, row)
    return [mapping for each in members if (mapping := _geometry_of(each, argument, row))]


def _coordinates_of(geometry: Mapping[str, Any], argument: str, row: int) -> Rows:
    return _items(geometry.get("coordinates"), f"the coordinates of a {geometry['type']}", argument, row)


def _items(value: Any, what: str, argument: str, row: int | None) -> Rows:
    if not isinstance(value, (list, tuple, np.ndarray)):
        raise value_error(argument, f"{what}: expected a list, got {type(value).__name__}", row)
    return value


def _ring_of(ring: Any, argument: str, row: int) -> Doubles:
    """Return the vertices of a ring, without z."""
    vertices = doubles_of(ring, argument, row)
    if not vertices.size:
        return np.empty((0, 2))
    if vertices.ndim != 2 or vertices.shape[1] < 2:
        reason = f"expected a ring of positions, two numbers or more, got {vertices.shape}"
        raise value_error(argument, reason, row)
    return vertices[:, :2]
