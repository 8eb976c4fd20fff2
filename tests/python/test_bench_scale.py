"""The maps of the benchmark are what they say, and the checks of growth and of answers can fail."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np
import poly_match as pm
import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

shapely = pytest.importorskip("shapely", reason="the peer")

from bench import grid, maps, scale  # noqa: E402


@pytest.mark.parametrize("name", maps.MAPS)
def test_maps(name: str) -> None:
    kind = maps.MAPS[name]
    layer = kind.make(kind.sizes[0])
    starts, ends = layer.ring_offsets[:-1], layer.ring_offsets[1:] - 1
    assert (layer.coords[starts] == layer.coords[ends]).all()
    assert (np.diff(layer.ring_offsets) >= 4).all()
    assert np.isfinite(layer.coords).all()
    again = kind.make(kind.sizes[0])
    assert (again.coords == layer.coords).all()
    places = maps.points(layer, 500)
    answers = pm.match(places, layer.regions())
    assert 0.01 < (answers >= 0).mean() <= 1
    assert (answers == pm.Index(layer.regions()).match(places)).all()
    assert [b > a for a, b in zip(kind.sizes, kind.sizes[1:], strict=False)].count(False) == 0


def test_the_forms_of_shapely_agree() -> None:
    layer = maps.zones(60, 4, 30)
    levels = layer.ring_offsets, layer.polygon_offsets
    shapes = shapely.from_ragged_array(shapely.GeometryType.POLYGON, layer.coords, levels)
    points = shapely.points(np.random.default_rng(1).random((300, 2)))
    expected = pm.match(points, shapes)
    assert (expected >= 0).any()
    for form in (grid.tree_of_polygons, grid.tree_of_points, grid.boxes_first):
        assert (form(shapes, points) == expected).all()


def test_a_cliff_is_seen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def answers(build: float, match: float) -> list[str]:
        found = [{"build_count": 1e6, "match_count": 100.0}, {"build_count": build, "match_count": match}]
        monkeypatch.setattr(scale.counted, "counts", lambda cases: found)
        return scale.quick(["squares"])

    assert answers(12e6, 130.0) == []
    assert answers(1000e6, 130.0) == ["squares: build_count grows 1000 times, 16 at most"]
    assert answers(12e6, 1000.0) == ["squares: match_count grows 10 times, 3 at most"]
    assert capsys.readouterr().out.count("| squares | 3,000 |") == 3
    monkeypatch.setattr(scale.polygons, "shapely_prepared", lambda layer: lambda places: np.full(5000, -1))
    assert "answers are not shapely's" in answers(12e6, 130.0)[0]


def test_instructions_are_counted() -> None:
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind counts")
    (found,) = scale.counted.counts([("squares", 20)])
    assert 10_000 < found["build_count"] < 10**8
    assert 10 < found["match_count"] < 5000


def test_the_page(tmp_path: Path) -> None:
    options = argparse.Namespace(map=["squares"], quick=False, most=1e4, points=10, docs=tmp_path, workers=1)
    scale.run(options)
    page = (tmp_path / "bench-scale.md").read_text(encoding="utf-8")
    assert page.startswith("# How it grows")
    assert page.count("| squares of several sizes |") == 2
    grid.run(argparse.Namespace(map=["squares"], most=100, docs=tmp_path))
    page = (tmp_path / "bench-grid.md").read_text(encoding="utf-8")
    assert page.count("| squares of several sizes | 100 |") == 6
