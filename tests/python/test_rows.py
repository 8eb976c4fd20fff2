"""Rows that are not clean, in every form: what each of them means, at each entry."""

from __future__ import annotations

import json
import math
import warnings
from typing import Any

import geopandas
import numpy as np
import poly_match as pm
import pyarrow as pa
import pytest
import shapely
from poly_match._forms.regions import read_regions, regions_of

LOW, HIGH = shapely.box(0, 0, 4, 4), shapely.box(6, 6, 9, 9)
LINE = shapely.LineString([(0, 0), (9, 9)])
EMPTIES = shapely.from_wkt(
    [
        f"{kind} EMPTY"
        for kind in (
            "POINT",
            "LINESTRING",
            "POLYGON",
            "MULTIPOINT",
            "MULTILINESTRING",
            "MULTIPOLYGON",
            "GEOMETRYCOLLECTION",
        )
    ]
)
EMPTIES = [*EMPTIES, shapely.GeometryCollection([shapely.Point()])]
BOTH = shapely.GeometryCollection([LOW, LINE, shapely.GeometryCollection([shapely.MultiPolygon([HIGH])])])
AT_LOW, AT_HIGH, AWAY = (1, 1), (7, 7), (5, 5)


def mapping(shape: Any) -> Any:
    return None if shape is None else json.loads(shapely.to_geojson(shape))


def column(values: Any) -> Any:
    return pa.array(list(values))


# Every form of rows of geometry, made from shapely's.
FORMS = {
    "shapely": list,
    "array": lambda shapes: np.array([*shapes, None], dtype=object)[:-1],
    "series": geopandas.GeoSeries,
    "wkb": lambda shapes: [None if each is None else shapely.to_wkb(each) for each in shapes],
    "ewkb": lambda shapes: [
        None
        if each is None
        else shapely.to_wkb(shapely.set_srid(each, 4326), include_srid=True, byte_order=0)
        for each in shapes
    ],
    "wkt": lambda shapes: [None if each is None else each.wkt for each in shapes],
    "geojson": lambda shapes: [mapping(each) for each in shapes],
    "features": lambda shapes: [{"type": "Feature", "geometry": mapping(each)} for each in shapes],
    "wkb column": lambda shapes: pa.array(FORMS["wkb"](shapes), pa.binary()),
    "wkt column": lambda shapes: pa.array(FORMS["wkt"](shapes), pa.string()),
    "wkt views": lambda shapes: pa.array(FORMS["wkt"](shapes), pa.string_view()),
    "wkt array": lambda shapes: np.array(FORMS["wkt"](shapes), dtype=object),
}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))


# ---- what a row means --------------------------------------------------------------------------------------


@each_form
def test_empty_of_any_type_is_missing_on_both_sides(form):
    assert pm.match([AT_LOW, AT_HIGH], form([*EMPTIES, LOW])).tolist() == [len(EMPTIES), -1]
    points = form([*EMPTIES, shapely.Point(AT_LOW)])
    assert pm.match(points, [LOW]).tolist() == [-1] * len(EMPTIES) + [0]


@each_form
def test_a_collection_in_a_row_is_one_region_the_union_of_its_polygons(form):
    given = form([None, BOTH, shapely.GeometryCollection([LINE])])
    assert pm.match([AT_LOW, AT_HIGH, AWAY], given).tolist() == [1, 1, -1]
    reading = read_regions(given)
    assert not reading.faults
    assert reading.faults.dropped == [1, 2]
    assert regions_of(given).coords.shape == (10, 2)
    (finding,) = (each for each in pm.check(given).findings if each.kind == "dropped")
    assert finding.rows.tolist() == [1, 2]


def test_a_collection_itself_is_a_layer():
    layer = shapely.GeometryCollection([LOW, HIGH, shapely.Point()])
    for given in (layer, mapping(layer)):
        assert pm.match([AT_HIGH, AT_LOW, AWAY], given).tolist() == [1, 0, -1]
    points = shapely.GeometryCollection([shapely.Point(AT_HIGH), shapely.Point(AWAY)])
    for given in (points, mapping(points)):
        assert pm.match(given, layer).tolist() == [1, -1]


