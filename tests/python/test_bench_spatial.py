"""The job from files to totals: all contenders agree, and other totals are seen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

pa = pytest.importorskip("pyarrow", reason="reads Parquet")
shapely = pytest.importorskip("shapely", reason="makes WKB")
pytest.importorskip("geopandas", reason="a contender")
pytest.importorskip("sedonadb", reason="a contender")

from bench import spatial  # noqa: E402


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with few trips, in place of those of the generator."""
    import pyarrow.parquet as pq

    monkeypatch.setattr(spatial, "ZONES", 100)
    rng = np.random.default_rng(1)
    begin = rng.integers(0, 10**12, 2000)
    places = shapely.points(rng.uniform([-180, -56], [180, 78], (2000, 2)))
    trips = {
        "t_pickuploc": pa.array(shapely.to_wkb(places), pa.binary()),
        "t_pickuptime": pa.array(begin, pa.timestamp("ms")),
        "t_dropofftime": pa.array(begin + rng.integers(0, 10**7, 2000), pa.timestamp("ms")),
        "t_distance": pa.array(rng.random(2000).round(5)).cast(pa.decimal128(15, 5)),
    }
    (tmp_path / "scale-1").mkdir()
    pq.write_table(pa.table(trips), tmp_path / "scale-1" / "trip.parquet")
    return tmp_path


def test_contenders_agree(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options: dict[str, Any] = {"scale": 1, "vertices": 17, "workers": 1, "rounds": 1, "folder": folder}
    assert spatial.run(argparse.Namespace(**options, contender=None, docs=folder)) == 0
    shown = capsys.readouterr().out
    assert all(f"| {name} |" in shown for name in spatial.CONTENDERS)
    page = (folder / "bench-spatial.md").read_text(encoding="utf-8")
    assert page.startswith("# From files to totals")
    assert all(f"| {name} |" in page for name in spatial.CONTENDERS)
    found = np.load(folder / "zone-17.npy")
    assert found.shape == (100, 3)
    assert 1900 < found[:, 0].sum() <= 2000


def test_other_totals_are_seen() -> None:
    ours = np.array([[3, 5.0, 1.0], [0, np.nan, np.nan]])
    assert spatial.differences(ours, ours) == 0
    assert spatial.differences(ours, ours + np.eye(2, 3)) == 1
    assert spatial.differences(ours, ours + 0.1 * np.eye(2, 3, 2)) == 1
