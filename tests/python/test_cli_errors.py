"""Every failure of the command line: its exit code and its exact messages."""

# ruff: noqa: E501 (messages are quoted verbatim)

from __future__ import annotations

import json
import os
from pathlib import Path

import geopandas
import numpy as np
import poly_match as pm
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from poly_match._cli import main as cli

SQUARES = [shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 2)]
BOW_TIE = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in a folder with points and polygons, so that messages have short names in them."""
    monkeypatch.chdir(tmp_path)
    frame = geopandas.GeoDataFrame({"name": ["a", "b"], "level": [1, None]}, geometry=SQUARES, crs=4326)
    frame.to_file("squares.geojson")
    frame.to_crs(3857).to_file("metres.gpkg")
    geopandas.GeoDataFrame({"n": [1, 2]}, geometry=[*SQUARES[:1], BOW_TIE], crs=4326).to_file("bow.geojson")
    Path("points.csv").write_text("name,lon,lat\na,1,1\nb,9,9\n")
    Path("there.csv").write_text("as before")
    return tmp_path


def failing(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Return the exit code and the messages of a command that has written nothing."""
    before = sorted(os.listdir())
    code = cli.main(list(words))
    said = capsys.readouterr()
    assert said.out == ""
    assert sorted(os.listdir()) == before
    assert Path("there.csv").read_text() == "as before"
    return code, said.err


M = ("match", "points.csv", "squares.geojson")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["match"], "Missing argument 'POINTS'. (see: poly-match match --help)"),
        ([*M, "--zzz"], "No such option '--zzz'. (see: poly-match match --help)"),
        ([*M, "--predicate", "touches"],
         "Invalid value for '--predicate': 'touches' is not one of 'covers', 'center_within', 'dwithin', 'nearest'. "
         "(see: poly-match match --help)"),
        ([*M, "--predicate", "center_within"], "--predicate center_within needs --distance"),
        ([*M, "--predicate", "dwithin"], "--predicate dwithin needs --distance"),
        ([*M, "--distance", "3"], "--distance belongs to --predicate center_within, dwithin, nearest"),
        ([*M, "--best", "first", "--score", "level"], "--best and --score exclude each other"),
        ([*M, "-j", "0"], "--workers must be positive, or -1 for all usable cores"),
        ([*M, "-o", "there.csv"], "there.csv: exists already; add --overwrite to replace it"),
        ([*M, "--rejects", "there.csv"], "there.csv: exists already; add --overwrite to replace it"),
        ([*M, "-o", "points.csv", "--overwrite"], "the output is the same file as an input: points.csv"),
        ([*M, "-o", "./squares.geojson", "--overwrite"],
         "the output is the same file as an input: squares.geojson"),
        ([*M, "-o", "."], ".: is a folder; name a file in it"),
        ([*M, "-o", "o.csv", "--rejects", "o.csv"], "--output and --rejects are the same file"),
        ([*M, "--rejects", "-"], "--rejects needs a file; standard output is for all points"),
        (["match", "-", "-"], "POINTS and POLYGONS cannot both come from standard input"),
        (["match", "points.csv", "s.pmx", "--index", "t.pmx"],
         "--index goes with the file that the index was built from, not with an index"),
        (["match", "points.csv", "s.pmx", "--best", "first"],
         "--best has no effect on an index that is built already; leave it out"),
        (["count", "points.csv", "squares.geojson", "--index", "s.pmx", "--score", "level"],
         "--score has no effect on an index that is built already; leave it out"),
        ([*M, "-o", "out.xlsx"],
         "out.xlsx: the name tells no format; give --format, or one of the endings .csv .txt .tsv .tab .parquet .pq "
         ".geoparquet .arrow .arrows .feather .ipc .geojson .json .geojsonseq .geojsonl .geojsons .ndjson .gpkg "
         ".fgb .shp"),
        ([*M, "-f", "gpkg"],
         "gpkg cannot be written to standard output; name a file, or use csv, tsv, arrow, geojsonseq"),
        (["match", "-", "squares.geojson", "--points-format", "parquet"],
         "parquet cannot be read from standard input; use csv, tsv, arrow, geojsonseq"),
        ([*M, "--x", "east"], "--x east: points.csv has the columns name, lon, lat"),
        ([*M, "--columns", "name,nothing"], "--columns nothing: squares.geojson has the fields name, level"),
        ([*M, "--score", "nothing"], "--score nothing: squares.geojson has the fields name, level"),
        ([*M, "--score", "name"], "--score name: the field is not numeric but string"),
        ([*M, "--points-layer", "a"],
         "points.csv: a csv file has no layers; leave out --points-layer a"),
        ([*M, "--polygons-layer", "a"], "squares.geojson: has no layer a; it has squares"),
        (["index", "squares.geojson", "-o", "squares.idx"],
         "squares.idx: an index ends in .pmx, so that other commands know it; a module in .wasm"),
        (["plot", "points.csv", "squares.geojson", "-o", "map.bmp"],
         "map.bmp: a picture ends in .png, .svg or .pdf"),
        (["plot", "points.csv", "squares.geojson", "-o", "map.png", "--highlight", "a"],
         "--highlight expects FIELD=VALUE"),
        (["plot", "points.csv", "squares.geojson", "-o", "map.png", "--highlight", "a=1", "--highlight", "b=1"],
         "--highlight: the values are of one field, got a and b"),
        (["plot", "points.csv", "squares.geojson", "-o", "map.png", "--highlight", "a=1"],
         "--highlight a: squares.geojson has the fields name, level"),
        (["plot", "points.csv", "squares.pmx", "-o", "map.png"],
         "an index has no outlines to draw; give the file that it was built from"),
    ],
)  # fmt: skip
def test_wrong_usage(capsys, words, message):
    assert failing(capsys, *words) == (2, f"poly-match: {message}\n")


