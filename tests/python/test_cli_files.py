"""Every file format in and out: rows, order, types and nulls, and where each format stores the geometry."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import poly_match as pm
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from poly_match._cli import main as cli
from poly_match._readers.formats import CODECS, FORMATS

SQUARES = [shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 2), shapely.box(10, 0, 12, 2)]
NAMES = ["outer", None, ""]
LEVELS = [1, None, 2**53 + 1]
X = [1.5, 3, 11, 99, None, 0.25, 1 / 3, 2, 10]
Y = [1.5, 3, 1, 99, None, 1, 1, 2, 0]
ANSWERS = [1, 0, 2, -1, -1, 0, 0, 1, 2]
STATUS = ["matched"] * 3 + ["no candidate", "bad point"] + ["matched"] * 4
DAY, NOON = datetime.date(2020, 2, 29), datetime.datetime(1999, 12, 31, 12, 0, 0, 125000)
POINTS = pa.table(
    {
        "i": pa.array([1, None, 3, 4, 2**52, -6, 7, 8, 9]),
        "s": pa.array(["a", None, "", "ü", 'q"u', "x,y", "l\nm", "007", "z"]),
        "f": pa.array([0.1, None, 1e-9, -0.5, 1 / 3, 1e9, 2, 3, 4]),
        "b": pa.array([True, None, False] * 3),
        "d": pa.array([DAY, None] + [DAY] * 7),
        "t": pa.array([NOON, None] + [NOON] * 7, pa.timestamp("ms")),
        "n": pa.array([1, None] * 4 + [5], pa.int32()),
        "x": pa.array(X, pa.float64()),
        "y": pa.array(Y, pa.float64()),
    }
)
ENDINGS = [ending for each in FORMATS for ending in each.endings]
# Limits of the formats: the columns that come back changed, and how.
CHANGED: dict[str, dict[str, Any]] = {
    "gpkg": {"t": lambda column: column.cast(pa.timestamp("ms", "UTC"))},  # all times are UTC there
    "flatgeobuf": {"d": lambda column: column.cast(pa.timestamp("ms"))},  # dates are times there
    "shapefile": {  # no times, and no empty text
        "t": lambda column: pa.array(
            [None if time is None else time.isoformat(timespec="milliseconds") for time in column.to_pylist()]
        ),
        "s": lambda column: pa.array([text or None for text in column.to_pylist()]),
        "name": lambda column: pa.array([text or None for text in column.to_pylist()]),
    },
}


def main(*words: str | Path) -> None:
    assert cli.main([str(word) for word in words]) == 0


def refuse(capsys: pytest.CaptureFixture[str], code: int, *words: str | Path) -> str:
    assert cli.main([str(word) for word in words]) == code
    return capsys.readouterr().err


def read(path: Path) -> pa.Table:
    """Read a file independently of the command line."""
    if path.suffix in (".csv", ".txt", ".tsv", ".tab"):
        cells = pacsv.ConvertOptions(
            column_types={name: pa.string() for name in (*POINTS.column_names, "name", "level")},
            null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
        )  # fmt: skip
        syntax = pacsv.ParseOptions(
            delimiter="," if path.suffix in (".csv", ".txt") else "\t", newlines_in_values=True
        )
        return pacsv.read_csv(path, convert_options=cells, parse_options=syntax)
    if path.suffix in (".parquet", ".pq", ".geoparquet"):
        return pq.read_table(path)
    if path.suffix == ".arrows":
        return pa.ipc.open_stream(pa.memory_map(str(path))).read_all()
    if path.suffix in (".arrow", ".feather", ".ipc"):
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    return pyogrio.read_arrow(path)[1]


def geometry_of(table: pa.Table) -> pa.ChunkedArray | None:
    return next(
        (table[name] for name in ("geometry", "wkb_geometry", "geom") if name in table.column_names), None
    )


def as_text(column: pa.ChunkedArray) -> list[str | None]:
    return column.cast(pa.string()).to_pylist()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    squares = pa.table(
        {"name": NAMES, "level": pa.array(LEVELS, pa.int64()), "geometry": shapely.to_wkb(SQUARES)}
    )
    pyogrio.write_arrow(
        squares, tmp_path / "squares.gpkg", geometry_name="geometry", geometry_type="Polygon", crs="EPSG:4326"
    )
    pq.write_table(POINTS, tmp_path / "points.parquet")
    return tmp_path


# ---- points through every format ---------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_rows_order_types_and_nulls_go_through_every_format(folder, ending):
    out = folder / f"out{ending}"
    main("match", folder / "points.parquet", folder / "squares.gpkg", "-o", out, "--audit", "-q")
    table = read(out)
    format = next(each for each in FORMATS if ending in each.endings)
    expected = {name: POINTS[name].combine_chunks() for name in POINTS.column_names}
    rows = pa.array(ANSWERS, mask=np.array(ANSWERS) < 0)
    expected["name"] = pa.array(NAMES).take(rows)
    expected["level"] = pa.array(LEVELS, pa.int64()).take(rows)
    expected["status"] = pa.array(STATUS)
    for name, column in expected.items():
        found = table[name].combine_chunks()
        column = CHANGED.get(format.name, {}).get(name, lambda column: column)(column)
        if format.family == "csv":
            found, column = found.cast(pa.string()), column.cast(pa.string())
        assert (name, found.type) == (name, column.type)
        if format.name == "shapefile" and found.type == pa.float64():  # it has 15 decimals
            found, column = (pc.round(each, 14) for each in (found, column))
        assert (name, found.to_pylist()) == (name, column.to_pylist())
    geometry = geometry_of(table)
    assert (geometry is not None) == format.needs_geometry
    if geometry is not None:
        shapes = shapely.from_wkb(geometry.to_numpy())
        assert [None if s is None else (s.x, s.y) for s in shapes] == [
            None if x is None else (x, y) for x, y in zip(X, Y, strict=True)
        ]
    # And back: the same rows, the same answers.
    again = folder / "again.parquet"
    main("match", out, folder / "squares.gpkg", "-o", again, "--columns", "level", "-q")
    table = pq.read_table(again)
    assert table["level_region"].to_pylist() == pa.array(LEVELS, pa.int64()).take(rows).to_pylist()
    assert as_text(table["i"]) == as_text(POINTS["i"])


@pytest.mark.parametrize(
    "ending", [".gpkg", ".fgb", ".geojson", ".geojsonl", ".shp", ".geoparquet", ".arrow"]
)
def test_polygons_come_in_every_format_with_geometries(folder, ending):
    polygons = folder / f"polygons{ending}"
    main("count", folder / "points.parquet", folder / "squares.gpkg", "-o", polygons, "-q")
    assert read(polygons)["count"].to_pylist() == [3, 2, 2]
    main(
        "match", folder / "points.parquet", polygons, "-o", folder / "out.parquet", "--columns", "count", "-q"
    )
    table = pq.read_table(folder / "out.parquet")
    assert table["count"].to_pylist() == [2, 3, 2, None, None, 3, 3, 2, 2]


@pytest.mark.parametrize("ending", [".csv", ".gpkg", ".parquet", ".arrow"])
def test_polygons_come_as_geoarrow(folder, ending):
    frame = geopandas.GeoDataFrame({"level": LEVELS}, geometry=SQUARES, crs=4326)
    frame.to_parquet(folder / "native.parquet", geometry_encoding="geoarrow")
    out = folder / f"out{ending}"
    main("count", folder / "points.parquet", folder / "native.parquet", "-o", out, "-q")
    table = read(out)
    assert table["count"].to_pylist() == [3, 2, 2]
    if ending != ".csv":
        areas = shapely.area(shapely.from_wkb(geometry_of(table).to_numpy()))
        assert areas.tolist() == [16, 1, 4]


@pytest.mark.parametrize("ending", [".fgb", ".gpkg", ".shp", ".geojsonl", ".arrow", ".geoparquet"])
def test_many_rows_keep_their_order(folder, ending):
    rng = np.random.default_rng(5)
    count = 200_001
    table = pa.table({"id": np.arange(count), "x": rng.uniform(0, 12, count), "y": rng.uniform(0, 4, count)})
    pq.write_table(table, folder / "many.parquet")
    main("match", folder / "many.parquet", folder / "squares.gpkg", "-o", folder / f"out{ending}", "-q")
    found = read(folder / f"out{ending}")
    assert np.array_equal(found["id"].to_numpy(), np.arange(count))
    answers = pm.match((table["x"].to_numpy(), table["y"].to_numpy()), SQUARES)
    levels = pa.array(LEVELS, pa.int64()).take(pa.array(answers, mask=answers < 0))
    assert found["level"].combine_chunks().equals(levels)
    main("match", folder / f"out{ending}", folder / "squares.gpkg", "-o", folder / "again.parquet", "-q")
    assert np.array_equal(pq.read_table(folder / "again.parquet")["id"].to_numpy(), np.arange(count))


def test_no_points_are_an_empty_answer_with_all_columns(folder):
    pq.write_table(POINTS.slice(0, 0), folder / "none.parquet")
    for ending in (".parquet", ".arrow", ".gpkg", ".fgb", ".csv"):
        out = folder / f"out{ending}"
        main("match", folder / "none.parquet", folder / "squares.gpkg", "-o", out, "-q")
        table = read(out)
        assert table.num_rows == 0
        assert {"i", "s", "name", "level"} <= set(table.column_names)


# ---- CSV ---------------------------------------------------------------------------------------------------


def test_csv_tells_empty_text_from_nothing(folder):
    (folder / "p.csv").write_text('x,y,note\n3,3,\n3,3,""\n3,3," "\n', encoding="utf-8")
    main(
        "match",
        folder / "p.csv",
        folder / "squares.gpkg",
        "-o",
        folder / "out.csv",
        "-q",
        "--columns",
        "name",
    )
    assert (folder / "out.csv").read_text() == 'x,y,note,name\n3,3,,outer\n3,3,"",outer\n3,3, ,outer\n'
    main("match", folder / "p.csv", folder / "squares.gpkg", "-o", folder / "out.parquet", "-q")
    assert pq.read_table(folder / "out.parquet")["note"].to_pylist() == [None, "", " "]


def test_csv_as_windows_programs_write_it(folder):
    text = '\ufeffx,y,note\r\n3,3,"a\r\nb"\r\n3,3,c\r\n'
    (folder / "p.csv").write_bytes(text.encode())
    main("match", folder / "p.csv", folder / "squares.gpkg", "-o", folder / "out.parquet", "-q")
    assert pq.read_table(folder / "out.parquet")["note"].to_pylist() == ["a\r\nb", "c"]


def test_csv_cells_stay_text_in_other_formats_but_x_and_y(folder):
    (folder / "p.csv").write_text("code,lon,lat\n007,3.50,3\n,,\n", encoding="utf-8")
    main("match", folder / "p.csv", folder / "squares.gpkg", "-o", folder / "out.parquet", "-q")
    table = pq.read_table(folder / "out.parquet")
    assert table.select(["code", "lon", "lat"]).to_pydict() == {
        "code": ["007", None], "lon": [3.5, None], "lat": [3.0, None],
    }  # fmt: skip


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".zst"])
def test_csv_is_compressed_as_its_name_ends(folder, ending):
    (folder / "p.csv").write_text("x,y\n3,3\n" + "9,9\n" * 50_000, encoding="utf-8")
    main("match", folder / "p.csv", folder / "squares.gpkg", "-o", folder / "plain.csv", "-q")
    main("match", folder / "p.csv", folder / "squares.gpkg", "-o", folder / f"one.csv{ending}", "-q")
    main(
        "match", folder / f"one.csv{ending}", folder / "squares.gpkg", "-o", folder / f"two.tsv{ending}", "-q"
    )
    assert (folder / f"one.csv{ending}").stat().st_size < (folder / "plain.csv").stat().st_size / 10
    with pa.CompressedInputStream(str(folder / f"one.csv{ending}"), CODECS[ending]) as file:
        assert file.read() == (folder / "plain.csv").read_bytes()
    with pa.CompressedInputStream(str(folder / f"two.tsv{ending}"), CODECS[ending]) as file:
        assert file.read(57) == b"x\ty\tname\tlevel\tname_region\tlevel_region\n3\t3\touter\t1\touter"


@pytest.mark.parametrize("block", [1, 2, 3, 7, 11, 64])
def test_csv_is_cut_between_rows_wherever_quotes_are(folder, monkeypatch, block):
    from poly_match._readers import csv

    monkeypatch.setattr(csv, "BLOCK", block)
    text = 'x,"y\nnorth",note\r\n3,3,"a\n""b"",\nc"\n3,3,5" pipe\n3,3,"x"\n3,3,"""\n"\n'
    (folder / "p.csv").write_bytes(text.encode())
    words = [folder / "p.csv", folder / "squares.gpkg", "--y", "y\nnorth", "-q"]
    main("match", *words, "-o", folder / "out.parquet")
    assert pq.read_table(folder / "out.parquet")["note"].to_pylist() == ['a\n"b",\nc', '5" pipe', "x", '"\n']


