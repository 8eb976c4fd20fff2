"""Geometries of shapely are read by the extension: the same arrays as from shapely's own functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import poly_match as pm
import pytest
from poly_match import _core
from poly_match._forms import shapely as forms
from poly_match._forms.faults import Faults
from poly_match._forms.regions import read_regions
from test_leaks import check

shapely = pytest.importorskip("shapely", reason="makes the geometries")

HERE = forms._reads_directly()
needs_interface = pytest.mark.skipif(not HERE, reason="shapely's library can't be read here")


def assorted(count: int) -> Any:
    """Polygons with and without holes, multipolygons, empty ones, with z, and with closed and long rings."""
    rng = np.random.default_rng(5)
    shapes = np.empty(count, dtype=object)
    for i in range(count):
        x, y = rng.random(2)
        shell = shapely.Point(x, y).buffer(0.1, quad_segs=int(rng.integers(1, 60)))
        shapes[i] = shell
        if i % 3 == 0:
            shapes[i] = shell.difference(shapely.Point(x, y).buffer(0.05))
        if i % 5 == 0:
            shapes[i] = shapely.MultiPolygon([shapely.box(i, i, i + 1, i + 1), shell])
        if i % 7 == 0:
            shapes[i] = shapely.force_3d(shapes[i], z=9)
        if i % 11 == 0:
            shapes[i] = (shapely.Polygon(), shapely.MultiPolygon())[i % 2]
    return shapes


def matched(shapes: Any, x: Any, y: Any, is_thorough: bool = False) -> Any:
    """Match one by one; None where that was not done."""
    out = np.full(len(x), -9)
    done = _core.shapely_match(shapes, "covers", "smallest", None, x, y, out, is_thorough)
    return out if done else None


@pytest.fixture
def without_it(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read with shapely's functions alone."""
    return lambda: monkeypatch.setattr(forms, "_reads_directly", lambda: False)


@needs_interface
@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 700])
def test_polygons_are_read_as_by_shapely(count: int, without_it: Any) -> None:
    shapes = assorted(count)
    direct = read_regions(shapes).regions
    without_it()
    plain = read_regions(shapes).regions
    for one, other in zip(direct._arrays, plain._arrays, strict=True):
        assert (one is None and other is None) or (one.dtype == other.dtype and np.array_equal(one, other))
    for points in np.random.default_rng(6).random((3, 2, 9)):
        assert matched(shapes, *points).tolist() == pm.Index(shapes).match(tuple(points)).tolist()


@needs_interface
@pytest.mark.parametrize("count", [1, 256, 1000])
def test_points_are_read_as_by_shapely(count: int, without_it: Any) -> None:
    points = shapely.points(np.random.default_rng(7).normal(size=(count, 2)))
    points[::5] = None
    points[1::9] = shapely.Point()
    points[2::9] = shapely.points(1, -0.0, 7)
    points[3::9] = shapely.points(np.nan, 2)
    points[4::9] = shapely.points(np.inf, 2)
    direct = _core.shapely_points(points)
    assert direct is not None
    without_it()
    for one, other in zip(direct, forms.points_of(points, "points", Faults()), strict=True):
        assert np.array_equal(one, other, equal_nan=True)
        assert np.array_equal(np.signbit(one[~np.isnan(one)]), np.signbit(other[~np.isnan(one)]))


@needs_interface
@pytest.mark.parametrize("other", [None, "text", 3.5, shapely.Point(1, 1), shapely.GeometryCollection()])
@pytest.mark.parametrize("row", [0, 255, 256, 299])
def test_what_is_no_polygon_is_left_to_shapely(other: Any, row: int) -> None:
    shapes = assorted(300)
    shapes[row] = other
    zero = np.zeros(1)
    assert _core.shapely_polygons(shapes) is None
    assert matched(shapes, zero, zero) is None


