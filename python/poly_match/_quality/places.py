"""Do the points lie where their owner thinks?

The same points are matched as they are and as they might have been meant: with x and y swapped, a turn to the
east or west, from radians. Where many more of them match so, that is what happened to them. One cause, one
finding: what concerns all points is looked for first, in the order of `WHOLE`, and what is explained by it is
not found again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match._forms.crs import may_be_degrees
from poly_match._forms.numbers import Doubles
from poly_match._forms.regions import Regions
from poly_match._index import Index
from poly_match._quality.report import Finding, Rows, counted, finding

__all__ = ["PARTS", "WHOLE", "Places", "extent", "only_turned"]

Mask = npt.NDArray[np.bool_]

TURN = 360.0
FEW = 10  # points: fewer at one place, or with an axis of their own, may be a coincidence
PART_SWAPPED = 0.6  # of the unmatched points: of points anywhere a third lies on land when they are swapped


class Places(NamedTuple):
    """The points that have a place, the rows they are in, and the boxes of both sides."""

    x: Doubles
    y: Doubles
    rows: Rows
    boxes: tuple[Doubles, Doubles]  # min x, min y, max x, max y: of the points, of the regions
    tries: Tries

    @property
    def are_degrees(self) -> bool:
        """Whether the regions may be degrees."""
        return may_be_degrees(self.boxes[1])


class Tries:
    """What matches, as given and otherwise."""

    def __init__(self, x: Doubles, y: Doubles, regions: Regions) -> None:
        self.x, self.y = x, y
        self.index = Index(regions, best="first")

    def _match(self, x: Doubles, y: Doubles) -> Mask:
        matched: Mask = self.index.match((x, y)) >= 0
        return matched

    @cached_property
    def given(self) -> Mask:
        return self._match(self.x, self.y)

    @cached_property
    def swapped(self) -> Mask:
        return self._match(self.y, self.x)

    @cached_property
    def from_radians(self) -> Mask:
        return self._match(np.degrees(self.x), np.degrees(self.y))

    @cached_property
    def turned(self) -> Mask:
        """Those that match a turn away, and not as they are."""

        def matches(rows: Rows, x: Doubles) -> Mask:
            return self._match(x, self.y[rows])

        return only_turned(matches, self.index.bounds, self.x, self.given)


def only_turned(
    matches: Callable[[Rows, Doubles], Mask], bounds: tuple[float, ...], x: Doubles, matched: Mask
) -> Mask:
    """Return which of the points that match nothing would match 360 to the east or west.

    Looked for where the regions may be degrees, and only where the points or they reach beyond ±180.

    Parameters
    ----------
    matches
        Returns whether the points of these rows match something with another x.
    bounds
        Min x, min y, max x, max y of all that can match.
    x, matched : (n,) arrays
        The points, and which of them match something as they are.
    """
    turned = np.zeros(len(x), dtype=bool)
    if np.isnan(bounds).any() or not may_be_degrees(np.array(bounds)):
        return turned
    west, _, east, _ = bounds
    is_beyond = np.full(len(x), west < -TURN / 2 or east > TURN / 2) | (np.abs(x) > TURN / 2)
    for turn in (-TURN, TURN):
        rows = np.flatnonzero(~matched & is_beyond & (x + turn >= west) & (x + turn <= east))
        if rows.size:
            turned[rows] |= matches(rows, x[rows] + turn)
    return turned


# ---- what concerns all points ------------------------------------------------------------------------------


def units(places: Places) -> Finding | None:
    """Find degrees on one side and larger numbers on the other, on both axes or on one."""
    degrees = [may_be_degrees(box) for box in places.boxes]
    reach = [float(np.abs(box).max()) for box in places.boxes]
    fix = "convert one of them to the other's coordinate reference system: points.to_crs(polygons.crs)"
    for one, other, words in ((0, 1, ("points", "polygons")), (1, 0, ("polygons", "points"))):
        if degrees[one] and reach[other] > 1000:
            message = f"the {words[0]} look like degrees, and the {words[1]} reach {reach[other]:,.0f}"
            return finding("units", None, message, fix)
    return None


def one_axis(places: Places) -> Finding | None:
    """Find one axis that fits the regions, and another that is ten times as long and leaves them."""
    if len(places.x) < FEW:
        return None
    (points, regions), axes = places.boxes, (places.x, places.y)
    longer = (points[2:] - points[:2]) > 10 * (regions[2:] - regions[:2])
    inside = [
        float(np.mean((axis >= regions[at]) & (axis <= regions[at + 2]))) for at, axis in enumerate(axes)
    ]
    beyond = np.array([np.mean(np.abs(places.x) > 2 * TURN), np.mean(np.abs(places.y) > 90)]) > 0.1
    for axis, other in ((0, 1), (1, 0)):
        odd = longer[axis] or (places.are_degrees and beyond[axis])
        if odd and inside[axis] < 0.5 and inside[other] > 0.9 and not longer[other]:
            name = "xy"[axis]
            return finding(
                "units",
                None,
                f"{'xy'[other]} of the points fits the regions, and {name} runs from {points[axis]:,.6g} to "
                f"{points[axis + 2]:,.6g} where theirs runs from {regions[axis]:,.6g} to "
                f"{regions[axis + 2]:,.6g}: another unit?",
                f"look where {name} comes from: pixels, metres and degrees are easily mixed up",
            )
    return None


def swapped(places: Places) -> Finding | None:
    given, other = float(places.tries.given.mean()), float(places.tries.swapped.mean())
    if other < 0.5 or given > other / 2:
        return None
    return finding(
        "swapped",
        None,
        f"{given:.1%} of the points match as they are, {other:.1%} with x and y swapped: (latitude, "
        "longitude) for (longitude, latitude)?",
        "x is the longitude and comes first: points[:, ::-1] swaps an array",
    )


def radians(places: Places) -> Finding | None:
    reach = np.abs(places.boxes[0])
    if not places.are_degrees or reach[::2].max() > 2 * np.pi or reach[1::2].max() > np.pi / 2:
        return None
    given, other = float(places.tries.given.mean()), float(places.tries.from_radians.mean())
    if len(places.x) < FEW or other < 0.5 or given > other / 2:
        return None
    return finding(
        "radians",
        None,
        f"{given:.1%} of the points match as they are, {other:.1%} as degrees that were given in radians",
        "numpy.degrees(points) makes degrees of radians",
    )


WHOLE: tuple[Callable[[Places], Finding | None], ...] = (units, swapped, radians, one_axis)


# ---- what concerns some of them ----------------------------------------------------------------------------


def one_place(places: Places) -> Finding | None:
    """Find many points at one place: at (0, 0), or anywhere if that is a quarter of them."""
    spots, counts = np.unique(np.column_stack([places.x, places.y]) + 0.0, axis=0, return_counts=True)
    most = int(np.argmax(counts))
    zero = np.flatnonzero(~spots.any(axis=1))
    if zero.size and counts[zero[0]] >= FEW:
        most = int(zero[0])
    elif counts[most] < max(FEW, len(places.x) / 4):
        return None
    x, y = spots[most]
    return finding(
        "one place",
        places.rows[(places.x == x) & (places.y == y)],
        f"all at ({x:.6g}, {y:.6g}): a stand-in for a place that is not known?",
        "make them missing (NaN) if so; then they match nothing and count as bad points",
        "points",
    )


def turned(places: Places) -> Finding | None:
    """Find points that match a turn away, and those beyond ±180 that match nowhere."""
    if not places.are_degrees:
        return None
    matching = places.tries.turned
    west, _, east, _ = places.boxes[1]
    beyond = (
        (np.abs(places.x) > TURN / 2) & ((places.x < west) | (places.x > east)) & (np.abs(places.y) <= 90)
    )
    beyond &= np.abs(places.x) <= 2 * TURN
    return finding(
        "turned",
        places.rows[matching | beyond],
        f"{matching.sum():,} match only when turned by 360, the others lie beyond ±180 and the regions: "
        "longitudes from 0 to 360, or regions beyond ±180?",
        "period=360 makes x and x ± 360 one place",
        "points",
    )


def partly_swapped(places: Places) -> Finding | None:
    unmatched = ~places.tries.given & ~places.tries.turned
    found = unmatched & places.tries.swapped
    if found.sum() < FEW / 2 or found.sum() < PART_SWAPPED * unmatched.sum():
        return None
    return finding(
        "swapped",
        places.rows[found],
        f"match nothing as they are, as {counted(int(unmatched.sum()), 'point')}, and match with x and y "
        "swapped: latitude and longitude mixed up in a part of the data?",
        "swap x and y of these rows; look for others that match, but elsewhere",
        "points",
    )


PARTS: tuple[Callable[[Places], Finding | None], ...] = (partly_swapped, one_place, turned)


def extent(places: Places) -> Finding | None:
    """Find boxes apart, when no other reason than a turn is known."""
    points, regions = places.boxes
    if (points[:2] <= regions[2:]).all() and (regions[:2] <= points[2:]).all():
        return None
    said = [f"[{box[0]:.6g}, {box[2]:.6g}] x [{box[1]:.6g}, {box[3]:.6g}]" for box in places.boxes]
    message = (
        f"the points lie in {said[0]}, the regions in {said[1]}: the boxes don't meet, so nothing matches"
    )
    fix = "look whether both are of one place and in one coordinate reference system"
    if places.are_degrees and places.tries.turned.any():
        message += f"; {counted(int(places.tries.turned.sum()), 'point')} would match if turned by 360"
        fix = "period=360 makes x and x ± 360 one place"
    return finding("extent", None, message, fix)
