"""Join GeoDataFrames: every point gets the attributes of its best region.

The result has the same columns as that of `geopandas.sjoin`, so that one can replace the other; only the rows
differ, because here each point has one. So nothing is sorted, grouped or dropped: the points keep their
order, index and columns, and the columns of the regions are looked up row by row with pandas' `take`, which
keeps types that support missing values and converts the others, exactly as a join in GeoPandas does.

The package does not need pandas and GeoPandas: they are installed if a caller has a frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, Literal, TypeVar, cast

import numpy as np
import numpy.typing as npt

from poly_match._engine.limits import check_predicate, scores_of
from poly_match._engine.results import Answers, check_measured
from poly_match._errors import type_error, value_error
from poly_match._forms.crs import check_crs, crs_text
from poly_match._forms.keys import columns_of, shared_names
from poly_match._forms.numbers import Doubles
from poly_match._forms.points import are_bad, xy_of
from poly_match._forms.sphere import check_unit_of_points
from poly_match._match import match
from poly_match._rules import Best, Invalid, Metric, statuses_of
from poly_match._tables.answers import status_codes

__all__ = ["sjoin"]

Frame = TypeVar("Frame")
Labels = list[Hashable]

SAME_AS_COVERS = ("intersects", "covered_by")  # GeoPandas' names for it, for points and polygons


def sjoin(
    points: Frame,
    polygons: Any,
    how: Literal["left", "inner"] = "left",
    predicate: str = "covers",
    *,
    best: Best | npt.ArrayLike = "smallest",
    distance: npt.ArrayLike | None = None,
    metric: Metric = "planar",
    period: float | None = None,
    on: Any = None,
    on_attribute: Hashable | list[Hashable] | tuple[Hashable, ...] = None,
    columns: Iterable[Hashable] | None = None,
    lsuffix: str | None = "left",
    rsuffix: str | None = "right",
    distance_col: str | None = None,
    audit: bool = False,
    dtype_backend: Literal["numpy_nullable"] | None = None,
    invalid: Invalid = "use",
    workers: int = 1,
    progress: bool = False,
) -> Frame:
    """Return the points with the attributes of their best polygon: one row per point, in their order.

    `geopandas.sjoin` with one answer: the same columns, names and types, and options of the same names. It
    needs pandas and GeoPandas, whose frames it takes.

    Parameters
    ----------
    points : GeoDataFrame of Points
        Missing, empty and NaN points match nothing and keep their row.
    polygons : GeoDataFrame of Polygons and MultiPolygons
        The regions. Missing and empty ones match nothing.
    how : {"left", "inner"}
        "left": all points. "inner": those that have a region.
    predicate, best, distance, metric, period
        The rules of the match, as in `Index`; `best` may be the name of a column of `polygons`, the lowest
        value wins. The default is what GeoPandas calls "intersects" and "covered_by" when it joins points
        with polygons, and these two words are taken for it. "within" is not: it leaves points on a border
        without a region.
    columns : list of labels, or str, optional
        Which columns of `polygons` to attach; all but its geometry unless given.
    on : str, tuple or list, optional
        Keys: a point is matched only to the polygons whose key is equal to its own. The name of a column of
        both frames, a tuple of two (the points' column, the polygons'), or a list of such keys, all of which
        have to be equal; see `match`. A column that is called the same on both sides is there once.
    on_attribute : label, list or tuple of labels, optional
        The same, as GeoPandas says it: columns of both frames; a tuple is several.
    lsuffix, rsuffix : str
        What is appended, after an underscore, to labels that both frames have. None: nothing.
    distance_col : str, optional
        Add a column of this name with the distance of each point from its region, as
        `geopandas.sjoin_nearest` does: float64, NaN where there is no region; see `Index.match`. Not for
        "covers". In the unit of the coordinates, on the sphere in metres.
    audit : bool
        Add a categorical column "status": "matched", "no candidate", or "bad point" for a point that is
        missing or not finite; with "nearest" also "nearest" for a point that is in no region and has the
        closest one. Its counts add up to the number of points, so it belongs to ``how="left"``.
    dtype_backend : {"numpy_nullable"}, optional
        Give the columns of integers and booleans that are attached pandas' types that can be missing, as
        `pandas.read_csv` does: "index_right" stays whole (Int64), whether or not all points have a region.
    invalid : {"use", "warn", "skip", "error"}
        What to do about polygons that shapely calls invalid, as in `Index`: use them, use them and warn,
        leave them out and all that can't be used for another reason, or raise a ValueError that lists them.
    workers, progress
        As in `Index.match`.

    Returns
    -------
    GeoDataFrame
        The columns of `points`, then the index of `polygons` (a column of its name, or "index_right") and its
        attributes. Index, geometry, CRS and attrs are those of `points`. Types that cannot hold a missing
        value become others when a point has no region, as everywhere in pandas: int64 becomes float64,
        unless `dtype_backend` is given.

    Raises
    ------
    TypeError
        Something else than GeoDataFrames; a geometry that is none of points, or of polygons, with its row.
    ValueError
        CRS that differ; rules, `how`, `on`, `columns` or suffixes that can't be; a column called
        "index_right" beside an index without a name; `distance_col` for "covers", or where there is such a
        column. The message names the argument and what to do.

    Notes
    -----
    A join with `geopandas.sjoin` followed by a sort and `drop_duplicates` gives the same rows. What differs:
    `how` is "left" unless given; the frames are called `points` and `polygons`, not `left_df` and `right_df`;
    options after `predicate` are given by name; "covers" means that the polygon covers the point, where
    GeoPandas means that the left geometry covers the right one; `distance` is one number, or one for each
    polygon, and not for each point; suffixes that make two columns of one name are an error.

    An index without a name is called "index_right", or "index_right0" where the polygons have a column
    "index", as after their `reset_index()`. Labels in levels become tuples. The flag against duplicate labels
    of either frame is kept, that of `polygons` where the labels of `points` are unique. The columns of the
    points are not copied for ``how="left"`` (where pandas works by copy-on-write: from version 3).

    Examples
    --------
    >>> import geopandas, shapely
    >>> import poly_match as pm
    >>> points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([1, 3, 9], [1, 3, 9]))
    >>> towns = geopandas.GeoDataFrame(
    ...     {"town": ["old", "new"]}, geometry=[shapely.box(0, 0, 4, 4), shapely.box(0, 0, 2, 2)]
    ... )
    >>> pm.sjoin(points, towns)
          geometry  index_right town
    0  POINT (1 1)          1.0  new
    1  POINT (3 3)          0.0  old
    2  POINT (9 9)          NaN  NaN
    """
    left = cast(Any, points)
    _check_frame(left, "points")
    _check_frame(polygons, "polygons")
    if how not in ("left", "inner"):
        raise value_error("how", f'expected "left" or "inner", got {how!r}; there is one row per point')
    if audit and how != "left":
        raise value_error("audit", 'needs how="left": the statuses are those of all points')
    if dtype_backend not in (None, "numpy_nullable"):
        raise value_error("dtype_backend", f'expected "numpy_nullable" or None, got {dtype_backend!r}')
    check_crs(left, crs_text(polygons))
    check_unit_of_points(left, metric)
    word = _predicate(predicate)
    check_predicate(word)
    if distance_col is not None:
        check_measured("distance_col", word)
    keys, shared = _keys(on, on_attribute, left, polygons)
    names, attributes = _attributes(polygons, columns, shared, rsuffix, left.columns)
    if audit and ("status" in left.columns or "status" in names):
        raise value_error("audit", 'adds a column "status", and there is one already; rename it')
    labels = _apart(left, names, lsuffix, rsuffix)
    if distance_col is not None and distance_col in (*labels[0], *labels[1], *(["status"] if audit else [])):
        raise value_error("distance_col", f"there is a column {distance_col!r} already; choose another name")
    x, y = _xy(left, polygons)
    is_measured = distance_col is not None or (audit and word == "nearest")
    answers, distances = _matched(
        (x, y),
        polygons,
        is_measured,
        predicate=word,
        best=scores_of(polygons, best),
        distance=distance,
        metric=metric,
        period=period,
        invalid=invalid,
        on=keys,
        workers=workers,
        progress=progress,
    )
    more: dict[str, Any] = {} if distance_col is None else {distance_col: distances}
    if audit:
        more["status"] = _statuses(answers, are_bad(x, y), word, distances)
    del x, y  # frees 16 bytes per point before columns are attached
    if how == "inner" and (answers < 0).any():
        rows = np.flatnonzero(answers >= 0)
        left, answers = left.take(rows), answers[rows]
        more = {name: values[rows] for name, values in more.items()}
    joined = _attached(left, attributes, answers, labels, more, dtype_backend is not None)
    strict = not polygons.flags.allows_duplicate_labels
    if strict and joined.index.is_unique and joined.columns.is_unique:
        joined.flags.allows_duplicate_labels = False
    return cast(Frame, joined)


def _check_frame(frame: Any, argument: str) -> None:
    """Raise unless this is a GeoDataFrame, without importing GeoPandas."""
    if not any(base.__name__ == "GeoDataFrame" for base in type(frame).__mro__):
        raise type_error(argument, f"expected a GeoDataFrame, got {type(frame).__name__}")
    if frame.active_geometry_name is None:
        raise value_error(argument, "has no active geometry; choose a column with set_geometry")


def _keys(on: Any, on_attribute: Any, points: Any, polygons: Any) -> tuple[Any, Labels]:
    """Return the keys of both sides as `match` takes them, and the columns that are a key of both."""
    if on_attribute is not None:
        if on is not None:
            raise value_error("on, on_attribute", "mean the same; leave out one of the two")
        on = list(on_attribute) if isinstance(on_attribute, (list, tuple)) else [on_attribute]
        for side, frame in (("points", points), ("polygons", polygons)):
            for label in on:
                if label not in frame.columns or label == frame.active_geometry_name:
                    raise value_error("on_attribute", f"{label!r} is no attribute of {side}")
    if on is None:
        return None, []
    pairs = list(zip(*columns_of(on, points, polygons), strict=True))
    return pairs, shared_names(on)


def _predicate(word: str) -> str:
    """Return this library's name of the predicate."""
    if word == "within":
        raise value_error(
            "predicate",
            '"within" leaves points on a border without a region; "covers", the default, gives a '
            "point on it to the best of those that share it",
        )
    return "covers" if word in SAME_AS_COVERS else word


