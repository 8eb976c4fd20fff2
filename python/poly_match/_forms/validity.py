"""Which regions does shapely call invalid, and what to do about them?

The engine has a defined answer for every ring, valid or not. But an invalid region may not be what its owner
thinks: a bow-tie has area 0 and wins every "smallest". shapely decides what is valid (OGC simple features).
Nothing is repaired here: callers use `make_valid` with the options in `REPAIR`, without which it returns
collections and lines for some regions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match._errors import value_error, warn
from poly_match._forms.faults import MOST_LISTED, rows_listed
from poly_match._forms.numbers import Kinds, Offsets
from poly_match._forms.parts import LINE, POINT, gathered
from poly_match._forms.regions import Reading, Regions, regions_at, without
from poly_match._rules import INVALID, Invalid, listed

Rows = npt.NDArray[np.intp]
Shapes = npt.NDArray[np.object_]

REPAIR = 'make_valid(method="structure", keep_collapsed=False)'  # of shapely 2.1 and of a GeoSeries: polygons
PURPOSE = "telling which polygons are valid"


class Screening(NamedTuple):
    """The regions to match, and what is to be said of those that were given."""

    regions: Regions
    rows: Rows  # those that are invalid or, with "skip" and "error", can't be used for another reason
    summary: str  # says how many and which; "" when there are none


def screening(reading: Reading, invalid: Invalid) -> Screening:
    """Look for regions that are invalid or can't be used, and empty them where the choice is "skip".

    All rows keep their position. "use" looks for no invalid ones and needs no shapely; for it and for "warn"
    a row that can't be used is an error. To warn and to refuse is the caller's. O(v log v) for v vertices,
    all of it in shapely.
    """
    if invalid not in INVALID:
        raise value_error("invalid", f"expected one of {listed(INVALID)}; got {invalid!r}")
    regions, faults = reading
    if invalid in ("use", "warn"):
        faults.check()
    rows = np.empty(0, dtype=np.intp) if invalid == "use" else invalid_rows(regions)
    kinds = {"invalid": rows, **faults.by_kind()} if rows.size else faults.by_kind()
    if not kinds:
        return Screening(regions, rows, "")
    if invalid == "warn":
        return Screening(
            regions, rows, f"{rows.size:,} of {len(regions):,} regions are invalid, row {rows[0]} first"
        )
    kept = without(regions, rows) if rows.size else regions
    rows = np.union1d(rows, np.fromiter(faults.rows, dtype=np.intp, count=len(faults)))
    parts = (f"{len(each):,} {kind} ({rows_listed(each)})" for kind, each in kinds.items())
    return Screening(
        kept, rows, f"{rows.size:,} of {len(regions):,} regions can't be used: {', '.join(parts)}"
    )


def screened(reading: Reading, invalid: Invalid) -> Screening:
    """Return the regions to match, with invalid ones used, warned of, left out or refused."""
    found = screening(reading, invalid)
    if not found.summary:
        return found
    if invalid == "error":
        raise value_error("polygons", refusal(reading, found), row=int(found.rows[0]))
    fate = "they are left out" if invalid == "skip" else "they are used as they are"
    warn(f"polygons: {found.summary}; {fate}. poly_match.check(polygons) lists them with their reasons")
    return found


def refusal(reading: Reading, found: Screening) -> str:
    """Return why the first ten rows can't be used."""
    regions, faults = reading
    rows = found.rows[:MOST_LISTED]
    said = dict(
        zip(
            rows.tolist(),
            shapely_for(PURPOSE).is_valid_reason(shapes_of(regions_at(regions, rows))),
            strict=True,
        )
    )
    reasons = [
        faults.rows[row].error.reason if row in faults.rows else f"invalid: {why}"
        for row, why in said.items()
    ]
    more = [f"row {row} {reason}" for row, reason in zip(rows.tolist(), reasons, strict=True)][1:]
    others = "".join(f"; {each}" for each in more) + ("; ..." if len(found.rows) > len(rows) else "")
    return (
        f"{reasons[0]}{others} ({found.summary}); repair them with {REPAIR}, or choose "
        'invalid="use" or "skip"'
    )


