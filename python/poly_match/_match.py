"""Build and match, or count, in one call: for points and polygons that meet once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from poly_match._engine.groups import Groups
from poly_match._engine.one_by_one import Rules, one_by_one
from poly_match._engine.prepared import Prepared
from poly_match._engine.results import Answers, answers_of, check_out, empty_distances
from poly_match._errors import value_error
from poly_match._forms.crs import check_crs, crs_text
from poly_match._forms.keys import Keys, columns_of, without_keys
from poly_match._forms.names import labels_of, names_in, names_of
from poly_match._forms.numbers import Doubles
from poly_match._forms.points import xy_of
from poly_match._forms.sphere import check_unit, check_unit_of_points
from poly_match._index import Out
from poly_match._readers.named_files import points_in, polygons_in
from poly_match._rules import Best, Invalid, Metric, Predicate

__all__ = ["Count", "count", "match"]


@overload
def match(
    points: Any,
    polygons: Any,
    *,
    on: Any = None,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    metric: Metric = "planar",
    period: float | None = None,
    invalid: Invalid = "use",
    max_bytes: int | None = None,
    names: None = None,
    workers: int = 1,
    progress: bool = False,
    out: None = None,
    return_distance: Literal[False] = False,
) -> Answers: ...
@overload
def match(
    points: Any,
    polygons: Any,
    *,
    on: Any = None,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    metric: Metric = "planar",
    period: float | None = None,
    invalid: Invalid = "use",
    max_bytes: int | None = None,
    names: None = None,
    workers: int = 1,
    progress: bool = False,
    out: Out,
    return_distance: Literal[False] = False,
) -> Out: ...
@overload
def match(
    points: Any,
    polygons: Any,
    *,
    on: Any = None,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    metric: Metric = "planar",
    period: float | None = None,
    invalid: Invalid = "use",
    max_bytes: int | None = None,
    names: Iterable[Any],
    workers: int = 1,
    progress: bool = False,
    out: None = None,
    return_distance: Literal[False] = False,
) -> npt.NDArray[np.object_]: ...
@overload
def match(
    points: Any,
    polygons: Any,
    *,
    on: Any = None,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    metric: Metric = "planar",
    period: float | None = None,
    invalid: Invalid = "use",
    max_bytes: int | None = None,
    names: None = None,
    workers: int = 1,
    progress: bool = False,
    out: None = None,
    return_distance: Literal[True],
) -> tuple[Answers, Doubles]: ...
@overload
def match(
    points: Any,
    polygons: Any,
    *,
    on: Any = None,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    metric: Metric = "planar",
    period: float | None = None,
    invalid: Invalid = "use",
    max_bytes: int | None = None,
    names: None = None,
    workers: int = 1,
    progress: bool = False,
    out: Out,
    return_distance: Literal[True],
) -> tuple[Out, Doubles]: ...
@overload
def match(
    points: Any,
    polygons: Any,
    *,
    on: Any = None,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    metric: Metric = "planar",
    period: float | None = None,
    invalid: Invalid = "use",
    max_bytes: int | None = None,
    names: Iterable[Any],
    workers: int = 1,
    progress: bool = False,
    out: None = None,
    return_distance: Literal[True],
) -> tuple[npt.NDArray[np.object_], Doubles]: ...
def match(
    points: Any,
    polygons: Any,
    *,
    on: Any = None,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    metric: Metric = "planar",
    period: float | None = None,
    invalid: Invalid = "use",
    max_bytes: int | None = None,
    names: Iterable[Any] | None = None,
    workers: int = 1,
    progress: bool = False,
    out: npt.NDArray[Any] | None = None,
    return_distance: bool = False,
) -> npt.NDArray[Any] | tuple[npt.NDArray[Any], Doubles]:
    """Return for every point the position of its best polygon, -1 for none; or its name.

    See `Index` for the rules and the forms of polygons, `Index.match` for the forms of points, the result and
    what is raised. The way to the answers is the cheapest for this many regions and points: the polygons'
    boxes are looked through or put in a tree, shapely's polygons are read one by one when a point is in their
    box, or an index is built. The answers are the same. Where points are fewer than half of shapely's
    polygons, a vertex that is not finite goes unnoticed in a polygon of more than 100 vertices whose box
    holds no point; `check` finds it.

    Parameters
    ----------
    on : str, tuple or list, optional
        Keys: a point is matched only to the regions whose key is equal to its own (its floor, year, camera,
        frame). The name of a column of both frames; or a tuple of two, the points' and the polygons', each a
        column's name or the keys themselves, one for each row, in an array, list, Series or Arrow column; or
        a list of such keys, all of which have to be equal. Keys are numbers, text, times or other values
        that can be compared, exactly (1 equals 1.0). A key that is missing (None, NaN, NaT, NA) matches
        nothing.

    Raises
    ------
    TypeError, ValueError
        What `Index` and `Index.match` raise; keys of two kinds, such as text and numbers; another number of
        keys than rows; a column that is not there. The message names `on` and the side.

    Notes
    -----
    Any number of keys takes about the time of one match: 100,000 of them with ten regions and ten points
    each, a second. With `on`, `max_bytes` limits the index of a key, and after Ctrl-C `out` holds nothing.

    Examples
    --------
    >>> import numpy as np
    >>> import poly_match as pm
    >>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
    >>> pm.match([(2, 2), (8, 2)], [square, square + [5, 0]], predicate="center_within", distance=3)
    array([0, 1])
    >>> pm.match([(2, 2), (8, 2), (9, 9)], [square, square + [5, 0]], names=["west", "east"])
    array(['west', 'east', None], dtype=object)
    >>> pm.match([(2, 2), (2, 2), (2, 2)], [square, square], on=(["red", "blue", None], ["blue", "red"]))
    array([ 1,  0, -1])
    """
    points, polygons = points_in(points), polygons_in(polygons)
    _check_planes(points, polygons, predicate, metric)
    names = names_in(names, polygons)
    if names is not None and out is not None:
        raise value_error("out", "takes positions, not names; leave out one of the two")
    rules = Rules(predicate, distance, best, max_bytes, period, invalid, metric)
    if on is None:
        matched = _at_once(points, polygons, rules, workers, progress, out, return_distance)
    else:
        matched = _with_keys(points, polygons, on, rules, workers, progress, out, return_distance)
    known = None if names is None else names_of(names, matched.regions, labels_of(polygons))
    answers: npt.NDArray[Any] = matched.answers if known is None else known[matched.answers]
    return answers if matched.distances is None else (answers, matched.distances)


def _check_planes(points: Any, polygons: Any, predicate: str, metric: str) -> None:
    """Refuse points on another plane than the polygons, and coordinates that the metric can't have."""
    crs = crs_text(polygons)
    check_crs(points, crs)
    check_unit(crs, predicate, metric)
    check_unit_of_points(points, metric)


