"""What is said of points a turn away, of distances in degrees, and of rows that can't be used."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import pytest
import shapely
from poly_match._cli import main as cli

ZONES = geopandas.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(-120, 30, -60, 60)], crs=4326)


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("points.csv").write_text("lon,lat\n260,40\n-100,40\n265,45\n10,40\n,1\n")
    ZONES.to_file("zones.geojson")
    ZONES.to_crs(3857).to_file("metres.gpkg")


def test_points_a_turn_away_are_counted(capsys):
    assert cli.main(["match", "points.csv", "zones.geojson", "-o", "out.csv"]) == 0
    assert "2 points match only when turned by 360: --period 360 makes" in capsys.readouterr().err
    assert cli.main(["index", "zones.geojson", "-o", "zones.pmx", "-q"]) == 0
    assert cli.main(["match", "points.csv", "zones.pmx", "-o", "json.csv", "--json"]) == 0
    facts = json.loads(capsys.readouterr().err)
    assert (facts["turned"], facts["matched"], facts["unmatched"]) == (2, 1, 4)
    assert cli.main(["match", "points.csv", "zones.geojson", "-o", "turned.csv", "--period", "360"]) == 0
    err = capsys.readouterr().err
    assert "5 points: 3 matched" in err
    assert "turned" not in err.replace("turned.csv", "")


@pytest.mark.parametrize("rules", [[], ["--predicate", "center_within", "--distance", "40"]])
def test_points_a_turn_away_are_counted_by_key(capsys, rules):
    Path("keyed.csv").write_text(
        "lon,lat,name\n260,40,a\n-100,40,a\n265,45,b\n10,40,a\n,1,a\n265,45,\n265,45,a\n"
    )
    words = ["match", "keyed.csv", "zones.geojson", "--columns", "", "--json", *rules]
    assert cli.main([*words, "-o", "out.csv", "--on", "name"]) == 0
    facts = json.loads(capsys.readouterr().err)
    assert (facts["turned"], facts["matched"], facts["unmatched"]) == (2, 1, 6)
    assert cli.main([*words, "-o", "all.csv"]) == 0
    assert json.loads(capsys.readouterr().err)["turned"] == 4
    assert cli.main([*words, "-o", "period.csv", "--on", "name", "--period", "360"]) == 0
    facts = json.loads(capsys.readouterr().err)
    assert (facts.get("turned"), facts["matched"]) == (None, 3)


def test_a_saved_index_knows_its_plane(capsys):
    assert cli.main(["index", "metres.gpkg", "-o", "metres.pmx", "-q"]) == 0
    assert cli.main(["match", "points.csv", "metres.pmx", "-o", "out.csv"]) == 3
    assert "lon and lat are degrees by their names, but metres.pmx is in EPSG:3857" in capsys.readouterr().err


@pytest.mark.parametrize("rules", [["nearest"], ["center_within", "--distance", "9"]])
def test_distances_in_degrees_are_a_warning(capsys, rules):
    words = ["match", "points.csv", "zones.geojson", "-o", "out.csv", "-q", "--predicate", *rules]
    assert cli.main(words) == 0
    err = capsys.readouterr().err
    assert err.count("warning") == 1
    assert "zones.geojson: is in EPSG:4326, whose unit is the degree" in err


def test_rows_that_cannot_be_used_are_skipped_or_stop_the_run(capsys):
    odd = [shapely.LineString([(0, 0), (9, 9)]), shapely.Point(), shapely.box(-120, 30, -60, 60)]
    collection = shapely.GeometryCollection([odd[2], odd[0]])
    geopandas.GeoDataFrame({"name": list("abcd")}, geometry=[*odd[:2], collection, odd[0]], crs=4326).to_file(
        "odd.gpkg"
    )
    words = ["match", "points.csv", "odd.gpkg", "-q", "-o", "out.csv", "--overwrite", "--columns", "name"]
    assert cli.main(words) == 1
    assert (
        "odd.gpkg: polygons[0]: expected a Polygon or MultiPolygon, got LineString" in capsys.readouterr().err
    )
    assert cli.main([*words, "--invalid", "error"]) == 3
    said = "odd.gpkg: 2 of 4 regions can't be used: 2 LineString (rows 0, 3) (counted from 0)"
    assert said in capsys.readouterr().err
    assert cli.main([*words, "--invalid", "skip"]) == 0
    assert said in capsys.readouterr().err
    assert [line.split(",")[-1] for line in Path("out.csv").read_text().splitlines()[1:]] == [
        "",
        "c",
        "",
        "",
        "",
    ]
    assert cli.main(["check", "odd.gpkg", "points.csv"]) == 0
    out = capsys.readouterr().out
    for kind in (
        "unusable: 2 regions",
        "dropped: 1 region",
        "empty: 1 region",
        "bad point: 1 point",
        "turned: 2 points",
    ):
        assert kind in out