def invalid_rows(regions: Regions) -> Rows:
    """Return the rows that shapely calls invalid, in order; empty regions are valid."""
    return np.flatnonzero(~shapely_for(PURPOSE).is_valid(shapes_of(regions)))


def shapely_for(purpose: str) -> Any:
    """Return the module; the error says what needs it and how to install it."""
    try:
        import shapely  # type: ignore[import-untyped]
    except ImportError:
        raise ImportError(
            f"{purpose} needs shapely, which is not installed: pip install 'poly-match[check]'"
        ) from None
    return shapely


def shapes_of(regions: Regions) -> Shapes:
    """Return the regions as shapely geometries, one per row.

    shapely rejects rings of fewer than three vertices: they are padded with their last vertex, which does not
    change what they cover; empty rings are left out.
    """
    shapely = shapely_for(PURPOSE)
    if regions.kinds is not None:
        return _mixed(regions, regions.kinds)
    counts = np.diff(regions.ring_offsets)
    ring_numbers = np.concatenate(([0], np.cumsum(counts > 0)))
    starts, counts = regions.ring_offsets[:-1][counts > 0], counts[counts > 0]
    full = np.maximum(counts, 3)
    within = np.arange(full.sum()) - np.repeat(np.cumsum(full) - full, full)
    vertices = np.repeat(starts, full) + np.minimum(within, np.repeat(counts, full) - 1)
    owners = np.repeat(np.arange(len(full)), full)
    shapes: Shapes = shapely.linearrings(regions.coords[vertices], indices=owners)
    shapes = _grouped(shapely.polygons, shapely.Polygon(), shapes, ring_numbers[regions.polygon_offsets])
    if regions.geom_offsets is not None:
        shapes = _grouped(shapely.multipolygons, shapely.MultiPolygon(), shapes, regions.geom_offsets)
    return shapes


def _mixed(regions: Regions, kinds: Kinds) -> Shapes:
    """Return regions of polygons, lines and points: one of several parts is a collection."""
    shapely = shapely_for(PURPOSE)
    only = without(Regions(*regions._arrays[:3], None, kinds), np.flatnonzero(kinds))
    shapes = shapes_of(Regions(*only._arrays[:3]))
    for kind, make, least in ((LINE, shapely.linestrings, 2), (POINT, shapely.points, 1)):
        rows = np.flatnonzero((kinds == kind) & (np.diff(regions.polygon_offsets) > 0))
        coords, rings, *_ = gathered((*regions._arrays[:3], None, None), rows)
        counts = np.diff(rings)
        rows, starts, counts = rows[counts > 0], rings[:-1][counts > 0], counts[counts > 0]
        if not rows.size:
            continue
        full = np.maximum(counts, least)
        within = np.arange(full.sum()) - np.repeat(np.cumsum(full) - full, full)
        vertices = coords[np.repeat(starts, full) + np.minimum(within, np.repeat(counts, full) - 1)]
        if kind == LINE:
            shapes[rows] = make(vertices, indices=np.repeat(np.arange(len(rows)), full))
        else:
            shapes[rows] = make(vertices)
    if regions.geom_offsets is None:
        return shapes
    offsets = regions.geom_offsets
    groups = _grouped(shapely.geometrycollections, shapely.GeometryCollection(), shapes, offsets)
    single = np.diff(offsets) == 1
    groups[single] = shapes[offsets[:-1][single]]
    return groups


def _grouped(make: Callable[..., Any], empty: Any, parts: Shapes, offsets: Offsets) -> Shapes:
    """Return one geometry per group of parts; a group without parts is empty."""
    groups = np.full(len(offsets) - 1, empty, dtype=object)
    owners = np.repeat(np.arange(len(groups)), np.diff(offsets))
    make(parts[offsets[0] : offsets[-1]], indices=owners, out=groups)
    return groups