class Matched(NamedTuple):
    """What points got: positions, and how far away where that was wanted; and how many regions there are."""

    answers: npt.NDArray[Any]
    distances: Doubles | None
    regions: int


class Count(NamedTuple):
    """Points per region, and those that have none; together all points."""

    regions: npt.NDArray[np.intp]
    unmatched: int


def count(
    points: Any,
    polygons: Any,
    *,
    on: Any = None,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    metric: Metric = "planar",
    period: float | None = None,
    invalid: Invalid = "use",
    max_bytes: int | None = None,
    workers: int = 1,
    progress: bool = False,
) -> Count:
    """Return how many points have each polygon as their best one.

    A point counts once, also on a border or where polygons overlap, so the counts and the unmatched add up to
    the number of points. The arguments are those of `match`.

    Returns
    -------
    regions : (m,) array of intp
        Points per region, in the order of the polygons: of the length of a frame they come from, to be
        assigned to a column of it.
    unmatched : int
        Points without a region, those that are missing or not finite among them.

    Examples
    --------
    >>> import numpy as np
    >>> import poly_match as pm
    >>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
    >>> pm.count([(1, 1), (3, 3), (4, 4), (9, 9)], [square, square / 2])
    Count(regions=array([2, 1]), unmatched=1)
    """
    points, polygons = points_in(points), polygons_in(polygons)
    _check_planes(points, polygons, predicate, metric)
    rules = Rules(predicate, distance, best, max_bytes, period, invalid, metric)
    if on is None:
        matched = _at_once(points, polygons, rules, workers, progress)
    else:
        matched = _with_keys(points, polygons, on, rules, workers, progress)
    counts = np.bincount(matched.answers + 1, minlength=matched.regions + 1)
    return Count(counts[1:], int(counts[0]))


def _at_once(
    points: Any,
    polygons: Any,
    rules: Rules,
    workers: int,
    progress: bool,
    out: npt.NDArray[Any] | None = None,
    return_distance: bool = False,
) -> Matched:
    """Match points that may have any region, and write the answers to `out`."""
    x, y = xy_of(points)
    if not progress and not return_distance:
        found = one_by_one(x, y, polygons, rules, workers, out)
        if found is not None:
            return Matched(found[0], None, found[1])
    prepared = Prepared.of(polygons, *rules)
    count = len(prepared.regions)
    distances = empty_distances(len(x), prepared.predicate) if return_distance else None
    if out is not None:
        check_out(out, len(x), count)
    job = prepared.job(x, y, progress, workers)
    return Matched(answers_of(job, x, y, out, workers, progress, distances), distances, count)


def _with_keys(
    points: Any,
    polygons: Any,
    on: Any,
    rules: Rules,
    workers: int,
    progress: bool,
    out: Any = None,
    return_distance: bool = False,
) -> Matched:
    """Match points that may only have regions of their own key, and write the answers to `out`."""
    prepared = Prepared.of(polygons, *rules)
    point_keys, region_keys = columns_of(on, points, polygons)
    x, y = xy_of(without_keys(points, on))
    count = len(prepared.regions)
    if out is not None:
        check_out(out, len(x), count)
    distances = None
    if return_distance:
        distances = empty_distances(len(x), prepared.predicate)
        distances.fill(np.nan)
    keys = Keys(region_keys, count)
    groups = Groups(prepared, keys.regions, keys.count)
    answers = groups.match(x, y, keys.of_points(point_keys, len(x)), workers, progress, distances)
    if out is None:
        return Matched(answers.astype(np.intp, copy=False), distances, count)
    out[...] = answers
    return Matched(out, distances, count)
