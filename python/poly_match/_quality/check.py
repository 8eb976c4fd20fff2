"""Find what in polygons and points is probably not what their owner thinks.

Every input has a defined answer, so none of this stops a match: it finds problems in the data that make a
correct answer useless. Each finding is a small function of the facts; the table `FINDINGS` has them in the
order of the report. shapely decides about geometry (validity, overlaps), the engine about matches. Nothing is
repaired here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._engine.limits import check_metric
from poly_match._forms.crs import Difference, crs_text, difference, may_be_degrees
from poly_match._forms.faults import Faults
from poly_match._forms.file_rows import FileRows
from poly_match._forms.numbers import Doubles
from poly_match._forms.points import are_bad, read_points
from poly_match._forms.regions import Regions, read_regions
from poly_match._forms.sphere import on_sphere
from poly_match._forms.validity import PURPOSE, REPAIR, Shapes, shapely_for, shapes_of
from poly_match._quality import places
from poly_match._quality.report import Finding, Report, Rows, finding
from poly_match._readers.named_files import points_in, polygons_in
from poly_match._rules import Metric

__all__ = ["Finding", "Report", "check"]

MOST_VERTICES = 5_000_000  # of the pairs whose overlap is computed: a few seconds
SLIVER = 1e-9  # of the smaller region: overlaps below that are what rounding leaves


def check(polygons: Any, points: Any = None, *, metric: Metric = "planar") -> Report:
    """Look for what is wrong with polygons, and with points against them.

    Parameters
    ----------
    polygons
        Polygons in any form that `Index` takes.
    points
        Points in any form that `Index.match` takes; None to look at the polygons alone.
    metric : {"planar", "sphere"}
        What they are to be matched with, as in `Index`.

    Returns
    -------
    Report
        Text when printed, true when there are findings; `findings` lists them, `to_dict` is for JSON.

        ======================  ==================================================================
        kind                    what is found
        ======================  ==================================================================
        unusable                rows that are no regions: lines, points, vertices that are NaN or infinite,
                                bytes and text that are no geometry; on the sphere, vertices beyond a pole and
                                edges between opposite places
        dropped                 collections with lines or points beside their polygons
        empty                   regions that are missing or empty: they match nothing
        invalid                 regions that shapely calls invalid, with the reason
        bow-tie                 regions whose lobes cancel to area 0, so they win every "smallest"
        zero area               regions that cover nothing but their own edges
        no surface              regions that have a surface in the plane and none on the sphere, as a box
                                around the whole world
        duplicate               regions with the vertices of an earlier one
        parts                   rows of a frame that are equal in all but the geometry: parts of one region
        overlap                 regions with a surface in common
        antimeridian            edges that run across half the map, in degrees; not on the sphere
        crs                     two coordinate reference systems, or one on one side only
        unusable point          rows of the points that are none: lines, bytes that are no geometry
        bad point               points that are missing, NaN, infinite or, on the sphere, beyond a pole: they
                                match nothing
        units                   degrees on one side and larger numbers on the other; one axis in another unit
        swapped                 few points match, and many would with x and y swapped; or some of them do not,
                                and these would
        radians                 few points match, and many would if they were radians
        one place               many points at one place, such as (0, 0)
        turned                  points that match only when turned by 360
        extent                  the points are all outside the box around the regions
        ======================  ==================================================================

    Raises
    ------
    ImportError
        shapely is not installed: ``pip install 'poly-match[check]'``.
    TypeError, ValueError
        An argument that holds no polygons or points at all. What is wrong with rows is found, never raised.

    Notes
    -----
    Nearly all takes O(v log v) time for v vertices. Overlaps are computed for pairs of valid regions whose
    boxes meet, as many as have 5 million vertices together; when there are more, the message says how large
    the sample was, the same in every call. Overlaps of less than a billionth of the smaller region count as
    none. The points are matched up to five times; one cause is one finding.

    Examples
    --------
    >>> import poly_match as pm
    >>> report = pm.check([[(0, 0), (4, 4), (4, 0), (0, 4)], [(0, 0), (4, 0), (4, 9)]])
    >>> [finding.kind for finding in report.findings]
    ['invalid', 'bow-tie']
    >>> print(report.findings[1])
    bow-tie: 1 region: area 0, because the lobes of its rings cancel; wins every best="smallest" [row 0]
        fix: repair with make_valid(method="structure", keep_collapsed=False), or use invalid="skip"
    >>> print(pm.check([[(0, 0), (4, 0), (4, 9)]], [(3, 1)]))
    1 region, 1 point: nothing found
    """
    polygons, points = polygons_in(polygons), points_in(points)
    check_metric(metric)
    return examine(polygons, points, crs_text(points), crs_text(polygons), _columns(polygons), metric)


def _columns(polygons: Any) -> list[list[Any]]:
    """Return the attributes of a frame, and its labels where some are there twice."""
    if isinstance(polygons, FileRows):
        return [polygons[name].to_pylist() for name in polygons.columns]
    if not hasattr(polygons, "to_crs"):
        return []
    if not polygons.index.is_unique:
        return [polygons.index.tolist()]
    frame = polygons.drop(columns=polygons.active_geometry_name) if polygons.ndim == 2 else None
    return [] if frame is None else [frame.iloc[:, at].tolist() for at in range(frame.shape[1])]


def examine(
    polygons: Any,
    points: Any,
    points_crs: str | None,
    polygons_crs: str | None,
    columns: list[list[Any]],
    metric: Metric = "planar",
) -> Report:
    """Return the report, given the CRS of both as `crs_text` gives it, and the columns of the regions."""
    facts = Facts(polygons, points, difference(points_crs, polygons_crs), columns, metric)
    findings = [finding for look in FINDINGS if (finding := look(facts)) is not None]
    return Report(tuple(findings), len(facts.regions), None if facts.points is None else len(facts.points[0]))


class Facts:
    """Facts that several findings use, computed on first use."""

    def __init__(
        self,
        polygons: Any,
        points: Any,
        crs: Difference | None,
        columns: list[list[Any]],
        metric: Metric,
    ) -> None:
        self.columns, self.metric = columns, metric
        self.shapely = shapely_for(PURPOSE)
        self.regions: Regions
        reading = read_regions(polygons, metric=metric)
        self.regions, self.faults = on_sphere(reading) if metric == "sphere" else reading
        self.point_faults = Faults()
        self.points: tuple[Doubles, Doubles] | None = None
        if points is not None:
            self.points = read_points(points, self.point_faults)
        self.crs = crs

    @cached_property
    def shapes(self) -> Shapes:
        return shapes_of(self.regions)

    @cached_property
    def valid(self) -> npt.NDArray[np.bool_]:
        valid: npt.NDArray[np.bool_] = self.shapely.is_valid(self.shapes)
        return valid

    @cached_property
    def filled(self) -> npt.NDArray[np.bool_]:
        filled: npt.NDArray[np.bool_] = ~self.shapely.is_empty(self.shapes)
        return filled

    @cached_property
    def flat(self) -> tuple[Rows, npt.NDArray[np.bool_]]:
        """The regions with vertices and area 0, and which of them cover a surface all the same."""
        regions = self.regions
        areas, _ = _core.regions_measure(*regions._arrays)
        rows = np.flatnonzero((areas == 0) & self.filled)
        parts, owners = self.shapely.get_parts(self.shapes[rows], return_index=True)
        surfaces = self.shapely.area(self.shapely.make_valid(parts))
        return rows, np.bincount(owners, surfaces, len(rows)) > 0

    @cached_property
    def finite(self) -> npt.NDArray[np.bool_]:
        assert self.points is not None
        finite = ~are_bad(*self.points)
        return finite & (np.abs(self.points[1]) <= 90) if self.metric == "sphere" else finite

    @cached_property
    def boxes(self) -> tuple[Doubles, Doubles] | None:
        """Min x, min y, max x, max y of the points and of the regions; None without any of either."""
        if self.points is None or not self.finite.any() or not self.filled.any():
            return None
        x, y = (each[self.finite] for each in self.points)
        return np.array([x.min(), y.min(), x.max(), y.max()]), self.shapely.total_bounds(self.shapes)

    @cached_property
    def repeated(self) -> tuple[Rows, Rows]:
        return _repeated(self)

    @cached_property
    def located(self) -> dict[str, Finding]:
        """What is found of the places of the points, by its kind: one cause, one finding."""
        if self.points is None or self.boxes is None:
            return {}
        x, y = (each[self.finite] for each in self.points)
        tries = places.Tries(x, y, self.regions)
        given = places.Places(x, y, np.flatnonzero(self.finite), self.boxes, tries)
        found = next(filter(None, (look(given) for look in places.WHOLE)), None)
        parts = [places.one_place] if found else places.PARTS
        findings = [found, *(look(given) for look in parts)]
        apart = places.extent(given) if self.metric == "planar" else None
        if apart is not None and not any(each and each.kind != "turned" for each in findings):
            findings = [apart]
        kinds = {each.kind: each for each in findings if each is not None}
        if self.metric == "sphere":  # where a turn changes nothing
            kinds.pop("turned", None)
        return kinds


# ---- the polygons ----------------------------------------------------------------------------------------


def _unusable(facts: Facts) -> Finding | None:
    return _of_faults(
        "unusable",
        facts.faults,
        "they stop a match",
        'repair or drop them, or leave them out with invalid="skip", which keeps the positions of the others',
        "polygons",
    )


def _of_faults(
    kind: str, faults: Faults, effect: str, fix: str, argument: Literal["polygons", "points"]
) -> Finding | None:
    """Return a finding on rows that can't be used: how many of which kind, and why."""
    kinds = faults.by_kind()
    reasons = [
        f"{len(rows)} {kind} (row {rows[0]}: {faults.rows[int(rows[0])].error.reason})"
        for kind, rows in kinds.items()
    ]
    rows = np.sort(np.concatenate(list(kinds.values()))) if kinds else np.empty(0, dtype=np.intp)
    return finding(kind, rows, f"{effect}; {', '.join(reasons)}", fix, argument)


