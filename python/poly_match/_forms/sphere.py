"""Regions whose coordinates are longitude and latitude: which of them are not on the sphere?

A vertex beyond a pole is nowhere, and two vertices next to each other that are exactly opposite have no
shortest way between them. Both are noted as the faults of other rows are: an error with the row, or left out
with `invalid="skip"`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match._errors import value_error
from poly_match._forms.crs import crs_text, is_degrees, name_of, warn_of_degrees
from poly_match._forms.numbers import Doubles
from poly_match._forms.parts import POLYGON
from poly_match._forms.regions import Reading, Regions, without
from poly_match._rules import TAKE_DISTANCE

__all__ = ["check_unit", "check_unit_of_points", "on_sphere"]

Rows = npt.NDArray[np.intp]


def check_unit(crs: str | None, predicate: str, metric: str) -> None:
    """Refuse a projected CRS of polygons on the sphere; in the plane, warn of distances in degrees."""
    if metric == "sphere":
        _check_degrees("polygons", crs)
    elif predicate in TAKE_DISTANCE:
        warn_of_degrees(crs, predicate)


def check_unit_of_points(points: Any, metric: str) -> None:
    """Refuse points in a projected CRS on the sphere."""
    if metric == "sphere":
        _check_degrees("points", crs_text(points))


def _check_degrees(argument: str, crs: str | None) -> None:
    if is_degrees(crs) is False:
        raise value_error(
            argument,
            f'are in {name_of(crs or "")}, which is projected, and metric="sphere" takes longitude and '
            f"latitude in degrees; use {argument}.to_crs(4326)",
        )


def on_sphere(reading: Reading) -> Reading:
    """Note the rows that have a vertex beyond a pole, or an edge between opposite places, and empty them."""
    regions, faults = reading
    beyond = np.flatnonzero(np.abs(regions.coords[:, 1]) > 90)
    opposite = _opposite(regions)
    vertices, rows = _owned(regions, np.concatenate((beyond, opposite)))
    if not rows.size:
        return reading
    for row, vertex in zip(rows.tolist(), vertices.tolist(), strict=True):
        lon, lat = regions.coords[vertex].tolist()
        if row in faults.rows:
            continue
        if abs(lat) > 90:
            faults.wrong_value(
                "polygons", row, "beyond a pole", f"has a vertex at latitude {lat}, beyond a pole"
            )
        else:
            reason = (
                f"has an edge from ({lon}, {lat}) to exactly the opposite place, so it has no shortest way; "
                "put a vertex between"
            )
            faults.wrong_value("polygons", row, "with an edge between opposite places", reason)
    return Reading(without(regions, np.unique(rows)), faults)


def _owned(regions: Regions, vertices: Rows) -> tuple[Rows, Rows]:
    """Return those of the vertices that a region has, and whose they are."""
    starts = regions._vertex_starts()
    owned = vertices[(vertices >= starts[0]) & (vertices < starts[-1])]
    # The last region that starts at or before the vertex owns it: empty ones come before.
    return owned, np.searchsorted(starts, owned, side="right") - 1


def _opposite(regions: Regions) -> Rows:
    """Return the vertices from which an edge goes to exactly the opposite place."""
    coords = regions.coords
    if len(coords) < 2:
        return np.empty(0, dtype=np.intp)
    begins, ends = regions.ring_offsets[:-1], regions.ring_offsets[1:]
    last = (ends - 1)[ends > begins]
    following = np.arange(1, len(coords) + 1)
    following[last] = last  # the ends of lines
    closed = ends > begins
    if regions.kinds is not None:
        of_polygons = np.repeat(regions.kinds == POLYGON, np.diff(regions.polygon_offsets))
        in_polygons = np.zeros(len(begins), dtype=bool)
        in_polygons[regions.polygon_offsets[0] : regions.polygon_offsets[-1]] = of_polygons
        closed &= in_polygons
    following[ends[closed] - 1] = begins[closed]
    following[following == len(coords)] = 0  # of vertices that no ring has
    at = np.flatnonzero(coords[:, 1] == -coords[following, 1])
    a, b = coords[at], coords[following[at]]
    opposite: npt.NDArray[np.intp] = at[(np.abs(a[:, 1]) == 90) | (np.abs(_lon(a) - _lon(b)) == 180)]
    return opposite


def _lon(coords: Doubles) -> Doubles:
    """Return longitudes in [-180, 180), exactly."""
    lon = np.fmod(coords[:, 0], 360)
    turned: Doubles = np.where(lon >= 180, lon - 360, np.where(lon < -180, lon + 360, lon))
    return turned
