"""Points on a map of their regions: what did each point get, where was nothing, where was it a close call?

Uses matplotlib. Colours come from a small palette that people with colour-blindness can distinguish, so they
repeat: regions whose boxes meet get different ones if possible. A tie is found by matching once more with
equal candidates in the opposite order: exactly the points
with several equally good regions change their answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._engine.limits import scores_of
from poly_match._engine.results import Answers
from poly_match._errors import value_error
from poly_match._forms.column import doubles_in
from poly_match._forms.crs import check_crs, crs_text, is_degrees
from poly_match._forms.numbers import Doubles
from poly_match._forms.points import are_bad, xy_of
from poly_match._forms.regions import Regions, are_polygons, read_regions
from poly_match._forms.validity import screened
from poly_match._index import Index
from poly_match._readers.named_files import points_in, polygons_in
from poly_match._rules import Best, Invalid, Predicate
from poly_match._show.notebook import PALETTE

__all__ = ["plot"]

BORDER = 2  # the kind of a cell that a border crosses
NO_REGION, TIE = "#777777", "#D4006A"


def plot(
    points: Any,
    polygons: Any,
    *,
    answers: npt.ArrayLike | None = None,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    period: float | None = None,
    invalid: Invalid = "use",
    ax: Any = None,
    cells: bool = False,
    lonlat: bool | None = None,
    max_points: int = 20_000,
) -> Any:
    """Draw the regions and the points, each point in the colour of its region.

    Parameters
    ----------
    points, polygons, predicate, distance, best, period, invalid
        As for `match`.
    answers : (n,) array of integers, optional
        The answers to draw, one per point, -1 for none, instead of those that `match` gives. Ties are not
        known then and not marked.
    ax : matplotlib Axes, optional
        Where to draw; a new figure otherwise.
    cells : bool
        Draw the cells of the index as well: those with one answer, and darker those that a border crosses.
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
        What `match` would refuse as well; answers that are not one region or -1 for each point.

    Notes
    -----
    Points without a region are crosses. Points with a ring around them are ties: another candidate is exactly
    as good as their region, and only the order of the input decided. Points that have no finite coordinates
    can't be drawn; the title counts them.

    Examples
    --------
    >>> import poly_match as pm
    >>> left, right = [(0, 0), (4, 0), (4, 4), (0, 4)], [(4, 0), (8, 0), (8, 4), (4, 4)]
    >>> ax = pm.plot([(1, 1), (4, 2), (5, 3), (9, 2)], [left, right])  # doctest: +SKIP
    >>> ax.figure.savefig("map.png")  # doctest: +SKIP
    """
    if ax is None:
        ax = _pyplot().subplots(figsize=(8, 6), layout="constrained")[1]
    points, polygons = points_in(points), polygons_in(polygons)
    check_crs(points, crs_text(polygons))
    x, y = xy_of(points)
    regions, left_out, _ = screened(read_regions(polygons), invalid)
    if left_out.size and invalid == "skip":
        polygons = regions
    best = scores_of(polygons, best)
    rows = _drawn(x, y, max_points)
    rules: dict[str, Any] = {"predicate": predicate, "distance": distance, "period": period}
    sample = x[rows], y[rows]
    index = Index(polygons, best=best, **rules)
    if answers is None:
        found = index.match(sample)
        tied = _ties(sample, found, polygons, regions, best, rules)
    else:
        found = _checked(answers, len(x), len(regions))[rows]
        tied = np.zeros(len(rows), dtype=bool)
    outlines = _outlines(regions)
    boxes = _boxes(outlines)
    colours = np.array(PALETTE)[_colouring(boxes)]
    _draw_regions(ax, outlines, colours)
    if predicate == "center_within":
        _draw_disks(ax, _measured(polygons, regions)[1], distance, colours)
    if cells:
        _draw_cells(ax, index)
    _draw_points(ax, sample, found, tied, colours)
    ax.set_title(_title(x, y, rows, len(regions)))
    _set_aspect(ax, boxes, polygons, lonlat)
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


def _drawn(x: Doubles, y: Doubles, limit: int) -> Answers:
    """Return the rows of the points to draw: the finite ones, or a sample of them."""
    if limit < 0:
        raise value_error("max_points", f"expected at least 0, got {limit}")
    rows = np.flatnonzero(~are_bad(x, y))
    if len(rows) > limit:
        rows = np.sort(np.random.default_rng(0).choice(rows, limit, replace=False))
    return rows


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
    worth = _measured(polygons, regions)[0] if isinstance(best, str) else np.asarray(best)
    _, worth = np.unique(worth, return_inverse=True)  # their order, as integers
    if isinstance(best, str) and best == "largest":
        worth = -worth
    order = np.lexsort((-np.arange(len(worth)), worth))
    scores = np.empty(len(worth), dtype=np.int64)
    scores[order] = np.arange(len(worth))
    other = Index(polygons, best=scores, **rules).match(points)
    tied: npt.NDArray[np.bool_] = other != found
    return tied


def _measured(polygons: Any, regions: Regions) -> tuple[Doubles, Doubles]:
    """Return the areas and the centers that the engine uses."""
    if are_polygons(polygons):
        x, y, areas = _core.measure_polygons(polygons)
        return areas, np.column_stack([x, y])
    return _core.regions_measure(
        regions.coords, regions.ring_offsets, regions.polygon_offsets, regions.geom_offsets
    )


def _outlines(regions: Regions) -> list[Any]:
    """Return each region's rings as one path.

    Shells and holes have opposite directions, because renderers fill by winding number.
    """
    from matplotlib.path import Path

    polygons = regions.polygon_offsets
    shells = np.zeros(len(regions.ring_offsets) - 1, dtype=bool)
    shells[polygons[:-1][polygons[:-1] < polygons[1:]]] = True
    rings = []
    corners = regions.ring_offsets.tolist()
    for begin, end, shell in zip(corners[:-1], corners[1:], shells.tolist(), strict=True):
        ring = regions.coords[begin:end]
        x, y = (ring - ring[:1]).T
        turns = x @ np.roll(y, -1) - y @ np.roll(x, -1)
        rings.append(np.concatenate([ring if (turns > 0) == shell else ring[::-1], ring[:1]]))
    owners = polygons if regions.geom_offsets is None else polygons[regions.geom_offsets]
    pairs = zip(owners[:-1].tolist(), owners[1:].tolist(), strict=True)
    return [
        Path.make_compound_path(*(Path(ring, closed=True) for ring in rings[begin:end] if len(ring)))
        for begin, end in pairs
    ]


def _boxes(outlines: list[Any]) -> Doubles:
    """Return min x, min y, max x, max y of each region; NaN for empty ones."""
    boxes = np.full((len(outlines), 4), np.nan)
    for row, outline in enumerate(outlines):
        if len(outline.vertices):
            boxes[row] = *outline.vertices.min(axis=0), *outline.vertices.max(axis=0)
    return boxes


def _colouring(boxes: Doubles) -> Answers:
    """Return a colour number for each region, different from those of regions whose boxes meet.

    From left to right, each takes the colour that is rarest among its neighbours, then overall.
    O(n log n + the pairs that meet in x).
    """
    colours = np.full(len(boxes), 0, dtype=np.intp)
    order = np.argsort(boxes[:, 0], kind="stable")
    left, bottom, right, top = boxes[order].T
    used, reach = np.zeros(len(PALETTE)), np.maximum.accumulate(np.nan_to_num(right, nan=-np.inf))
    for place, row in enumerate(order.tolist()):
        first = int(np.searchsorted(reach[:place], left[place]))
        before = slice(first, place)
        meets = (
            (right[before] >= left[place]) & (bottom[before] <= top[place]) & (top[before] >= bottom[place])
        )
        around = np.bincount(colours[order[before][meets]], minlength=len(PALETTE))
        colours[row] = np.lexsort((used, around))[0]
        used[colours[row]] += 1
    return colours


# ---- drawing it ------------------------------------------------------------------------------------------


def _draw_regions(ax: Any, outlines: list[Any], colours: npt.NDArray[Any]) -> None:
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_rgba_array

    filled = [row for row, outline in enumerate(outlines) if len(outline.vertices)]
    edges = to_rgba_array(colours[filled])
    faces = edges * [1, 1, 1, 0.2]
    drawn = PathCollection(
        [outlines[row] for row in filled], facecolors=faces, edgecolors=edges, linewidths=0.6
    )
    ax.add_collection(drawn)
    ax.autoscale_view()


def _draw_disks(ax: Any, centers: Doubles, distance: Any, colours: npt.NDArray[Any]) -> None:
    """Draw a circle of the distance around each center, for "center_within"."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle

    radii = np.broadcast_to(doubles_in(distance, "distance"), len(centers))
    rows = np.flatnonzero(np.isfinite(radii) & np.isfinite(centers).all(axis=1))
    circles = [Circle(tuple(centers[row]), radii[row]) for row in rows]
    ax.add_collection(
        PatchCollection(
            circles, facecolors="none", edgecolors=colours[rows], linestyles="dotted", linewidths=0.8
        )
    )
    ax.autoscale_view()