@each_form
def test_a_multipoint_of_one_is_a_point_and_of_several_an_error_with_its_row(form):
    assert pm.match(form([shapely.MultiPoint([AT_LOW]), shapely.Point(AT_HIGH)]), [LOW]).tolist() == [0, -1]
    several = form([shapely.Point(AT_LOW), shapely.MultiPoint([AT_LOW, AT_HIGH])])
    with pytest.raises(TypeError, match=r"points\[1\]: expected a Point, got MultiPoint"):
        pm.match(several, [LOW])
    for other in (LINE, LOW, shapely.GeometryCollection([shapely.Point(AT_LOW)])):
        with pytest.raises(TypeError, match=rf"points\[1\]: expected a Point, got {other.geom_type}"):
            pm.match(form([None, other]), [LOW])


@each_form
def test_lines_and_points_among_polygons_are_an_error_with_their_rows(form):
    point = shapely.Point(1, 1)
    with pytest.raises(TypeError, match=r"polygons\[1\]: .*got LineString; .* \(2 such: rows 1, 4\)"):
        pm.match([AT_LOW], form([LOW, LINE, point, HIGH, LINE]))
    with pytest.raises(
        TypeError, match=r"polygons\[1\]: expected a Polygon or MultiPolygon, got Point; lines"
    ):
        pm.Index(form([LOW, point]))
    with pytest.warns(
        UserWarning, match=r"3 of 5 regions can't be used: 2 LineString \(rows 1, 4\), 1 Point \(row 2\)"
    ):
        assert pm.match([AT_HIGH, AT_LOW], form([LOW, LINE, point, HIGH, LINE]), invalid="skip").tolist() == [
            3,
            0,
        ]


def test_contours_and_empty_arrays():
    ring = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], dtype=np.int32)
    for given in (
        [ring[:, None, :]],
        ring[None, :, None, :],
        [ring.tolist()],
        [np.empty((0, 1, 2)), ring][::-1],
    ):
        assert pm.match([AT_LOW, AWAY], given).tolist() == [0, -1]
    for nothing in ([], np.empty(0), np.empty((0, 2)), (np.empty(0), np.empty(0))):
        assert pm.match(nothing, [ring]).tolist() == []
    for nothing in ([], np.empty(0), np.empty((0, 4, 2))):
        assert pm.match([AT_LOW], nothing).tolist() == [-1]


def test_missing_rows_among_plain_points():
    for given in (
        [None, AT_LOW],
        [(None, None), AT_LOW],
        [(None, 1), AT_LOW],
        np.array([None, AT_LOW], dtype=object),
        [math.nan, np.array(AT_LOW)],
    ):
        assert pm.match(given, [LOW]).tolist() == [-1, 0]


# ---- what is ambiguous -------------------------------------------------------------------------------------


def test_a_tuple_of_two_plain_pairs_is_ambiguous():
    for given in (((1, 2), (9, 9)), ([1, 2], [9, 9]), ((1, 2), [9, 9])):
        with pytest.raises(ValueError, match=r"\[\(1, 2\), \(9, 9\)\].*\(x, y\)"):
            pm.match(given, [LOW])
    x, y = [1.0, 9.0], [2.0, 9.0]
    for make in (np.array, pa.array, geopandas.pd.Series, lambda each: np.array(each, dtype=object)):
        assert pm.match((make(x), make(y)), [LOW]).tolist() == [0, -1]
    assert pm.match((x, np.array(y)), [LOW]).tolist() == [0, -1]  # one of them says what they are
    assert pm.match(([1, 9, 1], [2, 9, 2]), [LOW]).tolist() == [0, -1, 0]


def test_one_point_alone_says_how_to_write_it():
    index = pm.Index([LOW])
    for given in ([5, 5], (5, 5), np.array([5, 5]), (np.float64(5), 5.0)):
        with pytest.raises(ValueError, match=r"\[\(x, y\)\]"):
            index.match(given)


# ---- text --------------------------------------------------------------------------------------------------

WKT = [
    ("POINT (1 1)", (1, 1)),
    ("point(1 1)", (1, 1)),
    ("  POINT\tZ (1 1 9)", (1, 1)),
    ("POINTZM(1 1 9 9)", (1, 1)),
    ("SRID=4326;POINT(1e0 +1)", (1, 1)),
    ("POINT M (1. .5 7)", (1, 0.5)),
    ("POINT (-0 1E-300)", (0, 1e-300)),
    ("POINT (nan nan)", None),
    ("POINT EMPTY", None),
    ("POINT Z EMPTY", None),
    ("MULTIPOINT ((1 1))", (1, 1)),
    ("MULTIPOINT (1 1)", (1, 1)),
    ("", None),
]


