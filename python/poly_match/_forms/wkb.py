"""Well-known binary as a list of bytes, as databases return it. The extension parses it."""

from __future__ import annotations

from itertools import compress

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._errors import type_error
from poly_match._forms.numbers import XY, Offsets, Ragged, Rows, is_missing

# The buffers; and for each row which one it is in, where it starts, its length (negative: missing).
Places = tuple[tuple[npt.NDArray[np.uint8], ...], Offsets, Offsets, Offsets]


def is_wkb(value: object) -> bool:
    """Return whether a value is bytes; a memoryview may be an array of numbers."""
    if isinstance(value, memoryview):
        return value.ndim == 1 and value.format in ("B", "b", "c")
    return isinstance(value, (bytes, bytearray))


def points_of(rows: Rows, argument: str) -> XY:
    """Return x and y of Points; NaN where one is missing or empty."""
    return _core.wkb_points(argument, *_places_of(rows, argument))


def regions_of(rows: Rows, argument: str) -> Ragged:
    """Return the ragged arrays of Polygons and MultiPolygons; a missing one has no vertices."""
    return _core.wkb_regions(argument, *_places_of(rows, argument))


def _places_of(rows: Rows, argument: str) -> Places:
    """Return the rows in one buffer."""
    there = np.fromiter(map(is_wkb, rows), dtype=bool, count=len(rows))
    for row in np.flatnonzero(~there).tolist():
        if not is_missing(rows[row]):
            kind = type(rows[row]).__name__
            raise type_error(argument, f"expected WKB like the rows before, got {kind}", row=row)
    pieces = list(map(bytes, compress(rows, there)))
    size = np.full(len(rows), -1, dtype=np.int64)
    size[there] = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    start = np.concatenate(([0], np.cumsum(np.maximum(size, 0))))[:-1]
    return (np.frombuffer(b"".join(pieces), dtype=np.uint8),), np.zeros_like(size), start, size