def _draw_cells(ax: Any, index: Index) -> None:
    from matplotlib.collections import PolyCollection

    boxes, kinds, _ = index._cells()
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    for kind, colour in ((0, "#BBBBBB"), (BORDER, "#555555")):
        ax.add_collection(
            PolyCollection(corners[kinds == kind], facecolors="none", edgecolors=colour, linewidths=0.4),
            autolim=False,
        )


def _draw_points(
    ax: Any,
    points: tuple[Doubles, Doubles],
    found: Answers,
    tied: npt.NDArray[np.bool_],
    colours: npt.NDArray[Any],
) -> None:
    x, y = points
    hit = found >= 0
    size = 16 if len(x) < 1000 else 4
    if hit.any():
        label = f"matched ({hit.sum():,})"
        ax.scatter(x[hit], y[hit], s=size, c=colours[found[hit]], linewidths=0, zorder=3, label=label)
    if not hit.all():
        label = f"no region ({(~hit).sum():,})"
        ax.scatter(x[~hit], y[~hit], s=size, c=NO_REGION, marker="x", linewidths=0.7, zorder=3, label=label)
    if tied.any():
        ring = {"facecolors": "none", "edgecolors": TIE, "linewidths": 1.2, "zorder": 4}
        ax.scatter(x[tied], y[tied], s=4 * size + 20, label=f"tie ({tied.sum():,})", **ring)
    if len(x):
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 3.5}  # the label of x
        ax.legend(ncols=3, frameon=False, **below)


def _title(x: Doubles, y: Doubles, rows: Answers, regions: int) -> str:
    finite = len(x) - int(are_bad(x, y).sum())
    drawn = (
        f"{len(rows):,} points" if len(rows) == finite else f"A sample of {len(rows):,} of {finite:,} points"
    )
    lost = f", {len(x) - finite:,} without coordinates not drawn" if finite < len(x) else ""
    return f"{drawn} and {regions:,} regions{lost}"


def _set_aspect(ax: Any, boxes: Doubles, polygons: Any, lonlat: bool | None) -> None:
    if lonlat is None:
        lonlat = bool(is_degrees(crs_text(polygons)))
    filled = np.isfinite(boxes[:, 0])
    aspect = 1.0
    if lonlat and filled.any():
        middle = (boxes[filled, 1].min() + boxes[filled, 3].max()) / 2
        aspect = 1 / max(np.cos(np.radians(middle)), 0.1)
    ax.set_aspect(aspect)
    ax.set_xlabel("longitude" if lonlat else "x")
    ax.set_ylabel("latitude" if lonlat else "y")
