"""Are points and polygons in the same coordinate reference system (CRS), and is it in degrees?

Matching degrees against metres gives answers that look plausible but are wrong, usually "none". So two
different CRS are an error, and one that is missing on one side is a warning. Plain numbers have no CRS; they
are the caller's responsibility.

A CRS is kept as text, as it was written: GeoArrow stores it so, it pickles, and usually both sides have the
same text. Only two different texts are compared with pyproj, because one CRS can be written in many ways. The
axis order is ignored: x comes first, as in GeoPandas. Nothing is reprojected; callers do that with `to_crs`.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match._errors import value_error, warn
from poly_match._forms.arrow import crs_of, is_arrow
from poly_match._forms.file_rows import FileRows
from poly_match._rules import X_NAMES


def crs_text(values: Any) -> str | None:
    """Return the CRS of points or polygons as text: "" if none is set, None if the type has no CRS.

    Frames and series have one, set or not; Arrow has one if its metadata names it; nothing else does.
    """
    if type(values) in (list, tuple, np.ndarray):
        return None
    if isinstance(values, FileRows):
        return values.crs_text
    if hasattr(values, "to_crs"):
        return text_of(values.crs)
    known = crs_of(values) if is_arrow(values) else None
    return None if known is None else text_of(known)


def text_of(crs: Any) -> str:
    """Return a CRS as it was written: a CRS of pyproj, text, or PROJJSON as a mapping; "" for None."""
    if crs is None or isinstance(crs, str):
        return crs or ""
    if isinstance(crs, dict):
        return json.dumps(crs)
    return str(getattr(crs, "srs", crs))  # pyproj's name for it


# ---- the comparison ----------------------------------------------------------------------------------------


class Difference(NamedTuple):
    """Why points and polygons are not in one CRS, or not known to be."""

    lacking: str | None  # the side without a CRS; None if both have one
    reason: str
    fix: str


def difference(points: str | None, polygons: str | None) -> Difference | None:
    """Compare the CRS of both sides, as returned by `crs_text`; None if there is no problem."""
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
    """Raise if points and polygons have different CRS; warn if only one side has one.

    Parameters
    ----------
    points
        The points as the caller has them.
    polygons
        The CRS of the polygons, as returned by `crs_text`.

    Raises
    ------
    InputValueError
        Both sides have a CRS, and they differ.

    Notes
    -----
    Call it directly from a public function: the warning points to the caller of that function.
    """
    found = None if polygons is None else difference(crs_text(points), polygons)
    if found is None:
        return
    if found.lacking is None:
        raise value_error("points", f"{found.reason}: {found.fix}")
    warn(f"{found.reason}: taken to be in the same one. {found.fix[0].upper()}{found.fix[1:]}")


def _same(one: str, other: str) -> bool:
    """Return whether two texts describe the same CRS."""
    try:
        from pyproj import CRS
        from pyproj.exceptions import CRSError
    except ImportError:
        return name_of(one) == name_of(other)
    try:
        planes = [CRS(each).to_2d() for each in (one, other)]  # heights count as little as z does
        return bool(planes[0].equals(planes[1], ignore_axis_order=True))
    except CRSError:
        return name_of(one) == name_of(other)


def name_of(text: str) -> str:
    """Return the code of a CRS if the text has one, else its name."""
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
    """Return whether a CRS is in longitude and latitude; None if unknown."""
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
    """Return whether a box could be in degrees: longitudes (up to a full turn either way) and latitudes.

    The box is min x, min y, max x, max y.
    """
    return bool(np.abs(box[::2]).max() <= 360 and np.abs(box[1::2]).max() <= 90)


def is_longitude(name: str) -> bool:
    """Return whether a column holds longitudes, judging by its name."""
    return name.strip().lower() in X_NAMES and name.strip().lower() != "x"


def warn_of_degrees(crs: str | None, predicate: str) -> None:
    """Warn of distances that are measured in degrees."""
    if is_degrees(crs):
        warn(
            f"polygons are in {name_of(crs or '')}, whose unit is the degree, and {predicate!r} measures in "
            'it, as if a degree were equally long everywhere; use metric="sphere", which measures in metres, '
            "or project both with to_crs(...)"
        )
