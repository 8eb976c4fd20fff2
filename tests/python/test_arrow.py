"""Arrow input: every layout of points and polygons, from any library, gives the answers of plain arrays, and
is used without a copy if the layout allows.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import textwrap
from importlib.util import find_spec

import duckdb
import geopandas
import nanoarrow
import numpy as np
import polars
import poly_match as pm
import pyarrow as pa
import pyarrow.parquet
import pytest
import shapely
from conftest import square
from poly_match._forms.arrow import crs_of
from poly_match._forms.points import xy_of
from poly_match._forms.regions import regions_of
from test_leaks import check

RNG = np.random.default_rng(5)
PLACES = np.round(RNG.uniform(-1, 9, (200, 2)) * 4) / 4
X, Y = np.ascontiguousarray(PLACES.T)
RINGS = [square(0, 0, 4), square(2, 2, 4), square(1, 1, 1), square(5, 0, 2)]
EXPECTED = pm.match(PLACES, RINGS).tolist()

POINTS = geopandas.GeoSeries(shapely.points(PLACES), crs=4326)
SHAPES = geopandas.GeoSeries(shapely.polygons(RINGS), crs=3857)
PAIRS = geopandas.GeoSeries(shapely.multipolygons([[shape] for shape in SHAPES]))


def native(series: geopandas.GeoSeries, interleaved: bool = True) -> pa.Array:
    """Return a GeoSeries as GeoArrow, held by pyarrow without the GeoArrow types."""
    return pa.array(series.to_arrow(geometry_encoding="geoarrow", interleaved=interleaved))


def wkb(series: geopandas.GeoSeries, kind: pa.DataType | None = None) -> pa.Array:
    return pa.array(series.to_wkb().to_list(), kind or pa.binary())


def spoiled(array: pa.Array) -> pa.Array:
    """Return the same rows as a part of something longer, so that nothing starts at 0."""
    return pa.concat_arrays([array[1:4], array, array[:2]])[3 : 3 + len(array)]


def in_chunks(array: pa.Array) -> pa.ChunkedArray:
    return pa.chunked_array([array[:1], array[1:1], array[1:3], array[3:]])


# ---- points ------------------------------------------------------------------------------------------------

TABLE = pa.table({"x": X, "y": Y})
XYZM = pa.StructArray.from_arrays([pa.array(v) for v in (X, Y, Y, X)], ["x", "y", "z", "m"])
SOME = pa.table({"name": ["a"] * 200, "at": native(POINTS), "tags": [["b"]] * 200}).append_column(
    "kind", pa.array(["c"] * 200).dictionary_encode()
)

POINT_FORMS = {
    "interleaved": POINTS.to_arrow(geometry_encoding="geoarrow"),
    "separated": POINTS.to_arrow(geometry_encoding="geoarrow", interleaved=False),
    "interleaved, no type": native(POINTS),
    "interleaved with z": native(geopandas.GeoSeries(shapely.force_3d(POINTS, 7.0))),
    "interleaved of four": pa.FixedSizeListArray.from_arrays(np.column_stack([PLACES, PLACES]).ravel(), 4),
    "interleaved float32": pa.FixedSizeListArray.from_arrays(PLACES.astype("f4").ravel(), 2),
    "separated with z and m": XYZM,
    "interleaved, part": spoiled(native(POINTS)),
    "separated, part": spoiled(native(POINTS, interleaved=False)),
    "interleaved, chunks": in_chunks(native(POINTS)),
    "separated, chunks": in_chunks(native(POINTS, interleaved=False)),
    "WKB": POINTS.to_arrow(),
    "binary": wkb(POINTS),
    "large binary": wkb(POINTS, pa.large_binary()),
    "binary views": wkb(POINTS, pa.binary_view()),
    "binary, part": spoiled(wkb(POINTS)),
    "binary views, part": spoiled(wkb(POINTS, pa.binary_view())),
    "binary, chunks": in_chunks(wkb(POINTS)),
    "binary views, chunks": in_chunks(wkb(POINTS, pa.binary_view())),
    "table of two columns": TABLE,
    "table of other names": TABLE.rename_columns(["lon", "lat"]),
    "table of two types": pa.table({"x": X.astype("f4"), "y": Y}),
    "batch": TABLE.to_batches()[0],
    "part of a table": pa.concat_tables([TABLE, TABLE]).combine_chunks().slice(200, 200),
    "reader": lambda: pa.RecordBatchReader.from_batches(TABLE.schema, TABLE.to_batches(max_chunksize=30)),
    "struct": TABLE.to_struct_array(),
    "table with one geometry": SOME,
    "table with one point of x and y": pa.table({"id": range(200), "at": native(POINTS, interleaved=False)}),
    "GeoDataFrame of GeoArrow": POINTS.to_frame("at").assign(a="b").to_arrow(geometry_encoding="geoarrow"),
    "GeoDataFrame of WKB": POINTS.to_frame("at").assign(a="b").to_arrow(),
    "polars": polars.DataFrame({"x": X, "y": Y}),
    "polars in chunks": polars.concat(
        [polars.DataFrame(PLACES[:7]), polars.DataFrame(PLACES[7:])], rechunk=False
    ),
    "polars of WKB": polars.DataFrame({"at": POINTS.to_wkb().to_list(), "id": range(200)}),
    "polars of GeoArrow": polars.DataFrame(POINTS.to_frame("at").to_arrow(geometry_encoding="geoarrow")),
    "polars series": polars.Series(POINTS.to_wkb().to_list()),
    "duckdb": lambda: relation("SELECT x, y FROM points"),
    "duckdb of WKB": lambda: relation("SELECT wkb, id FROM points"),
    "nanoarrow": nanoarrow.Array(TABLE.to_struct_array()),
    "nanoarrow C array": nanoarrow.c_array(wkb(POINTS)),
    "nanoarrow stream": lambda: nanoarrow.ArrayStream(TABLE),
    "pandas of WKB": geopandas.pd.DataFrame({"at": POINTS.to_wkb()}),
    "pandas in pyarrow": TABLE.to_pandas(types_mapper=geopandas.pd.ArrowDtype),
    "columns of pyarrow": (pa.array(X), pa.chunked_array([Y[:7], Y[7:]])),
    "columns of polars": (polars.Series(X), polars.Series(Y)),
    "columns of nanoarrow": (nanoarrow.Array(pa.array(X)), nanoarrow.Array(TABLE["y"])),
}


def relation(query: str) -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    connection.register("points", TABLE.append_column("wkb", wkb(POINTS)).append_column("id", [["a"] * 200]))
    return connection.sql(query)


@pytest.mark.parametrize("form", POINT_FORMS)
def test_every_form_of_points(form):
    points = POINT_FORMS[form]
    found = pm.match(points() if callable(points) else points, RINGS)
    assert found.tolist() == EXPECTED


@pytest.mark.parametrize("form", ["interleaved, no type", "interleaved of four", "interleaved, part"])
def test_interleaved_points_are_used_where_they_lie(form):
    array = POINT_FORMS[form]
    x, y = xy_of(array)
    memory = array.values.to_numpy(zero_copy_only=True)
    assert np.shares_memory(x, memory)
    assert np.shares_memory(y, memory)


FRAME = POINT_FORMS["polars"]
IN_PLACE = {
    "table": (TABLE, TABLE["y"].chunk(0)),
    "batch": (TABLE.to_batches()[0], TABLE["y"].chunk(0)),
    "struct": (XYZM, XYZM.field("y")),
    "part of a struct": (XYZM[5:9], XYZM.field("y")),
    "polars": (FRAME, FRAME["y"].to_arrow()),
    "columns": ((XYZM.field("x"), XYZM.field("y")), XYZM.field("y")),
    "columns of nanoarrow": ((nanoarrow.Array(TABLE["x"]), nanoarrow.Array(TABLE["y"])), TABLE["y"].chunk(0)),
}


@pytest.mark.parametrize("form", IN_PLACE)
def test_separated_points_are_used_where_they_lie(form):
    points, column = IN_PLACE[form]
    _, y = xy_of(points)
    assert np.shares_memory(y, column.to_numpy(zero_copy_only=True))
    assert not y.flags.writeable


def test_missing_points_keep_their_row():
    there = [shapely.Point(1, 1), None, shapely.Point(), shapely.Point(1, 1)]
    series = geopandas.GeoSeries([None, *there])
    for interleaved in (True, False):
        array = native(series, interleaved)
        assert array.null_count == 2
        for form in (array, spoiled(array), in_chunks(array)):
            assert pm.match(form, RINGS[:1]).tolist() == [-1, 0, -1, -1, 0]
        assert pm.match(array[2:], RINGS[:1]).tolist() == [-1, -1, 0]
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        array = wkb(series, kind)
        for form in (array, spoiled(array), in_chunks(array)):
            assert pm.match(form, RINGS[:1]).tolist() == [-1, 0, -1, -1, 0]
    table = pa.table({"x": pa.array([1.0, None, 1.0]), "y": pa.array([1, 1, None])})
    assert pm.match(table, RINGS[:1]).tolist() == [0, -1, -1]
    assert pm.match(polars.DataFrame(table), RINGS[:1]).tolist() == [0, -1, -1]
    assert pm.match((table["x"], table["y"]), RINGS[:1]).tolist() == [0, -1, -1]


def test_no_points_at_all():
    empty = [TABLE.slice(0, 0), TABLE.schema.empty_table(), native(POINTS)[:0], wkb(POINTS)[:0]]
    chunkless = pa.chunked_array([], type=pa.binary_view())
    reader = pa.RecordBatchReader.from_batches(TABLE.schema, [])
    for nothing in (*empty, chunkless, pa.chunked_array([], type=native(POINTS).type), reader):
        assert pm.match(nothing, RINGS).tolist() == []


BAD_POINTS = [
    (
        SHAPES.to_arrow(geometry_encoding="geoarrow"),
        TypeError,
        "points: expected points, got geoarrow.polygon",
    ),
    (native(SHAPES), TypeError, "points: expected points, got polygon"),
    (wkb(SHAPES), TypeError, r"points\[0\]: expected a Point, got Polygon"),
    (in_chunks(wkb(geopandas.GeoSeries([*POINTS[:4], SHAPES[0]]))), TypeError, r"points\[4\]: .*got Polygon"),
    (pa.array(["POINT 1 2"]), ValueError, r"points\[0\]: not valid WKT: 'POINT 1 2'"),
    (pa.array(X), TypeError, "points: expected points, got numbers"),
    (pa.array([[X[0]]]), TypeError, r"points: expected points, got Arrow format '\+l'"),
    (
        pa.array([1.0]).dictionary_encode(),
        TypeError,
        "points: expected points, got a dictionary",
    ),
    (
        TABLE.append_column("id", pa.array(X)),
        TypeError,
        r"columns 'x' of numbers, 'y' of numbers, 'id' of numbers$",
    ),
    (
        pa.table({"a": ["b"]}),
        TypeError,
        r"one of them or with exactly two numeric columns \(x, y\); got the col",
    ),
    (pa.table({"a": wkb(POINTS), "b": wkb(POINTS)}), TypeError, "got the columns 'a' of wkb, 'b' of wkb"),
    (pa.table({"x": pa.array([True]), "y": [2]}), TypeError, "'x' of booleans, 'y' of numbers"),
    (pa.table({"xy": X}), TypeError, "got the columns 'xy' of numbers"),
    (pa.table({}), TypeError, r"got the columns \(none\)"),
    (TABLE.rename_columns(["lat", "Lon"]), ValueError, r"points: .*\(x, y\) in this order, got \(lat, lon\)"),
    (polars.DataFrame({"y": Y, "x": X}), ValueError, r"\(x, y\) in this order"),
    (geopandas.pd.DataFrame({"latitude": Y, "longitude": X}), ValueError, r"\(x, y\) in this order"),
    ((nanoarrow.Array(pa.array(["1"])), [2]), TypeError, r"points\[0\]: expected numbers"),
    (pa.array([b"", b"\1"]), ValueError, r"points\[0\]: not valid WKB: it ends within the head"),
]


@pytest.mark.parametrize(("points", "error", "message"), BAD_POINTS, ids=range(len(BAD_POINTS)))
def test_bad_points(points, error, message):
    with pytest.raises(error, match=message):
        pm.match(points, RINGS)


# ---- polygons ----------------------------------------------------------------------------------------------

POLYGON_FORMS = {
    f"{name}, {layout}": form
    for name, series in (("polygons", SHAPES), ("multipolygons", PAIRS))
    for layout, form in (
        ("GeoArrow", series.to_arrow(geometry_encoding="geoarrow")),
        ("separated", series.to_arrow(geometry_encoding="geoarrow", interleaved=False)),
        ("with z", native(geopandas.GeoSeries(shapely.force_3d(series, 5.0)))),
        ("with z, separated", native(geopandas.GeoSeries(shapely.force_3d(series)), interleaved=False)),
        ("no type", native(series)),
        ("part", spoiled(native(series))),
        ("part, separated", spoiled(native(series, interleaved=False))),
        ("chunks", in_chunks(native(series))),
        ("WKB", series.to_arrow()),
        ("binary, part", spoiled(wkb(series))),
        ("large binary", wkb(series, pa.large_binary())),
        ("binary views", in_chunks(wkb(series, pa.binary_view()))),
        ("table", pa.table({"id": range(4), "shape": native(series)})),
        ("GeoDataFrame of WKB", series.to_frame("shape").assign(id=1).to_arrow()),
        ("polars", polars.DataFrame({"id": range(4), "shape": series.to_wkb().to_list()})),
        ("polars of GeoArrow", polars.DataFrame(series.to_frame("g").to_arrow(geometry_encoding="geoarrow"))),
    )
}
LARGE = pa.large_list(pa.field("rings", pa.large_list(pa.field("vertices", pa.list_(pa.float64(), 2)))))
POLYGON_FORMS["large lists"] = native(SHAPES).cast(LARGE)


@pytest.mark.parametrize("form", POLYGON_FORMS)
def test_every_form_of_polygons(form):
    assert pm.match(PLACES, POLYGON_FORMS[form]).tolist() == EXPECTED


def test_interleaved_vertices_are_used_where_they_lie():
    for array in (native(SHAPES), native(PAIRS), native(SHAPES)[1:3]):
        regions = regions_of(array)
        inner = array
        while hasattr(inner, "values"):
            inner = inner.values
        assert np.shares_memory(regions.coords, inner.to_numpy(zero_copy_only=True))
        assert len(regions.coords) == 5 * len(array)


@pytest.mark.parametrize("series", [SHAPES, PAIRS], ids=["polygons", "multipolygons"])
def test_missing_and_empty_polygons_keep_their_row(series):
    kind = type(series[0])
    objects = geopandas.GeoSeries([None, kind(), series[0], kind(), None, series[3]])
    forms = [wkb(objects), wkb(objects, pa.binary_view())]
    forms += [native(objects), native(objects, interleaved=False)]
    for array in forms:
        for form in (array, spoiled(array), in_chunks(array)):
            index = pm.Index(form)
            assert len(index) == 6
            assert index.match([(1, 1), (9, 9), (6, 1)]).tolist() == [2, -1, 5]


@pytest.mark.parametrize("series", [SHAPES, PAIRS], ids=["polygons", "multipolygons"])
def test_what_lies_under_a_missing_row_does_not_matter(series):
    array = native(series)
    hidden = type(array).from_arrays(
        array.offsets, array.values, type=array.type, mask=pa.array([True, False, True, False])
    )
    assert hidden.null_count == 2
    assert hidden.values.equals(array.values)
    for form in (hidden, spoiled(hidden), in_chunks(hidden)):
        regions = regions_of(form)
        assert len(regions) == 4
        assert len(regions.coords) == 10
        assert pm.match([(1, 1), (3, 3), (6, 1)], regions).tolist() == [-1, 1, 3]


def test_holes_and_parts_come_through():
    frame = shapely.Polygon(square(0, 0, 9), [square(3, 3, 3)])
    pair = shapely.MultiPolygon([frame, shapely.box(4, 4, 5, 5)])
    at = [(1, 1), (4.5, 4.5), (3.5, 3.5)]
    for export in (native, wkb):
        assert pm.match(at, export(geopandas.GeoSeries([frame]))).tolist() == [0, -1, -1]
        assert pm.match(at, export(geopandas.GeoSeries([pair]))).tolist() == [0, 0, -1]
        assert pm.match(at, spoiled(export(geopandas.GeoSeries([pair, pair])))).tolist() == [0, 0, -1]


def test_no_polygons_at_all():
    for nothing in (native(SHAPES)[:0], wkb(SHAPES)[:0], pa.chunked_array([], type=native(PAIRS).type)):
        assert len(pm.Index(nothing)) == 0


LINES = geopandas.GeoSeries(shapely.boundary(SHAPES))
BAD_POLYGONS = [
    (
        POINTS.to_arrow(geometry_encoding="geoarrow"),
        TypeError,
        "expected polygons or multi.*got geoarrow.point",
    ),
    (native(LINES), TypeError, "polygons: expected polygons or multipolygons, got"),
    (
        LINES.to_arrow(geometry_encoding="geoarrow"),
        TypeError,
        "polygons: expected polygons or multipolygons, got geoarrow.linestring",
    ),
    (TABLE, TypeError, "polygons: expected polygons or multipolygons, got point"),
    (
        geopandas.GeoSeries(shapely.multilinestrings([[line] for line in LINES])).to_arrow(
            geometry_encoding="geoarrow"
        ),
        TypeError,
        "got geoarrow.multilinestring",  # of the layout of a polygon
    ),
    (
        wkb(geopandas.GeoSeries([SHAPES[0], LINES[0]])),
        TypeError,
        r"polygons\[1\]: expected a Polygon or .*LineS",
    ),
    (pa.array([[[None]]], native(SHAPES).type), ValueError, "polygons: nulls within a geometry"),
    (native(SHAPES.translate(np.inf)), ValueError, r"polygons\[0\]: has a vertex that is not finite"),
]


@pytest.mark.parametrize(("polygons", "error", "message"), BAD_POLYGONS, ids=range(len(BAD_POLYGONS)))
def test_bad_polygons(polygons, error, message):
    with pytest.raises(error, match=message):
        pm.Index(polygons)


@pytest.mark.parametrize("form", ["geoarrow", "WKB"])
def test_edges_on_a_sphere_are_refused(form):
    def on_a_sphere(series: geopandas.GeoSeries) -> pa.Table:
        array = pa.array(series.to_arrow(geometry_encoding=form))
        name = "wkb" if form == "WKB" else series.geom_type[0].lower()
        described = {
            "ARROW:extension:name": f"geoarrow.{name}",
            "ARROW:extension:metadata": '{"edges": "spherical"}',
        }
        return pa.table([array], schema=pa.schema([pa.field("at", array.type, metadata=described)]))

    with pytest.raises(ValueError, match=r"polygons: expected edges that are straight.*got 'spherical' ones"):
        pm.Index(on_a_sphere(SHAPES))
    assert len(pm.Index(on_a_sphere(SHAPES), metric="sphere")) == len(SHAPES)
    assert pm.match(on_a_sphere(POINTS), RINGS).tolist() == EXPECTED  # which have no edges


def test_frames_of_sedonadb():
    sedonadb = pytest.importorskip("sedonadb")
    connection = sedonadb.connect()
    points = connection.sql("SELECT ST_Point(1.0, 1.0) AS at UNION ALL SELECT ST_Point(9.0, 9.0)")
    assert sorted(pm.match(points, RINGS[:1]).tolist()) == [-1, 0]
    shape = "ST_GeomFromText('POLYGON ((0 0, 4 0, 4 4, 0 0))')"
    assert pm.match([(2, 1)], connection.sql(f"SELECT {shape} AS shape, 'a' AS name")).tolist() == [0]
    assert crs_of(connection.sql(f"SELECT ST_SetSRID({shape}, 4326) AS shape")) == "OGC:CRS84"


def test_arrays_of_geoarrow(tmp_path):
    if not find_spec("geoarrow") or not find_spec("geoarrow.pyarrow"):
        pytest.skip("geoarrow-pyarrow is not installed")
    program = """
        import geoarrow.pyarrow  # for all of pyarrow, so in a process of its own
        import poly_match as pm
        import pyarrow as pa
        from poly_match._forms.arrow import crs_of
        from poly_match._readers.named_files import points_in

        def array(*texts):
            made = geoarrow.pyarrow.as_geoarrow(geoarrow.pyarrow.array(list(texts)))
            return geoarrow.pyarrow.with_crs(made, "EPSG:3857")

        points, shapes = array("POINT (1 1)", "POINT (9 9)"), array("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))")
        assert pm.match(points, shapes).tolist() == [0, -1]
        assert crs_of(points) == crs_of(shapes) == "EPSG:3857"
        table = pa.table({"place": points})
        with pa.ipc.new_file("points.arrow", table.schema) as file:
            file.write_table(table)
        assert points_in("points.arrow").crs_text == "EPSG:3857"
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, cwd=tmp_path)


