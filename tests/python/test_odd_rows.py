"""Tables with random odd rows of every kind among clean ones, which are answered right, at every entry.

Only the documented exceptions are raised: `InputError`, where the options don't leave odd rows out.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from typing import Any

import geopandas
import numpy as np
import poly_match as pm
import pyarrow as pa
import pytest
import shapely
from conftest import FULL

ROUNDS = 200 if FULL else 8

# What may stand in a row of the polygons, by the form it comes in. The clean ones are unit boxes on a grid.
MISSING = [None, shapely.Polygon(), shapely.Point(), shapely.GeometryCollection(), shapely.MultiPolygon()]
UNUSABLE = [
    shapely.LineString([(0, 0), (9, 9)]),
    shapely.Point(1, 1),
    shapely.MultiPoint([(1, 1), (2, 2)]),
    shapely.MultiLineString([[(0, 0), (9, 9)]]),
    shapely.LinearRing([(0, 0), (9, 0), (9, 9)]),
    shapely.Polygon([(0, 0), (math.nan, 1), (9, 9), (0, 0)]),
    shapely.Polygon([(0, 0), (math.inf, 1), (9, 9), (0, 0)]),
    shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]),
]
BYTES = [
    b"",
    b"\1",
    b"\1\3\0\0\0\xff\xff\xff\xff",
    shapely.to_wkb(shapely.box(0, 0, 9, 9))[:-5],
    b"POINT (1 1)",
]
TEXT = ["POLYGON", "POLYGON ((0 0, 9 9", "nothing", "POLYGON ((0 0, 9 x, 9 9, 0 0))", "12"]
OTHERS = [7, "x", object(), [1, 2], {"type": "Polygon"}, {"type": "Curve", "coordinates": []}, (1, 2), True]
NO_POINTS = [
    *UNUSABLE[:1],
    *UNUSABLE[2:4],
    shapely.box(0, 0, 9, 9),
    shapely.GeometryCollection([shapely.Point(1, 1)]),
]


def wkt(shape: Any) -> Any:
    return shape.wkt if isinstance(shape, shapely.Geometry) else shape


def wkb(shape: Any) -> Any:
    return shapely.to_wkb(shape) if isinstance(shape, shapely.Geometry) else shape


def mapping(shape: Any) -> Any:
    return shapely.geometry.mapping(shape) if isinstance(shape, shapely.Geometry) else shape


# A form makes rows of shapes, and may hold odd ones of its own.
FORMS: dict[str, tuple[Any, list[Any]]] = {
    "shapely": (list, OTHERS),
    "objects": (lambda rows: np.fromiter(rows, dtype=object, count=len(rows)), OTHERS),
    "series": (geopandas.GeoSeries, []),
    "frame": (lambda rows: geopandas.GeoDataFrame(geometry=geopandas.GeoSeries(rows)), []),
    "wkb": (lambda rows: [wkb(row) for row in rows], [*BYTES, *OTHERS]),
    "wkb column": (lambda rows: pa.array([wkb(row) for row in rows], pa.binary()), BYTES),
    "wkb table": (
        lambda rows: pa.table({"g": pa.array([wkb(row) for row in rows], pa.large_binary())}),
        BYTES,
    ),
    "wkt": (lambda rows: [wkt(row) for row in rows], [*TEXT, 7, b"\1"]),
    "wkt column": (lambda rows: pa.array([wkt(row) for row in rows], pa.string()), TEXT),
    "mappings": (lambda rows: [mapping(row) for row in rows], OTHERS),
}


def mixed(
    rng: np.random.Generator, clean: list[Any], odd: list[Any]
) -> tuple[list[Any], np.ndarray[Any, Any]]:
    """Return clean rows in their order with odd ones anywhere but first, and which are clean."""
    count = len(clean) + int(rng.integers(1, 12))
    is_clean = np.zeros(count, dtype=bool)
    is_clean[0] = True
    is_clean[1 + rng.choice(count - 1, len(clean) - 1, replace=False)] = True
    left = iter(clean)
    return [next(left) if fine else odd[rng.integers(len(odd))] for fine in is_clean], is_clean


def quiet(call: Any, *arguments: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(*arguments, **options)


@pytest.mark.parametrize("form", FORMS)
def test_clean_regions_are_answered_right_beside_odd_ones(form):
    make, own = FORMS[form]
    rng = np.random.default_rng(1)
    for _ in range(ROUNDS):
        spots = rng.choice(100, int(rng.integers(1, 20)), replace=False) + 100  # away from the odd shapes
        boxes = [shapely.box(x, 50, x + 1, 51) for x in spots.tolist()]
        rows, is_clean = mixed(rng, boxes, [*MISSING, *UNUSABLE, *own])
        polygons = make(rows)
        points = (np.append(spots + 0.5, 5000.0), np.full(len(spots) + 1, 50.5))
        expected = np.append(np.flatnonzero(is_clean), -1).tolist()
        skip: dict[str, Any] = {"invalid": "skip"}
        assert quiet(pm.match, points, polygons, **skip).tolist() == expected
        assert quiet(pm.Index, polygons, **skip).match(points).tolist() == expected
        keys = np.zeros(len(spots) + 1), np.zeros(len(rows))
        assert quiet(pm.match, points, polygons, on=keys, **skip).tolist() == expected
        counted = quiet(pm.count, points, polygons, **skip)
        assert np.flatnonzero(counted.regions).tolist() == sorted(expected[:-1])
        near = quiet(pm.match, points, polygons, predicate="nearest", distance=0.25, **skip)
        assert near.tolist() == expected
        if form == "frame":
            frame = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(*points))
            joined = quiet(pm.sjoin, frame, polygons, invalid="skip", dtype_backend="numpy_nullable")
            assert joined["index_right"].fillna(-1).tolist() == expected
        found = quiet(pm.check, polygons, points).findings
        assert set(np.flatnonzero(is_clean)).isdisjoint(
            row
            for each in found
            if each.kind in ("unusable", "empty", "invalid")
            for row in each.rows.tolist()
        )
        for invalid in ("use", "warn", "error"):
            with contextlib.suppress(pm.InputError):
                answers = quiet(pm.match, points, polygons, invalid=invalid)
                assert answers.tolist() == expected


@pytest.mark.parametrize("form", FORMS)
def test_clean_points_are_answered_right_beside_missing_ones(form):
    make, own = FORMS[form]
    rng = np.random.default_rng(2)
    boxes = [shapely.box(x, 0, x + 1, 1) for x in range(20)]
    index = pm.Index(boxes)
    multi = [shapely.MultiPoint([(3.5, 0.5)]), shapely.MultiPoint([(99, 99)])]
    for _ in range(ROUNDS):
        spots = rng.integers(0, 20, int(rng.integers(1, 20)))
        clean = [shapely.Point(x + 0.5, 0.5) for x in spots.tolist()]
        rows, is_clean = mixed(rng, clean, [*MISSING, *multi])
        expected = np.full(len(rows), -1)
        expected[is_clean] = spots
        expected[[row is multi[0] for row in rows]] = 3
        points = make(rows)
        assert index.match(points).tolist() == expected.tolist()
        assert pm.match(points, boxes).tolist() == expected.tolist()
        assert pm.count(points, boxes).unmatched == (expected < 0).sum()
        assert pm.match(points, boxes, on=(np.zeros(len(rows)), np.zeros(20))).tolist() == expected.tolist()
        rows, is_clean = mixed(rng, clean, [*NO_POINTS, *own])
        points = make(rows)
        with pytest.raises(pm.InputError) as caught:
            index.match(points)
        assert caught.value.row == int(np.argmin(is_clean))
        kinds = {each.kind: each for each in pm.check(boxes, points).findings}
        assert kinds["unusable point"].rows.tolist() == np.flatnonzero(~is_clean).tolist()


def test_plain_rings_and_points():
    rng = np.random.default_rng(3)
    odd = [None, math.nan, [], np.empty((0, 2)), np.empty((0, 1, 2))]
    wrong = [
        [(0, 0), (math.inf, 9), (9, 0)],
        np.zeros((3, 3)),
        [(1, 2), (3,)],
        "x",
        7,
        shapely.box(0, 0, 9, 9),
    ]
    for _ in range(ROUNDS):
        spots = rng.choice(100, int(rng.integers(1, 20)), replace=False) + 100
        rings = [shapely.get_coordinates(shapely.box(x, 50, x + 1, 51)) for x in spots.tolist()]
        rings = [
            ring[:, None] if rng.random() < 0.3 else ring.tolist() if rng.random() < 0.5 else ring
            for ring in rings
        ]
        rows, is_clean = mixed(rng, rings, [*odd, *wrong])
        points = [(x + 0.5, 50.5) for x in spots.tolist()]
        assert quiet(pm.match, points, rows, invalid="skip").tolist() == np.flatnonzero(is_clean).tolist()
        quiet(pm.check, rows, points)
        rows, is_clean = mixed(
            rng, points, [None, (None, None), (math.nan, 1), np.array([math.inf, 1]), math.nan]
        )
        expected = np.where(is_clean, np.cumsum(is_clean) - 1, -1)
        assert pm.match(rows, [np.squeeze(ring) for ring in rings]).tolist() == expected.tolist()
