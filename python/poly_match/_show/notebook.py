"""What notebooks show of polygons and indexes: a small picture, made without a library.

A polygon is drawn as its outline. An index does not keep the regions, so its answers for a grid of points are
drawn.
"""

from __future__ import annotations

import math
from html import escape
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from poly_match._core import Polygon
from poly_match._show.colours import PALETTE


class Matcher(Protocol):
    """The part of `Index` that is used here."""

    @property
    def predicate(self) -> str: ...
    @property
    def best(self) -> str: ...
    @property
    def bounds(self) -> tuple[float, float, float, float]: ...
    @property
    def nbytes(self) -> int: ...
    def __len__(self) -> int: ...

    def match(self, points: Any, /) -> npt.NDArray[np.intp]: ...


SIDE = 160  # the longer side of a picture, in pixels
GRID = 80  # the longer side of an index's picture, in points
CORNERS = 2000  # at most about this many vertices of an outline are drawn


def polygon_svg(polygon: Polygon) -> str:
    """Return the outline as SVG; what is crossed an odd number of times is filled, as in matching."""
    x, y = polygon.x, polygon.y
    reach = max(np.abs(x).max(), np.abs(y).max()) or 1.0
    x, y = x / reach, y / reach  # so that no difference overflows
    width, height = float(np.ptp(x)), float(np.ptp(y))
    scale = SIDE / (max(width, height) or 1.0)
    pixels = np.round(np.column_stack([x - x.min(), y.max() - y]) * scale, 1)
    seen = np.append(True, (pixels[1:] != pixels[:-1]).any(axis=1))
    pixels = pixels[seen]
    pixels = pixels[:: 1 + len(pixels) // CORNERS]
    corners = " ".join(f"{right:g},{down:g}" for right, down in pixels.tolist())
    shape = (
        f'<polygon points="{corners}" fill="{PALETTE[1]}" fill-rule="evenodd" stroke="{PALETTE[0]}" '
        'stroke-width="1.5" stroke-linejoin="round"/>'
    )
    return _svg(width * scale, height * scale, 2, shape, repr(polygon))


def index_html(index: Matcher) -> str:
    """Return the facts about the index as a table, with a picture of its answers if its bounds are finite."""
    facts = {
        "regions": f"{len(index):,}",
        "predicate": index.predicate,
        "best": index.best,
        "bounds": ", ".join(f"{bound:.6g}" for bound in index.bounds),
        "size": f"{index.nbytes:,} bytes",
    }
    rows = "".join(f"<tr><th>{name}</th><td>{escape(fact)}</td></tr>" for name, fact in facts.items())
    return f'<div style="display:flex;gap:1em"><table>{rows}</table>{_answers_svg(index)}</div>'


def _answers_svg(index: Matcher) -> str:
    """Return the answers at the centers of a grid's squares, with equal neighbours as one rectangle."""
    left, bottom, right, top = index.bounds
    width, height = right - left, top - bottom
    if not (0 < width < math.inf and 0 < height < math.inf):
        return ""
    step = max(width, height) / GRID
    columns, rows = max(round(width / step), 1), max(round(height / step), 1)
    x = left + (np.arange(columns) + 0.5) * (width / columns)
    y = top - (np.arange(rows) + 0.5) * (height / rows)
    answers = index.match((np.tile(x, rows), np.repeat(y, columns))).reshape(rows, columns)
    runs: dict[str, list[str]] = {}
    for down, row in enumerate(answers):
        starts = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), columns], strict=True):
            if row[start] >= 0:
                colour = PALETTE[row[start] % len(PALETTE)]
                runs.setdefault(colour, []).append(f"M{start} {down}h{end - start}v1h{start - end}z")
    shapes = "".join(f'<path fill="{colour}" d="{"".join(paths)}"/>' for colour, paths in runs.items())
    pixels = SIDE / GRID
    drawn = f'<g transform="scale({pixels:g})" shape-rendering="crispEdges">{shapes}</g>'
    return _svg(columns * pixels, rows * pixels, 0, drawn, repr(index))


def _svg(width: float, height: float, margin: float, content: str, title: str) -> str:
    wide, high = width + 2 * margin, height + 2 * margin
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:g}" height="{high:g}" '
        f'viewBox="{-margin:g} {-margin:g} {wide:g} {high:g}"><title>{escape(title)}</title>{content}</svg>'
    )