def test_geometries_become_x_and_y_in_csv(folder):
    main("match", folder / "points.parquet", folder / "squares.gpkg", "-o", folder / "p.gpkg", "-q")
    pyogrio.write_arrow(
        pyogrio.read_arrow(folder / "p.gpkg", columns=["i"])[1], folder / "i.gpkg",
        geometry_name="geom", geometry_type="Point", crs="EPSG:4326",
    )  # fmt: skip
    main(
        "match",
        folder / "i.gpkg",
        folder / "squares.gpkg",
        "-o",
        folder / "out.csv",
        "-q",
        "--columns",
        "name",
    )
    assert (folder / "out.csv").read_text().splitlines()[:5] == [
        "i,x,y,name", "1,1.5,1.5,", ",3,3,outer", '3,11,1,""', "4,99,99,",
    ]  # fmt: skip


# ---- where the places are ----------------------------------------------------------------------------------


def geoarrow(encoding: str) -> tuple[pa.Array, dict[str, str]]:
    """Return the points as a GeoArrow column, and the metadata of its field."""
    x, y = (pa.array(values, pa.float64()) for values in (X, Y))
    if encoding == "struct":
        column = pa.StructArray.from_arrays([x, y], names=["x", "y"], mask=x.is_null())
    else:
        flat = np.array([[np.nan if v is None else v for v in values] for values in (X, Y)]).T.ravel()
        column = pa.FixedSizeListArray.from_arrays(pa.array(flat), 2)
    return column, {
        "ARROW:extension:name": "geoarrow.point",
        "ARROW:extension:metadata": '{"crs": "EPSG:4326"}',
    }