def test_nothing_asked_for_shows_the_help(capsys):
    code, said = failing(capsys)
    assert code == 2
    assert said.startswith("Usage: poly-match [OPTIONS] COMMAND [ARGS]...\n")


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", 1, "is empty; expected a header line with the names of the columns"),
        ("lon,lat,lon\n1,1,1\n", 1, "the header has a column twice: lon; rename one"),
        ("lon,lat\n1,1\n2,two\n3,3\n", 1,
         "row 2 (the first after the header is 1): column lat is 'two', not a number; correct it, or leave it "
         "empty; --na WORD says that a word means no value"),
        ("lon,lat\n1,1\n1,1\n2\n", 1, "row 3 (the first after the header is 1) has 1 cells, the header 2: 2"),
        ("lon,lat\n1,1\n1,1,5\n", 1,
         "row 2 (the first after the header is 1) has 3 cells, the header 2: 1,1,5"),
        ('lon,lat\n1,1\n"2,2\n3,3\n', 1, 'a quote is opened and never closed, before: "2,2\n3,3\n'),
        ("lon,lat,n\n1,1,\xff\n", 1, "row 1 (the first after the header is 1): column n is not UTF-8 text; name its encoding, as in --encoding cp1252"),
        ("lon,lat\r1,1\r", 1, "lines end in a carriage return alone; convert them to line feeds"),
        ("lon,x,lat\n1,1,1\n", 2,
         "name the column with --x (several fit: lon, x); the columns are lon, x, lat; did you mean --x lon "
         "--y lat? run: poly-match match points.csv squares.geojson -o out.csv --x lon --y lat"),
        ("east,north\n1,1\n", 2,
         "name the column with --x (none is called lon, lng, long, longitude, x); the columns are east, north; "
         "did you mean --x east --y north? run: poly-match match points.csv squares.geojson -o out.csv "
         "--x east --y north"),
    ],
)  # fmt: skip
def test_points_that_are_no_points_in_csv(capsys, text, code, message):
    Path("points.csv").write_bytes(text.encode("latin-1"))
    words = [*M, "-o", "out.csv"]
    assert failing(capsys, *words) == (code, f"poly-match: points.csv: {message}\n")


def test_the_row_at_fault_is_counted_over_pieces(capsys, monkeypatch):
    from poly_match._readers import csv

    monkeypatch.setattr(csv, "BLOCK", 1 << 12)
    Path("points.csv").write_text("lon,lat\n" + "1,1\n" * 5000 + "1\n" + "1,1\n" * 5000)
    words = [*M, "-o", "out.csv"]
    where = "row 5001 (the first after the header is 1)"
    assert failing(capsys, *words) == (1, f"poly-match: points.csv: {where} has 1 cells, the header 2: 1\n")
    Path("points.csv").write_text("lon,lat\n" + "1,1\n" * 5000 + "1,?\n" + "1,1\n" * 5000)
    assert failing(capsys, *words)[1].startswith(f"poly-match: points.csv: {where}: column lat is '?'")


