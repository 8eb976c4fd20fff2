"""GeoJSON mappings, and objects that have a `__geo_interface__`.

Geometries and Features are one row each, a FeatureCollection is several. z is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from poly_match._errors import type_error, value_error
from poly_match._forms.numbers import XY, Doubles, Offsets, Ragged, Rows, doubles_of, is_missing, pairs_of

NOWHERE = (np.nan, np.nan)


def is_geojson(value: object) -> bool:
    """Return whether a value is a GeoJSON mapping, or has one."""
    return (isinstance(value, Mapping) and "type" in value) or hasattr(value, "__geo_interface__")


def rows_of(value: Any, argument: str) -> Rows:
    """Return the rows of one GeoJSON object: the features of a collection, or itself."""
    mapping = _mapping_of(value)
    if mapping.get("type") != "FeatureCollection":
        return [mapping]
    return _items(mapping.get("features"), "the features of a FeatureCollection", argument, None)


def points_of(rows: Rows, argument: str) -> XY:
    """Return x and y of Points; NaN where one is missing or empty."""
    positions = []
    for row, value in enumerate(rows):
        kind, position = _geometry_of(value, argument, row, ("Point",))
        positions.append(position[:2] if kind and len(position) else NOWHERE)
    pairs = pairs_of(positions, argument)
    return pairs[:, 0], pairs[:, 1]


def regions_of(rows: Rows, argument: str) -> Ragged:
    """Return the ragged arrays of Polygons and MultiPolygons; a missing one has no vertices."""
    rings: list[Doubles] = []
    polygons, geoms = [0], [0]
    for row, value in enumerate(rows):
        kind, coordinates = _geometry_of(value, argument, row, ("Polygon", "MultiPolygon"))
        for part in [coordinates] if kind == "Polygon" else coordinates:
            rings += (_ring_of(ring, argument, row) for ring in _items(part, "the rings", argument, row))
            polygons.append(len(rings))
        geoms.append(len(polygons) - 1)
    ends = np.cumsum([0, *map(len, rings)])
    return np.concatenate([np.empty((0, 2)), *rings]), ends, _offsets(polygons), _offsets(geoms)


def _offsets(values: list[int]) -> Offsets:
    return np.array(values, dtype=np.int64)


def _mapping_of(value: Any) -> Mapping[str, Any]:
    mapping = value if isinstance(value, Mapping) else getattr(value, "__geo_interface__", None)
    return mapping if isinstance(mapping, Mapping) else {}


def _geometry_of(value: Any, argument: str, row: int, allowed: tuple[str, ...]) -> tuple[str, Rows]:
    """Return the type and coordinates of a row, empty ones where it is missing."""
    if is_missing(value):
        return "", ()
    mapping = _mapping_of(value)
    if mapping.get("type") == "Feature":
        if mapping.get("geometry") is None:
            return "", ()
        mapping = _mapping_of(mapping["geometry"])
    kind = mapping.get("type")
    if kind not in allowed:
        got = kind if isinstance(kind, str) else type(value).__name__
        raise type_error(argument, f"expected a {' or '.join(allowed)}, got {got}", row)
    return kind, _items(mapping.get("coordinates"), f"the coordinates of a {kind}", argument, row)


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