def test_text_of_points():
    expected = [(math.nan, math.nan) if place is None else place for _, place in WKT]
    from poly_match._forms.points import xy_of

    x, y = xy_of([text for text, _ in WKT])
    np.testing.assert_array_equal(np.column_stack([x, y]), expected)


BAD_WKT = [
    "POINT",
    "POINT (1)",
    "POINT (1 1",
    "POINT 1 1",
    "POINT (1 1 1 1 1)",
    "POINT (1,1)",
    "POINT (1 1, 2 2)",
]
BAD_WKT += [
    "PIONT (1 1)",
    "POINT ((1 1))",
    "POINT (1 1) x",
    "POINT (1 [1])",
    "12",
    "POINT (1 1)(2 2)",
    "POINT (1 0x1)",
]


@pytest.mark.parametrize("text", BAD_WKT)
def test_text_that_is_no_geometry(text):
    with pytest.raises(ValueError, match=r"points\[1\]: not valid WKT"):
        pm.match(["POINT (1 1)", text], [LOW])


def test_deep_text_ends():
    deep = "GEOMETRYCOLLECTION (" * 500 + "POINT (1 1)" + ")" * 500
    with pytest.raises(ValueError, match="not valid WKT"):
        pm.match([deep], [LOW])


@pytest.mark.parametrize("text", ["nowhere.csv", "POINT (1 1)", '{"type": "Point"}', ""])
def test_a_text_alone_is_an_error_with_the_fix(text):
    fix = {"P": r"\[text\]", "{": r"json\.loads"}.get(text[:1], "there is no such file")
    with pytest.raises(ValueError, match=rf"points: .*{fix}"):
        pm.match(text, [LOW])
    with pytest.raises(ValueError, match=rf"polygons: .*{fix}"):
        pm.match([AT_LOW], text)


# ---- what is done about it ---------------------------------------------------------------------------------

BOWTIE = shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
ODD = [LOW, BOWTIE, LINE, None, shapely.Polygon([(0, 0), (math.nan, 1), (1, 1), (0, 0)]), "x", HIGH]


def entries(polygons: Any, **options: Any) -> list[list[int]]:
    points = [AT_LOW, AT_HIGH, AWAY]
    return [
        pm.match(points, polygons, **options).tolist(),
        pm.Index(polygons, **options).match(points).tolist(),
        pm.match(points, polygons, on=([1] * 3, [1] * len(polygons)), **options).tolist(),
        [int(each) for each in np.flatnonzero(pm.count(points, polygons, **options).regions)] + [-1],
    ]


def test_skip_leaves_out_every_row_and_says_so_once():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert entries(ODD, invalid="skip") == [[0, 6, -1]] * 4
    assert len(seen) == 4
    assert {str(each.message) for each in seen} == {
        "polygons: 4 of 7 regions can't be used: 1 invalid (row 1), 1 LineString (row 2), 1 not finite "
        "(row 4), 1 str (row 5); they are left out. poly_match.check(polygons) lists them with their reasons"
    }
    assert {each.filename for each in seen} == {__file__}


def test_error_lists_up_to_ten_rows_of_all_kinds():
    with pytest.raises(
        ValueError,
        match=r"polygons\[1\]: invalid: Self-.*row 2 expected.*row 4 has a vertex.*row 5 expected.*4 of 7",
    ):
        pm.match([AT_LOW], ODD, invalid="error")
    with pytest.raises(ValueError, match=r"row 9 invalid: .*; \.\.\. \(12 of 12") as caught:
        pm.match([AT_LOW], [BOWTIE] * 12, invalid="error")
    assert "row 10" not in str(caught.value)


def test_without_it_a_vertex_that_is_not_finite_is_an_error_with_its_rows():
    bad = [LOW, *ODD[4:5] * 2]
    for invalid in ("use", "warn"):
        with pytest.raises(
            ValueError, match=r"polygons\[1\]: has a vertex that is not finite: \(nan, 1.0\) \(2 such"
        ):
            pm.match([AT_LOW], bad, invalid=invalid)


def test_polygons_of_the_drop_in_are_left_out_too():
    square, bow = pm.Polygon([0, 4, 4, 0], [0, 0, 4, 4]), pm.Polygon([0, 4, 4, 0], [0, 4, 0, 4])
    for rules in ({}, {"best": "first"}, {"predicate": "center_within", "distance": 9}):
        with pytest.warns(UserWarning, match="1 of 2 regions can't be used"):
            assert pm.match([AT_LOW], [bow, square], invalid="skip", **rules).tolist() == [1]


