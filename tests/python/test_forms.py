"""Forms of geometry beside Arrow: WKB, GeoJSON and one geometry alone; and what is imported for them."""

from __future__ import annotations

import json
import math
import re
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import geopandas
import numpy as np
import pandas
import poly_match as pm
import pytest
import shapely
from conftest import square
from hypothesis import given, settings
from hypothesis import strategies as st
from poly_match._forms.points import xy_of
from poly_match._forms.regions import regions_of

RNG = np.random.default_rng(5)
PLACES = np.round(RNG.uniform(-1, 9, (200, 2)) * 4) / 4
RINGS = [square(0, 0, 4), square(2, 2, 4), square(1, 1, 1), square(5, 0, 2)]
EXPECTED = pm.match(PLACES, RINGS).tolist()
POINTS, SHAPES = shapely.points(PLACES), shapely.polygons(RINGS)
PAIRS = shapely.multipolygons([[shape] for shape in SHAPES])


class Shape:
    """An object that has a GeoJSON geometry."""

    def __init__(self, geometry: object) -> None:
        self.__geo_interface__ = geometry


def mappings(geometries: np.ndarray) -> list[dict]:
    return [json.loads(shapely.to_geojson(geometry)) for geometry in geometries]


def features(geometries: np.ndarray) -> list[dict]:
    return [{"type": "Feature", "properties": {}, "geometry": each} for each in mappings(geometries)]


def bytes_of(geometries: np.ndarray, **options: object) -> list[bytes]:
    return list(shapely.to_wkb(geometries, **options))


def forms(geometries: np.ndarray) -> dict[str, object]:
    """Return geometries in every form that points and polygons share."""
    solid = shapely.set_srid(shapely.force_3d(geometries, 7.0), 4326)
    return {
        "WKB": bytes_of(geometries),
        "WKB, big-endian": bytes_of(geometries, byte_order=0),
        "WKB, ISO with z": bytes_of(solid, flavor="iso"),
        "WKB, EWKB with z and SRID": bytes_of(solid, flavor="extended", include_srid=True),
        "WKB as bytearray and memoryview": [
            memoryview(b) if i % 2 else bytearray(b) for i, b in enumerate(bytes_of(geometries))
        ],
        "WKB in an array": shapely.to_wkb(geometries),
        "WKB in pandas": pandas.Series(bytes_of(geometries)),
        "GeoJSON": mappings(geometries),
        "GeoJSON with z": mappings(solid),
        "features": features(geometries),
        "feature collection": {"type": "FeatureCollection", "features": features(geometries)},
        "objects": [Shape(each) for each in mappings(geometries)],
        "objects with features": np.array([Shape(each) for each in features(geometries)], dtype=object),
        "object with a collection": Shape({"type": "FeatureCollection", "features": features(geometries)}),
        "what GeoPandas gives": geopandas.GeoSeries(geometries).__geo_interface__,
        "what shapely gives": [geometry.__geo_interface__ for geometry in geometries],
        "mixed objects": [Shape(each) if i % 2 else each for i, each in enumerate(features(geometries))],
    }


ALONE = {
    "shapely": lambda geometry: geometry,
    "WKB": shapely.to_wkb,
    "GeoJSON": lambda geometry: mappings([geometry])[0],
    "feature": lambda geometry: features([geometry])[0],
    "object": lambda geometry: Shape(mappings([geometry])[0]),
}


@pytest.mark.parametrize("form", forms(POINTS))
def test_every_form_of_points(form):
    assert pm.match(forms(POINTS)[form], RINGS).tolist() == EXPECTED


@pytest.mark.parametrize("form", forms(SHAPES))
def test_every_form_of_polygons(form):
    assert pm.match(PLACES, forms(SHAPES)[form]).tolist() == EXPECTED
    assert pm.match(PLACES, forms(PAIRS)[form]).tolist() == EXPECTED
    mixed = forms(np.array([SHAPES[0], PAIRS[1], SHAPES[2], PAIRS[3]]))[form]
    assert pm.match(PLACES, mixed).tolist() == EXPECTED


