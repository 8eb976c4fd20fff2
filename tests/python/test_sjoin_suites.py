"""Tests of others, run with ours: GeoPandas' own tests of `sjoin`, and shapely's of points and areas.

Both suites are in the wheels. What of them is left out is counted by its reason, so that nothing leaves
unseen, and nothing new goes unasked; other versions than those counted here may have more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import geopandas
import shapely

HERE = Path(__file__).parent
COUNTED_GEOPANDAS, COUNTED_SHAPELY = "1.2.0", "2.2.0"

# One row per test of geopandas/tools/tests/test_sjoin.py.
JOINS = {
    "passed": 20,
    "sjoin_nearest": 49,  # another join
    "another predicate": 29,  # contains, crosses, ...; within, where points lie on borders
    'how="right"': 25,  # one row per region: that is `count`
    "no points on the left": 23,  # polygons with polygons
    "the text of an error": 11,
    "two CRS are an error here": 2,
    "NYBB dataset not found": 17,  # to be downloaded
    "Naturalearth lowres dataset not found": 2,
    "Not implemented": 1,
}

# The modules of shapely/tests with a predicate of a point and an area; the others, run once, have none.
MODULES = ("geometry.test_geometry_base", "legacy.test_vectorized", "test_measurement", "test_predicates")
PAIRS = {
    "contains": 60,
    "contains_properly": 27,
    "covers": 27,
    "disjoint": 27,
    "intersects": 60,
    "touches": 27,
    "distance": 9,
    "contains_xy": 432,
    "intersects_xy": 37,
    "STRtree.query": 670,
    "left out: a query from a thread": 16,  # the same query as the test before it
}


def outcome(plugin: str, folder: Path, *modules: str) -> dict[str, Any]:
    """Run modules of tests under a plugin, and return what it has written down."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", plugin, "-p", "no:cacheprovider", "-c", os.devnull]
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    found = folder / "outcome.json"
    environment = os.environ | {"PYTHONPATH": path, "OUTCOMES": str(found)}
    result = subprocess.run(
        [*words, "--pyargs", *modules], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert found.exists(), result.stdout + result.stderr
    outcome: dict[str, Any] = json.loads(found.read_text())
    return outcome


def test_geopandas_own_tests_of_sjoin(tmp_path: Path) -> None:
    found = outcome("geopandas_suite", tmp_path, "geopandas.tools.tests.test_sjoin")
    failed = {name: text for name, text in found["outcomes"].items() if text.startswith("failed")}
    assert not failed
    counted = Counter(found["outcomes"].values())
    assert set(counted) <= set(JOINS)
    assert counted["passed"] >= JOINS["passed"]
    assert set(found["calls"]) == {"left", "inner"}
    if geopandas.__version__ == COUNTED_GEOPANDAS:
        assert counted == JOINS


def test_what_shapely_asserts_of_points_and_areas(tmp_path: Path) -> None:
    modules = [f"shapely.tests.{name}" for name in (*MODULES, "test_strtree")]
    found = outcome("shapely_suite", tmp_path, *modules)
    assert found["wrong"] == []
    assert set(found["modules"]) == set(modules)
    assert set(PAIRS) - {"left out: a query from a thread"} <= set(found["counted"]) <= set(PAIRS)
    assert sum(found["modules"].values()) >= 1000
    if shapely.__version__ == COUNTED_SHAPELY:
        assert found["counted"] == PAIRS