@pytest.mark.parametrize("encoding", ["struct", "list"])
@pytest.mark.parametrize("ending", [".arrow", ".parquet", ".gpkg", ".csv", ".geoparquet"])
def test_geoarrow_points_go_in_and_out(folder, encoding, ending):
    column, words = geoarrow(encoding)
    schema = pa.schema([pa.field("i", pa.int64()), pa.field("place", column.type, metadata=words)])
    table = pa.Table.from_arrays([POINTS["i"], column], schema=schema)
    with pa.ipc.new_file(str(folder / "points.arrow"), schema) as out:
        out.write_table(table)
    main("match", folder / "points.arrow", folder / "squares.gpkg", "-o", folder / f"out{ending}", "-q")
    assert read(folder / f"out{ending}")["level"].cast(pa.string()).to_pylist() == as_text(
        pa.chunked_array([pa.array([None, 1, LEVELS[2], None, None, 1, 1, None, LEVELS[2]])])
    )
    found = read(folder / f"out{ending}")
    if ending == ".arrow":
        before = read(folder / "points.arrow").schema  # other types, where a library has registered them
        assert found.schema.field("place").equals(before.field("place"), check_metadata=True)
    elif ending.endswith("parquet"):
        frame = geopandas.read_parquet(folder / f"out{ending}")
        assert frame.crs == "EPSG:4326"
        assert [None if p is None else p.x for p in frame.geometry] == X


