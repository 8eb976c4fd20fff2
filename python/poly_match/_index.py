"""Build an index once, match often.

Polygons and rules are checked and converted when the index is built; overrides of `Polygon` subclasses become
plain numbers then. The index never changes afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeVar, overload

import numpy as np
import numpy.typing as npt

from poly_match._engine.block import IndexBlock
from poly_match._engine.lists import list_all
from poly_match._engine.note import Note
from poly_match._engine.prepared import Prepared
from poly_match._engine.results import Answers, answers_of, empty_distances, most_of
from poly_match._errors import value_error
from poly_match._forms.crs import check_crs, crs_text
from poly_match._forms.names import labels_of, names_in, names_of
from poly_match._forms.numbers import Doubles
from poly_match._forms.points import Number, point_of, xy_of
from poly_match._forms.sphere import check_unit, check_unit_of_points
from poly_match._readers.named_files import points_in, polygons_in
from poly_match._rules import Best, Invalid, Metric, Predicate

__all__ = ["Index"]

Names = Iterable[Any] | Literal[True]  # True: those that are stored
Out = TypeVar("Out", bound=npt.NDArray[np.int32] | npt.NDArray[np.int64])


class Index(IndexBlock):
    """Regions prepared for matching: which region is the best one for each of many points?

    Parameters
    ----------
    polygons
        A list of `Polygon` (a subclass's own `area` and `center` are honoured), a list of (k, 2) arrays (one
        ring each; contours of shape (k, 1, 2) as well), `Regions`, or Polygons and MultiPolygons as: an array
        or list of shapely geometries, of WKB, of WKT, of GeoJSON mappings or of objects with a
        ``__geo_interface__``; a GeoSeries or GeoDataFrame; a GeoJSON FeatureCollection; one of these
        geometries alone; anything with the Arrow PyCapsule interface (pyarrow, polars, DuckDB, ...): a column
        of GeoArrow, WKB or WKT, or a table with one; a Path, or text that names a file, which is read as the
        command line reads it. Rows that are missing or empty match nothing and keep their position. A
        GeometryCollection in a row is the union of its polygons; one passed itself is a layer, a region for
        each member. z and m are ignored. All predicates but "covers" take LineStrings, Points and those that
        are Multi as well: a line covers what lies on it, a point itself, and their area is 0. A collection
        without polygons is its lines, else its points.
    predicate : {"covers", "center_within", "dwithin", "nearest"}
        Which regions are candidates for a point. "covers": the region covers it, its boundary included; a
        multipolygon covers what any of its parts covers. "center_within": the region's center, the mean of
        its vertices, is strictly closer than `distance`. "dwithin": the region is at most `distance` away; it
        is 0 away where it covers the point, else as far as the nearest of its edges. "nearest": as "dwithin",
        with any region a candidate where no `distance` is given, and the closest one wins: the region that
        the point is in, or else the nearest.
    distance : float or array of float, optional
        Needed for "center_within" and "dwithin", possible for "nearest": one limit, or one per region, in the
        unit of the coordinates, on the sphere in metres; at least 0, infinity allowed.
    best : {"smallest", "largest", "first"} or array of numbers or str
        Which candidate wins: by area, by input order, or the lowest of one score per region, where polygons
        are a GeoDataFrame also the name of a column of scores. Integer scores compare as integers. Equal
        candidates: the one that comes first in the input. For "nearest" it decides between regions that are
        equally far, among them those that cover the point.
    metric : {"planar", "sphere"}
        "planar": x and y of a plane, with straight edges. "sphere": x is the longitude and y the latitude, in
        degrees, on a sphere of radius 6,371,008.8 m. Edges are arcs of great circles, the shorter way between
        their ends; distances are metres, areas square metres. Longitudes count modulo 360, and at latitude
        ±90 each is the pole; a point beyond the poles matches nothing. The inside of a ring is its smaller
        side: the one with which its signed area is at most half the sphere, then even-odd as in the plane. So
        no polygon holds more than half the sphere, and a box around the whole world, whose left and right
        side are the same meridian, has no surface: `check` finds it. For the center, longitudes are moved by
        whole turns to within 180° of the region's first vertex. Borders and distances are right to 1e-8 m and
        1e-14 of the distance.
    period : float, optional
        With a period, x and x + k * period are one place for every whole number k, exactly, for points and
        for regions: 360 for longitudes, whether they run from -180 to 180 or from 0 to 360. A region matches
        a point if it does at any of the point's turns. Edges stay as they are given: a ring that jumps from
        179 to -179 is not one across the antimeridian. Distances are the least over all turns. On the sphere
        it is 360 or None, which is the same.
    invalid : {"use", "warn", "skip", "error"}
        What to do about polygons that shapely calls invalid: they have a defined answer and are used, used
        with a warning, left out, or are a ValueError. "skip" leaves out every row that can't be used, for
        whatever reason (a line, a NaN vertex, bytes that are no geometry), keeps their positions, and says in
        one warning how many of which kind; "error" lists the first ten of all these. All but "use" need
        shapely.
    names : iterable or str, optional
        One name per region, text, numbers or None, to be stored with the index and in files: for
        ``match(points, names=True)``. A Series goes by its labels where polygons are a frame or series, else
        by position; text is the name of a column of the polygons.
    max_bytes : int, optional
        The most that the index may take, `nbytes`. With less, more points are answered by looking at edges.
        Three times the coordinates, 128 per polygon and 16 MB unless given (for "center_within", 256 per
        region and 4 MB; for "dwithin" and "nearest" three times as much as for "covers" and 128 per region).
    compact : bool
        Make an index to be shipped, for "covers": mostly a quarter of the bytes or less, with the same
        answers; smallest where coordinates have a fixed number of digits. `max_bytes` is for the result.
        Points next to an edge take longer, and `candidates` are an error.
    workers : int
        Threads that build, for "covers"; -1: all usable cores. The index is the same, to the last byte.
    progress : bool
        Show on stderr how long a build has taken that isn't done at once.

    Raises
    ------
    ValueError
        An unknown rule (the message lists what there is); a NaN score; a negative or NaN distance; a period
        that is not positive and finite, or too small for the regions (65,536 of it are the widest, and 2**25
        of it the farthest from 0); a polygon with a NaN or infinite vertex; polygons that don't fit into
        `max_bytes` at all; `compact` with another predicate or metric. On the sphere also: a projected CRS; a
        vertex beyond a pole; an edge between two places that are exactly opposite; a period other than 360.
        The message names the argument and the row.
    TypeError
        Polygons, scores or distances of a type that is not understood.

    Notes
    -----
    Polygons with a CRS and points with another are a ValueError, and a warning where only one of the two has
    one set; plain numbers are taken as they are. An index keeps the CRS, in pickles and files too. Distances
    in a CRS of degrees are a warning, unless they are those on the sphere.

    Answers are exact: they are those of real numbers, not of rounded ones, and the same on every machine, for
    every number of workers. Building takes O(v log v) time for v vertices and can be interrupted; the input
    is not kept. Any number of threads may use one index.

    An index is one block of memory. `save` writes it, `open` maps it: processes that open one file share its
    memory. Pickling hands the block over as it is, without a copy where the transport takes buffers (protocol
    5 with `buffer_callback`); what was unpickled uses the buffer it was given, or a copy of one that can be
    written.

    Examples
    --------
    >>> import numpy as np
    >>> import poly_match as pm
    >>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
    >>> index = pm.Index([square, square / 2])
    >>> index
    Index(2 regions, predicate='covers', best='smallest')
    >>> index.match([(1, 1), (2, 2), (3, 3), (9, 9)])
    array([ 1,  1,  0, -1])

    In it, or else the nearest one within 2:

    >>> near = pm.Index([square, square + [10, 0]], predicate="nearest", distance=2)
    >>> near.match([(2, 2), (5, 2), (9, 5), (7, 2)], return_distance=True)
    (array([ 0,  0,  1, -1]), array([0.        , 1.        , 1.41421356,        nan]))
    """

    __slots__ = ()

    def __init__(
        self,
        polygons: Any,
        *,
        predicate: Predicate = "covers",
        distance: npt.ArrayLike | None = None,
        best: Best | npt.ArrayLike = "smallest",
        metric: Metric = "planar",
        period: float | None = None,
        invalid: Invalid = "use",
        names: Any = None,
        max_bytes: int | None = None,
        compact: bool = False,
        workers: int = 1,
        progress: bool = False,
    ) -> None:
        if compact and (predicate, metric) != ("covers", "planar"):
            raise value_error(
                "compact", f"an index of {predicate} ({metric}) can't be, one of 'covers' (planar) can"
            )
        polygons = polygons_in(polygons)
        crs, self._labels = crs_text(polygons), labels_of(polygons)
        check_unit(crs, predicate, metric)
        prepared = Prepared.of(polygons, predicate, distance, best, max_bytes, period, invalid, metric)
        known = None
        if names is not None:
            known = names_of(names_in(names, polygons), len(prepared.regions), self._labels)
        self._known = Note(crs, known)
        self._core = prepared.build("auto", self._known.to_bytes(), progress, compact, workers)

    def __repr__(self) -> str:
        metric = "" if self.metric == "planar" else f", metric={self.metric!r}"
        return f"Index({len(self)} regions, predicate={self.predicate!r}, best={self.best!r}{metric})"

    def _repr_html_(self) -> str:
        """Return the HTML for notebooks: facts, and a picture of the answers."""
        from poly_match._show.notebook import index_html

        return index_html(self)

    @overload
    def match(
        self, x: Number, y: Number, /, *, names: None = None, return_distance: Literal[False] = False
    ) -> int: ...
    @overload
    def match(
        self, x: Number, y: Number, /, *, names: None = None, return_distance: Literal[True]
    ) -> tuple[int, float]: ...
    @overload
    def match(
        self, x: Number, y: Number, /, *, names: Names, return_distance: Literal[False] = False
    ) -> Any: ...
    @overload
    def match(
        self, x: Number, y: Number, /, *, names: Names, return_distance: Literal[True]
    ) -> tuple[Any, float]: ...
    @overload
    def match(
        self,
        points: Any,
        *,
        names: None = None,
        workers: int = 1,
        progress: bool = False,
        out: None = None,
        return_distance: Literal[False] = False,
    ) -> Answers: ...
    @overload
    def match(
        self,
        points: Any,
        *,
        names: None = None,
        workers: int = 1,
        progress: bool = False,
        out: Out,
        return_distance: Literal[False] = False,
    ) -> Out: ...
    @overload
    def match(
        self,
        points: Any,
        *,
        names: Names,
        workers: int = 1,
        progress: bool = False,
        out: None = None,
        return_distance: Literal[False] = False,
    ) -> npt.NDArray[np.object_]: ...
    @overload
    def match(
        self,
        points: Any,
        *,
        names: None = None,
        workers: int = 1,
        progress: bool = False,
        out: None = None,
        return_distance: Literal[True],
    ) -> tuple[Answers, Doubles]: ...
    @overload
    def match(
        self,
        points: Any,
        *,
        names: None = None,
        workers: int = 1,
        progress: bool = False,
        out: Out,
        return_distance: Literal[True],
    ) -> tuple[Out, Doubles]: ...
    @overload
    def match(
        self,
        points: Any,
        *,
        names: Names,
        workers: int = 1,
        progress: bool = False,
        out: None = None,
        return_distance: Literal[True],
    ) -> tuple[npt.NDArray[np.object_], Doubles]: ...
    def match(
        self,
        points: Any,
        y: Any = ...,
        *,
        names: Names | None = None,
        workers: int = 1,
        progress: bool = False,
        out: npt.NDArray[Any] | None = None,
        return_distance: bool = False,
    ) -> Any:
        """Return for every point the position of its best region, -1 for none; or its name.

        ``match(x, y)`` with two numbers is one point, and returns one answer.

        Parameters
        ----------
        points
            An (n, 2) array, a *tuple* (x, y) of 1-D arrays, a *list* of points (two numbers each), a table of
            exactly two numeric columns (x, y), or Points in the forms that polygons may have: shapely, WKB,
            WKT, GeoJSON, GeoSeries, Arrow (GeoArrow interleaved or separated), the name of a file. A point
            that is missing, empty or not finite matches nothing; a MultiPoint of one is a point; z and m are
            ignored. A tuple of two plain pairs is ambiguous, and an error.
        y : number, optional
            With it, `points` is the other number, x, of one point. Then `workers` and `progress` do nothing,
            and `out` is an error.
        names : iterable or True, optional
            One name per region, anything: then the answers are names, None for none. A Series goes by its
            labels where the index was built from a frame or series, else by position. True: the names that
            are stored.
        workers : int
            Threads to use; -1 for all cores this process may use.
        progress : bool
            Show a bar on stderr.
        out : (n,) array of int32 or int64, optional
            Where to write the answers, as positions.
        return_distance : bool
            Return the distances as well; not for "covers".

        Returns
        -------
        answers : (n,) array of intp
            One answer per point, in the order of the points; `out` itself when it is given. With `names` an
            array of object. For one point, x and y, an int or the name.
        distances : (n,) array of float64
            With `return_distance` only: from each point to its region, for "center_within" to its center. 0
            inside, NaN where there is no answer. Within 4 units in the last place; infinite where the true
            distance exceeds the largest float. For one point, x and y, a float.

        Raises
        ------
        TypeError, ValueError
            Points, `workers` or `out` of a wrong type or shape; arrays as x and y, which go in a tuple;
            `return_distance` for "covers". The message names the argument and the row.
        KeyboardInterrupt
            Ctrl-C ends the call within some 50 ms; `out` then holds some of the answers.

        Notes
        -----
        The GIL is released. float64 points are used where they lie, whatever their strides; those of Arrow
        when they are one chunk and none is missing. One point given as two numbers takes about 0.2 µs, one in
        a list 2 µs.

        Examples
        --------
        >>> import numpy as np
        >>> import poly_match as pm
        >>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
        >>> index = pm.Index([square, square / 2], names=["large", "small"])
        >>> index.match(3, 3), index.match(9, 9)
        (0, -1)
        >>> index.match(1, 1, names=True)
        'small'
        """
        if y is not ...:
            if names is None and out is None and not return_distance:
                answer = self._core.match_one(points, y)
                if answer is not None:  # of plain numbers
                    return answer
            return self._match_one(points, y, names, out, return_distance)
        points = points_in(points)
        check_crs(points, self._note.crs)
        check_unit_of_points(points, self.metric)
        x, y = xy_of(points)
        distances = empty_distances(len(x), self.predicate) if return_distance else None
        known = None if names is None else self._names(names)
        if known is not None and out is not None:
            raise value_error("out", "takes positions, not names; leave out one of the two")
        answers = answers_of(self._core, x, y, out, workers, progress, distances)
        if known is not None:
            answers = known[answers]
        return answers if distances is None else (answers, distances)

    def _match_one(
        self, x: Any, y: Any, names: Any, out: object, return_distance: bool
    ) -> Any | tuple[Any, float]:
        """Match one point: numbers of any type, with its name or distance."""
        if out is not None:
            raise value_error("out", "takes the answers for arrays of points; leave it out for one point")
        answer: Any = self._core.match_one(x, y)
        if answer is None:
            x, y = point_of(x, y)
            answer = self._core.match_one(x, y)
        known = answer if names is None else self._names(names)[answer]
        if not return_distance:
            return known
        distances = empty_distances(1, self.predicate)
        self._core.match(np.array([x], float), np.array([y], float), np.empty(1, np.int64), distances)
        return known, float(distances[0])

    @overload
    def candidates(
        self,
        points: Any,
        *,
        k: int | None = None,
        count: Literal[False] = False,
        return_distance: Literal[False] = False,
        workers: int = 1,
        progress: bool = False,
    ) -> tuple[npt.NDArray[np.int64], Answers]: ...
    @overload
    def candidates(
        self,
        points: Any,
        *,
        k: int | None = None,
        count: Literal[False] = False,
        return_distance: Literal[True],
        workers: int = 1,
        progress: bool = False,
    ) -> tuple[npt.NDArray[np.int64], Answers, Doubles]: ...
    @overload
    def candidates(
        self,
        points: Any,
        *,
        k: int | None = None,
        count: Literal[True],
        return_distance: Literal[False] = False,
        workers: int = 1,
        progress: bool = False,
    ) -> Answers: ...
    def candidates(
        self,
        points: Any,
        *,
        k: int | None = None,
        count: bool = False,
        return_distance: bool = False,
        workers: int = 1,
        progress: bool = False,
    ) -> Answers | tuple[npt.NDArray[np.int64], Answers] | tuple[npt.NDArray[np.int64], Answers, Doubles]:
        """Return all candidates of every point, the best first; or the first few, or how many there are.

        Parameters
        ----------
        points, workers, progress
            As for `match`.
        k : int, optional
            At most this many per point, the best. Needed for "nearest" without a `distance`, where every
            region is a candidate.
        count : bool
            Return only how many there are.
        return_distance : bool
            Return the distance of each as well; not for "covers", and not with `count`.

        Returns
        -------
        offsets : (n + 1,) array of int64
            The candidates of point i are ``ids[offsets[i]:offsets[i + 1]]``.
        ids : array of intp
            Positions of regions, as `best` orders them, for "nearest" by distance first. The first of each
            list is what `match` gives.
        distances : array of float64
            With `return_distance` only: one for each of `ids`, as `match` measures them.
        counts : (n,) array of intp
            With `count`, and instead: the length of each list.

        Raises
        ------
        TypeError, ValueError
            As for `match`; a `k` below 1; "nearest" with neither `distance` nor `k`; `return_distance` for
            "covers" or with `count`.
        KeyboardInterrupt
            Ctrl-C ends the call within some 50 ms.

        Notes
        -----
        A point that is missing or not finite has none. What lists need beyond the index is made by the first
        call and kept in memory, not in files: for "covers" and "center_within" a tree over the boxes of the
        regions. The time depends on the candidates, and hardly on how many regions there are.

        Examples
        --------
        >>> import numpy as np
        >>> import poly_match as pm
        >>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
        >>> index = pm.Index([square, square / 2, square + [1, 1]])
        >>> index.candidates([(1, 1), (9, 9), (3, 3)])
        (array([0, 3, 3, 5]), array([1, 0, 2, 0, 2]))
        >>> index.candidates([(1, 1), (9, 9), (3, 3)], count=True)
        array([3, 0, 2])
        >>> near = pm.Index([square, square + [9, 0]], predicate="nearest")
        >>> near.candidates([(6, 2)], k=2, return_distance=True)
        (array([0, 2]), array([0, 1]), array([2., 3.]))
        """
        points = points_in(points)
        check_crs(points, self._note.crs)
        check_unit_of_points(points, self.metric)
        x, y = xy_of(points)
        most = most_of(k, self._core)
        if return_distance:
            if count:
                raise value_error("return_distance", "there are no distances with count")
            empty_distances(0, self.predicate)
        lists = list_all(self._core, x, y, most, not count, return_distance, workers, progress)
        if lists.ids is None:
            return lists.counts.astype(np.intp, copy=False)
        offsets = np.concatenate(([0], np.cumsum(lists.counts)))
        ids = lists.ids.astype(np.intp, copy=False)
        return (offsets, ids) if lists.distances is None else (offsets, ids, lists.distances)
