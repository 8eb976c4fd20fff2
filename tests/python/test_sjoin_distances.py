"""`sjoin` with distances, held against `geopandas.sjoin_nearest`, and the status of points in no region."""

from __future__ import annotations

import geopandas
import numpy as np
import poly_match as pm
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from test_sjoin import GRID, points, polygons, some_points


def far_points(count=300):
    rng = np.random.default_rng(5)
    return points(list(map(tuple, rng.uniform(-4, 14, (count, 2)))), v=range(count))


APART = [shapely.box(0, 0, 2, 2), shapely.Point(9, 3).buffer(2), shapely.Polygon([(1, 6), (5, 7), (2, 11)])]


@pytest.mark.parametrize("how", ["left", "inner"])
@pytest.mark.parametrize("limit", [None, 2.5])
def test_distances_are_those_of_geopandas(how, limit):
    """No point is equally far from two regions here, so both have one row per point."""
    left, right = far_points(), polygons(APART, name=list("abc"))
    expected = geopandas.sjoin_nearest(left, right, how, max_distance=limit, distance_col="d")
    assert len(expected) == len(left) or how == "inner"
    found = pm.sjoin(left, right, how, "nearest", distance=limit, distance_col="d")
    assert found.columns.tolist() == expected.columns.tolist()
    assert_geodataframe_equal(found.drop(columns="d"), expected.drop(columns="d"), check_index_type="equiv")
    np.testing.assert_allclose(found["d"], expected["d"], rtol=1e-14)
    assert (found["d"] == 0).sum() == (expected["d"] == 0).sum() > 5


def test_distances_of_other_predicates_and_of_keys():
    left, right = far_points().assign(k=np.arange(300) % 2), polygons(APART, k=[0, 1, 2])
    found = pm.sjoin(left, right, predicate="dwithin", distance=1, distance_col="far")
    away = left.distance(gpd_series(right, found["index_right"]), align=False)
    np.testing.assert_allclose(found["far"], away, rtol=1e-14)
    assert 20 < found["far"].isna().sum() < 290
    found = pm.sjoin(left, right, predicate="nearest", on="k", distance_col="far")
    for key in (0, 1):
        away = left[left["k"] == key].distance(APART[key])
        np.testing.assert_allclose(found["far"][left["k"] == key], away, rtol=1e-14)
    squares = polygons(GRID)
    found = pm.sjoin(far_points(), squares, predicate="center_within", distance=3, distance_col="far")
    away = far_points().distance(gpd_series(squares, found["index_right"]).centroid, align=False)
    np.testing.assert_allclose(found["far"], away, rtol=1e-14)


def gpd_series(right, numbers):
    """Return the regions of these numbers, None for none."""
    shapes = [None if number != number else right.geometry.iloc[int(number)] for number in numbers]
    return geopandas.GeoSeries(shapes, crs=right.crs)


def test_what_has_no_distances_names_the_predicate_that_has():
    left, right = some_points(), polygons(GRID, d=1)
    for word in ("covers", "intersects"):
        with pytest.raises(
            ValueError, match=r'^distance_col: "covers" has no distances; predicate="nearest" has'
        ):
            pm.sjoin(left, right, predicate=word, distance_col="e")
    rules = {"predicate": "center_within", "distance": 1, "period": 360}
    turned = left.set_geometry(left.translate(360))
    out = pm.sjoin(turned, right, **rules, distance_col="e")
    plain = pm.sjoin(left, right, predicate="center_within", distance=1, distance_col="e")
    assert len(out) == len(plain) > 0
    np.testing.assert_array_equal(out["e"], plain["e"])
    for taken, options in (
        ("d", {}),
        ("v", {}),
        ("geometry", {}),
        ("index_right", {}),
        ("status", {"audit": 1}),
    ):
        with pytest.raises(ValueError, match=f"^distance_col: there is a column '{taken}' already"):
            pm.sjoin(left, right, predicate="nearest", distance_col=taken, **options)


def test_the_status_of_points_that_are_in_no_region():
    left = points([(1, 1), (-1, 1), (np.inf, 1), (99, 1)], v=range(4))
    right = polygons(GRID, name=list("abcd"))
    found = pm.sjoin(left, right, predicate="nearest", distance=9, audit=True, distance_col="d")
    assert found["status"].tolist() == ["matched", "nearest", "bad point", "no candidate"]
    assert list(found["status"].cat.categories) == ["matched", "no candidate", "bad point", "nearest"]
    assert found.columns[-2:].tolist() == ["d", "status"]
    assert "d" not in pm.sjoin(left, right, predicate="nearest", audit=True).columns
    near = pm.sjoin(left, right, predicate="dwithin", distance=9, audit=True)
    assert near["status"].tolist() == ["matched", "matched", "bad point", "no candidate"]
    assert len(near["status"].cat.categories) == 3