def test_geoparquet_says_what_it_is(folder):
    main("match", folder / "points.parquet", folder / "squares.gpkg", "-o", folder / "out.geoparquet", "-q")
    geo = json.loads(pq.read_schema(folder / "out.geoparquet").metadata[b"geo"])
    assert (geo["version"], geo["primary_column"], list(geo["columns"])) == (
        "1.1.0",
        "geometry",
        ["geometry"],
    )
    column = geo["columns"]["geometry"]
    assert (column["encoding"], column["geometry_types"]) == ("WKB", ["Point"])
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 4326}
    frame = geopandas.read_parquet(folder / "out.geoparquet")
    assert [None if p is None else p.x for p in frame.geometry] == X


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
def test_geoparquet_of_geopandas_goes_through(folder, encoding):
    frame = geopandas.GeoDataFrame(
        {"i": range(9)}, geometry=geopandas.points_from_xy(np.array(X, float), np.array(Y, float)), crs=4326
    )
    frame.loc[4, "geometry"] = None
    frame.to_parquet(folder / "frame.parquet", geometry_encoding=encoding)
    main("match", folder / "frame.parquet", folder / "squares.gpkg", "-o", folder / "out.parquet", "-q")
    found = geopandas.read_parquet(folder / "out.parquet")
    assert found.crs == frame.crs
    assert found.geometry.geom_equals(frame.geometry).tolist() == [True] * 4 + [False] + [True] * 4
    assert found["name"].tolist()[1:3] == ["outer", ""]