@pytest.mark.parametrize("form", ALONE)
def test_one_geometry_alone_is_one_row(form):
    assert pm.match(ALONE[form](shapely.Point(1.5, 1.5)), RINGS).tolist() == [2]
    frame = shapely.Polygon(square(0, 0, 9), [square(3, 3, 3)])
    for geometry in (frame, shapely.MultiPolygon([frame, shapely.box(20, 20, 21, 21)])):
        assert pm.match([(1, 1), (4, 4)], ALONE[form](geometry)).tolist() == [0, -1]


def test_points_of_pandas_with_missing_numbers():
    frame = pandas.DataFrame({"x": [1, None, 1], "y": [1, 1, None]}, dtype="Int64")
    assert pm.match(frame, RINGS[:1]).tolist() == [0, -1, -1]
    assert pm.match((frame["x"], frame["y"]), RINGS[:1]).tolist() == [0, -1, -1]
    with pytest.raises(ValueError, match=r"points: expected shape \(n, 2\), got \(3,\)"):
        pm.match(frame["x"], RINGS)


def test_missing_and_empty_rows_stay():
    none = [None, math.nan, pandas.NA]
    lacking = {"type": "Feature", "properties": {}, "geometry": None}
    points = np.array([shapely.Point(), shapely.Point(1, 1)])
    for rows in (mappings(points), bytes_of(points), features(points), list(points)):
        assert pm.match([*none, *rows], RINGS[:1]).tolist() == [-1, -1, -1, -1, 0]
    assert pm.match([lacking, *features(points)], RINGS[:1]).tolist() == [-1, -1, 0]
    shapes = np.array([shapely.Polygon(), shapely.MultiPolygon(), SHAPES[0]])
    for rows in (mappings(shapes), bytes_of(shapes), features(shapes), list(shapes)):
        index = pm.Index([*none, *rows])
        assert len(index) == 6
        assert index.match([(1, 1), (9, 9)]).tolist() == [5, -1]
    assert pm.match([(1, 1)], [lacking, *features(shapes)]).tolist() == [3]
    assert pm.match({"type": "FeatureCollection", "features": []}, RINGS).tolist() == []


POINT = {"type": "Point", "coordinates": [1, 2]}
LINE = {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}
MANY = {"type": "GeometryCollection", "geometries": [POINT]}


def bad_polygon(coordinates: object) -> list[dict]:
    return [{"type": "Polygon", "coordinates": coordinates}]


