"""Ragged arrays of lines and points, and of rows of several types together.

A region of lines has one "ring" per line, which is not closed; a region of points has one of one vertex per
point. `kinds` says of each polygon (each part) which it is. The polygons of a geometry are its region; where
it has none its lines, else its points.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from poly_match._forms.numbers import Doubles, Kinds, Offsets, Ragged

__all__ = ["LINE", "POINT", "POLYGON", "gathered", "joined", "lines", "none", "offsets_of", "points"]

POLYGON, LINE, POINT = 0, 1, 2  # pm_part of polymatch.h


def offsets_of(counts: npt.ArrayLike) -> Offsets:
    """Return where items of these sizes begin, and where the last ends."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))


def none() -> Ragged:
    """Return the arrays of no regions."""
    return np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(1, np.int64), None, None


def lines(coords: Doubles, line_offsets: Offsets, geom_offsets: Offsets | None) -> Ragged:
    """Return regions of lines, given where each line begins in `coords`, and each region among the lines."""
    count = len(line_offsets) - 1
    return coords, line_offsets, np.arange(count + 1), geom_offsets, np.full(count, LINE, np.uint8)


def points(coords: Doubles, geom_offsets: Offsets | None) -> Ragged:
    """Return regions of points, given where each region begins in `coords`."""
    each = np.arange(len(coords) + 1)
    return coords, each, each, geom_offsets, np.full(len(coords), POINT, np.uint8)


def gathered(ragged: Ragged, rows: npt.NDArray[np.intp]) -> Ragged:
    """Return the regions of some rows, in the order of the rows."""
    coords, rings, polygons, geoms, kinds = ragged
    made: list[Offsets | None] = []
    at = rows
    for level in (geoms, polygons, rings):
        if level is polygons and kinds is not None:
            kinds = kinds[at]
        if level is None:
            made.append(None)
            continue
        starts, counts = level[at], level[at + 1] - level[at]
        offsets = offsets_of(counts)
        at = np.repeat(starts - offsets[:-1], counts) + np.arange(offsets[-1])
        made.append(offsets)
    new_geoms, new_polygons, new_rings = made
    assert new_polygons is not None
    assert new_rings is not None
    return coords[at], new_rings, new_polygons, new_geoms, kinds


def joined(pieces: list[tuple[npt.NDArray[np.intp], Ragged]]) -> Ragged:
    """Return pieces that have some rows each as one, whose regions are in the order of the rows."""
    pieces = [piece for piece in pieces if len(piece[0])]
    if not pieces:
        return none()
    if len(pieces) == 1:
        return pieces[0][1]
    each = [ragged for _, ragged in pieces]
    all_kinds = [_kinds_of(ragged) for ragged in each]
    together = (
        np.concatenate([ragged[0] for ragged in each]),
        _chained([ragged[1] for ragged in each]),
        _chained([ragged[2] for ragged in each]),
        _chained([_geoms_of(ragged) for ragged in each]),
        np.concatenate(all_kinds),
    )
    return gathered(together, np.argsort(np.concatenate([rows for rows, _ in pieces])))


def _kinds_of(ragged: Ragged) -> Kinds:
    return np.zeros(len(ragged[2]) - 1, np.uint8) if ragged[4] is None else ragged[4]


def _geoms_of(ragged: Ragged) -> Offsets:
    return np.arange(len(ragged[2])) if ragged[3] is None else ragged[3]


def _chained(levels: list[Offsets]) -> Offsets:
    return offsets_of(np.concatenate([np.diff(level) for level in levels]))
