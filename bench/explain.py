"""Why two contenders disagree.

It is no mistake if the point lies so close to a border that the peer's arithmetic or grid of coordinates
can't separate them, if two regions are nearest at the same distance but for rounding, or if the peer doesn't
look for the smallest region and returns another one that covers the point. Any other difference is
unexplained and fails the run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bench import sphere
from bench.layers import Disks, Doubles, Layer

NEAR = 2e-7  # degrees: timezonefinder keeps coordinates as multiples of 1e-7
NEAR_RADIUS = 1e-12  # of the radius
NEAR_METRES = 1e-6  # on the sphere, where peers compute in radians
NEAR_DISTANCE = 1e-12  # of the other one
MOST = 2000  # points examined; more disagreements than this are not a detail


def disagreements(
    layer: Layer | Disks,
    points: Doubles,
    ours: npt.NDArray[Any],
    theirs: npt.NDArray[Any],
    group: str = "",
) -> dict[str, int]:
    """Return how many answers differ, and how many of them for each reason."""
    at = np.flatnonzero(ours[: len(theirs)] != theirs)
    counts = {"count": len(at), "border": 0, "tie": 0, "overlap": 0, "unexplained": 0}
    for i in at[:MOST]:
        counts[_why(layer, points[i], int(ours[i]), int(theirs[i]), group)] += 1
    counts["unexplained"] += max(len(at) - MOST, 0)
    return counts


def _why(layer: Layer | Disks, point: Doubles, ours: int, theirs: int, group: str) -> str:
    regions = [region for region in (ours, theirs) if region >= 0]
    if isinstance(layer, Disks) and group == "sphere":
        metres = sphere.away(layer, regions, point)
        limit = metres.max() if np.isinf(layer.radius) else layer.radius
        return "border" if (np.abs(metres - limit) < NEAR_METRES).all() else "unexplained"
    if isinstance(layer, Disks):
        away = np.hypot(*(layer.centers[regions] - point).T)
        return "border" if (np.abs(away / layer.radius - 1) < NEAR_RADIUS).any() else "unexplained"
    import shapely  # type: ignore[import-untyped]

    place = shapely.Point(point)
    shapes = {region: _parts(layer, region) for region in regions}
    if min(shapely.distance(shapely.boundary(parts), place).min() for parts in shapes.values()) < NEAR:
        return "border"
    away = [shapely.distance(parts, place).min() for parts in shapes.values()]
    if len(away) == 2 and 0 < max(away) <= min(away) * (1 + NEAR_DISTANCE):
        return "tie"
    both = len(shapes) == 2 and all(shapely.intersects(parts, place).any() for parts in shapes.values())
    return "overlap" if both else "unexplained"


def _parts(layer: Layer, region: int) -> Any:
    """Return the polygons of one region."""
    import shapely

    begin, end = layer.geom_offsets[region : region + 2]
    rings = layer.polygon_offsets[begin : end + 1]
    offsets = layer.ring_offsets[rings[0] : rings[-1] + 1]
    coords = layer.coords[offsets[0] : offsets[-1]]
    return shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, coords, (offsets - offsets[0], rings - rings[0])
    )