BAD_POINTS = [
    ([POINT, LINE], TypeError, r"points\[1\]: expected a Point, got LineString"),
    (
        [POINT, {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}],
        TypeError,
        r"points\[1\]: .*got MultiPoint",
    ),
    ([POINT, (1, 2)], TypeError, r"points\[1\]: expected a Point, got tuple"),
    ([POINT, {}], TypeError, r"points\[1\]: expected a Point, got dict"),
    ([POINT, {"type": 5}], TypeError, r"points\[1\]: expected a Point, got dict"),
    ([POINT, {"type": "Feature", "geometry": 5}], TypeError, r"points\[1\]: expected a Point, got dict"),
    ([POINT, Shape(5)], TypeError, r"points\[1\]: expected a Point, got Shape"),
    ([pm.Polygon([0, 1, 1], [0, 0, 1])], TypeError, r"points\[0\]: expected a Point, got Polygon"),
    (
        [POINT, {"type": "Point"}],
        ValueError,
        r"points\[1\]: the coordinates of a Point: expected a list, got None",
    ),
    ([POINT, {"type": "Point", "coordinates": [1]}], ValueError, r"points\[1\]: expected two numbers"),
    ([POINT, {"type": "Point", "coordinates": ["1", "2"]}], TypeError, r"points\[1\]: expected numbers"),
    (
        {"type": "FeatureCollection"},
        ValueError,
        "points: the features of a FeatureCollection: expected a list",
    ),
    ([*bytes_of(POINTS[:1]), POINT], TypeError, r"points\[1\]: expected WKB like the rows before, got dict"),
    ([None, b"POINT (1 2)"], ValueError, r"points\[1\]: not valid WKB: it has a byte order that"),
    (bytes_of([SHAPES[0]]), TypeError, r"points\[0\]: expected a Point, got Polygon"),
    (
        bytes_of([shapely.MultiPoint([(1, 2), (3, 4)])]),
        TypeError,
        r"points\[0\]: expected a Point, got MultiPoint",
    ),
]
BAD_POLYGONS = [
    ([*mappings(SHAPES), POINT], TypeError, r"polygons\[4\]: expected a Polygon or MultiPolygon, got Point"),
    (MANY, TypeError, r"polygons\[0\]: .*got Point"),
    ({"type": "Polygon"}, ValueError, r"polygons\[0\]: the coordinates of a Polygon: expected a list"),
    (
        bad_polygon([5]),
        ValueError,
        r"polygons\[0\]: expected a ring of positions, two numbers or more, got \(\)",
    ),
    (bad_polygon([[5]]), ValueError, r"polygons\[0\]: expected a ring of positions"),
    (bad_polygon([[[5], [6]]]), ValueError, r"polygons\[0\]: expected a ring of positions.*\(2, 1\)"),
    (bad_polygon([[[1, 2], [3]]]), ValueError, r"polygons\[0\]: expected numbers in rows of one length"),
    (bad_polygon([[["1", "2"]]]), TypeError, r"polygons\[0\]: expected numbers"),
    (bad_polygon([[[1, math.inf]]]), ValueError, r"polygons\[0\]: has a vertex that is not finite"),
    (
        [{"type": "MultiPolygon", "coordinates": [5]}],
        ValueError,
        r"polygons\[0\]: the rings: expected a list",
    ),
    (bytes_of(SHAPES) + bytes_of(POINTS[:1]), TypeError, r"polygons\[4\]: expected a Polygon or .*got Point"),
    (bytes_of([SHAPES[0].boundary]), TypeError, r"polygons\[0\]: .*got LineString"),
    (
        shapely.to_wkb(SHAPES[0])[:-1],
        ValueError,
        r"polygons\[0\]: not valid WKB: it ends before its counts are met",
    ),
]


@pytest.mark.parametrize(("points", "error", "message"), BAD_POINTS, ids=range(len(BAD_POINTS)))
def test_bad_points(points, error, message):
    with pytest.raises(error, match=message):
        pm.match(points, RINGS)


@pytest.mark.parametrize(("polygons", "error", "message"), BAD_POLYGONS, ids=range(len(BAD_POLYGONS)))
def test_bad_polygons(polygons, error, message):
    with pytest.raises(error, match=message):
        pm.Index(polygons)


# ---- WKB, byte by byte -------------------------------------------------------------------------------------


def wkb(kind: int, *rest: object) -> bytes:
    """Return little-endian WKB: integers as counts, floats as coordinates, bytes as they are."""
    parts = [struct.pack("<BI", 1, kind)]
    for each in rest:
        parts.append(
            each if isinstance(each, bytes) else struct.pack("<I" if isinstance(each, int) else "<d", each)
        )
    return b"".join(parts)


