"""Points on a map of their regions: what did each point get, where was nothing, where was it a close call?

Uses matplotlib. `colours.py` says which colour a region has, `outlines.py` gives its shape, `drawing.py`
draws one layer after the other. A tie is found by matching once more with equal candidates in the opposite
order: exactly the points with several equally good regions change their answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._engine.limits import scores_of
from poly_match._engine.prepared import measured_polygons
from poly_match._engine.results import Answers
from poly_match._errors import value_error
from poly_match._forms.crs import check_crs, crs_text, is_degrees
from poly_match._forms.names import labels_of, names_in, names_of
from poly_match._forms.numbers import Doubles
from poly_match._forms.points import are_bad, xy_of
from poly_match._forms.regions import Regions, are_polygons, read_regions
from poly_match._forms.sphere import on_sphere
from poly_match._forms.validity import screened
from poly_match._index import Index
from poly_match._readers.named_files import points_in, polygons_in
from poly_match._rules import TAKE_LINES, Best, Invalid, Metric, Predicate
from poly_match._show.colours import colours_of
from poly_match._show.drawing import (
    draw_cells,
    draw_disks,
    draw_frame,
    draw_marks,
    draw_points,
    draw_raster,
    draw_regions,
)
from poly_match._show.outlines import boxes_of, outlines_of, raster_of

__all__ = ["plot"]

Extent = tuple[float, float, float, float]


def plot(
    points: Any,
    polygons: Any,
    *,
    answers: npt.ArrayLike | None = None,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    metric: Metric = "planar",
    period: float | None = None,
    invalid: Invalid = "use",
    names: Any = None,
    highlight: Any = None,
    extent: Sequence[float] | None = None,
    title: str | None = None,
    ax: Any = None,
    figsize: tuple[float, float] | None = None,
    cells: bool = False,
    lonlat: bool | None = None,
    max_points: int = 20_000,
) -> Any:
    """Draw the regions and the points, each point in the colour of its region.

    Parameters
    ----------
    points, predicate, distance, best, metric, period, invalid
        As for `match`. On the sphere, outlines are drawn with straight edges all the same, and no disks.
    polygons : polygons, or an Index
        As for `match`. An index has no outlines; its answers are drawn instead, on a grid of 1000 squares
        along the longer side, by the rules that it was built with.
    answers : (n,) array of integers, optional
        The answers to draw, one per point, -1 for none, instead of those that `match` gives. Ties are not
        known then and not marked.
    names : sequence, Series or str, optional
        The names of the regions, as for `match`: for `highlight` and its legend. Those that an index stores
        need not be given.
    highlight : int, str or a sequence of them, optional
        At most nine regions to draw in colours of their own, by position or by name; all others are grey.
        Without it, colours only tell neighbours apart, and repeat.
    extent : (4,) sequence of float, optional
        Least x, least y, greatest x and greatest y of the map, as `Index.bounds`; points outside of it are
        not counted. The default is all of the regions and points.
    title : str, optional
        Instead of the numbers of points and regions.
    ax : matplotlib Axes, optional
        Where to draw; a new figure otherwise.
    figsize : (float, float), optional
        Width and height of a new figure in inches, (8, 6) by default.
    cells : bool
        Draw the cells of the index as well: those with one answer, and darker those that a border crosses. An
        index of few regions has none, and the picture says so.
    lonlat : bool, optional
        Whether the coordinates are degrees, so that a degree of longitude is drawn narrower the farther from
        the equator. The coordinate reference system of `polygons` says so when they have one; otherwise x and
        y have one scale.
    max_points : int
        With more points a random sample of this many is matched and drawn, the same in every call, and the
        title says so.

    Returns
    -------
    Axes
        ``ax.figure.savefig("map.png")`` writes it; .svg and .pdf work as well.

    Raises
    ------
    ImportError
        matplotlib is not installed: ``pip install 'poly-match[plot]'``.
    TypeError, ValueError
        What `match` would refuse as well; answers that are not one region or -1 for each point; a region to
        highlight that is not there; an extent that is empty; `figsize` with `ax`; rules with an index.

    Notes
    -----
    Points without a region are crosses. Points with a ring around them are ties: another candidate is exactly
    as good as their region, and only the order of the input decided. Points that have no finite coordinates
    can't be drawn; the title counts them. With a `title`, what else it would say is below the map.

    Examples
    --------
    >>> import poly_match as pm
    >>> left, right = [(0, 0), (4, 0), (4, 4), (0, 4)], [(4, 0), (8, 0), (8, 4), (4, 4)]
    >>> ax = pm.plot([(1, 1), (4, 2), (5, 3), (9, 2)], [left, right])  # doctest: +SKIP
    >>> ax = pm.plot([(1, 1), (4, 2)], [left, right], highlight=[1], extent=(0, 0, 8, 4))  # doctest: +SKIP
    >>> ax.figure.savefig("map.png")  # doctest: +SKIP
    """
    if ax is not None and figsize is not None:
        raise value_error("figsize", "goes with a new figure; ax has a figure, whose size is set already")
    box = None if extent is None else _box(extent)
    points = points_in(points)
    rules: dict[str, Any] = {"predicate": predicate, "distance": distance, "metric": metric}
    rules["period"] = period
    if isinstance(polygons, Index):
        given = predicate, distance, metric, period
        if given != ("covers", None, "planar", None) or not _is_text(best, "smallest"):
            raise value_error(
                "polygons", "an index has its rules; leave out predicate, distance, best, metric and period"
            )
        drawn = _Drawn.of_index(polygons, names)
    else:
        drawn = _Drawn.of_polygons(polygons_in(polygons), best, rules, invalid, names)
    check_crs(points, drawn.crs)
    x, y = xy_of(points)
    rows, total = _sampled(x, y, box, max_points)
    sample = x[rows], y[rows]
    tied = np.zeros(len(rows), dtype=bool)
    if answers is not None:
        found = _checked(answers, len(x), len(drawn.matcher))[rows]
    else:
        found = drawn.matcher.match(sample)
        if drawn.regions is not None:
            tied = _ties(sample, found, drawn.polygons, drawn.regions, drawn.best, rules)

    raster = raster_of(drawn.matcher, box) if drawn.regions is None else None
    outlines = [] if drawn.regions is None else outlines_of(drawn.regions)
    boxes = boxes_of(outlines) if raster is None else raster.boxes(len(drawn.matcher))
    colours = colours_of(boxes, highlight, drawn.names)
    if ax is None:
        ax = _pyplot().subplots(figsize=figsize or (8, 6), layout="constrained")[1]
    if raster is None:
        draw_regions(ax, outlines, colours)
        if drawn.regions is not None:
            draw_marks(ax, drawn.regions, colours)
    else:
        draw_raster(ax, raster, colours)
        boxes = np.array([raster.extent])
    if predicate == "center_within" and metric == "planar" and drawn.regions is not None:
        draw_disks(ax, _measured(drawn.polygons, drawn.regions, metric)[1], distance, colours)
    without = draw_cells(ax, drawn.matcher) if cells else ""
    draw_points(ax, sample, found, tied, colours)

    summary = _summary(len(rows), total, len(x) - int((~are_bad(x, y)).sum()), len(drawn.matcher), box)
    middle = _middle(boxes if box is None else np.array([box]))
    if lonlat is None:
        lonlat = bool(is_degrees(drawn.crs))
    if title is None:
        draw_frame(ax, summary, without, lonlat, middle)
    else:
        draw_frame(ax, title, f"{summary}\n{without}".strip(), lonlat, middle)
    if box is not None:
        ax.set(xlim=box[::2], ylim=box[1::2])
    return ax


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError(
            "plot needs matplotlib, which is not installed: pip install 'poly-match[plot]'"
        ) from None
    return pyplot


# ---- what there is to draw -------------------------------------------------------------------------------


class _Drawn(NamedTuple):
    """What a map is of: an index; its regions, None where the index is all that there is; names, or None."""

    matcher: Index
    crs: str | None
    names: npt.NDArray[np.object_] | None
    polygons: Any = None
    regions: Regions | None = None
    best: Best | npt.ArrayLike = "smallest"

    @classmethod
    def of_index(cls, index: Index, names: Any) -> _Drawn:
        note = index._note
        known = note.names if names is None else index._names(names)
        return cls(index, note.crs, known)

    @classmethod
    def of_polygons(
        cls, polygons: Any, best: Best | npt.ArrayLike, rules: dict[str, Any], invalid: Invalid, names: Any
    ) -> _Drawn:
        crs, labels, column = crs_text(polygons), labels_of(polygons), names_in(names, polygons)
        takes_lines = rules["predicate"] in TAKE_LINES
        reading = read_regions(polygons, takes_lines, rules["metric"])
        regions, left_out, _ = screened(
            on_sphere(reading) if rules["metric"] == "sphere" else reading, invalid
        )
        known = None if names is None else names_of(column, len(regions), labels)
        if left_out.size and invalid == "skip":
            polygons = regions
        best = scores_of(polygons, best)
        return cls(Index(polygons, best=best, **rules), crs, known, polygons, regions, best)


def _is_text(value: Any, text: str) -> bool:
    return isinstance(value, str) and value == text


def _box(extent: Sequence[float]) -> Extent:
    """Return the extent as four numbers, the lower ones first."""
    box = np.asarray(extent, dtype=np.float64)
    if box.shape != (4,):
        raise value_error("extent", f"expected four numbers: least x and y, greatest x and y, got {extent!r}")
    left, bottom, right, top = box.tolist()
    if not (np.isfinite(box).all() and left < right and bottom < top):
        raise value_error("extent", f"expected least x, least y, greatest x, greatest y, got {extent!r}")
    return left, bottom, right, top


def _sampled(x: Doubles, y: Doubles, box: Extent | None, limit: int) -> tuple[Answers, int]:
    """Return the rows of the points to draw, and of how many: the finite ones within the box, or a sample."""
    if limit < 0:
        raise value_error("max_points", f"expected at least 0, got {limit}")
    seen = ~are_bad(x, y)
    if box is not None:
        left, bottom, right, top = box
        seen &= (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    rows = np.flatnonzero(seen)
    total = len(rows)
    if total > limit:
        rows = np.sort(np.random.default_rng(0).choice(rows, limit, replace=False))
    return rows, total


def _summary(drawn: int, total: int, lost: int, regions: int, box: Extent | None) -> str:
    points = f"{total:,} points" if drawn == total else f"A sample of {drawn:,} of {total:,} points"
    where = "" if box is None else " within this extent"
    rest = f", {lost:,} without coordinates not drawn" if lost else ""
    return f"{points}{where} and {regions:,} regions{rest}"


def _middle(boxes: Doubles) -> float:
    """Return the middle of the map in y."""
    filled = boxes[np.isfinite(boxes[:, 0])]
    return float(filled[:, 1].min() + filled[:, 3].max()) / 2 if len(filled) else 0.0


def _checked(answers: npt.ArrayLike, points: int, regions: int) -> Answers:
    given = np.asarray(answers)
    if given.shape != (points,) or given.dtype.kind not in "iu":
        raise value_error(
            "answers", f"expected one integer for each of {points} points, got {given.dtype} {given.shape}"
        )
    wrong = np.flatnonzero((given < -1) | (given >= regions))
    if wrong.size:
        raise value_error(
            "answers",
            f"{given[wrong[0]]} is not one of {regions} regions, nor -1 for none",
            row=int(wrong[0]),
        )
    return given.astype(np.intp)


def _ties(
    points: tuple[Doubles, Doubles],
    found: Answers,
    polygons: Any,
    regions: Regions,
    best: Best | npt.ArrayLike,
    rules: dict[str, Any],
) -> npt.NDArray[np.bool_]:
    """Return which points would get another answer if the last of equal candidates won, not the first."""
    if isinstance(best, str) and best == "first":
        return np.zeros(len(found), dtype=bool)
    worth = _measured(polygons, regions, rules["metric"])[0] if isinstance(best, str) else np.asarray(best)
    _, worth = np.unique(worth, return_inverse=True)  # their order, as integers
    if isinstance(best, str) and best == "largest":
        worth = -worth
    order = np.lexsort((-np.arange(len(worth)), worth))
    scores = np.empty(len(worth), dtype=np.int64)
    scores[order] = np.arange(len(worth))
    other = Index(polygons, best=scores, **rules).match(points)
    tied: npt.NDArray[np.bool_] = other != found
    return tied


def _measured(polygons: Any, regions: Regions, metric: str) -> tuple[Doubles, Doubles]:
    """Return the areas and the centers that the engine uses."""
    if are_polygons(polygons):
        x, y, areas = measured_polygons(polygons, regions, metric)
        return areas, np.column_stack([x, y])
    return _core.regions_measure(*regions._arrays, metric)
