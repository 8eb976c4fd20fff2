"""Nearest and dwithin: answers and distances against exact rational arithmetic, in every form of a call."""

from __future__ import annotations

import math
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import oracle
import poly_match as pm
import pytest
from conftest import draws
from hypothesis import given, settings
from hypothesis import strategies as st
from test_exact import BEST, FAMILIES, as_regions, regions_and_points, ulps_away

SQUARE = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
SQUARES = [SQUARE, SQUARE + np.array([10, 0]), SQUARE / 2]  # the last inside of the first
POINTS = [(1, 1), (3, 3), (5, 2), (9, 5), (7, 2), (math.nan, 2), (50, 50)]


def limits_of(data: st.DataObject, regions: list[oracle.Region], points: list[oracle.Point]) -> Any:
    """Return one distance or one per region, many of them those of a point from a region."""
    exact = [
        oracle.rounded(square) ** 0.5
        for point in points[:3]
        if math.isfinite(point[0]) and math.isfinite(point[1])
        for region in regions[:3]
        if (square := oracle.squared_distance(region, point)) is not None
    ]
    near = st.sampled_from([*exact, 0.0, 1.0, math.inf])
    one = st.builds(lambda d, steps: abs(ulps_away(d, steps)), near, st.integers(-1, 1))
    each = st.lists(one, min_size=len(regions), max_size=len(regions))
    return data.draw(st.one_of(one, each) if regions else one)


@given(regions_and_points(), BEST, st.sampled_from(["dwithin", "nearest"]), st.data())
@settings(max_examples=draws(300), deadline=None)
def test_answers_and_distances_are_exact(
    case: tuple[list[oracle.Region], list[oracle.Point]], best: Any, predicate: Any, data: st.DataObject
) -> None:
    regions, points = case
    limits = limits_of(data, regions, points)
    if predicate == "nearest" and data.draw(st.booleans()):
        limits = None
    expected = oracle.best_match(points, regions, predicate, best, limits)
    rules: dict[str, Any] = {"predicate": predicate, "distance": limits, "best": best}
    answers, distances = pm.match(points, as_regions(regions), **rules, return_distance=True)
    assert answers.tolist() == expected
    assert pm.Index(as_regions(regions), **rules).match(points).tolist() == expected
    for point, answer, distance in zip(points, expected, distances.tolist(), strict=True):
        if answer < 0:
            assert math.isnan(distance)
        else:
            square = oracle.squared_distance(regions[answer], point)
            assert square is not None
            assert oracle.is_distance(distance, square)


@given(st.sampled_from(FAMILIES).flatmap(lambda f: st.tuples(*[f] * 4)))
@settings(max_examples=draws(300), deadline=None)
def test_distance_to_a_center(numbers: tuple[float, float, float, float]) -> None:
    x, y, px, py = numbers
    square = pm.Regions([(x, y)], [0, 1], [0, 1])
    answers, distances = pm.match(
        [(px, py)], square, predicate="center_within", distance=math.inf, return_distance=True
    )
    assert answers.tolist() == [0]
    assert oracle.is_distance(float(distances[0]), oracle.squared_distance([[[(x, y)]]], (px, py)))


def test_in_it_or_else_the_nearest_within() -> None:
    answers, distances = pm.match(POINTS, SQUARES, predicate="nearest", distance=2, return_distance=True)
    assert answers.tolist() == [2, 0, 0, 1, -1, -1, -1]
    np.testing.assert_array_equal(distances, [0, 0, 1, math.sqrt(2), math.nan, math.nan, math.nan])
    assert pm.match(POINTS, SQUARES, predicate="nearest").tolist() == [2, 0, 0, 1, 0, -1, 1]
    assert answers.dtype == np.intp
    assert distances.dtype == np.float64


