"""`find_close_polygons`, `select_best_polygon` and `main`, compared with the original's semantics in Python.

Everything a caller could see is compared: which objects come back, in which order, what is called how often.
Arguments are in test_dropin_arguments.py, overrides in test_dropin_overrides.py, lists that change meanwhile
in test_dropin_changes.py.
"""

from __future__ import annotations

import hashlib
import math
import types
from decimal import Decimal
from fractions import Fraction

import numpy as np
import oracle
import poly_match as pm
import pytest
from conftest import draws
from dropin_helpers import (
    INF,
    KINDS,
    NAN,
    ORIGIN,
    Plain,
    Reader,
    at,
    identical,
    python_find,
    python_main,
    same,
)
from hypothesis import given, settings
from hypothesis import strategies as st

coordinate = st.integers(-6, 6).map(float)
one = st.builds(
    lambda kind, x, y, size: kind(x, y, size),
    st.sampled_from(KINDS),
    coordinate,
    coordinate,
    st.integers(1, 3).map(float),
)
native = st.builds(at, coordinate, coordinate, st.integers(1, 3).map(float))
numbers = st.sampled_from([0.0, -0.0, 1.0, 3.0, 5.0, math.sqrt(2), 10.0, 1e-300, 1e300, INF, NAN, -1.0, -INF])
odd = st.sampled_from([NAN, INF, -INF, 5e-324, 1e308, -1e200])
point = st.tuples(coordinate | odd, coordinate | odd)
many_kinds = settings(max_examples=draws(300), deadline=None)


# ---- all together, against the original --------------------------------------------------------------


@many_kinds
@given(st.lists(one, max_size=12), st.lists(point, max_size=6), numbers)
def test_any_objects_as_the_original(polygons, points, max_dist):
    for place in points:
        assert identical(
            pm.find_close_polygons(polygons, place, max_dist), python_find(polygons, place, max_dist)
        )
    assert same(pm.main(polygons, points, max_dist), python_main(polygons, points, max_dist))


@many_kinds
@given(st.lists(native, max_size=30), st.lists(point, max_size=8), numbers)
def test_polygons_as_the_original(polygons, points, max_dist):
    assert same(pm.main(polygons, points, max_dist), python_main(polygons, points, max_dist))
    assert same(pm.main(tuple(polygons), tuple(points), max_dist), python_main(polygons, points, max_dist))
    rows = np.array(points).reshape(-1, 2)
    ours, theirs = pm.main(polygons, rows, max_dist), python_main(polygons, points, max_dist)
    assert [(tuple(row), id(poly)) for row, poly in ours] == [(row, id(poly)) for row, poly in theirs]
    for place in points:
        assert identical(
            pm.find_close_polygons(polygons, place, max_dist), python_find(polygons, place, max_dist)
        )


nasty = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [1e154, 1.5e-162, 1e-200, 3.0, 4.0]
)


@many_kinds
@given(st.tuples(nasty, nasty), st.tuples(nasty, nasty), st.data())
def test_distances_are_compared_exactly(center, place, data):
    distance = math.hypot(center[0] - place[0], center[1] - place[1])
    distance = data.draw(
        st.sampled_from([distance, math.nextafter(distance, INF), math.nextafter(distance, 0)]) | nasty
    )
    expected = oracle.closer(center, place, distance)
    for obj in (pm.Polygon([center[0]], [center[1]]), Plain(np.array(center)), Plain(center)):
        assert (pm.find_close_polygons([obj], place, distance) == [obj]) is expected
        assert (pm.main([obj], [place], distance) == [(place, obj)]) is expected