def _dropped(facts: Facts) -> Finding | None:
    return finding(
        "dropped",
        np.array(facts.faults.dropped, dtype=np.intp),
        "collections with lines or points, which are left out: their polygons together are the region",
        "none needed if only surfaces are meant; make_valid with keep_collapsed=False gives no such parts",
    )


def _empty(facts: Facts) -> Finding | None:
    empty = ~facts.filled
    empty[list(facts.faults.rows)] = False  # emptied here, for a reason that is found already
    empty[facts.faults.dropped] = False
    return finding(
        "empty",
        np.flatnonzero(empty),
        "missing or empty; they match nothing",
        "nothing to do if this is intended; otherwise find out where the geometry was lost",
    )


def _invalid(facts: Facts) -> Finding | None:
    rows = np.flatnonzero(~facts.valid)
    said = [reason.rstrip("]").split("[") for reason in facts.shapely.is_valid_reason(facts.shapes[rows])]
    reasons, first, counts = np.unique([each[0] for each in said], return_index=True, return_counts=True)
    listed = [
        f"{counts[i]} with {reasons[i]} (row {rows[first[i]]} at {said[first[i]][-1]})"
        for i in np.argsort(-counts, kind="stable")
    ]
    return finding(
        "invalid",
        rows,
        f"invalid, {', '.join(listed)}",
        f'repair with {REPAIR} (shapely, GeoSeries), or leave out with invalid="skip"; as they '
        "are, a point is covered when a ray from it crosses the rings an odd number of times",
    )


