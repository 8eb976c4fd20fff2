"""`--on`: points are matched only to regions whose fields are equal to their columns."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import poly_match as pm
import pytest
import shapely
from poly_match._cli import keys as module
from poly_match._readers import sources

COMMAND = [sys.executable, "-m", "poly_match._cli"]


def cli(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    words = [*COMMAND, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, encoding="utf-8", timeout=120)


def answers(folder: Path, *options: str) -> list[str]:
    """Return the names of the regions that `match` writes."""
    out = folder / "out.csv"
    result = cli("match", folder / "points.csv", folder / "zones.geojson", "-o", out, "--overwrite", *options)
    assert result.returncode == 0, result.stderr
    with out.open(encoding="utf-8", newline="") as file:
        return [row["zone"] for row in csv.DictReader(file)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with zones on two floors and points on three."""
    zones = [("a", 1, "x", 4), ("b", 2, "x", 4), ("c", 2, "y", 2), ("d", None, "y", 9)]
    features = [
        {
            "type": "Feature",
            "properties": {"zone": zone, "floor": floor, "wing": wing},
            "geometry": shapely.geometry.mapping(shapely.box(0, 0, side, side)),
        }
        for zone, floor, wing, side in zones
    ]
    collection = {"type": "FeatureCollection", "features": features}
    (tmp_path / "zones.geojson").write_text(json.dumps(collection), encoding="utf-8")
    (tmp_path / "points.csv").write_text(
        "lon,lat,floor,level,wing\n1,1,1,2,x\n1,1, 2,1,x\n3,3,2,2,y\n1,1,,1,y\n1,1,3,2,y\n8,8,1,1,\n",
        encoding="utf-8",
    )
    return tmp_path


def test_a_point_has_the_best_region_of_its_key(folder: Path) -> None:
    assert answers(folder) == ["c", "c", "a", "c", "c", "d"]
    assert answers(folder, "--on", "floor") == ["a", "c", "b", "", "", ""]
    assert answers(folder, "--on", "level=floor") == ["c", "a", "b", "a", "c", ""]
    assert answers(folder, "--on", "floor", "--on", "wing") == ["a", "b", "", "", "", ""]
    assert answers(folder, "--on", "wing") == ["a", "a", "d", "c", "c", ""]
    assert answers(folder, "--on", "floor", "--best", "largest") == ["a", "b", "b", "", "", ""]


def test_count_has_keys_as_well(folder: Path) -> None:
    result = cli("count", folder / "points.csv", folder / "zones.geojson", "--on", "floor", "-q")
    assert [line.split(",")[-1] for line in result.stdout.split()] == ["count", "1", "1", "1", "0"]


def test_files_with_types_are_matched_by_them(folder: Path) -> None:
    points = pd.read_csv(folder / "points.csv")
    points.to_parquet(folder / "points.parquet")
    job = ("match", folder / "points.parquet", folder / "zones.geojson", "--on", "floor", "-f", "csv", "-q")
    result = cli(*job)
    assert [line.split(",")[5] for line in result.stdout.splitlines()[1:]] == ["a", "c", "b", "", "", ""]
    points.astype({"floor": str}).to_parquet(folder / "points.parquet")
    result = cli(*job)
    assert result.returncode == 1
    assert "points.parquet: --on floor=floor: the keys of points are text" in result.stderr


def test_what_cannot_be_is_said(folder: Path) -> None:
    job = ("match", folder / "points.csv", folder / "zones.geojson")
    for options, message in (
        (("--on", "room"), "--on room: .*points.csv has no column room; it has lon, lat, floor, level, wing"),
        (("--on", "level"), "--on level: .*zones.geojson has no column level; it has zone, floor, wing"),
        (("--on", "floor=room"), "--on floor=room: .*zones.geojson has no column room"),
        (("--on", "wing=floor"), "points.csv: row 1 .*column wing is 'x', not a number"),
    ):
        result = cli(*job, *options)
        assert result.returncode in (1, 2)
        assert re.search(message, result.stderr), result.stderr
    assert cli("index", folder / "zones.geojson", "-o", folder / "zones.pmx").returncode == 0
    for arguments in ((*job, "--index", folder / "zones.pmx"), (*job[:2], folder / "zones.pmx")):
        result = cli(*arguments, "--on", "floor")
        assert result.returncode == 2
        assert "--on needs the file of the polygons" in result.stderr


def test_pieces_of_the_points_give_the_answers_of_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many keys in chunks, with a large group whose index is kept, in one process."""
    from poly_match._cli.main import main

    random = np.random.default_rng(3)
    turn = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    circle = shapely.Polygon(np.column_stack([np.cos(turn), np.sin(turn)]) * 4 + 5)
    corners = random.integers(0, 8, (200, 2))
    zones = geopandas.GeoDataFrame(
        {"frame": [0, *random.integers(1, 50, 200)]},
        geometry=[circle, *(shapely.box(x, y, x + 2, y + 2) for x, y in corners)],
    )
    points = pd.DataFrame({"x": random.uniform(0, 10, 5000), "y": random.uniform(0, 10, 5000)})
    points["frame"] = random.integers(0, 52, 5000)
    zones.to_parquet(tmp_path / "zones.parquet")
    points.to_parquet(tmp_path / "points.parquet")
    monkeypatch.setattr(sources, "ROWS", 700)
    kept = []
    before = module.Groups.match

    def match(self, *arguments):
        found = before(self, *arguments)
        kept.append(dict(self.kept))
        return found

    monkeypatch.setattr(module.Groups, "match", match)
    paths = (str(tmp_path / name) for name in ("points.parquet", "zones.parquet"))
    main(["match", *paths, "-o", str(tmp_path / "out.parquet"), "--on", "frame", "-q"])
    expected = pm.match((points["x"], points["y"]), zones, on=(points["frame"], "frame"))
    found = pd.read_parquet(tmp_path / "out.parquet")["frame_region"]
    np.testing.assert_array_equal(found.notna(), expected >= 0)
    np.testing.assert_array_equal(found[expected >= 0], points["frame"][expected >= 0])
    assert len(kept) > 3
    assert len({id(index) for each in kept for index in each.values()}) == 1
