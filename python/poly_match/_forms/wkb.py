"""Well-known binary as a list of bytes, as databases return it. The extension parses it."""

from __future__ import annotations

from itertools import compress

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._forms.faults import Faults
from poly_match._forms.numbers import XY, Offsets, Ragged, Rows, is_missing

# The buffers; and for each row which one it is in, where it starts, its length (negative: missing).
Places = tuple[tuple[npt.NDArray[np.uint8], ...], Offsets, Offsets, Offsets]


def is_wkb(value: object) -> bool:
    """Return whether a value is bytes; a memoryview may be an array of numbers."""
    if isinstance(value, memoryview):
        return value.ndim == 1 and value.format in ("B", "b", "c")
    return isinstance(value, (bytes, bytearray))


def points_of(rows: Rows, argument: str, faults: Faults) -> XY:
    """Return x and y of Points; NaN where one is missing or empty."""
    return points_at(_places_of(rows, argument, faults), argument, faults)


def regions_of(rows: Rows, argument: str, faults: Faults) -> Ragged:
    """Return the ragged arrays of regions and collections of them; a missing one has no vertices."""
    return regions_at(_places_of(rows, argument, faults), argument, faults)


def points_at(places: Places, argument: str, faults: Faults) -> XY:
    """Return x and y of the Points at these places."""
    x, y, found = _core.wkb_points(argument, *places)
    _note(found, argument, "a Point", faults)
    return x, y


def regions_at(places: Places, argument: str, faults: Faults) -> Ragged:
    """Return the ragged arrays of the regions at these places."""
    coords, rings, polygons, geoms, kinds, found = _core.wkb_regions(argument, *places, faults.takes_lines)
    _note(found, argument, None, faults)
    return coords, rings, polygons, geoms, kinds if faults.takes_lines and kinds.any() else None


def _note(found: list[tuple[int, str, bool]], argument: str, expected: str | None, faults: Faults) -> None:
    """Note what the extension says of rows: the type they have, or what is wrong with their bytes.

    `expected` says what they should be; None: a region.
    """
    for row, words, is_type in found:
        if not words:
            faults.dropped.append(row)
        elif is_type and expected is None:
            faults.no_region(argument, row, words)
        elif is_type:
            faults.wrong_type(argument, row, expected or "", words)
        else:
            faults.wrong_value(argument, row, "not valid WKB", f"not valid WKB: it {words}")


def _places_of(rows: Rows, argument: str, faults: Faults) -> Places:
    """Return the rows in one buffer."""
    there = np.fromiter(map(is_wkb, rows), dtype=bool, count=len(rows))
    for row in np.flatnonzero(~there).tolist():
        if not is_missing(rows[row]):
            faults.wrong_type(argument, row, "WKB like the rows before", type(rows[row]).__name__)
    pieces = list(map(bytes, compress(rows, there)))
    size = np.full(len(rows), -1, dtype=np.int64)
    size[there] = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    start = np.concatenate(([0], np.cumsum(np.maximum(size, 0))))[:-1]
    return (np.frombuffer(b"".join(pieces), dtype=np.uint8),), np.zeros_like(size), start, size
