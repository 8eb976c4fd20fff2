"""The definitions on the sphere in high precision: slow, short and obviously right.

Sines have no exact values, so this computes with 50 digits (mpmath), straight from vectors, without any
formula that the library uses: no haversine, no meridian, no projection. Rings are lists of (longitude,
latitude). A border is `BAND` wide: what is nearer to one can't be decided by a test.

A place is inside of a ring by the winding number around it: the angle by which the arcs turn around the
place, in whole turns, counts the place against the opposite one; the triangles from the place to the arcs
have a signed area that is the same integral. Modulo the sphere, one count makes it at most half the sphere.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import mpmath as mp
from mpmath import mpf

mp.mp.dps = 50

RADIUS = mpf("6371008.8")
BAND = mpf("1e-8")  # metres: a border is that wide

Pair = tuple[float, float]
Ring = Sequence[Pair]
Vector = tuple[mpf, mpf, mpf]


class Line(list[Pair]):
    """A part that is a line; with a single vertex it is a point."""


def vector(place: Pair) -> Vector:
    """Return the vector of length 1 to a place."""
    lon, lat = (mpf(float(each)) * mp.pi / 180 for each in place)
    if abs(place[1]) == 90:
        return mpf(0), mpf(0), mp.sign(place[1])
    return mp.cos(lat) * mp.cos(lon), mp.cos(lat) * mp.sin(lon), mp.sin(lat)


def dot(a: Vector, b: Vector) -> mpf:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def angle(a: Vector, b: Vector) -> mpf:
    across = cross(a, b)
    return mp.atan2(mp.sqrt(dot(across, across)), dot(a, b))


def distance(a: Pair, b: Pair) -> mpf:
    """Return metres between two places."""
    return angle(vector(a), vector(b)) * RADIUS


def arc_angle(p: Vector, a: Vector, b: Vector) -> mpf:
    """Return the angle between a place and the nearest place of an arc."""
    least = min(angle(p, a), angle(p, b))
    normal = cross(a, b)
    length = mp.sqrt(dot(normal, normal))
    if length > mpf("1e-40") and dot(cross(normal, a), p) > 0 and dot(cross(b, normal), p) > 0:
        least = min(least, abs(mp.asin(dot(normal, p) / length)))
    return least


def arcs(part: Ring) -> list[tuple[Vector, Vector]]:
    """Return the arcs of a ring, or of a line; a single vertex is an arc from itself to itself."""
    places = [vector(each) for each in part]
    if isinstance(part, Line):
        return list(itertools.pairwise(places)) or [(places[0], places[0])]
    return list(zip(places, places[1:] + places[:1], strict=True))


def part_distance(place: Pair, part: Ring) -> mpf:
    """Return metres to the nearest arc."""
    p = vector(place)
    return min(arc_angle(p, a, b) for a, b in arcs(part)) * RADIUS


class Seen(NamedTuple):
    """A ring as seen from a place: how often it goes around, and the area, against the opposite place."""

    turns: int
    area: mpf


def seen(place: Pair, ring: Ring) -> Seen:
    p = vector(place)
    turned = area = mpf(0)
    for a, b in arcs(ring):
        volume = dot(p, cross(a, b))
        turned += mp.atan2(volume, dot(a, b) - dot(p, a) * dot(p, b))
        area += 2 * mp.atan2(volume, 1 + dot(p, a) + dot(a, b) + dot(b, p))
    return Seen(int(mp.nint(turned / (2 * mp.pi))), area)


def spheres(area: mpf) -> int:
    """Return the whole spheres in a signed area, so that what is left is at most half of one."""
    return int(mp.nint(area / (4 * mp.pi)))


def ring_holds(place: Pair, ring: Ring) -> bool:
    """Return whether a place that is not on an arc has an odd count."""
    found = seen(place, ring)
    return (found.turns - spheres(found.area)) % 2 == 1


def ring_area(ring: Ring) -> mpf:
    """Return the square metres of a ring's signed area."""
    area = seen((12.3456789, 34.56789), ring).area
    return abs(area - 4 * mp.pi * spheres(area)) * RADIUS**2


def polygon_area(rings: Sequence[Ring]) -> mpf:
    return ring_area(rings[0]) - sum((ring_area(ring) for ring in rings[1:]), mpf(0))


def polygon_holds(place: Pair, rings: Sequence[Ring]) -> bool:
    return sum(ring_holds(place, ring) for ring in rings) % 2 == 1


class Near(NamedTuple):
    """What a region is to a place: does it cover it, can that be decided, how far is it away in metres?"""

    covers: bool
    is_clear: bool
    distance: mpf


def near(place: Pair, region: Sequence[Sequence[Ring]]) -> Near:
    """Return what is known about a region: polygons of rings, or one Line each."""
    covers, is_clear, least = False, True, mpf("inf")
    opposite = place[0] + 180, -place[1]
    for rings in region:
        here = min(part_distance(place, ring) for ring in rings)
        least = min(least, here)
        if isinstance(rings[0], Line):
            continue
        beyond = min(part_distance(opposite, ring) for ring in rings)  # what is counted there
        is_clear &= here > BAND and beyond > BAND
        covers |= polygon_holds(place, rings)
    return Near(covers, is_clear, mpf(0) if covers else least)
