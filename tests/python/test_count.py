"""`count`: points per region, each point once."""

from __future__ import annotations

import geopandas
import numpy as np
import poly_match as pm
import pytest
import shapely
from conftest import square
from hypothesis import given, settings
from hypothesis import strategies as st
from poly_match._rules import BESTS

places = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20)
squares = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 4)), max_size=6)


@settings(max_examples=100, deadline=None)
@given(places, squares, st.sampled_from(BESTS))
def test_every_point_counts_once_for_its_answer(places, squares, best):
    polygons = [square(*each) for each in squares]
    counts = pm.count(places, polygons, best=best)
    answers = pm.match(places, polygons, best=best).tolist()
    assert counts.regions.tolist() == [answers.count(region) for region in range(len(polygons))]
    assert counts.unmatched == answers.count(-1)
    assert counts.regions.sum() + counts.unmatched == len(places)


def test_the_result_is_an_array_and_a_number():
    regions, unmatched = pm.count([(1, 1), (np.nan, 1)], [square(0, 0, 2)])
    assert (regions.dtype, type(unmatched)) == (np.intp, int)
    assert (regions.tolist(), unmatched) == ([1], 1)


def test_a_border_counts_once_and_missing_points_are_unmatched():
    grid = geopandas.GeoDataFrame(geometry=[shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)], index=[7, 7])
    points = geopandas.GeoSeries([shapely.Point(2, 1), None, shapely.Point(), shapely.Point(3, 1)])
    counts = pm.count(points, grid)
    grid["points"] = counts.regions
    assert grid["points"].tolist() == [1, 1]
    assert counts.unmatched == 2


def test_the_rules_are_those_of_match():
    polygons = [square(0, 0, 4), square(0, 0, 2)]
    near = {"predicate": "center_within", "distance": 0.5, "workers": 2, "max_bytes": 2**20}
    assert pm.count([(1, 1), (2, 2), (4, 4)], polygons, **near).regions.tolist() == [1, 1]
    assert pm.count([(1, 1)], polygons, best=[1, 2]).regions.tolist() == [1, 0]
    with pytest.raises(ValueError, match="predicate: expected one of"):
        pm.count([(1, 1)], polygons, predicate="within")


def test_frames_in_different_crs_are_refused():
    points = geopandas.GeoSeries([shapely.Point(2, 1)], crs=4326)
    polygons = geopandas.GeoSeries([shapely.box(0, 0, 2, 2)], crs=5070)
    with pytest.raises(ValueError, match="to_crs"):
        pm.count(points, polygons)
    with pytest.warns(UserWarning, match="points have no CRS") as seen:
        pm.count(points.set_crs(None, allow_override=True), polygons)
    assert [each.filename for each in seen] == [__file__]
