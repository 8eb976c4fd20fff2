"""Polygons of shapely that are read one by one, where no index pays: the answers are those of an index."""

from typing import Any

import numpy as np
import poly_match as pm
import pytest
from hypothesis import given
from hypothesis import strategies as st
from poly_match._engine.one_by_one import Rules, one_by_one
from poly_match._forms import shapely as forms

shapely = pytest.importorskip("shapely", reason="makes the polygons")

RULES = Rules("covers", None, "smallest", None, None, "use", "planar")
pytestmark = pytest.mark.skipif(not forms._reads_directly(), reason="shapely's library can't be read here")


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
    found = one_by_one(x, y, shapes, RULES._replace(best=best), 1, None)
    assert found is not None
    assert found[1] == 200
    assert (found[0] == expected).all()
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


def test_many_points_other_rules_and_forms_are_not() -> None:
    shapes = boxes(50)
    x, y = points(40).T
    assert one_by_one(x, y, shapes, RULES, 1, None) is not None
    assert one_by_one(x, y, shapes, RULES, 2, None) is not None
    assert one_by_one(*points(200).T, shapes, RULES, 2, None) is None
    assert one_by_one(*points(20_000).T, shapes, RULES, 1, None) is None  # an index is cheaper
    square = np.array([[0, 0], [1, 0], [1, 1]])
    assert one_by_one(x, y, [square], RULES, 1, None) is None
    for rules in (
        RULES._replace(predicate="dwithin", distance=0.1),
        RULES._replace(distance=np.full(50, 0.1)),
        RULES._replace(max_bytes=10**6),
        RULES._replace(period=10.0),
        RULES._replace(invalid="skip"),
        RULES._replace(metric="sphere"),
    ):
        assert one_by_one(x, y, shapes, rules, 1, None) is None


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 40),
    best=st.sampled_from(["smallest", "largest", "first", "score"]),
    copies=st.booleans(),
)
def test_polygons_that_overlap(seed: int, count: int, best: Any, copies: bool) -> None:
    """Squares on a small grid: many are equally large, and points are on their borders."""
    rng = np.random.default_rng(seed)
    low, size = rng.integers(0, 6, (count, 2)), rng.integers(1, 4, (count, 2)) * (1 if copies else 0.1)
    shapes = shapely.box(*low.T, *(low + size).T)
    if count > 3:
        shapes[1] = shapely.union_all(shapes[1:3])
        shapes[3] = shapely.Point(3, 3).buffer(2, quad_segs=40).difference(shapes[1])
    if best == "score":
        best = rng.integers(0, 3, count)
    places = rng.integers(-1, 8, (30, 2)).astype(float)
    places[0] = np.nan
    places[1, 1] = np.inf
    found = one_by_one(*places.T, shapes, RULES._replace(best=best), 1, None)
    assert found is not None
    assert found[0].tolist() == pm.Index(shapes, best=best).match(places).tolist()


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


def test_a_handler_of_a_signal_may_change_the_array() -> None:
    signal = pytest.importorskip("signal")
    if not hasattr(signal, "setitimer"):
        pytest.skip("there are no timers")
    rng = np.random.default_rng(4)
    shapes = shapely.buffer(shapely.points(rng.random((300, 2))), 0.1, quad_segs=500)
    places = rng.random((3000, 2))
    expected = pm.Index(shapes).match(places)
    changed = shapes.copy()

    def change(*_: Any) -> None:
        changed[:] = None

    before = signal.signal(signal.SIGALRM, change)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.003)
        found = pm.match(places, changed)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (found == expected).all() or (found == -1).all()
