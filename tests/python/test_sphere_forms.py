"""metric="sphere" in frames, files, plots and on the command line."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import poly_match as pm
import pytest

SQUARE = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)


def answers(points: Any, polygons: Any, **options: Any) -> list[int]:
    found: list[int] = pm.match(points, polygons, metric="sphere", **options).tolist()
    return found


def test_crs() -> None:
    geopandas = pytest.importorskip("geopandas")
    shapely = pytest.importorskip("shapely")
    towns = geopandas.GeoDataFrame(geometry=[shapely.box(0, 0, 4, 4)], crs=4326)
    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy([1, 9], [1, 1]), crs=4326)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        joined = pm.sjoin(points, towns, predicate="nearest", metric="sphere", distance_col="metres")
    assert joined.metres.tolist() == pytest.approx([0, 555_886.7], rel=1e-3)
    with pytest.warns(UserWarning, match='metric="sphere"'):
        pm.sjoin(points, towns, predicate="nearest")
    projected = towns.to_crs(3857)
    with pytest.raises(ValueError, match=r"polygons: are in EPSG:3857.*polygons.to_crs\(4326\)"):
        pm.Index(projected, metric="sphere")
    plain = pm.Index([SQUARE], metric="sphere")
    with pytest.raises(ValueError, match=r"points: are in EPSG:3857.*points.to_crs\(4326\)"):
        plain.match(points.to_crs(3857))


def test_with_keys_counts_and_files(tmp_path: Any) -> None:
    rings = [SQUARE, SQUARE + np.array([20, 0])]
    points = [(12, 5), (12, 5), (19, 5)]
    keyed = answers(points, rings, predicate="nearest", on=(["a", "b", "c"], ["a", "b"]))
    assert keyed == [0, 1, -1]
    counted = pm.count(points, rings, metric="sphere", predicate="nearest")
    assert counted.regions.tolist() == [2, 1]
    index = pm.Index(rings, metric="sphere", predicate="dwithin", distance=3e5)
    index.save(tmp_path / "squares.pmx")
    opened = pm.Index.open(tmp_path / "squares.pmx")
    assert opened.metric == "sphere"
    assert repr(opened) == repr(index)
    assert "sphere" in repr(index)
    assert opened.match(points).tolist() == index.match(points).tolist()
    assert opened.candidates(points)[1].tolist() == index.candidates(points)[1].tolist()


def test_bounds_are_longitudes_and_latitudes() -> None:
    assert pm.Index([SQUARE], metric="sphere").bounds[:3] == (0, 0, 10)
    assert 10.03 < pm.Index([SQUARE], metric="sphere").bounds[3] < 10.04
    west, south, east, north = pm.Index(
        [SQUARE], metric="sphere", predicate="dwithin", distance=111195.08
    ).bounds
    assert (west, south) == pytest.approx((-1.0156, -1), abs=1e-3)
    assert (east, north) == pytest.approx((11.0156, 11.037), abs=1e-3)
    assert pm.Index([SQUARE], metric="sphere", predicate="nearest").bounds == (-180, -90, 180, 90)


def test_plot() -> None:
    pytest.importorskip("matplotlib").use("agg")
    ax = pm.plot([(5, 5), (50, 5)], [SQUARE], metric="sphere", predicate="center_within", distance=1e6)
    assert len(ax.collections) > 0
    assert pm.plot([(5, 5)], pm.Index([SQUARE], metric="sphere")) is not None


def test_command_line(tmp_path: Any) -> None:
    import json

    from click.testing import CliRunner
    from poly_match._cli.commands import cli

    square = {"type": "Polygon", "coordinates": [[*SQUARE.tolist(), SQUARE[0].tolist()]]}
    feature = {"type": "Feature", "properties": {"name": "square"}, "geometry": square}
    layer = tmp_path / "squares.geojson"
    layer.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    points = tmp_path / "points.csv"
    points.write_text("lon,lat\n5,5\n12,5\n365,5\n")

    def run(*words: str) -> Any:
        found = CliRunner().invoke(cli, [*words])
        assert found.exit_code == 0, found.output
        return found

    rules = [
        "--predicate",
        "nearest",
        "--metric",
        "sphere",
        "--distance",
        "300000",
        "--distance-column",
        "metres",
    ]
    out = tmp_path / "out.csv"
    told = run("match", str(points), str(layer), "-o", str(out), *rules)
    assert "whose unit is the degree" not in told.output
    rows = out.read_text().splitlines()
    assert [row.split(",")[2] for row in rows[1:]] == ["square"] * 3
    assert float(rows[2].split(",")[-1]) == pytest.approx(221543.56, abs=0.01)
    index = tmp_path / "squares.pmx"
    run("index", str(layer), "-o", str(index), "--metric", "sphere")
    assert json.loads(run("info", str(index), "--json").output)["metric"] == "sphere"
    assert "nothing found" in run("check", str(layer), "--metric", "sphere").output
    refused = CliRunner().invoke(
        cli, ["match", str(points), str(layer), "-o", "-", "--metric", "sphere", "--period", "10"]
    )
    assert refused.exit_code != 0
    assert "--period is 360" in str(refused.exception)