def _xy(points: Any, polygons: Any) -> tuple[Any, Any]:
    """Return the coordinates of the points; the error says so if the two frames are swapped."""
    try:
        return xy_of(points)
    except TypeError:
        if polygons.geom_type.eq("Point").any():
            raise type_error(
                "points", "holds no Points but polygons does: the two frames are swapped, points come first"
            ) from None
        raise


def _matched(points: Any, polygons: Any, is_measured: bool, **rules: Any) -> tuple[Answers, Doubles | None]:
    """Return the answers, and the distances where they are wanted."""
    found: Any = match(points, polygons, return_distance=cast(Any, is_measured), **rules)
    return found if is_measured else (found, None)


def _statuses(answers: Answers, bad: npt.NDArray[np.bool_], predicate: str, distances: Doubles | None) -> Any:
    """Return the status of each point, as a categorical."""
    import pandas

    outside = distances > 0 if distances is not None and predicate == "nearest" else None
    codes = status_codes(answers, bad, outside)
    return pandas.Categorical.from_codes(codes, categories=list(statuses_of(predicate)))


# ---- what is attached ------------------------------------------------------------------------------------


def _attributes(
    polygons: Any, columns: Any, keys: Labels, rsuffix: str | None, others: Any
) -> tuple[Labels, list[Any]]:
    """Return labels and columns of what can be attached: the levels of the index, then the columns."""
    geometry = polygons.active_geometry_name
    if columns is None:
        frame = polygons.drop(columns=[geometry, *keys])
    else:
        wanted = [columns] if isinstance(columns, str) else list(columns)
        unknown = [label for label in wanted if label not in polygons.columns or label == geometry]
        if unknown:
            there = [label for label in polygons.columns if label != geometry]
            raise value_error("columns", f"{unknown[0]!r} is no attribute of polygons; there are: {there}")
        frame = polygons[[label for label in wanted if label not in keys]]
    names = list(polygons.index.names)
    number = range(len(names)) if len(names) > 1 else ["0" if "index" in frame.columns else ""]
    labels = [f"index_{rsuffix}{i}" if name is None else name for i, name in zip(number, names, strict=True)]
    for label, name in zip(labels, names, strict=True):
        if label in frame.columns or (name is None and label in others):
            whose = "polygons" if label in frame.columns else "points"
            raise value_error(
                whose,
                f"has a column {label!r}, and the index of polygons will be called so; rename the "
                "column, or that index with polygons.rename_axis(...)",
            )
    levels = [polygons.index.get_level_values(level) for level in range(len(names))]
    attributes = [frame.iloc[:, position] for position in range(frame.shape[1])]
    return [*labels, *frame.columns], [*levels, *attributes]


