"""Contenders for the region a point is in, or else the nearest one; and for the distance to it.

As in polygons.py: a function of a layer returns a function of points, which returns one region per point, or
with `measured` regions and distances. The peers' form is that of a careful user: first what covers a point,
then the nearest of the polygons for the points that nothing covers. Among polygons at equal distances the
best region wins, as it does with poly-match.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bench.answers import Answers, Matcher, Measured
from bench.layers import Disks, Doubles, Integers, Layer
from bench.polygons import Parts

PIECE = 8  # edges


def poly_match(layer: Layer, measured: bool = False) -> Matcher:
    """Build an index, match in one call."""
    import poly_match

    index = poly_match.Index(layer.regions(), predicate="nearest")
    return (lambda points: Measured(*index.match(points, return_distance=True))) if measured else index.match


def shapely_nearest(layer: Layer, measured: bool = False) -> Matcher:
    """Query a tree of the polygons twice: which intersect a point, and for the others which are nearest."""
    import shapely  # type: ignore[import-untyped]

    parts = Parts(layer)
    tree = shapely.STRtree(parts.geometries)

    def match(points: Doubles) -> Answers:
        places = shapely.points(points)
        point, part = tree.query(places, predicate="intersects")
        missed, near, away = _nearest_of_others(tree, places, point, measured)
        return _answers(parts, len(points), (point, part), (missed, near), away)

    return match


def shapely_pieces(layer: Layer, measured: bool = False) -> Matcher:
    """Query a tree of the points with the polygons, then a tree of short pieces of their borders."""
    import shapely

    parts = Parts(layer)
    lines, owner = _pieces(shapely, parts.geometries)
    tree = shapely.STRtree(lines)

    def match(points: Doubles) -> Answers:
        places = shapely.points(points)
        part, point = shapely.STRtree(places).query(parts.geometries, predicate="intersects")
        missed, near, away = _nearest_of_others(tree, places, point, measured)
        return _answers(parts, len(points), (point, part), (missed, owner[near]), away)

    return match


def shapely_one_query(layer: Layer) -> Matcher:
    """Query a tree of the polygons once, for the nearest and how far it is."""
    import shapely

    parts = Parts(layer)
    tree = shapely.STRtree(parts.geometries)
    none = np.empty(0, np.int64)

    def match(points: Doubles) -> Answers:
        (point, near), away = tree.query_nearest(shapely.points(points), return_distance=True)
        return _answers(parts, len(points), (none, none), (point, near), away)

    return match


def geopandas_nearest(layer: Layer, measured: bool = False) -> Matcher:
    """Join two frames with sjoin_nearest, which looks at points inside and outside in one go."""
    import geopandas

    parts = Parts(layer)
    frame = geopandas.GeoDataFrame(geometry=parts.geometries)
    none = np.empty(0, np.int64)

    def match(points: Doubles) -> Answers:
        here = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(points[:, 0], points[:, 1]))
        pairs = geopandas.sjoin_nearest(here, frame, distance_col="away" if measured else None)
        found = pairs.index.to_numpy(), pairs["index_right"].to_numpy()
        away = pairs["away"].to_numpy() if measured else None
        return _answers(parts, len(points), (none, none), found, away)

    return match


# ---- places ----------------------------------------------------------------------------------------------


def places(layer: Disks) -> Matcher:
    """Build an index of points, match in one call."""
    import poly_match

    each = np.arange(len(layer) + 1)
    regions = poly_match.Regions(layer.centers, each, each, kinds=np.full(len(layer), 2, np.uint8))
    return poly_match.Index(regions, predicate="nearest", best="first").match


def scipy_tree(layer: Disks) -> Matcher:
    """Query SciPy's k-d tree."""
    from scipy.spatial import cKDTree

    tree = cKDTree(layer.centers)
    return lambda points: np.asarray(tree.query(points)[1])


def sklearn_tree(layer: Disks) -> Matcher:
    """Query scikit-learn's k-d tree."""
    from sklearn.neighbors import KDTree

    tree = KDTree(layer.centers)
    return lambda points: np.asarray(tree.query(points, return_distance=False)[:, 0])


def shapely_points(layer: Disks) -> Matcher:
    """Query a tree of points; the first of those at equal distances wins."""
    import shapely

    tree = shapely.STRtree(shapely.points(layer.centers))

    def match(points: Doubles) -> Answers:
        point, near = tree.query_nearest(shapely.points(points))
        lowest = np.full(len(points), len(layer))
        np.minimum.at(lowest, point, near)
        return lowest

    return match


# ---- helpers ---------------------------------------------------------------------------------------------


def _nearest_of_others(tree: Any, places: Any, covered: Integers, measured: bool) -> Any:
    """Return pairs of a point that nothing covers and what is nearest to it, and the distances if wanted."""
    missed = np.setdiff1d(np.arange(len(places)), covered)
    found = tree.query_nearest(places[missed], return_distance=measured)
    (far, near), away = found if measured else (found, None)
    return missed[far], near, away


def _answers(
    parts: Parts,
    count: int,
    covering: tuple[Integers, Integers],
    others: tuple[Integers, Integers],
    away: Doubles | None,
) -> Answers:
    """Return the answers of `count` points, given pairs of a point and a polygon that covers it, and pairs
    that are `away` from each other."""
    regions = parts.best(count, np.append(covering[0], others[0]), np.append(covering[1], others[1]))
    if away is None:
        return regions
    distances = np.zeros(count)
    distances[others[0]] = away
    return Measured(regions, distances)


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