def test_points_that_are_no_points_elsewhere(capsys):
    assert failing(capsys, "match", "none.csv", "squares.geojson", "-o", "out.csv") == (
        1, "poly-match: none.csv: there is no such file\n",
    )  # fmt: skip
    assert failing(capsys, "match", "none.gpkg", "squares.geojson", "-o", "out.csv") == (
        1, "poly-match: none.gpkg: there is no such file\n",
    )  # fmt: skip
    assert failing(capsys, "match", "bow.geojson", "squares.geojson", "-o", "out.csv") == (
        1, "poly-match: bow.geojson: row 1: expected a Point, got Polygon; POINTS comes first, then POLYGONS\n",
    )  # fmt: skip
    Path("p.parquet").write_text("nonsense, and more of it")
    code, said = failing(capsys, "match", "p.parquet", "squares.geojson", "-o", "out.csv")
    assert (code, said[:60]) == (1, "poly-match: p.parquet: cannot be read: Parquet magic bytes n")
    pq.write_table(pa.table({"x": [True], "y": [1.0]}), "p.parquet")
    assert failing(capsys, "match", "p.parquet", "squares.geojson", "-o", "out.csv") == (
        2, "poly-match: p.parquet: column x is not numeric but bool; name the column with --x and --y\n",
    )  # fmt: skip
    pq.write_table(pa.table({"x": [1.0], "y": [1.0]}, metadata={"geo": "{}"}), "p.parquet")
    assert failing(capsys, "match", "p.parquet", "squares.geojson", "-o", "out.csv") == (
        1, "poly-match: p.parquet: its GeoParquet metadata cannot be read; write the file again\n",
    )  # fmt: skip


def test_polygons_that_are_no_polygons(capsys):
    feature = {"type": "Feature", "properties": {}, "geometry": None}
    point = {**feature, "geometry": {"type": "Point", "coordinates": [1, 2]}}
    Path("squares.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature, point]})
    )
    assert failing(capsys, *M) == (
        1, "poly-match: squares.geojson: polygons[1]: expected a Polygon or MultiPolygon, got Point; lines and "
        'points are regions for "center_within", "dwithin", "nearest"\n',
    )  # fmt: skip
    Path("squares.geojson").write_text("nonsense")
    assert failing(capsys, *M) == (
        1,
        "poly-match: squares.geojson: cannot be read: 'squares.geojson' not recognized as being in a supported "
        "file format.\n",
    )
    assert failing(capsys, "match", "points.csv", "points.csv") == (
        1,
        "poly-match: points.csv: has no geometry; expected polygons, but lon and lat are those of points: POINTS "
        "comes first, then POLYGONS\n",
    )  # fmt: skip


def test_a_region_without_a_score(capsys):
    assert failing(capsys, *M, "--score", "level") == (
        1, "poly-match: squares.geojson: region 1 (counted from 0) has no level to score by; give it one\n",
    )  # fmt: skip


def test_a_saved_index_that_is_none_or_another(capsys):
    Path("bad.pmx").write_text("nonsense")
    code, said = failing(capsys, "match", "points.csv", "bad.pmx")
    assert (code, said[:32]) == (1, "poly-match: bad.pmx: not an inde")
    assert failing(capsys, "match", "points.csv", "none.pmx") == (
        1, "poly-match: none.pmx: cannot be read: No such file or directory\n",
    )  # fmt: skip
    pm.Index([np.array([[0, 0], [1, 0], [1, 1]])]).save("one.pmx")
    assert failing(capsys, *M, "--index", "one.pmx") == (
        3,
        "poly-match: one.pmx: has 1 regions, but squares.geojson has 2; build it again: "
        "poly-match index squares.geojson -o one.pmx --overwrite\n",
    )
    assert failing(capsys, "count", "points.csv", "one.pmx", "-o", "out.gpkg") == (
        2,
        "poly-match: one.pmx: an index has no geometries for gpkg; give the file it was built from and "
        "--index one.pmx, or write .csv or .parquet\n",
    )


def test_outputs_that_cannot_be(capsys):
    assert failing(capsys, *M, "-o", "none/out.csv") == (
        2, "poly-match: none/out.csv: there is no folder none; make it first\n",
    )  # fmt: skip
    pq.write_table(pa.table({"x": [1.0], "y": [1.0], "tags": [["a"]]}), "p.parquet")
    assert failing(capsys, "match", "p.parquet", "squares.geojson", "-o", "out.csv") == (
        1,
        "poly-match: out.csv: csv cannot hold the column tags (list<element: string>); write .parquet or .arrow, "
        "or leave it out\n",
    )


def test_a_device_is_never_replaced(capsys):
    assert failing(capsys, *M, "-o", "/dev/null", "-f", "gpkg") == (
        2, "poly-match: /dev/null: is not an ordinary file; gpkg can only be written to one\n",
    )  # fmt: skip
    assert not Path("/dev/null").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is full is needed")
