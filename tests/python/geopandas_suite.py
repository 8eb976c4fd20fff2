"""A pytest plugin that runs GeoPandas' own tests of `sjoin` with ours instead.

A test runs to its end, or is skipped with a reason: because it expects something other than one region per
point, or because it checks GeoPandas' own messages. Points on the right side, which stand for regions in many
of those tests, become squares around them: the tests don't check the geometry of that side.
"""

from __future__ import annotations

import json
import os
from collections import Counter

import geopandas
import poly_match as pm
import pytest
import shapely
from geopandas.tools.tests import test_sjoin

OWN_WORDS = {  # errors and warnings whose text is GeoPandas', and where ours has its own test
    "test_crs_mismatch": "two CRS are an error here",
    "test_unknown_kwargs": "the text of an error",
    "test_sjoin_invalid_args": "the text of an error",
    "test_sjoin_error_column_does_not_exist": "the text of an error",
    "test_sjoin_error_use_geometry_column": "the text of an error",
    "test_conflicting_column_index_name": "the text of an error",
    "test_conflicting_column_with_suffix": "the text of an error",
}
NEAREST = "sjoin_nearest"
theirs = geopandas.sjoin
outcomes: dict[str, str] = {}
calls = Counter()


def ours(left, right, how="inner", predicate="intersects", **options):
    """Call `pm.sjoin` if the expected result has one region for each point or none."""
    if how == "right":
        pytest.skip('how="right"')
    if predicate not in ("intersects", "covered_by", "within"):
        pytest.skip("another predicate")
    if not left.geom_type.dropna().isin(["Point"]).all():
        pytest.skip("no points on the left")
    right = right.set_geometry(_regions(right.geometry), crs=right.crs)
    if theirs(left, right, predicate=predicate, **options).index.duplicated().any():
        pytest.skip("several regions for a point")
    if predicate == "within":  # the same where no point is on a border
        if len(theirs(left, right, predicate=predicate)) < len(theirs(left, right)):
            pytest.skip("another predicate")
        predicate = "intersects"
    calls[how] += 1
    return pm.sjoin(left, right, how, predicate, **options)


def _regions(geometry):
    """Return the polygons, with squares in place of points."""
    are_points = geometry.geom_type.eq("Point").to_numpy()
    squares = shapely.buffer(geometry.to_numpy(), 0.25, cap_style="square")
    return geopandas.GeoSeries(geometry.where(~are_points, squares), crs=geometry.crs)


def pytest_collection_modifyitems(items):
    for item in items:
        reason = OWN_WORDS.get(item.originalname)
        if item.cls is test_sjoin.TestNearest:
            reason = NEAREST
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_configure():
    test_sjoin.sjoin = ours


def pytest_runtest_logreport(report):
    if report.failed:
        outcomes[report.nodeid] = f"failed: {report.longreprtext[-2000:]}"
    elif report.skipped:
        outcomes[report.nodeid] = report.longrepr[2].removeprefix("Skipped: ")
    elif report.when == "call":
        outcomes[report.nodeid] = "passed"


def pytest_sessionfinish():
    with open(os.environ["OUTCOMES"], "w") as file:
        json.dump({"outcomes": outcomes, "calls": calls}, file)
