"""Few points in one file are matched without an index: the same output and words as with one."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SQUARES = [[0, 0, 4, 4], [1, 1, 3, 3], [2, 2, 8, 8], [2, 2, 8, 8]]
BOW_TIE = [[20, 0], [24, 4], [24, 0], [20, 4], [20, 0]]


def cli(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "poly_match._cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def regions(tmp_path: Path) -> Path:
    rings = [[[a, b], [c, b], [c, d], [a, d], [a, b]] for a, b, c, d in SQUARES] + [BOW_TIE]
    features = [
        {
            "type": "Feature",
            "properties": {"number": i},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for i, ring in enumerate(rings)
    ]
    path = tmp_path / "regions.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def lines(count: int) -> str:
    rng = np.random.default_rng(5)
    x, y = rng.integers(-2, 50, count) / 2, rng.integers(-2, 20, count) / 2
    x[::9] += 360
    rows = [f"{a},{b}" for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    rows[0] = "nan,3"
    return "\n".join(["x,y", *rows, ""])


@pytest.mark.parametrize("command", ["match", "count"])
@pytest.mark.parametrize("best", ["smallest", "largest", "first"])
def test_a_file_gives_what_a_pipe_gives(tmp_path: Path, regions: Path, command: str, best: str) -> None:
    text = lines(500)
    (tmp_path / "points.csv").write_text(text)
    options = ["--best", best]
    pipe = cli(command, "-", regions, *options, input=text.encode())
    file = cli(command, tmp_path / "points.csv", regions, *options)
    assert pipe.returncode == file.returncode == 0, pipe.stderr + file.stderr
    assert pipe.stdout == file.stdout
    words = [[line for line in each.stderr.splitlines() if b" took " not in line] for each in (pipe, file)]
    assert words[0] == words[1]
    assert any(b"poly-match check" in line for line in words[0])  # of the bow tie


def test_more_chunks_than_it_seems(tmp_path: Path, regions: Path) -> None:
    """Compressed points are more than their size says: the index comes late, and nothing is said twice."""
    text = lines(600_000)
    path = tmp_path / "points.csv.gz"
    path.write_bytes(gzip.compress(text.encode(), 6))
    assert path.stat().st_size < 4 << 20 < len(text)
    pipe = cli("match", "-", regions, input=text.encode())
    file = cli("match", path, regions)
    assert pipe.returncode == file.returncode == 0, file.stderr
    assert pipe.stdout == file.stdout
    assert file.stderr.count(b"--invalid") == pipe.stderr.count(b"--invalid")
    assert file.stderr.count(b"poly-match check") == pipe.stderr.count(b"poly-match check") == 1


def test_a_vertex_that_is_not_finite(tmp_path: Path, regions: Path) -> None:
    regions.write_text(regions.read_text().replace("20", "1e999", 1))
    (tmp_path / "points.csv").write_text("x,y\n1,1\n")
    file, pipe = (
        cli("match", tmp_path / "points.csv", regions),
        cli("match", "-", regions, input=b"x,y\n1,1\n"),
    )
    assert file.returncode == pipe.returncode != 0
    assert file.stderr == pipe.stderr
