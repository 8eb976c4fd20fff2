"""What every host gets: one index of the counties of the United States with names, and a million points.

The files go into a folder that hosts and benchmarks share. Points are pairs of doubles, so that no host reads
another number than its neighbours.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import fetch
from bench.jobs import STATES, counties, uniform
from bench.layers import Doubles, Layer

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build-everywhere"


@dataclass(frozen=True)
class Files:
    """Names of the files in a folder."""

    index: Path
    points: Path

    def read_points(self) -> Doubles:
        """Return the points, (n, 2)."""
        return np.fromfile(self.points, dtype="<f8").reshape(-1, 2)


def names() -> list[str]:
    """Return the name of every county."""
    topology = json.loads(fetch.member("us-atlas", "counties-10m.json"))
    return [county["properties"]["name"] for county in topology["objects"]["counties"]["geometries"]]


def layer() -> Layer:
    """Return the counties as ragged arrays."""
    return counties()


def files(folder: Path = FOLDER) -> Files:
    """Write the files."""
    import poly_match as pm

    folder.mkdir(parents=True, exist_ok=True)
    found = Files(folder / "counties.pmx", folder / "points.bin")
    pm.Index(layer().regions(), names=names()).save(found.index)
    uniform(STATES).astype("<f8").tofile(found.points)
    return found


if __name__ == "__main__":
    files(Path(sys.argv[1]))