def test_columns_win_over_a_geometry_when_they_are_named(folder):
    main("match", folder / "points.parquet", folder / "squares.gpkg", "-o", folder / "p.gpkg", "-q")
    out = folder / "out.csv"
    main("match", folder / "p.gpkg", folder / "squares.gpkg", "-o", out, "-q", "--x", "y", "--y", "x")
    swapped = pm.match((np.array(Y, float), np.array(X, float)), SQUARES)
    names = [NAMES[i] if i >= 0 else None for i in swapped]
    assert pacsv.read_csv(out)["name_region"].to_pylist() == [name or "" for name in names]


@pytest.mark.parametrize("ending", [".gpkg", ".fgb", ".geoparquet", ".shp", ".geojsonl", ".arrow"])
def test_heights_are_kept(folder, ending):
    frame = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([3, 1.5], [3, 1.5], [7.5, 8]), crs=4326)
    frame.to_file(folder / "high.gpkg")
    main("match", folder / "high.gpkg", folder / "squares.gpkg", "-o", folder / f"out{ending}", "-q")
    found = read(folder / f"out{ending}")
    assert shapely.get_z(shapely.from_wkb(geometry_of(found).to_numpy())).tolist() == [7.5, 8]
    if ending == ".geoparquet":
        geo = json.loads(found.schema.metadata[b"geo"])
        assert geo["columns"][geo["primary_column"]]["geometry_types"] == ["Point Z"]


# ---- layers, coordinate reference systems ------------------------------------------------------------------


def test_layers_are_chosen_by_name(folder, capsys):
    pyogrio.write_dataframe(
        geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.box(0, 0, 9, 9)], crs=4326),
        folder / "squares.gpkg", layer="other", append=True,
    )  # fmt: skip
    words = ["match", folder / "points.parquet", folder / "squares.gpkg", "-q"]
    said = refuse(capsys, 2, *words)
    assert "squares.gpkg: has several layers: squares, other; choose one with --polygons-layer; run:" in said
    main(*words, "--polygons-layer", "other", "-o", folder / "out.parquet")
    assert pq.read_table(folder / "out.parquet")["a"].to_pylist() == [1, 1, None, None, None, 1, 1, 1, None]
    assert "has no layer none; it has squares, other" in refuse(capsys, 2, *words, "--polygons-layer", "none")
    assert "a parquet file has no layers" in refuse(capsys, 2, *words, "--points-layer", "a")
    main("info", folder / "squares.gpkg")
    assert "layers: squares, other\n" in capsys.readouterr().out


def test_one_crs_spelled_differently_is_one(folder):
    frame = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([3], [3]), crs="OGC:CRS84")
    frame.to_parquet(folder / "crs84.parquet")
    main("match", folder / "crs84.parquet", folder / "squares.gpkg", "-o", folder / "out.csv", "-q")


# ---- the other outputs -------------------------------------------------------------------------------------


