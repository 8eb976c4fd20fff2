"""GeoJSON: mappings, and every object that gives one as its `__geo_interface__`.

Geometries and the Features around them; a FeatureCollection is several rows. z is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

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
    return _items(mapping.get("features"), f"{argument}: the features of a FeatureCollection")


def points_of(rows: Rows, argument: str) -> XY:
    """Return x and y of Points; NaN where one is missing or empty."""
    positions = []
    for row, value in enumerate(rows):
        kind, position = _geometry_of(value, f"{argument}[{row}]", ("Point",))
        positions.append(position[:2] if kind and len(position) else NOWHERE)
    pairs = pairs_of(positions, argument)
    return pairs[:, 0], pairs[:, 1]


def regions_of(rows: Rows, argument: str) -> Ragged:
    """Return the ragged arrays of Polygons and MultiPolygons; a missing one has no vertices."""
    rings: list[Doubles] = []
    polygons, geoms = [0], [0]
    for row, value in enumerate(rows):
        name = f"{argument}[{row}]"
        kind, coordinates = _geometry_of(value, name, ("Polygon", "MultiPolygon"))
        for part in [coordinates] if kind == "Polygon" else coordinates:
            rings += (_ring_of(ring, name) for ring in _items(part, f"{name}: the rings"))
            polygons.append(len(rings))
        geoms.append(len(polygons) - 1)
    ends = np.cumsum([0, *map(len, rings)])
    return np.concatenate([np.empty((0, 2)), *rings]), ends, _offsets(polygons), _offsets(geoms)


def _offsets(values: list[int]) -> Offsets:
    return np.array(values, dtype=np.int64)


def _mapping_of(value: Any) -> Mapping[str, Any]:
    mapping = value if isinstance(value, Mapping) else getattr(value, "__geo_interface__", None)
    return mapping if isinstance(mapping, Mapping) else {}


def _geometry_of(value: Any, name: str, allowed: tuple[str, ...]) -> tuple[str, Rows]:
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
        raise TypeError(f"{name}: expected a {' or '.join(allowed)}, got {got}")
    return kind, _items(mapping.get("coordinates"), f"{name}: the coordinates of a {kind}")


def _items(value: Any, what: str) -> Rows:
    if not isinstance(value, (list, tuple, np.ndarray)):
        raise ValueError(f"{what}: expected a list, got {type(value).__name__}")
    return value


def _ring_of(ring: Any, name: str) -> Doubles:
    """Return the vertices of a ring, without z."""
    vertices = doubles_of(ring, name)
    if not vertices.size:
        return np.empty((0, 2))
    if vertices.ndim != 2 or vertices.shape[1] < 2:
        raise ValueError(f"{name}: expected a ring of positions, two numbers or more, got {vertices.shape}")
    return vertices[:, :2]
