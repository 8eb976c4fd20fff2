"""Contenders for the region a point is in, or else the nearest one.

As in polygons.py: a function of a layer returns a function of points, which returns one region per point. The
peers' form is that of a careful user: first what covers a point, then the nearest of the polygons for the
points that nothing covers. Among polygons at equal distances the best region wins, as it does with
poly-match.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bench.layers import Doubles, Integers, Layer
from bench.polygons import Matcher, Parts

PIECE = 8  # edges


def poly_match(layer: Layer) -> Matcher:
    """Build an index, match in one call."""
    import poly_match

    return poly_match.Index(layer.regions(), predicate="nearest").match


def shapely_nearest(layer: Layer) -> Matcher:
    """Query a tree of the polygons twice: which intersect a point, and for the others which are nearest."""
    import shapely  # type: ignore[import-untyped]

    parts = Parts(layer)
    tree = shapely.STRtree(parts.geometries)

    def match(points: Doubles) -> Integers:
        places = shapely.points(points)
        point, part = tree.query(places, predicate="intersects")
        missed = np.setdiff1d(np.arange(len(points)), point)
        far, near = tree.query_nearest(places[missed])
        return parts.best(len(points), np.append(point, missed[far]), np.append(part, near))

    return match


def shapely_pieces(layer: Layer) -> Matcher:
    """Query a tree of the points with the polygons, then a tree of short pieces of their borders."""
    import shapely

    parts = Parts(layer)
    lines, owner = _pieces(shapely, parts.geometries)
    tree = shapely.STRtree(lines)

    def match(points: Doubles) -> Integers:
        places = shapely.points(points)
        part, point = shapely.STRtree(places).query(parts.geometries, predicate="intersects")
        missed = np.setdiff1d(np.arange(len(points)), point)
        far, near = tree.query_nearest(places[missed])
        return parts.best(len(points), np.append(point, missed[far]), np.append(part, owner[near]))

    return match


def _pieces(shapely: Any, polygons: Any) -> tuple[Any, npt.NDArray[np.int64]]:
    """Return the borders in pieces of a few edges, and of each the position of its polygon."""
    rings, owner = shapely.get_rings(polygons, return_index=True)
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    count = np.bincount(ring, minlength=len(rings))
    first = np.cumsum(count) - count
    pieces = -(-(count - 1) // PIECE)
    of_ring = np.repeat(np.arange(len(rings)), pieces)
    begin = PIECE * (np.arange(len(of_ring)) - np.repeat(np.cumsum(pieces) - pieces, pieces))
    size = np.minimum(PIECE, count[of_ring] - 1 - begin) + 1
    step = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    at = np.repeat(first[of_ring] + begin, size) + step
    lines = shapely.linestrings(coords[at], indices=np.repeat(np.arange(len(size)), size))
    return lines, owner[of_ring]


def geopandas_nearest(layer: Layer) -> Matcher:
    """Join two frames with sjoin_nearest, which looks at points inside and outside in one go."""
    import geopandas

    parts = Parts(layer)
    frame = geopandas.GeoDataFrame(geometry=parts.geometries)

    def match(points: Doubles) -> Integers:
        here = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(points[:, 0], points[:, 1]))
        pairs = geopandas.sjoin_nearest(here, frame)
        return parts.best(len(points), pairs.index.to_numpy(), pairs["index_right"].to_numpy())

    return match