def test_the_example_has_these_winners_on_every_machine():
    polygons, points = pm.generate_example()
    assert len(polygons) == 1000
    assert len(points) == 100
    rings = [list(zip(p.x.tolist(), p.y.tolist(), strict=True)) for p in polygons]
    centers = [oracle.vertex_center(ring) for ring in rings]
    areas = [oracle.ring_area(ring) for ring in rings]
    winners = []
    for place in points:
        close = [i for i, center in enumerate(centers) if oracle.closer(center, tuple(place), 10.0)]
        winners.append(min(close, key=lambda i: areas[i], default=-1))
    digest = hashlib.sha256(",".join(map(str, winners)).encode()).hexdigest()
    assert (
        digest == "f232361d75012a7a9e973adad9c87bc2946e5d242d750b68500b6fdbf6c7717e"
    )  # of the rational arithmetic above
    position = {id(poly): i for i, poly in enumerate(polygons)}
    found = {id(place): position[id(poly)] for place, poly in pm.main(polygons, points)}
    assert [found.get(id(place), -1) for place in points] == winners
    assert same(
        pm.main(polygons, points), [(points[k], polygons[i]) for k, i in enumerate(winners) if i >= 0]
    )


def test_native_and_general_paths_agree_on_the_example():
    polygons, points = pm.generate_example()
    expected = pm.main(polygons, points)
    sets = [(place, pm.find_close_polygons(polygons, place, 10.0)) for place in points]
    assert same(pm.select_best_polygon([s for s in sets if s[1]]), expected)
    plain = [Plain(poly.center, poly.area()) for poly in polygons]
    position = {id(poly): i for i, poly in enumerate(polygons)}
    assert same(pm.main(plain, points), [(place, plain[position[id(poly)]]) for place, poly in expected])


# ---- select_best_polygon -----------------------------------------------------------------------------


def test_smallest_and_first_on_ties():
    small, also_small, large = at(0, 0, 1), at(5, 5, 1), at(0, 0, 2)
    plain = Plain(ORIGIN, 1)
    key = object()
    for candidates in (
        [large, small, also_small, plain],
        (large, small, plain),
        iter([small, large]),
        [large, small, small],
    ):
        assert pm.select_best_polygon([(key, candidates)]) == [(key, small)]
    assert pm.select_best_polygon([(key, [plain, small])]) == [(key, plain)]
    assert pm.select_best_polygon([[key, [also_small, small]], (1, [large])]) == [
        (key, also_small),
        (1, large),
    ]
    assert pm.select_best_polygon(iter([iter([key, [small]])])) == [(key, small)]


def test_areas_of_every_kind():
    sizes = [
        INF,
        1e308,
        2**70,
        3,
        True,
        0.5,
        Fraction(1, 3),
        Decimal("0.25"),
        np.float32(0.2),
        np.int8(0),
        -0.0,
        -1,
        -INF,
    ]
    objects = [Plain(ORIGIN, size) for size in sizes]
    for k in range(1, len(sizes) + 1):
        best = pm.select_best_polygon([(0, objects[:k])])[0][1]
        assert best is (objects[9] if k == 11 else objects[k - 1])  # 0 and -0.0 are equal
    infinite = [Plain(ORIGIN, INF), Plain(ORIGIN, INF)]
    assert pm.select_best_polygon([(0, infinite)])[0][1] is infinite[0]


def test_empty_sets():
    for empty in ([], (), iter([])):
        with pytest.raises(IndexError, match=r"^polygon_sets\[1\]"):
            pm.select_best_polygon([(0, [at(0, 0)]), (1, empty)])


