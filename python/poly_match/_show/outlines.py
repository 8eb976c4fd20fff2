"""The shapes of a map: the regions' rings as paths of matplotlib, their boxes, and answers as a raster.

An index has no outlines. Its answers at the centers of a grid of squares take their place.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from poly_match._engine.results import Answers
from poly_match._forms.numbers import Doubles
from poly_match._forms.regions import Regions
from poly_match._index import Index

__all__ = ["Raster", "boxes_of", "outlines_of", "raster_of"]

SIDE = 1000  # squares along the longer side of a raster


def outlines_of(regions: Regions) -> list[Any]:
    """Return each region's rings as one path.

    Shells and holes have opposite directions, because renderers fill by winding number. A line goes to its
    end and back; a point is drawn as a mark (drawing.py).
    """
    from matplotlib.path import Path

    polygons = regions.polygon_offsets
    shells = np.zeros(len(regions.ring_offsets) - 1, dtype=bool)
    shells[polygons[:-1][polygons[:-1] < polygons[1:]]] = True
    flat = np.zeros(len(shells), dtype=bool)
    if regions.kinds is not None:
        flat[polygons[:-1][(regions.kinds > 0) & (polygons[:-1] < polygons[1:])]] = True
    rings = []
    corners = regions.ring_offsets.tolist()
    sides = zip(corners[:-1], corners[1:], shells.tolist(), flat.tolist(), strict=True)
    for begin, end, shell, is_flat in sides:
        ring = regions.coords[begin:end]
        if is_flat:
            rings.append(np.concatenate([ring, ring[::-1]]))
            continue
        x, y = (ring - ring[:1]).T
        turns = x @ np.roll(y, -1) - y @ np.roll(x, -1)
        rings.append(np.concatenate([ring if (turns > 0) == shell else ring[::-1], ring[:1]]))
    owners = polygons if regions.geom_offsets is None else polygons[regions.geom_offsets]
    pairs = zip(owners[:-1].tolist(), owners[1:].tolist(), strict=True)
    return [
        Path.make_compound_path(*(Path(ring, closed=True) for ring in rings[begin:end] if len(ring)))
        for begin, end in pairs
    ]


def boxes_of(outlines: list[Any]) -> Doubles:
    """Return min x, min y, max x, max y of each region; NaN for empty ones."""
    boxes = np.full((len(outlines), 4), np.nan)
    for row, outline in enumerate(outlines):
        if len(outline.vertices):
            boxes[row] = *outline.vertices.min(axis=0), *outline.vertices.max(axis=0)
    return boxes


class Raster(NamedTuple):
    """Answers in rows from the bottom, -1 for none, and the box they fill: left, bottom, right, top."""

    answers: Answers
    extent: tuple[float, float, float, float]

    def boxes(self, regions: int) -> Doubles:
        """Return min x, min y, max x, max y of each region, in squares; NaN for those without any."""
        boxes = np.full((regions, 4), np.nan)
        down, right = np.nonzero(self.answers >= 0)
        found = self.answers[down, right]
        for axis, places in ((0, right), (1, down)):
            low, high = np.full(regions, np.inf), np.full(regions, -np.inf)
            np.minimum.at(low, found, places)
            np.maximum.at(high, found, places + 1)
            seen = low < high
            boxes[seen, axis], boxes[seen, axis + 2] = low[seen], high[seen]
        return boxes


def raster_of(index: Index, extent: tuple[float, float, float, float] | None) -> Raster:
    """Return the answers of an index within the extent, by default its bounds."""
    left, bottom, right, top = index.bounds if extent is None else extent
    width, height = right - left, top - bottom
    if not (0 < width < np.inf and 0 < height < np.inf):
        return Raster(np.full((1, 1), -1, dtype=np.intp), (0.0, 0.0, 1.0, 1.0))
    step = max(width, height) / SIDE
    columns, rows = max(round(width / step), 1), max(round(height / step), 1)
    x = left + (np.arange(columns) + 0.5) * (width / columns)
    y = bottom + (np.arange(rows) + 0.5) * (height / rows)
    answers = index.match((np.tile(x, rows), np.repeat(y, columns))).reshape(rows, columns)
    return Raster(answers, (left, bottom, right, top))
