"""Text tables as people have them: delimiters, decimal commas, encodings, headers, missing values, WKT."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from poly_match._cli import main as cli
from poly_match._readers.dialect import recognized_delimiter

SQUARE = "0 0, 4 0, 4 4, 0 4, 0 0"
GEOJSON = (
    '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"zone":"A"},"geometry":{"type":'
    '"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]]]}}]}'
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go to a folder with one square."""
    monkeypatch.chdir(tmp_path)
    Path("zones.geojson").write_text(GEOJSON, encoding="utf-8")


def matched(name: str, *options: str, delimiter: str = ",") -> list[list[str]]:
    """Match a file of points and return the rows."""
    assert cli.main(["match", name, "zones.geojson", "-q", "-o", "out.csv", "--overwrite", *options]) == 0
    with open("out.csv", encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = cli.main(list(words))
    return code, capsys.readouterr().err


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["points.csv", "points.txt"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_delimiters_and_encodings_are_recognized(name: str, delimiter: str, encoding: str):
    lines = [["id", "lon", "lat"], ["é,;|", "1.5", "1"], ["b", "9", "9"]]
    with open(name, "w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(lines)
    assert matched(name, delimiter=delimiter) == [
        ["id", "lon", "lat", "zone"], ["é,;|", "1.5", "1", "A"], ["b", "9", "9", ""],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        (b"a,b;c\n1,2\n", ","),
        (b"x;y\n0,5;1,5\n1,25;2,5\n", ";"),
        (b"0,5;1,5\n1,25;2,5\n", ";"),
        (b"a,b\n", ","),
        (b"alone\n1\n", ","),
        (b'"a;b";c\n"1;2;3";4\n', ";"),
        (b"a|b,c\n1|2,3|4\n", ","),
        (b"", ","),
    ],
)
def test_which_delimiter(text: bytes, delimiter: str):
    assert recognized_delimiter(text) == delimiter


def test_decimal_commas(capsys: pytest.CaptureFixture[str]):
    Path("points.csv").write_text("lon;lat\n1,5;0,5\n9;4.5\n", encoding="utf-8")
    assert matched("points.csv", delimiter=";") == [
        ["lon", "lat", "zone"],
        ["1,5", "0,5", "A"],
        ["9", "4.5", ""],
    ]
    Path("tabs.tsv").write_text("lon\tlat\n1,5\t0,5\n", encoding="utf-8")
    code, text = said(capsys, "match", "tabs.tsv", "zones.geojson")
    assert code == 2
    assert text.endswith(
        "column lon is '1,5', with a comma in it; run: poly-match match tabs.tsv zones.geojson --decimal ,\n"
    )
    assert matched("tabs.tsv", "--decimal", ",")[1][-1] == "A"
    Path("thousands.csv").write_text("lon;lat\n1.234,5;0,5\n", encoding="utf-8")
    code, text = said(capsys, "match", "thousands.csv", "zones.geojson")
    assert code == 1
    assert "column lon is '1.234,5', not a number" in text


def test_named_dialects(capsys: pytest.CaptureFixture[str]):
    Path("points.csv").write_bytes("name~lon~lat\nMünster~1~1\n".encode("cp1252"))
    code, text = said(capsys, "match", "points.csv", "zones.geojson", "--delimiter", "~")
    assert code == 1
    assert text.endswith("column name is not UTF-8 text; name its encoding, as in --encoding cp1252\n")
    options = ["--delimiter", "~", "--encoding", "cp1252"]
    assert matched("points.csv", *options, delimiter="~")[1] == ["Münster", "1", "1", "A"]
    for words, message in (
        (["--delimiter", "ab"], "expected one character, or tab"),
        (["--encoding", "klingon"], "Python knows no encoding 'klingon'"),
        (["--decimal", ";"], "is not one of '.', ','"),
    ):
        code, text = said(capsys, "match", "points.csv", "zones.geojson", *words)
        assert code == 2
        assert message in text
    code, text = said(capsys, "match", "points.csv", "zones.geojson", "--encoding", "utf-16")
    assert code == 1
    assert "points.csv: is not text in utf-16" in text


def test_no_header(capsys: pytest.CaptureFixture[str]):
    Path("two.csv").write_text("0.5,0.5\n9,9\n", encoding="utf-8")
    Path("four.csv").write_text("Paris,1,1,1\nnowhere,9,9,1\n", encoding="utf-8")
    for name in ("two.csv", "four.csv"):
        code, text = said(capsys, "match", name, "zones.geojson")
        assert code == 2
        assert text.endswith(f"run: poly-match match {name} zones.geojson --no-header\n")
    assert matched("two.csv", "--no-header") == [["x", "y", "zone"], ["0.5", "0.5", "A"], ["9", "9", ""]]
    rows = matched("four.csv", "--no-header", "--x", "column_2", "--y", "column_3")
    assert rows[:2] == [
        ["column_1", "column_2", "column_3", "column_4", "zone"],
        ["Paris", "1", "1", "1", "A"],
    ]


@pytest.mark.parametrize("word", ["NA", "N/A", "NULL", "null", r"\N", "None", "-", "n/a", " NA "])
def test_words_for_missing_coordinates_are_bad_points(word: str, capsys: pytest.CaptureFixture[str]):
    Path("points.csv").write_text(
        f"id,lon,lat\n1,1,1\n2,{word},1\n3,1,{word}\n4,2,2\n5,{word},1\n", encoding="utf-8"
    )
    rows = matched("points.csv")
    assert [row[-1] for row in rows] == ["zone", "A", "", "", "A", ""]
    assert rows[2][1] == word
    shown = word.strip()
    assert capsys.readouterr().err == (
        f"warning: points.csv: 2 cells say that there is no lon ({shown}); such a point matches nothing\n"
        f"warning: points.csv: 1 cell says that there is no lat ({shown}); such a point matches nothing\n"
    )
    assert said(capsys, "check", "zones.geojson", "points.csv")[0] == 0


def test_other_words_for_missing_coordinates(capsys: pytest.CaptureFixture[str]):
    Path("points.csv").write_text("lon,lat\n1,1\n?,1\n", encoding="utf-8")
    code, text = said(capsys, "match", "points.csv", "zones.geojson")
    assert code == 1
    assert "column lon is '?', not a number; correct it, or leave it empty; --na WORD says" in text
    assert [row[-1] for row in matched("points.csv", "--na", "?,missing")] == ["zone", "A", ""]
    Path("points.csv").write_text("lon,lat\n1,1\nNA,1\n", encoding="utf-8")
    assert said(capsys, "match", "points.csv", "zones.geojson", "--na", "?")[0] == 1


@pytest.mark.parametrize(
    ("header", "x", "y"),
    [
        ("id,start_lng,start_lat,end_lng,end_lat", "start_lng", "start_lat"),
        ("X_COORD,Y_COORD,id", "X_COORD", "Y_COORD"),
        ("pickupLongitude,pickupLatitude,id", "pickupLongitude", "pickupLatitude"),
        ("id,Easting,Northing", "Easting", "Northing"),
    ],
)
def test_likely_columns_are_suggested(header: str, x: str, y: str, capsys: pytest.CaptureFixture[str]):
    names = header.split(",")
    cells = ["1" for _ in names]
    Path("points.csv").write_text(f"{header}\n{','.join(cells)}\n", encoding="utf-8")
    code, text = said(capsys, "match", "points.csv", "zones.geojson")
    assert code == 2
    assert f"did you mean --x {x} --y {y}" in text
    assert ("or --x end_lng --y end_lat" in text) == ("end_lng" in names)
    assert text.endswith(f"run: poly-match match points.csv zones.geojson --x {x} --y {y}\n")
    assert matched("points.csv", "--x", x, "--y", y)[1][-1] == "A"


def test_wkt_columns(capsys: pytest.CaptureFixture[str]):
    Path("points.csv").write_text(
        "id;place\n1;POINT (1 1)\n2;SRID=4326;POINT (9 9)\n3;\n".replace("2;SRID", '2;"SRID').replace(
            "(9 9)", '(9 9)"'
        ),
        encoding="utf-8",
    )
    rows = matched("points.csv", delimiter=";")
    assert rows[1:] == [["1", "POINT (1 1)", "A"], ["2", "SRID=4326;POINT (9 9)", ""], ["3", "", ""]]
    Path("zones.csv").write_text(f'name,outline\nB,"POLYGON (({SQUARE}))"\n', encoding="utf-8")
    assert cli.main(["match", "points.csv", "zones.csv", "-q"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["id;place;name", "1;POINT (1 1);B"]
    Path("points.csv").write_text("id,wkt\n1,POINT (1 1)\n2,POINT (1\n", encoding="utf-8")
    assert said(capsys, "match", "points.csv", "zones.csv") == (
        1, "poly-match: points.csv: row 2: column wkt is no WKT: 'POINT (1'\n",
    )  # fmt: skip


def test_points_and_polygons_swapped(capsys: pytest.CaptureFixture[str]):
    Path("points.csv").write_text("lon,lat\n1,1\n", encoding="utf-8")
    Path("points.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Point",'
        '"coordinates":[1,1]}}]}',
        encoding="utf-8",
    )
    assert said(capsys, "match", "zones.geojson", "points.csv") == (
        1,
        "poly-match: points.csv: has no geometry; expected polygons, but lon and lat are those of points: "
        "POINTS comes first, then POLYGONS\n",
    )
    assert said(capsys, "match", "zones.geojson", "points.geojson") == (
        2,
        "poly-match: zones.geojson has polygons and points.geojson has points: POINTS comes first, then "
        "POLYGONS\n",
    )
    code, text = said(capsys, "match", "zones.geojson", "zones.geojson")
    assert code == 1
    assert text.endswith("POINTS comes first, then POLYGONS\n")


def test_of_several_layers_one_is_named(capsys: pytest.CaptureFixture[str]):
    geopandas = pytest.importorskip("geopandas")
    zones = geopandas.read_file("zones.geojson")
    zones.to_file("zones.gpkg", layer="now")
    zones.to_file("zones.gpkg", layer="once upon a time")
    Path("points.csv").write_text("lon,lat\n1,1\n", encoding="utf-8")
    assert said(capsys, "match", "points.csv", "zones.gpkg") == (
        2,
        "poly-match: zones.gpkg: has several layers: now, once upon a time; choose one with "
        "--polygons-layer; run: poly-match match points.csv zones.gpkg --polygons-layer now\n",
    )
