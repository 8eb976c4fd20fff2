"""Regions in every supported form, as ragged arrays.

The arrays are nested as in GeoArrow: coordinates, rings, polygons, regions. All forms are converted to them,
and the engine sees nothing else. A list of `Polygon` adds its areas and centers, because a subclass may
override them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._errors import InputError, type_error, value_error
from poly_match._forms import parts
from poly_match._forms.faults import Faults
from poly_match._forms.file_rows import FileRows
from poly_match._forms.numbers import Doubles, Kinds, Offsets, Ragged, array_of, doubles_of, is_missing
from poly_match._forms.shapely import is_shapely, objects_in, plain_polygons
from poly_match._forms.table import WORDS, array_in, geometry_in

__all__ = ["Regions"]

FORMS = (
    "a list of poly_match.Polygon, a list of (k, 2) arrays (one ring each), poly_match.Regions, or Polygons "
    f"and MultiPolygons as {WORDS}"
)


class Regions:
    """Polygons, lines and points as ragged arrays, checked once and read-only.

    Each offsets array has one entry more than there are items: item i owns ``offsets[i]:offsets[i + 1]`` of
    the level below. The nesting is that of GeoArrow and of ``shapely.to_ragged_array``.

    Parameters
    ----------
    coords : (n, 2) array of real numbers
        All vertices. A ring may repeat its first vertex at the end or not; the vertex order never matters.
    ring_offsets : (rings + 1,) array of integers
        Positions in `coords`.
    polygon_offsets : (polygons + 1,) array of integers
        Positions among the rings; the first ring of a polygon is its shell, the others are holes.
    geom_offsets : (regions + 1,) array of integers, optional
        Positions among the polygons. A region covers what any of its polygons covers. Without this level each
        polygon is a region.
    kinds : (polygons,) array of integers, optional
        What each polygon is: 0 a polygon, 1 a line, 2 a point. A line has one ring, which is not closed: the
        edges between its vertices as they are given. A point has one ring of one vertex. Without it all are
        polygons. Lines and points are regions for `nearest`, `dwithin` and `center_within`.

    Raises
    ------
    TypeError
        Coordinates that are not real numbers, offsets that are not integers.
    ValueError
        A wrong shape; offsets that decrease or leave the level below; a coordinate that is NaN or infinite;
        a kind that is none; a line or point of several rings, a point of several vertices.
        The message names the argument and the position.

    Notes
    -----
    Wherever polygons are expected, every form that `Index` lists will do; this one is for arrays of your own.
    Coordinates that have the right type and layout are kept without a copy, as a read-only view: do not
    change them afterwards. Offsets are copied. Empty rings, polygons and regions are allowed and cover
    nothing. Checking takes O(n) time.

    Examples
    --------
    A square with a hole, and a triangle:

    >>> import poly_match as pm
    >>> coords = [[0, 0], [9, 0], [9, 9], [0, 9], [3, 3], [6, 3], [6, 6], [3, 6], [20, 0], [29, 0], [20, 9]]
    >>> regions = pm.Regions(coords, [0, 4, 8, 11], [0, 2, 3])
    >>> regions
    Regions(2 regions, 2 polygons, 3 rings, 11 vertices)
    >>> pm.match([(1, 1), (4, 4), (21, 1)], regions)
    array([ 0, -1,  1])

    A road and a stop:

    >>> roads = pm.Regions([[0, 0], [9, 0], [5, 4]], [0, 2, 3], [0, 1, 2], kinds=[1, 2])
    >>> pm.match([(4, 1), (5, 3)], roads, predicate="nearest")
    array([0, 1])
    """

    __slots__ = ("_coords", "_geom_offsets", "_kinds", "_polygon_offsets", "_ring_offsets")

    def __init__(
        self,
        coords: npt.ArrayLike,
        ring_offsets: npt.ArrayLike,
        polygon_offsets: npt.ArrayLike,
        geom_offsets: npt.ArrayLike | None = None,
        kinds: npt.ArrayLike | None = None,
    ) -> None:
        self._set(coords, ring_offsets, polygon_offsets, geom_offsets, kinds)
        vertices, rows = self._bad_vertices()
        if vertices.size:
            at = int(vertices[0])
            raise value_error("coords", f"region {rows[0]} has {_not_finite(self._coords[at])}", row=at)

    def _set(
        self, coords: Any, ring_offsets: Any, polygon_offsets: Any, geom_offsets: Any, kinds: Any
    ) -> None:
        """Store the arrays after checking all but whether the coordinates are finite."""
        doubles = doubles_of(coords, "coords")
        if doubles.ndim == 1 and doubles.size == 0:
            doubles = doubles.reshape(0, 2)
        if doubles.ndim != 2 or doubles.shape[1] != 2:
            raise value_error("coords", f"expected shape (n, 2), got {doubles.shape}")
        rings = _offsets_of(ring_offsets, "ring_offsets", len(doubles), "vertices")
        polygons = _offsets_of(polygon_offsets, "polygon_offsets", len(rings) - 1, "rings")
        geoms = None
        if geom_offsets is not None:
            geoms = _offsets_of(geom_offsets, "geom_offsets", len(polygons) - 1, "polygons")
        self._coords = _read_only(doubles)
        self._ring_offsets = rings
        self._polygon_offsets = polygons
        self._geom_offsets = geoms
        self._kinds = None if kinds is None else _kinds_of(kinds, rings, polygons)

    @property
    def coords(self) -> Doubles:
        """The vertices, (n, 2), read-only."""
        return self._coords

    @property
    def ring_offsets(self) -> Offsets:
        """Where the rings start and end in `coords`, read-only."""
        return self._ring_offsets

    @property
    def polygon_offsets(self) -> Offsets:
        """Where the polygons start and end among the rings, read-only."""
        return self._polygon_offsets

    @property
    def geom_offsets(self) -> Offsets | None:
        """Where the regions start and end among the polygons, read-only; None: each polygon is a region."""
        return self._geom_offsets

    @property
    def kinds(self) -> Kinds | None:
        """What each polygon is: 0 a polygon, 1 a line, 2 a point, read-only; None: all are polygons."""
        return self._kinds

    @property
    def _arrays(self) -> Ragged:
        """The arrays, as the extension takes them."""
        return self._coords, self._ring_offsets, self._polygon_offsets, self._geom_offsets, self._kinds

    def __len__(self) -> int:
        offsets = self._polygon_offsets if self._geom_offsets is None else self._geom_offsets
        return len(offsets) - 1

    def __repr__(self) -> str:
        return (
            f"Regions({len(self)} regions, {len(self._polygon_offsets) - 1} polygons, "
            f"{len(self._ring_offsets) - 1} rings, {len(self._coords)} vertices)"
        )

    def _repr_html_(self) -> str:
        """Return the HTML for notebooks: facts, and a picture of the outlines."""
        from poly_match._show.notebook import regions_html

        return regions_html(self)

    def __reduce__(self) -> tuple[type[Regions], tuple[Any, ...]]:
        return type(self), self._arrays

    def _vertex_starts(self) -> Offsets:
        """Return where the vertices of each region begin in `coords`, and where the last end."""
        polygons = self._polygon_offsets
        starts: Offsets = polygons if self._geom_offsets is None else polygons[self._geom_offsets]
        starts = self._ring_offsets[starts]
        return starts

    def _bad_vertices(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return the vertices of any region that are NaN or infinite, and whose they are."""
        finite = np.isfinite(self._coords)
        if finite.all():
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
        bad = np.flatnonzero(~finite.all(axis=1))
        starts = self._vertex_starts()
        owned = bad[(bad >= starts[0]) & (bad < starts[-1])]
        # The last region that starts at or before the vertex owns it: empty ones come before.
        return owned, np.searchsorted(starts, owned, side="right") - 1


