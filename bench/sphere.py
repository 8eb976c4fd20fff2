"""Contenders for places on the sphere: the nearest center, or the best of those within a distance.

As in disks.py, but centers are longitudes and latitudes in degrees and the radius is in metres; an infinite
one asks for the nearest center. scikit-learn's ball tree takes radians, latitude first. Its leaves have 40
points by default; with 5 to 10 it is up to twice as fast here, so both are timed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.disks import Sorted
from bench.layers import Disks, Doubles, Integers
from bench.polygons import Matcher

RADIUS = 6_371_008.8  # metres
SMALL_LEAF = 8


def poly_match(layer: Disks) -> Matcher:
    """Build an index of points, match in one call."""
    import poly_match

    each = np.arange(len(layer) + 1)
    places = poly_match.Regions(layer.centers, each, each, kinds=np.full(len(layer), 2, np.uint8))
    if np.isinf(layer.radius):
        return poly_match.Index(places, metric="sphere", predicate="nearest", best="first").match
    rules: dict[str, Any] = {"predicate": "center_within", "distance": layer.radius, "best": layer.areas}
    return poly_match.Index(places, metric="sphere", **rules).match


def sklearn_ball(layer: Disks, leaf_size: int = 40) -> Matcher:
    """scikit-learn's ball tree of haversines."""
    from sklearn.neighbors import BallTree

    disks = Sorted(layer)
    tree = BallTree(_radians(disks.centers), leaf_size=leaf_size, metric="haversine")

    def nearest(points: Doubles) -> Integers:
        return disks.answers(tree.query(_radians(points), return_distance=False)[:, 0])

    def within(points: Doubles) -> Integers:
        return disks.lowest_of_arrays(tree.query_radius(_radians(points), layer.radius / RADIUS))

    return nearest if np.isinf(layer.radius) else within


def sklearn_small_leaves(layer: Disks) -> Matcher:
    """The same with smaller leaves."""
    return sklearn_ball(layer, SMALL_LEAF)


def _radians(places: Doubles) -> Doubles:
    return np.radians(places[:, ::-1])


def sphere_disks(count: int, candidates: float = np.inf) -> Disks:
    """Return centers spread evenly over the sphere, of such a radius that a point has this many candidates on
    average; without it, of an infinite one."""
    centers = evenly(count, 8)
    areas = np.random.default_rng(9).integers(1, 2**20, count) / 2**22
    share = candidates / count  # of the sphere
    return Disks(centers, areas, float(RADIUS * np.arccos(1 - 2 * share)) if share < 1 else np.inf)


def evenly(count: int, seed: int) -> Doubles:
    """Return places spread evenly over the sphere."""
    random = np.random.default_rng(seed)
    latitudes = np.degrees(np.arcsin(random.uniform(-1, 1, count)))
    return np.column_stack([random.uniform(-180, 180, count), latitudes])


def away(layer: Disks, rows: list[int], point: Doubles) -> Doubles:
    """Return the distances in metres from a point to some centers."""
    lon, lat = np.radians(layer.centers[rows]).T
    x, y = np.radians(point)
    square = np.sin((lat - y) / 2) ** 2 + np.cos(lat) * np.cos(y) * np.sin((lon - x) / 2) ** 2
    return np.asarray(2 * RADIUS * np.arcsin(np.sqrt(square)))
