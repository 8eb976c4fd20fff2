"""A call with fewer points than polygons of shapely reads only those that a point can be in: same answers."""

from typing import Any

import numpy as np
import poly_match as pm
import pytest
from poly_match._engine.prepared import Prepared
from poly_match._engine.reached import reached_by

shapely = pytest.importorskip("shapely", reason="makes the polygons")

RULES = "covers", None, "smallest", None, None, "use", "planar"


def boxes(count: int, seed: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    low, size = rng.random((count, 2)), rng.random((count, 2)) / 10
    shapes = shapely.box(*low.T, *(low + size).T)
    shapes[::7] = shapely.multipolygons([[shape, shapely.box(3, 3, 4, 4)] for shape in shapes[::7]])
    shapes[::11] = shapely.Polygon()
    return shapes


def points(count: int) -> Any:
    return np.random.default_rng(2).random((count, 2)) * 1.2


@pytest.mark.parametrize("best", ["smallest", "largest", "first", "score"])
@pytest.mark.parametrize("count", [0, 1, 5, 99])
def test_answers_are_those_of_an_index(count: int, best: Any) -> None:
    shapes, places = boxes(200), points(count)
    if best == "score":
        best = np.random.default_rng(3).integers(0, 5, len(shapes))
    expected = pm.Index(shapes, best=best).match(places)
    x, y = places.T
    reached = reached_by(x, y, shapes, "covers", None, best, None, None, "use", "planar")
    assert len(reached.prepared.regions) < 200
    assert (pm.match(places, shapes, best=best) == expected).all()
    assert (pm.match(places, list(shapes), best=best) == expected).all()
    out = np.empty(count, dtype=np.int32)
    assert pm.match(places, shapes, best=best, out=out) is out
    assert (out == expected).all()
    names = [f"box {i}" for i in range(len(shapes))]
    named = pm.match(places, shapes, best=best, names=names)
    assert named.tolist() == [None if i < 0 else names[i] for i in expected]
    counted = pm.count(places, shapes, best=best)
    assert (counted.regions == np.bincount(expected[expected >= 0], minlength=len(shapes))).all()
    assert counted.unmatched == (expected < 0).sum()


def test_frames() -> None:
    geopandas = pytest.importorskip("geopandas", reason="has frames")
    frame = geopandas.GeoDataFrame({"rank": np.arange(200)[::-1]}, geometry=boxes(200))
    places = points(50)
    expected = pm.Index(frame, best="rank").match(places)
    assert (expected >= 0).any()
    assert (pm.match(places, frame, best="rank") == expected).all()
    assert (pm.match(places, frame.geometry, best=frame["rank"]) == expected).all()


def test_many_points_and_other_rules_read_all() -> None:
    shapes = boxes(50)
    x, y = points(40).T
    assert reached_by(x, y, shapes, *RULES).rows is None
    x, y = points(2).T
    assert reached_by(x, y, shapes, *RULES).rows is not None
    for rules in (
        ("dwithin", 0.1, "smallest", None, None, "use", "planar"),
        ("covers", None, "smallest", 10**6, None, "use", "planar"),
        ("covers", None, "smallest", None, 10.0, "use", "planar"),
        ("covers", None, "smallest", None, None, "skip", "planar"),
        ("covers", None, "smallest", None, None, "use", "sphere"),
    ):
        assert reached_by(x, y, shapes, *rules).rows is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (shapely.Point(1, 1), r"polygons\[40\]: expected a Polygon or MultiPolygon, got Point"),
        ("text", r"polygons\[40\]: expected a Polygon or MultiPolygon, got str"),
        (shapely.Polygon([(7, 7), (8, 7), (np.nan, 8)]), r"polygons\[40\]: .*not finite"),
        (shapely.Polygon([(7, 7), (8, np.inf), (7, 8)]), r"polygons\[40\]: .*not finite"),
    ],
)
def test_a_bad_row_that_no_point_reaches(row: Any, message: str) -> None:
    shapes = boxes(50)
    shapes[40] = row
    with pytest.raises((TypeError, ValueError), match=message):
        pm.match(points(2), shapes)


def test_missing_rows() -> None:
    shapes = boxes(50)
    shapes[40] = None
    assert (pm.match(points(5), shapes) == pm.Index(shapes).match(points(5))).all()


def test_a_bad_row_among_polygons_of_many_vertices() -> None:
    turns = np.linspace(0, 2 * np.pi, 500)
    circles = [shapely.Polygon(np.column_stack([np.cos(turns) + 3 * i, np.sin(turns)])) for i in range(50)]
    assert pm.match([(90, 0), (500, 0)], circles).tolist() == [30, -1]
    bad = shapely.get_coordinates(circles[30]).copy()
    bad[100] = np.nan
    circles[30] = shapely.Polygon(bad)
    with pytest.raises(ValueError, match=r"polygons\[30\]: .*not finite"):
        pm.match([(90, 0), (500, 0)], circles)
    assert pm.match([(0, 0), (500, 0)], circles).tolist() == [0, -1]  # no point is near the bad one


def test_wrong_rules_are_refused() -> None:
    shapes = boxes(50)
    with pytest.raises(ValueError, match="one score for each of 50 regions"):
        pm.match(points(2), shapes, best=np.arange(3))
    with pytest.raises(ValueError, match="distance: has no meaning"):
        pm.match(points(2), shapes, distance=3)
    with pytest.raises(ValueError, match="one name for each of 50 regions"):
        pm.match(points(2), shapes, names=["a"])
    with pytest.raises(ValueError, match="expected shape"):
        pm.match(points(2), shapes, out=np.empty(3, np.int64))


def test_the_arrays_are_those_of_all_rows() -> None:
    shapes = boxes(50)
    x, y = points(5).T
    reached = reached_by(x, y, shapes, *RULES)
    assert reached.rows is not None
    whole = Prepared.of(shapes[reached.rows[:-1]], *RULES[:1], None, "smallest", None, None)
    for one, other in zip(reached.prepared.arrays, whole.arrays, strict=True):
        assert (one is None and other is None) or np.array_equal(one, other)