# ---- the reference system ----------------------------------------------------------------------------------


def code(crs: dict | None) -> int | None:
    """Return the EPSG code in PROJJSON."""
    return None if crs is None else crs["id"]["code"]


@pytest.mark.parametrize("interleaved", [True, False])
def test_the_reference_system_of_an_object(interleaved):
    frame = SHAPES.to_frame("shape").assign(id=1)
    column = SHAPES.to_arrow(geometry_encoding="geoarrow", interleaved=interleaved)
    frames = frame.to_arrow(geometry_encoding="geoarrow", interleaved=interleaved)
    table = pa.table(frames)
    reader = pa.RecordBatchReader.from_stream(frames)
    forms = [column, frames, table, table.to_batches()[0], table.schema, reader, polars.DataFrame(frames)]
    forms.append(frame.to_arrow())
    for form in forms:
        assert code(crs_of(form)) == 3857, type(form)
    assert len(pm.Index(reader)) == 4  # it is still unread


def test_an_object_without_a_reference_system():
    for form in (PLACES, RINGS, None, TABLE, native(SHAPES), wkb(SHAPES), PAIRS.to_arrow()):
        assert crs_of(form) is None
    relation = duckdb.sql("SELECT 1 AS x, 2 AS y")
    assert crs_of(relation) is None