@needs_interface
def test_what_is_no_point_is_left_to_shapely() -> None:
    points = shapely.points(np.zeros((300, 2)))
    for other in ("text", 3.5, shapely.Polygon(), shapely.MultiPoint([(1, 1)])):
        for row in (0, 256, 299):
            some = points.copy()
            some[row] = other
            assert _core.shapely_points(some) is None


@needs_interface
def test_arrays_with_strides_and_none_at_all() -> None:
    shapes = assorted(100)
    straight, turned = _core.shapely_polygons(shapes[::-3].copy()), _core.shapely_polygons(shapes[::-3])
    assert straight is not None
    assert turned is not None
    for one, other in zip(straight, turned, strict=True):
        assert (one is None and other is None) or np.array_equal(one, other)
    empty = _core.shapely_polygons(shapes[:0])
    assert empty is not None
    assert [None if each is None else each.shape for each in empty] == [(0, 2), (1,), (1,), None]
    with pytest.raises(TypeError, match="array of objects"):
        _core.shapely_polygons(np.zeros(3))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="array of objects"):
        _core.shapely_points(shapes.reshape(10, 10))
    x, y = np.random.default_rng(9).random((2, 20))
    assert matched(shapes[::-3], x, y).tolist() == pm.Index(shapes[::-3]).match((x, y)).tolist()
    assert matched(shapes[:0], x, y) is None
    assert pm.match((x, y), shapes[:0]).tolist() == [-1] * 20
    with pytest.raises(TypeError, match="takes objects"):
        _core.shapely_match(shapes)  # type: ignore[call-arg]


@needs_interface
def test_vertices_that_are_not_finite_are_left_to_shapely() -> None:
    zero = np.zeros(1)
    for bad in (np.nan, np.inf, -np.inf):
        for axis in (0, 1):
            ring = np.array([[5.0, 5], [6, 5], [6, 6], [5, 6]])
            ring[2, axis] = bad
            shapes = assorted(10)
            shapes[4] = shapely.Polygon(ring)
            assert _core.shapely_polygons(shapes) is None
            assert matched(shapes, zero, zero) is None
            with pytest.raises(ValueError, match=r"polygons\[4\].*not finite"):
                pm.match([(0, 0)], shapes)


@needs_interface
def test_all_are_looked_at_where_that_is_wanted() -> None:
    shapes = assorted(10)
    turns = np.linspace(0, 7, 500)
    ring = np.column_stack([np.cos(turns) + 9, np.sin(turns) + 9])
    ring[-1] = ring[0]
    ring[100] = np.nan
    shapes[4] = shapely.Polygon(ring)
    zero = np.zeros(1)
    assert matched(shapes, zero, zero) is not None
    assert matched(shapes, zero, zero, True) is None
    assert matched(shapes, zero + 9, zero + 9) is None


def test_answers_without_the_interface(without_it: Any) -> None:
    shapes = assorted(200)
    places = shapely.points(np.random.default_rng(8).random((50, 2)))
    before = pm.match(places, shapes), pm.match(places[:3], shapes), pm.Index(shapes).match(places)
    without_it()
    after = pm.match(places, shapes), pm.match(places[:3], shapes), pm.Index(shapes).match(places)
    assert (before[0] >= 0).any()
    for one, other in zip(before, after, strict=True):
        assert np.array_equal(one, other)


@needs_interface
def test_an_interface_that_is_none() -> None:
    with pytest.raises(TypeError):
        _core.use_shapely(b"path", None)  # type: ignore[arg-type]


@needs_interface
def test_reading_leaves_nothing_behind() -> None:
    shapes, points = assorted(64), shapely.points(np.zeros((64, 2)))
    bad = shapes.copy()
    bad[60] = "text"
    x = y = np.linspace(0, 1, 9)

    def calls() -> None:
        _core.shapely_points(points)
        _core.shapely_points(bad)
        for some in (shapes, bad):
            _core.shapely_polygons(some)
            matched(some, x, y)
        _core.use_shapely("path", shapely.lib._C_API)

    check(calls, 2000)