class Reading(NamedTuple):
    """What was read: rows that can't be used have no vertices, and are noted."""

    regions: Regions
    faults: Faults


def regions_of(polygons: Any, takes_lines: bool = False) -> Regions:
    """Return the ragged arrays of every accepted form of polygons; a row that can't be used is an error."""
    regions, faults = read_regions(polygons, takes_lines)
    faults.check()
    return regions


def read_regions(polygons: Any, takes_lines: bool = False, metric: str = "planar") -> Reading:
    """Return the ragged arrays of every accepted form of polygons, and which rows can't be used.

    With `takes_lines`, lines and points are regions as well. The metric says which edges they may have.
    """
    faults = Faults(takes_lines, metric)
    if isinstance(polygons, Regions):
        return Reading(polygons, faults) if takes_lines else _of_polygons(polygons, faults)
    if isinstance(polygons, FileRows):
        return read_regions(polygons.geometry, takes_lines)
    polygons = array_in(polygons)
    if isinstance(polygons, _core.Polygon):
        raise type_error("polygons", "expected several, got one; put it in a list")
    if are_polygons(polygons):
        coords, ring_offsets = _core.gather_polygons(polygons)
        return _finite((coords, ring_offsets, np.arange(len(polygons) + 1), None, None), faults)
    objects = objects_in(polygons)
    if objects is not None and (ragged := plain_polygons(objects)) is not None:
        return Reading(regions_from(ragged), faults)
    held = geometry_in(polygons, "polygons")
    if held is not None:
        form, rows = held
        return _finite(form.regions(rows, "polygons", faults), faults)
    if isinstance(polygons, np.ndarray) and (
        polygons.ndim in (3, 4) or polygons.dtype == object or not polygons.size
    ):
        polygons = list(polygons)
    if not isinstance(polygons, (list, tuple)):
        raise type_error("polygons", f"expected {FORMS}; got {type(polygons).__name__}")
    return _finite(_rings(polygons, faults), faults)