def test_plot_leaves_them_out():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    with pytest.warns(UserWarning, match="4 of 7 regions can't be used"):
        pm.plot([AT_LOW], ODD, invalid="skip")
    with pytest.raises(TypeError, match="got LineString"):
        pm.plot([AT_LOW], ODD)


# ---- check -------------------------------------------------------------------------------------------------


@each_form
def test_check_never_raises_for_what_is_in_the_data(form):
    nan = shapely.Polygon([(0, 0), (math.inf, 1), (1, 1), (0, 0)])
    if form is FORMS["geojson"] or form is FORMS["features"]:
        nan = LINE  # JSON has no infinity
    polygons, points = form([LOW, LINE, nan, None]), form([shapely.Point(AT_LOW), LOW, None])
    report = pm.check(polygons, points)
    found = {each.kind: each.rows.tolist() for each in report.findings}
    assert found["unusable"] == [1, 2]
    assert found["empty"] == [3]
    assert found["unusable point"] == [1]
    assert found["bad point"] == [2]
    with pytest.warns(UserWarning, match="2 of 4"):  # what it advises works
        assert pm.match([AT_LOW], polygons, invalid="skip").tolist() == [0]


def test_check_finds_rows_that_are_no_geometry():
    broken = [shapely.to_wkb(LOW), b"", b"\1\3", shapely.to_wkb(LOW)[:-3], 5]
    found = {each.kind: each for each in pm.check(broken, [AT_LOW, (1, 2, 3), "x"]).findings}
    assert found["unusable"].rows.tolist() == [1, 2, 3, 4]
    assert found["unusable point"].rows.tolist() == [1, 2]
    for rings in ([[(0, 0), (4, 0), (4, 4)], [(1, 2, 3)], "x", None], [{"type": "Polygon"}, mapping(LOW)]):
        assert "unusable" in {each.kind for each in pm.check(rings).findings}


# ---- whole numbers that are no float64 ---------------------------------------------------------------------

HUGE = 2**53 + 1


@pytest.mark.parametrize(
    "points",
    [
        np.array([[1, 1], [HUGE, 5]]),
        np.array([[1, 1], [HUGE, 5]], dtype=np.uint64),
        [(1, 1), (HUGE, 5)],
        [(1.5, 1), (HUGE, 5)],
        [None, (HUGE, 5)],
        (np.array([1, HUGE]), np.array([1, 5])),
        (geopandas.pd.Series([None, HUGE], dtype="Int64"), np.array([1, 5])),
        (pa.array([1, HUGE]), pa.array([1, 5])),
        (pa.array([None, HUGE]), pa.array([1, 5])),
        pa.table({"x": [None, HUGE], "y": [1, 5]}),
        geopandas.pd.DataFrame({"x": [1, HUGE], "y": [0.5, 5]}),
        np.ma.masked_equal(np.array([[1, 1], [HUGE, 5]]), 1),
        [mapping(shapely.Point(1, 1)), {"type": "Point", "coordinates": [HUGE, 5]}],
    ],
    ids=range(13),
)
def test_integers_that_would_be_rounded_are_refused(points):
    with pytest.raises(ValueError, match=rf"\[1\]: {HUGE} is beyond 2\*\*53"):
        pm.match(points, [[(0, 0), (2**53, 0), (2**53, 10), (0, 10)]])


def test_integers_that_are_exact_are_taken():
    assert pm.match(
        np.array([[2**60, 5], [2**60 + 256, 5]]), [[(0, 0), (2**60, 0), (2**60, 9), (0, 9)]]
    ).tolist() == [0, -1]
    with pytest.raises(ValueError, match=r"polygons\[0\]: 9007199254740993 is beyond"):
        pm.Index([np.array([[0, 0], [HUGE, 0], [0, 5]])])


def test_square_degrees_are_not_ground_and_scores_can_be():
    regions = geopandas.GeoDataFrame(
        geometry=[shapely.box(0, 60, 10, 80), shapely.box(4, 0, 6.5, 70)], crs=4326
    )
    areas = regions.geometry.segmentize(0.1).to_crs("EPSG:6933").area
    assert [round(area / 1e12, 2) for area in areas] == [0.85, 1.66]
    assert pm.match([(5, 65)], regions).tolist() == [1]
    assert pm.match([(5, 65)], regions, best=areas).tolist() == [0]