def _bowtie(facts: Facts) -> Finding | None:
    rows, covers = facts.flat
    return finding(
        "bow-tie",
        rows[covers],
        'area 0, because the lobes of its rings cancel; wins every best="smallest"',
        f'repair with {REPAIR}, or use invalid="skip"',
    )


def _zero_area(facts: Facts) -> Finding | None:
    rows, covers = facts.flat
    return finding(
        "zero area",
        rows[~covers],
        'area 0, covers only the points on its own edges; wins every best="smallest" there',
        "drop what stands for a surface that was lost, as after simplifying",
    )


def _no_surface(facts: Facts) -> Finding | None:
    rows = np.empty(0, dtype=np.intp)
    if facts.metric == "sphere":
        areas, _ = _core.regions_measure(*facts.regions._arrays, "sphere")
        rows = np.flatnonzero((areas == 0) & (facts.shapely.area(facts.shapes) > 0))
    return finding(
        "no surface",
        rows,
        "a surface in the plane and none on the sphere, where the left and right side of a box around the "
        "whole world are one meridian; covers only the points on its edges",
        "use several regions, each less than half the sphere",
    )


def _repeated(facts: Facts) -> tuple[Rows, Rows]:
    """Return the rows with the same rings as an earlier one, wherever they start and whichever way they go.

    Compared by their normal form. The earlier rows come first, then those that repeat them.
    """
    rows = np.flatnonzero(facts.filled)
    boxes = facts.shapely.bounds(facts.shapes[rows])
    _, box, counts = np.unique(boxes, axis=0, return_inverse=True, return_counts=True)
    rows = rows[counts[box.ravel()] > 1]
    forms = facts.shapely.to_wkb(facts.shapely.normalize(facts.shapes[rows]))
    seen: dict[bytes, int] = {}
    first = np.array(
        [seen.setdefault(*pair) for pair in zip(forms, rows.tolist(), strict=True)], dtype=np.intp
    )
    return first[first != rows], rows[first != rows]


