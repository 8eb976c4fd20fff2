"""`--reproject`: points are converted to the plane of the polygons, for matching only and only on request."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import poly_match as pm
import pyogrio
import pyproj
import pytest
import shapely
from poly_match._cli import main as cli

NAMES = ["west", "east"]
ZONES = geopandas.GeoDataFrame(
    {"name": NAMES}, geometry=[shapely.box(0, 40, 10, 50), shapely.box(10, 40, 20, 50)], crs=4326
).to_crs(3857)
LON, LAT = [5.0, 15.0, 50.0, None, 5.0], [45.0, 45.0, 45.0, 1.0, 91.0]  # the last has no place
ANSWERS = ["west", "east", None, None, None]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ZONES.to_file("zones.gpkg")
    shapes = [None if x is None else shapely.Point(x, y, 7) for x, y in zip(LON, LAT, strict=True)]
    geopandas.GeoDataFrame({"n": range(5)}, geometry=shapes, crs=4326).to_file("points.gpkg")
    lines = [f"{'' if x is None else x},{y}" for x, y in zip(LON, LAT, strict=True)]
    Path("points.csv").write_text("lon,lat\n" + "\n".join(lines) + "\n")
    Path("plain.csv").write_text("x,y\n" + "\n".join(lines) + "\n")


def match(points: str, *words: str) -> list[str]:
    return ["match", points, "zones.gpkg", "-o", "out.gpkg", "--reproject", "--overwrite", *words]


def names(path: str) -> list[str | None]:
    column = pyogrio.read_dataframe(path)["name"]
    return [None if name != name else name for name in column]


@pytest.mark.parametrize("points", ["points.gpkg", "points.csv"])
def test_points_are_converted_for_matching_and_written_as_they_were_read(points, capsys):
    assert cli.main(match(points, "--audit")) == 0
    said = capsys.readouterr().err.splitlines()
    degrees = "EPSG:4326" if points == "points.gpkg" else "OGC:CRS84"
    sentence = (
        f"points were converted from {degrees} to EPSG:3857 for matching, and are written as they were read"
    )
    assert said[0] == f"warning: {points}: 1 point has no place in EPSG:3857; such a point matches nothing"
    assert said[1] == "5 points: 2 matched, 3 unmatched (2 with missing or invalid coordinates)"
    assert sentence in said
    found = pyogrio.read_dataframe("out.gpkg")
    assert names("out.gpkg") == ANSWERS
    assert found["status"].tolist() == ["matched", "matched", "no candidate", "bad point", "bad point"]
    assert found.crs.equals(pyproj.CRS("EPSG:4326"), ignore_axis_order=True)
    given = found.geometry.dropna()
    np.testing.assert_array_equal(given.x, [x for x in LON if x is not None])
    np.testing.assert_array_equal(given.y, [y for x, y in zip(LON, LAT, strict=True) if x is not None])
    assert (given.geometry.has_z.all()) == (points == "points.gpkg")
    assert cli.main(match(points, "--json")) == 0
    facts = json.loads(capsys.readouterr().err)
    assert facts["reprojected"] == [degrees, "EPSG:3857"]
    assert (facts["bad_points"], facts["warnings"]) == (2, [said[0].removeprefix("warning: ")])


def test_answers_and_distances_are_those_of_to_crs():
    random = np.random.default_rng(4)
    lonlat = geopandas.points_from_xy(random.uniform(-5, 25, 300), random.uniform(35, 55, 300), crs=4326)
    points = geopandas.GeoDataFrame({"name": random.choice(NAMES, 300)}, geometry=lonlat)
    points.to_parquet("many.parquet")
    rules: dict[str, Any] = {"predicate": "nearest", "distance": 300_000}
    for keys, on in ([], None), (["--on", "name"], ("name", "name")):
        words = [
            "many.parquet",
            "--predicate",
            "nearest",
            "--distance",
            "300000",
            "--distance-column",
            "d",
            *keys,
        ]
        assert cli.main([*match(*words), "-q", "-o", "out.parquet", "--columns", "name"]) == 0
        found = geopandas.read_parquet("out.parquet")
        answers, distances = pm.match(points.to_crs(3857), ZONES, on=on, **rules, return_distance=True)
        expected = [None if answer < 0 else NAMES[answer] for answer in answers]
        assert [None if name != name else name for name in found["name_region"]] == expected
        np.testing.assert_array_equal(found["d"], distances)
        assert 20 < (answers < 0).sum() < 280
        assert found.geometry.geom_equals(points.geometry).all()


def test_counts_and_pictures_and_a_saved_index_are_converted_to_as_well(capsys):
    assert cli.main(["index", "zones.gpkg", "-o", "zones.pmx", "-q"]) == 0
    for polygons in (["zones.gpkg"], ["zones.pmx"], ["zones.gpkg", "--index", "zones.pmx"]):
        assert cli.main(["count", "points.csv", *polygons, "--reproject", "-q", "-f", "csv"]) == 0
        out, err = capsys.readouterr()
        assert [line.split(",")[-1] for line in out.splitlines()] == ["count", "1", "1"]
        assert err == "warning: points.csv: 1 point has no place in EPSG:3857; such a point matches nothing\n"
    pytest.importorskip("matplotlib")
    words = ["plot", "points.gpkg", "zones.gpkg", "-o", "map.png"]
    assert cli.main(words) == 3
    assert capsys.readouterr().err.endswith(
        "run: poly-match plot points.gpkg zones.gpkg -o map.png --reproject\n"
    )
    assert cli.main([*words, "--reproject"]) == 0
    assert "1 point has no place in EPSG:3857" in capsys.readouterr().err


def test_a_picture_shows_converted_points(monkeypatch):
    pytest.importorskip("matplotlib")
    plot, seen = pm.plot, []

    def shown(points: Any, *arguments: Any, **options: Any) -> Any:
        seen.append(points)
        return plot(points, *arguments, **options)

    monkeypatch.setattr(pm, "plot", shown)
    assert cli.main(["plot", "points.csv", "zones.gpkg", "-o", "map.png", "--reproject", "-q"]) == 0
    x, _ = seen[0]
    assert math.isclose(x[0], 5 * 20037508.342789244 / 180)


def test_one_plane_needs_no_conversion(capsys, monkeypatch):
    degrees = ZONES.to_crs(4326)
    degrees.to_file("zones.gpkg")
    for points in ("points.gpkg", "points.csv"):
        assert cli.main(match(points, "--json")) == 0
        facts = json.loads(capsys.readouterr().err)
        assert "reprojected" not in facts
        assert (facts["matched"], facts["bad_points"]) == (2, 1)


def test_nothing_is_converted_unasked(capsys):
    words = ["match", "points.gpkg", "zones.gpkg", "-o", "out.csv"]
    assert cli.main(words) == 3
    assert capsys.readouterr().err == (
        "poly-match: points.gpkg and zones.gpkg: points are in EPSG:4326 and polygons in EPSG:3857; "
        "--reproject converts the points for matching; "
        "run: poly-match match points.gpkg zones.gpkg -o out.csv --reproject\n"
    )
    assert cli.main([*words, "--reproject"]) == 0
    with pytest.raises(ValueError, match=r"with points.to_crs\(polygons.crs\) or polygons.to_crs"):
        pm.match("points.gpkg", "zones.gpkg")


@pytest.mark.parametrize(
    ("points", "polygons", "side", "fix"),
    [
        ("plain.csv", "zones.gpkg", 0, "convert it to a file with one (ogr2ogr -a_srs, GeoPandas' set_crs)"),
        ("nowhere.parquet", "zones.gpkg", 0, "convert it to a file with one"),
        ("points.csv", "bare.parquet", 1, "set it (ogr2ogr -a_srs)"),
        ("points.gpkg", "bare.pmx", 1, "build it again from a file with one"),
    ],
)
def test_a_side_without_a_crs(capsys, points, polygons, side, fix):
    bare = ZONES.set_crs(None, allow_override=True)
    bare.to_parquet("bare.parquet")
    pm.Index(bare).save("bare.pmx")
    geopandas.GeoDataFrame(geometry=[shapely.Point(0, 0)]).to_parquet("nowhere.parquet")
    assert cli.main(["match", points, polygons, "-o", "out.csv", "--reproject"]) == 3
    lacks = f"{(points, polygons)[side]} does not say its coordinate reference system; {fix}"
    assert capsys.readouterr().err.startswith(f"poly-match: --reproject: {lacks}")
    assert not Path("out.csv").exists()


def test_without_pyproj_the_message_says_how_to_get_it():
    program = (
        "import sys; sys.modules['pyproj'] = None\nfrom poly_match._cli import main\n"
        f"sys.exit(main.main({match('points.csv')!r}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("poly-match: pyproj is not installed; run: ")
    assert done.stderr.endswith("-m pip install 'poly-match[cli]'\n")
    assert not Path("out.gpkg").exists()


def test_planes_that_proj_cannot_connect(capsys):
    moon = pyproj.CRS.from_proj4("+proj=longlat +a=1737400 +b=1737400 +no_defs")
    ZONES.set_crs(moon, allow_override=True).to_parquet("moon.parquet")
    assert cli.main(["match", "points.gpkg", "moon.parquet", "-o", "out.csv", "--reproject"]) == 3
    assert capsys.readouterr().err.startswith("poly-match: --reproject: PROJ cannot convert EPSG:4326 to ")
