"""Build and match, or count, in one call: for points and polygons that meet once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from poly_match._forms.crs import check_crs, crs_text
from poly_match._forms.points import xy_of
from poly_match._index import Answers, Index, Out
from poly_match._rules import Best, Predicate

__all__ = ["Count", "count", "match"]


@overload
def match(
    points: Any,
    polygons: Any,
    *,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    max_bytes: int | None = None,
    names: None = None,
    workers: int = 1,
    progress: bool = False,
    out: None = None,
) -> Answers: ...
@overload
def match(
    points: Any,
    polygons: Any,
    *,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    max_bytes: int | None = None,
    names: None = None,
    workers: int = 1,
    progress: bool = False,
    out: Out,
) -> Out: ...
@overload
def match(
    points: Any,
    polygons: Any,
    *,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    max_bytes: int | None = None,
    names: Iterable[Any],
    workers: int = 1,
    progress: bool = False,
    out: None = None,
) -> npt.NDArray[np.object_]: ...
def match(
    points: Any,
    polygons: Any,
    *,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
    max_bytes: int | None = None,
    names: Iterable[Any] | None = None,
    workers: int = 1,
    progress: bool = False,
    out: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]:
    """Return for every point the position of its best polygon, -1 for none; or its name.

    Builds an `Index` of the polygons and matches the points: see `Index` for the rules and the forms of
    polygons, `Index.match` for the forms of points, the result and what is raised.

    Examples
    --------
    >>> import numpy as np
    >>> import poly_match as pm
    >>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
    >>> pm.match([(2, 2), (8, 2)], [square, square + [5, 0]], predicate="center_within", distance=3)
    array([0, 1])
    >>> pm.match([(2, 2), (8, 2), (9, 9)], [square, square + [5, 0]], names=["west", "east"])
    array(['west', 'east', None], dtype=object)
    """
    if (there := crs_text(polygons)) is not None and (here := crs_text(points)) is not None:
        check_crs(here, there)
    x, y = xy_of(points)
    index = Index._for(len(x), polygons, predicate, distance, best, max_bytes)
    options: dict[str, Any] = {"names": names, "workers": workers, "progress": progress, "out": out}
    return index.match((x, y), **options)


class Count(NamedTuple):
    """Points per region, and those that have none; together all points."""

    regions: npt.NDArray[np.intp]
    unmatched: int


def count(
    points: Any,
    polygons: Any,
    *,
    predicate: Predicate = "covers",
    distance: npt.ArrayLike | None = None,
    best: Best | npt.ArrayLike = "smallest",
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
    if (there := crs_text(polygons)) is not None and (here := crs_text(points)) is not None:
        check_crs(here, there)
    x, y = xy_of(points)
    index = Index._for(len(x), polygons, predicate, distance, best, max_bytes)
    answers = index.match((x, y), workers=workers, progress=progress)
    counts = np.bincount(answers + 1, minlength=len(index) + 1)
    return Count(counts[1:], int(counts[0]))
