"""Why two contenders disagree.

It is no mistake if the point lies so close to a border, or a distance so close to the limit, that the peer's
arithmetic or grid of coordinates can't separate them, if two regions are nearest at the same distance but for
rounding, or if the peer doesn't look for the smallest region and returns another one that covers the point.
GEOS may also say that an invalid polygon is not within a distance that its own distance() to it does not
exceed. Any other difference is unexplained and fails the run.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bench import sphere
from bench.answers import ROUNDING, Answers, Lists, differing, regions_of
from bench.layers import Disks, Doubles, Integers, Layer

NEAR = 2e-7  # degrees: timezonefinder keeps coordinates as multiples of 1e-7
NEAR_RADIUS = 1e-12  # of the radius
NEAR_METRES = 1e-6  # on the sphere, where peers compute in radians
NEAR_DISTANCE = 1e-12  # of the other one
MOST = 2000  # points examined; more disagreements than this are not a detail


def disagreements(
    layer: Layer | Disks, points: Doubles, ours: Answers, theirs: Answers, group: str = ""
) -> dict[str, int]:
    """Return how many answers differ, and how many of them for each reason."""
    at = differing(ours, theirs, float(np.abs(points).max(initial=0)))
    if group == "covers":  # nearest also has an answer where nothing covers the point
        at = at[regions_of(ours)[at] >= 0]
    counts = {"count": len(at), "border": 0, "tie": 0, "overlap": 0, "invalid": 0, "unexplained": 0}
    for i in at[:MOST]:
        counts[_why(layer, points[i], _of(ours, i), _of(theirs, i), group)] += 1
    counts["unexplained"] += max(len(at) - MOST, 0)
    return counts


def _of(found: Answers, i: int) -> Integers:
    """Return the regions of one point: an array of one where there is one answer."""
    if isinstance(found, Lists):
        return np.asarray(found.regions[found.offsets[i] : found.offsets[i + 1]])
    return np.asarray(regions_of(found)[i : i + 1])


def _why(layer: Layer | Disks, point: Doubles, ours: Integers, theirs: Integers, group: str) -> str:
    if isinstance(layer, Disks):
        return _why_disks(layer, point, ours, theirs, group)
    if group == "dwithin":
        return _why_within(layer, point, int(ours[0]), int(theirs[0]))
    import shapely  # type: ignore[import-untyped]

    place = shapely.Point(point)
    regions = [int(region) for region in (ours[0], theirs[0]) if region >= 0]
    shapes = {region: _parts(layer, region) for region in regions}
    if len(shapes) < len(regions):
        return "unexplained"  # one region at two distances
    if min(shapely.distance(shapely.boundary(parts), place).min() for parts in shapes.values()) < NEAR:
        return "border"
    away = [shapely.distance(parts, place).min() for parts in shapes.values()]
    if len(away) == 2 and 0 < max(away) <= min(away) * (1 + NEAR_DISTANCE):
        return "tie"
    both = len(shapes) == 2 and all(shapely.intersects(parts, place).any() for parts in shapes.values())
    return "overlap" if both else "unexplained"


def _why_disks(layer: Disks, point: Doubles, ours: Integers, theirs: Integers, group: str) -> str:
    regions = [int(region) for region in np.setxor1d(ours, theirs) if region >= 0]
    if group == "sphere":
        metres = sphere.away(layer, regions, point)
        limit = metres.max() if np.isinf(layer.radius) else layer.radius
        return "border" if (np.abs(metres - limit) < NEAR_METRES).all() else "unexplained"
    away = np.hypot(*(layer.centers[regions] - point).T)
    if np.isinf(layer.radius):
        return "tie" if away.max() <= away.min() * (1 + NEAR_DISTANCE) else "unexplained"
    near = np.abs(away / layer.radius - 1) < NEAR_RADIUS
    if group == "candidates":  # each of them is there for one and not for the other
        return "border" if regions and near.all() else "unexplained"
    return "border" if near.any() else "unexplained"


def _why_within(layer: Layer, point: Doubles, ours: int, theirs: int) -> str:
    """Return why the better one of two regions is within the distance for one contender only."""
    import shapely

    shapes = {region: _parts(layer, region) for region in (ours, theirs) if region >= 0}
    better = min(shapes, key=lambda region: (shapely.area(shapes[region]).sum(), region))
    away = shapely.distance(shapes[better], shapely.Point(point)).min()
    if abs(away - layer.distance) <= ROUNDING * (layer.distance + np.abs(point).max()):
        return "border"
    invalid = not shapely.is_valid(shapes[better]).all()
    return "invalid" if invalid and better == ours and away <= layer.distance else "unexplained"


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