def test_rejects_are_the_unmatched_points_as_they_were(folder):
    (folder / "p.csv").write_text("x,y,n\n3,3,a\n99,99,b\n,,c\n1,1,d\n", encoding="utf-8")
    words = ["match", folder / "p.csv", folder / "squares.gpkg", "-o", folder / "out.csv", "-q"]
    main(*words, "--rejects", folder / "rest.csv")
    assert (folder / "rest.csv").read_text() == "x,y,n\n99,99,b\n,,c\n"
    assert len((folder / "out.csv").read_text().splitlines()) == 5
    main(*words, "--rejects", folder / "rest.gpkg", "--audit", "--overwrite")
    assert read(folder / "rest.gpkg")["status"].to_pylist() == ["no candidate", "bad point"]


def test_count_adds_up_and_keeps_every_region(folder):
    main("count", folder / "points.parquet", folder / "squares.gpkg", "-o", folder / "count.csv", "-q")
    assert (folder / "count.csv").read_text() == (f'name,level,count\nouter,1,3\n,,2\n"",{LEVELS[2]},2\n')
    main("count", folder / "points.parquet", folder / "squares.gpkg", "-o", folder / "count.parquet", "-q")
    frame = geopandas.read_parquet(folder / "count.parquet")
    assert frame.geometry.geom_equals(geopandas.GeoSeries(SQUARES, crs=4326)).all()


def test_a_saved_index_gives_the_same_answers(folder, capsys):
    index = folder / "squares.pmx"
    main("index", folder / "squares.gpkg", "-o", index, "--best", "largest")
    assert f"3 regions in {index.stat().st_size:,} bytes\n" in capsys.readouterr().err
    words = ["match", folder / "points.parquet", "-q"]
    main(*words, index, "-o", folder / "numbers.parquet")
    numbers = pq.read_table(folder / "numbers.parquet")
    assert numbers.column_names == [*POINTS.column_names, "region"]
    expected = pm.match((np.array(X, float), np.array(Y, float)), SQUARES, best="largest")
    assert numbers["region"].to_pylist() == [None if i < 0 else i for i in expected.tolist()]
    main(
        *words, folder / "squares.gpkg", "--index", index, "-o", folder / "names.parquet", "--columns", "name"
    )
    names = pq.read_table(folder / "names.parquet")["name"].to_pylist()
    assert names == [None if i < 0 else NAMES[i] for i in expected]
    main("count", folder / "points.parquet", index, "-o", folder / "count.csv", "-q")
    assert (folder / "count.csv").read_text() == "region,count\n0,5\n1,0\n2,2\n"


def test_info_tells_what_is_in_a_file(folder, capsys):
    main("info", folder / "squares.gpkg", "--json")
    facts = json.loads(capsys.readouterr().out)
    assert facts == {
        "path": str(folder / "squares.gpkg"), "format": "gpkg", "layers": ["squares"], "rows": 3, "crs":
        "EPSG:4326", "geometry": "geom", "x_y": None, "columns": {"name": "string", "level": "int64", "geom":
        "binary"},
    }  # fmt: skip
    main("info", folder / "points.parquet")
    assert "rows: 9\nx_y: x, y\ncolumns:\n  i: int64\n" in capsys.readouterr().out
    pm.Index(SQUARES).save(folder / "squares.pmx")
    main("info", folder / "squares.pmx")
    assert "regions: 3\npredicate: covers\nbest: smallest\n" in capsys.readouterr().out


def test_check_reports_what_is_wrong(folder, capsys):
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    geopandas.GeoDataFrame(geometry=[*SQUARES, bow_tie], crs=4326).to_file(folder / "bow.gpkg")
    main("check", folder / "bow.gpkg")
    assert capsys.readouterr().out == f"{pm.check([*SQUARES, bow_tie])}\n"
    main("check", folder / "bow.gpkg", folder / "points.parquet", "--json")
    report = json.loads(capsys.readouterr().out)
    assert (report["regions"], report["points"]) == (4, 9)
    assert [3] in [finding["rows"] for finding in report["findings"]]


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_plot_draws_a_picture(folder, ending):
    pytest.importorskip("matplotlib")
    words = ["plot", folder / "points.parquet", folder / "squares.gpkg", "-o", folder / f"map{ending}", "-q"]
    main(*words)
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[ending]
    assert (folder / f"map{ending}").read_bytes().startswith(start)
    assert not list(folder.glob(".*.partial"))


