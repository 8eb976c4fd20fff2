"""Do points and polygons lie on the same plane?

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
from typing import Any

from poly_match._forms.arrow import crs_of, is_arrow


def crs_text(values: Any) -> str | None:
    """Return the CRS of points or polygons as text, "" where none is set, None for what does not tell.

    A frame or series always tells; Arrow does where its metadata names one; nothing else does.
    """
    if hasattr(values, "to_crs"):
        return _text(values.crs) or ""
    return _text(crs_of(values)) if is_arrow(values) else None


def check_crs(points_crs: Any, polygons_crs: Any) -> None:
    """Refuse two CRS that differ, warn where one is missing.

    Parameters
    ----------
    points_crs, polygons_crs
        pyproj CRS objects, text (EPSG codes, WKT, PROJJSON) or PROJJSON as a mapping; None when not known.

    Raises
    ------
    ValueError
        Both are given and differ.

    Notes
    -----
    To be called by a public function itself: a warning points at the line that called that one.
    """
    points, polygons = _text(points_crs), _text(polygons_crs)
    if points == polygons:
        return
    if points is None or polygons is None:
        lacking, other = ("points", "polygons") if points is None else ("polygons", "points")
        known = _name(points or polygons or "")
        warnings.warn(
            f"{lacking} have no CRS and {other} are in {known}: taken to be in the same one. Say which it is "
            f"with {lacking}.set_crs(...); if that is another, go on with {lacking}.to_crs({other}.crs)",
            UserWarning,
            stacklevel=3,
        )
    elif not _same(points, polygons):
        raise ValueError(
            f"points are in {_name(points)} and polygons in {_name(polygons)}: bring them into one CRS, with "
            "points.to_crs(polygons.crs) or polygons.to_crs(points.crs)"
        )


def _text(crs: Any) -> str | None:
    """Return a CRS as it was written."""
    if crs is None or isinstance(crs, str):
        return crs or None
    if isinstance(crs, dict):
        return json.dumps(crs)
    return str(getattr(crs, "srs", crs))  # pyproj's name for it


def _same(one: str, other: str) -> bool:
    """Return whether two texts mean one CRS."""
    try:
        from pyproj import CRS
        from pyproj.exceptions import CRSError
    except ImportError:
        return _name(one) == _name(other)
    try:
        return bool(CRS(one).equals(CRS(other), ignore_axis_order=True))
    except CRSError:
        return _name(one) == _name(other)


def _name(text: str) -> str:
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