def test_dwithin_chooses_by_best() -> None:
    rules: dict[str, Any] = {"predicate": "dwithin", "distance": 3.5}
    assert pm.match(POINTS, SQUARES, **rules).tolist() == [2, 2, 2, 1, 0, -1, -1]
    assert pm.match(POINTS, SQUARES, **rules, best="largest").tolist() == [0, 0, 0, 1, 0, -1, -1]
    _, distances = pm.match(POINTS, SQUARES, **rules, return_distance=True)
    np.testing.assert_array_equal(distances[:3], [0, math.sqrt(2), 3])


@pytest.mark.parametrize("predicate", ["dwithin", "nearest"])
def test_at_distance_0_they_are_covers(predicate: Any) -> None:
    points = np.random.default_rng(4).integers(-2, 16, (500, 2)) / 2
    expected = pm.match(points, SQUARES)
    answers, distances = pm.match(points, SQUARES, predicate=predicate, distance=0, return_distance=True)
    np.testing.assert_array_equal(answers, expected)
    np.testing.assert_array_equal(distances, np.where(expected < 0, math.nan, 0))


def test_one_distance_per_region_is_inclusive() -> None:
    points = [(5, 2), (7, 2), (9, 2)]
    nearest: dict[str, Any] = {"predicate": "nearest", "best": "first"}
    assert pm.match(points, SQUARES[:2], **nearest, distance=[3, 1]).tolist() == [0, 0, 1]
    below = math.nextafter(3, 0)
    assert pm.match(points, SQUARES[:2], **nearest, distance=[below, 1]).tolist() == [0, -1, 1]
    assert pm.match(points, SQUARES[:2], **nearest, distance=[0, 5]).tolist() == [1, 1, 1]


def test_where_a_shared_border_ends_the_same_corner_is_nearest() -> None:
    left, right = SQUARE, SQUARE + np.array([4, 0])
    points = [(4, 6), (4.0, 4.5), (3.9, 6), (4.1, 6)]
    assert pm.match(points, [left, right], predicate="nearest").tolist() == [0, 0, 0, 1]
    assert pm.match(points, [right, left], predicate="nearest").tolist() == [0, 0, 1, 0]
    assert pm.match(points, [left, right], predicate="nearest", best=[1, 0]).tolist() == [1, 1, 0, 1]


def test_empty_regions_are_never_candidates() -> None:
    regions = pm.Regions(SQUARE, [0, 4], [0, 0, 1], [0, 0, 1, 2])
    for predicate in ("nearest", "dwithin"):
        rules: dict[str, Any] = {"predicate": predicate, "distance": math.inf}
        assert pm.match([(9, 9), (1, 1)], regions, **rules).tolist() == [2, 2]
        none = pm.match([(9, 9)], pm.Regions(np.empty((0, 2)), [0], [0]), **rules, return_distance=True)
        assert none[0].tolist() == [-1]
        assert np.isnan(none[1]).all()
    assert pm.match([(9, 9)], [], predicate="nearest").tolist() == [-1]


def test_a_distance_beyond_the_largest_float_is_infinite() -> None:
    largest = sys.float_info.max
    answers, distances = pm.match(
        [(largest, largest), (-largest, 0)], [SQUARE], predicate="nearest", return_distance=True
    )
    assert answers.tolist() == [0, 0]
    assert distances.tolist() == [math.inf, largest]


def test_names_out_workers_and_layouts() -> None:
    points = np.random.default_rng(5).uniform(-10, 20, (20_000, 2))
    index = pm.Index(SQUARES, predicate="nearest", distance=3)
    expected, far = index.match(points, return_distance=True)
    assert (expected < 0).any()
    named, again = index.match(points, names=["a", "b", "c"], return_distance=True)
    np.testing.assert_array_equal(named, np.array(["a", "b", "c", None], dtype=object)[expected])
    np.testing.assert_array_equal(far, again)
    for dtype in (np.int32, np.int64):
        out = np.empty(2 * len(points), dtype=dtype)[::2]
        returned, again = index.match(points, out=out, workers=2, return_distance=True)
        assert returned is out
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(far, again)
    backwards = index.match((points[::-1, 0], points[::-1, 1]), return_distance=True)
    np.testing.assert_array_equal(backwards[0][::-1], expected)
    np.testing.assert_array_equal(backwards[1][::-1], far)