def _duplicate(facts: Facts) -> Finding | None:
    first, rows = facts.repeated
    return finding(
        "duplicate",
        rows,
        f"the rings of an earlier region{f', as row {first[0]}' if rows.size else ''}; the first of equals "
        "wins, so these never do unless scores say so",
        "drop them, or say with scores (best=) which one is meant",
    )


def _parts(facts: Facts) -> Finding | None:
    """Find rows with the attributes of another and other rings: what `explode` makes of a multipolygon."""
    known: dict[Any, list[int]] = {}
    for row, values in enumerate(zip(*facts.columns, strict=True)):
        known.setdefault(repr(values), []).append(row)
    groups = [rows for rows in known.values() if len(rows) > 1]
    if len(known) < 2:  # a column that says nothing
        groups = []
    rows = np.setdiff1d(
        np.sort(np.concatenate([np.empty(0, np.intp), *groups])), np.concatenate(facts.repeated)
    )
    return finding(
        "parts",
        rows.astype(np.intp),
        "equal to another row in all but the geometry, so they may be parts of one region: the smallest part "
        "wins then, not the smallest region",
        'dissolve first: polygons.dissolve(by="name"), or dissolve(level=0) by the labels, makes one of them',
    )


def _overlap(facts: Facts) -> Finding | None:
    first, second, is_sample = _pairs(facts)
    shapes, areas = facts.shapes, facts.shapely.area(facts.shapes)
    common = facts.shapely.area(facts.shapely.intersection(shapes[first], shapes[second]))
    share = common / np.minimum(areas[first], areas[second])
    over = share > SLIVER
    if not over.any():
        return None
    most = int(np.argmax(share))
    return finding(
        "overlap",
        np.unique(np.concatenate([first[over], second[over]])),
        f"{over.sum():,} overlapping pairs of {'a sample of ' if is_sample else ''}{len(first):,} whose "
        f"boxes meet; the most: {share[most]:.3g} of the smaller of rows {first[most]} and {second[most]}",
        "nothing to do if this is intended: best= decides who wins; otherwise repair the data they come from",
    )


