"""Do points and polygons lie on the same plane, and is it one of degrees?

Coordinates in degrees matched against coordinates in metres give answers that look like answers: all of them
"none", or worse. So frames that say where they lie, and say different things, are refused, and only what
cannot be known is a warning. What says nothing (plain numbers) is the caller's own affair.

A coordinate reference system (CRS) is handled as the text it was written as: so GeoArrow carries it, so it
pickles anywhere, and there is nearly always nothing else to compare. pyproj is asked only where two texts
differ, because one system has many spellings. The order of the axes never counts: x comes first, as in
GeoPandas. Nothing is reprojected: that is `to_crs`, on the caller's own objects.
"""

from __future__ import annotations

import json
import re
import warnings
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match._errors import value_error
from poly_match._forms.arrow import crs_of, is_arrow
from poly_match._rules import X_NAMES


def crs_text(values: Any) -> str | None:
    """Return the CRS of points or polygons as text, "" where none is set, None for what does not tell.

    A frame or series always tells; Arrow does where its metadata names one; nothing else does.
    """
    if hasattr(values, "to_crs"):
        return text_of(values.crs)
    told = crs_of(values) if is_arrow(values) else None
    return None if told is None else text_of(told)


def text_of(crs: Any) -> str:
    """Return a CRS as it was written: a CRS of pyproj, text, or PROJJSON as a mapping; "" for None."""
    if crs is None or isinstance(crs, str):
        return crs or ""
    if isinstance(crs, dict):
        return json.dumps(crs)
    return str(getattr(crs, "srs", crs))  # pyproj's name for it


# ---- the comparison ----------------------------------------------------------------------------------------


class Difference(NamedTuple):
    """What keeps points and polygons from being on one plane, or from being known to be."""

    lacking: str | None  # the side whose CRS is not known; None: both are, and differ
    reason: str
    fix: str


def difference(points: str | None, polygons: str | None) -> Difference | None:
    """Compare the CRS of both sides, as `crs_text` gives them; None where nothing is to be said."""
    if points is None or polygons is None or points == polygons:
        return None
    if not points or not polygons:
        lacking, other = ("points", "polygons") if not points else ("polygons", "points")
        return Difference(
            lacking,
            f"{lacking} have no CRS and {other} are in {name_of(points or polygons)}",
            f"say which it is with {lacking}.set_crs(...); if that is another, go on with "
            f"{lacking}.to_crs({other}.crs)",
        )
    if _same(points, polygons):
        return None
    return Difference(
        None,
        f"points are in {name_of(points)} and polygons in {name_of(polygons)}",
        "bring them into one CRS, with points.to_crs(polygons.crs) or polygons.to_crs(points.crs)",
    )


def check_crs(points: Any, polygons: str | None) -> None:
    """Refuse points that are on another plane than polygons, warn where one of the two does not say.

    Parameters
    ----------
    points
        The points as the caller has them.
    polygons
        The CRS of the polygons, as `crs_text` gives it.

    Raises
    ------
    InputValueError
        Both sides have a CRS, and they differ.

    Notes
    -----
    To be called by a public function itself: a warning points at the line that called that one.
    """
    found = None if polygons is None else difference(crs_text(points), polygons)
    if found is None:
        return
    if found.lacking is None:
        raise value_error("points", f"{found.reason}: {found.fix}")
    warnings.warn(
        f"{found.reason}: taken to be in the same one. {found.fix[0].upper()}{found.fix[1:]}",
        UserWarning,
        stacklevel=3,
    )


def _same(one: str, other: str) -> bool:
    """Return whether two texts mean one CRS."""
    try:
        from pyproj import CRS
        from pyproj.exceptions import CRSError
    except ImportError:
        return name_of(one) == name_of(other)
    try:
        return bool(CRS(one).equals(CRS(other), ignore_axis_order=True))
    except CRSError:
        return name_of(one) == name_of(other)


def name_of(text: str) -> str:
    """Return what people call a CRS: its code where the text has one, else its name."""
    if text.lstrip().startswith("{"):
        try:
            written = json.loads(text)
        except ValueError:
            return text
        code = written.get("id", {})
        return f"{code['authority']}:{code['code']}" if code else str(written.get("name", text))
    wkt = re.match(r'\s*\w+\["([^"]*)"', text)
    return wkt[1] if wkt else text


# ---- degrees -----------------------------------------------------------------------------------------------


def is_degrees(crs: str | None) -> bool | None:
    """Return whether the coordinates of a CRS are longitude and latitude; None where that can't be told."""
    if not crs:
        return None
    try:
        from pyproj import CRS
        from pyproj.exceptions import CRSError
    except ImportError:
        return None
    try:
        return bool(CRS(crs).is_geographic)
    except CRSError:
        return None


def may_be_degrees(box: npt.NDArray[np.float64]) -> bool:
    """Return whether these could be longitudes (up to a turn either way) and latitudes.

    The box is min x, min y, max x, max y.
    """
    return bool(np.abs(box[::2]).max() <= 360 and np.abs(box[1::2]).max() <= 90)


def is_longitude(name: str) -> bool:
    """Return whether a column is one of longitudes by its name."""
    return name.strip().lower() in X_NAMES and name.strip().lower() != "x"