def regions_from(ragged: Ragged) -> Regions:
    """Return arrays of the engine's own making, which are right and finite, as Regions."""
    regions = Regions.__new__(Regions)
    (
        regions._coords,
        regions._ring_offsets,
        regions._polygon_offsets,
        regions._geom_offsets,
        regions._kinds,
    ) = ragged
    return regions


def regions_at(regions: Regions, rows: npt.NDArray[np.intp]) -> Regions:
    """Return the regions of some rows, in the order of the rows."""
    return Regions(*parts.gathered(regions._arrays, rows))


def are_polygons(polygons: Any) -> bool:
    """Return whether this is a list of `Polygon`, whose subclasses may override area and center."""
    return (
        isinstance(polygons, (list, tuple, np.ndarray))
        and len(polygons) > 0
        and isinstance(polygons[0], _core.Polygon)
    )


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _offsets_of(values: Any, argument: str, limit: int, level: str) -> Offsets:
    """Return offsets after checking them: at least 0, ascending, within the level below."""
    array = np.array(array_of(values, argument))  # a private copy, and that is what is checked
    if array.ndim != 1 or not array.size:
        raise value_error(argument, f"expected a 1-D array of at least one offset, got shape {array.shape}")
    if array.dtype.kind not in "iu":
        raise type_error(argument, f"expected integers, got dtype {array.dtype}")
    if array[0] < 0 or array[-1] > limit or (array[1:] < array[:-1]).any():
        raise _wrong_offset(array, argument, limit, level)
    return np.frombuffer(
        array.astype(np.int64).tobytes(), dtype=np.int64
    )  # over bytes: nobody can write to them


def _wrong_offset(offsets: npt.NDArray[Any], argument: str, limit: int, level: str) -> InputError:
    """Return the error for offsets of which at least one is wrong."""
    if offsets[0] < 0:
        return value_error(argument, f"expected an offset of at least 0, got {offsets[0]}", row=0)
    above = np.flatnonzero(offsets > limit)
    if above.size:
        at = int(above[0])
        return value_error(argument, f"offset {offsets[at]} is beyond the {limit} {level} there are", row=at)
    at = int(np.flatnonzero(offsets[1:] < offsets[:-1])[0]) + 1
    return value_error(
        argument, f"offset {offsets[at]} is below the one before it, {offsets[at - 1]}", row=at
    )


def _kinds_of(values: Any, rings: Offsets, polygons: Offsets) -> Kinds | None:
    """Return the kinds of polygons after checking them; None where all are polygons."""
    array = np.array(array_of(values, "kinds"))
    if array.shape != (len(polygons) - 1,):
        reason = f"expected one for each of {len(polygons) - 1} polygons, got shape {array.shape}"
        raise value_error("kinds", reason)
    if array.dtype.kind not in "iu" and array.size:
        raise type_error("kinds", f"expected integers, got dtype {array.dtype}")
    wrong = np.flatnonzero((array < parts.POLYGON) | (array > parts.POINT))
    if wrong.size:
        at = int(wrong[0])
        reason = f"expected 0 for a polygon, 1 for a line or 2 for a point; got {array[at]}"
        raise value_error("kinds", reason, row=at)
    flat = np.flatnonzero(array)
    if not flat.size:
        return None
    counts = np.diff(polygons)[flat]
    if (counts > 1).any():
        at = int(flat[counts > 1][0])
        raise value_error("kinds", "a line or a point has one ring, this polygon has several", row=at)
    points = np.flatnonzero(array == parts.POINT)
    vertices = rings[polygons[points + 1]] - rings[polygons[points]]
    if (vertices > 1).any():
        at = int(points[vertices > 1][0])
        raise value_error("kinds", "a point has one vertex, this ring has several", row=at)
    return np.frombuffer(array.astype(np.uint8).tobytes(), dtype=np.uint8)