@pytest.mark.parametrize(
    ("sets", "error", "message"),
    [
        ([(0, [1])], AttributeError, r"polygon_sets\[0\]\[1\]\[0\]: .*area"),
        (
            [(0, [at(0, 0)]), (0, [at(0, 0), Plain(0, NAN)])],
            ValueError,
            r"polygon_sets\[1\]\[1\]\[1\]: .*NaN",
        ),
        ([(0, [Plain(0, np.float64("nan"))])], ValueError, r"polygon_sets\[0\]\[1\]\[0\]: .*NaN"),
        ([(0, [Plain(0, "3")])], TypeError, r"polygon_sets\[0\]\[1\]\[0\]: .*'3'"),
        ([(0, [Plain(0, None)])], TypeError, r"polygon_sets\[0\]\[1\]\[0\]: .*None"),
        ([(0, [Plain(0, 3j)])], TypeError, r"polygon_sets\[0\]\[1\]\[0\]: .*3j"),
        ([(0, [types.SimpleNamespace(area=5)])], TypeError, r"not callable"),
        ([(0, 5)], TypeError, r"^polygon_sets\[0\]\[1\]: expected a sequence, got int"),
        ([(0, [at(0, 0)]), 5], TypeError, r"^polygon_sets\[1\]: expected a sequence, got int"),
        ([(0, [at(0, 0)]), (1,)], ValueError, r"^polygon_sets\[1\]: expected a pair .*got 1"),
        ([(0, [], 2)], ValueError, r"^polygon_sets\[0\]: expected a pair .*got 3"),
        ([()], ValueError, r"^polygon_sets\[0\]: expected a pair .*got 0"),
    ],
)
def test_bad_sets(sets, error, message):
    with pytest.raises(error, match=message):
        pm.select_best_polygon(sets)


def test_bad_areas_in_main_name_the_polygon_in_the_list_passed_in():
    good, far = Plain(ORIGIN), Plain((99.0, 99.0))
    for size, error in ((NAN, ValueError), ("1", TypeError)):
        with pytest.raises(error, match=r"^polygons\[4\]: area\(\)"):
            pm.main([far, far, good, far, Plain(ORIGIN, size)], [(99.0, 99.0), ORIGIN], 1.0)
        assert pm.main([far, Plain(ORIGIN, size)], [(99.0, 99.0)], 1.0) == [((99.0, 99.0), far)]
    with pytest.raises(AttributeError, match=r"^polygons\[1\]: .*area"):
        pm.main([far, types.SimpleNamespace(center=ORIGIN)], [ORIGIN], 1.0)


@pytest.mark.parametrize("count", [1, 2, 127, 128, 129, 2000])
def test_area_is_called_once_per_object_and_call(count):
    readers = [Reader((0.01 * k, 0.0), (k * 7) % count) for k in range(count)]
    sets = [(k, readers) for k in range(3)]
    for call in range(1, 3):
        assert pm.select_best_polygon(sets) == [(k, readers[0]) for k in range(3)]
        assert {reader.areas for reader in readers} == {call}
        assert not any(reader.centers for reader in readers)


def test_main_asks_as_the_original_would():
    readers = [Reader((float(k), 0.0), 10.0 - k) for k in range(10)]
    points = [(0.0, 0.0), (1.0, 0.0), (50.0, 0.0), (0.5, 0.0)]
    assert same(pm.main(readers, points, 2.5), python_main(readers, points, 2.5))
    assert {reader.centers for reader in readers} == {2 * len(points)}
    assert [reader.areas for reader in readers] == [2] * 4 + [0] * 6  # only those of candidates


def test_one_object_many_times():
    reader = Reader()
    assert len(pm.main([reader] * 100, [ORIGIN] * 10)) == 10
    assert reader.areas == 1
    poly = at(0, 0)
    assert pm.main([poly] * 3, [ORIGIN]) == [(ORIGIN, poly)]


# ---- main --------------------------------------------------------------------------------------------


def test_arrays_of_points():
    polygons = [at(0, 0), at(10, 0)]
    plain = [Plain((0.0, 0.0)), Plain((10.0, 0.0))]
    base = np.array([[0, 0], [50, 50], [10, 0]])
    padded = np.zeros((3, 4))
    padded[:, 1:3] = base
    for rows in (
        base.astype(float),
        base,
        base.astype(np.int8),
        base.astype(np.float32),
        base.astype(">f8"),
        base.astype(">i4"),
        np.asfortranarray(base.astype(float)),
        padded[:, 1:3],
        np.repeat(base.astype(float), 2, axis=0)[::2],
        base.astype(float)[::-1],
        np.ma.array(base.astype(float)),
    ):
        expected = [0, 1] if rows[0, 0] == 0 else [1, 0]
        for objects in (polygons, plain):
            pairs = pm.main(objects, rows, 1.0)
            assert [poly is objects[k] for k, (_, poly) in zip(expected, pairs, strict=True)] == [True, True]
            for row, k in zip(pairs, [0, 2], strict=True):
                assert np.shares_memory(row[0], rows)
                assert row[0].shape == (2,)
                assert row[0].dtype == rows.dtype
                assert row[0].tolist() == rows[k].tolist()
    locked = base.astype(float)
    locked.setflags(write=False)
    assert len(pm.main(polygons, locked, 1.0)) == 2
    objects_ = np.empty(2, dtype=object)
    objects_[:] = [(0.0, 0.0), ORIGIN]
    assert pm.main(polygons, objects_, 1.0)[1][0] is ORIGIN


