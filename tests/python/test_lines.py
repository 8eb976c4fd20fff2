"""Lines and points as regions: every form, every predicate that takes them, against exact arithmetic."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import oracle
import poly_match as pm
import pytest
from conftest import draws
from hypothesis import given, settings
from hypothesis import strategies as st
from poly_match._forms.regions import read_regions
from poly_match._forms.validity import shapes_of
from test_distances import limits_of
from test_exact import BEST, as_regions, regions_and_points

shapely = pytest.importorskip("shapely")
geopandas = pytest.importorskip("geopandas")

WKT = [
    "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))",
    "LINESTRING (2 2, 6 2)",
    "POINT (1 3)",
    "MULTILINESTRING ((10 0, 14 0), (10 3, 12 3))",
    "MULTIPOINT (20 0, 22 0)",
    "GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (30 0, 31 0))",
    "GEOMETRYCOLLECTION (POINT (41 1))",
    "POINT EMPTY",
    "LINESTRING EMPTY",
    "GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0)), POINT (99 99))",
    "MULTIPOLYGON (((50 0, 51 0, 51 1, 50 0)))",
]
SHAPES = shapely.from_wkt(WKT)
POINTS = [(1.5, 1), (2, 2), (5, 2), (1, 3), (11, 1), (21, 0), (30.5, 1), (41, 1), (50.9, 0.1), (math.nan, 0)]
NEAREST, DISTANCES = [0, 1, 1, 2, 3, 4, 5, 6, 10, -1], [0, 0, 0, 0, 1, 1, 1, 0, 0, math.nan]

FORMS: dict[str, Callable[[], Any]] = {
    "shapely": lambda: SHAPES,
    "a list": lambda: list(SHAPES),
    "GeoSeries": lambda: geopandas.GeoSeries(SHAPES),
    "GeoDataFrame": lambda: geopandas.GeoDataFrame(geometry=SHAPES),
    "WKB": lambda: shapely.to_wkb(SHAPES).tolist(),
    "WKB, the other byte order": lambda: shapely.to_wkb(SHAPES, byte_order=0).tolist(),
    "WKB with z": lambda: shapely.to_wkb(shapely.force_3d(SHAPES), output_dimension=3).tolist(),
    "WKT": lambda: WKT,
    "GeoJSON": lambda: [shapely.geometry.mapping(each) for each in SHAPES],
    "Arrow": lambda: geopandas.GeoDataFrame(geometry=SHAPES).to_arrow(geometry_encoding="WKB"),
    "Regions": lambda: read_regions(SHAPES, takes_lines=True).regions,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_arrays(form: str) -> None:
    regions, faults = read_regions(FORMS[form](), takes_lines=True)
    expected = read_regions(SHAPES, takes_lines=True).regions
    assert len(regions) == len(WKT)
    assert not faults.rows
    if form != "Regions":
        assert faults.dropped == [5, 9]  # what is neither a collection's region nor empty
    for one, other in zip(regions._arrays, expected._arrays, strict=True):
        assert np.array_equal(one, other)
    assert regions.kinds is not None
    assert regions.kinds.tolist() == [0, 1, 2, 1, 1, 2, 2, 1, 2, 0, 0]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_matches(form: str) -> None:
    rules: dict[str, Any] = {"predicate": "nearest", "distance": 5}
    answers, distances = pm.match(POINTS, FORMS[form](), **rules, return_distance=True)
    assert answers.tolist() == NEAREST
    assert np.array_equal(distances, DISTANCES, equal_nan=True)
    index = pm.Index(FORMS[form](), **rules)
    assert index.match(POINTS).tolist() == NEAREST
    assert pickle.loads(pickle.dumps(index)).match(POINTS).tolist() == NEAREST


COLUMNS = {
    "point": ["POINT (0 0)", "POINT (1 1)", None, "POINT EMPTY"],
    "linestring": ["LINESTRING (0 0, 1 1)", None, "LINESTRING (5 5, 6 5, 6 6)"],
    "multipoint": ["MULTIPOINT (0 0, 3 3)", None, "MULTIPOINT (1 1)"],
    "multilinestring": ["MULTILINESTRING ((0 0, 1 1), (5 5, 6 6))", None, "MULTILINESTRING ((2 2, 3 3))"],
}


@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize("kind", COLUMNS)
def test_geoarrow_columns(kind: str, interleaved: bool) -> None:
    series = geopandas.GeoSeries(shapely.from_wkt(COLUMNS[kind]))
    column = series.to_arrow(geometry_encoding="geoarrow", interleaved=interleaved)
    table = geopandas.GeoDataFrame(geometry=series).to_arrow(
        geometry_encoding="geoarrow", interleaved=interleaved
    )
    points = np.random.default_rng(1).uniform(-1, 8, (50, 2))
    expected = pm.match(points, series, predicate="nearest", return_distance=True)
    for form in (column, table):
        found = pm.match(points, form, predicate="nearest", return_distance=True)
        assert np.array_equal(found, expected)
    said = f"got geoarrow.{kind}; lines and points are regions for "
    with pytest.raises(TypeError, match=said):
        pm.match(points, column)


def test_chunks_are_joined() -> None:
    pa = pytest.importorskip("pyarrow")
    for shapes in (
        shapely.points([[0, 0], [5, 0], [9, 0]]),
        shapely.boundary(shapely.box([0, 5, 9], 0, [1, 6, 9.5], 0.1)),
    ):
        frame = geopandas.GeoDataFrame(geometry=shapes)
        table = pa.table(frame.to_arrow(geometry_encoding="geoarrow"))
        chunks = pa.concat_tables([table[:1], table[1:], table[:0]])
        assert pm.match([(4, 1), (8, 0), (1, 1)], chunks, predicate="nearest").tolist() == [1, 2, 0]


def test_covers_refuses_lines_and_points_and_names_who_takes_them() -> None:
    said = (
        r"polygons\[1\]: expected a Polygon or MultiPolygon, got LineString; lines and points are "
        'regions for "center_within", "dwithin", "nearest"'
    )
    for form in FORMS.values():
        with pytest.raises(TypeError, match=said):
            pm.Index(form())
        with pytest.warns(UserWarning, match="they are left out"):
            answers = pm.match(POINTS, form(), invalid="skip")
        assert answers.tolist() == [0, 0, -1, 0, -1, -1, -1, -1, 10, -1]


def test_what_is_no_region_stays_a_type_error() -> None:
    curve = shapely.to_wkb(SHAPES[1]).replace(b"\x01\x02\0\0\0", b"\x01\x08\0\0\0")
    with pytest.raises(TypeError, match="expected a Polygon, LineString, Point or a Multi one, got Circular"):
        pm.match(POINTS, [shapely.to_wkb(SHAPES[0]), curve], predicate="nearest")
    with pytest.raises(ValueError, match="not finite"):
        pm.match(POINTS, [shapely.LineString([(0, 0), (math.nan, 1)])], predicate="nearest")
    with pytest.raises(ValueError, match=r"polygons\[1\]: has a vertex that is not finite"):
        pm.match(POINTS, ["POINT (0 0)", "POINT (inf 1)"], predicate="nearest")
    for bad in ({"coordinates": [1, 2]}, {"coordinates": [[1], [2]]}):
        for kind in ("MultiPoint", "LineString", "MultiLineString"):
            with pytest.raises(ValueError, match=r"polygons\[0\]"):
                pm.match(POINTS, [{"type": kind, **bad}], predicate="nearest")


def test_regions_take_kinds() -> None:
    coords = [[0, 0], [4, 0], [4, 4], [2, 2], [6, 2], [1, 3]]
    regions = pm.Regions(coords, [0, 3, 5, 6], [0, 1, 2, 3], kinds=[0, 1, 2])
    assert regions.kinds is not None
    assert not regions.kinds.flags.writeable
    copy = pickle.loads(pickle.dumps(regions))
    assert copy.kinds.tolist() == [0, 1, 2]
    assert pm.match([(3, 1), (5, 2), (1, 3)], regions, predicate="nearest").tolist() == [0, 1, 2]
    assert pm.Regions(coords, [0, 3, 5, 6], [0, 1, 2, 3], kinds=[0, 0, 0]).kinds is None
    wrong: list[tuple[Any, type[Exception], str]] = [
        ([0, 1], ValueError, "expected one for each of 3 polygons"),
        (
            [0, 1, 3],
            ValueError,
            r"kinds\[2\]: expected 0 for a polygon, .* 2 for a point; got 3",
        ),
        ([0, -1, 0], ValueError, r"kinds\[1\].*got -1"),
        ([0.0, 1, 2], TypeError, "expected integers"),
        ([2, 1, 2], ValueError, r"kinds\[0\]: a point has one vertex"),
    ]
    for kinds, error, said in wrong:
        with pytest.raises(error, match=said):
            pm.Regions(coords, [0, 3, 5, 6], [0, 1, 2, 3], kinds=kinds)
    with pytest.raises(ValueError, match=r"kinds\[0\]: a line or a point has one ring"):
        pm.Regions(coords, [0, 3, 5, 6], [0, 2, 3], kinds=[1, 2])


def test_the_center_of_a_line_is_the_mean_of_all_its_vertices() -> None:
    closed = [shapely.LineString([(0, 0), (4, 0), (4, 4), (0, 0)])]  # its first vertex counts twice
    _, distance = pm.match([(2, 1)], closed, predicate="center_within", distance=0.5, return_distance=True)
    assert distance.tolist() == [0]
    ring = [shapely.LinearRing([(0, 0), (4, 0), (4, 4)])]
    assert pm.match([(2, 1)], ring, predicate="center_within", distance=1e-9).tolist() == [0]


def test_disks_are_points_with_distances() -> None:
    centers = np.random.default_rng(2).uniform(0, 10, (200, 2))
    radii = np.random.default_rng(3).uniform(0, 1, 200)
    points = np.random.default_rng(4).uniform(0, 10, (500, 2))
    found = pm.match(points, shapely.points(centers), predicate="dwithin", distance=radii, best="first")
    inside = np.hypot(*(points[:, None] - centers).transpose(2, 0, 1)) <= radii
    assert found.tolist() == np.where(inside.any(axis=1), inside.argmax(axis=1), -1).tolist()


def test_half_a_million_stations_against_a_tree_of_scipy() -> None:
    spatial = pytest.importorskip("scipy.spatial")
    random = np.random.default_rng(5)
    stations, points = random.uniform(0, 1e5, (600_000, 2)), random.uniform(0, 1e5, (20_000, 2))
    each = np.arange(len(stations) + 1)
    regions = pm.Regions(stations, each, each, kinds=np.full(len(stations), 2))
    index = pm.Index(regions, predicate="nearest", best="first")
    assert index.nbytes > 115 * len(stations)  # the default budget has room for the tree
    expected, rows = spatial.cKDTree(stations).query(points)
    answers, distances = index.match(points, return_distance=True)
    assert answers.tolist() == rows.tolist()
    assert np.allclose(distances, expected, rtol=1e-14)


# ---- against the oracle ------------------------------------------------------------------------------------


@st.composite
def lines_and_points(draw: st.DrawFn) -> tuple[list[oracle.Region], list[oracle.Point]]:
    """Draw regions of polygons, lines and points, also mixed within a region, and points."""
    regions, points = draw(regions_and_points())

    def part(given: oracle.Part) -> oracle.Part:
        kind = draw(st.integers(0, 2))
        if kind == 0:
            return given
        return oracle.Line([given[0] if kind == 1 else given[0][:1]] if given else [])

    return [[part(each) for each in region] for region in regions], points


@given(lines_and_points(), BEST, st.sampled_from(["dwithin", "nearest", "center_within"]), st.data())
@settings(max_examples=draws(400), deadline=None)
def test_answers_are_exact(
    case: tuple[list[oracle.Region], list[oracle.Point]], best: Any, predicate: Any, data: st.DataObject
) -> None:
    regions, points = case
    limits = limits_of(data, regions, points)
    if predicate == "nearest" and data.draw(st.booleans()):
        limits = None
    expected = oracle.best_match(points, regions, predicate, best, limits)
    rules: dict[str, Any] = {"predicate": predicate, "distance": limits, "best": best}
    answers, distances = pm.match(points, as_regions(regions), **rules, return_distance=True)
    assert answers.tolist() == expected
    index = pm.Index(as_regions(regions), **rules)
    assert index.match(points).tolist() == expected
    keys, none = np.zeros(len(regions), int), np.zeros(len(points), int)
    if regions:
        assert pm.match(points, as_regions(regions), on=(none, keys), **rules).tolist() == expected
    for point, answer, distance in zip(points, expected, distances.tolist(), strict=True):
        if answer >= 0 and predicate != "center_within":
            square = oracle.squared_distance(regions[answer], point)
            assert square is not None
            assert oracle.is_distance(distance, square)
    if predicate != "nearest" or limits is not None:
        offsets, ids = index.candidates(points)
        first = [int(ids[begin]) if begin < end else -1 for begin, end in zip(offsets, offsets[1:])]  # noqa: B905, RUF007
        assert first == expected


# ---- tables, pictures, checks ------------------------------------------------------------------------------


def test_sjoin_and_count() -> None:
    roads = geopandas.GeoDataFrame({"name": ["a", "b"]}, geometry=SHAPES[[1, 3]], crs=3857)
    stops = geopandas.GeoDataFrame(
        {"n": [0, 1, 2]}, geometry=shapely.points([[2, 3], [11, 1], [11, 9]]), crs=3857
    )
    joined = pm.sjoin(stops, roads, predicate="nearest", distance=2, distance_col="d", how="inner")
    assert joined["name"].tolist() == ["a", "b"]
    assert joined["d"].tolist() == [1, 1]
    left = pm.sjoin(stops, roads, predicate="nearest", distance=2, how="left")
    assert left["name"].isna().tolist() == [False, False, True]
    counts = pm.count(stops, roads, predicate="nearest", distance=2)
    assert np.asarray(counts[0]).tolist() == [1, 1]
    peer = geopandas.sjoin_nearest(stops, roads, max_distance=2)
    assert peer["name"].tolist() == joined["name"].tolist()


def test_shapes_of_regions() -> None:
    regions = read_regions(SHAPES, takes_lines=True).regions
    made = shapes_of(regions)
    expected = SHAPES.copy()
    expected[5], expected[6] = shapely.from_wkt(["LINESTRING (30 0, 31 0)", "POINT (41 1)"])
    expected[9] = expected[9].geoms[0]
    assert shapely.is_empty(made[7:9]).all()
    rows = [0, 1, 2, 3, 4, 5, 6, 9, 10]
    assert shapely.equals(made[rows], expected[rows]).all()


def test_check_lists_them_and_plot_draws_them() -> None:
    pytest.importorskip("matplotlib").use("agg")
    for form in (SHAPES, read_regions(SHAPES, takes_lines=True).regions):
        report = pm.check(form, POINTS)
        unusable = next(each for each in report.findings if each.kind == "unusable")
        assert set(unusable.rows.tolist()) >= {1, 2, 3, 4}
        assert '"nearest"' in str(unusable)
        for rules in ({"predicate": "nearest"}, {"predicate": "center_within", "distance": 2}):
            axes = pm.plot(POINTS, form, **rules)
            axes.figure.canvas.draw()


def test_invalid_rows_of_lines_are_left_out() -> None:
    shapes = [shapely.LineString([(0, 0), (0, 0)]), shapely.LineString([(1, 0), (2, 0)]), "text"]
    with pytest.warns(UserWarning, match="2 of 3 regions can't be used"):
        found = pm.match([(0, 0)], shapes, predicate="nearest", invalid="skip")
    assert found.tolist() == [1]


def test_the_command_line_reads_layers_of_lines_and_points(tmp_path: Any) -> None:
    pytest.importorskip("pyogrio")
    from poly_match._cli.main import main

    (tmp_path / "points.csv").write_text("x,y\n5,3\n11,1\n1,3\n")
    roads = geopandas.GeoDataFrame({"name": list("abc")}, geometry=SHAPES[[1, 3, 2]])
    for kind in ("gpkg", "geojson"):
        layer, out = tmp_path / f"roads.{kind}", tmp_path / f"out_{kind}.csv"
        roads.to_file(layer)
        command = ["match", str(tmp_path / "points.csv"), str(layer), "-o", str(out)]
        assert main([*command, "--predicate", "nearest", "--distance", "2"]) == 0
        assert [line.split(",")[-1] for line in out.read_text().split()[1:]] == ["a", "b", "c"]
