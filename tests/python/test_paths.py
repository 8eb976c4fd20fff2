"""Names of files in the place of data: read as the command line reads them."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pandas as pd
import poly_match as pm
import pytest
import shapely

FRAME = geopandas.GeoDataFrame(
    {"name": ["west", "east"], "level": [2, 1], "floor": ["a", "b"]},
    geometry=[shapely.box(0, 0, 9, 9), shapely.box(5, 0, 9, 4)],
    crs=4326,
)
POINTS = pd.DataFrame({"id": [1, 2, 3], "floor": ["a", "a", "b"], "lon": [6.0, 1, 20], "lat": [1.0, 1, 20]})


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    POINTS.to_csv("fixes.csv", index=False)
    POINTS.to_parquet("fixes.parquet")
    FRAME.to_file("zones.gpkg")
    FRAME.to_file("zones.geojson")
    FRAME.to_parquet("zones.parquet")
    geopandas.GeoDataFrame(
        POINTS, geometry=geopandas.points_from_xy(POINTS.lon, POINTS.lat), crs=3857
    ).to_file("metres.gpkg")


def test_files_on_both_sides():
    for points in ("fixes.csv", Path("fixes.csv"), "fixes.parquet", (POINTS.lon, POINTS.lat)):
        for zones in ("zones.gpkg", Path("zones.geojson"), Path("zones.parquet").absolute(), FRAME):
            assert pm.match(points, zones).tolist() == [1, 0, -1]
            assert pm.match(points, zones, best="level", names="name").tolist() == ["east", "west", None]
            assert pm.Index(zones, names="name").match(points, names=True).tolist() == ["east", "west", None]
            assert pm.count(points, zones).regions.tolist() == [1, 1]
            assert not [each for each in pm.check(zones, points).findings if each.kind != "overlap"]
    assert pm.match("fixes.csv", "zones.gpkg", on="floor").tolist() == [0, 0, -1]
    assert pm.Index("zones.gpkg").crs == "EPSG:4326"


def test_the_planes_of_files_are_compared():
    with pytest.raises(ValueError, match="points are in EPSG:3857 and polygons in EPSG:4326"):
        pm.match("metres.gpkg", "zones.gpkg")
    with pytest.raises(ValueError, match="points are in EPSG:3857"):
        pm.Index("zones.gpkg").match("metres.gpkg")


def test_files_that_will_not_do():
    POINTS.rename(columns={"lon": "a"}).to_csv("odd.csv", index=False)
    with pytest.raises(
        ValueError, match=r"points: odd.csv: .*columns are id, floor, a, lat.*give its two columns"
    ):
        pm.match("odd.csv", "zones.gpkg")
    Path("text.csv").write_text("lon,lat\n1,x\n")
    for wrong in ("text.csv", Path("nowhere.csv"), "nowhere.csv", Path()):
        with pytest.raises(ValueError, match="points: "):
            pm.match(wrong, FRAME)
    for wrong in ("fixes.csv", Path("nowhere.gpkg"), "nowhere.gpkg"):
        with pytest.raises(ValueError, match="polygons: "):
            pm.Index(wrong)
    pm.Index(FRAME).save("zones.pmx")
    with pytest.raises(ValueError, match=r"zones.pmx is a saved index: use poly_match.Index.open"):
        pm.match("fixes.csv", "zones.pmx")