@pytest.mark.parametrize(
    ("points", "error"),
    [
        (np.zeros(2), ValueError),
        (np.zeros((2, 3)), ValueError),
        (np.zeros((2, 1)), ValueError),
        (np.zeros((2, 2, 2)), ValueError),
        (np.array(5.0), ValueError),
        (np.zeros((2, 2), dtype=complex), TypeError),
        (np.array([["1", "2"]]), TypeError),
        (np.zeros((2, 2), dtype="M8[s]"), TypeError),
        ("12", TypeError),
        ([1.0, 2.0], TypeError),
        ({"a": 1}, TypeError),
    ],
)
def test_bad_arrays_of_points(points, error):
    for polygons in ([at(0, 0)], [Plain(ORIGIN)], []):
        with pytest.raises(error, match=r"^points"):
            pm.main(polygons, points)


def test_object_arrays_of_coordinates():
    rows = np.array([[0.0, Fraction(0)], [2**70, 0]], dtype=object)
    poly = at(0, 0)
    pairs = pm.main([poly], rows, 1.0)
    assert [(row.tolist(), found is poly) for row, found in pairs] == [([0.0, Fraction(0)], True)]
    with pytest.raises(TypeError, match=r"^points\[1\]\[0\]: .*NoneType"):
        pm.main([poly], np.array([[0, 0], [None, 0]], dtype=object))


def test_lists_that_the_caller_changed_since_the_last_call():
    a, b, small = at(0, 0, 2), at(0.5, 0, 3), at(0.2, 0, 1)
    polygons, points = [a, b], [ORIGIN]
    assert pm.main(polygons, points)[0][1] is a
    polygons.append(small)
    assert pm.main(polygons, points)[0][1] is small
    polygons.remove(small)
    assert pm.main(polygons, points)[0][1] is a
    polygons[0] = b
    assert pm.main(polygons, points)[0][1] is b
    polygons.clear()
    assert pm.main(polygons, points) == []
    points[0][:] = 0.0
    moving = np.array([0.0, 0.0])
    for k in range(5):
        moving[0] = 100.0 * k
        assert len(pm.main([a], [moving])) == (k == 0)
        assert len(pm.find_close_polygons([a], moving, 10.0)) == (k == 0)
    for k in range(200):  # new objects where old ones were
        polygons[:] = [at(0, 0, 1 + (k + j) % 7) for j in range(7)]
        assert pm.main(polygons, points)[0][1].area() == 1.0


def test_many_more_points_than_polygons_and_the_other_way_round():
    random = np.random.default_rng(5)
    for count, queries in ((3, 2000), (2000, 3), (1, 1), (700, 700)):
        polygons = [at(x, y, s) for x, y, s in random.integers(0, 40, (count, 3)) + 1.0]
        rows = random.integers(0, 40, (queries, 2)).astype(float)
        centers = np.array([p.center for p in polygons])
        areas = np.array([p.area() for p in polygons])
        expected = []
        for row in rows:
            inside = ((centers - row) ** 2).sum(axis=1) < 25.0  # exact: small integers and halves
            if inside.any():
                expected.append(polygons[int(np.where(inside, areas, INF).argmin())])
        assert identical([poly for _, poly in pm.main(polygons, rows, 5.0)], expected)