def _apart(points: Any, right: Labels, lsuffix: str | None, rsuffix: str | None) -> tuple[Labels, Labels]:
    """Return the labels of both sides, with suffixes where both have one; those of the points' index first.

    The geometry keeps its name. A label that is there twice only because of its suffix is an error.
    """
    left = [*points.index.names, *points.columns]
    shared = set(left) & set(right)
    if shared and not lsuffix and not rsuffix:
        raise value_error("lsuffix, rsuffix", f"needed, both frames have {sorted(map(str, shared))}")

    def renamed(labels: Labels, suffix: str | None, keep: Hashable) -> Labels:
        apart = shared - {keep} if suffix is not None else set()
        return [f"{label}_{suffix}" if label in apart else label for label in labels]

    sides = renamed(left, lsuffix, points.active_geometry_name), renamed(right, rsuffix, None)
    counts = Counter([*sides[0], *sides[1]])
    for before, after in zip((left, right), sides, strict=True):
        for old, new in zip(before, after, strict=True):
            if counts[new] > 1 and (new != old or old in shared):
                raise value_error("lsuffix, rsuffix", f"make two columns called {new!r}; choose others")
    return sides


def _attached(
    left: Any,
    attributes: list[Any],
    answers: Answers,
    labels: tuple[Labels, Labels],
    more: dict[str, Any],
    nullable: bool,
) -> Any:
    """Return the points with the attributes of their answers, and more columns."""
    import pandas

    levels = left.index.nlevels
    index = left.index.set_names(labels[0][:levels])
    right = pandas.DataFrame(dict(enumerate(_taken(attributes, answers, index, nullable))), index=index)
    right.columns = labels[1]
    for name, values in more.items():
        right[name] = values
    left = left.set_axis(index)  # the frame itself is not touched, and its columns are not copied
    left.columns = labels[0][levels:]
    joined = pandas.concat([left, right], axis=1)
    joined.attrs = left.attrs
    return joined


def _taken(attributes: list[Any], answers: Answers, index: Any, nullable: bool) -> Iterator[Any]:
    """Yield the columns of the attributes at the answers, missing where that is -1.

    One by one, because `reindex` of the whole frame looks up every answer among the labels first and takes
    nearly twice as long. Each keeps the type that `take` gives it: of an array of objects pandas would infer
    a new one, from those objects that happen to be there.
    """
    import pandas
    from pandas.api.extensions import take

    for column in attributes:
        values = column.to_numpy() if isinstance(column.dtype, np.dtype) else column.array
        if nullable and isinstance(column.dtype, np.dtype) and column.dtype.kind in "iub":
            values = pandas.array(values, dtype=_nullable(column.dtype))
        taken = take(values, answers, allow_fill=True)
        yield pandas.Series(taken, index, dtype=taken.dtype, copy=False)


def _nullable(dtype: Any) -> str:
    """Return pandas' name of the type of integers or booleans that can be missing."""
    if dtype.kind == "b":
        return "boolean"
    return f"{'U' if dtype.kind == 'u' else ''}Int{8 * dtype.itemsize}"