def test_a_table_of_geoparquet_says_which_column_and_which_system(tmp_path):
    frame = geopandas.GeoDataFrame({"other": SHAPES.to_wkb(), "shape": SHAPES}, geometry="shape")
    frame.to_parquet(tmp_path / "shapes.parquet")
    table = pa.parquet.read_table(tmp_path / "shapes.parquet")
    assert pm.match(PLACES, table).tolist() == EXPECTED
    assert code(crs_of(table)) == 3857
    geo = json.loads(table.schema.metadata[b"geo"])
    del geo["columns"]["shape"]["crs"]
    assert crs_of(table.replace_schema_metadata({"geo": json.dumps(geo)})) == "OGC:CRS84"
    geo["columns"]["shape"]["crs"] = None
    assert crs_of(table.replace_schema_metadata({"geo": json.dumps(geo)})) is None
    for nonsense in ("nonsense", "[]", '{"columns": 5}', '{"columns": {"shape": 5}}'):
        spoilt = pa.table({"shape": table["shape"]}, metadata={"geo": nonsense})
        assert crs_of(spoilt) is None
        assert pm.match(PLACES, spoilt).tolist() == EXPECTED


# ---- nothing is left behind --------------------------------------------------------------------------------


SMALL = TABLE.slice(0, 4)
BYTES = wkb(POINTS[:4])


@pytest.mark.parametrize(
    "make",
    [
        lambda: SMALL.to_batches()[0],
        lambda: pa.RecordBatchReader.from_batches(SMALL.schema, SMALL.to_batches()),
        lambda: SMALL["x"].chunk(0),
        lambda: BYTES,
        lambda: pa.chunked_array([BYTES, BYTES[:1]]),
        lambda: BYTES.cast(pa.binary_view()),
        lambda: [*BYTES.to_pylist(), None],
        lambda: [BYTES[0].as_py()[:-1]],
        lambda: pa.array([BYTES[0].as_py() + b"."]),
    ],
    ids=range(9),
)
def test_conversions_leave_nothing_behind(make):
    def convert() -> None:
        with contextlib.suppress(ValueError, TypeError):
            xy_of(make())
        with contextlib.suppress(ValueError, TypeError):
            regions_of(make())

    before = pa.total_allocated_bytes()
    check(convert, 1000)
    assert pa.total_allocated_bytes() <= before