def _of_polygons(regions: Regions, faults: Faults) -> Reading:
    """Return the regions of polygons; those with lines or points are noted."""
    if regions.kinds is None:
        return Reading(regions, faults)
    vertices = np.diff(regions.ring_offsets[regions.polygon_offsets])
    flat = np.flatnonzero((regions.kinds != parts.POLYGON) & (vertices > 0))
    rows = flat
    if regions.geom_offsets is not None:
        rows = np.searchsorted(regions.geom_offsets, flat, side="right") - 1
        owned = (flat >= regions.geom_offsets[0]) & (flat < regions.geom_offsets[-1])
        flat, rows = flat[owned], rows[owned]
    rows, first = np.unique(rows, return_index=True)
    for row, kind in zip(rows.tolist(), regions.kinds[flat[first]].tolist(), strict=True):
        faults.no_region("polygons", row, "LineString" if kind == parts.LINE else "Point")
    left = without(regions, rows)
    return Reading(Regions(left.coords, left.ring_offsets, left.polygon_offsets, left.geom_offsets), faults)


def _rings(rings: list[Any] | tuple[Any, ...], faults: Faults) -> Ragged:
    """Return the ragged arrays of one region per ring; None is a missing one."""
    if rings and not any(map(_may_be_ring, rings)):
        raise type_error("polygons", f"expected {FORMS}; got {_kind(rings[0])}", row=0)
    arrays = []
    for row, ring in enumerate(rings):
        array = np.empty((0, 2))
        if not _may_be_ring(ring):
            faults.wrong_type("polygons", row, "a (k, 2) array", _kind(ring))
        elif not is_missing(ring):
            try:
                array = _ring(ring, row)
            except InputError as error:
                faults.note(row, error)
        arrays.append(array)
    coords = np.concatenate(arrays) if arrays else np.empty((0, 2))
    counts = np.array([len(array) for array in arrays], dtype=np.int64)
    return coords, np.concatenate(([0], np.cumsum(counts))), np.arange(len(arrays) + 1), None, None


def _may_be_ring(ring: Any) -> bool:
    if isinstance(ring, _core.Polygon) or is_shapely(ring):
        return False
    return is_missing(ring) or isinstance(ring, Sequence) or getattr(ring, "ndim", 0) > 0


def _ring(ring: Any, row: int) -> Doubles:
    """Return the vertices of a ring: (k, 2), or (k, 1, 2) as contours are given."""
    array = doubles_of(ring, "polygons", row)
    if (array.ndim == 3 and array.shape[1:] == (1, 2)) or array.shape == (0,):
        array = array.reshape(-1, 2)
    if array.ndim != 2 or array.shape[1] != 2:
        raise value_error("polygons", f"expected a ring of shape (k, 2), got {array.shape}", row=row)
    return array


def _kind(value: object) -> str:
    return type(value).__name__


def _finite(ragged: Ragged, faults: Faults) -> Reading:
    """Return Regions of a caller's polygons; those with a vertex that is not finite are noted."""
    regions = Regions.__new__(Regions)
    regions._set(*ragged)
    vertices, rows = regions._bad_vertices()
    if not len(rows):
        return Reading(regions, faults)
    rows, first = np.unique(rows, return_index=True)
    for row, vertex in zip(rows.tolist(), vertices[first], strict=True):
        reason = f"has {_not_finite(regions.coords[vertex])}"
        faults.wrong_value("polygons", row, "not finite", reason)
    return Reading(without(regions, rows), faults)


def without(regions: Regions, rows: npt.NDArray[np.intp]) -> Regions:
    """Return the regions with these rows emptied; all rows keep their position."""
    kept = np.ones(len(regions), dtype=bool)
    kept[rows] = False
    levels = [regions.polygon_offsets, regions.ring_offsets]
    if regions.geom_offsets is not None:
        levels.insert(0, regions.geom_offsets)
    counts = np.where(kept, np.diff(levels[0]), 0)
    offsets = [np.concatenate(([0], np.cumsum(counts)))]
    kinds = regions.kinds
    for above, below in zip(levels, [*levels[1:], None], strict=True):
        size = len(regions.coords) if below is None else len(below) - 1
        owned = np.zeros(size, dtype=bool)
        owned[above[0] : above[-1]] = np.repeat(kept, np.diff(above))
        kept = owned
        if kinds is not None and above is regions.geom_offsets:
            kinds = kinds[kept]
        if below is not None:
            offsets.append(np.concatenate(([0], np.cumsum(np.diff(below)[kept]))))
    rings, polygons, *geoms = reversed(offsets)
    return Regions(regions.coords[kept], rings, polygons, geoms[0] if geoms else None, kinds)


def _not_finite(vertex: Doubles) -> str:
    return f"a vertex that is not finite: ({vertex[0]}, {vertex[1]})"
