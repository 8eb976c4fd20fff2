"""Which regions does shapely call invalid, and what to do about them?

The engine has a defined answer for every ring, valid or not. But an invalid region may not be what its owner
thinks: a bow-tie has area 0 and wins every "smallest". shapely decides what is valid (OGC simple features).
Nothing is repaired here: callers use `make_valid` with the options in `REPAIR`, without which it returns
collections and lines for some regions.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match._errors import value_error
from poly_match._forms.numbers import Offsets
from poly_match._forms.regions import Regions
from poly_match._rules import INVALID, Invalid, listed

Rows = npt.NDArray[np.intp]
Shapes = npt.NDArray[np.object_]

REPAIR = 'make_valid(method="structure", keep_collapsed=False)'  # of shapely 2.1 and of a GeoSeries: polygons
PURPOSE = "telling which polygons are valid"


class Screening(NamedTuple):
    """The regions to match, and which of the given ones are invalid."""

    regions: Regions
    rows: Rows
    summary: str  # how many and which; "" if none is


def screening(regions: Regions, invalid: Invalid) -> Screening:
    """Find invalid regions; with "skip" they are emptied, so that they match nothing.

    All rows keep their position. "use" checks nothing and needs no shapely. Warning and raising are left to
    the caller. O(v log v) for v vertices, all of it in shapely.
    """
    if invalid not in INVALID:
        raise value_error("invalid", f"expected one of {listed(INVALID)}; got {invalid!r}")
    rows = np.empty(0, dtype=np.intp) if invalid == "use" else invalid_rows(regions)
    if not rows.size:
        return Screening(regions, rows, "")
    summary = f"{rows.size:,} of {len(regions):,} regions are invalid, row {rows[0]} first"
    return Screening(without(regions, rows) if invalid == "skip" else regions, rows, summary)


def screened(regions: Regions, invalid: Invalid) -> Regions:
    """Return the regions to match; for invalid ones apply the policy, with a warning or an error.

    Call it directly from a public function: the warning points to the caller of that function.
    """
    found = screening(regions, invalid)
    if not found.rows.size or invalid == "skip":
        return found.regions
    first = int(found.rows[0])
    if invalid == "error":
        why = shapely_for(PURPOSE).is_valid_reason(shapes_of(regions)[first])
        raise value_error(
            "polygons",
            f'invalid: {why} ({found.summary}); repair them with {REPAIR}, or choose invalid="use" or "skip"',
            row=first,
        )
    warnings.warn(
        f"polygons: {found.summary}; they are used as they are. poly_match.check(polygons) lists them with "
        "their reasons",
        UserWarning,
        stacklevel=3,
    )
    return found.regions


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


def _grouped(make: Callable[..., Any], empty: Any, parts: Shapes, offsets: Offsets) -> Shapes:
    """Return one geometry per group of parts; a group without parts is empty."""
    groups = np.full(len(offsets) - 1, empty, dtype=object)
    owners = np.repeat(np.arange(len(groups)), np.diff(offsets))
    make(parts[offsets[0] : offsets[-1]], indices=owners, out=groups)
    return groups


def without(regions: Regions, rows: Rows) -> Regions:
    """Return the regions with these rows emptied; all rows keep their position."""
    kept = np.ones(len(regions), dtype=bool)
    kept[rows] = False
    levels = [regions.polygon_offsets, regions.ring_offsets]
    if regions.geom_offsets is not None:
        levels.insert(0, regions.geom_offsets)
    counts = np.where(kept, np.diff(levels[0]), 0)
    offsets = [np.concatenate(([0], np.cumsum(counts)))]
    for above, below in zip(levels, [*levels[1:], None], strict=True):
        size = len(regions.coords) if below is None else len(below) - 1
        owned = np.zeros(size, dtype=bool)
        owned[above[0] : above[-1]] = np.repeat(kept, np.diff(above))
        kept = owned
        if below is not None:
            offsets.append(np.concatenate(([0], np.cumsum(np.diff(below)[kept]))))
    return Regions(regions.coords[kept], *reversed(offsets))