def test_plot_has_the_options_of_python(folder, monkeypatch):
    pytest.importorskip("matplotlib")
    given = {}
    plot = pm.plot
    monkeypatch.setattr(
        pm, "plot", lambda *words, **options: given.update(options) or plot(*words, **options)
    )
    words = ["plot", folder / "points.parquet", folder / "squares.gpkg", "-o", folder / "map.png", "-q"]
    options = ["--title", "Two", "--extent", "-1", "0", "4", "5.5", "--size", "5", "4", "--highlight"]
    main(*words, *options, "name=outer", "--highlight", "name=", "--cells")
    assert (folder / "map.png").read_bytes()[16:24] == bytes([0, 0, 3, 232, 0, 0, 3, 32])  # 1000 x 800
    assert (given["title"], given["extent"], given["figsize"]) == ("Two", (-1, 0, 4, 5.5), (5, 4))
    assert (given["highlight"], given["cells"]) == (["outer", ""], True)
    assert given["names"] == NAMES


def test_the_summary_as_json(folder, capsys):
    words = ["match", folder / "points.parquet", folder / "squares.gpkg", "-o", folder / "out.csv"]
    main(*words, "--json", "--rejects", folder / "rest.csv")
    said = capsys.readouterr()
    facts = json.loads(said.err)
    assert said.out == ""
    seconds = facts.pop("seconds")
    assert 0 < seconds["matching"] + seconds["preparing"] <= seconds["total"]
    assert facts.pop("points_per_second") > 0
    assert facts == {
        "points": 9, "matched": 7, "unmatched": 2, "bad_points": 1, "regions": 3,
        "output": str(folder / "out.csv"), "rejects": str(folder / "rest.csv"), "warnings": [],
    }  # fmt: skip


def test_overwriting_a_shapefile_replaces_all_its_parts(folder):
    out = folder / "out.shp"
    main("match", folder / "points.parquet", folder / "squares.gpkg", "-o", out, "-q")
    (folder / "out.qix").write_text("an index of the rows before")
    pq.write_table(POINTS.slice(0, 2), folder / "two.parquet")
    main("match", folder / "two.parquet", folder / "squares.gpkg", "-o", out, "-q", "--overwrite")
    assert read(out).num_rows == 2
    assert sorted(path.suffix for path in folder.glob("out.*")) == [".cpg", ".dbf", ".prj", ".shp", ".shx"]


# ---- pipes -------------------------------------------------------------------------------------------------


def test_formats_flow_through_pipes(folder):
    command = f"{sys.executable} -m poly_match._cli match"
    program = (
        f"cat p.csv | {command} - squares.gpkg -f arrow -q --columns level"
        f" | {command} - squares.gpkg --points-format arrow -f geojsonseq -q --columns ''"
        f" | {command} - squares.gpkg --points-format geojsonseq -q --columns name -f tsv"
    )
    (folder / "p.csv").write_text('lon,lat,note\n3,3,"a\nb"\n99,9,\n,,none\n', encoding="utf-8")
    result = subprocess.run(["bash", "-ec", program], cwd=folder, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (
        'lon\tlat\tnote\tlevel\tregion\tx\ty\tname\n3\t3\t"a\nb"\t1\t0\t3\t3\touter\n'
        "99\t9\t\t\t\t99\t9\t\n\t\tnone\t\t\t\t\t\n"
    )


def test_polygons_from_standard_input(folder):
    main("count", folder / "points.parquet", folder / "squares.gpkg", "-o", folder / "polygons.geojson", "-q")
    words = ["match", "points.parquet", "-", "-q", "--columns", "count", "-f", "csv"]
    with (folder / "polygons.geojson").open("rb") as file:
        result = subprocess.run(
            [sys.executable, "-m", "poly_match._cli", *words],
            cwd=folder,
            stdin=file,
            capture_output=True,
            text=True,
        )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1].endswith(",1.5,1.5,2")
