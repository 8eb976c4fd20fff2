"""The table of supported forms of geometry, for both sides of a match.

The form is detected from the first row that is not missing, or from the object as a whole; only code for that
form runs then, so no library is imported unless its objects arrive. Plain numbers are no geometry; `points`
and `regions` handle them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from poly_match._errors import value_error
from poly_match._forms import arrow, geojson, shapely, wkb, wkt
from poly_match._forms.faults import Faults
from poly_match._forms.numbers import XY, Ragged, Rows, is_missing


class Form(NamedTuple):
    """A form of geometry: how to detect it, and how to make points and regions from it."""

    words: str  # as in error messages
    fits: Callable[[Any], bool]
    points: Callable[[Any, str, Faults], XY]
    regions: Callable[[Any, str, Faults], Ragged]


# In the order of detection. Rows (a list, an array of objects, a GeoSeries or GeoDataFrame, the features of a
# collection, or one geometry alone) are of the form that fits the first that is not missing.
SHAPELY = Form("shapely geometries", shapely.is_shapely, shapely.points_of, shapely.regions_of)
WKB = Form("WKB", wkb.is_wkb, wkb.points_of, wkb.regions_of)
GEOJSON = Form(
    "GeoJSON or objects with __geo_interface__",
    geojson.is_geojson,
    geojson.points_of,
    geojson.regions_of,
)
WKT = Form("WKT", wkt.is_wkt, wkt.points_of, wkt.regions_of)
ROWS = (SHAPELY, WKB, WKT, GEOJSON)
# Columns and tables, as a whole.
ARROW = Form("the Arrow PyCapsule interface", arrow.is_arrow, arrow.points_of, arrow.regions_of)

WORDS = f"a GeoSeries, rows of {', '.join(form.words for form in ROWS)}, or anything with {ARROW.words}"


def array_in(values: Any) -> Any:
    """Return a memoryview of numbers as an array, and anything else unchanged."""
    return np.asarray(values) if isinstance(values, memoryview) and not wkb.is_wkb(values) else values


def geometry_in(values: Any, argument: str) -> tuple[Form, Any] | None:
    """Return the form of `values` and the object to read it from; None if there is no geometry."""
    rows = _rows_of(values, argument)
    if rows is None:
        return (ARROW, values) if ARROW.fits(values) else None
    first = next((row for row in rows if not is_missing(row)), None)
    if first is None:  # all rows are missing: any form will do, and this one imports nothing
        return WKB, rows
    return next(((form, rows) for form in ROWS if form.fits(first)), None)


def _rows_of(values: Any, argument: str) -> Rows | None:
    """Return one object per row (or a single geometry) as a sequence; None for columns and the rest."""
    if isinstance(values, (list, tuple)):
        return values
    if WKT.fits(values):
        raise value_error(argument, f"expected geometry, got the text {_shortened(values)!r}; {_fix(values)}")
    if hasattr(values, "to_crs"):  # a GeoDataFrame, a GeoSeries, or the array in one
        values = getattr(values, "geometry", values)
        return np.asarray(values, dtype=object) if values.ndim == 1 else None
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, np.dtype):
        return np.asarray(values, dtype=object) if dtype.kind in "OUT" and values.ndim == 1 else None
    if ARROW.fits(values):
        return None
    if GEOJSON.fits(values) and not SHAPELY.fits(values):
        return geojson.rows_of(values, argument)
    if SHAPELY.fits(values):
        return shapely.rows_of(values)
    return [values] if WKB.fits(values) else None


def _fix(text: str) -> str:
    """Return what one text that is no geometry should have been."""
    start = text.lstrip()[:1]
    if start == "{":
        return "parse GeoJSON with json.loads"
    if wkt.HEAD.match(text):
        return "WKT comes in a list, one geometry each: [text]"
    return "there is no such file"


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