def _pairs(facts: Facts) -> tuple[Rows, Rows, bool]:
    """Return the pairs of valid regions with a surface whose boxes meet, and whether that is a sample.

    Regions are queried in random order until the pairs have enough vertices.
    """
    rows = np.flatnonzero(facts.valid & (facts.shapely.area(facts.shapes) > 0))
    np.random.default_rng(0).shuffle(rows)
    shapes = facts.shapes[rows]
    tree, vertices = facts.shapely.STRtree(shapes), facts.shapely.get_num_coordinates(shapes)
    found = [np.empty((2, 0), dtype=np.intp)]
    left, asked = MOST_VERTICES, 0
    while asked < len(rows) and left >= 0:
        pairs = tree.query(shapes[asked : asked + 16]) + np.array([[asked], [0]])
        pairs = pairs[:, pairs[0] < pairs[1]]  # each pair once, when the first of the two is queried
        lefts = left - np.cumsum(vertices[pairs].sum(axis=0))
        found.append(pairs[:, lefts >= 0])
        left, asked = lefts[-1] if len(lefts) else left, asked + 16
    first, second = np.sort(rows[np.concatenate(found, axis=1)], axis=0)
    return first, second, bool(left < 0)


def _antimeridian(facts: Facts) -> Finding | None:
    """Find long edges, except along a pole, where they close a map in degrees."""
    if facts.metric == "sphere" or not facts.filled.any():
        return None
    if not may_be_degrees(facts.shapely.total_bounds(facts.shapes)):
        return None
    parts, owners = facts.shapely.get_parts(facts.shapes, return_index=True)
    rings, parts = facts.shapely.get_rings(parts, return_index=True)
    coords, ring = facts.shapely.get_coordinates(rings, return_index=True)
    at_pole = np.abs(coords[:, 1]) == 90
    long = (np.abs(np.diff(coords[:, 0])) > 180) & (ring[1:] == ring[:-1]) & ~(at_pole[1:] & at_pole[:-1])
    return finding(
        "antimeridian",
        np.unique(owners[parts[ring[1:][long]]]),
        "edges longer than 180 degrees; edges are straight in the plane, so what was to cross ±180 covers "
        "the other side of the map",
        "cut them at ±180, with antimeridian.fix_polygon or ogr2ogr -wrapdateline",
    )


# ---- the points, and both --------------------------------------------------------------------------------


def _crs(facts: Facts) -> Finding | None:
    return None if facts.crs is None else finding("crs", None, facts.crs.reason, facts.crs.fix)


def _unusable_point(facts: Facts) -> Finding | None:
    return _of_faults(
        "unusable point",
        facts.point_faults,
        "they stop a match",
        "give one Point per row: explode() several, take representative_point() of lines and polygons",
        "points",
    )


def _bad_point(facts: Facts) -> Finding | None:
    if facts.points is None:
        return None
    return finding(
        "bad point",
        np.setdiff1d(np.flatnonzero(~facts.finite), list(facts.point_faults.rows)),
        f"missing, NaN{', infinite or beyond a pole' if facts.metric == 'sphere' else ' or infinite'}; they "
        "match nothing",
        "nothing to do if this is intended; otherwise find out where the coordinates were lost",
        "points",
    )


def _located(kind: str) -> Callable[[Facts], Finding | None]:
    return lambda facts: facts.located.get(kind)


FINDINGS: tuple[Callable[[Facts], Finding | None], ...] = (
    _unusable,
    _dropped,
    _empty,
    _invalid,
    _bowtie,
    _zero_area,
    _no_surface,
    _duplicate,
    _parts,
    _overlap,
    _antimeridian,
    _crs,
    _unusable_point,
    _bad_point,
    *map(_located, ("units", "swapped", "radians", "one place", "turned", "extent")),
)