WRONG = {
    "nothing": (b"", "ends within the head"),
    "half a head": (b"\1\1\0\0", "ends within the head"),
    "a third byte order": (b"\2" + wkb(1, 1.0, 2.0)[1:], "byte order that is neither 0 nor 1"),
    "type 0": (wkb(0, 1.0, 2.0), "unknown geometry type"),
    "type 18": (wkb(18, 1.0, 2.0), "unknown geometry type"),
    "a fourth thousand": (wkb(4001, 1.0, 2.0), "unknown geometry type"),
    "an unknown flag": (wkb(0x10000001, 1.0, 2.0), "unknown geometry type"),
    "no SRID": (wkb(0x20000001, b"abc"), "ends within its SRID"),
    "half a coordinate": (wkb(1, 1.0), "ends within a coordinate"),
    "no z": (wkb(1001, 1.0, 2.0), "ends within a coordinate"),
    "no m": (wkb(0xC0000001, 1.0, 2.0, 3.0), "ends within a coordinate"),
    "a byte too much": (wkb(1, 1.0, 2.0, b"."), "bytes left over"),
}
WRONG_REGIONS = {
    "no count": (wkb(3), "ends within a count"),
    "too many rings": (wkb(3, 2**32 - 1), "ends before its counts are met"),
    "no count of a ring": (wkb(3, 1, b"abc"), "ends before its counts are met"),
    "too many vertices": (wkb(3, 1, 2, 1.0, 2.0), "ends before its counts are met"),
    "vertices beyond all memory": (wkb(3, 1, 2**32 - 1, 1.0, 2.0), "ends before its counts are met"),
    "too many parts": (wkb(6, 2**31), "ends before its counts are met"),
    "a part that is a point": (wkb(6, 1, wkb(1, 1.0, 2.0)), "a part that is no Polygon"),
    "a part within a part": (wkb(6, 1, wkb(6, 0)), "a part that is no Polygon"),
    "a byte too much": (wkb(3, 0, b"."), "bytes left over"),
    "a part too much": (wkb(6, 0, wkb(3, 0)), "bytes left over"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_points_are_refused(name):
    blob, message = WRONG[name]
    with pytest.raises(ValueError, match=rf"points\[1\]: not valid WKB: it .*{message}"):
        pm.match([wkb(1, 1.0, 2.0), blob], RINGS)


@pytest.mark.parametrize("name", WRONG_REGIONS)
def test_wrong_polygons_are_refused(name):
    blob, message = WRONG_REGIONS[name]
    with pytest.raises(ValueError, match=rf"polygons\[1\]: not valid WKB: it .*{message}"):
        pm.Index([wkb(3, 0), blob])


def test_every_type_has_a_name():
    line = [0.0] * 8
    for kind, name in ((2, "LineString"), (15, "PolyhedralSurface"), (17, "Triangle")):
        for flags in (0, 1000, 3000, 0x80000000):
            with pytest.raises(TypeError, match=rf"points\[0\]: expected a Point, got {name}$"):
                pm.match([wkb(flags + kind, 2, *line[: 4 + 2 * (flags > 0) + 2 * (flags == 3000)])], RINGS)
            assert pm.match([wkb(flags + kind, 0)], RINGS).tolist() == [-1]  # an empty one is missing


def test_parts_may_differ_in_byte_order_and_dimension():
    shapes = shapely.from_wkt(["POLYGON ((0 0, 1 0, 1 1, 0 0))", "POLYGON Z ((5 5 9, 6 5 9, 6 6 9, 5 5 9))"])
    parts = [shapely.to_wkb(shapes[0], byte_order=0), shapely.to_wkb(shapes[1], flavor="iso")]
    regions = regions_of([wkb(6, 2, *parts)])
    assert regions.coords.tolist() == [[0, 0], [1, 0], [1, 1], [0, 0], [5, 5], [6, 5], [6, 6], [5, 5]]
    assert regions.geom_offsets.tolist() == [0, 2]


coordinate = st.floats(allow_nan=False, allow_infinity=False, width=32)
ring = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=6).map(lambda ring: [*ring, ring[0]])
polygon = st.lists(ring, max_size=3).map(lambda rings: shapely.Polygon(*rings[:1], rings[1:] or None))
geometry = st.one_of(
    polygon,
    st.lists(polygon, max_size=3).map(shapely.MultiPolygon),
    st.tuples(coordinate, coordinate).map(shapely.Point),
)
edit = st.tuples(
    st.floats(0, 1), st.sampled_from([0, 1, 2, 3, 6, 7, 32, 64, 128, 233, 255]) | st.integers(0, 255)
)


def read_by_shapely(blob: bytes) -> object:
    try:
        return shapely.from_wkb(blob)
    except (shapely.errors.ShapelyError, NotImplementedError):
        return None


def polygons_in(known: Any) -> list[Any]:
    if isinstance(known, shapely.Polygon):
        return [known]
    return [polygon for part in getattr(known, "geoms", ()) for polygon in polygons_in(part)]


STRICTER = "left over|byte order|unknown geometry type|not finite"  # than GEOS


def read_here(read: Callable[[list[bytes]], Any], blob: bytes, known: bool) -> Any:
    """Return what is read, None when it is refused; what is known must not be, unless for strictness."""
    try:
        return read([blob])
    except (ValueError, TypeError) as error:
        if known and not re.search(STRICTER, str(error)):
            raise
        return None


@settings(max_examples=1000, deadline=None)
@given(
    geometry,
    st.sampled_from([0, 1]),
    st.booleans(),
    st.lists(edit, max_size=3),
    st.floats(0, 1) | st.just(1.0),
)
def test_mutated_wkb_is_read_as_shapely_reads_it_or_refused(geometry, order, solid, edits, kept):
    made = shapely.to_wkb(shapely.force_3d(geometry) if solid else geometry, byte_order=order)
    blob = bytearray(made)
    for where, value in edits:
        blob[int(where * (len(blob) - 1))] = value
    blob = bytes(blob[: round(kept * len(blob))])
    known = read_by_shapely(blob)
    point = read_here(xy_of, blob, known=isinstance(known, shapely.Point))
    if point is not None and known is not None:
        (x, y), *more = shapely.get_coordinates(known).tolist() or [(math.nan, math.nan)]
        assert not more
        assert np.array_equal([xy[0] for xy in point], (x, y), equal_nan=True)
    regions = read_here(regions_of, blob, known=isinstance(known, (shapely.Polygon, shapely.MultiPolygon)))
    if regions is None or known is None:  # GEOS refuses short and unclosed rings; here they have answers
        return
    if isinstance(known, (shapely.Polygon, shapely.MultiPolygon)):
        _, coords, (rings, *_) = shapely.to_ragged_array([known], include_z=False)
        assert regions.ring_offsets.tolist() == rings.tolist()
    else:  # edits made a collection of it, whose polygons are the region
        coords = shapely.get_coordinates(polygons_in(known))
    assert np.array_equal(regions.coords, coords)


# ---- what is imported --------------------------------------------------------------------------------------


def test_nothing_is_imported_for_what_needs_no_library():
    program = """
        import sys
        import numpy as np
        import poly_match as pm

        ring = [[0, 0], [4, 0], [4, 4], [0, 4]]
        wkb = bytes.fromhex("0101000000000000000000f03f000000000000f03f")
        feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 1]}}
        shape = {"type": "Polygon", "coordinates": [ring]}
        points = [np.ones((1, 2)), np.ones((1, 2), "f4"), ([1.0], [1.0]), [(1, 1)], [wkb], [feature], feature]
        for form in points:
            assert pm.match(form, [ring]).tolist() == [0], form
        for form in ([np.array(ring)], np.array([ring]), [shape], shape, [pm.Polygon([0, 4, 4], [0, 0, 4])]):
            assert pm.match([(1, 1)], form).tolist() == [0], form
        assert pm.match([None], [None]).tolist() == [-1]
        print(*{name.partition(".")[0] for name in sys.modules})
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "poly_match" in loaded
    libraries = {"shapely", "geopandas", "pandas", "pyarrow", "polars", "duckdb", "nanoarrow", "pyproj"}
    assert not libraries & set(loaded)


@pytest.mark.parametrize(
    ("library", "make"),
    [
        ("polars", "polars.DataFrame({'x': [1.0], 'y': [1.0]})"),
        ("pyarrow", "pyarrow.table({'x': [1.0], 'y': [1.0]})"),
        (
            "nanoarrow",
            "(nanoarrow.Array([1.0], nanoarrow.float64()), nanoarrow.Array([1.0], nanoarrow.float64()))",
        ),
        ("duckdb", "duckdb.sql('SELECT 1::DOUBLE AS x, 1::DOUBLE AS y')"),
        ("shapely", "shapely.points([[1, 1]])"),
        ("pandas", "pandas.DataFrame({'x': [1], 'y': [1]})"),
    ],
)
def test_one_library_alone_is_enough(library, make):
    pytest.importorskip(library)
    program = f"""
        import sys
        import {library}
        import poly_match as pm

        given = {make}
        before = set(sys.modules)
        assert pm.match(given, [[[0, 0], [4, 0], [4, 4], [0, 4]]]).tolist() == [0]
        print(*{{name.partition(".")[0] for name in set(sys.modules) - before}})
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    libraries = {"shapely", "geopandas", "pandas", "pyarrow", "polars", "duckdb", "nanoarrow", "pyproj"}
    assert not libraries & set(loaded)