def test_keys_with_distances() -> None:
    random = np.random.default_rng(6)
    points, keys = random.uniform(-10, 20, (3000, 2)), random.integers(0, 4, 3000)
    rules: dict[str, Any] = {"predicate": "nearest", "distance": [9, 5, 7]}
    answers, distances = pm.match(points, SQUARES, on=(keys, [0, 1, 1]), **rules, return_distance=True)
    for key in range(4):
        rows, here = np.flatnonzero([0 <= k == key for k in [0, 1, 1]]), keys == key
        own = {"predicate": "nearest", "distance": [[9, 5, 7][row] for row in rows]}
        found = pm.match(points[here], [SQUARES[row] for row in rows], **own, return_distance=True)
        np.testing.assert_array_equal(answers[here], np.append(rows, -1)[found[0]])
        np.testing.assert_array_equal(distances[here], found[1])


@pytest.mark.parametrize("predicate", ["dwithin", "nearest"])
def test_saved_opened_and_pickled(predicate: Any, tmp_path: Path) -> None:
    points = np.random.default_rng(7).uniform(-10, 20, (1000, 2))
    index = pm.Index(SQUARES, predicate=predicate, distance=[1, 2, 8])
    expected = index.match(points, return_distance=True)
    index.save(tmp_path / "near.pmx")
    for other in (pm.Index.open(tmp_path / "near.pmx"), pickle.loads(pickle.dumps(index))):
        assert other.predicate == predicate
        assert other.bounds == index.bounds
        again = other.match(points, return_distance=True)
        np.testing.assert_array_equal(again[0], expected[0])
        np.testing.assert_array_equal(again[1], expected[1])


def test_bounds_hold_all_that_can_match() -> None:
    assert pm.Index([SQUARE], predicate="nearest").bounds == (-math.inf, -math.inf, math.inf, math.inf)
    low_x, low_y, high_x, high_y = pm.Index([SQUARE], predicate="dwithin", distance=2).bounds
    assert low_x <= -2 < low_x + 1e-9
    assert low_y <= -2 < low_y + 1e-9
    assert high_x >= 6 > high_x - 1e-9
    assert high_y >= 6 > high_y - 1e-9


def test_subclasses_override_area_but_borders_are_borders() -> None:
    class Tall(pm.Polygon):
        def area(self) -> float:
            return -float(self.x[0])

    shapes = [Tall(x, x * 0 + [0, 0, 1]) for x in (np.array([0.0, 1, 1]), np.array([5.0, 6, 6]))]
    assert pm.match([(3, 0), (2, 0)], shapes, predicate="dwithin", distance=2).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"predicate": "dwithin"}, "distance: needed"),
        ({"predicate": "dwithin", "distance": -1}, "distance: expected at least 0"),
        ({"predicate": "nearest", "distance": math.nan}, "distance"),
        ({"predicate": "nearest", "distance": [1, 2]}, "one for each of 3 regions"),
        ({"distance": 1}, '"dwithin", "nearest"'),
        ({"predicate": "nearby"}, '"covers", "center_within", "dwithin", "nearest"'),
    ],
)
def test_errors(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pm.match(POINTS, SQUARES, **rules)


def test_covers_has_no_distances() -> None:
    with pytest.raises(ValueError, match="nearest"):
        pm.match(POINTS, SQUARES, return_distance=True)
    with pytest.raises(ValueError, match="nearest"):
        pm.Index(SQUARES).match(POINTS, return_distance=True)
    with pytest.raises(ValueError, match="nearest"):
        pm.match(POINTS, SQUARES, on=([1] * 7, [1] * 3), return_distance=True)