@pytest.mark.parametrize("points", ["points.csv", "points.parquet", "points.gpkg"])
@pytest.mark.parametrize("format", ["csv", "parquet", "arrow"])
def test_a_full_disk(capsys, points, format):
    Path("points.csv").write_text("x,y\n" + "1,1\n" * 200_000)
    if points != "points.csv":
        assert cli.main(["match", "points.csv", "squares.geojson", "-q", "-o", points]) == 0
    code, said = failing(capsys, "match", points, "squares.geojson", "-o", "/dev/full", "-f", format)
    assert (code, said) == (1, "poly-match: /dev/full: No space left on device\n")


# ---- input that is refused ---------------------------------------------------------------------------------


def test_points_and_polygons_on_different_planes(capsys):
    geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([1], [1]), crs=4326).to_file("points.gpkg")
    assert failing(capsys, "match", "points.gpkg", "metres.gpkg") == (
        3,
        "poly-match: points.gpkg and metres.gpkg: points are in EPSG:4326 and polygons in EPSG:3857; --reproject "
        "converts the points for matching; run: poly-match match points.gpkg metres.gpkg --reproject\n",
    )
    assert failing(capsys, "match", "points.csv", "metres.gpkg") == (
        3,
        "poly-match: points.csv: lon and lat are degrees by their names, but metres.gpkg is in "
        "EPSG:3857; if the names mislead, say --x lon --y lat; otherwise --reproject converts the points for matching; "
        "run: poly-match match points.csv metres.gpkg --reproject\n",
    )
    assert cli.main(["match", "points.csv", "metres.gpkg", "--x", "lon", "--y", "lat", "-q"]) == 0


def test_one_side_that_does_not_say_its_plane_is_a_warning(capsys):
    frame = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([1], [1]))
    frame.to_parquet("unknown.parquet")
    assert cli.main(["match", "unknown.parquet", "squares.geojson", "-q", "-o", "out.csv"]) == 0
    rest = "does not say its coordinate reference system; taken to be that of"
    assert capsys.readouterr().err == f"warning: unknown.parquet {rest} squares.geojson\n"


def test_invalid_regions_are_used_with_a_warning_skipped_or_refused(capsys):
    count = "bow.geojson: 1 of 2 regions are invalid, row 1 first (counted from 0)"
    unusable = "bow.geojson: 1 of 2 regions can't be used: 1 invalid (row 1) (counted from 0)"
    check = "what is wrong with them: poly-match check bow.geojson"
    words = ["match", "points.csv", "bow.geojson", "-q"]
    assert failing(capsys, *words, "--invalid", "error") == (
        3, f"poly-match: {unusable}; repair them, or say --invalid use or skip; {check}\n",
    )  # fmt: skip
    for option, answer, said in (
        ([], "2", f"warning: {count}; they are used as they are; {check}\n"),
        (["--invalid", "warn"], "2", f"warning: {count}; they are used as they are; {check}\n"),
        (["--invalid", "use"], "2", ""),
        (["--invalid", "skip"], "1", f"warning: {unusable}; they match nothing; {check}\n"),
    ):
        assert cli.main([*words, *option]) == 0
        out, err = capsys.readouterr()
        assert out.splitlines()[1] == f"a,1,1,{answer}"
        assert err == said
    assert cli.main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().err)["warnings"] == [f"{count}; they are used as they are; {check}"]


def test_unmatched_points_where_none_may_be(capsys):
    assert cli.main([*M, "--fail-unmatched", "-q", "-o", "out.csv"]) == 4
    assert capsys.readouterr().err == ("poly-match: 1 of 2 points are unmatched; --rejects FILE lists them\n")
    assert cli.main([*M, "--fail-unmatched", "--json", "-o", "json.csv"]) == 4
    assert json.loads(capsys.readouterr().err)["unmatched"] == 1
    assert Path("out.csv").read_text() == "name,lon,lat,name_region,level\na,1,1,b,\nb,9,9,,\n"
    Path("points.csv").write_text("lon,lat\n1,1\n")
    assert cli.main([*M, "--fail-unmatched", "-q", "-o", "again.csv"]) == 0


def test_what_a_shapefile_shortens_is_told(capfd):
    Path("points.csv").write_text("lon,lat,a_long_name_of_a_column\n1,1,z\n")
    assert cli.main([*M, "-o", "out.shp", "-q"]) == 0
    assert "field name: 'a_long_name_of_a_column' to 'a_long_nam'\n" in capfd.readouterr().err
