"""What comes in: every accepted form gives the same answers, everything else a message that says why not."""

from __future__ import annotations

import copy
import math
import pickle
import re
import subprocess
import sys
from decimal import Decimal

import geopandas
import numpy as np
import poly_match as pm
import pytest
import shapely
from conftest import square

RNG = np.random.default_rng(5)
PLACES = np.round(RNG.uniform(-1, 9, (200, 2)) * 4) / 4  # quarters: exact in float16 and up
RINGS = [square(0, 0, 4), square(2, 2, 4), square(1, 1, 1), square(5, 0, 2)]
EXPECTED = pm.match(PLACES, RINGS).tolist()


def test_the_answers_that_all_forms_must_give_are_varied():
    assert set(EXPECTED) == {-1, 0, 1, 2, 3}


# ---- points ------------------------------------------------------------------------------------------


def strided(step: int) -> np.ndarray:
    wide = np.full((len(PLACES) * 3, 7), np.nan)
    view = wide[::3, 1:6:4]
    view[:] = PLACES
    return view if step == 1 else view.copy()[::-1][::-1]


def unaligned() -> np.ndarray:
    memory = np.zeros(PLACES.nbytes + 1, dtype=np.uint8)
    view = memory[1:].view(np.float64).reshape(PLACES.shape)
    view[:] = PLACES
    assert not view.flags.aligned
    return view


def read_only() -> np.ndarray:
    array = PLACES.copy()
    array.flags.writeable = False
    return array


