"""What notebooks show of polygons, regions, indexes and reports: small tables and pictures, with no library.

Polygons and regions are drawn as outlines. An index does not keep the regions, so its answers for a grid of
points are drawn. Text comes from data, so all of it is escaped.
"""

from __future__ import annotations

import math
from html import escape
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from poly_match._core import Polygon
from poly_match._forms.regions import Regions
from poly_match._quality.report import Report
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
    return _beside(facts, _answers_svg(index))


def regions_html(regions: Regions) -> str:
    """Return the numbers of regions, polygons, rings and vertices, with a picture of not too many."""
    coords = regions.coords
    facts = {
        "regions": f"{len(regions):,}",
        "polygons": f"{len(regions.polygon_offsets) - 1:,}",
        "rings": f"{len(regions.ring_offsets) - 1:,}",
        "vertices": f"{len(coords):,}",
    }
    if not len(coords) or not np.isfinite(coords).all():
        return _beside(facts, "")
    (left, bottom), (right, top) = coords.min(axis=0).tolist(), coords.max(axis=0).tolist()
    facts["bounds"] = f"{left:.6g}, {bottom:.6g}, {right:.6g}, {top:.6g}"
    return _beside(facts, _outlines_svg(regions))


def report_html(report: Report) -> str:
    """Return the findings as a table, one row each."""
    heading, *_ = repr(report).split("\n")
    rows = "".join(
        f"<tr><th>{escape(each.kind)}</th><td>{escape(each.message)}</td>"
        f"<td>{escape(each.rows_text())}</td><td>{escape(each.fix)}</td></tr>"
        for each in report.findings
    )
    names = "<tr><th></th><th>found</th><th>rows</th><th>what to do</th></tr>"
    return f"<p>{escape(heading)}</p>" + (f"<table>{names}{rows}</table>" if rows else "")


def _beside(facts: dict[str, str], picture: str) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(fact)}</td></tr>" for name, fact in facts.items())
    return f'<div style="display:flex;gap:1em"><table>{rows}</table>{picture}</div>'


def _outlines_svg(regions: Regions) -> str:
    """Return all rings as one path in whole pixels; nothing if there are too many corners even so."""
    x, y = regions.coords.T
    reach = max(np.abs(x).max(), np.abs(y).max()) or 1.0
    x, y = x / reach, y / reach  # so that no difference overflows
    width, height = float(np.ptp(x)), float(np.ptp(y))
    scale = SIDE / (max(width, height) or 1.0)
    pixels = np.rint(np.column_stack([x - x.min(), y.max() - y]) * scale).astype(np.int64)
    starts = regions.ring_offsets[:-1][np.diff(regions.ring_offsets) > 0]
    seen = np.append(True, (pixels[1:] != pixels[:-1]).any(axis=1))
    seen[starts] = True
    if seen.sum() > 10 * CORNERS:
        return ""
    ring = np.cumsum(np.bincount(starts, minlength=len(pixels)))[seen]
    corners = [f"{right} {down}" for right, down in pixels[seen].tolist()]
    cuts = np.flatnonzero(np.append(True, ring[1:] != ring[:-1])).tolist()
    paths = ["M" + "L".join(corners[a:b]) + "z" for a, b in zip(cuts, [*cuts[1:], len(corners)], strict=True)]
    shape = (
        f'<path d="{"".join(paths)}" fill="{PALETTE[1]}" fill-rule="evenodd" stroke="{PALETTE[0]}" '
        'stroke-width="0.5"/>'
    )
    return _svg(width * scale, height * scale, 2, shape, repr(regions))


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
