"""`poly-match info`: rows where a file says how many it has, the first of them, and what is in an index."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import poly_match as pm
import pyarrow as pa
import pyogrio
import pytest
import shapely
from poly_match._cli import info
from poly_match._cli import main as cli

COUNT = 25
COUNTED = ["parquet", "geoparquet", "arrow", "gpkg", "fgb", "shp"]
NOT_COUNTED = ["csv", "csv.gz", "tsv", "arrows", "geojson", "geojsonl"]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    geopandas.GeoDataFrame({"name": ["a", "b"]}, geometry=[shapely.box(0, 0, 4, 4)] * 2, crs=4326).to_parquet(
        "zones.parquet"
    )
    x = np.arange(COUNT) / 4
    pd.DataFrame({"x": x, "y": x, "n": np.arange(COUNT), "s": ["x, y"] * COUNT}).to_parquet("points.parquet")


def facts(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert cli.main(["info", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def text(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(["info", *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("ending", [*COUNTED, *NOT_COUNTED])
def test_rows_are_counted_where_the_file_says_it(ending, capsys, monkeypatch):
    path = f"points.{ending}"
    if ending != "parquet":
        assert cli.main(["match", "points.parquet", "zones.parquet", "-o", path, "-q"]) == 0
        capsys.readouterr()
    with monkeypatch.context() as context:
        context.setattr(info, "ahead", None)  # no row is read
        assert facts(capsys, path)["rows"] == (COUNT if ending in COUNTED else None)
        said = text(capsys, path)
    assert ("rows: 25\n" in said) == (ending in COUNTED)
    assert ("rows: not counted; --count reads the file to count them\n" in said) == (ending in NOT_COUNTED)
    assert facts(capsys, path, "--count")["rows"] == COUNT
    for head, counted in ((3, None), (COUNT, COUNT), (COUNT + 1, COUNT)):
        found = facts(capsys, path, "--head", str(head))
        assert found["rows"] == (COUNT if ending in COUNTED else counted)
        assert len(found["head"]) == min(head, COUNT)
    assert [row["s"] for row in found["head"]] == ["x, y"] * COUNT
    assert [int(row["n"]) for row in found["head"]] == list(range(COUNT))
    found = facts(capsys, path, "--head", "1", "--count")
    assert (found["rows"], len(found["head"])) == (COUNT, 1)


def test_a_file_written_in_one_pass_may_not_say_how_many_rows_it_has(capsys, monkeypatch):
    geopandas.read_parquet("zones.parquet").to_file("zones.fgb")
    known = pyogrio.read_info

    def unknown(*arguments: Any, **options: Any) -> dict[str, Any]:
        return known(*arguments, **options) | {"features": -1}

    monkeypatch.setattr(pyogrio, "read_info", unknown)
    assert facts(capsys, "zones.fgb")["rows"] is None
    assert facts(capsys, "zones.fgb", "--count")["rows"] == 2


def test_the_first_rows_are_a_table(capsys):
    Path("t.csv").write_text('id,n,lon,lat,text\n007,1.5,1,2,"a\n  b"\n8,,3,4,\n9,-22,5,6,' + "z" * 99 + "\n")
    assert text(capsys, "t.csv", "--head", "2").partition("first ")[2].splitlines() == [
        "2 rows:",
        "   id    n  lon  lat  text",
        "  007  1.5    1    2  a b",
        "    8         3    4",
    ]
    assert text(capsys, "t.csv", "--head", "3").endswith("  " + "z" * 31 + "…\n")
    Path("empty.csv").write_text("x,y\n")
    assert text(capsys, "empty.csv", "--head").endswith("\nno rows\n  x  y\n")


def test_the_number_of_rows_may_be_left_out(capsys):
    for words in (
        ["--head", "points.parquet"],
        ["points.parquet", "--head"],
        ["points.parquet", "--head=10"],
    ):
        assert "\nfirst 10 rows:\n" in text(capsys, *words)
    assert "\nfirst 3 rows:\n" in text(capsys, "--head", "3", "points.parquet")
    os.replace("points.parquet", "7")
    assert cli.main(["info", "--head", "0", "7"]) == 2
    assert "0 is not in the range x>=1" in capsys.readouterr().err


def test_values_of_every_type_are_shown(capsys):
    when = pd.Timestamp("2020-02-29 12:00")
    table = pa.table({
        "d": [when.date()], "t": [when], "b": [b"\x01\xff"], "nan": [float("nan")], "inf": [float("inf")],
        "bool": [True], "list": [[1, 2]], "big": [2**53 + 1], "none": pa.nulls(1),
    })  # fmt: skip
    with pa.ipc.new_file("t.arrow", table.schema) as file:
        file.write_table(table)
    assert facts(capsys, "t.arrow", "--head")["head"] == [{
        "d": "2020-02-29", "t": "2020-02-29 12:00:00", "b": "01ff", "nan": None, "inf": "inf", "bool": True,
        "list": "[1, 2]", "big": 2**53 + 1, "none": None,
    }]  # fmt: skip


def test_geometries_are_shown_as_wkt(capsys):
    shapes = [shapely.Point(1 / 3, 2), None, shapely.box(0, 0, 1, 1)]
    geopandas.GeoDataFrame({"i": [1, 2, 3]}, geometry=shapes).to_parquet("shapes.parquet")
    head = facts(capsys, "shapes.parquet", "--head")["head"]
    wkt = "POLYGON ((1 0, 1 1, 0 1, 0 0, 1 0))"
    assert [row["geometry"] for row in head] == ["POINT (0.333333 2)", None, wkt]
    assert "POLYGON ((1 0, 1 1, 0 1, 0 0, 1…\n" in text(capsys, "shapes.parquet", "--head")


def test_a_table_is_as_wide_as_the_terminal():
    pty = pytest.importorskip("pty", reason="a terminal is needed")
    pd.DataFrame({f"column_{i}": [i] for i in range(20)}).to_parquet("wide.parquet")
    words = [sys.executable, "-m", "poly_match._cli", "info", "wide.parquet", "--head"]
    whole = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "column_18  column_19\n" in whole
    ours, theirs = pty.openpty()
    subprocess.run(words, check=True, stdout=theirs, env=os.environ | {"COLUMNS": "60", "LINES": "30"})
    os.write(theirs, b"END")
    shown = b""
    while not shown.endswith(b"END"):
        shown += os.read(ours, 65536)
    os.close(ours)
    os.close(theirs)
    table = shown.decode().replace("\r", "").partition("first 1 rows:\n")[2].splitlines()
    assert table[0] == "  column_0  column_1  column_2  column_3  column_4  column_5"
    assert table[2] == f"  more columns: {', '.join(f'column_{i}' for i in range(6, 20))}"
    assert len(table[0]) == 60


def test_each_of_several_layers_has_its_rows(capsys):
    zones = geopandas.read_parquet("zones.parquet")
    zones.to_file("two.gpkg", layer="one")
    zones[:1].to_file("two.gpkg", layer="other")
    assert facts(capsys, "two.gpkg")["rows"] == {"one": 2, "other": 1}
    assert "layers: one, other\nrows:\n  one: 2\n  other: 1\n" in text(capsys, "two.gpkg")
    assert facts(capsys, "two.gpkg", "--layer", "other", "--head")["head"][0]["name"] == "a"
    assert cli.main(["info", "two.gpkg", "--head"]) == 2
    assert capsys.readouterr().err.endswith(
        "choose one with --layer; run: poly-match info two.gpkg --head --layer one\n"
    )


def test_an_index_says_what_it_is(capsys):
    zones = geopandas.GeoSeries([shapely.box(i, 0, i + 1, 1) for i in range(9)], crs=3857)
    names = ["a", None, 3, "d", "e", "f", "g", "h", "i"]
    pm.Index(zones, best="largest", names=names, period=360).save("zones.pmx")
    found = facts(capsys, "zones.pmx")
    size = found.pop("bytes")
    assert size == Path("zones.pmx").stat().st_size
    assert found == {
        "path": "zones.pmx", "format": "index", "regions": 9, "predicate": "covers", "best": "largest",
        "metric": "planar", "compact": False, "period": 360, "crs": "EPSG:3857", "names": names,
        "bounds": [0, 0, 9, 1],
    }  # fmt: skip
    said = text(capsys, "zones.pmx")
    assert "\nperiod: 360\ncrs: EPSG:3857\nnames: a, None, 3, d, e … (9 in all)\nbounds: 0.0, " in said
    assert said.endswith(f"\nbytes: {size:,}\n")
    assert "\nmetric: planar\ncompact: no\n" in said
    pm.Index(zones, compact=True).save("small.pmx")
    assert facts(capsys, "small.pmx")["compact"] is True
    assert "\nmetric: planar\ncompact: yes\n" in text(capsys, "small.pmx")
    pm.Index([shapely.box(0, 0, 1, 1)], best=[1.5], predicate="nearest").save("bare.pmx")
    said = text(capsys, "bare.pmx")
    assert "regions: 1\npredicate: nearest\nbest: score\n" in said
    for absent in ("crs", "names", "period"):
        assert absent not in said
    assert cli.main(["info", "zones.pmx", "--head"]) == 2
    assert "zones.pmx: an index has no rows to show; leave out --head" in capsys.readouterr().err


def test_a_crs_that_proj_does_not_know_is_called_by_its_name(capsys):
    words = {"ARROW:extension:name": "geoarrow.wkb", "ARROW:extension:metadata": '{"crs": "hall 4"}'}
    field = pa.field("g", pa.binary(), metadata=words)
    zones = pa.table([pa.array([shapely.box(0, 0, 1, 1).wkb])], schema=pa.schema([field]))
    pm.Index(zones).save("hall.pmx")
    assert facts(capsys, "hall.pmx")["crs"] == "hall 4"