FORMS = {
    "as it is": PLACES,
    "Fortran order": np.asfortranarray(PLACES),
    "strided": strided(1),
    "negative strides": strided(2),
    "unaligned": unaligned(),
    "read-only": read_only(),
    "float32": PLACES.astype(np.float32),
    "float16": PLACES.astype(np.float16),
    "longdouble": PLACES.astype(np.longdouble),
    "big-endian": PLACES.astype(">f8"),
    "big-endian float32": PLACES.astype(">f4"),
    "subclass": PLACES.view(type("Mine", (np.ndarray,), {})),
    "masked, nothing hidden": np.ma.masked_array(PLACES, mask=False),
    "columns": (PLACES[:, 0], PLACES[:, 1]),
    "columns of lists": (PLACES[:, 0].tolist(), PLACES[:, 1].tolist()),
    "columns of two types": (PLACES[:, 0].astype(np.float32), PLACES[:, 1].astype(">f8")),
    "columns of Series": tuple(geopandas.pd.DataFrame(PLACES)[axis] for axis in (0, 1)),
    "rows of arrays": list(PLACES),
    "rows of tuples": [tuple(row) for row in PLACES.tolist()],
    "rows of lists": PLACES.tolist(),
    "rows of mixed kinds": [tuple(row) if i % 2 else list(row) for i, row in enumerate(PLACES.tolist())],
    "shapely": shapely.points(PLACES),
    "list of shapely": list(shapely.points(PLACES)),
    "shapely with z": shapely.points(np.column_stack([PLACES, PLACES[:, 0]])),
    "shapely with m": shapely.from_wkt([f"POINT M ({x} {y} 7)" for x, y in PLACES.tolist()]),
    "GeoSeries": geopandas.GeoSeries(shapely.points(PLACES)),
    "GeoSeries with its own index": geopandas.GeoSeries(shapely.points(PLACES), index=range(900, 1100)),
    "GeoDataFrame": geopandas.GeoDataFrame({"a": 1}, geometry=shapely.points(PLACES), index=range(200)),
    "GeometryArray": geopandas.GeoSeries(shapely.points(PLACES)).values,
    "DataFrame of two columns": geopandas.pd.DataFrame(PLACES),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_points(form):
    before = copy.deepcopy(FORMS[form])
    assert pm.match(FORMS[form], RINGS).tolist() == EXPECTED
    if isinstance(before, np.ndarray) and before.dtype != object:
        assert np.array_equal(before, FORMS[form])


def test_a_memoryview_of_numbers_is_an_array():
    views = [
        memoryview(PLACES),
        memoryview(strided(1)),
        memoryview(PLACES.astype("f4")),
        memoryview(unaligned()),
    ]
    views += [memoryview(np.asfortranarray(PLACES)), memoryview(PLACES)[:]]
    for points in (*views, tuple(map(memoryview, PLACES.T)), [memoryview(row) for row in PLACES]):
        assert pm.match(points, RINGS).tolist() == EXPECTED
    for polygons in (
        [memoryview(ring) for ring in RINGS],
        [None, *map(memoryview, RINGS)][1:],
        memoryview(np.array(RINGS)),
        memoryview(np.array(RINGS).astype("f4"))[:],
    ):
        assert pm.match(PLACES, polygons).tolist() == EXPECTED
    whole = memoryview(np.array([[1, 1], [-1, -1]], dtype="i1"))
    assert pm.match(whole, RINGS).tolist() == [2, -1]
    with pytest.raises(ValueError, match=r"^points: expected shape \(n, 2\), got \(3,\)"):
        pm.match(memoryview(np.zeros(3)), RINGS)
    with pytest.raises(ValueError, match=r"^points\[0\]: not valid WKB"):  # as any bytes
        pm.match(memoryview(b"\1\2"), RINGS)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u4", "i8", "u8", ">i4"])
def test_whole_numbers_as_points(dtype):
    whole = np.array([[0, 1], [1, 1], [0, 0]]).astype(dtype)
    assert pm.match(whole, [square(0, 1, 1)]).tolist() == [0, 0, -1]


def test_no_copy_is_made_of_float64_points():
    from poly_match._forms.points import xy_of

    for form in ("as it is", "Fortran order", "strided", "read-only", "columns"):
        source = FORMS[form]
        x, y = xy_of(source)
        whole = source[0] if isinstance(source, tuple) else source
        assert np.shares_memory(x, whole), form
        assert y.dtype == np.float64


def test_missing_points_match_nothing():
    objects = [shapely.Point(1, 1), None, shapely.Point(), shapely.Point(1, 1)]
    assert pm.match(objects, RINGS[:1]).tolist() == [0, -1, -1, 0]
    assert pm.match([None, None], RINGS[:1]).tolist() == [-1, -1]
    assert pm.match([(1, 1), None, (None, 1), (1, math.nan)], RINGS[:1]).tolist() == [0, -1, -1, -1]
    assert pm.match([None, *objects], RINGS[:1]).tolist() == [-1, 0, -1, -1, 0]
    assert pm.match(geopandas.GeoSeries(objects), RINGS[:1]).tolist() == [0, -1, -1, 0]
    masked = np.ma.masked_array([[1, 1], [1, 1]], mask=[[False, False], [True, False]])
    assert pm.match(masked, RINGS[:1]).tolist() == [0, -1]


def test_no_points_at_all():
    for nothing in ([], np.empty((0, 2)), ([], []), np.array([], dtype=object), geopandas.GeoSeries([])):
        found = pm.match(nothing, RINGS)
        assert (found.shape, found.dtype) == ((0,), np.intp)


def test_a_tuple_is_two_columns_and_a_list_is_rows():
    two = (np.array([1.0, 3.0]), np.array([1.0, 0.5]))
    assert pm.match(two, [square(0, 0, 1)]).tolist() == [0, -1]
    assert pm.match(list(two), [square(0, 0, 1)]).tolist() == [-1, 0]


def test_integers_without_a_common_type_are_still_numbers():
    assert pm.match([(2**63, 0), (-1, 0), (0, 0)], [square(0, 0, 1)]).tolist() == [-1, -1, 0]


BAD_POINTS = [
    (np.zeros((3, 3)), ValueError, r"points: expected shape \(n, 2\), got \(3, 3\)"),
    (np.zeros(2), ValueError, r"points: .*one point is \[\(x, y\)\]"),
    (np.zeros((2, 2, 2)), ValueError, r"points: expected shape"),
    (np.zeros((3, 2), complex), TypeError, "points: expected numbers, got complex numbers"),
    (np.array([["1", "2"]]), TypeError, "points: expected numbers"),
    (np.array([[True, False]]), TypeError, "points: expected numbers, got booleans"),
    (np.array([[1, object()]], dtype=object), TypeError, r"points\[0\]: expected numbers, got object"),
    (np.array([[1, 2], [True, 2]], dtype=object), TypeError, r"points\[1\]: expected numbers, got bool"),
    (
        np.array([[1, 10**400]], dtype=object),
        ValueError,
        r"points\[0\]: 1000+ is beyond the range of a float",
    ),
    (np.array([["2020-01-01"] * 2], dtype="M8[D]"), TypeError, "points: expected numbers"),
    ([(1, 2), (3, 4, 5)], ValueError, r"points\[1\]: expected two numbers, got shape \(3,\)"),
    ([(1, 2), 3], ValueError, r"points\[1\]: expected two numbers"),
    ([1.0, 2.0], ValueError, r"points: .*got two numbers; one point is \[\(x, y\)\]"),
    ([(1, 2), ("3", "4")], TypeError, r"points\[1\]: expected numbers"),
    ([(1, 2), (3, 4j)], TypeError, r"points\[1\]: expected numbers"),
    ([(1, 2), [[3, 4]]], ValueError, r"points\[1\]: expected two numbers, got shape \(1, 2\)"),
    ((1.0, 2.0), ValueError, r"points: a tuple is the two arrays \(x, y\).*one point is \[\(x, y\)\]"),
    (([1], [2], [3]), ValueError, r"points: a tuple is the two arrays \(x, y\), got 3"),
    (([1, 2], [3]), ValueError, "points: x has 2 items and y has 1"),
    (([[1]], [[2]]), ValueError, r"points\[0\]: a tuple is \(x, y\), two 1-D arrays"),
    ((["1"], [2]), TypeError, r"points\[0\]: expected numbers"),
    (([1], [2j]), TypeError, r"points\[1\]: expected numbers"),
    (shapely.box(1, 2, 3, 4), TypeError, r"points\[0\]: expected a Point, got Polygon"),
    (
        [shapely.Point(1, 2), shapely.box(0, 0, 1, 1)],
        TypeError,
        r"points\[1\]: expected a Point, got Polygon",
    ),
    ([shapely.Point(1, 2), (3, 4)], TypeError, r"points\[1\]: expected a Point, got tuple"),
    (
        [None, shapely.MultiPoint([(1, 2), (3, 4)])],
        TypeError,
        r"points\[1\]: expected a Point, got MultiPoint",
    ),
    (geopandas.GeoSeries([shapely.box(0, 0, 1, 1)]), TypeError, r"points\[0\]: expected a Point"),
    ("POINT (1 2)", ValueError, r"points: expected geometry, got the text .*\[text\]"),
    (7, TypeError, "points: expected an .n, 2. array.*got int"),
    (None, TypeError, "points: expected an .n, 2. array.*got NoneType"),
    ({"x": [1], "y": [2]}, TypeError, "points: expected an .n, 2. array.*got dict"),
    (iter([(1, 2)]), TypeError, "points: expected an .n, 2. array.*got list_iterator"),
]


@pytest.mark.parametrize(("points", "error", "message"), BAD_POINTS, ids=range(len(BAD_POINTS)))
def test_bad_points(points, error, message):
    with pytest.raises(error, match=message):
        pm.match(points, RINGS)


# ---- polygons ----------------------------------------------------------------------------------------

SHAPES = shapely.polygons(RINGS)
STACK = np.vstack(RINGS)
OFFSETS = np.arange(0, 17, 4)

POLYGONS = {
    "rings": RINGS,
    "tuple of rings": tuple(RINGS),
    "rings of lists": [ring.tolist() for ring in RINGS],
    "rings of ints": [ring.astype(int) for ring in RINGS],
    "rings, big-endian and backwards": [ring.astype(">f8")[::-1] for ring in RINGS],
    "rings, closed": [np.vstack([ring, ring[:1]]) for ring in RINGS],
    "rings in one array": np.array(RINGS),
    "array of objects of rings": np.array([*RINGS, None], dtype=object)[:4],
    "Polygon": [pm.Polygon(*ring.T) for ring in RINGS],
    "tuple of Polygon": tuple(pm.Polygon(*ring.T) for ring in RINGS),
    "shapely": SHAPES,
    "list of shapely": list(SHAPES),
    "shapely with z": shapely.force_3d(SHAPES, 7.0),
    "shapely multipolygons": shapely.multipolygons([[shape] for shape in SHAPES]),
    "polygons and multipolygons": [SHAPES[0], *shapely.multipolygons([[s] for s in SHAPES[1:3]]), SHAPES[3]],
    "GeoSeries": geopandas.GeoSeries(SHAPES, index=[9, 8, 7, 6]),
    "GeoDataFrame": geopandas.GeoDataFrame({"a": range(4)}, geometry=SHAPES),
    "Regions": pm.Regions(STACK, OFFSETS, np.arange(5)),
    "Regions of three levels": pm.Regions(STACK, OFFSETS, np.arange(5), np.arange(5)),
    "Regions of odd types": pm.Regions(np.asfortranarray(STACK.astype(">f4")), OFFSETS.tolist(), range(5)),
    "Regions of small offsets": pm.Regions(STACK, OFFSETS.astype("u1"), np.arange(5, dtype=">i2")),
}


@pytest.mark.parametrize("form", POLYGONS)
def test_every_form_of_polygons(form):
    assert pm.match(PLACES, POLYGONS[form]).tolist() == EXPECTED
    if form != "rings, closed":
        rules = {"predicate": "center_within", "distance": 2.0, "best": "largest"}
        assert pm.match(PLACES, POLYGONS[form], **rules).tolist() == pm.match(PLACES, RINGS, **rules).tolist()


def test_missing_and_empty_polygons_keep_their_row():
    objects = [None, shapely.Polygon(), SHAPES[0], shapely.MultiPolygon(), None]
    for form in (objects, np.array(objects), geopandas.GeoSeries(objects)):
        index = pm.Index(form)
        assert len(index) == 5
        assert index.match([(1, 1), (9, 9)]).tolist() == [2, -1]
        found = pm.match([(2, 2)], form, predicate="center_within", distance=math.inf, best="first")
        assert found.tolist() == [2]
    assert pm.match([(1, 1)], [None, np.empty((0, 2)), [], RINGS[0]]).tolist() == [3]
    assert pm.match([(1, 1)], [None, None]).tolist() == [-1]
    mixed = [shapely.MultiPolygon([SHAPES[3], shapely.Polygon()]), shapely.Polygon(), SHAPES[0]]
    assert pm.match([(1, 1), (6, 1)], mixed).tolist() == [2, 0]


def test_holes_and_parts_come_through_from_shapely():
    frame = shapely.Polygon(square(0, 0, 9), [square(3, 3, 3)])
    pair = shapely.MultiPolygon([frame, shapely.box(4, 4, 5, 5)])
    at = [(1, 1), (4.5, 4.5), (3.5, 3.5)]
    assert pm.match(at, [frame]).tolist() == [0, -1, -1]
    assert pm.match(at, [pair]).tolist() == [0, 0, -1]
    assert pm.match(at, geopandas.GeoSeries([frame, pair])).tolist() == [0, 1, -1]


class Broken(pm.Polygon):
    def area(self):
        raise KeyError("mine")


BAD_POLYGONS = [
    (shapely.Point(1, 2), TypeError, r"polygons\[0\]: expected a Polygon or MultiPolygon, got Point"),
    (pm.Polygon([0, 1], [0, 1]), TypeError, "polygons: expected several, got one"),
    (RINGS[0], TypeError, "polygons: expected a list of poly_match.Polygon, .*got ndarray"),
    ("POLYGON EMPTY", ValueError, r"polygons: expected geometry, got the text .*\[text\]"),
    (None, TypeError, "polygons: expected a list of .*got NoneType"),
    ({"x": [1], "y": [2]}, TypeError, "polygons: expected a list of .*got dict"),
    (
        [RINGS[0], RINGS[1][:, :1]],
        ValueError,
        r"polygons\[1\]: expected a ring of shape \(k, 2\), got \(4, 1\)",
    ),
    ([RINGS[0], [1.0, 2.0]], ValueError, r"polygons\[1\]: expected a ring"),
    ([RINGS[0], RINGS[1].astype(str)], TypeError, r"polygons\[1\]: expected numbers"),
    ([RINGS[0], RINGS[1] * 1j], TypeError, r"polygons\[1\]: expected numbers"),
    ([RINGS[0], object()], TypeError, r"polygons\[1\]: expected a \(k, 2\) array, got object"),
    ([RINGS[0], [(1, 2), (3,)]], ValueError, r"polygons\[1\]: expected numbers in rows of one length"),
    ([RINGS[0], SHAPES[0]], TypeError, r"polygons\[1\]: expected a \(k, 2\) array, got Polygon"),
    ([pm.Polygon([0, 1], [0, 1]), SHAPES[0]], TypeError, r"polygons\[1\]: expected a Polygon"),
    ([SHAPES[0], RINGS[0]], TypeError, r"polygons\[1\]: expected a Polygon or MultiPolygon, got ndarray"),
    ([SHAPES[0], None, shapely.Point(1, 1)], TypeError, r"polygons\[2\]: expected a Polygon.*, got Point"),
    ([SHAPES[0], SHAPES[0].exterior], TypeError, r"polygons\[1\]: expected a Polygon.*, got LinearRing"),
    ([RINGS[0], RINGS[1] * math.inf], ValueError, r"polygons\[1\]: has a vertex that is not finite"),
    ([RINGS[0], np.array([[1, 2], [3, math.nan]])], ValueError, r"polygons\[1\]: .*\(3.0, nan\)"),
    ([Broken([0, 1], [0, 1])], KeyError, "mine"),
]


@pytest.mark.parametrize(("polygons", "error", "message"), BAD_POLYGONS, ids=range(len(BAD_POLYGONS)))
def test_bad_polygons(polygons, error, message):
    with pytest.raises(error, match=message):
        pm.Index(polygons)


# ---- Regions -----------------------------------------------------------------------------------------


def test_regions_hold_what_they_were_given():
    regions = pm.Regions(STACK, [0, 4, 8, 12, 16], [0, 2, 3, 4], [0, 1, 3])
    assert len(regions) == 2
    assert repr(regions) == "Regions(2 regions, 3 polygons, 4 rings, 16 vertices)"
    assert regions.coords.tolist() == STACK.tolist()
    assert regions.ring_offsets.dtype == regions.geom_offsets.dtype == np.int64
    for array in (regions.coords, regions.ring_offsets, regions.polygon_offsets, regions.geom_offsets):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(AttributeError):
        regions.coords = STACK
    assert STACK.flags.writeable
    for again in (pickle.loads(pickle.dumps(regions)), copy.copy(regions), copy.deepcopy(regions)):
        assert again.coords.tolist() == STACK.tolist()
        assert again.geom_offsets.tolist() == [0, 1, 3]
        assert len(again) == 2


def test_regions_take_what_shapely_gives():
    _, coords, offsets = shapely.to_ragged_array(SHAPES)
    assert pm.match(PLACES, pm.Regions(coords, *offsets)).tolist() == EXPECTED


def test_vertices_that_belong_to_nothing_do_not_matter():
    coords = np.vstack([[[math.nan, 0]], RINGS[0], [[0, math.inf]]])
    assert pm.match([(1, 1)], pm.Regions(coords, [1, 5], [0, 1])).tolist() == [0]


BAD_REGIONS = [
    ((np.zeros((4, 3)), [0, 4], [0, 1]), ValueError, r"coords: expected shape \(n, 2\), got \(4, 3\)"),
    ((np.zeros(4), [0, 4], [0, 1]), ValueError, r"coords: expected shape"),
    ((STACK.astype(str), OFFSETS, range(5)), TypeError, "coords: expected numbers"),
    ((STACK, [], [0]), ValueError, "ring_offsets: expected a 1-D array of at least one"),
    ((STACK, [[0, 4]], [0]), ValueError, "ring_offsets: expected a 1-D array"),
    ((STACK, [0.0, 4.0], [0, 1]), TypeError, "ring_offsets: expected integers, got dtype float64"),
    ((STACK, [0, 17], [0, 1]), ValueError, r"ring_offsets\[1\]: offset 17 is beyond the 16 vertices"),
    (
        (STACK, np.array([0, 2**63], "u8"), [0, 1]),
        ValueError,
        r"ring_offsets\[1\]: offset 9223372036854775808",
    ),
    ((STACK, [-1, 4], [0, 1]), ValueError, r"ring_offsets\[0\]: expected an offset of at least 0, got -1"),
    ((STACK, [0, 8, 4], [0, 1]), ValueError, r"ring_offsets\[2\]: offset 4 is below the one before it, 8"),
    ((STACK, np.array([0, 8, 4], "u1"), [0, 1]), ValueError, r"ring_offsets\[2\]: offset 4 is below"),
    ((STACK, [0, 4, 8], [0, 3]), ValueError, r"polygon_offsets\[1\]: offset 3 is beyond the 2 rings"),
    ((STACK, [0, 4, 8], [0, 1, 2], [0, 1, 3]), ValueError, r"geom_offsets\[2\]: .* beyond the 2 polygons"),
    ((STACK, [0, 4, 8], [0, 1, 2], "ab"), ValueError, "geom_offsets: expected a 1-D array"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD_REGIONS, ids=range(len(BAD_REGIONS)))
def test_bad_regions(arguments, error, message):
    with pytest.raises(error, match=message):
        pm.Regions(*arguments)


def test_a_bad_vertex_is_told_with_its_region():
    bad = STACK.copy()
    bad[9, 1] = math.nan
    with pytest.raises(ValueError, match=r"coords\[9\]: region 3 .*not finite: \(2.0, nan\)"):
        pm.Regions(bad, [0, 4, 8, 12, 16], [0, 1, 2, 2, 4], [0, 0, 1, 3, 4])
    with pytest.raises(ValueError, match=r"coords\[9\]: region 2 "):
        pm.Regions(bad, OFFSETS, np.arange(5))


# ---- options -----------------------------------------------------------------------------------------

NAMES = r'"covers", "center_within", "dwithin", "nearest"'
BAD_OPTIONS = [
    ({"predicate": "touches"}, ValueError, f"predicate: expected one of {NAMES}; got 'touches'"),
    ({"predicate": "near"}, ValueError, NAMES),
    ({"predicate": None}, ValueError, NAMES),
    ({"best": "nearest"}, ValueError, 'best: expected one of "smallest", "largest", "first", or an array'),
    ({"best": "score"}, ValueError, '"smallest", "largest", "first"'),
    ({"best": [1, 2, 3]}, ValueError, r"best: expected one score for each of 4 regions, got shape \(3,\)"),
    ({"best": 1}, ValueError, r"best: expected one score for each of 4 regions, got shape \(\)"),
    ({"best": [[1, 2, 3, 4]]}, ValueError, "best: expected one score"),
    ({"best": [1, 2, math.nan, math.nan]}, ValueError, r"best\[2\]: the score is missing or NaN"),
    ({"best": ["a", "b", "c", "d"]}, TypeError, "best: expected numbers, got text"),
    ({"best": [1, 2, 3, None]}, ValueError, r"best\[3\]: the score is missing or NaN"),
    ({"best": np.arange(4) * 1j}, TypeError, "best: expected numbers, got complex numbers"),
    ({"best": [True, False, True, True]}, TypeError, "best: expected numbers, got booleans"),
    ({"best": np.ones(4, np.longdouble)}, TypeError, "best: expected numbers of up to 64 bits"),
    ({"best": None}, ValueError, "best: expected one score"),
    ({"best": [2**63, -1, 0, 0]}, ValueError, "best: integer scores must all fit int64, or all fit uint64"),
    ({"distance": 1.0}, ValueError, 'distance: has no meaning for "covers"'),
    ({"predicate": "center_within"}, ValueError, "distance: needed for"),
    ({"predicate": "center_within", "distance": -1}, ValueError, "distance: expected at least 0, got -1.0"),
    (
        {"predicate": "center_within", "distance": math.nan},
        ValueError,
        "distance: expected at least 0, got nan",
    ),
    ({"predicate": "center_within", "distance": [1, 1, -2, 1]}, ValueError, r"distance\[2\]: .*got -2.0"),
    (
        {"predicate": "center_within", "distance": [1, 1]},
        ValueError,
        r"distance: expected a number, or one for",
    ),
    ({"predicate": "center_within", "distance": "1"}, TypeError, "distance: expected numbers"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD_OPTIONS, ids=range(len(BAD_OPTIONS)))
def test_bad_options(options, error, message):
    for call in (lambda: pm.Index(RINGS, **options), lambda: pm.match([(0, 0)], RINGS, **options)):
        with pytest.raises(error, match=message):
            call()


@pytest.mark.parametrize("dtype", ["i1", "u1", ">i2", "u4", "i8", "u8", ">u8", "f2", "f4", ">f8"])
def test_scores_of_every_type(dtype):
    scores = np.array([1, 1, 0, 1]).astype(dtype)
    covering = [square(0, 0, 9)] * 4
    assert pm.match([(1, 1)], covering, best=scores).tolist() == [2]
    wide = np.repeat(scores, 2)[::2]
    assert pm.match([(1, 1)], covering, best=wide).tolist() == [2]


@pytest.mark.parametrize(
    ("scores", "winner"),
    [
        ([2**53 + 1, 2**53, 2**53 + 2], 1),
        ([2**63 + 1, 2**64 - 1, 2**63], 2),
        (np.array([2**63 + 1, 2**64 - 1, 2**63], "u8"), 2),
        ([-(2**63) + 1, -(2**63), 2**63 - 1], 1),
        ((3, 2, 2), 1),
        ([0.0, -0.0, 1.0], 0),
        ([math.inf, math.inf, -math.inf], 2),
        ([Decimal("0.3"), Decimal("0.2"), 1], 1),
    ],
    ids=range(8),
)
def test_scores_compare_as_what_they_are(scores, winner):
    assert pm.match([(1, 1)], [square(0, 0, 9)] * 3, best=scores).tolist() == [winner]


BAD_OUT = [
    ([0, 0], TypeError, "out: expected an array of int32 or int64, got list"),
    (np.zeros(2), TypeError, "out: expected int32 or int64, got dtype float64"),
    (np.zeros(2, np.uint32), TypeError, "out: expected int32 or int64"),
    (np.zeros(2, np.int16), TypeError, "out: expected int32 or int64"),
    (np.zeros(3, np.int64), ValueError, r"out: expected shape \(2,\), one answer per point, got \(3,\)"),
    (np.zeros((2, 1), np.int64), ValueError, "out: expected shape"),
    (np.broadcast_to(np.int64(0), 2), ValueError, "out: is read-only"),
]


@pytest.mark.parametrize(("out", "error", "message"), BAD_OUT, ids=range(len(BAD_OUT)))
def test_bad_out(out, error, message):
    with pytest.raises(error, match=message):
        pm.match([(0, 0), (1, 1)], RINGS, out=out)


def test_options_are_keywords_and_unknown_ones_are_errors():
    with pytest.raises(TypeError):
        pm.Index(RINGS, "covers")
    with pytest.raises(TypeError, match="sphere"):
        pm.Index(RINGS, sphere=True)


# ---- what an import costs ----------------------------------------------------------------------------


def test_import_brings_only_numpy():
    program = "import sys; import poly_match; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    optional = {"shapely", "pandas", "pyarrow", "click", "rich", "pyogrio", "geopandas", "tqdm", "concurrent"}
    assert not optional & set(loaded.stdout.split())
    assert "poly_match" in loaded.stdout


def test_messages_are_one_line_without_addresses():
    for points, error, _ in BAD_POINTS:
        with pytest.raises(error) as caught:
            pm.match(points, RINGS)
        assert "\n" not in str(caught.value)
        assert not re.search("0x[0-9a-f]{6}", str(caught.value))
