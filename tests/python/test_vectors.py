"""The shared vectors (tests/vectors): Python gives the answers that are written down, as C does."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import poly_match as pm
import pytest
from poly_match import _core

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
CASES: list[dict[str, Any]] = json.loads((VECTORS / "zoo.json").read_text(encoding="utf-8"))["cases"]
MATCHES = [
    pytest.param(case, match, id=f"{case['name']}, {match['predicate']} {match['best']}")
    for case in CASES
    for match in case["matches"]
]


def numbers(value: Any) -> Any:
    """Return nested lists with "inf" and "nan" as numbers."""
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if isinstance(value, str) else value


def arrays(case: dict[str, Any]) -> tuple[np.ndarray, ...]:
    coords, *offsets = oracle.ragged(case["regions"])
    return np.array(coords, float).reshape(-1, 2), *(np.array(level, np.int64) for level in offsets)


def test_there_are_vectors() -> None:
    """Nothing below tests anything if the file is empty."""
    assert len(CASES) >= 25
    assert len(MATCHES) >= 90


def test_the_file_is_what_its_generator_writes() -> None:
    """The answers are those of the oracle today, not of a forgotten version."""
    done = subprocess.run(
        [sys.executable, str(VECTORS / "make_vectors.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_measures(case: dict[str, Any]) -> None:
    """Areas and centers, bit for bit."""
    areas, centers = _core.regions_measure(*arrays(case), None)
    assert areas.tolist() == numbers(case["areas"])
    expected = [(math.nan, math.nan) if center is None else center for center in numbers(case["centers"])]
    assert np.array_equal(centers, np.array(expected, float).reshape(-1, 2), equal_nan=True)


@pytest.mark.parametrize(("case", "match"), MATCHES)
def test_matches(case: dict[str, Any], match: dict[str, Any]) -> None:
    """Every rule of every case."""
    best, distance = match["best"], numbers(match.get("distance"))
    if best == "score":
        dtype = {"double": np.float64, "int64": np.int64, "uint64": np.uint64}[match["score_type"]]
        best = np.array(numbers(match["scores"]), dtype)
    points = np.array(numbers(case["points"]), float).reshape(-1, 2)
    index = pm.Index(pm.Regions(*arrays(case)), predicate=match["predicate"], best=best, distance=distance)
    assert index.match(points).tolist() == match["answers"]
